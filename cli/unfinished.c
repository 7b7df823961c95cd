/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unfinished.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static const char *volatile unfinished;

void unfinished_remove(void)
{
	if (unfinished)
		unlink(unfinished);
}

static void ended(int signal_number)
{
	unfinished_remove();
	raise(signal_number); /* as it would have ended: the handler is used once */
}

void unfinished_is(const char *path)
{
	static const int ends[] = {SIGHUP, SIGINT, SIGTERM};
	struct sigaction now, action = {.sa_handler = ended, .sa_flags = (int)SA_RESETHAND};

	unfinished = path;
	for (size_t i = 0; path && i < sizeof(ends) / sizeof(*ends); i++)
		if (!sigaction(ends[i], NULL, &now) && now.sa_handler == SIG_DFL)
			(void)sigaction(ends[i], &action, NULL);
}

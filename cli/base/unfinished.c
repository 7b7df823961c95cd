/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list that a signal handler can walk at any moment: a slot is a path, or NULL, in one store. */
#include "unfinished.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#define SLOTS 4

static const char *volatile unfinished[SLOTS];
static const char *the_one;
static void (*volatile undo)(void);

void unfinished_remove(void)
{
	if (undo)
		undo();
	for (size_t i = 0; i < SLOTS; i++)
		if (unfinished[i])
			unlink(unfinished[i]);
}

static void ended(int signal_number)
{
	unfinished_remove();
	raise(signal_number); /* as it would have ended: the handler is used once */
}

static void catch (void)
{
	static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU,
		SIGXFSZ, SIGUSR1, SIGUSR2};
	struct sigaction now, action = {.sa_handler = ended, .sa_flags = (int)SA_RESETHAND};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (!sigaction(ends[i], NULL, &now) && now.sa_handler == SIG_DFL)
			(void)sigaction(ends[i], &action, NULL);
}

void unfinished_begin(const char *path)
{
	size_t free_slot = 0;

	while (free_slot < SLOTS && unfinished[free_slot])
		free_slot++;
	if (free_slot == SLOTS)
		return;
	unfinished[free_slot] = path;
	catch ();
}

void unfinished_end(const char *path)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (unfinished[i] == path)
			unfinished[i] = NULL;
}

void unfinished_is(const char *path)
{
	unfinished_end(the_one);
	the_one = path;
	if (path)
		unfinished_begin(path);
}

void unfinished_undo(void (*what)(void))
{
	undo = what;
	if (what)
		catch ();
}

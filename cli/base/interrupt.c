/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocked signals stay pending, with whatever is to be done at them; those that are ignored do not come at all. */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static const int ends[] = {SIGHUP, SIGINT, SIGTERM};
static sigset_t before;

void interrupt_hold(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
}

bool interrupt_came(void)
{
	sigset_t set;

	if (sigpending(&set))
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (sigismember(&set, ends[i]) == 1)
			return true;
	return false;
}

void interrupt_release(void)
{
	sigprocmask(SIG_SETMASK, &before, NULL);
}

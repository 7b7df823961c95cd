/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ignored signals, closed descriptors and small limits, inherited from whoever runs the tests, must not decide one. */
#define _GNU_SOURCE
#include "environment.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void signals_by_default(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++) {
		struct sigaction now;

		if (!sigaction(i, NULL, &now) && now.sa_handler == SIG_IGN)
			(void)signal(i, SIG_DFL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void descriptors_open(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void limits_up(void)
{
	static const int kinds[] = {RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_DATA, RLIMIT_AS};
	struct rlimit l;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!getrlimit((__rlimit_resource_t)kinds[i], &l)) {
			l.rlim_cur = l.rlim_max;
			(void)setrlimit((__rlimit_resource_t)kinds[i], &l);
		}
}

void environment_plain(void)
{
	static const char *const unwanted[] = {"LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_NUMERIC",
		"LANG", "LANGUAGE", "TMPDIR", "TERM", "COLUMNS", "LINES", "POSIXLY_CORRECT", "TZ"};

	signals_by_default();
	descriptors_open();
	limits_up();
	umask(022);
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		unsetenv(unwanted[i]);
}

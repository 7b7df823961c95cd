/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other programs are run without a shell, so that no name on a disk is ever a word of one, and
 * what they say is kept for the complaint about them.
 */
#include "run.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

static void read_pipe(int fd, char *text, size_t cap)
{
	char rest[512];
	size_t used = 0;
	ssize_t n = 1;

	while (n > 0 || (n < 0 && errno == EINTR)) {
		bool room = used < cap - 1;

		n = room ? read(fd, text + used, cap - 1 - used) : read(fd, rest, sizeof(rest));
		if (n > 0 && room)
			used += (size_t)n;
	}
	text[used] = 0;
}

static void child_run(const char *const *argv, const int ends[2])
{
	dup2(ends[1], 1);
	dup2(ends[1], 2);
	close(ends[0]);
	close(ends[1]);
	setenv("LC_ALL", "C", 1);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

int run_program(const char *const *argv, char *ret_text, size_t cap)
{
	int ends[2], status = 0;
	pid_t child;

	ret_text[0] = 0;
	if (pipe(ends))
		return complain("%s: no pipe: %s", argv[0], strerror(errno));
	child = fork();
	if (child == 0)
		child_run(argv, ends);
	close(ends[1]);
	if (child > 0)
		read_pipe(ends[0], ret_text, cap);
	close(ends[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			child = -1;
	if (child < 0)
		return complain("%s cannot be started: %s", argv[0], strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

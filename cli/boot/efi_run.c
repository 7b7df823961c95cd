/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lock.h"
#include "say.h"
#include "setup.h"

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

static int first_line(const char *text)
{
	return (int)strcspn(text, "\n");
}

/* Its output is in the text when it has come to its end. */
static int run(const char *const *argv, char *text, size_t cap, int *ret_status)
{
	int ends[2];
	pid_t child;

	if (pipe(ends))
		return complain("efibootmgr: no pipe: %s", strerror(errno));
	child = fork();
	if (child == 0) {
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		close(ends[0]);
		close(ends[1]);
		setenv("LC_ALL", "C", 1);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	if (child > 0)
		read_pipe(ends[0], text, cap);
	close(ends[0]);
	if (child < 0 || waitpid(child, ret_status, 0) != child)
		return complain("efibootmgr cannot be started: %s", strerror(errno));
	return 0;
}

int efibootmgr(const char *const *argv, char *ret_text, size_t cap)
{
	int err, status = 0;

	ret_text[0] = 0;
	lock_lend();
	err = run(argv, ret_text, cap, &status);
	lock_return();
	if (err)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return complain("efibootmgr is not installed");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return complain("efibootmgr failed: %.*s", first_line(ret_text), ret_text);
	return 0;
}

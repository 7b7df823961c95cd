/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two of us at once would each undo what the other has half done: the record, custom.cfg, grubenv and the
 * facts are read, changed and written whole. The kernel's lock on a file ends with whoever holds it, however
 * that ends; efibootmgr, which setup runs, inherits it, so that it is held as long as that is at work, too.
 * The text in the file is for people only.
 */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "now.h"
#include "say.h"
#include "sysfiles.h"
#include "unfinished.h"

#define RETRY_US 20000
#define RACE_US  1000000 /* for one who has just come, or gone, to say who it is */

static int held = -1;
static char held_path[SYS_PATH_MAX];

/* Not for others to read: whoever can open it can hold it. */
static int open_file(const char *verb, char path[SYS_PATH_MAX])
{
	/* Both are in memory; an initramfs may have only the second. */
	const char *folder = sys_exists("/run") ? "/run" : "/dev";
	int fd = !sys_path(path, "%s/torpor.lock", folder)
			 ? -1
			 : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == EACCES && geteuid())
		return complain("%s must be run as root", verb);
	return fd < 0 ? complain("cannot open %s/torpor.lock: %s", folder, strerror(errno)) : fd;
}

/* Whoever held it before may have removed it since it was opened. */
static bool is_still(int fd, const char *path)
{
	struct stat of_fd, of_path;

	return !fstat(fd, &of_fd) && !stat(path, &of_path) && of_fd.st_dev == of_path.st_dev &&
	       of_fd.st_ino == of_path.st_ino;
}

static void sign(int fd, const char *verb)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "process %d, torpor %s\n", (int)getpid(), verb);

	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
		return; /* others are told less */
}

/* 1: another has it, whose text is in ret_who; -1 after one complaint. */
static int try(const char *verb, char ret_who[64])
{
	char path[SYS_PATH_MAX];
	int fd = open_file(verb, path), why;
	ssize_t n;

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		why = errno;
		n = pread(fd, ret_who, 63, 0);
		ret_who[n > 0 ? n : 0] = 0;
		ret_who[strcspn(ret_who, "\n")] = 0;
		close(fd);
		return why == EWOULDBLOCK || why == EINTR
			       ? 1
			       : complain("cannot lock %s: %s", path, strerror(why));
	}
	if (!is_still(fd, path)) {
		close(fd);
		*ret_who = 0;
		return 1;
	}
	sign(fd, verb);
	held = fd;
	strcpy(held_path, path);
	unfinished_begin(held_path);
	return 0;
}

/* A signal finds the file in the list of what it is to remove, or not made yet. */
static int try_held(const char *verb, char ret_who[64])
{
	int found;

	interrupt_hold();
	found = try(verb, ret_who);
	interrupt_release();
	return found;
}

int lock_take(const char *verb, enum lock_how how)
{
	uint64_t start = now_us(), limit_us = how == LOCK_WAIT ? LOCK_WAIT_MS * 1000ull : 0;
	char who[64];
	int found;

	while ((found = try_held(verb, who)) > 0 && now_us() - start < (*who ? limit_us : RACE_US))
		usleep(RETRY_US);
	if (found <= 0)
		return found;
	return complain("another torpor is at work (%s): try again when it has ended",
		*who ? who : "it has not said which");
}

void lock_drop(void)
{
	if (held < 0)
		return;
	(void)unlink(held_path);
	unfinished_end(held_path);
	close(held);
	held = -1;
}

void lock_lend(void)
{
	if (held < 0)
		return;
	unfinished_end(held_path); /* it may outlive us */
	(void)fcntl(held, F_SETFD, 0);
}

void lock_return(void)
{
	if (held < 0)
		return;
	(void)fcntl(held, F_SETFD, FD_CLOEXEC);
	unfinished_begin(held_path);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command that is killed, or whose disk is full, must not leave half a file under a name that
 * somebody will believe: so the file has no name until it is whole, and the file system forgets it if
 * that moment does not come. Where there are no such files it is made beside its name, and renamed.
 */
#define _GNU_SOURCE
#include "out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"
#include "unfinished.h"

enum out_way out_way_at_most = OUT_NAMELESS;

static int check_there(const char *path, enum out_how how, const char *option, int source)
{
	struct stat there, from;

	if (lstat(path, &there))
		return errno == ENOENT ? 0 : complain("cannot make %s: %s", path, strerror(errno));
	if (stat(path, &there) ? errno != ENOENT : !S_ISREG(there.st_mode))
		return complain("%s is not a file", path);
	if (!fstat(source, &from) && from.st_dev == there.st_dev && from.st_ino == there.st_ino)
		return complain("%s is the image itself", path);
	return how == OUT_REPLACE ? 0
				  : complain("%s is there already: %s overwrites it", path, option);
}

static void release(struct out_file *o)
{
	if (o->fd >= 0)
		close(o->fd);
	free(o->path);
	free(o->part);
	*o = (struct out_file){.fd = -1};
}

#define FD_PATH_BYTES 40

static const char *fd_path(char ret[FD_PATH_BYTES], int fd)
{
	snprintf(ret, FD_PATH_BYTES, "/proc/self/fd/%d", fd);
	return ret;
}

/* In the folder of its later name. False: not there (FAT, NFS), or it could not be given a name (no /proc). */
static bool make_nameless(struct out_file *o)
{
	char path[FD_PATH_BYTES], *slash = strrchr(o->path, '/');
	const char *folder = slash ? o->path : ".";

	if (out_way_at_most != OUT_NAMELESS)
		return false;
	if (slash)
		*slash = 0;
	o->fd = open(*folder ? folder : "/", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (slash)
		*slash = '/';
	if (o->fd >= 0 && access(fd_path(path, o->fd), F_OK)) {
		close(o->fd);
		o->fd = -1;
	}
	return o->fd >= 0;
}

/* No signal comes between its making and its being known as ours to remove. */
static int make_part(struct out_file *o)
{
	sigset_t all, before;
	int why;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	o->fd = open(o->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	why = errno;
	if (o->fd >= 0)
		unfinished_is(o->part);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return o->fd >= 0
		       ? 0
		       : complain("cannot make %s: %s%s", o->part, strerror(why),
				 why == EEXIST ? " (being made by another torpor, or left by one "
						 "that was killed: then remove it)"
					       : "");
}

/* Whoever could read what is replaced can read the new one, as far as we may decide that. */
static void keep_owner(const struct out_file *o)
{
	struct stat there;

	if (!o->may_replace || stat(o->path, &there))
		return;
	if (!fchown(o->fd, there.st_uid, there.st_gid) || there.st_uid == geteuid())
		(void)fchmod(o->fd, there.st_mode & 0777);
}

int out_file_begin(
	struct out_file *o, const char *path, enum out_how how, const char *option, int source)
{
	int err = 0;

	*o = (struct out_file){.fd = -1, .may_replace = how == OUT_REPLACE};
	if (check_there(path, how, option, source))
		return -1;
	o->path = realpath(path, NULL); /* the file, not the link to it */
	if (!o->path)
		o->path = strdup(path);
	if (!o->path || asprintf(&o->part, "%s.part", o->path) < 0) {
		o->part = NULL;
		err = complain("out of memory");
	} else if (make_nameless(o)) {
		o->nameless = true;
	} else {
		err = make_part(o);
	}
	if (err)
		release(o);
	else
		keep_owner(o);
	return err;
}

/* What is there can only be replaced by something that has a name: for a moment, and one that nobody has. */
static int name_beside(struct out_file *o, const char *from)
{
	for (unsigned int i = 0; linkat(AT_FDCWD, from, AT_FDCWD, o->part, AT_SYMLINK_FOLLOW);
		i++) {
		char *other;

		if (errno != EEXIST || i == 100)
			return -1;
		if (asprintf(&other, "%s.part%u", o->path, i) < 0)
			return -1;
		free(o->part);
		o->part = other;
	}
	o->nameless = false;
	return 0;
}

static int give_first_name(struct out_file *o)
{
	char from[FD_PATH_BYTES];

	if (!linkat(AT_FDCWD, fd_path(from, o->fd), AT_FDCWD, o->path, AT_SYMLINK_FOLLOW))
		return 0;
	if (errno != EEXIST || !o->may_replace || name_beside(o, from))
		return -1;
	return rename(o->part, o->path);
}

static int give_name(struct out_file *o)
{
	sigset_t all, before;
	int err, why;

	if (o->nameless) {
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, &before);
		err = give_first_name(o);
		why = errno;
		sigprocmask(SIG_SETMASK, &before, NULL);
		errno = why;
		return err;
	}
	if (!o->may_replace) {
		if (!renameat2(AT_FDCWD, o->part, AT_FDCWD, o->path, RENAME_NOREPLACE))
			return 0;
		if (errno != EINVAL && errno != ENOSYS) /* a file system that cannot do that */
			return -1;
	}
	return rename(o->part, o->path);
}

int out_file_end(struct out_file *o, int err)
{
	if (!err && fsync(o->fd))
		err = complain("cannot write %s: %s", o->path, strerror(errno));
	if (!err && give_name(o))
		err = complain("cannot make %s: %s", o->path, strerror(errno));
	if (err && !o->nameless)
		(void)unlink(o->part);
	unfinished_is(NULL);
	release(o);
	return err ? -1 : 0;
}

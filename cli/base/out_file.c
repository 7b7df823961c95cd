/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command that is killed, or whose disk is full, must not leave half a file under a name that
 * somebody will believe: so the file is made beside it and renamed at the end.
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

static int check_there(const char *path, enum out_how how, const char *option, int source)
{
	struct stat there, from;

	if (lstat(path, &there))
		return 0; /* what else is wrong is found when it is made */
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
	} else {
		err = make_part(o);
	}
	if (err)
		release(o);
	else
		keep_owner(o);
	return err;
}

static int give_name(const struct out_file *o)
{
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
		err = complain("cannot write %s: %s", o->part, strerror(errno));
	if (!err && give_name(o))
		err = complain("cannot rename %s to %s: %s", o->part, o->path, strerror(errno));
	if (err)
		(void)unlink(o->part);
	unfinished_is(NULL);
	release(o);
	return err ? -1 : 0;
}

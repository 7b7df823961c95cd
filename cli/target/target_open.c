/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target is a device or a file: here is where they part. target.c and target_file.c know one kind each. */
#define _GNU_SOURCE
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "boot_parse.h"
#include "say.h"
#include "target_file.h"

static int find_at(struct target *t, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return complain_as(open_status(errno), "%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode))
		return target_find_file(t, path);
	if (!S_ISBLK(st.st_mode))
		return complain("%s is neither a block device nor a file", path);
	return target_find(t, path, major(st.st_rdev), minor(st.st_rdev));
}

int target_find_path(struct target *t, const char *path)
{
	char named[SYS_PATH_MAX];

	if (!resume_path(path, named, sizeof(named)))
		return find_at(t, path);
	if (find_at(t, named))
		return -1;
	strcpy(t->named, named);
	t->path = t->named;
	return 0;
}

int target_open(struct target *t)
{
	if (t->is_file)
		return target_file_open(t);
	t->fd = open(t->path, O_RDWR | O_EXCL | O_DIRECT | O_CLOEXEC);
	if (t->fd >= 0)
		return 0;
	if (errno == EBUSY)
		return complain(
			"%s is in use (mounted in another namespace, or held by another device)",
			t->path);
	if (errno == EROFS || errno == EACCES)
		return complain("%s cannot be written: %s", t->path, strerror(errno));
	return complain_as(open_status(errno), "cannot open %s: %s", t->path, strerror(errno));
}

/* Linux may have pages of what the writer and the loader have changed behind its back. */
void target_close(struct target *t)
{
	if (t->fd < 0)
		return;
	if (t->is_file)
		target_file_close(t);
	else
		(void)ioctl(t->fd, BLKFLSBUF);
	close(t->fd);
	t->fd = -1;
}

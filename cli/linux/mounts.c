/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By the file system's number: a path says nothing of bind mounts and links. */
#include "mounts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "proc_lines.h"
#include "say.h"
#include "sysfiles.h"

int mounts_find(const char *path, struct mount_line *ret)
{
	char full[SYS_PATH_MAX];
	struct proc_lines l;
	bool found = false;
	struct stat st;

	if (!sys_path(full, "%s", path) || stat(full, &st))
		return complain_as(open_status(errno), "%s: %s", path, strerror(errno));
	if (!proc_lines_open(&l, "/proc/self/mountinfo"))
		return complain("cannot read /proc/self/mountinfo");
	while (!found && proc_lines_mount(&l, ret))
		found = ret->major == major(st.st_dev) && ret->minor == minor(st.st_dev);
	proc_lines_close(&l);
	return found ? 0 : complain("%s: its mount is not in /proc/self/mountinfo", path);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sleep hook runs as root without anybody watching: what it runs must be changeable by root
 * alone, along the whole path.
 */
#include "trusted.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "say.h"
#include "sysfiles.h"

/* Of a copy of a machine's files: whose they all are. */
static uid_t root(void)
{
	char full[SYS_PATH_MAX];
	struct stat st;

	return *sys_root && sys_path(full, "/") && !stat(full, &st) ? st.st_uid : 0;
}

static int check_one(const char *path)
{
	char full[SYS_PATH_MAX];
	struct stat st;

	if (!sys_path(full, "%s", path) || stat(full, &st))
		return complain("%s: %s", path, strerror(errno));
	if (st.st_uid != root())
		return complain("%s is not root's", path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return complain("%s can be written by others than root", path);
	return 0;
}

/* The path and every folder that it names. */
static int check_all(const char *path)
{
	char part[SYS_PATH_MAX];

	for (const char *end = path; end; end = strchr(end + 1, '/')) {
		size_t n = end == path ? 1 : (size_t)(end - path); /* "/" first */

		memcpy(part, path, n);
		part[n] = 0;
		if (check_one(part))
			return -1;
	}
	return check_one(path);
}

int trusted_check(const char *path)
{
	char real[SYS_PATH_MAX], full[SYS_PATH_MAX];
	struct stat st;

	if (*path != '/' || strlen(path) >= sizeof(real) || !sys_real_path(real, "%s", path))
		return complain("%s: no such program", path);
	if (check_all(path) || check_all(real)) /* links lead elsewhere */
		return -1;
	if (!sys_path(full, "%s", real) || stat(full, &st) || !S_ISREG(st.st_mode) ||
		!(st.st_mode & S_IXUSR))
		return complain("%s is no program", path);
	return 0;
}

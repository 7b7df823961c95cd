/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udev's links are asked first, as the kernel's and systemd's resume= mean them; blkid knows where none are. */
#include "device_tag.h"

#include <blkid/blkid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_parse.h"
#include "say.h"
#include "sysfiles.h"

/* Without udev: whatever block devices there are are looked at. */
static bool ask_blkid(const char *tag, char ret[SYS_PATH_MAX])
{
	char *name = *sys_root ? NULL : blkid_evaluate_spec(tag, NULL);
	bool found = name && name[0] == '/' && strlen(name) < SYS_PATH_MAX;

	if (found)
		strcpy(ret, name);
	free(name);
	return found;
}

const char *device_tag_path(const char *path)
{
	static char found[SYS_PATH_MAX];
	char link[SYS_PATH_MAX];

	if (strchr(path, '/') || !strchr(path, '=') || !resume_path(path, link, sizeof(link)))
		return path;
	if (sys_exists("%s", link) && sys_path(found, "%s", link))
		return found;
	if (ask_blkid(path, found))
		return found;
	complain_as(STATUS_MISSING, "%s: there is no such device", path);
	return NULL;
}

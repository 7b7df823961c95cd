/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neither writer nor loader can see through encryption, RAID or LVM. What lies between is found
 * by walking /sys, so that the refusal names it.
 */
#include "layers.h"

#include <string.h>

#include "sysfiles.h"

const char *device_layer(const char *dir)
{
	const char *name = strrchr(dir, '/');
	char uuid[128];

	if (name && !strncmp(name + 1, "zram", 4))
		return "zram (compressed memory)";
	if (name && !strncmp(name + 1, "ram", 3))
		return "a disk in memory";
	if (sys_exists("%s/md", dir))
		return "software RAID (md)";
	if (sys_exists("%s/loop", dir))
		return "a loop device";
	if (sys_read_text(uuid, sizeof(uuid), "%s/dm/uuid", dir) < 0)
		return NULL;
	if (!strncmp(uuid, "CRYPT-LUKS", 10))
		return "LUKS encryption";
	if (!strncmp(uuid, "CRYPT-", 6))
		return "encryption";
	return !strncmp(uuid, "LVM-", 4) ? "LVM" : "a device-mapper volume";
}

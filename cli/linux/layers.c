/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neither writer nor loader can see through encryption, RAID or LVM. What lies between is found
 * by walking /sys, so that the refusal names it.
 */
#include "layers.h"

#include <string.h>

#define DEPTH_MAX 8 /* of layers that are told; a loop in /sys would be an end, too */

/* The one that this very device is. */
static const char *layer_of(const char *dir)
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

/* Of several below (RAID, a volume on two disks) one stands for all. */
static int first_slave(const char *name, void *ctx)
{
	char *dir = ctx, path[SYS_PATH_MAX];

	return strlen(dir) + strlen(name) + 9 < sizeof(path) &&
	       sys_real_path(path, "%s/slaves/%s", dir, name) && strcpy(dir, path);
}

/* To the device below; a partition is on its disk, which may be RAID or a loop device (one of device-mapper has
 * devices of that for its partitions). False: there is none. */
static bool go_down(char dir[SYS_PATH_MAX])
{
	char slaves[SYS_PATH_MAX];

	if (sys_exists("%s/partition", dir)) {
		*strrchr(dir, '/') = 0;
		return sys_exists("%s/md", dir) || sys_exists("%s/loop", dir);
	}
	if (snprintf(slaves, sizeof(slaves), "%s/slaves", dir) >= (int)sizeof(slaves))
		return false;
	return sys_each(slaves, first_slave, dir) > 0;
}

const char *device_layer(const char *dir)
{
	static char text[256];
	char at[SYS_PATH_MAX];
	size_t n = 0;

	text[0] = 0;
	if (snprintf(at, sizeof(at), "%s", dir) >= (int)sizeof(at))
		return NULL;
	for (int depth = 0; depth < DEPTH_MAX && strrchr(at, '/'); depth++) {
		const char *layer = layer_of(at);

		if (layer && n < sizeof(text))
			n += (size_t)snprintf(
				text + n, sizeof(text) - n, "%s%s", n ? " on " : "", layer);
		if (!go_down(at))
			break;
	}
	return n ? text : NULL;
}

void device_known_as(const char *path, char ret[SYS_PATH_MAX])
{
	char name[256];

	snprintf(ret, SYS_PATH_MAX, "%.1000s", path);
	if (!strncmp(path, "/dev/dm-", 8) &&
		sys_read_text(name, sizeof(name), "/sys/class/block/%.200s/dm/name", path + 5) > 0)
		snprintf(ret, SYS_PATH_MAX, "/dev/mapper/%s", name);
}

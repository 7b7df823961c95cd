/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is between a block device or file and a plain disk. */
#ifndef CLI_LAYERS_H
#define CLI_LAYERS_H

#include "sysfiles.h"

/* All of it, from the top down: "LVM on LUKS encryption"; NULL: nothing. dir: the device's in /sys. The text
 * stays until the next call. */
const char *device_layer(const char *dir);

/* As people know it: "/dev/mapper/vg-swap_1" for "/dev/dm-3", any other path as it is. */
void device_known_as(const char *path, char ret[SYS_PATH_MAX]);

#endif

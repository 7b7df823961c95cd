/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is between a block device or file and a plain disk. */
#ifndef CLI_LAYERS_H
#define CLI_LAYERS_H

/* As a name ("LVM", "LUKS encryption", ...); NULL: nothing. dir: the device's in /sys. */
const char *device_layer(const char *dir);

#endif

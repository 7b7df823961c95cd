/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices by what is on them: PARTLABEL=, PARTUUID=, LABEL= and UUID=, wherever a verb takes a device. */
#ifndef CLI_DEVICE_TAG_H
#define CLI_DEVICE_TAG_H

/* The path itself, also of a file of such a name that has a slash in it; of a tag the path of its device,
 * in memory that the next call uses again. NULL after one complaint (STATUS_MISSING): no device has it. */
const char *device_tag_path(const char *path);

#endif

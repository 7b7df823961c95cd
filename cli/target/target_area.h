/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image area on a target: finding it, and making one where that destroys nothing. */
#ifndef CLI_TARGET_AREA_H
#define CLI_TARGET_AREA_H

#include "image_io.h"
#include "target.h"

/* Fills the target's GPT identity: GUIDs of disk and partition, and whether the type is ours.
 * Whatever is not a GPT leaves them zero. */
void area_identify(struct target *t);

/* Name of what is there instead of an area ("ext4", "partition table gpt", "data"), or "" when
 * it is blank. -1 after one complaint when that cannot be found out. */
#define AREA_CONTENT_BYTES 64
int area_content(const struct target *t, char ret_name[AREA_CONTENT_BYTES]);

/* Makes an empty area with a fresh uuid; clears the signatures of what was there. -1 after one
 * complaint. */
int area_make(struct image_file *f);

/* The area's headers. Makes an area when there is none and that destroys nothing, or when it is
 * asked for. A file must lie where its extent map says; AREA_PLACE writes the map anew instead. -1
 * after one complaint, which names what is in the way. t: open. */
enum area_policy { AREA_KEEP, AREA_OVERWRITE, AREA_PLACE };
int area_open(const struct target *t, struct image_file *f, enum area_policy policy,
	struct img_headers *ret);

/* What area_open would do, without doing it: -1 after its complaint, 1 when it would make an area, 0 when
 * there is one, whose headers are in *ret. t: open, for reading only. */
int area_look(const struct target *t, struct image_file *f, enum area_policy policy,
	struct img_headers *ret);

/* After a save that failed: when the area holds this very image all the same (a commit whose last answer
 * was lost), it is made EMPTY, because the system that it would bring back goes on. -1 after one
 * complaint. */
int area_disarm(struct image_file *f, const uint8_t image_uuid[16]);

/* After a resume: the image says from now on that the system which it brought back runs (CONSUMED), when
 * it is this very image and was launched; a reusable one stays as it is. -1 after one complaint. */
int area_confirm(struct image_file *f, const uint8_t image_uuid[16]);

/* Makes a new area, also over an old one that holds no image to resume; over anything when it is
 * asked for. -1 after one complaint. t: open. */
int area_format(const struct target *t, struct image_file *f, enum area_policy policy,
	struct img_headers *ret);

#endif

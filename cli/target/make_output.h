/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where torpor make puts an image: a new file, which gets its name when it is whole, also over an old
 * one; or, where something else depends on the place (a device, a file that setup made, an area with a
 * store behind it), the area that is there, beside the old image where there is room.
 */
#ifndef CLI_MAKE_OUTPUT_H
#define CLI_MAKE_OUTPUT_H

#include "image_io.h"
#include "out_file.h"
#include "target.h"

struct make_output {
	const char *path;
	struct image_file area; /* to be written */
	struct img_headers headers;

	struct target target;  /* a device, or a file that setup made */
	struct image_file old; /* the file that is there, locked while the new one is made */
	struct out_file out;
	int spool; /* "-" */
	bool in_place, is_file;
	uint64_t old_area_bytes; /* 0: there was none */
};

enum make_how { MAKE_NEW, MAKE_OVERWRITE };

/* path: a file, a device, or "-". bytes_at_most: of the image. source: the open input, which is never
 * the output. Nothing that is there is changed yet. -1 after one complaint; to be closed in any case. */
int make_output_open(struct make_output *o, const char *path, enum make_how how,
	uint64_t bytes_at_most, int source);

/* Once it is known that the image will end at that byte of an area that it has for itself: where it may
 * begin so that the old one stays, *ret_beside, or 0. -1 after a complaint when there is no room. */
int make_output_place(const struct make_output *o, uint64_t image_end, uint64_t *ret_beside);

/* The image is written: gives it its name, or sends it to standard output; used_bytes: its own. Or, when
 * err is not 0, takes away what was made. -1 for err, and after one complaint. */
int make_output_close(struct make_output *o, uint64_t used_bytes, int err);

#endif

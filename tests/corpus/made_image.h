/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images as far as their place in memory goes: which frames of a machine's RAM a kernel would have saved. */
#ifndef TESTS_CORPUS_MADE_IMAGE_H
#define TESTS_CORPUS_MADE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "expected.h"
#include "swsusp.h"

enum shape { SHAPE_LOW, SHAPE_HIGH, SHAPE_RANDOM };

/* So many per cent of the RAM: its lowest part, its highest, or blocks of so many KiB by chance (larger ones
 * where that would be more than 262144). */
struct image_plan {
	const char *name;
	enum shape shape;
	uint32_t percent, block_kib;
};

struct made_image {
	struct swsusp_image image; /* frame_runs, n_frame_runs, n_frames: nothing else */
	uint64_t *runs;
	size_t cap;
};

/* ram: frames of the machine when it was saved. Always the same for the same arguments. */
void made_image(struct made_image *m, const struct intervals *ram, const struct image_plan *plan);
void made_image_free(struct made_image *m);

#endif

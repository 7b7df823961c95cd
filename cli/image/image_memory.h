/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory in an image of either kind, Torpor's own or a stock kernel's, frame by frame. */
#ifndef CLI_IMAGE_MEMORY_H
#define CLI_IMAGE_MEMORY_H

#include "contents.h"
#include "stock_image.h"

struct image_memory {
	bool is_stock;
	struct image_view own;
	struct img_object_rec frames; /* own: the page stream */
	struct stock_image stock;
};

/* page: of a swap header, as for stock_image_look. -1 after one complaint. To be closed in any
 * case. */
int image_memory_open(struct image_memory *m, const char *path, uint64_t page);
void image_memory_close(struct image_memory *m);

/* Frames that are in the image, as runs, ascending, neighbours not joined. run: 0, or -1 to stop
 * after a complaint. */
int image_memory_runs(
	struct image_memory *m, int (*run)(void *ctx, uint64_t pfn, uint64_t n), void *ctx);

/* Everything once, in no order, perhaps by several threads at once; frames of zeros may be left out.
 * 0, or an errno, without a complaint. */
struct image_memory_sink {
	int (*frames)(void *ctx, uint64_t pfn, uint64_t n, const void *data);
	void *ctx;
	const char *name; /* of what they go to, for the complaint */
};

/* Hashes and checksums are checked on the way. -1 after one complaint. */
int image_memory_read(struct image_memory *m, const struct image_memory_sink *sink);

#endif

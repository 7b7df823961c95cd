/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hibernation images of unmodified kernels (swsusp), for looking at: info, verify, status. */
#ifndef CLI_STOCK_IMAGE_H
#define CLI_STOCK_IMAGE_H

#include "image_io.h"
#include "swsusp.h"

#define STOCK_PAGES_MAX (1ull << 40) /* that are looked at of a device */

struct stock_image {
	struct image_file file;
	struct swsusp_source source;
	uint8_t *page; /* the header's */
	struct swsusp_header header;
	uint32_t attempts; /* to resume it, as the loader has counted */
	struct swsusp_image image;
	void *work;
};

enum stock_state {
	STOCK_NO_SWAP = 0, /* not a swap area; page 0 only: another page must have a header */
	STOCK_EMPTY,       /* a swap area without an image */
	STOCK_IMAGE,
};

/* Looks for a swap header at this page of a device, or of a copy of one. enum stock_state, or -1
 * after one complaint. To be closed in any case. */
int stock_image_look(struct stock_image *s, const char *path, uint64_t page);

/* Reads all but the data, after STOCK_IMAGE. -1 after one complaint. */
int stock_image_open(struct stock_image *s);

/* All data, once it is open, with a bar; frames: as struct swsusp_sink has it, 0 or an errno. name: of
 * what they go to, for a complaint about that. -1 after one complaint. */
int stock_image_read(struct stock_image *s,
	int (*frames)(void *ctx, uint64_t pfn, uint64_t n, const void *pages), void *ctx,
	const char *name);

void stock_image_close(struct stock_image *s);

/* "saved by ... in ... mode": one line about it without its end, for status. */
#define STOCK_LINE_BYTES 160
const char *stock_image_line(const struct stock_image *s, char ret[STOCK_LINE_BYTES]);

/* `torpor info` and `torpor verify`: the exit status. page: of the header. STATUS_NOT_STOCK:
 * there is no swap area, and nothing was said. */
#define STATUS_NOT_STOCK (-1)
int stock_info(const char *path, uint64_t page);
/* ret_sum: what was read, when it is good. */
struct stock_sum {
	uint64_t bytes_read, bytes, us; /* bytes: of memory */
	bool has_checksum;
};
int stock_verify(const char *path, uint64_t page, struct stock_sum *ret_sum);

#endif

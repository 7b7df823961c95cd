/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store beside an image area: from the area's end to the end of its partition, an area of the
 * same format with headers of its own (FORMAT.md, section 8). Writer and loader never touch it.
 */
#ifndef CLI_KEPT_H
#define CLI_KEPT_H

#include "image_io.h"
#include "store.h"
#include "target.h"

struct kept {
	struct image_file whole, part; /* part: the store; uses whole's descriptor */
	struct store store;
	void *work;
};

/* Opens the store of the area in a device (or in a copy of one in a file). KEPT_CHANGE: exclusively.
 * -1 after one complaint; to be closed in any case. */
enum kept_use { KEPT_LOOK, KEPT_CHANGE };
int kept_open(struct kept *k, const char *path, enum kept_use use);
void kept_close(struct kept *k);

/* The same over an open file, for looking; 1: there is no store, quietly. Not to be closed after -1
 * or 1. */
int kept_look(struct kept *k, const struct image_file *whole);

/* Complains when a header copy of the store is damaged: -1, and STATUS_DAMAGED, where the other one names
 * nothing that is kept; else a warning, and 0. */
int kept_check_copies(const struct kept *k);

/* Complains (-1) when the area has a store that holds anything, or one that cannot be read. how: what
 * would overwrite it all the same, for the message. */
int kept_in_the_way(const struct image_file *whole, const char *how);

/* Complains (-1) when kept_make would: before anything is overwritten. */
int kept_check_size(const struct image_file *whole, uint64_t keep_bytes);

/* Takes keep_bytes from the end of an EMPTY area for a store. headers: the area's, updated. -1 after
 * one complaint. */
int kept_make(struct image_file *whole, uint64_t keep_bytes, struct img_headers *headers);

/* The writer gets no sector behind the area's end. */
void kept_leave_out(struct target *t, const struct img_headers *headers);

#endif

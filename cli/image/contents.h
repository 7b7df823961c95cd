/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents of an image's objects, checked: read and decoded by several threads at once, so that
 * several reads are under way and all processors hash.
 */
#ifndef CLI_CONTENTS_H
#define CLI_CONTENTS_H

#include "image_view.h"
#include "progress.h"

struct contents_sums {
	uint64_t chunks, bytes_read, bytes; /* bytes: of content */
};

struct contents_visitor {
	/* Every chunk, its hash is right; by several threads at once, in no order. content: NULL for a
	 * fill. 0, or an errno to stop with, without a complaint: of several threads that fail at once
	 * one is heard. May be NULL. */
	int (*chunk)(void *ctx, const struct img_chunk_rec *c, const void *content);
	void *ctx;
	const char *name; /* of what they go to, for that complaint */
};

/* Walks all chunks of an object, adds to *sums, and shows how many bytes were read. -1 after one
 * complaint: about the first chunk that is bad. name: of the object, for it. */
int contents_walk(struct image_view *v, const struct img_object_rec *object, const char *name,
	const struct contents_visitor *visitor, struct contents_sums *sums, struct progress *p);

#endif

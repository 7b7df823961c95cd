/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: named nodes that are added to an area and taken out of it one at a time, all others
 * staying as they are (FORMAT.md, "Adding to an image"). The operations are those of the PKRAM
 * patches: prepare a node, save pages or write bytes, finish or discard; load what is there by
 * name, in any order. A node is seen when finish has returned, whole, and not before; nothing of an
 * unfinished or discarded one is ever seen. Pure, like img.h; errors as there.
 */
#ifndef IMAGE_FORMAT_STORE_H
#define IMAGE_FORMAT_STORE_H

#include "img.h"

#define STORE_OBJECTS_MAX 16u /* of a node that is being made; a limit of this writer */

/* Everything but r and fault is private to store*.c. */
struct store {
	const struct img_source *src;
	const struct img_dest *d;
	struct img_headers hs;
	struct img_reader r;         /* for img_cursor_init and img_read_chunk */
	struct img_fault copy_fault; /* of a header copy that does not count */
	struct img_fault fault;      /* of the last call that returned an error that has one */
	bool has_root;
	uint32_t phase;
	int err; /* of the node being made; the first one sticks until discard */

	/* The node being made. */
	struct img_node_rec node;
	struct img_object_rec object[STORE_OBJECTS_MAX];
	uint32_t n_blocks, n_index;
	uint64_t end_of_last; /* first + count of the last chunk */
	size_t n_content;     /* bytes of a byte stream that wait for their chunk */

	/* in work */
	uint8_t *header_block, *cursor_block, *root, *next_root, *content, *packed;
	struct img_block_rec *blocks;
	struct img_chunk_rec *index;
	void *lz4;
	uint8_t *map; /* a bit a block of the area: taken */
	uint64_t n_map_blocks, search_from;
};

/* Bytes of work for an area of that size: about 5 MiB, and 32 KiB for each GiB. */
size_t store_work(uint64_t area_bytes);

/* Reads headers and root. d: NULL when nothing is to be changed. work: block-aligned; it, src and d
 * stay in use. An EMPTY area is a store without nodes. */
int store_open(struct store *s, const struct img_source *src, const struct img_dest *d, void *work,
	size_t work_bytes) IMG_MUST_CHECK;

uint32_t store_count(const struct store *s);
int store_at(const struct store *s, uint32_t i, struct img_node_rec *ret) IMG_MUST_CHECK;
/* IMG_ERR_NOT_FOUND also when the node is there and the object is not. */
int store_find(const struct store *s, const char *node, const char *object,
	struct img_object_rec *ret) IMG_MUST_CHECK;
bool store_has(const struct store *s, const char *node);

/* Bytes in blocks that belong to no node; reads all index blocks. */
int store_free(struct store *s, uint64_t *ret_bytes) IMG_MUST_CHECK;

/* Begins a node. One of the same name stays, and is replaced in one step by finish.
 * IMG_ERR_VERSION: the area has features of a newer version, which may be read but not added to. */
int store_prepare(struct store *s, const char *name) IMG_MUST_CHECK;
/* The next object of the node; ends the one before. */
int store_object(struct store *s, const char *name, enum img_object_type type) IMG_MUST_CHECK;
/* Of a page stream: frames pfn .. pfn + n, ascending over the whole object. */
int store_pages(struct store *s, uint64_t pfn, uint32_t n, const void *data) IMG_MUST_CHECK;
int store_bytes(struct store *s, const void *data, size_t bytes) IMG_MUST_CHECK;
/* Root, flush, header, flush, the other header, flush. After an error the store must be opened
 * again: it has the old nodes or the new ones, whole. IMG_ERR_FULL, IMG_ERR_WORK (more nodes and
 * index blocks than a root can name): the old ones. */
int store_finish(struct store *s, uint64_t now_unix_s) IMG_MUST_CHECK;
/* Forgets the node being made. */
void store_discard(struct store *s);

/* Takes a node out, in one step, as finish does. Possible also when its own index is damaged; when
 * another node's is, only where there is room behind used_bytes (else IMG_ERR_FULL). */
int store_drop(struct store *s, const char *name, uint64_t now_unix_s) IMG_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared between the files of image-format/ only.
 */
#ifndef IMAGE_FORMAT_INTERNAL_H
#define IMAGE_FORMAT_INTERNAL_H

#include "img.h"

/* align: a power of two. */
static inline uint64_t img_align_up_(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

/* Records the place of a fault and returns err, so that a check is one statement. */
static inline int img_fail_(struct img_fault *f, int err, const char *what, uint64_t where,
	uint64_t found, uint64_t wanted)
{
	*f = (struct img_fault){.what = what, .where = where, .found = found, .wanted = wanted};
	return err;
}

bool img_all_zero_(const void *p, size_t bytes);

/* Text from the character first to '~', zero padded: the first byte that is neither, and where no
 * zero ends it the last one; bytes: it is good. */
size_t img_text_fault_(const char *text, size_t bytes, char first);

/* 1 to 31 characters from '!' to '~', zero padded. */
bool img_name_ok_(const char name[IMG_NAME_BYTES]);
/* IMG_ERR_ARGUMENT when name is not such a name. */
int img_name_set_(char dst[IMG_NAME_BYTES], const char *name) IMG_MUST_CHECK;

/* Seals h with its hash, writes it as copy slot. No flush: until then block stays in use. */
int img_put_header_(
	const struct img_dest *d, struct img_header *h, uint32_t slot, void *block) IMG_MUST_CHECK;

/* ---- write_out.c: places in the area, output buffers, index blocks ---- */

/* Opens a buffer that has room for want bytes, or is empty but for less than a block, pads it to
 * align. *ret_dst has *ret_room bytes, and lies at w->pos in the area. */
int img_out_room_(struct img_writer *w, uint32_t align, size_t want, uint8_t **ret_dst,
	size_t *ret_room) IMG_MUST_CHECK;
/* Takes bytes of that room. IMG_ERR_FULL when they do not fit into the area. */
int img_out_take_(struct img_writer *w, size_t bytes) IMG_MUST_CHECK;
/* Starts writing the open buffer, padded to a block, and raw frames that wait to be merged. */
int img_out_close_(struct img_writer *w) IMG_MUST_CHECK;
/* Frames written from where they are; w->pos must be what *ret_offset shall be: block-aligned. */
int img_out_direct_(struct img_writer *w, const void *data, size_t bytes) IMG_MUST_CHECK;

/* Adds a chunk to the index of the current object; a full index block is written first. */
int img_index_add_(struct img_writer *w, const struct img_chunk_rec *c) IMG_MUST_CHECK;
int img_index_flush_(struct img_writer *w) IMG_MUST_CHECK;
/* The last chunk of the current object, if it still lies in memory; else NULL. */
struct img_chunk_rec *img_index_last_(struct img_writer *w);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stored form to content, and content against its hash.
 */
#include "img_internal.h"

#include <lz4.h>
#include <string.h>

uint64_t img_chunk_bytes(const struct img_chunk_rec *c, enum img_object_type type)
{
	return type == IMG_PAGES ? (uint64_t)c->count * IMG_PAGE_BYTES : c->count;
}

static void spread(uint64_t value, void *dst, uint64_t bytes)
{
	uint64_t *word = dst;

	/* Nearly every fill is of zeros or of one debug byte, and memset is the fastest store. */
	if (value == (value & 0xff) * 0x0101010101010101ull) {
		memset(dst, (int)(value & 0xff), bytes);
		return;
	}
	for (uint64_t i = 0; i < bytes / sizeof(*word); i++)
		word[i] = value;
}

int img_decode(
	const struct img_chunk_rec *c, enum img_object_type type, const void *stored, void *dst)
{
	uint64_t bytes = img_chunk_bytes(c, type);

	if (c->codec == IMG_FILL) {
		spread(c->value, dst, bytes);
		return 0;
	}
	if (bytes > IMG_BYTES_CHUNK_MAX || c->stored_bytes > IMG_STORED_MAX)
		return IMG_ERR_ARGUMENT;
	if (c->codec == IMG_RAW) {
		if (dst != stored)
			memcpy(dst, stored, bytes);
		return 0;
	}
	if (c->codec != IMG_LZ4)
		return IMG_ERR_ARGUMENT;
	if (LZ4_decompress_safe(stored, dst, (int)c->stored_bytes, (int)bytes) != (int)bytes)
		return IMG_ERR_DATA;
	return 0;
}

int img_check_hash(const struct img_chunk_rec *c, enum img_object_type type, const void *content)
{
	if (c->codec == IMG_FILL)
		return 0;
	return img_hash(content, img_chunk_bytes(c, type)) == c->hash ? 0 : IMG_ERR_DATA;
}

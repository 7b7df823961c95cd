/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing, the upper half: frames and bytes to chunks.
 */
#include "img_internal.h"
#include "write_phase.h"

#include <lz4.h>
#include <string.h>

/* Raw frames shorter than this are copied into the open buffer: a device request of their own would
 * cost more than the copy. */
#define DIRECT_MIN_BYTES 65536u
#define BYTES_PIECE      65536u /* of a byte stream, per chunk */
#define PAGE_WORDS       (IMG_PAGE_BYTES / sizeof(uint64_t))

/* Most frames differ within the first words; frames of one value cost one pass over them. */
static bool is_fill(const void *frame)
{
	const uint64_t *word = frame;
	uint64_t v = word[0];

	for (size_t i = 0; i < PAGE_WORDS; i += 8) {
		uint64_t diff = (word[i] ^ v) | (word[i + 1] ^ v) | (word[i + 2] ^ v) |
				(word[i + 3] ^ v) | (word[i + 4] ^ v) | (word[i + 5] ^ v) |
				(word[i + 6] ^ v) | (word[i + 7] ^ v);
		if (diff)
			return false;
	}
	return true;
}

static int add_fill(struct img_writer *w, uint64_t pfn, uint32_t n, uint64_t value)
{
	struct img_chunk_rec *last = img_index_last_(w);

	w->stats.pages_fill += n;
	if (last && last->codec == IMG_FILL && last->value == value &&
		last->first + last->count == pfn && n <= IMG_FILL_PAGES_MAX - last->count) {
		last->count += n;
		return 0;
	}
	return img_index_add_(
		w, &(struct img_chunk_rec){
			   .first = pfn, .count = n, .codec = IMG_FILL, .value = value});
}

/* Compressed straight into the output buffer, not yet taken. *ret_stored 0: it does not fit. */
static int try_lz4(struct img_writer *w, const void *data, size_t bytes, size_t *ret_stored)
{
	size_t bound = LZ4_COMPRESSBOUND(bytes), room;
	uint8_t *dst;
	int err = img_out_room_(w, 8, bound, &dst, &room);

	if (err)
		return err;
	if (room > IMG_STORED_MAX)
		room = IMG_STORED_MAX;
	*ret_stored = (size_t)LZ4_compress_fast_extState(
		w->lz4, data, (char *)dst, (int)bytes, (int)room, 1);
	return 0;
}

/* Raw is for data that LZ4 makes less than 1/16 smaller. But raw frames start at a block: where the
 * padding would cost more than 1/32 of them, even LZ4 that saves nothing is the better choice. */
static bool lz4_pays(const struct img_writer *w, size_t bytes, size_t stored, uint32_t raw_align)
{
	if (stored == 0)
		return false;
	if (stored <= bytes - bytes / 16)
		return true;
	return img_align_up_(w->pos, raw_align) - w->pos > bytes / 32;
}

static int add_raw(struct img_writer *w, const void *data, size_t bytes, uint32_t align)
{
	uint8_t *dst;
	size_t room;
	int err;

	if (align == IMG_BLOCK_BYTES && bytes >= DIRECT_MIN_BYTES)
		return img_out_direct_(w, data, bytes);
	err = img_out_room_(w, align, bytes, &dst, &room);
	if (err)
		return err;
	memcpy(dst, data, bytes);
	return img_out_take_(w, bytes);
}

/* One chunk of content that is not a fill. raw_align: a block for frames, 8 for bytes. */
static int add_chunk(struct img_writer *w, struct img_chunk_rec *c, const void *data, size_t bytes,
	uint32_t raw_align)
{
	size_t stored;
	int err = try_lz4(w, data, bytes, &stored);

	if (err)
		return err;
	if (lz4_pays(w, bytes, stored, raw_align)) {
		c->codec = IMG_LZ4;
		err = img_out_take_(w, stored);
	} else {
		c->codec = IMG_RAW;
		stored = bytes;
		err = add_raw(w, data, bytes, raw_align);
	}
	if (err)
		return err;
	c->offset = w->pos - stored;
	c->stored_bytes = (uint32_t)stored;
	c->hash = img_hash(data, bytes);
	w->stats.bytes_stored += stored;
	return img_index_add_(w, c);
}

static int add_frames(struct img_writer *w, uint64_t pfn, uint32_t n, const uint8_t *data)
{
	struct img_chunk_rec c = {.first = pfn, .count = n};
	int err = add_chunk(w, &c, data, (size_t)n * IMG_PAGE_BYTES, IMG_BLOCK_BYTES);

	if (c.codec == IMG_LZ4)
		w->stats.pages_lz4 += n;
	else
		w->stats.pages_raw += n;
	return err;
}

/* How many frames from here on are not fills; at most max. */
static uint32_t run_length(const uint8_t *data, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && !is_fill(data + (size_t)n * IMG_PAGE_BYTES))
		n++;
	return n;
}

static int pages(struct img_writer *w, uint64_t pfn, uint32_t n, const uint8_t *data)
{
	uint32_t run;
	int err = 0;

	for (; n != 0 && !err; n -= run, pfn += run, data += (size_t)run * IMG_PAGE_BYTES) {
		run = run_length(data, n < w->chunk_pages ? n : w->chunk_pages);
		if (run == 0) {
			run = 1;
			err = add_fill(w, pfn, 1, *(const uint64_t *)(const void *)data);
		} else {
			err = add_frames(w, pfn, run, data);
		}
		w->stats.pages += run;
	}
	return err;
}

static int begin_frames(struct img_writer *w, uint64_t pfn, uint64_t n)
{
	int err = img_phase_(w, IMG_PHASE_PAGES);

	if (err)
		return err;
	if (pfn < w->end_of_last || pfn > IMG_PFN_LIMIT || n > IMG_PFN_LIMIT - pfn)
		return img_stick_(w, IMG_ERR_ARGUMENT);
	w->end_of_last = pfn + n;
	w->objects[w->n_objects].length += n;
	return 0;
}

int img_pages(struct img_writer *w, uint64_t pfn, uint32_t n, const void *data)
{
	int err = begin_frames(w, pfn, n);

	return err ? err : img_stick_(w, pages(w, pfn, n, data));
}

int img_fill(struct img_writer *w, uint64_t pfn, uint64_t n, uint64_t value)
{
	int err = begin_frames(w, pfn, n);

	for (uint32_t piece; !err && n != 0; n -= piece, pfn += piece) {
		piece = n < IMG_FILL_PAGES_MAX ? (uint32_t)n : IMG_FILL_PAGES_MAX;
		w->stats.pages += piece;
		err = add_fill(w, pfn, piece, value);
	}
	return img_stick_(w, err);
}

int img_bytes(struct img_writer *w, const void *data, size_t bytes)
{
	const uint8_t *at = data;
	int err = img_phase_(w, IMG_PHASE_BYTES);

	while (!err && bytes != 0) {
		size_t piece = bytes < BYTES_PIECE ? bytes : BYTES_PIECE;
		struct img_chunk_rec c = {.first = w->end_of_last, .count = (uint32_t)piece};

		err = add_chunk(w, &c, at, piece, 8);
		w->end_of_last += piece;
		w->objects[w->n_objects].length += piece;
		at += piece;
		bytes -= piece;
	}
	return img_stick_(w, err);
}

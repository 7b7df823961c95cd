/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing, the lower half: where things lie in the area, and how they get there.
 *
 * Everything is placed at w->pos, which only grows, so the order of the chunks is the order in the
 * area. Small things are gathered in one open buffer of the destination. When it has no room left
 * its whole blocks are written and the rest moves on into the next buffer: nothing is wasted. Only
 * what must start at a block (frames stored raw, index blocks) is padded up to.
 */
#include "img_internal.h"

#include <string.h>

static int out_open(struct img_writer *w)
{
	int err;

	w->out = w->d->buffer(w->d->ctx);
	if (w->out)
		return 0;
	err = w->d->flush(w->d->ctx);
	return err ? err : IMG_ERR_WORK;
}

static int out_write(struct img_writer *w, size_t bytes)
{
	return w->d->write(w->d->ctx, w->pos - w->out_used, w->out, bytes);
}

/* Writes the whole blocks of the buffer; what is left begins a new one. */
static int out_spill(struct img_writer *w)
{
	size_t rest = w->out_used % IMG_BLOCK_BYTES;
	int err;

	if (w->out_used == rest)
		return 0;
	memcpy(w->tail, w->out + w->out_used - rest, rest);
	err = out_write(w, w->out_used - rest);
	if (!err)
		err = out_open(w);
	if (err)
		return err;
	memcpy(w->out, w->tail, rest);
	w->out_used = rest;
	return 0;
}

static size_t pad_to(const struct img_writer *w, uint32_t align)
{
	return (size_t)(img_align_up_(w->pos, align) - w->pos);
}

static void out_pad(struct img_writer *w, uint32_t align)
{
	size_t pad = pad_to(w, align);

	memset(w->out + w->out_used, 0, pad);
	w->out_used += pad;
	w->pos += pad;
}

int img_out_room_(
	struct img_writer *w, uint32_t align, size_t want, uint8_t **ret_dst, size_t *ret_room)
{
	int err = 0;

	if (!w->out)
		err = out_open(w);
	else if (want > w->d->buffer_bytes - w->out_used ||
		 pad_to(w, align) > w->d->buffer_bytes - w->out_used - want)
		err = out_spill(w);
	if (err)
		return err;
	out_pad(w, align);
	*ret_dst = w->out + w->out_used;
	*ret_room = w->d->buffer_bytes - w->out_used;
	return 0;
}

int img_out_take_(struct img_writer *w, size_t bytes)
{
	if (w->pos > w->h.area_bytes || bytes > w->h.area_bytes - w->pos)
		return IMG_ERR_FULL;
	w->out_used += bytes;
	w->pos += bytes;
	return 0;
}

static int raw_flush(struct img_writer *w)
{
	size_t bytes = w->raw_bytes;

	w->raw_bytes = 0;
	return bytes ? w->d->write(w->d->ctx, w->raw_offset, w->raw, bytes) : 0;
}

static int out_finish(struct img_writer *w)
{
	int err;

	if (!w->out || w->out_used == 0)
		return 0; /* an untouched buffer stays open: there is no way to give it back */
	out_pad(w, IMG_BLOCK_BYTES);
	err = out_write(w, w->out_used);
	w->out = NULL;
	w->out_used = 0;
	return err;
}

int img_out_close_(struct img_writer *w)
{
	int err = raw_flush(w);

	return err ? err : out_finish(w);
}

int img_out_direct_(struct img_writer *w, const void *data, size_t bytes)
{
	int err = out_finish(w);

	if (err)
		return err;
	if (w->pos > w->h.area_bytes || bytes > w->h.area_bytes - w->pos)
		return IMG_ERR_FULL;
	if (w->raw_bytes == 0 || w->raw + w->raw_bytes != data ||
		w->raw_offset + w->raw_bytes != w->pos ||
		bytes > w->d->buffer_bytes - w->raw_bytes) {
		err = raw_flush(w);
		w->raw = data;
		w->raw_offset = w->pos;
	}
	w->raw_bytes += bytes;
	w->pos += bytes;
	return err;
}

/* ---- index ---- */

#define INDEX_RECORDS (IMG_INDEX_BLOCK_MAX / sizeof(struct img_chunk_rec))

struct img_chunk_rec *img_index_last_(struct img_writer *w)
{
	return w->n_index ? &w->index[w->n_index - 1] : NULL;
}

int img_index_flush_(struct img_writer *w)
{
	size_t bytes = w->n_index * sizeof(*w->index), room;
	struct img_block_rec *b = &w->blocks[w->n_blocks];
	uint8_t *dst;
	int err;

	if (w->n_index == 0)
		return 0;
	if (w->n_blocks == w->max_blocks)
		return IMG_ERR_WORK;
	err = img_out_room_(w, IMG_BLOCK_BYTES, img_align_up_(bytes, IMG_BLOCK_BYTES), &dst, &room);
	if (err)
		return err;
	memcpy(dst, w->index, bytes);
	*b = (struct img_block_rec){
		.offset = w->pos, .n_chunks = w->n_index, .hash = img_hash(dst, bytes)};
	err = img_out_take_(w, bytes);
	if (err)
		return err;
	w->n_blocks++;
	w->n_index = 0;
	w->objects[w->n_objects].n_blocks++;
	return 0;
}

int img_index_add_(struct img_writer *w, const struct img_chunk_rec *c)
{
	int err = w->n_index == INDEX_RECORDS ? img_index_flush_(w) : 0;

	if (err)
		return err;
	w->index[w->n_index++] = *c;
	w->objects[w->n_objects].n_chunks++;
	w->stats.chunks++;
	return 0;
}

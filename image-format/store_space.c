/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: which blocks of the area are taken. Not on disk: what the root names is taken, the
 * rest is free, so nothing can leak and there is nothing to keep right.
 */
#include "store_internal.h"

#include <string.h>

static bool taken(const struct store *s, uint64_t block)
{
	return s->map[block / 8] >> (block % 8) & 1;
}

/* Everything below has been checked against used_bytes, which lies in the area. */
static void mark(struct store *s, uint64_t offset, uint64_t bytes)
{
	uint64_t end = (offset + bytes + IMG_BLOCK_BYTES - 1) / IMG_BLOCK_BYTES;

	for (uint64_t i = offset / IMG_BLOCK_BYTES; i < end && i < s->n_map_blocks; i++)
		s->map[i / 8] |= (uint8_t)(1u << (i % 8));
}

static int mark_chunks(struct store *s, const struct img_object_rec *o)
{
	struct img_cursor cursor;
	struct img_chunk_rec c;
	int more = img_cursor_init(&cursor, &s->r, o, s->cursor_block);

	while (!more && (more = img_next(&cursor, &c)) > 0) {
		if (c.codec != IMG_FILL)
			mark(s, c.offset, c.stored_bytes);
		more = 0;
	}
	return more;
}

/* The index blocks themselves are known from the root, whatever is in them. */
static void mark_index(struct store *s)
{
	const struct img_root *d = s->r.dir;
	const uint8_t *blocks = s->r.root + s->r.h.root_bytes - d->n_blocks * d->block_rec_bytes;

	for (uint32_t i = 0; i < d->n_blocks; i++) {
		struct img_block_rec b;

		memcpy(&b, blocks + (size_t)i * d->block_rec_bytes, sizeof(b));
		mark(s, b.offset, (uint64_t)b.n_chunks * d->chunk_rec_bytes);
	}
}

static int mark_node(struct store *s, const struct img_node_rec *n)
{
	struct img_object_rec o;
	int err = 0;

	for (uint32_t i = 0; !err && i < n->n_objects; i++) {
		err = img_object_at(&s->r, n->first_object + i, &o);
		if (!err)
			err = mark_chunks(s, &o);
	}
	return err;
}

int store_map_(struct store *s, const char *dropped)
{
	struct img_node_rec n;

	memset(s->map, 0, (size_t)((s->n_map_blocks + 7) / 8));
	mark(s, 0, IMG_DATA_START);
	s->search_from = IMG_DATA_START / IMG_BLOCK_BYTES;
	if (!s->has_root)
		return 0;
	mark(s, s->r.h.root_offset, s->r.h.root_bytes);
	mark_index(s);
	for (uint32_t i = 0; store_node_(s, i, &n) == 0; i++) {
		int err = mark_node(s, &n);

		if (err && !dropped) {
			s->fault = s->r.fault;
			return err;
		}
		if (err && !store_is_named_(&n, dropped))
			mark(s, 0, s->r.h.used_bytes);
	}
	return 0;
}

/* The first free run of n blocks in [from, end), or 0. */
static uint64_t find_run(const struct store *s, uint64_t from, uint64_t end, uint64_t n)
{
	uint64_t run = 0;

	for (uint64_t i = from; i < end; i++) {
		if (i % 8 == 0 && i + 8 <= end && s->map[i / 8] == 0xff) {
			run = 0;
			i += 7;
			continue;
		}
		run = taken(s, i) ? 0 : run + 1;
		if (run == n)
			return i + 1 - n;
	}
	return 0;
}

int store_take_(struct store *s, uint64_t bytes, uint64_t *ret_offset)
{
	uint64_t n = (bytes + IMG_BLOCK_BYTES - 1) / IMG_BLOCK_BYTES;
	uint64_t first = find_run(s, s->search_from, s->n_map_blocks, n);

	if (!first)
		first = find_run(s, IMG_DATA_START / IMG_BLOCK_BYTES, s->n_map_blocks, n);
	if (!first)
		return IMG_ERR_FULL;
	*ret_offset = first * IMG_BLOCK_BYTES;
	mark(s, *ret_offset, n * IMG_BLOCK_BYTES);
	s->search_from = first + n;
	return 0;
}

uint64_t store_end_(const struct store *s)
{
	uint64_t end = s->n_map_blocks;

	while (end > 0 && !taken(s, end - 1))
		end--;
	return end * IMG_BLOCK_BYTES;
}

uint64_t store_n_free_(const struct store *s)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < s->n_map_blocks; i++)
		n += !taken(s, i);
	return n;
}

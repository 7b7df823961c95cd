/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: a node in the making. Every chunk and every index block takes free blocks of its own,
 * as long a run as it needs; where the runs are short, chunks are.
 */
#include "store_internal.h"

#include <lz4.h>
#include <string.h>

#define INDEX_RECORDS (IMG_INDEX_BLOCK_MAX / sizeof(struct img_chunk_rec))
#define BLOCKS_MAX    (IMG_ROOT_MAX / sizeof(struct img_block_rec))
#define LZ4_SAVES_MIN 16u /* 1/16 of the content, or it is stored raw */

static int stick(struct store *s, int err)
{
	if (s->err == 0)
		s->err = err;
	return s->err;
}

int store_prepare(struct store *s, const char *name)
{
	int err = store_may_change_(s);

	if (!err)
		err = img_name_set_(s->node.name, name);
	if (!err)
		err = store_map_(s, NULL);
	if (err)
		return err;
	s->node.first_object = s->node.n_objects = 0;
	s->node.flags = 0;
	s->n_blocks = s->n_index = 0;
	s->n_content = 0;
	s->err = 0;
	s->phase = STORE_NODE;
	return 0;
}

void store_discard(struct store *s)
{
	s->phase = STORE_IDLE;
	s->err = 0;
}

/* ---- Chunks ---- */

static struct img_object_rec *current(struct store *s)
{
	return &s->object[s->node.n_objects - 1];
}

/* A buffer is asked for only when there is something to write: it cannot be given back. */
static int write_at(struct store *s, uint64_t offset, const void *data, size_t bytes)
{
	size_t whole = (size_t)img_align_up_(bytes, IMG_BLOCK_BYTES);
	uint8_t *out = s->d->buffer(s->d->ctx);
	int err;

	if (!out) {
		err = s->d->flush(s->d->ctx);
		return err ? err : IMG_ERR_WORK;
	}
	memcpy(out, data, bytes);
	memset(out + bytes, 0, whole - bytes);
	return s->d->write(s->d->ctx, offset, out, whole);
}

static int flush_index(struct store *s)
{
	size_t bytes = s->n_index * sizeof(*s->index);
	struct img_block_rec *b = &s->blocks[s->n_blocks];
	int err;

	if (s->n_index == 0)
		return 0;
	if (s->n_blocks == BLOCKS_MAX)
		return IMG_ERR_WORK;
	*b = (struct img_block_rec){.n_chunks = s->n_index, .hash = img_hash(s->index, bytes)};
	err = store_take_(s, bytes, &b->offset);
	if (!err)
		err = write_at(s, b->offset, s->index, bytes);
	if (err)
		return err;
	s->n_blocks++;
	s->n_index = 0;
	current(s)->n_blocks++;
	return 0;
}

static int add_chunk(struct store *s, const struct img_chunk_rec *c)
{
	int err = s->n_index == INDEX_RECORDS ? flush_index(s) : 0;

	if (err)
		return err;
	s->index[s->n_index++] = *c;
	current(s)->n_chunks++;
	current(s)->length += c->count;
	s->end_of_last = c->first + c->count;
	return 0;
}

/* LZ4 where that pays; returns the stored form. */
static const void *pack(struct store *s, const void *data, size_t bytes, struct img_chunk_rec *c)
{
	int most = (int)(bytes - bytes / LZ4_SAVES_MIN);
	int n = LZ4_compress_fast_extState(s->lz4, data, (char *)s->packed, (int)bytes, most, 1);

	c->codec = n > 0 ? IMG_LZ4 : IMG_RAW;
	c->stored_bytes = n > 0 ? (uint32_t)n : (uint32_t)bytes;
	return n > 0 ? s->packed : data;
}

/* Content of at most a chunk's size; shorter chunks where no free run is long enough. unit: bytes
 * that count as one. */
static int store_content(struct store *s, const uint8_t *data, size_t bytes, uint32_t unit)
{
	size_t most = bytes;

	while (bytes != 0) {
		size_t n = bytes < most ? bytes : most;
		struct img_chunk_rec c = {.first = s->end_of_last, .count = (uint32_t)(n / unit)};
		const void *stored = pack(s, data, n, &c);
		int err = store_take_(s, c.stored_bytes, &c.offset);

		if (err == IMG_ERR_FULL && n > IMG_BLOCK_BYTES) {
			most = (n / 2 + IMG_BLOCK_BYTES - 1) & ~(size_t)(IMG_BLOCK_BYTES - 1);
			continue;
		}
		c.hash = img_hash(data, n);
		if (!err)
			err = write_at(s, c.offset, stored, c.stored_bytes);
		if (!err)
			err = add_chunk(s, &c);
		if (err)
			return err;
		data += n;
		bytes -= n;
	}
	return 0;
}

/* ---- Objects ---- */

static int end_object(struct store *s)
{
	int err = 0;

	if (s->n_content)
		err = store_content(s, s->content, s->n_content, 1);
	s->n_content = 0;
	return err ? err : flush_index(s);
}

int store_object(struct store *s, const char *name, enum img_object_type type)
{
	struct img_object_rec *o = &s->object[s->node.n_objects];

	if (s->err)
		return s->err;
	if (s->phase == STORE_IDLE || (type != IMG_PAGES && type != IMG_BYTES))
		return stick(s, IMG_ERR_ARGUMENT);
	if (stick(s, s->phase == STORE_NODE ? 0 : end_object(s)))
		return s->err;
	if (s->node.n_objects == STORE_OBJECTS_MAX)
		return stick(s, IMG_ERR_WORK);
	*o = (struct img_object_rec){.type = type};
	s->node.n_objects++;
	s->end_of_last = 0;
	s->phase = type == IMG_PAGES ? STORE_PAGES : STORE_BYTES;
	if (stick(s, img_name_set_(o->name, name)))
		return s->err;
	for (const struct img_object_rec *other = s->object; other < o; other++)
		if (memcmp(other->name, o->name, sizeof(o->name)) == 0)
			return stick(s, IMG_ERR_ARGUMENT);
	return 0;
}

int store_bytes(struct store *s, const void *data, size_t bytes)
{
	const uint8_t *from = data;

	if (s->phase != STORE_BYTES)
		return stick(s, IMG_ERR_ARGUMENT);
	while (bytes != 0 && !s->err) {
		size_t room = IMG_BYTES_CHUNK_MAX - s->n_content, n = bytes < room ? bytes : room;

		memcpy(s->content + s->n_content, from, n);
		s->n_content += n;
		from += n;
		bytes -= n;
		if (s->n_content == IMG_BYTES_CHUNK_MAX) {
			s->n_content = 0;
			stick(s, store_content(s, s->content, IMG_BYTES_CHUNK_MAX, 1));
		}
	}
	return s->err;
}

static bool is_fill(const uint8_t *frame, uint64_t *ret_value)
{
	memcpy(ret_value, frame, sizeof(*ret_value));
	return memcmp(frame, frame + sizeof(*ret_value), IMG_PAGE_BYTES - sizeof(*ret_value)) == 0;
}

static int add_fill(struct store *s, uint64_t pfn, uint64_t value)
{
	struct img_chunk_rec *last = s->n_index ? &s->index[s->n_index - 1] : NULL;

	if (last && last->codec == IMG_FILL && last->value == value &&
		last->first + last->count == pfn && last->count < IMG_FILL_PAGES_MAX) {
		last->count++;
		current(s)->length++;
		s->end_of_last++;
		return 0;
	}
	return add_chunk(s, &(struct img_chunk_rec){
				    .first = pfn, .count = 1, .codec = IMG_FILL, .value = value});
}

/* Frames up to the next one that is all one word. */
static uint32_t run_length(const uint8_t *data, uint32_t n)
{
	uint64_t value;
	uint32_t run = 1;

	while (run < n && run < IMG_CHUNK_PAGES_MAX &&
		!is_fill(data + (size_t)run * IMG_PAGE_BYTES, &value))
		run++;
	return run;
}

int store_pages(struct store *s, uint64_t pfn, uint32_t n, const void *data)
{
	const uint8_t *from = data;
	uint64_t value;

	if (s->phase != STORE_PAGES || pfn < s->end_of_last || pfn > IMG_PFN_LIMIT - n)
		return stick(s, IMG_ERR_ARGUMENT);
	while (n != 0 && !s->err) {
		uint32_t run = 1;

		if (is_fill(from, &value)) {
			stick(s, add_fill(s, pfn, value));
		} else {
			run = run_length(from, n);
			s->end_of_last = pfn;
			stick(s, store_content(
					 s, from, (size_t)run * IMG_PAGE_BYTES, IMG_PAGE_BYTES));
		}
		from += (size_t)run * IMG_PAGE_BYTES;
		pfn += run;
		n -= run;
	}
	return s->err;
}

int store_finish(struct store *s, uint64_t now_unix_s)
{
	int err = s->err;

	if (s->phase == STORE_IDLE)
		return IMG_ERR_ARGUMENT;
	if (!err && s->phase != STORE_NODE)
		err = end_object(s);
	if (!err)
		err = store_commit_(s, s->node.name, now_unix_s);
	store_discard(s);
	return err;
}

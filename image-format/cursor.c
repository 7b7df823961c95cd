/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading: the chunks of an object, one after the other, each checked before it is given out.
 */
#include "img_internal.h"

#include <lz4.h>
#include <string.h>

#define BAD_CHUNK(c_, at_, rec_, field_, text_, wanted_)                                           \
	img_fail_(&(c_)->r->fault, IMG_ERR_INDEX, "index record " text_,                           \
		(at_) + offsetof(struct img_chunk_rec, field_), (uint64_t)(rec_)->field_, wanted_)

static const struct img_block_rec *block_rec(const struct img_cursor *c, uint32_t i)
{
	const struct img_root *d = c->r->dir;

	return (const void *)(c->r->root + sizeof(*d) + (size_t)d->n_nodes * d->node_rec_bytes +
			      (size_t)d->n_objects * d->object_rec_bytes +
			      (size_t)i * d->block_rec_bytes);
}

int img_cursor_init(struct img_cursor *c, struct img_reader *r, const struct img_object_rec *object,
	void *block)
{
	memset(c, 0, sizeof(*c));
	c->r = r;
	c->object = *object;
	c->block = block;
	c->next_block = object->first_block;
	if (object->first_block > r->dir->n_blocks ||
		object->n_blocks > r->dir->n_blocks - object->first_block)
		return IMG_ERR_ARGUMENT;
	return 0;
}

static int next_block(struct img_cursor *c)
{
	const struct img_block_rec *b = block_rec(c, c->next_block);
	uint64_t bytes = (uint64_t)b->n_chunks * c->r->dir->chunk_rec_bytes, hash;
	int err = c->r->src->read(
		c->r->src->ctx, b->offset, c->block, img_align_up_(bytes, IMG_BLOCK_BYTES));

	if (err)
		return err;
	hash = img_hash(c->block, bytes);
	if (hash != b->hash)
		return img_fail_(
			&c->r->fault, IMG_ERR_INDEX, "index block hash", b->offset, hash, b->hash);
	c->block_offset = b->offset;
	c->n_in_block = b->n_chunks;
	c->next_in_block = 0;
	c->next_block++;
	return 0;
}

/* Which frames, or bytes: in order, and inside what the format allows. */
static int check_content(struct img_cursor *c, const struct img_chunk_rec *rec, uint64_t at)
{
	bool pages = c->object.type == IMG_PAGES;
	uint64_t limit = pages ? IMG_PFN_LIMIT : c->object.length;
	uint32_t max = pages ? IMG_CHUNK_PAGES_MAX : IMG_BYTES_CHUNK_MAX;

	if (rec->codec > IMG_FILL || (rec->codec == IMG_FILL && !pages))
		return BAD_CHUNK(c, at, rec, codec, "codec", pages ? IMG_FILL : IMG_LZ4);
	if (rec->flags != 0)
		return BAD_CHUNK(c, at, rec, flags, "flags", 0);
	if (rec->first < c->end_of_last || (!pages && rec->first != c->end_of_last))
		return BAD_CHUNK(c, at, rec, first, "first", c->end_of_last);
	if (rec->first > limit)
		return BAD_CHUNK(c, at, rec, first, "first", limit);
	if (rec->codec == IMG_FILL)
		max = IMG_FILL_PAGES_MAX;
	if (rec->count == 0 || rec->count > max || rec->count > limit - rec->first)
		return BAD_CHUNK(c, at, rec, count, "count", max);
	if (rec->count > c->object.length - c->pages_seen)
		return BAD_CHUNK(c, at, rec, count, "count", c->object.length - c->pages_seen);
	return 0;
}

static int check_fill(struct img_cursor *c, const struct img_chunk_rec *rec, uint64_t at)
{
	if (rec->stored_bytes != 0)
		return BAD_CHUNK(c, at, rec, stored_bytes, "stored bytes", 0);
	if (rec->hash != 0)
		return BAD_CHUNK(c, at, rec, hash, "hash", 0);
	return 0;
}

/* Where it is stored: inside what the header says is used. */
static int check_place(struct img_cursor *c, const struct img_chunk_rec *rec, uint64_t at)
{
	uint64_t used = c->r->h.used_bytes;
	uint64_t bytes = img_chunk_bytes(rec, c->object.type);
	bool frames = rec->codec == IMG_RAW && c->object.type == IMG_PAGES;

	if (rec->codec == IMG_RAW && rec->stored_bytes != bytes)
		return BAD_CHUNK(c, at, rec, stored_bytes, "stored bytes", bytes);
	if (rec->stored_bytes == 0 || rec->stored_bytes > IMG_STORED_MAX ||
		rec->stored_bytes > LZ4_COMPRESSBOUND(bytes))
		return BAD_CHUNK(c, at, rec, stored_bytes, "stored bytes", IMG_STORED_MAX);
	if (rec->offset < IMG_DATA_START || rec->offset % (frames ? IMG_BLOCK_BYTES : 8) ||
		rec->offset > used || rec->stored_bytes > used - rec->offset)
		return BAD_CHUNK(c, at, rec, offset, "offset",
			used > rec->stored_bytes ? used - rec->stored_bytes : 0);
	return 0;
}

static int check_chunk(struct img_cursor *c, const struct img_chunk_rec *rec, uint64_t at)
{
	int err = check_content(c, rec, at);

	if (err)
		return err;
	if (c->r->h.version_minor <= IMG_VERSION_MINOR && rec->reserved != 0)
		return BAD_CHUNK(c, at, rec, reserved, "reserved", 0);
	return rec->codec == IMG_FILL ? check_fill(c, rec, at) : check_place(c, rec, at);
}

static int at_end(struct img_cursor *c)
{
	if (c->pages_seen == c->object.length)
		return 0;
	return img_fail_(&c->r->fault, IMG_ERR_INDEX, "object length", c->block_offset,
		c->pages_seen, c->object.length);
}

int img_next(struct img_cursor *c, struct img_chunk_rec *ret)
{
	uint64_t at;
	int err;

	if (c->n_seen == c->object.n_chunks)
		return at_end(c);
	err = c->next_in_block == c->n_in_block ? next_block(c) : 0;
	if (err)
		return err;
	at = (uint64_t)c->next_in_block * c->r->dir->chunk_rec_bytes;
	memcpy(ret, c->block + at, sizeof(*ret));
	err = check_chunk(c, ret, c->block_offset + at);
	if (err)
		return err;
	c->next_in_block++;
	c->n_seen++;
	c->pages_seen += ret->count;
	c->end_of_last = ret->first + ret->count;
	return 1;
}

int img_read_chunk(struct img_reader *r, const struct img_chunk_rec *c, void *scratch, void *dst)
{
	uint64_t start = c->offset & ~(uint64_t)(IMG_BLOCK_BYTES - 1);
	uint64_t end = img_align_up_(c->offset + c->stored_bytes, IMG_BLOCK_BYTES);
	int err = r->src->read(r->src->ctx, start, scratch, end - start);

	if (err)
		return err;
	if (img_decode(c, IMG_BYTES, (uint8_t *)scratch + (c->offset - start), dst))
		return img_fail_(&r->fault, IMG_ERR_DATA, "chunk does not decode", c->offset,
			c->stored_bytes, c->count);
	if (img_check_hash(c, IMG_BYTES, dst))
		return img_fail_(&r->fault, IMG_ERR_DATA, "chunk hash", c->offset,
			img_hash(dst, c->count), c->hash);
	return 0;
}

int img_read_bytes(struct img_reader *r, const struct img_object_rec *object, void *block,
	void *scratch, void *buf, size_t cap, size_t *ret_bytes)
{
	struct img_cursor cur;
	struct img_chunk_rec c;
	int err;

	if (object->type != IMG_BYTES)
		return IMG_ERR_ARGUMENT;
	if (object->length > cap)
		return IMG_ERR_WORK;
	err = img_cursor_init(&cur, r, object, block);
	if (err)
		return err;
	while ((err = img_next(&cur, &c)) > 0) {
		err = img_read_chunk(r, &c, scratch, (uint8_t *)buf + c.first);
		if (err)
			return err;
	}
	*ret_bytes = object->length;
	return err;
}

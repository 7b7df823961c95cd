/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading: the root, and what it says. Everything in it is checked here, once; afterwards the
 * tables can be used as they lie in memory.
 */
#include "img_internal.h"

#include <string.h>

#define RECORD_BYTES_MAX 1024u

struct tables {
	struct img_reader *r;
	const struct img_root *dir;
	uint64_t nodes, objects, blocks; /* byte offsets in the root */
};

static int bad(
	const struct tables *t, const char *what, uint64_t at, uint64_t found, uint64_t wanted)
{
	return img_fail_(&t->r->fault, IMG_ERR_ROOT, what, t->r->h.root_offset + at, found, wanted);
}

#define BAD_HEAD(t_, field_, text_, wanted_)                                                       \
	bad(t_, "root " text_, offsetof(struct img_root, field_), (t_)->dir->field_, wanted_)
#define BAD_REC(t_, kind_, at_, rec_, field_, text_, wanted_)                                      \
	bad(t_, kind_ " record " text_, (at_) + offsetof(__typeof__(*(rec_)), field_),             \
		(uint64_t)(rec_)->field_, wanted_)

static int bad_name(const struct tables *t, const char *what, uint64_t at, const char *name)
{
	size_t n = *name ? img_text_fault_(name, IMG_NAME_BYTES, '!') : 0;

	return bad(t, what, at + n, (uint8_t)name[n], n ? 0 : '!');
}

static uint64_t magic_number(const void *magic)
{
	uint64_t n;

	memcpy(&n, magic, sizeof(n));
	return n;
}

static bool stride_ok(uint16_t bytes, size_t known)
{
	return bytes >= known && bytes <= RECORD_BYTES_MAX && bytes % 8 == 0;
}

/* What an older minor version calls reserved may have a meaning in a newer one. */
static bool reserved_matters(const struct img_reader *r)
{
	return r->h.version_minor <= IMG_VERSION_MINOR;
}

static int check_head(struct tables *t)
{
	const struct img_root *d = t->dir;
	uint64_t end;

	if (memcmp(d->magic, IMG_ROOT_MAGIC, sizeof(d->magic)) != 0)
		return bad(
			t, "root magic", 0, magic_number(d->magic), magic_number(IMG_ROOT_MAGIC));
	if (!stride_ok(d->node_rec_bytes, sizeof(struct img_node_rec)))
		return BAD_HEAD(t, node_rec_bytes, "node record size", sizeof(struct img_node_rec));
	if (!stride_ok(d->object_rec_bytes, sizeof(struct img_object_rec)))
		return BAD_HEAD(
			t, object_rec_bytes, "object record size", sizeof(struct img_object_rec));
	if (!stride_ok(d->block_rec_bytes, sizeof(struct img_block_rec)))
		return BAD_HEAD(
			t, block_rec_bytes, "block record size", sizeof(struct img_block_rec));
	if (!stride_ok(d->chunk_rec_bytes, sizeof(struct img_chunk_rec)))
		return BAD_HEAD(
			t, chunk_rec_bytes, "chunk record size", sizeof(struct img_chunk_rec));
	if (reserved_matters(t->r) && d->reserved != 0)
		return BAD_HEAD(t, reserved, "reserved", 0);

	/* Counts are 32 bits and strides 10: none of this can overflow. */
	t->nodes = sizeof(*d);
	t->objects = t->nodes + (uint64_t)d->n_nodes * d->node_rec_bytes;
	t->blocks = t->objects + (uint64_t)d->n_objects * d->object_rec_bytes;
	end = t->blocks + (uint64_t)d->n_blocks * d->block_rec_bytes;
	if (end != t->r->h.root_bytes)
		return bad(t, "root counts", offsetof(struct img_root, n_nodes), end,
			t->r->h.root_bytes);
	return 0;
}

/* Nodes own the objects in order, objects own the index blocks in order: each exactly one. */
static int check_nodes(const struct tables *t)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < t->dir->n_nodes; i++) {
		uint64_t at = t->nodes + (uint64_t)i * t->dir->node_rec_bytes;
		const struct img_node_rec *n = (const void *)(t->r->root + at);

		if (!img_name_ok_(n->name))
			return bad_name(t, "node record name", at, n->name);
		if (n->flags != 0)
			return BAD_REC(t, "node", at, n, flags, "flags", 0);
		if (n->first_object != next)
			return BAD_REC(t, "node", at, n, first_object, "first object", next);
		if (n->n_objects > t->dir->n_objects - next)
			return BAD_REC(t, "node", at, n, n_objects, "object count",
				t->dir->n_objects - next);
		next += n->n_objects;
	}
	if (next != t->dir->n_objects)
		return BAD_HEAD(t, n_objects, "object count", next);
	return 0;
}

static int check_object(const struct tables *t, uint64_t at, uint32_t next_block)
{
	const struct img_object_rec *o = (const void *)(t->r->root + at);

	if (!img_name_ok_(o->name))
		return bad_name(t, "object record name", at, o->name);
	if (o->type != IMG_PAGES && o->type != IMG_BYTES)
		return BAD_REC(t, "object", at, o, type, "type", IMG_BYTES);
	if (o->flags != 0)
		return BAD_REC(t, "object", at, o, flags, "flags", 0);
	if (o->type == IMG_PAGES && o->length > IMG_PFN_LIMIT)
		return BAD_REC(t, "object", at, o, length, "length", IMG_PFN_LIMIT);
	if (o->first_block != next_block)
		return BAD_REC(t, "object", at, o, first_block, "first block", next_block);
	if (o->n_blocks > t->dir->n_blocks - next_block)
		return BAD_REC(
			t, "object", at, o, n_blocks, "block count", t->dir->n_blocks - next_block);
	return 0;
}

static int check_block(const struct tables *t, uint64_t at)
{
	const struct img_block_rec *b = (const void *)(t->r->root + at);
	uint64_t used = t->r->h.used_bytes, bytes;
	uint64_t max = IMG_INDEX_BLOCK_MAX / t->dir->chunk_rec_bytes;

	if (b->n_chunks == 0 || b->n_chunks > max)
		return BAD_REC(t, "block", at, b, n_chunks, "chunk count", max);
	if (reserved_matters(t->r) && b->reserved != 0)
		return BAD_REC(t, "block", at, b, reserved, "reserved", 0);
	bytes = img_align_up_((uint64_t)b->n_chunks * t->dir->chunk_rec_bytes, IMG_BLOCK_BYTES);
	if (b->offset < IMG_DATA_START || b->offset % IMG_BLOCK_BYTES || b->offset > used ||
		bytes > used - b->offset)
		return BAD_REC(
			t, "block", at, b, offset, "offset", used > bytes ? used - bytes : 0);
	return 0;
}

static int check_objects(const struct tables *t)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < t->dir->n_objects; i++) {
		uint64_t at = t->objects + (uint64_t)i * t->dir->object_rec_bytes, n_chunks = 0;
		const struct img_object_rec *o = (const void *)(t->r->root + at);
		int err = check_object(t, at, next);

		for (uint32_t end = next + (err ? 0 : o->n_blocks); next != end && !err; next++) {
			uint64_t b = t->blocks + (uint64_t)next * t->dir->block_rec_bytes;

			err = check_block(t, b);
			n_chunks += ((const struct img_block_rec *)(t->r->root + b))->n_chunks;
		}
		if (err)
			return err;
		if (n_chunks != o->n_chunks)
			return BAD_REC(t, "object", at, o, n_chunks, "chunk count", n_chunks);
	}
	if (next != t->dir->n_blocks)
		return BAD_HEAD(t, n_blocks, "block count", next);
	return 0;
}

static int check_root(struct img_reader *r)
{
	struct tables t = {.r = r, .dir = (const void *)r->root};
	uint64_t hash = img_hash(r->root, r->h.root_bytes);
	int err;

	if (hash != r->h.root_hash)
		return img_fail_(&r->fault, IMG_ERR_ROOT, "root hash", r->h.root_offset, hash,
			r->h.root_hash);
	err = check_head(&t);
	if (!err)
		err = check_nodes(&t);
	if (!err)
		err = check_objects(&t);
	r->dir = t.dir;
	return err;
}

int img_open(struct img_reader *r, const struct img_source *src, const struct img_header *h,
	void *work, size_t work_bytes)
{
	uint64_t bytes = img_align_up_(h->root_bytes, IMG_BLOCK_BYTES);
	int err;

	memset(r, 0, sizeof(*r));
	r->src = src;
	r->h = *h;
	r->root = work;
	if (h->state == IMG_EMPTY)
		return IMG_ERR_EMPTY;
	if (bytes > work_bytes || (uintptr_t)work % IMG_BLOCK_BYTES)
		return IMG_ERR_WORK;
	err = src->read(src->ctx, h->root_offset, r->root, bytes);
	return err ? err : check_root(r);
}

uint32_t img_node_count(const struct img_reader *r)
{
	return r->dir->n_nodes;
}

int img_node_at(const struct img_reader *r, uint32_t i, struct img_node_rec *ret)
{
	const struct img_root *d = r->dir;

	if (i >= d->n_nodes)
		return IMG_ERR_NOT_FOUND;
	memcpy(ret, r->root + sizeof(*d) + (size_t)i * d->node_rec_bytes, sizeof(*ret));
	return 0;
}

int img_object_at(const struct img_reader *r, uint32_t i, struct img_object_rec *ret)
{
	const struct img_root *d = r->dir;

	if (i >= d->n_objects)
		return IMG_ERR_NOT_FOUND;
	memcpy(ret,
		r->root + sizeof(*d) + (size_t)d->n_nodes * d->node_rec_bytes +
			(size_t)i * d->object_rec_bytes,
		sizeof(*ret));
	return 0;
}

static bool same_name(const char *a, const char *b)
{
	return strncmp(a, b, IMG_NAME_BYTES) == 0;
}

int img_find(const struct img_reader *r, const char *node, const char *object,
	struct img_object_rec *ret)
{
	struct img_node_rec n;

	for (uint32_t i = 0; img_node_at(r, i, &n) == 0; i++) {
		if (!same_name(n.name, node))
			continue;
		for (uint32_t k = 0; k < n.n_objects; k++) {
			int err = img_object_at(r, n.first_object + k, ret);

			if (err || same_name(ret->name, object))
				return err;
		}
		return IMG_ERR_NOT_FOUND; /* of nodes with one name the first counts */
	}
	return IMG_ERR_NOT_FOUND;
}

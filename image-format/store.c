/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: opening, looking, and the one step that changes it.
 *
 * Nothing that the old root names is overwritten before the new one counts: new chunks, index
 * blocks and the new root go into free blocks and are flushed, then one header is written. Then the
 * other one, so that the loss of one sector does not bring back a root whose blocks are free by
 * now.
 */
#include "store_internal.h"

#include <lz4.h>
#include <string.h>

#define NODE_BYTES   sizeof(struct img_node_rec)
#define OBJECT_BYTES sizeof(struct img_object_rec)
#define BLOCK_BYTES  sizeof(struct img_block_rec)

static size_t map_bytes(uint64_t area_bytes)
{
	return (size_t)img_align_up_(area_bytes / IMG_BLOCK_BYTES / 8 + 1, IMG_BLOCK_BYTES);
}

static size_t lz4_bytes(void)
{
	return (size_t)img_align_up_((uint64_t)LZ4_sizeofState(), IMG_BLOCK_BYTES);
}

size_t store_work(uint64_t area_bytes)
{
	return IMG_BLOCK_BYTES + 2 * IMG_INDEX_BLOCK_MAX + 3 * IMG_ROOT_MAX +
	       2 * IMG_BYTES_CHUNK_MAX + lz4_bytes() + map_bytes(area_bytes);
}

static void lay_out_work(struct store *s, uint8_t *work)
{
	s->header_block = work;
	s->cursor_block = s->header_block + IMG_BLOCK_BYTES;
	s->index = (void *)(s->cursor_block + IMG_INDEX_BLOCK_MAX);
	s->root = s->cursor_block + 2 * IMG_INDEX_BLOCK_MAX;
	s->next_root = s->root + IMG_ROOT_MAX;
	s->blocks = (void *)(s->next_root + IMG_ROOT_MAX);
	s->content = s->next_root + 2 * IMG_ROOT_MAX;
	s->packed = s->content + IMG_BYTES_CHUNK_MAX;
	s->lz4 = s->packed + IMG_BYTES_CHUNK_MAX;
	s->map = s->packed + IMG_BYTES_CHUNK_MAX + lz4_bytes();
}

static int read_root(struct store *s)
{
	int err;

	s->has_root = false;
	if (s->hs.h.state == IMG_EMPTY)
		return 0;
	err = img_open(&s->r, s->src, &s->hs.h, s->root, IMG_ROOT_MAX);
	s->fault = s->r.fault;
	s->has_root = !err;
	return err;
}

int store_open(struct store *s, const struct img_source *src, const struct img_dest *d, void *work,
	size_t work_bytes)
{
	uint64_t bytes = src->size;
	int err;

	memset(s, 0, sizeof(*s));
	if ((uintptr_t)work % IMG_BLOCK_BYTES || work_bytes < store_work(src->size))
		return IMG_ERR_WORK;
	if (d && (d->buffer_bytes < IMG_BYTES_CHUNK_MAX || d->size != src->size))
		return IMG_ERR_ARGUMENT;
	s->src = src;
	s->d = d;
	lay_out_work(s, work);
	err = img_read_headers(src, s->header_block, &s->hs, &s->fault);
	s->copy_fault = s->fault;
	if (err)
		return err;
	if (s->hs.h.area_bytes < bytes)
		bytes = s->hs.h.area_bytes;
	s->n_map_blocks = bytes / IMG_BLOCK_BYTES;
	return read_root(s);
}

uint32_t store_count(const struct store *s)
{
	return s->has_root ? img_node_count(&s->r) : 0;
}

int store_at(const struct store *s, uint32_t i, struct img_node_rec *ret)
{
	return store_node_(s, i, ret);
}

int store_find(
	const struct store *s, const char *node, const char *object, struct img_object_rec *ret)
{
	return s->has_root ? img_find(&s->r, node, object, ret) : IMG_ERR_NOT_FOUND;
}

bool store_has(const struct store *s, const char *node)
{
	struct img_node_rec n;

	for (uint32_t i = 0; store_at(s, i, &n) == 0; i++)
		if (store_is_named_(&n, node))
			return true;
	return false;
}

int store_free(struct store *s, uint64_t *ret_bytes)
{
	int err = store_map_(s, NULL);

	*ret_bytes = err ? 0 : store_n_free_(s) * IMG_BLOCK_BYTES;
	return err;
}

/* ---- Changing ---- */

/* Records that a newer version has made longer, and what its reserved fields mean, would be
 * lost. */
static int check_version(struct store *s)
{
	const struct img_header *h = &s->hs.h;
	const struct img_root *d = s->r.dir;

	if (h->version_minor > IMG_VERSION_MINOR)
		return img_fail_(&s->fault, IMG_ERR_VERSION, "header minor version",
			offsetof(struct img_header, version_minor), h->version_minor,
			IMG_VERSION_MINOR);
	if (h->compat)
		return img_fail_(&s->fault, IMG_ERR_VERSION, "header compat bits",
			offsetof(struct img_header, compat), h->compat, 0);
	if (s->has_root &&
		(d->node_rec_bytes != NODE_BYTES || d->object_rec_bytes != OBJECT_BYTES ||
			d->block_rec_bytes != BLOCK_BYTES ||
			d->chunk_rec_bytes != sizeof(struct img_chunk_rec)))
		return img_fail_(&s->fault, IMG_ERR_VERSION, "root record sizes", h->root_offset,
			d->node_rec_bytes, NODE_BYTES);
	return 0;
}

static int put_header(struct store *s, const struct img_header *as)
{
	struct img_header h = *as;
	uint32_t slot = s->hs.slot ^ 1;
	int err;

	h.generation = s->hs.h.generation + 1;
	err = img_put_header_(s->d, &h, slot, s->header_block);
	if (!err)
		err = s->d->flush(s->d->ctx);
	if (err)
		return err;
	s->hs.h = h;
	s->hs.slot = slot;
	s->hs.err[slot] = 0;
	return 0;
}

/* A change that lost power between its two headers is completed. */
static int equal_headers(struct store *s)
{
	uint64_t at = (uint64_t)(s->hs.slot ^ 1) * IMG_HEADER_STRIDE;
	struct img_header other;
	int err = s->src->read(s->src->ctx, at, s->header_block, IMG_BLOCK_BYTES);

	memcpy(&other, s->header_block, sizeof(other));
	if (!err && !s->hs.err[s->hs.slot ^ 1] && other.state == s->hs.h.state &&
		other.root_offset == s->hs.h.root_offset && other.root_hash == s->hs.h.root_hash)
		return 0;
	/* The one that counts may be in the disk's cache only (header.c). */
	err = s->d->flush(s->d->ctx);
	return err ? err : put_header(s, &s->hs.h);
}

int store_may_change_(struct store *s)
{
	int err;

	if (!s->d || s->phase != STORE_IDLE || s->hs.h.state > IMG_VALID ||
		s->hs.h.generation >= (1ull << 63) - 8)
		return IMG_ERR_ARGUMENT;
	err = check_version(s);
	return err ? err : equal_headers(s);
}

/* A root in the making: three tables, filled in parallel. */
struct making {
	struct img_root head;
	struct img_node_rec *nodes;
	struct img_object_rec *objects;
	struct img_block_rec *blocks;
};

static uint32_t objects_blocks(const struct store *s, const struct img_node_rec *n)
{
	struct img_object_rec o;
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n->n_objects; i++)
		if (img_object_at(&s->r, n->first_object + i, &o) == 0)
			sum += o.n_blocks;
	return sum;
}

static int count(const struct store *s, const char *without, struct img_root *ret)
{
	struct img_node_rec n;
	uint64_t bytes;

	*ret = (struct img_root){.node_rec_bytes = NODE_BYTES,
		.object_rec_bytes = OBJECT_BYTES,
		.block_rec_bytes = BLOCK_BYTES,
		.chunk_rec_bytes = sizeof(struct img_chunk_rec)};
	memcpy(ret->magic, IMG_ROOT_MAGIC, sizeof(ret->magic));
	for (uint32_t i = 0; store_at(s, i, &n) == 0; i++) {
		if (store_is_named_(&n, without))
			continue;
		ret->n_nodes++;
		ret->n_objects += n.n_objects;
		ret->n_blocks += objects_blocks(s, &n);
	}
	if (s->phase != STORE_IDLE) {
		ret->n_nodes++;
		ret->n_objects += s->node.n_objects;
		ret->n_blocks += s->n_blocks;
	}
	bytes = sizeof(*ret) + ret->n_nodes * NODE_BYTES + ret->n_objects * OBJECT_BYTES +
		ret->n_blocks * BLOCK_BYTES;
	return bytes > IMG_ROOT_MAX ? IMG_ERR_WORK : 0;
}

static void add_node(struct making *m, const struct img_node_rec *n, const struct img_object_rec *o,
	const struct img_block_rec *b)
{
	struct img_root *h = &m->head;

	m->nodes[h->n_nodes] = *n;
	m->nodes[h->n_nodes++].first_object = h->n_objects;
	for (uint32_t i = 0; i < n->n_objects; i++) {
		m->objects[h->n_objects] = o[i];
		m->objects[h->n_objects++].first_block = h->n_blocks;
		memcpy(m->blocks + h->n_blocks, b, o[i].n_blocks * BLOCK_BYTES);
		h->n_blocks += o[i].n_blocks;
		b += o[i].n_blocks;
	}
}

static void add_old_nodes(const struct store *s, const char *without, struct making *m)
{
	const uint8_t *objects =
		s->r.root + sizeof(struct img_root) + (size_t)s->r.dir->n_nodes * NODE_BYTES;
	const uint8_t *blocks = objects + (size_t)s->r.dir->n_objects * OBJECT_BYTES;
	struct img_node_rec n;

	for (uint32_t i = 0; store_at(s, i, &n) == 0; i++) {
		const struct img_object_rec *o =
			(const void *)(objects + n.first_object * OBJECT_BYTES);

		if (!store_is_named_(&n, without))
			add_node(m, &n, o,
				(const void *)(blocks +
					       (n.n_objects ? o->first_block : 0) * BLOCK_BYTES));
	}
}

/* *ret_bytes of s->next_root, padded with zeros to a block. */
static int make_root(struct store *s, const char *without, uint32_t *ret_bytes)
{
	struct making m;
	uint8_t *end;
	int err = count(s, without, &m.head);

	if (err)
		return err;
	m.nodes = (void *)(s->next_root + sizeof(m.head));
	m.objects = (void *)(m.nodes + m.head.n_nodes);
	m.blocks = (void *)(m.objects + m.head.n_objects);
	end = (uint8_t *)(m.blocks + m.head.n_blocks);
	m.head.n_nodes = m.head.n_objects = m.head.n_blocks = 0;
	if (s->has_root)
		add_old_nodes(s, without, &m);
	if (s->phase != STORE_IDLE)
		add_node(&m, &s->node, s->object, s->blocks);
	memcpy(s->next_root, &m.head, sizeof(m.head));
	*ret_bytes = (uint32_t)(end - s->next_root);
	memset(end, 0, img_align_up_(*ret_bytes, IMG_BLOCK_BYTES) - *ret_bytes);
	return 0;
}

static int write_root(struct store *s, struct img_header *h)
{
	uint64_t bytes = img_align_up_(h->root_bytes, IMG_BLOCK_BYTES);
	int err = store_take_(s, bytes, &h->root_offset);

	if (err)
		return err;
	/* Of all later roots the place of the old one is free again; the first has no old one. */
	if (!s->has_root && store_n_free_(s) == 0)
		return IMG_ERR_FULL;
	h->root_hash = img_hash(s->next_root, h->root_bytes);
	h->used_bytes = store_end_(s);
	err = s->d->write(s->d->ctx, h->root_offset, s->next_root, bytes);
	return err ? err : s->d->flush(s->d->ctx);
}

int store_commit_(struct store *s, const char *without, uint64_t now_unix_s)
{
	struct img_header h = s->hs.h;
	int err = make_root(s, without, &h.root_bytes);

	if (err)
		return err;
	if (h.state == IMG_EMPTY) {
		memcpy(h.image_uuid, h.area_uuid, sizeof(h.image_uuid));
		memset(h.label, 0, sizeof(h.label));
		memcpy(h.label, "store", 5);
	}
	h.state = IMG_VALID;
	h.attempts = 0;
	h.created_unix_s = now_unix_s;
	err = write_root(s, &h);
	for (int copy = 0; !err && copy < 2; copy++)
		err = put_header(s, &h);
	s->phase = STORE_IDLE;
	return err ? err : read_root(s);
}

int store_drop(struct store *s, const char *name, uint64_t now_unix_s)
{
	int err;

	if (!store_has(s, name))
		return IMG_ERR_NOT_FOUND;
	err = store_may_change_(s);
	if (!err)
		err = store_map_(s, name);
	return err ? err : store_commit_(s, name, now_unix_s);
}

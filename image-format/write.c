/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing: begin, nodes and objects, commit.
 *
 * The order of a save is its safety: both headers EMPTY and durable; data, index and root written
 * and durable; one header written; durable. At no point does a header that can be resumed point at
 * something that is not all there.
 */
#include "img_internal.h"
#include "write_phase.h"

#include <lz4.h>
#include <string.h>

#define INDEX_RECORDS  (IMG_INDEX_BLOCK_MAX / sizeof(struct img_chunk_rec))
#define GENERATION_MAX ((1ull << 63) - 2 * IMG_N_HEADERS)
#define TABLES_BYTES                                                                               \
	(sizeof(struct img_root) + IMG_WRITER_NODES_MAX * sizeof(struct img_node_rec) +            \
		IMG_WRITER_OBJECTS_MAX * sizeof(struct img_object_rec))

/* Work memory: header block, tail, index block, LZ4 state, then the root to the end. */
static size_t work_before_root(void)
{
	return 2 * IMG_BLOCK_BYTES + IMG_INDEX_BLOCK_MAX +
	       img_align_up_((uint64_t)LZ4_sizeofState(), IMG_BLOCK_BYTES);
}

size_t img_writer_work(uint64_t n_pages_max, const struct img_params *p)
{
	uint64_t n_blocks = n_pages_max / INDEX_RECORDS + 2 * IMG_WRITER_OBJECTS_MAX;
	uint64_t root;

	(void)p; /* at worst every frame is a chunk, whatever the chunk size */
	if (n_blocks > IMG_ROOT_MAX / sizeof(struct img_block_rec))
		n_blocks = IMG_ROOT_MAX / sizeof(struct img_block_rec);
	root = TABLES_BYTES + n_blocks * sizeof(struct img_block_rec);
	if (root > IMG_ROOT_MAX)
		root = IMG_ROOT_MAX;
	return work_before_root() + img_align_up_(root, IMG_BLOCK_BYTES);
}

static void lay_out_work(struct img_writer *w, uint8_t *work, size_t work_bytes)
{
	size_t root_bytes = work_bytes - work_before_root();

	if (root_bytes > IMG_ROOT_MAX)
		root_bytes = IMG_ROOT_MAX;
	root_bytes &= ~(size_t)(IMG_BLOCK_BYTES - 1); /* its last block is padded */
	w->header_block = work;
	w->tail = w->header_block + IMG_BLOCK_BYTES;
	w->index = (void *)(w->tail + IMG_BLOCK_BYTES);
	w->lz4 = w->tail + IMG_BLOCK_BYTES + IMG_INDEX_BLOCK_MAX;
	w->root = work + work_before_root();
	w->nodes = (void *)(w->root + sizeof(struct img_root));
	w->objects = (void *)(w->nodes + IMG_WRITER_NODES_MAX);
	w->blocks = (void *)(w->objects + IMG_WRITER_OBJECTS_MAX);
	w->max_blocks = (uint32_t)((root_bytes - TABLES_BYTES) / sizeof(struct img_block_rec));
}

/* A label is for people: what cannot be printed must not keep a system from being saved. */
static void set_label(char dst[64], const char src[64])
{
	memset(dst, 0, 64);
	for (size_t i = 0; i < 63 && src[i]; i++)
		dst[i] = (src[i] >= ' ' && src[i] <= '~') ? src[i] : '?';
}

static void fill_header(struct img_header *h, const struct img_dest *d, const struct img_params *p)
{
	memcpy(h->magic, IMG_MAGIC, sizeof(h->magic));
	h->version_major = IMG_VERSION_MAJOR;
	h->version_minor = IMG_VERSION_MINOR;
	h->header_bytes = sizeof(*h);
	h->area_bytes = d->size & ~(uint64_t)(IMG_BLOCK_BYTES - 1);
	memcpy(h->area_uuid, p->area_uuid, sizeof(h->area_uuid));
	memcpy(h->image_uuid, p->image_uuid, sizeof(h->image_uuid));
	h->compat = p->compat;
	h->created_unix_s = p->created_unix_s;
	set_label(h->label, p->label);
}

static int check_arguments(
	const struct img_dest *d, const struct img_params *p, const void *work, size_t work_bytes)
{
	if ((uintptr_t)work % IMG_BLOCK_BYTES ||
		work_bytes < work_before_root() + img_align_up_(TABLES_BYTES, IMG_BLOCK_BYTES))
		return IMG_ERR_WORK;
	if (d->buffer_bytes < IMG_CHUNK_PAGES_MAX * IMG_PAGE_BYTES ||
		d->buffer_bytes % IMG_BLOCK_BYTES)
		return IMG_ERR_ARGUMENT;
	if (p->chunk_pages == 0 || p->chunk_pages > IMG_CHUNK_PAGES_MAX || p->slot >= IMG_N_HEADERS)
		return IMG_ERR_ARGUMENT;
	if (p->beside && (p->beside < IMG_DATA_START || p->beside % IMG_BLOCK_BYTES ||
				 p->generation >= GENERATION_MAX))
		return IMG_ERR_ARGUMENT;
	return d->size < IMG_DATA_START ? IMG_ERR_FULL : 0;
}

int img_begin(struct img_writer *w, const struct img_dest *d, const struct img_params *p,
	void *work, size_t work_bytes)
{
	int err;

	memset(w, 0, sizeof(*w));
	err = img_stick_(w, check_arguments(d, p, work, work_bytes));
	if (err)
		return err;
	w->d = d;
	w->chunk_pages = p->chunk_pages;
	w->pos = p->beside ? p->beside : IMG_DATA_START;
	w->keeps_old = p->beside != 0;
	lay_out_work(w, work, work_bytes);
	fill_header(&w->h, d, p);

	w->hs.h = w->h;
	w->hs.h.generation = p->generation;
	w->hs.slot = p->slot;
	w->phase = IMG_PHASE_STORE;
	if (w->keeps_old)
		return 0;
	return img_stick_(w, img_set_state(d, &w->hs, IMG_EMPTY, 0, w->header_block));
}

static bool has_node(const struct img_writer *w, const char name[IMG_NAME_BYTES])
{
	for (uint32_t i = 0; i < w->n_nodes; i++)
		if (memcmp(w->nodes[i].name, name, IMG_NAME_BYTES) == 0)
			return true;
	return false;
}

/* In the open node. */
static bool has_object(const struct img_writer *w, const char name[IMG_NAME_BYTES])
{
	for (uint32_t i = w->nodes[w->n_nodes].first_object; i < w->n_objects; i++)
		if (memcmp(w->objects[i].name, name, IMG_NAME_BYTES) == 0)
			return true;
	return false;
}

int img_node_begin(struct img_writer *w, const char *name)
{
	struct img_node_rec *n;
	int err = img_phase_(w, IMG_PHASE_STORE);

	if (err)
		return err;
	if (w->n_nodes == IMG_WRITER_NODES_MAX)
		return img_stick_(w, IMG_ERR_WORK);
	n = &w->nodes[w->n_nodes];
	*n = (struct img_node_rec){.first_object = w->n_objects};
	w->phase = IMG_PHASE_NODE;
	err = img_name_set_(n->name, name);
	return img_stick_(w, !err && has_node(w, n->name) ? IMG_ERR_ARGUMENT : err);
}

int img_object_begin(struct img_writer *w, const char *name, enum img_object_type type)
{
	struct img_object_rec *o;
	int err = img_phase_(w, IMG_PHASE_NODE);

	if (err)
		return err;
	if (type != IMG_PAGES && type != IMG_BYTES)
		return img_stick_(w, IMG_ERR_ARGUMENT);
	if (w->n_objects == IMG_WRITER_OBJECTS_MAX)
		return img_stick_(w, IMG_ERR_WORK);
	o = &w->objects[w->n_objects];
	*o = (struct img_object_rec){.type = type, .first_block = w->n_blocks};
	w->end_of_last = 0;
	w->phase = type == IMG_PAGES ? IMG_PHASE_PAGES : IMG_PHASE_BYTES;
	err = img_name_set_(o->name, name);
	return img_stick_(w, !err && has_object(w, o->name) ? IMG_ERR_ARGUMENT : err);
}

int img_object_end(struct img_writer *w)
{
	if (w->phase != IMG_PHASE_PAGES)
		(void)img_phase_(w, IMG_PHASE_BYTES);
	if (w->err)
		return w->err;
	if (img_stick_(w, img_index_flush_(w)))
		return w->err;
	w->n_objects++;
	w->nodes[w->n_nodes].n_objects++;
	w->phase = IMG_PHASE_NODE;
	return 0;
}

int img_node_end(struct img_writer *w)
{
	if (img_phase_(w, IMG_PHASE_NODE))
		return w->err;
	w->n_nodes++;
	w->phase = IMG_PHASE_STORE;
	return 0;
}

/* Moves the tables together. Their places ascend, so nothing is overwritten before it is moved. */
static uint32_t assemble_root(struct img_writer *w)
{
	uint8_t *at = (uint8_t *)w->nodes + w->n_nodes * sizeof(*w->nodes);
	struct img_root head = {
		.node_rec_bytes = sizeof(*w->nodes),
		.object_rec_bytes = sizeof(*w->objects),
		.block_rec_bytes = sizeof(*w->blocks),
		.chunk_rec_bytes = sizeof(*w->index),
		.n_nodes = w->n_nodes,
		.n_objects = w->n_objects,
		.n_blocks = w->n_blocks,
	};
	uint32_t bytes;

	memcpy(head.magic, IMG_ROOT_MAGIC, sizeof(head.magic));
	memcpy(w->root, &head, sizeof(head));
	memmove(at, w->objects, w->n_objects * sizeof(*w->objects));
	at += w->n_objects * sizeof(*w->objects);
	memmove(at, w->blocks, w->n_blocks * sizeof(*w->blocks));
	at += w->n_blocks * sizeof(*w->blocks);
	bytes = (uint32_t)(at - w->root);
	memset(at, 0, img_align_up_(bytes, IMG_BLOCK_BYTES) - bytes);
	return bytes;
}

static int write_root(struct img_writer *w)
{
	struct img_header *h = &w->h;
	int err = img_out_close_(w);

	if (err)
		return err;
	h->root_offset = w->pos;
	h->root_bytes = assemble_root(w);
	h->root_hash = img_hash(w->root, h->root_bytes);
	h->used_bytes = h->root_offset + img_align_up_(h->root_bytes, IMG_BLOCK_BYTES);
	if (h->root_offset > h->area_bytes || h->used_bytes > h->area_bytes)
		return IMG_ERR_FULL;
	err = w->d->write(w->d->ctx, h->root_offset, w->root, h->used_bytes - h->root_offset);
	return err ? err : w->d->flush(w->d->ctx);
}

/* Into the copy of that place, the n-th of them. */
static int write_header(struct img_writer *w, uint32_t slot, uint64_t n)
{
	int err;

	w->h.state = IMG_VALID;
	w->h.generation = w->hs.h.generation + n;
	err = img_put_header_(w->d, &w->h, slot, w->header_block);
	return err ? err : w->d->flush(w->d->ctx);
}

static int write_headers(struct img_writer *w)
{
	int err = write_header(w, w->hs.slot ^ 1, 1);

	if (w->keeps_old)
		return err ? err : write_header(w, w->hs.slot, 2);
	if (err) /* the caller goes on running */
		img_retract(w->d, &w->hs, w->header_block);
	return err;
}

int img_commit(struct img_writer *w)
{
	if (img_phase_(w, IMG_PHASE_STORE))
		return w->err;
	w->phase = IMG_PHASE_NONE;
	if (img_stick_(w, write_root(w)))
		return w->err;
	return img_stick_(w, write_headers(w));
}

const struct img_write_stats *img_stats(const struct img_writer *w)
{
	return &w->stats;
}

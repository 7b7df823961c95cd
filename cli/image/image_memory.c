/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Export and dump want frames, whoever saved them: the two formats meet here and nowhere above. */
#include "image_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "saved_state.h"
#include "say.h"

#define FILL_PAGES 64u

/* ---- Opening ---- */

static int open_own(struct image_memory *m, const char *path)
{
	int err;

	if (image_view_open(&m->own, path))
		return -1;
	if (image_view_check_filled(&m->own) || image_view_root(&m->own))
		return -1;
	err = img_find(&m->own.reader, SAVED_NODE, SAVED_MEMORY, &m->frames);
	if (!err && m->frames.type != IMG_PAGES)
		err = IMG_ERR_NOT_FOUND;
	return err ? complain_as(STATUS_MISSING, "%s: the image has no memory in it", path) : 0;
}

int image_memory_open(struct image_memory *m, const char *path, uint64_t page)
{
	int found;

	memset(m, 0, sizeof(*m));
	m->own.file.fd = -1;
	found = stock_image_look(&m->stock, path, page);
	if (found == STOCK_NO_SWAP)
		return open_own(m, path);
	m->is_stock = true;
	if (found == STOCK_EMPTY)
		return complain_as(STATUS_EMPTY, "%s: a swap area without an image", path);
	return found == STOCK_IMAGE ? stock_image_open(&m->stock) : -1;
}

void image_memory_close(struct image_memory *m)
{
	stock_image_close(&m->stock);
	image_view_close(&m->own);
}

/* ---- Runs ---- */

static int own_runs(
	struct image_memory *m, int (*run)(void *ctx, uint64_t pfn, uint64_t n), void *ctx)
{
	struct img_cursor cursor;
	struct img_chunk_rec c;
	int more = img_cursor_init(&cursor, &m->own.reader, &m->frames, m->own.block);

	while (!more && (more = img_next(&cursor, &c)) > 0) {
		more = run(ctx, c.first, c.count);
		if (more)
			return more;
	}
	return more ? image_complain(&m->own.file, more, &m->own.reader.fault) : 0;
}

int image_memory_runs(
	struct image_memory *m, int (*run)(void *ctx, uint64_t pfn, uint64_t n), void *ctx)
{
	struct swsusp_cursor cursor;
	struct swsusp_run r;
	int err = 0;

	if (!m->is_stock)
		return own_runs(m, run, ctx);
	swsusp_frames(&m->stock.image, &cursor);
	while (!err && swsusp_next(&cursor, UINT64_MAX, &r) == 1)
		err = run(ctx, r.first, r.count);
	return err;
}

/* ---- Contents ---- */

static int give_fill(const struct image_memory_sink *s, const struct img_chunk_rec *c)
{
	uint64_t *pages;
	int err = 0;

	if (!c->value)
		return 0;
	pages = aligned_alloc(IMG_PAGE_BYTES, FILL_PAGES * IMG_PAGE_BYTES);
	if (!pages)
		return ENOMEM;
	for (size_t i = 0; i < FILL_PAGES * IMG_PAGE_BYTES / sizeof(*pages); i++)
		pages[i] = c->value;
	for (uint64_t at = 0; !err && at < c->count; at += FILL_PAGES)
		err = s->frames(s->ctx, c->first + at,
			c->count - at < FILL_PAGES ? c->count - at : FILL_PAGES, pages);
	free(pages);
	return err;
}

static int own_chunk(void *ctx, const struct img_chunk_rec *c, const void *content)
{
	const struct image_memory_sink *s = ctx;

	return content ? s->frames(s->ctx, c->first, c->count, content) : give_fill(s, c);
}

static int read_own(struct image_memory *m, const struct image_memory_sink *sink)
{
	struct contents_visitor v = {own_chunk, (void *)(uintptr_t)sink, sink->name};
	struct contents_sums sums = {0};
	struct progress p;
	int err;

	progress_begin(&p, m->own.headers.h.used_bytes);
	err = contents_walk(&m->own, &m->frames, SAVED_NODE "/" SAVED_MEMORY, &v, &sums, &p);
	progress_end(&p);
	return err;
}

int image_memory_read(struct image_memory *m, const struct image_memory_sink *sink)
{
	return m->is_stock ? stock_image_read(&m->stock, sink->frames, sink->ctx, sink->name)
			   : read_own(m, sink);
}

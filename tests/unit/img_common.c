/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the image suites save, fault, cut and read back is one made-up machine. */
#include "img_common.h"

#include <stdlib.h>
#include <string.h>

static uint64_t rnd_state = 88172645463325252ull;

void rnd_seed(uint64_t seed)
{
	rnd_state = seed * 2654435761u + 88172645463325252ull;
}

uint64_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state * 2685821657736338717ull;
}

static void *blocks(size_t bytes)
{
	void *p = aligned_alloc(IMG_BLOCK_BYTES, bytes);

	assert_non_null(p);
	return p;
}

void page_make(uint8_t *page, enum page_kind kind)
{
	static const char words[] = "the quick brown fox jumps over the lazy dog and sleeps ";
	uint64_t v = kind == PAGE_ZERO ? 0 : rnd() % 3 * 0x0102030405060708ull;
	size_t half = kind == PAGE_HALF ? IMG_PAGE_BYTES / 2 : 0;

	for (size_t i = 0; i < IMG_PAGE_BYTES; i += 8) {
		if (kind == PAGE_RANDOM || i < half)
			v = rnd();
		memcpy(page + i, &v, 8);
	}
	if (kind == PAGE_TEXT || kind == PAGE_HALF) {
		for (size_t i = half; i < IMG_PAGE_BYTES; i++)
			page[i] = (uint8_t)words[(i + rnd() % 2) % (sizeof(words) - 1)];
	}
}

struct memory memory_make(uint32_t n, enum page_kind kind)
{
	struct memory m = {.data = blocks((size_t)n * IMG_PAGE_BYTES), .n = n};
	enum page_kind now = kind;
	uint64_t pfn = 1;
	uint32_t run = 0;

	m.pfn = malloc(n * sizeof(*m.pfn));
	assert_non_null(m.pfn);
	for (uint32_t i = 0; i < n; i++) {
		if (run == 0) {
			run = 1 + (uint32_t)(rnd() % 60);
			now = kind == PAGE_MIXED ? (enum page_kind)(rnd() % PAGE_MIXED) : kind;
			if (rnd() % 4 == 0)
				pfn += rnd() % 1000;
		}
		run--;
		m.pfn[i] = pfn++;
		page_make(m.data + (size_t)i * IMG_PAGE_BYTES, now);
	}
	return m;
}

void memory_free(struct memory *m)
{
	free(m->data);
	free(m->pfn);
}

void saver_init(struct saver *s, struct fault_disk *d, uint32_t chunk_pages)
{
	struct img_source src = fault_disk_source(d);
	struct img_headers hs;
	struct img_fault fault;
	void *block = blocks(IMG_BLOCK_BYTES);

	memset(s, 0, sizeof(*s));
	s->params.chunk_pages = chunk_pages;
	memset(s->params.area_uuid, 0xaa, 16);
	for (int i = 0; i < 16; i++)
		s->params.image_uuid[i] = (uint8_t)rnd();
	strcpy(s->params.label, "6.1.0-test");
	s->params.created_unix_s = 1700000000;
	if (img_read_headers(&src, block, &hs, &fault) == 0) {
		s->params.generation = hs.h.generation;
		s->params.slot = hs.slot;
	}
	free(block);
	s->work_bytes = img_writer_work(d->size / IMG_PAGE_BYTES * 100, &s->params);
	s->work = blocks(s->work_bytes);
}

void saver_free(struct saver *s)
{
	free(s->work);
}

/* Contiguous frames in calls of random length. */
static int save_memory(struct img_writer *w, const struct memory *m)
{
	uint32_t n;

	for (uint32_t i = 0; i < m->n; i += n) {
		uint32_t max = 1 + (uint32_t)(rnd() % 300);
		int err;

		for (n = 1; i + n < m->n && n < max && m->pfn[i + n] == m->pfn[i] + n;)
			n++;
		err = img_pages(w, m->pfn[i], n, m->data + (size_t)i * IMG_PAGE_BYTES);
		if (err)
			return err;
	}
	return 0;
}

int save(struct saver *s, struct fault_disk *d, const struct memory *m, const char *cpu,
	size_t cpu_bytes)
{
	struct img_dest dest = fault_disk_dest(d);
	struct img_writer *w = &s->w;
	int err = img_begin(w, &dest, &s->params, s->work, s->work_bytes);

	err = err ? err : img_node_begin(w, "kernel");
	err = err ? err : img_object_begin(w, "memory", IMG_PAGES);
	err = err ? err : save_memory(w, m);
	err = err ? err : img_object_end(w);
	err = err ? err : img_object_begin(w, "cpu", IMG_BYTES);
	err = err ? err : img_bytes(w, cpu, cpu_bytes / 3);
	err = err ? err : img_bytes(w, cpu + cpu_bytes / 3, cpu_bytes - cpu_bytes / 3);
	err = err ? err : img_object_end(w);
	err = err ? err : img_node_end(w);
	err = err ? err : img_commit(w);
	return err;
}

void loaded_init(struct loaded *l)
{
	memset(l, 0, sizeof(*l));
	l->block = blocks(IMG_BLOCK_BYTES);
	l->work = blocks(IMG_ROOT_MAX);
	l->index = blocks(IMG_INDEX_BLOCK_MAX);
	l->scratch = blocks(2 * IMG_BYTES_CHUNK_MAX);
}

void loaded_free(struct loaded *l)
{
	free(l->block);
	free(l->work);
	free(l->index);
	free(l->scratch);
}

int load_open(struct loaded *l, const struct img_source *src)
{
	int err = img_read_headers(src, l->block, &l->hs, &l->fault);

	if (!err)
		err = img_state_check(&l->hs.h);
	if (!err) {
		err = img_open(&l->r, src, &l->hs.h, l->work, IMG_ROOT_MAX);
		l->fault = l->r.fault;
	}
	return err;
}

static int load_chunk(struct loaded *l, const struct img_source *src, const struct img_chunk_rec *c,
	uint8_t *content)
{
	uint64_t start = c->offset & ~4095ull;
	uint8_t *stored = l->scratch;
	int err;

	if (c->codec != IMG_FILL) {
		uint64_t end = (c->offset + c->stored_bytes + 4095) & ~4095ull;

		err = src->read(src->ctx, start, l->scratch, end - start);
		if (err)
			return err;
		stored += c->offset - start;
	}
	err = img_decode(c, IMG_PAGES, stored, content);
	return err ? err : img_check_hash(c, IMG_PAGES, content);
}

static int load_memory(struct loaded *l, const struct img_source *src, const struct memory *m)
{
	struct img_object_rec o;
	struct img_cursor cur;
	struct img_chunk_rec c;
	uint32_t at = 0;
	int err = img_find(&l->r, "kernel", "memory", &o);

	if (!err)
		err = img_cursor_init(&cur, &l->r, &o, l->index);
	while (!err && (err = img_next(&cur, &c)) > 0) {
		uint8_t *content;

		assert_true(c.count <= 1u << 20);
		content = malloc((size_t)c.count * IMG_PAGE_BYTES);
		assert_non_null(content);
		err = load_chunk(l, src, &c, content);
		for (uint32_t i = 0; m && !err && i < c.count; i++, at++) {
			assert_true(at < m->n);
			assert_int_equal(m->pfn[at], c.first + i);
			assert_memory_equal(content + (size_t)i * IMG_PAGE_BYTES,
				m->data + (size_t)at * IMG_PAGE_BYTES, IMG_PAGE_BYTES);
		}
		free(content);
	}
	if (!err && m)
		assert_int_equal(at, m->n);
	return err;
}

int load_all(struct loaded *l, const struct img_source *src, const struct memory *m,
	const char *cpu, size_t cpu_bytes)
{
	struct img_object_rec o;
	size_t bytes = 0;
	char *buf;
	int err = load_open(l, src);

	if (err)
		return err;
	err = load_memory(l, src, m);
	if (!err)
		err = img_find(&l->r, "kernel", "cpu", &o);
	if (!err) {
		assert_true(o.length <= 16u << 20);
		buf = malloc(o.length + 1);
		assert_non_null(buf);
		err = img_read_bytes(&l->r, &o, l->index, l->scratch, buf, o.length, &bytes);
		if (!err && cpu) {
			assert_int_equal(bytes, cpu_bytes);
			assert_memory_equal(buf, cpu, cpu_bytes);
		}
		free(buf);
	}
	l->fault = l->r.fault;
	return err;
}

bool resumable(enum img_state state)
{
	return state == IMG_VALID || state == IMG_LOADING;
}

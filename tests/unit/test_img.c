/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images: what is written is read back, for all kinds of memory, and lies as the format says. */
#include "test.h"

#include "img_common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPU_TEXT "registers and the like"

/* One area, one saver, one loader, as nearly every test needs them. */
struct setup {
	struct fault_disk d;
	struct img_source src;
	struct img_dest dest;
	struct saver s;
	struct loaded l;
};

static void set_up(struct setup *t, uint64_t area_bytes, uint32_t chunk_pages)
{
	fault_disk_init(&t->d, area_bytes);
	t->src = fault_disk_source(&t->d);
	t->dest = fault_disk_dest(&t->d);
	saver_init(&t->s, &t->d, chunk_pages);
	loaded_init(&t->l);
}

static void tear_down(struct setup *t)
{
	assert_int_equal(t->d.n_violations, 0);
	loaded_free(&t->l);
	saver_free(&t->s);
	fault_disk_free(&t->d);
}

static uint64_t area_for(uint32_t n_pages)
{
	return (uint64_t)(n_pages + 200) * IMG_PAGE_BYTES * 2;
}

/* ---- round trips ---- */

static void round_trip_of(uint32_t n_pages, enum page_kind kind, uint32_t chunk_pages)
{
	struct memory m = memory_make(n_pages, kind);
	struct setup t;

	set_up(&t, area_for(n_pages), chunk_pages);
	assert_int_equal(load_open(&t.l, &t.src), IMG_ERR_NO_AREA);
	assert_int_equal(save(&t.s, &t.d, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	assert_int_equal(load_all(&t.l, &t.src, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	assert_int_equal(img_stats(&t.s.w)->pages, n_pages);
	assert_int_equal(t.l.hs.h.area_bytes, t.d.size);
	assert_string_equal(t.l.hs.h.label, "6.1.0-test");
	assert_null(t.l.fault.what);
	tear_down(&t);
	memory_free(&m);
}

TEST(round_trip)
{
	static const uint32_t chunk_pages[] = {1, 3, 16, 256};

	for (uint32_t kind = PAGE_ZERO; kind <= PAGE_MIXED; kind++) {
		for (uint32_t i = 0; i < 4; i++) {
			rnd_seed(kind * 10 + i);
			round_trip_of(1, (enum page_kind)kind, chunk_pages[i]);
			round_trip_of(777, (enum page_kind)kind, chunk_pages[i]);
		}
	}
	round_trip_of(6000, PAGE_MIXED, 1); /* several index blocks */
}

TEST(random_sizes)
{
	for (uint32_t i = 0; i < 60; i++) {
		rnd_seed(1000 + i);
		round_trip_of(1 + (uint32_t)(rnd() % 600), PAGE_MIXED, 1 + (uint32_t)(rnd() % 40));
	}
}

TEST(bytes_of_all_sizes)
{
	static const size_t sizes[] = {0, 1, 7, 8, 100, 4095, 4096, 65536, 65537, 3000000};
	struct memory m = memory_make(3, PAGE_RANDOM);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (int random = 0; random < 2; random++) {
			char *cpu = malloc(sizes[i] + 1);
			struct setup t;

			assert_non_null(cpu);
			for (size_t k = 0; k < sizes[i]; k++)
				cpu[k] = (char)(random ? rnd() : k / 100);
			set_up(&t, 16u << 20, 16);
			assert_int_equal(save(&t.s, &t.d, &m, cpu, sizes[i]), 0);
			assert_int_equal(load_all(&t.l, &t.src, &m, cpu, sizes[i]), 0);
			tear_down(&t);
			free(cpu);
		}
	}
	memory_free(&m);
}

TEST(several_nodes)
{
	struct setup t;
	struct img_writer *w = &t.s.w;
	struct img_object_rec o;
	struct img_node_rec node;
	char name[40], text[40];
	size_t n;

	set_up(&t, 16u << 20, 16);
	assert_int_equal(img_begin(w, &t.dest, &t.s.params, t.s.work, t.s.work_bytes), 0);
	for (int i = 0; i < 32; i++) {
		snprintf(name, sizeof(name), "node-%d", i);
		assert_int_equal(img_node_begin(w, name), 0);
		for (int k = 0; k < i % 9; k++) {
			snprintf(name, sizeof(name), "object-%d", k);
			snprintf(text, sizeof(text), "%d of %d", k, i);
			assert_int_equal(img_object_begin(w, name, IMG_BYTES), 0);
			assert_int_equal(img_bytes(w, text, strlen(text) + 1), 0);
			assert_int_equal(img_object_end(w), 0);
		}
		assert_int_equal(img_node_end(w), 0);
	}
	assert_int_equal(img_commit(w), 0);

	assert_int_equal(load_open(&t.l, &t.src), 0);
	assert_int_equal(img_node_count(&t.l.r), 32);
	assert_int_equal(img_node_at(&t.l.r, 31, &node), 0);
	assert_string_equal(node.name, "node-31");
	assert_int_equal(img_node_at(&t.l.r, 32, &node), IMG_ERR_NOT_FOUND);
	assert_int_equal(img_object_at(&t.l.r, 1000, &o), IMG_ERR_NOT_FOUND);
	assert_int_equal(img_find(&t.l.r, "node-26", "object-7", &o), 0);
	assert_int_equal(
		img_read_bytes(&t.l.r, &o, t.l.index, t.l.scratch, text, sizeof(text), &n), 0);
	assert_string_equal(text, "7 of 26");
	assert_int_equal(img_find(&t.l.r, "node-26", "object-8", &o), IMG_ERR_NOT_FOUND);
	assert_int_equal(img_find(&t.l.r, "node-9", "object-0", &o), IMG_ERR_NOT_FOUND);
	assert_int_equal(img_find(&t.l.r, "node", "object-0", &o), IMG_ERR_NOT_FOUND);
	tear_down(&t);
}

/* More frames of one value than a chunk may have, in no time; then some that join, and some that do not. */
TEST(fill)
{
	const uint64_t many = 5ull << 30;
	struct setup t;
	struct img_writer *w = &t.s.w;
	struct img_object_rec o;
	struct img_cursor cur;
	struct img_chunk_rec c[5];
	static uint8_t zero[IMG_PAGE_BYTES] __attribute__((aligned(IMG_PAGE_BYTES)));

	set_up(&t, 1u << 20, 16);
	assert_int_equal(img_begin(w, &t.dest, &t.s.params, t.s.work, t.s.work_bytes), 0);
	assert_int_equal(img_node_begin(w, "kernel"), 0);
	assert_int_equal(img_object_begin(w, "memory", IMG_PAGES), 0);
	assert_int_equal(img_fill(w, 10, many, 0), 0);
	assert_int_equal(img_pages(w, 10 + many, 1, zero), 0);
	assert_int_equal(img_fill(w, 11 + many, 0, 7), 0);
	assert_int_equal(img_fill(w, 11 + many, 5, 7), 0);
	assert_int_equal(img_object_end(w), 0);
	assert_int_equal(img_node_end(w), 0);
	assert_int_equal(img_commit(w), 0);
	assert_int_equal(img_stats(w)->pages, many + 6);
	assert_int_equal(img_stats(w)->pages_fill, many + 6);

	assert_int_equal(load_open(&t.l, &t.src), 0);
	assert_int_equal(img_find(&t.l.r, "kernel", "memory", &o), 0);
	assert_int_equal(o.length, many + 6);
	assert_int_equal(img_cursor_init(&cur, &t.l.r, &o, t.l.index), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(img_next(&cur, &c[i]), 1);
	assert_int_equal(img_next(&cur, &c[3]), 0);
	assert_int_equal(c[0].count, IMG_FILL_PAGES_MAX);
	assert_int_equal(c[1].count, many + 1 - IMG_FILL_PAGES_MAX);
	assert_int_equal(c[2].first, 11 + many);
	assert_int_equal(c[2].count, 5);
	assert_int_equal(c[2].value, 7);
	tear_down(&t);

	/* Out of order, or beyond what can be numbered. */
	set_up(&t, 1u << 20, 16);
	assert_int_equal(img_begin(w, &t.dest, &t.s.params, t.s.work, t.s.work_bytes), 0);
	assert_int_equal(img_node_begin(w, "kernel"), 0);
	assert_int_equal(img_object_begin(w, "memory", IMG_PAGES), 0);
	assert_int_equal(img_fill(w, 10, UINT64_MAX, 0), IMG_ERR_ARGUMENT);
	tear_down(&t);
}

TEST(image_without_nodes)
{
	struct setup t;

	set_up(&t, 1u << 20, 16);
	assert_int_equal(img_begin(&t.s.w, &t.dest, &t.s.params, t.s.work, t.s.work_bytes), 0);
	assert_int_equal(img_commit(&t.s.w), 0);
	assert_int_equal(load_open(&t.l, &t.src), 0);
	assert_int_equal(img_node_count(&t.l.r), 0);
	tear_down(&t);
}

/* ---- how it lies ---- */

struct layout {
	uint64_t stored, n_raw, n_lz4, n_fill, end;
};

/* Ascending places, raw frames on blocks; adds up what is stored. */
static void walk_layout(struct loaded *l, struct layout *ret)
{
	struct img_object_rec o;
	struct img_cursor cur;
	struct img_chunk_rec c;

	memset(ret, 0, sizeof(*ret));
	assert_int_equal(img_find(&l->r, "kernel", "memory", &o), 0);
	assert_int_equal(img_cursor_init(&cur, &l->r, &o, l->index), 0);
	while (img_next(&cur, &c) > 0) {
		if (c.codec == IMG_FILL) {
			ret->n_fill++;
			continue;
		}
		assert_true(c.offset >= ret->end);
		ret->end = c.offset + c.stored_bytes;
		ret->stored += c.stored_bytes;
		if (c.codec == IMG_RAW) {
			assert_int_equal(c.offset % IMG_BLOCK_BYTES, 0);
			ret->n_raw++;
		} else {
			ret->n_lz4++;
		}
	}
	assert_int_equal(cur.n_seen, o.n_chunks);
}

static struct layout layout_of(struct memory *m, uint32_t chunk_pages, double *ret_waste)
{
	struct setup t;
	struct layout y;
	uint64_t index;

	set_up(&t, area_for(m->n), chunk_pages);
	assert_int_equal(save(&t.s, &t.d, m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	assert_int_equal(load_open(&t.l, &t.src), 0);
	walk_layout(&t.l, &y);
	index = img_stats(&t.s.w)->chunks * sizeof(struct img_chunk_rec);
	*ret_waste = (double)(y.end - IMG_DATA_START - y.stored) / (double)(y.stored + index);
	tear_down(&t);
	return y;
}

/* kinds: the pages of the memory, over and over. */
static double waste_of(const enum page_kind *kinds, uint32_t n_kinds, uint32_t run,
	uint32_t chunk_pages, struct layout *ret)
{
	struct memory m = memory_make(1200, PAGE_ZERO);
	double waste;

	for (uint32_t i = 0; i < m.n; i++) {
		m.pfn[i] = i;
		page_make(m.data + (size_t)i * IMG_PAGE_BYTES, kinds[i / run % n_kinds]);
	}
	*ret = layout_of(&m, chunk_pages, &waste);
	memory_free(&m);
	return waste;
}

TEST(waste_is_small)
{
	static const enum page_kind alternate[] = {PAGE_RANDOM, PAGE_TEXT};
	static const enum page_kind between_fills[] = {
		PAGE_RANDOM, PAGE_ZERO, PAGE_TEXT, PAGE_ZERO};
	static const enum page_kind half[] = {PAGE_HALF, PAGE_RANDOM, PAGE_RANDOM};
	static const uint32_t runs[] = {1, 2, 5, 17, 64, 300};
	struct layout y;

	for (uint32_t i = 0; i < 6; i++) {
		for (uint32_t chunk_pages = 1; chunk_pages <= 256; chunk_pages *= 16) {
			rnd_seed(i);
			assert_true(waste_of(alternate, 2, runs[i], chunk_pages, &y) < 0.03);
			assert_true(waste_of(between_fills, 4, runs[i], chunk_pages, &y) < 0.03);
			assert_true(waste_of(half, 3, runs[i], chunk_pages, &y) < 0.03);
		}
	}
}

/* Long runs of what cannot be compressed are raw but for a few chunks at their start. */
TEST(raw_is_used)
{
	static const enum page_kind random[] = {PAGE_RANDOM};
	static const enum page_kind alternate[] = {PAGE_TEXT, PAGE_RANDOM};
	struct layout y;

	(void)waste_of(random, 1, 1, 16, &y);
	assert_int_equal(y.n_lz4, 0);
	(void)waste_of(alternate, 2, 600, 16, &y);
	assert_true(y.n_raw > 25);
}

static struct img_chunk_rec only_chunk(struct setup *t)
{
	struct img_object_rec o;
	struct img_cursor cur;
	struct img_chunk_rec c, none;

	assert_int_equal(load_open(&t->l, &t->src), 0);
	assert_int_equal(img_find(&t->l.r, "n", "o", &o), 0);
	assert_int_equal(img_cursor_init(&cur, &t->l.r, &o, t->l.index), 0);
	assert_int_equal(img_next(&cur, &c), 1);
	assert_int_equal(img_next(&cur, &none), 0);
	assert_int_equal(img_next(&cur, &none), 0);
	return c;
}

static void begin_pages(struct setup *t)
{
	struct img_writer *w = &t->s.w;

	assert_int_equal(img_begin(w, &t->dest, &t->s.params, t->s.work, t->s.work_bytes), 0);
	assert_int_equal(img_node_begin(w, "n"), 0);
	assert_int_equal(img_object_begin(w, "o", IMG_PAGES), 0);
}

static void end_pages(struct setup *t)
{
	assert_int_equal(img_object_end(&t->s.w), 0);
	assert_int_equal(img_node_end(&t->s.w), 0);
	assert_int_equal(img_commit(&t->s.w), 0);
}

TEST(fills_join_across_calls)
{
	static uint8_t pages[64 * IMG_PAGE_BYTES] __attribute__((aligned(IMG_BLOCK_BYTES)));
	struct setup t;
	struct img_chunk_rec c;

	memset(pages, 0xcc, sizeof(pages));
	set_up(&t, 1u << 20, 16);
	begin_pages(&t);
	assert_int_equal(img_pages(&t.s.w, 100, 64, pages), 0);
	assert_int_equal(img_pages(&t.s.w, 164, 1, pages), 0);
	assert_int_equal(img_pages(&t.s.w, 165, 64, pages), 0);
	end_pages(&t);
	c = only_chunk(&t);
	assert_int_equal(c.first, 100);
	assert_int_equal(c.count, 129);
	assert_int_equal(c.codec, IMG_FILL);
	assert_int_equal(c.value, 0xcccccccccccccccc);
	assert_int_equal(img_stats(&t.s.w)->pages_fill, 129);
	assert_int_equal(img_stats(&t.s.w)->bytes_stored, 0);
	tear_down(&t);
}

/* One word that differs, anywhere in the frame, makes it no fill. */
TEST(fill_needs_every_word)
{
	static uint8_t page[IMG_PAGE_BYTES] __attribute__((aligned(IMG_BLOCK_BYTES)));

	for (uint32_t at = 0; at < IMG_PAGE_BYTES; at += 63) {
		struct setup t;

		memset(page, 0, sizeof(page));
		page[at] = 1;
		set_up(&t, 1u << 20, 16);
		begin_pages(&t);
		assert_int_equal(img_pages(&t.s.w, 7, 1, page), 0);
		end_pages(&t);
		assert_int_equal(only_chunk(&t).codec, IMG_LZ4);
		tear_down(&t);
	}
}

/* Adjacent raw chunks reach the device as one request. */
TEST(raw_requests_are_merged)
{
	struct memory m = memory_make(512, PAGE_RANDOM);
	struct setup t;
	uint32_t before;

	set_up(&t, 8u << 20, 16);
	begin_pages(&t);
	before = t.d.n_writes;
	assert_int_equal(img_pages(&t.s.w, 0, 512, m.data), 0);
	end_pages(&t);
	/* 2 MiB in 1 MiB pieces, the index block, the root, the header */
	assert_int_equal(t.d.n_writes - before, 5);
	tear_down(&t);
	memory_free(&m);
}

/* ---- the area's end, and misuse ---- */

/* A partition need not be a multiple of a block. */
TEST(odd_area_size)
{
	struct memory m = memory_make(50, PAGE_MIXED);
	struct setup t;

	set_up(&t, (1u << 20) + 7 * 512, 16);
	assert_int_equal(save(&t.s, &t.d, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	assert_int_equal(load_all(&t.l, &t.src, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	assert_int_equal(t.l.hs.h.area_bytes, 1u << 20);
	tear_down(&t);
	memory_free(&m);
}

TEST(every_area_size)
{
	struct memory m = memory_make(150, PAGE_MIXED);
	uint64_t needed = 0;

	for (uint64_t size = 0; size <= 1u << 20; size += IMG_BLOCK_BYTES) {
		struct setup t;
		int err;

		rnd_seed(3);
		set_up(&t, size, 16);
		err = save(&t.s, &t.d, &m, CPU_TEXT, sizeof(CPU_TEXT));
		if (err) {
			assert_int_equal(err, IMG_ERR_FULL);
			assert_int_equal(needed, 0);
			assert_int_equal(img_commit(&t.s.w), IMG_ERR_FULL);
			assert_int_equal(load_open(&t.l, &t.src),
				size < IMG_DATA_START ? IMG_ERR_NO_AREA : IMG_ERR_EMPTY);
		} else {
			assert_int_equal(load_all(&t.l, &t.src, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
			if (!needed)
				needed = size;
			assert_int_equal(t.l.hs.h.used_bytes, needed);
		}
		tear_down(&t);
	}
	assert_true(needed > IMG_DATA_START);
	memory_free(&m);
}

TEST(call_order)
{
	static uint8_t page[IMG_PAGE_BYTES];

	for (int i = 0; i < 14; i++) {
		struct setup t;
		struct img_writer *w = &t.s.w;
		int err = 0;

		set_up(&t, 1u << 20, 16);
		begin_pages(&t);
		switch (i) {
		case 0:
			err = img_bytes(w, page, 1);
			break;
		case 1:
			err = img_node_end(w);
			break;
		case 2:
			err = img_commit(w);
			break;
		case 3:
			err = img_node_begin(w, "x");
			break;
		case 4:
			err = img_object_begin(w, "x", IMG_PAGES);
			break;
		case 5:
			assert_int_equal(img_object_end(w), 0);
			err = img_object_end(w);
			break;
		case 6:
			assert_int_equal(img_object_end(w), 0);
			err = img_pages(w, 0, 1, page);
			break;
		case 7:
			assert_int_equal(img_pages(w, 10, 1, page), 0);
			err = img_pages(w, 10, 1, page);
			break;
		case 8:
			err = img_pages(w, IMG_PFN_LIMIT, 1, page);
			break;
		case 9:
			assert_int_equal(img_object_end(w), 0);
			err = img_object_begin(w, "has a blank", IMG_BYTES);
			break;
		case 10:
			assert_int_equal(img_object_end(w), 0);
			err = img_object_begin(w, "x", (enum img_object_type)3);
			break;
		case 11:
			end_pages(&t);
			err = img_commit(w);
			break;
		case 12:
			assert_int_equal(img_object_end(w), 0);
			err = img_object_begin(w, "o", IMG_BYTES);
			break;
		case 13:
			assert_int_equal(img_object_end(w), 0);
			assert_int_equal(img_node_end(w), 0);
			err = img_node_begin(w, "n");
			break;
		}
		assert_int_equal(err, IMG_ERR_ARGUMENT);
		if (i != 11) {
			assert_int_equal(img_object_end(w), IMG_ERR_ARGUMENT);
			assert_int_equal(img_commit(w), IMG_ERR_ARGUMENT);
			assert_int_equal(load_open(&t.l, &t.src), IMG_ERR_EMPTY);
		}
		tear_down(&t);
	}
}

TEST(begin_checks_arguments)
{
	struct setup t;
	struct img_writer *w;
	struct img_params p;

	set_up(&t, 1u << 20, 16);
	w = &t.s.w;
	p = t.s.params;
	assert_int_equal(img_begin(w, &t.dest, &p, t.s.work, 1000), IMG_ERR_WORK);
	assert_int_equal(
		img_begin(w, &t.dest, &p, (char *)t.s.work + 8, t.s.work_bytes - 8), IMG_ERR_WORK);
	p.chunk_pages = 0;
	assert_int_equal(img_begin(w, &t.dest, &p, t.s.work, t.s.work_bytes), IMG_ERR_ARGUMENT);
	p.chunk_pages = IMG_CHUNK_PAGES_MAX + 1;
	assert_int_equal(img_begin(w, &t.dest, &p, t.s.work, t.s.work_bytes), IMG_ERR_ARGUMENT);
	p = t.s.params;
	p.slot = 2;
	assert_int_equal(img_begin(w, &t.dest, &p, t.s.work, t.s.work_bytes), IMG_ERR_ARGUMENT);
	p.slot = 0;
	p.generation = UINT64_MAX;
	assert_int_equal(img_begin(w, &t.dest, &p, t.s.work, t.s.work_bytes), IMG_ERR_ARGUMENT);
	assert_int_equal(t.d.n_writes, 0);
	tear_down(&t);
}

TEST(label_is_made_printable)
{
	struct setup t;

	set_up(&t, 1u << 20, 16);
	memset(t.s.params.label, 0xe9, sizeof(t.s.params.label));
	begin_pages(&t);
	end_pages(&t);
	assert_int_equal(load_open(&t.l, &t.src), 0);
	assert_int_equal(strlen(t.l.hs.h.label), 63);
	assert_int_equal(t.l.hs.h.label[62], '?');
	tear_down(&t);
}

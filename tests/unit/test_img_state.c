/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Header copies and states, extents, error texts, and the example in FORMAT.md. */
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

/* ---- header copies and states ---- */

TEST(format_area)
{
	static const uint8_t uuid[16] = {1, 2, 3};
	struct setup t;

	set_up(&t, 1u << 20, 16);
	assert_int_equal(img_format_area(&t.dest, uuid, t.l.block), 0);
	assert_int_equal(load_open(&t.l, &t.src), IMG_ERR_EMPTY);
	assert_memory_equal(t.l.hs.h.area_uuid, uuid, 16);
	assert_int_equal(t.l.hs.h.area_bytes, 1u << 20);
	assert_int_equal(t.l.hs.err[0] | t.l.hs.err[1], 0);
	tear_down(&t);

	set_up(&t, IMG_DATA_START - IMG_BLOCK_BYTES, 16);
	assert_int_equal(img_format_area(&t.dest, uuid, t.l.block), IMG_ERR_FULL);
	tear_down(&t);
}

static void expect_state(struct setup *t, enum img_state state, uint32_t attempts)
{
	assert_int_equal(img_read_headers(&t->src, t->l.block, &t->l.hs, &t->l.fault), 0);
	assert_int_equal(t->l.hs.h.state, state);
	assert_int_equal(t->l.hs.h.attempts, attempts);
}

static void damage_header(struct setup *t, uint32_t slot)
{
	t->d.now[slot * IMG_HEADER_STRIDE + 40] ^= 0xff;
}

TEST(state_moves)
{
	static const enum img_state spent[] = {IMG_LAUNCHED, IMG_CONSUMED, IMG_EMPTY};
	struct memory m = memory_make(20, PAGE_MIXED);
	struct setup t;
	struct img_headers hs;

	set_up(&t, 4u << 20, 16);
	assert_int_equal(save(&t.s, &t.d, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	expect_state(&t, IMG_VALID, 0);
	hs = t.l.hs;
	for (uint32_t i = 1; i < 5; i++) {
		assert_int_equal(img_set_state(&t.dest, &hs, IMG_LOADING, i, t.l.block), 0);
		expect_state(&t, IMG_LOADING, i);
		assert_memory_equal(&t.l.hs.h, &hs.h, sizeof(hs.h));
		assert_int_equal(t.l.hs.slot, hs.slot);
		assert_int_equal(load_all(&t.l, &t.src, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	}
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(img_set_state(&t.dest, &hs, spent[i], 9, t.l.block), 0);
		/* Whichever copy is lost, the state stays. */
		for (uint32_t slot = 0; slot < IMG_N_HEADERS; slot++) {
			damage_header(&t, slot);
			expect_state(&t, spent[i], 9);
			assert_int_equal(t.l.hs.err[slot], IMG_ERR_HEADER);
			assert_string_equal(t.l.fault.what, "header hash");
			assert_int_equal(t.l.fault.where / IMG_HEADER_STRIDE, slot);
			damage_header(&t, slot);
		}
		assert_true(img_state_check(&t.l.hs.h) != 0);
	}
	assert_int_equal(img_set_state(&t.dest, &hs, IMG_VALID, 0, t.l.block), IMG_ERR_ARGUMENT);
	assert_int_equal(img_open(&t.l.r, &t.src, &hs.h, t.l.work, IMG_ROOT_MAX), IMG_ERR_EMPTY);
	tear_down(&t);
	memory_free(&m);
}

TEST(one_copy_is_enough)
{
	struct memory m = memory_make(20, PAGE_MIXED);
	struct setup t;

	set_up(&t, 4u << 20, 16);
	assert_int_equal(save(&t.s, &t.d, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	expect_state(&t, IMG_VALID, 0);
	assert_int_equal(img_set_state(&t.dest, &t.l.hs, IMG_LOADING, 1, t.l.block), 0);
	damage_header(&t, t.l.hs.slot);
	expect_state(&t, IMG_VALID, 0);
	assert_int_equal(load_all(&t.l, &t.src, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	damage_header(&t, 0);
	damage_header(&t, 1); /* one of them is good again now */
	assert_int_equal(load_open(&t.l, &t.src), 0);
	damage_header(&t, t.l.hs.slot);
	assert_int_equal(load_open(&t.l, &t.src), IMG_ERR_HEADER);
	assert_string_equal(t.l.fault.what, "header hash");
	tear_down(&t);
	memory_free(&m);
}

TEST(saves_follow_saves)
{
	struct setup t;
	uint64_t generation = 0;

	set_up(&t, 4u << 20, 16);
	for (uint32_t i = 0; i < 7; i++) {
		struct memory m = memory_make(30 + i, PAGE_MIXED);
		struct saver s;

		saver_init(&s, &t.d, 16);
		assert_int_equal(save(&s, &t.d, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
		assert_int_equal(load_all(&t.l, &t.src, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
		assert_true(t.l.hs.h.generation > generation);
		generation = t.l.hs.h.generation;
		assert_memory_equal(t.l.hs.h.image_uuid, s.params.image_uuid, 16);
		if (i % 2) {
			assert_int_equal(
				img_set_state(&t.dest, &t.l.hs, IMG_LOADING, 1, t.l.block), 0);
			assert_int_equal(
				img_set_state(&t.dest, &t.l.hs, IMG_LAUNCHED, 1, t.l.block), 0);
			generation = t.l.hs.h.generation;
		}
		saver_free(&s);
		memory_free(&m);
	}
	tear_down(&t);
}

/* ---- what the caller must provide ---- */

TEST(work_memory)
{
	struct memory m = memory_make(3, PAGE_TEXT);
	struct setup t;
	struct img_object_rec o;
	char buf[sizeof(CPU_TEXT)];
	size_t n;

	set_up(&t, 1u << 20, 16);
	assert_int_equal(save(&t.s, &t.d, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	assert_int_equal(load_open(&t.l, &t.src), 0);
	assert_int_equal(img_open(&t.l.r, &t.src, &t.l.hs.h, t.l.work, 4095), IMG_ERR_WORK);
	assert_int_equal(img_open(&t.l.r, &t.src, &t.l.hs.h, t.l.work + 8, 65536), IMG_ERR_WORK);
	assert_int_equal(img_open(&t.l.r, &t.src, &t.l.hs.h, t.l.work, 4096), 0);
	assert_int_equal(img_find(&t.l.r, "kernel", "cpu", &o), 0);
	assert_int_equal(
		img_read_bytes(&t.l.r, &o, t.l.index, t.l.scratch, buf, sizeof(buf) - 1, &n),
		IMG_ERR_WORK);
	assert_int_equal(
		img_read_bytes(&t.l.r, &o, t.l.index, t.l.scratch, buf, sizeof(buf), &n), 0);
	assert_int_equal(img_find(&t.l.r, "kernel", "memory", &o), 0);
	assert_int_equal(img_read_bytes(&t.l.r, &o, t.l.index, t.l.scratch, buf, sizeof(buf), &n),
		IMG_ERR_ARGUMENT);
	o.first_block = 2;
	o.n_blocks = 1;
	assert_int_equal(img_read_bytes(&t.l.r, &o, t.l.index, t.l.scratch, buf, sizeof(buf), &n),
		IMG_ERR_ARGUMENT);
	tear_down(&t);
	memory_free(&m);
}

/* ---- extents ---- */

TEST(extent_check)
{
	static const struct img_extent good[] = {{100, 10}, {50, 50}, {110, 1}};
	static const struct img_extent inside[] = {{100, 50}, {110, 5}};
	static const struct img_extent around[] = {{110, 5}, {100, 50}};
	static const struct img_extent touch_end[] = {{UINT64_MAX - 9, 10}};
	static const struct img_extent past_end[] = {{UINT64_MAX - 9, 11}};
	static const struct img_extent none[] = {{5, 0}};
	static const struct img_extent huge[] = {{0, 1ull << 62}, {1ull << 62, 1ull << 62}};
	uint64_t bytes;

	assert_int_equal(img_extent_check(good, 3, 512, &bytes), 0);
	assert_int_equal(bytes, 61 * 512);
	assert_int_equal(img_extent_check(touch_end, 1, 512, &bytes), 0);
	assert_int_equal(img_extent_check(good, 0, 512, &bytes), IMG_ERR_ARGUMENT);
	assert_int_equal(img_extent_check(good, 3, 0, &bytes), IMG_ERR_ARGUMENT);
	assert_int_equal(img_extent_check(inside, 2, 512, &bytes), IMG_ERR_ARGUMENT);
	assert_int_equal(img_extent_check(around, 2, 512, &bytes), IMG_ERR_ARGUMENT);
	assert_int_equal(img_extent_check(past_end, 1, 512, &bytes), IMG_ERR_ARGUMENT);
	assert_int_equal(img_extent_check(none, 1, 512, &bytes), IMG_ERR_ARGUMENT);
	assert_int_equal(img_extent_check(huge, 2, 512, &bytes), IMG_ERR_ARGUMENT);
}

/* Every range of a small area, against the plain list of its sectors. */
TEST(extent_map)
{
	static const struct img_extent e[] = {{100, 3}, {50, 1}, {7, 4}, {11, 2}};
	static const uint64_t lba[] = {100, 101, 102, 50, 7, 8, 9, 10, 11, 12};

	for (uint64_t first = 0; first <= 11; first++) {
		for (uint64_t n = 0; n <= 11; n++) {
			uint64_t at = 0, bytes = 0, run = 1;
			int err = img_extent_map(e, 4, 512, first * 512, n * 512, &at, &bytes);

			if (n == 0 || first + n > 10) {
				assert_int_equal(err, IMG_ERR_ARGUMENT);
				continue;
			}
			while (run < n && run + first < 10 &&
				lba[first + run] == lba[first] + run && lba[first + run] != 11)
				run++;
			assert_int_equal(err, 0);
			assert_int_equal(at, lba[first]);
			assert_int_equal(bytes, run * 512);
		}
	}
	for (uint64_t odd = 1; odd < 512; odd += 73) {
		uint64_t at, bytes;

		assert_int_equal(
			img_extent_map(e, 4, 512, odd, 512, &at, &bytes), IMG_ERR_ARGUMENT);
		assert_int_equal(img_extent_map(e, 4, 512, 0, odd, &at, &bytes), IMG_ERR_ARGUMENT);
	}
}

TEST(error_texts)
{
	for (int err = -64; err <= 1; err++) {
		const char *text = img_err_text(err);

		assert_non_null(text);
		assert_true(strlen(text) > 5 && text[strlen(text) - 1] != '.');
	}
}

/* ---- the example in FORMAT.md ---- */

/* "10000  22 01 ... 54  07 ...": an offset and 16 bytes. 1: this is such a line. */
static int example_line(const char *line, uint8_t *area, size_t size)
{
	unsigned int at, byte[16];
	int n = 0, used = 0;

	if (sscanf(line, "%5x%n", &at, &used) != 1 || used != 5)
		return 0;
	for (line += used; n < 16; n++, line += used) {
		if (sscanf(line, " %2x%n", &byte[n], &used) != 1)
			return 0;
	}
	assert_true(at + 16 <= size);
	for (n = 0; n < 16; n++)
		area[at + (unsigned int)n] = (uint8_t)byte[n];
	return 1;
}

TEST(example_of_the_specification)
{
	FILE *f = fopen("image-format/FORMAT.md", "r");
	uint8_t page[IMG_PAGE_BYTES] = {[0] = 1, [8] = 'T'}, got[IMG_PAGE_BYTES];
	struct img_object_rec o;
	struct img_cursor cur;
	struct img_chunk_rec c;
	struct setup t;
	char line[1024], note[14];
	size_t n, n_lines = 0;

	assert_non_null(f);
	set_up(&t, 128u << 10, 16);
	while (fgets(line, sizeof(line), f))
		n_lines += (size_t)example_line(line, t.d.now, t.d.size);
	fclose(f);
	assert_int_equal(n_lines, 40);

	assert_int_equal(load_open(&t.l, &t.src), 0);
	assert_int_equal(t.l.hs.err[1], 0);
	assert_int_equal(img_find(&t.l.r, "demo", "memory", &o), 0);
	assert_int_equal(img_cursor_init(&cur, &t.l.r, &o, t.l.index), 0);
	assert_int_equal(img_next(&cur, &c), 1);
	assert_true(c.codec == IMG_FILL && c.first == 16 && c.count == 3 && c.value == 0);
	assert_int_equal(img_next(&cur, &c), 1);
	assert_true(c.codec == IMG_LZ4 && c.first == 32 && c.count == 1);
	assert_int_equal(img_decode(&c, IMG_PAGES, t.d.now + c.offset, got), 0);
	assert_int_equal(img_check_hash(&c, IMG_PAGES, got), 0);
	assert_memory_equal(got, page, sizeof(page));
	assert_int_equal(img_next(&cur, &c), 0);
	assert_int_equal(img_find(&t.l.r, "demo", "note", &o), 0);
	assert_int_equal(
		img_read_bytes(&t.l.r, &o, t.l.index, t.l.scratch, note, sizeof(note), &n), 0);
	assert_memory_equal(note, "hello, torpor\n", 14);
	tear_down(&t);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux's hibernation images: read back whole, for all codecs and shapes. What is wrong with bad ones
 * is in test_swsusp_fault.c. */
#include "test.h"

#include "swsusp_common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- whole images ---- */

/* Restored memory: content of the n-th frame of the image at n * 4096. */
struct restored {
	const struct swb_image *b;
	uint8_t *pages;
	uint64_t at; /* frame of the image */
};

static void *place(struct restored *r, uint64_t pfn)
{
	while (r->at < r->b->n_frames && (r->b->frames[r->at] & ~SWB_ZERO) != pfn)
		r->at++;
	assert_true(r->at < r->b->n_frames);
	return r->pages + r->at * SWB_PAGE;
}

static void put_run(struct restored *r, uint64_t pfn, uint64_t n, const uint8_t *data)
{
	for (uint64_t i = 0; i < n; i++)
		memcpy(place(r, pfn + i), data + i * SWB_PAGE, SWB_PAGE);
}

static void check_restored(const struct restored *r)
{
	uint8_t wanted[SWB_PAGE];

	for (uint64_t i = 0; i < r->b->n_frames; i++) {
		memset(wanted, 0, sizeof(wanted));
		if (!(r->b->frames[i] & SWB_ZERO))
			swb_content(r->b->frames[i], wanted);
		assert_memory_equal(wanted, r->pages + i * SWB_PAGE, SWB_PAGE);
	}
}

static void restore_raw(struct opened *o, struct restored *r, uint64_t max)
{
	struct swsusp_plan plan;
	struct swsusp_piece p;
	uint64_t n = 0;

	swsusp_plan(&o->img, &plan);
	assert_int_equal(swsusp_plan_next(&plan, 0, &p), SWSUSP_ERR_ARGUMENT);
	while (swsusp_plan_next(&plan, max, &p) == 1) {
		assert_true(p.n_pages >= 1 && p.n_pages <= max);
		put_run(r, p.pfn, p.n_pages, swb_page(r->b, p.disk_page));
		n += p.n_pages;
	}
	assert_int_equal(n, o->img.info.image_pages);
}

/* Copies the stored pages of a unit together. */
static void gather(struct opened *o, const struct swsusp_unit *u, uint8_t *stored)
{
	struct swsusp_cursor c;
	struct swsusp_run run;

	swsusp_slots(&o->img, u->slot, &c);
	for (uint32_t i = 0; i < u->n_slots; i += (uint32_t)run.count) {
		assert_int_equal(swsusp_next(&c, u->n_slots - i, &run), 1);
		for (uint64_t k = 0; k < run.count; k++)
			memcpy(stored + (i + k) * SWB_PAGE, swb_page(o->b, run.first + k),
				SWB_PAGE);
	}
}

static void restore_units(struct opened *o, struct restored *r)
{
	static uint8_t stored[SWSUSP_UNIT_SLOTS_MAX * SWB_PAGE] __attribute__((aligned(8)));
	static uint8_t pages[SWSUSP_UNIT_BYTES];
	struct swsusp_stream s = o->img.data;
	uint32_t joined = s.crc;
	struct swsusp_cursor frames;
	struct swsusp_unit u;

	swsusp_data_frames(&o->img, &frames);
	while (s.slot < o->img.n_slots) {
		const void *head = swb_page(o->b, o->b->slots[s.slot]);
		struct swsusp_run run;

		assert_int_equal(swsusp_unit_next(&o->img, &s, head, &u, &o->fault), 1);
		gather(o, &u, stored);
		assert_int_equal(swsusp_unit_decode(&o->img, &u, stored, pages, &o->fault), 0);
		s.crc = swsusp_crc(s.crc, pages, u.n_pages * SWB_PAGE);
		joined = swsusp_crc_join(
			joined, swsusp_crc(0, pages, u.n_pages * SWB_PAGE), u.n_pages * SWB_PAGE);
		for (uint32_t i = u.n_meta; i < u.n_pages; i += (uint32_t)run.count) {
			assert_int_equal(swsusp_next(&frames, u.n_pages - i, &run), 1);
			put_run(r, run.first, run.count, pages + i * SWB_PAGE);
		}
	}
	assert_int_equal(swsusp_unit_next(&o->img, &s, NULL, &u, &o->fault), 0);
	assert_int_equal(swsusp_crc_check(&o->img, s.crc, &o->fault), 0);
	assert_int_equal(joined, s.crc);
}

static void check_facts(const struct opened *o)
{
	const struct swb_image *b = o->b;
	const struct swsusp_image *img = &o->img;
	struct swsusp_cursor c;
	struct swsusp_run run;
	uint64_t i = 0;

	assert_int_equal(img->n_slots, b->n_slots);
	assert_int_equal(img->n_map_pages, b->n_maps);
	assert_int_equal(img->n_frames, b->n_frames);
	assert_int_equal(img->n_frames - img->n_zero, b->p.n_data);
	assert_int_equal(img->info.meta_pages, b->n_meta);
	assert_int_equal(img->info.e820_crc, 0xb677a5c8u);
	assert_string_equal(img->header.label, "a label");
	assert_memory_equal(img->header.uuid, "sixteen uu bytes", 16);
	assert_int_equal(!!(img->header.flags & SWSUSP_PLATFORM), b->p.platform);
	swsusp_frames(img, &c);
	while (swsusp_next(&c, UINT64_MAX, &run) == 1) {
		for (uint64_t k = 0; k < run.count; k++)
			assert_int_equal(
				b->frames[i++], (run.first + k) | (run.zero ? SWB_ZERO : 0));
	}
	assert_int_equal(i, b->n_frames);
	i = 0;
	swsusp_slots(img, 0, &c);
	while (swsusp_next(&c, UINT64_MAX, &run) == 1) {
		for (uint64_t k = 0; k < run.count; k++)
			assert_int_equal(b->slots[i++], run.first + k);
	}
	assert_int_equal(i, b->n_slots);
}

static void note_progress(void *ctx, uint64_t slots)
{
	uint64_t *last = ctx;

	assert_true(slots > *last);
	*last = slots;
}

static void round_trip(const struct swb_params *p)
{
	uint64_t slots_seen = 0;
	struct swb_image b;
	struct opened o;
	struct restored r = {.b = &b};
	void *buffer = aligned_alloc(SWB_PAGE, SWSUSP_BUFFER_BYTES);

	swb_build(&b, p);
	opened_init(&o, &b, 1u << 20);
	assert_int_equal(opened_open(&o), 0);
	check_facts(&o);
	r.pages = calloc(b.n_frames, SWB_PAGE);
	assert_non_null(r.pages);
	if (p->codec == SWB_RAW)
		restore_raw(&o, &r, 1 + b.n_slots % 50);
	else
		restore_units(&o, &r);
	check_restored(&r);
	assert_int_equal(swsusp_verify(&o.img, buffer, note_progress, &slots_seen, &o.fault), 0);
	assert_int_equal(slots_seen, b.n_slots);
	assert_null(o.fault.what);
	free(buffer);
	free(r.pages);
	opened_free(&o);
	swb_free(&b);
}

TEST(round_trip)
{
	static const uint64_t n_data[] = {2, 29, 30, 31, 32, 33, 100, 700, 2000};

	for (uint32_t codec = SWB_RAW; codec <= SWB_LZ4; codec++) {
		for (uint32_t i = 0; i < sizeof(n_data) / sizeof(n_data[0]); i++) {
			for (uint32_t shape = 0; shape < 8; shape++) {
				struct swb_params p = {
					.codec = (enum swb_codec)codec,
					.n_data = n_data[i],
					.gap_every = shape & 1 ? 5 : 0,
					.zero_every = shape & 2 ? 7 : 0,
					.scatter = shape & 4,
					.header_page = shape & 1 ? 77 : 0,
					.platform = shape & 2,
				};

				round_trip(&p);
			}
		}
	}
}

/* The number of stored pages around multiples of 511: a full last map page has an empty one after it. */
TEST(full_map_pages)
{
	for (uint64_t n_slots = 509; n_slots <= 513; n_slots++) {
		for (uint64_t times = 1; times <= 3; times++) {
			uint64_t n_pages = n_slots + (times - 1) * 511;
			/* info page, frame list, data */
			uint64_t n_meta = (n_pages - 1 + 512) / 513;
			struct swb_params p = {.codec = SWB_RAW, .n_data = n_pages - 1 - n_meta};
			struct swb_image b;

			swb_build(&b, &p);
			assert_int_equal(b.n_slots, n_pages);
			assert_int_equal(b.n_maps, n_pages / 511 + 1);
			swb_free(&b);
			round_trip(&p);
		}
	}
}

/* The border between frame list and data: at the end of a list page, at the end of a unit, in one. */
TEST(frame_list_borders)
{
	static const uint64_t n_frames[] = {
		511, 512, 513, 1024, 31 * 512, 32 * 512 - 1, 32 * 512, 32 * 512 + 1, 33 * 512};

	for (uint32_t codec = SWB_RAW; codec <= SWB_LZ4; codec++) {
		for (uint32_t i = 0; i < sizeof(n_frames) / sizeof(n_frames[0]); i++) {
			/* Frames 0, 1, 64, 128, ... have data; the last one has. */
			uint64_t n_data = 2 + (n_frames[i] - 1) / 64;
			struct swb_params p = {
				.codec = (enum swb_codec)codec,
				.n_data = n_data,
				.data_every = 64,
			};

			round_trip(&p);
		}
	}
	for (uint64_t n_data = 508; n_data < 516; n_data++)
		round_trip(&(struct swb_params){.codec = SWB_LZO, .n_data = n_data});
}

/* ---- parts ---- */

TEST(slots_from_anywhere)
{
	struct swb_params p = {.codec = SWB_LZO, .n_data = 3000, .scatter = true};
	struct swsusp_cursor c;
	struct swsusp_run run;
	struct swb_image b;
	struct opened o;

	swb_build(&b, &p);
	opened_init(&o, &b, 1u << 20);
	assert_int_equal(opened_open(&o), 0);
	for (uint64_t i = 0; i < b.n_slots; i++) {
		swsusp_slots(&o.img, i, &c);
		assert_int_equal(swsusp_next(&c, 1, &run), 1);
		assert_int_equal(run.first, b.slots[i]);
		assert_int_equal(run.count, 1);
	}
	swsusp_slots(&o.img, b.n_slots, &c);
	assert_int_equal(swsusp_next(&c, 1, &run), 0);
	swsusp_slots(&o.img, b.n_slots + 5, &c);
	assert_int_equal(swsusp_next(&c, 1, &run), 0);
	swsusp_slots(&o.img, 0, &c);
	assert_int_equal(swsusp_next(&c, 0, &run), SWSUSP_ERR_ARGUMENT);
	opened_free(&o);
	swb_free(&b);
}

TEST(frame_kind)
{
	struct swb_params p = {.codec = SWB_RAW, .n_data = 900, .zero_every = 5, .gap_every = 11};
	struct swb_image b;
	struct opened o;
	uint64_t i = 0;

	swb_build(&b, &p);
	opened_init(&o, &b, 1u << 20);
	assert_int_equal(opened_open(&o), 0);
	for (uint64_t pfn = 0; pfn < 0x3000; pfn++) {
		enum swsusp_frame wanted = SWSUSP_FRAME_NOT_IN_IMAGE;

		if (i < b.n_frames && (b.frames[i] & ~SWB_ZERO) == pfn)
			wanted = b.frames[i++] & SWB_ZERO ? SWSUSP_FRAME_ZERO : SWSUSP_FRAME_DATA;
		assert_int_equal(swsusp_frame_kind(&o.img, pfn), wanted);
	}
	assert_int_equal(i, b.n_frames);
	assert_int_equal(swsusp_frame_kind(&o.img, UINT64_MAX), SWSUSP_FRAME_NOT_IN_IMAGE);
	opened_free(&o);
	swb_free(&b);
}

TEST(rebase)
{
	struct swb_params p = {.codec = SWB_LZ4, .n_data = 900, .zero_every = 5, .scatter = true};
	struct swb_image b;
	struct opened o;
	void *moved;

	swb_build(&b, &p);
	opened_init(&o, &b, 1u << 20);
	assert_int_equal(opened_open(&o), 0);
	moved = malloc(o.img.work_used);
	assert_non_null(moved);
	memcpy(moved, o.work, o.img.work_used);
	memset(o.work, 0xdd, o.work_bytes);
	swsusp_rebase(&o.img, moved);
	check_facts(&o);
	free(moved);
	opened_free(&o);
	swb_free(&b);
}

TEST(consume)
{
	struct swb_params p = {.codec = SWB_RAW, .n_data = 20};
	uint8_t page[SWB_PAGE], wanted[SWB_PAGE];
	struct swb_image b;
	struct opened o;

	swb_build(&b, &p);
	memcpy(page, swb_page(&b, 0), SWB_PAGE);
	memcpy(wanted, page, SWB_PAGE);
	memcpy(wanted + 4086, "SWAPSPACE2", 10);
	assert_int_equal(swsusp_consume(page), 0);
	assert_memory_equal(page, wanted, SWB_PAGE);
	assert_int_equal(swsusp_consume(page), SWSUSP_ERR_NONE);
	assert_memory_equal(page, wanted, SWB_PAGE);

	memcpy(swb_page(&b, 0), page, SWB_PAGE);
	opened_init(&o, &b, 1u << 20);
	assert_int_equal(opened_open(&o), SWSUSP_ERR_NONE);
	opened_free(&o);

	memcpy(page + 4086, "S1SUSPEND", 10);
	memcpy(page + 4076, "S1SUSPEND", 10);
	memcpy(wanted, page, SWB_PAGE);
	assert_int_equal(swsusp_consume(page), SWSUSP_ERR_HEADER);
	assert_memory_equal(page, wanted, SWB_PAGE);
	swb_free(&b);
}

/* ---- checksums ---- */

TEST(crc)
{
	uint8_t data[3000];
	uint32_t whole;

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * i >> 3 ^ i);
	whole = swb_crc(0, data, sizeof(data));
	assert_int_equal(swsusp_crc(0, data, sizeof(data)), whole);
	for (size_t cut = 0; cut <= sizeof(data); cut += 37) {
		uint32_t first = swsusp_crc(0, data, cut);
		uint32_t second = swsusp_crc(0, data + cut, sizeof(data) - cut);

		assert_int_equal(swsusp_crc(first, data + cut, sizeof(data) - cut), whole);
		assert_int_equal(swsusp_crc_join(first, second, sizeof(data) - cut), whole);
	}
}

/* The map of a QEMU q35 machine with 256 MiB under SeaBIOS, and the checksum that Linux 6.1 made. */
TEST(e820_crc)
{
	static const struct swsusp_e820 map[] = {
		{0x0, 0x9fc00, 1},
		{0x9fc00, 0x400, 2},
		{0xf0000, 0x10000, 2},
		{0x100000, 0xfedc000, 1},
		{0xffdc000, 0x24000, 2},
		{0xb0000000, 0x10000000, 2},
		{0xfed1c000, 0x4000, 2},
		{0xfffc0000, 0x40000, 2},
		{0xfd00000000, 0x300000000, 2},
	};

	assert_int_equal(swsusp_e820_crc(map, 9), 0xb677a5c8u);
	assert_int_not_equal(swsusp_e820_crc(map, 8), 0xb677a5c8u);
}

/* ---- page tables ---- */

#define N_TABLES 8

struct tables {
	uint64_t frame[N_TABLES][512];
};

static const void *table_frame(void *ctx, uint64_t pfn)
{
	const struct tables *t = ctx;

	return pfn >= 1 && pfn <= N_TABLES ? t->frame[pfn - 1] : NULL;
}

/* Tables from frame 1 on, each in the next frame; the last one maps phys. */
static void make_tables(
	struct tables *t, uint32_t levels, uint32_t last_level, uint64_t va, uint64_t phys)
{
	memset(t, 0, sizeof(*t));
	for (uint32_t level = levels, pfn = 1; level >= last_level; level--, pfn++) {
		uint64_t *entry = &t->frame[pfn - 1][va >> (12 + 9 * (level - 1)) & 511];

		*entry = (pfn + 1) << 12 | 0x63;
		if (level == last_level)
			*entry = phys | 0x161 | (level > 1 ? 0x80 : 0);
	}
}

TEST(paging)
{
	static const uint64_t va = 0xffffffffb10a8010ull;
	struct swsusp_info info = {.jump_address = va, .cr3 = 0x1000};
	struct tables t;
	struct swsusp_memory m = {table_frame, &t};

	for (uint32_t levels = 4; levels <= 5; levels++) {
		for (uint32_t last = 1; last <= 3; last++) {
			uint64_t size = 1ull << (12 + 9 * (last - 1)), phys = 0x80000000ull;
			uint32_t found = 0;

			make_tables(&t, levels, last, va, phys);
			info.jump_address_phys = phys + va % size;
			assert_int_equal(swsusp_paging_levels(&m, &info, &found), 0);
			assert_int_equal(found, levels);
			info.jump_address_phys++;
			assert_int_equal(swsusp_paging_levels(&m, &info, &found), SWSUSP_ERR_ENTRY);
		}
	}
}

TEST(bad_paging)
{
	static const uint64_t va = 0xffffffffb10a8010ull;
	uint64_t phys, *entry;
	struct tables t;
	struct swsusp_memory m = {table_frame, &t};

	for (uint32_t level = 1; level <= 4; level++) {
		make_tables(&t, 4, 1, va, 0x80000000ull);
		entry = &t.frame[4 - level][va >> (12 + 9 * (level - 1)) & 511];
		assert_int_equal(swsusp_translate(&m, 0x1000, 4, va, &phys), 0);
		assert_int_equal(phys, 0x80000010ull);
		*entry ^= 1; /* not present */
		assert_int_equal(swsusp_translate(&m, 0x1000, 4, va, &phys), SWSUSP_ERR_ENTRY);
		*entry ^= 1 | 1ull << 63; /* not executable */
		assert_int_equal(swsusp_translate(&m, 0x1000, 4, va, &phys), SWSUSP_ERR_ENTRY);
		*entry = 0x7000000000001; /* a table that is not there, or a frame */
		assert_int_equal(swsusp_translate(&m, 0x1000, 4, va, &phys),
			level > 1 ? SWSUSP_ERR_ENTRY : 0);
	}
	make_tables(&t, 4, 4, va, 0); /* a large page of 512 GiB does not exist */
	assert_int_equal(swsusp_translate(&m, 0x1000, 4, va, &phys), SWSUSP_ERR_ENTRY);
	assert_int_equal(swsusp_translate(&m, 0x100000, 4, va, &phys), SWSUSP_ERR_ENTRY);
}

/* Tables that mean the same in both modes: every entry leads back to the first table. */
TEST(ambiguous_paging)
{
	static struct tables t;
	struct swsusp_info info = {.jump_address = 0xffffffffffffffffull, .cr3 = 0x1000};
	struct swsusp_memory m = {table_frame, &t};
	uint32_t levels;

	t.frame[0][511] = 0x1061;
	info.jump_address_phys = 0x1fff;
	assert_int_equal(swsusp_paging_levels(&m, &info, &levels), SWSUSP_ERR_ENTRY);
}

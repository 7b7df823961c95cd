/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's hibernation images: a good one of the builder, changed. The input is a list of changes, so
 * that every byte of it means something:
 *   byte 0: which image; then changes of 4 + n bytes: kind of page, which of the kind, offset in the page
 *   (2 bytes, the upper 4 bits say how many bytes follow, n = 1 to 8, or how the value is made), bytes.
 * Work memory and buffers have their exact sizes. Whatever is accepted is read whole, in the way that
 * a loader reads it, and must hold what the API says.
 */
#include <string.h>

#include "fuzz.h"
#include "swsusp.h"
#include "swsusp_builder.h"

#define N_IMAGES   8u
#define WORK_BYTES (192u * SWB_PAGE)

static struct swb_image images[N_IMAGES];
static const struct swb_params params[N_IMAGES] = {
	{.codec = SWB_RAW, .n_data = 20},
	{.codec = SWB_RAW, .n_data = 1100, .zero_every = 7, .gap_every = 9, .platform = true},
	{.codec = SWB_RAW, .n_data = 509, .gap_every = 3, .header_page = 40},
	{.codec = SWB_LZO, .n_data = 50, .zero_every = 5},
	{.codec = SWB_LZO, .n_data = 600, .gap_every = 4, .scatter = true},
	{.codec = SWB_LZ4, .n_data = 50, .zero_every = 5, .header_page = 9},
	{.codec = SWB_LZ4, .n_data = 200, .data_every = 3, .gap_every = 4},
	{.codec = SWB_LZO, .n_data = 40, .data_every = 40},
};

struct run {
	struct swb_image *b;
	struct swsusp_source src;
	struct swsusp_image img;
	struct swsusp_fault fault;
	uint64_t n_reads;
};

static int read_pages(void *ctx, uint64_t page, uint32_t n_pages, void *buf)
{
	struct run *r = ctx;

	FUZZ_CHECK(n_pages > 0 && page < r->src.n_pages && n_pages <= r->src.n_pages - page);
	FUZZ_CHECK(++r->n_reads < 100000);
	memcpy(buf, swb_page(r->b, page), (size_t)n_pages * SWB_PAGE);
	return 0;
}

/* ---- changes ---- */

static uint8_t *target(struct swb_image *b, uint32_t kind, uint32_t which)
{
	switch (kind % 6) {
	case 0:
		return swb_page(b, b->p.header_page);
	case 1:
		return swb_page(b, b->maps[which % b->n_maps]);
	case 2:
		return swb_page(b, b->slots[0]);
	case 3: /* frame list, or the units with it */
		return swb_page(b, b->slots[1 + which % (b->n_slots - 1)]);
	case 4: /* the length of a unit */
		return swb_page(b, b->slots[b->n_units ? b->units[which % b->n_units] : 1]);
	}
	return swb_page(b, b->slots[b->n_slots - 1 - which % (b->n_slots - 1)]);
}

/* Numbers that could be meant: of map pages, slots, frames, sizes. */
static uint64_t number_like(const struct swb_image *b, uint32_t kind, uint64_t old, uint8_t byte)
{
	switch (kind) {
	case 0:
		return b->maps[byte % b->n_maps];
	case 1:
		return b->slots[byte * 7u % b->n_slots];
	case 2:
		return b->frames[byte * 5u % b->n_frames];
	case 3:
		return old + byte;
	case 4:
		return old - byte;
	case 5:
		return old ^ 1ull << byte % 64;
	case 6:
		return ~0ull - byte;
	}
	return (uint64_t)byte << 40;
}

/* Applies the changes; keeps what was there before each page's first change. */
struct undo {
	uint8_t *page;
	uint8_t bytes[SWB_PAGE];
};
static struct undo undo[32];
static uint32_t n_undo;

static bool keep(uint8_t *page)
{
	for (uint32_t i = 0; i < n_undo; i++) {
		if (undo[i].page == page)
			return true;
	}
	if (n_undo == sizeof(undo) / sizeof(undo[0]))
		return false;
	undo[n_undo].page = page;
	memcpy(undo[n_undo++].bytes, page, SWB_PAGE);
	return true;
}

static void change(struct swb_image *b, const uint8_t *data, size_t bytes)
{
	while (bytes >= 5) {
		uint8_t *page = target(b, data[0], data[1]);
		uint32_t at = (data[2] | (uint32_t)data[3] << 8) & 0xfff, how = data[3] >> 4;
		uint32_t n = how < 8 ? how + 1 : 1;
		uint64_t value;

		if (n > bytes - 4 || !keep(page))
			return;
		if (how < 8) {
			n = n > SWB_PAGE - at ? SWB_PAGE - at : n;
			memcpy(page + at, data + 4, n);
		} else {
			memcpy(&value, page + (at & ~7u), 8);
			value = number_like(b, how - 8, value, data[4]);
			memcpy(page + (at & ~7u), &value, 8);
		}
		data += 4 + (how < 8 ? how + 1 : 1);
		bytes -= 4 + (how < 8 ? how + 1 : 1);
	}
}

static void put_back(void)
{
	while (n_undo) {
		n_undo--;
		memcpy(undo[n_undo].page, undo[n_undo].bytes, SWB_PAGE);
	}
}

/* ---- what must hold of an accepted image ---- */

static void check_frames(const struct swsusp_image *img)
{
	struct swsusp_cursor c;
	struct swsusp_run run;
	uint64_t end = 0, n = 0, n_zero = 0;

	swsusp_frames(img, &c);
	while (swsusp_next(&c, 1000, &run) == 1) {
		FUZZ_CHECK(
			run.count >= 1 && run.count <= 1000 && run.first >= end && run.first > 0);
		FUZZ_CHECK(swsusp_frame_kind(img, run.first) ==
			   (run.zero ? SWSUSP_FRAME_ZERO : SWSUSP_FRAME_DATA));
		end = run.first + run.count;
		n += run.count;
		n_zero += run.zero ? run.count : 0;
	}
	FUZZ_CHECK(n == img->n_frames && n_zero == img->n_zero);
	FUZZ_CHECK(n - n_zero == img->info.image_pages && end <= 1ull << 40);
}

static void check_slots(const struct run *r)
{
	static uint8_t seen[1u << 16];
	struct swsusp_cursor c;
	struct swsusp_run run;
	uint64_t n = 0;

	memset(seen, 0, sizeof(seen));
	swsusp_slots(&r->img, 0, &c);
	while (swsusp_next(&c, UINT64_MAX, &run) == 1) {
		FUZZ_CHECK(run.first > 0 && run.first + run.count <= r->src.n_pages);
		for (uint64_t i = 0; i < run.count; i++)
			FUZZ_CHECK(!seen[run.first + i]++);
		n += run.count;
	}
	FUZZ_CHECK(n == r->img.n_slots && !seen[r->img.header.page]);
}

static void check_plan(const struct swsusp_image *img)
{
	struct swsusp_plan plan;
	struct swsusp_piece p;
	uint64_t n = 0;

	swsusp_plan(img, &plan);
	while (swsusp_plan_next(&plan, 64, &p) == 1)
		n += p.n_pages;
	FUZZ_CHECK(n == img->info.image_pages);
}

static void check_open(struct run *r, void *buffer)
{
	int err;

	FUZZ_CHECK(r->img.work_used <= WORK_BYTES);
	check_frames(&r->img);
	check_slots(r);
	if (r->img.header.codec == SWSUSP_CODEC_RAW)
		check_plan(&r->img);
	err = swsusp_verify(&r->img, buffer, NULL, NULL, &r->fault);
	FUZZ_CHECK(err == 0 || (err <= SWSUSP_ERR_UNIT && err >= SWSUSP_ERR_CRC));
	FUZZ_CHECK(!err == !r->fault.what);
}

static void try_image(struct swb_image *b)
{
	static uint8_t *page, *work, *buffer; /* on the heap: reading or writing beyond is seen */
	struct run r = {.b = b};
	struct swsusp_header h;
	int err;

	if (!page) {
		page = aligned_alloc(SWB_PAGE, SWB_PAGE);
		work = aligned_alloc(SWB_PAGE, WORK_BYTES);
		buffer = aligned_alloc(SWB_PAGE, SWSUSP_BUFFER_BYTES);
	}
	r.src = (struct swsusp_source){read_pages, &r, b->disk_pages};
	err = swsusp_read_header(&r.src, b->p.header_page, page, &h, &r.fault);
	if (err == 0) {
		FUZZ_CHECK(swsusp_consume(page) == 0);
		FUZZ_CHECK(swsusp_consume(page) == SWSUSP_ERR_NONE);
		err = swsusp_open(&r.img, &r.src, &h, work, WORK_BYTES, &r.fault);
		FUZZ_CHECK(!err == !r.fault.what);
		if (err == 0)
			check_open(&r, buffer);
	}
	FUZZ_CHECK(err == 0 || (err <= SWSUSP_ERR_NONE && err > SWSUSP_ERR_ARGUMENT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct swb_image *b;

	if (bytes == 0)
		return 0;
	b = &images[data[0] % N_IMAGES];
	if (!b->disk)
		swb_build(b, &params[data[0] % N_IMAGES]);
	change(b, data + 1, bytes - 1);
	try_image(b);
	put_back();
	return 0;
}

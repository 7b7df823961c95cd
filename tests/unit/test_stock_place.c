/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stock.c: does an image fit this machine, and where is room beside it? Nothing is loaded here. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "log_text.h"
#include "machine.h"
#include "more_memory.h"
#include "stock_disk.h"
#include "stock_place.h"

#define MIB      (1ull << 20)
#define GIB      (1ull << 30)
#define PROGRAM  (600u * 1024)
#define BUSY_MAX 8

static struct stock_disk d;
static struct boot_info bi;
static uint32_t crc; /* of this boot's map: as at the save */
static struct range busy_room[BUSY_MAX];
static struct ranges busy;
static struct range old_room[BUSY_MAX];
static struct ranges old_ram;
static const struct ranges *old; /* NULL: not known */
static struct boot_piece piece[BOOT_REGION_MAX];
static uint32_t n_pieces;

/* Frames from 16 MiB on. */
static const struct swb_params params = {
	.codec = SWB_LZO, .n_data = 1000, .gap_every = 40, .zero_every = 7};

static void memory(uint64_t start, uint64_t end, uint32_t type)
{
	bi.memory[bi.n_memory++] = (struct memory_range){.start = start, .end = end, .type = type};
}

static void setup(void)
{
	stock_disk_init(&d, &params, 512);
	stock_disk_open(&d);
	crc = d.stock.image.info.e820_crc;
	memset(&bi, 0, sizeof(bi));
	memory(0, 0x9fc00, MEMORY_RAM);
	memory(0x9fc00, MIB, MEMORY_RESERVED);
	memory(MIB, 64 * MIB, MEMORY_RAM);
	ranges_init(&busy, busy_room, BUSY_MAX);
	ranges_init(&old_ram, old_room, BUSY_MAX);
	old = NULL;
	log_text_start();
}

static void teardown(void)
{
	stock_disk_free(&d);
}

FIXTURE(setup, teardown)

static void another(const struct swb_params *p)
{
	stock_disk_free(&d);
	stock_disk_init(&d, p, 512);
	stock_disk_open(&d);
}

/* ---- does it fit? ---- */

/* By the kernel's rule alone: the facts have a suite of their own (facts_judge). */
static int check(const struct acpi *acpi)
{
	static const struct acpi none;
	static const struct this_cpu cpu;
	const struct stock_now now = {.bi = &bi,
		.options = &d.options,
		.acpi = acpi ? acpi : &none,
		.cpu = &cpu,
		.disks = &d.disks};
	bi.map_crc[0] = (struct boot_map_crc){crc, BOOT_MAP_E820};
	bi.n_map_crc = 1;
	return stock_check(&d.stock, &now);
}

TEST(fits)
{
	assert_int_equal(check(NULL), 0);
	/* ACPI tables are memory; the same in several ranges. */
	bi.n_memory--;
	memory(MIB, 17 * MIB, MEMORY_RAM);
	memory(17 * MIB, 18 * MIB, MEMORY_ACPI);
	memory(18 * MIB, 64 * MIB, MEMORY_RAM);
	assert_int_equal(check(NULL), 0);
}

TEST(no_memory_there)
{
	static const struct {
		uint32_t type;
		const char *said;
	} kind[] = {{MEMORY_RESERVED, "which is reserved here"},
		{MEMORY_NVS, "which is ACPI NVS here"}};
	for (uint32_t i = 0; i < 2; i++) {
		bi.n_memory = 2;
		memory(MIB, 0x1003000, MEMORY_RAM);
		memory(0x1003000, 0x1005000, kind[i].type);
		memory(0x1005000, 64 * MIB, MEMORY_RAM);
		assert_int_equal(check(NULL), ERR_MEMORY_MAP);
		assert_logged("stock: the image has memory at 0x1003000-0x1005000, which is ");
		assert_logged(kind[i].said);
	}
	bi.n_memory = 2;
	memory(MIB, 17 * MIB, MEMORY_RAM);
	assert_int_equal(check(NULL), ERR_MEMORY_MAP);
	assert_logged("stock: the image has memory at 0x1100000-0x");
}

/* Only what the image has must be memory. */
TEST(gaps_do_not_matter)
{
	uint64_t gap = 0;
	for (uint64_t i = 1; i < d.image.n_frames && !gap; i++)
		if ((d.image.frames[i] & ~SWB_ZERO) != (d.image.frames[i - 1] & ~SWB_ZERO) + 1)
			gap = (d.image.frames[i - 1] & ~SWB_ZERO) + 1;
	assert_true(gap != 0);
	bi.n_memory--;
	memory(MIB, gap << 12, MEMORY_RAM);
	memory(gap << 12, (gap + 1) << 12, MEMORY_RESERVED);
	memory((gap + 1) << 12, 64 * MIB, MEMORY_RAM);
	assert_int_equal(check(NULL), 0);
}

TEST(hardware_signature)
{
	struct acpi acpi = {.rsdp = 0xf0000, .facs_signature = 0x1234};
	assert_int_equal(check(&acpi), 0); /* the image has none */
	d.stock.header.flags |= SWSUSP_HW_SIG;
	d.stock.header.hw_sig = 0x1234;
	assert_int_equal(check(&acpi), 0);
	assert_int_equal(check(NULL), 0);
	acpi.facs_signature = 0x1235;
	assert_int_equal(check(&acpi), ERR_PLATFORM);
	assert_logged("stock: the hardware signature was 0x1234, is 0x1235");
}

/* ---- where is room? ---- */

static bool in_image(uint64_t pfn)
{
	for (uint64_t i = 0; i < d.image.n_frames; i++)
		if ((d.image.frames[i] & ~SWB_ZERO) == pfn)
			return true;
	return false;
}

static bool is_ram(uint64_t phys)
{
	for (uint32_t i = 0; i < bi.n_memory; i++)
		if (phys >= bi.memory[i].start && phys < bi.memory[i].end)
			return bi.memory[i].type == MEMORY_RAM &&
			       (!old || ranges_contain(old, phys / 4096, phys / 4096 + 1));
	return false;
}

static int place(void)
{
	memset(piece, 0xff, sizeof(piece));
	return stock_place(&d.stock, &bi, old, &busy, PROGRAM, piece, &n_pieces);
}

static void assert_free_piece(const struct boot_piece *p)
{
	assert_int_equal(p->start % 4096, 0);
	assert_int_equal(p->bytes % 4096, 0);
	assert_true(p->start >= MIB);
	for (uint64_t at = p->start; at < p->start + p->bytes; at += 4096) {
		if (!is_ram(at) || in_image(at / 4096) ||
			ranges_touch(&busy, at / 4096, at / 4096 + 1))
			fail_msg("%#llx is not free", (unsigned long long)at);
	}
}

static bool is_low(const struct boot_piece *p)
{
	return p->start + p->bytes <= 4 * GIB;
}

static void assert_in_order(const struct boot_piece *a, const struct boot_piece *b)
{
	if ((a->bytes >= PROGRAM) != (b->bytes >= PROGRAM))
		assert_true(a->bytes >= PROGRAM);
	else if (is_low(a) != is_low(b))
		assert_true(is_low(a));
	else
		assert_true(a->bytes >= b->bytes);
}

static void assert_placed(void)
{
	assert_int_equal(place(), 0);
	uint64_t total = 0;
	assert_true(n_pieces >= 1 && n_pieces <= BOOT_REGION_MAX);
	for (uint32_t i = 0; i < n_pieces; i++) {
		assert_free_piece(&piece[i]);
		total += piece[i].bytes;
		for (uint32_t j = 0; j < i; j++)
			assert_true(piece[j].start >= piece[i].start + piece[i].bytes ||
				    piece[i].start >= piece[j].start + piece[j].bytes);
		if (i > 0)
			assert_in_order(&piece[i - 1], &piece[i]);
	}
	assert_true(piece[0].bytes >= PROGRAM);
	assert_true(total >= stock_place_need(&d.stock, &bi, PROGRAM));
}

TEST(beside_the_image)
{
	assert_placed();
	assert_true(n_pieces >= 2); /* before and behind it */
}

TEST(beside_what_runs)
{
	static const uint64_t at[][2] = {{0x100, 0x180}, {0xf80, 0x1010}, {0x1100, 0x1102},
		{0x1200, 0x2000}, {0x2800, 0x2801}, {0x3fff, 0x4000}};
	for (uint32_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		assert_int_equal(ranges_add(&busy, at[i][0], at[i][1]), 0);
		assert_placed();
	}
	assert_int_equal(ranges_add(&busy, 0, 0x4000), 0);
	assert_int_equal(place(), ERR_NO_MEMORY);
	assert_logged(
		" KiB that the image leaves free, 600 of them in one piece; there are 0 in 0 pieces, the largest 0, the 0 that count 0");
}

TEST(below_4_gib_first)
{
	memory(5 * GIB, 5 * GIB + 100 * MIB, MEMORY_RAM);
	assert_placed();
	assert_true(is_low(&piece[0]));
	/* Low memory has room, but not for the program. */
	bi.n_memory = 2;
	memory(MIB, MIB + 300 * 1024, MEMORY_RAM);
	memory(16 * MIB, ((d.image.frames[d.image.n_frames - 1] & ~SWB_ZERO) + 1) << 12,
		MEMORY_RAM);
	memory(5 * GIB, 5 * GIB + 100 * MIB, MEMORY_RAM);
	assert_placed();
	assert_int_equal(piece[0].start, 5 * GIB);
	assert_int_equal(piece[1].start, MIB);
	bi.n_memory = 2; /* all is high */
	memory(16 * MIB, ((d.image.frames[d.image.n_frames - 1] & ~SWB_ZERO) + 1) << 12,
		MEMORY_RAM);
	memory(5 * GIB, 5 * GIB + 16 * MIB, MEMORY_RAM);
	assert_placed();
	assert_int_equal(piece[0].start, 5 * GIB);
}

/* Many more gaps than pieces: the largest are taken. */
TEST(fragments)
{
	bi.n_memory = 2;
	memory(16 * MIB, 32 * MIB, MEMORY_RAM); /* the image's */
	for (uint64_t i = 0; i < 200; i++) {
		uint64_t start = 64 * MIB + i * MIB, pages = 64 + i * 37 % 80;
		memory(start, start + pages * 4096, i % 9 ? MEMORY_RAM : MEMORY_ACPI);
	}
	assert_int_equal(ranges_add(&busy, 0x1000, 0x2000), 0);
	int err = place(); /* none has room for the program */
	assert_int_equal(err, ERR_NO_MEMORY);
	assert_logged(" in 177 pieces, the largest 572, the 32 that count ");
	memory(8 * GIB, 8 * GIB + MIB, MEMORY_RAM);
	assert_placed();
	assert_int_equal(n_pieces, BOOT_REGION_MAX);
	assert_int_equal(piece[0].start, 8 * GIB);
	assert_int_equal(piece[1].bytes, 143 * 4096);
	assert_true(piece[31].bytes > 125 * 4096);
}

/* Images in all sorts of pieces, against what the builder knows of them. */
TEST(fragmented_images)
{
	for (uint32_t every = 1; every < 60; every += 7) {
		struct swb_params p = {.codec = SWB_RAW,
			.n_data = 1500,
			.gap_every = every,
			.zero_every = every + 1};
		another(&p);
		ranges_init(&busy, busy_room, BUSY_MAX);
		assert_placed();
		assert_int_equal(ranges_add(&busy, 0x1001, 0x1001 + every * 16), 0);
		assert_int_equal(ranges_add(&busy, 0x200, 0x300), 0);
		assert_placed();
	}
}

TEST(too_little)
{
	uint64_t end = (d.image.frames[d.image.n_frames - 1] & ~SWB_ZERO) + 1;
	bi.n_memory = 2;
	memory(16 * MIB, end << 12, MEMORY_RAM);
	uint64_t need = stock_place_need(&d.stock, &bi, PROGRAM);
	assert_within(need, 6 * MIB, 9 * MIB);
	bi.memory[2].end += (need - 1) / 4096 * 4096;
	assert_int_equal(place(), ERR_NO_MEMORY);
	assert_logged("in 21 pieces, the largest 7");
	bi.memory[2].end += 4096;
	assert_placed();
	assert_int_equal(n_pieces, 1);
}

/* ---- maps of the shapes that real machines have ---- */

static uint64_t placed_bytes(void)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < n_pieces; i++)
		total += piece[i].bytes;
	return total;
}

/* ACPI tables in the middle of low RAM, as Dell's firmware has them, larger than what else is free below
 * 4 GiB. The old kernel goes on to run what is in them, and no image holds them. */
TEST(acpi_tables_are_not_free)
{
	bi.n_memory = 0;
	memory(0x1000, 0x9f000, MEMORY_RAM);
	memory(16 * MIB, 21 * MIB, MEMORY_RAM);
	memory(0x30000000, 0x30000000 + 4 * MIB, MEMORY_RAM);
	memory(0x32000000, 0x32000000 + 3 * MIB, MEMORY_RAM);
	memory(0x3a4fe000, 0x3aafe000, MEMORY_ACPI);
	memory(0x3aafe000, 0x3aaff000, MEMORY_RAM);
	memory(4 * GIB, 4 * GIB + 64 * MIB, MEMORY_RAM);
	assert_placed();
	assert_int_equal(piece[0].start, 0x30000000);
	assert_true(placed_bytes() >= 48 * MIB);
	bi.n_memory = 0; /* nothing else is free */
	memory(16 * MIB, 21 * MIB, MEMORY_RAM);
	memory(0x30000000, 0x34000000, MEMORY_ACPI);
	memory(0x34000000, 0x34001000, MEMORY_RAM);
	assert_int_equal(place(), ERR_NO_MEMORY);
}

/* One gap of gigabytes is one piece of all that is wanted. */
TEST(one_large_gap)
{
	bi.n_memory = 0;
	memory(0x1000, 0x9f000, MEMORY_RAM);
	memory(16 * MIB, 0x80000000, MEMORY_RAM);
	memory(4 * GIB, 16 * GIB, MEMORY_RAM);
	assert_placed();
	assert_int_equal(n_pieces, 1);
	assert_int_equal(piece[0].bytes, 48 * MIB);
	bi.n_memory = 0;
	memory(16 * MIB, 21 * MIB, MEMORY_RAM);
	memory(4 * GIB, 16 * GIB, MEMORY_RAM);
	assert_placed();
	assert_true(placed_bytes() >= 48 * MIB);
}

TEST(all_above_4_gib)
{
	bi.n_memory = 0;
	memory(4 * GIB, 4 * GIB + 48 * MIB, MEMORY_RAM);
	assert_placed();
	assert_int_equal(piece[0].start, 4 * GIB);
	memory(6 * GIB, 6 * GIB + 5 * MIB, MEMORY_RAM);
	bi.memory[0].end -= 46 * MIB;
	assert_int_equal(place(), ERR_NO_MEMORY);
	bi.memory[1].end += 4 * MIB;
	assert_placed();
	assert_int_equal(n_pieces, 2);
	assert_int_equal(piece[0].start, 6 * GIB);
}

/* Across 4 GiB, and from 0 on: maps of simple virtual machines. */
TEST(one_range_of_ram)
{
	bi.n_memory = 0;
	memory(0, 8 * GIB, MEMORY_RAM);
	assert_placed();
	bi.memory[0].end = 64 * MIB;
	assert_placed();
	bi.memory[0].end = 33 * MIB;
	assert_placed();
	assert_int_equal(ranges_add(&busy, 0x300, 0x1000), 0);
	assert_placed();
}

/* Small gaps below 4 GiB, more than the table has room for, and a good place above. */
TEST(small_gaps_give_way)
{
	bi.n_memory = 0;
	for (uint64_t i = 0; i < 300; i++)
		memory(64 * MIB + i * MIB, 64 * MIB + i * MIB + 300 * 1024, MEMORY_RAM);
	memory(4 * GIB, 4 * GIB + 10 * MIB, MEMORY_RAM);
	assert_placed();
	assert_int_equal(n_pieces, BOOT_REGION_MAX);
	assert_int_equal(piece[0].start, 4 * GIB);
	assert_int_equal(piece[0].bytes, 10 * MIB);
}

/* Some hundreds of ranges of all kinds: whatever is chosen is free, and something is. */
TEST(hundreds_of_ranges)
{
	static const uint32_t type[] = {MEMORY_RAM, MEMORY_ACPI, MEMORY_RAM, MEMORY_NVS, MEMORY_RAM,
		MEMORY_RESERVED, MEMORY_RAM, MEMORY_BAD};
	bi.n_memory = 0;
	uint64_t at = MIB;
	for (uint32_t i = 0; i < 480; i++) {
		uint64_t bytes = (1 + i * 7919 % 400) * 4096;
		memory(at, at + bytes, type[i % 8]);
		at += bytes + (i % 3) * 4096;
	}
	assert_placed();
	assert_int_equal(ranges_add(&busy, 0x4000, 0x5000), 0);
	assert_placed();
}

/* What was no RAM for the old kernel may be something that it still uses: tables that have moved. */
TEST(ram_in_both_boots)
{
	old = &old_ram;
	assert_int_equal(ranges_add(&old_ram, 1, 0x9f), 0);
	assert_int_equal(ranges_add(&old_ram, 0x100, 0x1400), 0);
	assert_int_equal(ranges_add(&old_ram, 0x1c00, 0x4000), 0);
	assert_placed();
	bi.n_memory = 2;
	memory(16 * MIB, 32 * MIB, MEMORY_RAM);
	memory(32 * MIB, 64 * MIB, MEMORY_ACPI);
	memory(64 * MIB, 128 * MIB, MEMORY_RAM);
	assert_int_equal(place(), ERR_NO_MEMORY);
	assert_int_equal(ranges_add(&old_ram, 0x7000, 0x9000), 0);
	assert_placed();
	assert_int_equal(n_pieces, 2);
	assert_int_equal(piece[0].start, 0x7000ull << 12);
	assert_int_equal(piece[0].bytes, 0x1000ull << 12);
	old_ram.n = 0;
	assert_int_equal(place(), ERR_NO_MEMORY);
}

/* The image is read anew by the run in the region: if it is not what it was, it may not overwrite it. */
TEST(the_region_is_not_overwritten)
{
	static const struct swb_params small = {.codec = SWB_RAW, .n_data = 64, .gap_every = 1};
	static const struct swb_params large = {.codec = SWB_RAW, .n_data = 3000};
	another(&small);
	assert_placed();
	memcpy(bi.region, piece, sizeof(piece));
	bi.n_region = n_pieces;
	bi.moved = 1;
	assert_int_equal(check(NULL), 0);
	another(&large);
	assert_int_equal(check(NULL), ERR_MEMORY_MAP);
	assert_logged("stock: the image has memory at 0x1000000-");
	assert_logged(", where the loader runs");
	bi.moved = 0;
	assert_int_equal(check(NULL), 0);
}

/* Large machines need more: tables for all of their memory, lists of all runs of frames. */
TEST(need_grows)
{
	uint64_t small = stock_place_need(&d.stock, &bi, PROGRAM);
	memory(4 * GIB, 4100 * GIB, MEMORY_RAM);
	uint64_t large = stock_place_need(&d.stock, &bi, PROGRAM);
	assert_within(large - small, 4096 * 4096, 4100 * 4096);
	d.stock.open_bytes = swsusp_work_needed(&d.stock.image) + 64 * MIB;
	assert_int_equal(stock_place_need(&d.stock, &bi, PROGRAM), large + 64 * MIB);
	assert_placed();
	assert_true(placed_bytes() >= large + 64 * MIB);
}

/* ---- more for the first run ---- */

TEST(more_memory_is_free)
{
	assert_int_equal(more_memory(&bi, &busy, 5 * MIB), 59 * MIB);
	assert_int_equal(more_memory(&bi, &busy, 5 * MIB - 1), 59 * MIB);
	assert_int_equal(more_memory(&bi, &busy, 0), 0);
	assert_int_equal(more_memory(&bi, &busy, UINT64_MAX), 0);
	assert_int_equal(more_memory(&bi, &busy, 63 * MIB), MIB);
	assert_int_equal(more_memory(&bi, &busy, 64 * MIB), 0); /* not below 1 MiB */
	assert_int_equal(ranges_add(&busy, 0x3000, 0x3800), 0);
	assert_int_equal(more_memory(&bi, &busy, 5 * MIB), 59 * MIB);
	assert_int_equal(more_memory(&bi, &busy, 9 * MIB), 39 * MIB);
	memory(64 * MIB, 80 * MIB, MEMORY_ACPI);
	memory(4 * GIB, 5 * GIB, MEMORY_RAM);
	assert_int_equal(more_memory(&bi, &busy, 9 * MIB), 39 * MIB);
	assert_int_equal(more_memory(&bi, &busy, 99 * MIB), 5 * GIB - 99 * MIB);
}

/* ---- where others begin ---- */

static struct boot_piece low_piece;

/* Two pages, as one number each: the code's, the root table's. */
static void low_is(uint64_t code, uint64_t root)
{
	struct smp_low low = stock_place_low(&d.stock, &bi, old, &low_piece, 1);
	assert_int_equal(low.code, code);
	assert_int_equal(low.root, root);
}

TEST(low_memory_by_the_same_rule)
{
	low_is(0x10000, 0x11000);
	bi.n_memory = 0;
	memory(0, 0x11000, MEMORY_RAM);
	memory(0x11000, 0x13000, MEMORY_ACPI);
	memory(0x13000, 0x9f800, MEMORY_RAM);
	low_is(0x10000, 0x13000);
	old = &old_ram;
	low_is(0, 0);
	assert_int_equal(ranges_add(&old_ram, 0x12, 0x14), 0);
	low_is(0, 0); /* the second page cannot be had */
	assert_int_equal(ranges_add(&old_ram, 0x9d, 0x9e), 0);
	low_is(0x13000, 0x9d000);
	old = NULL;
	bi.n_memory = 0;
	memory(0x8e800, 0x8f800, MEMORY_RAM); /* no whole page */
	low_is(0, 0);
	bi.memory[0].end = 0x91000;
	low_is(0x8f000, 0x90000);
	bi.n_memory = 0;
	low_is(0, 0);
}

/* The second one may lie above 1 MiB, but not where the loader will be. */
TEST(low_memory_beside_the_loader)
{
	bi.n_memory = 0;
	memory(0x3000, 0x4000, MEMORY_RAM);
	memory(0x5000000, 0x6000000, MEMORY_RAM);
	low_is(0x3000, 0x5000000);
	low_piece = (struct boot_piece){0x5000000, 0x200000};
	low_is(0x3000, 0x5200000);
	low_piece = (struct boot_piece){0};
}

/* Not in the image if that is possible. */
TEST(low_memory_beside_the_image)
{
	static uint64_t runs[2] = {0x10ull << 24 | 3, 0x15ull << 24}; /* 10-13, 15 */
	d.stock.image.frame_runs = runs;
	d.stock.image.n_frame_runs = 2;
	low_is(0x14000, 0x16000);
	runs[0] = 0x10ull << 24 | 4;
	low_is(0x16000, 0x17000);
	bi.n_memory = 0;
	memory(0, 0x9f000, MEMORY_RAM);
	runs[0] = 0x1ull << 24 | 0x9f;
	d.stock.image.n_frame_runs = 1;
	low_is(0x10000, 0x11000); /* its content is put back */
}

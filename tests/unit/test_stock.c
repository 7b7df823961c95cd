/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stock.c: which image is taken, and what is written: attempts, and the end of an image. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "gpt_make.h"
#include "attempts.h"
#include "log_text.h"
#include "machine.h"
#include "stock_disk.h"

#define PART_A "00000001-0000-0000-0000-00000000000a"
#define PART_B "00000001-0000-0000-0000-00000000000b"

static struct stock_disk d;
static const struct swb_params small = {.codec = SWB_LZO, .n_data = 200, .gap_every = 9};
static const struct swb_params in_file = {
	.codec = SWB_LZ4, .n_data = 200, .header_page = 17, .scatter = true};

static void setup(void)
{
	stock_disk_init(&d, &small, 512);
	log_text_start();
}

static void teardown(void)
{
	stock_disk_free(&d);
}

FIXTURE(setup, teardown)

static void again(const struct swb_params *p, uint32_t sector_bytes)
{
	stock_disk_free(&d);
	stock_disk_init(&d, p, sector_bytes);
}

static uint8_t *copy_disk(void)
{
	uint64_t bytes = d.disk.dev.n_sectors * d.disk.dev.sector_bytes;
	uint8_t *copy = malloc(bytes);
	assert_non_null(copy);
	memcpy(copy, d.disk.bytes, bytes);
	return copy;
}

/* Nothing differs from the copy but (perhaps) n bytes at an address. Frees the copy. */
static void assert_same_but(uint8_t *copy, const uint8_t *at, size_t n)
{
	uint64_t bytes = d.disk.dev.n_sectors * d.disk.dev.sector_bytes;
	memcpy(copy + (at - d.disk.bytes), at, n);
	assert_memory_equal(copy, d.disk.bytes, bytes);
	free(copy);
}

/* ---- finding ---- */

TEST(finds_one)
{
	assert_int_equal(stock_disk_find(&d), 0);
	assert_ptr_equal(d.stock.dev, &d.disk.dev);
	assert_int_equal(d.stock.extent.lba, DISK_LBA);
	assert_int_equal(d.stock.header.codec, SWSUSP_CODEC_LZO);
	assert_int_equal(d.stock.attempts, 0);
	assert_ptr_equal(d.stock.area.extents, &d.stock.extent);
	assert_ptr_equal(d.stock.source.ctx, &d.stock.area);
	assert_memory_equal(d.stock.header_page, stock_disk_header(&d), 4096);
	assert_int_equal(stock_open(&d.stock, &d.arena), 0);
	assert_int_equal(d.stock.image.n_frames, d.image.n_frames);
	assert_logged("LZO, entry 0x");
}

/* A disk with the same layout, or an area that was made anew, with an image of its own. */
TEST(of_another_disk)
{
	static const uint8_t uuid[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	d.options.have_uuid = 1;
	memcpy(d.options.uuid, uuid, 16);
	memcpy(stock_disk_header(&d) + 0x40c, uuid, 16);
	assert_int_equal(stock_disk_find(&d), 0);
	stock_disk_header(&d)[0x40c + 15] ^= 1;
	assert_int_equal(stock_disk_find(&d), ERR_NOT_FOUND);
	assert_logged("another swap area: its UUID is 01020304-0506-0708-090a-0b0c0d0e0f11, not "
		      "01020304-0506-0708-090a-0b0c0d0e0f10");
	stock_disk_header(&d)[0x40c + 15] ^= 1;
	d.options.swap.disk_by = DISK_BY_MBR;
	d.options.swap.mbr = 0x11223344;
	assert_int_equal(stock_disk_find(&d), ERR_NOT_FOUND);
	memcpy(d.disk.bytes + 440, &d.options.swap.mbr, 4);
	memcpy(d.disk.bytes + 510, "\x55\xaa", 2);
	assert_int_equal(stock_disk_find(&d), 0);
}

TEST(every_kind)
{
	static const char *const name[] = {"uncompressed", "LZO", "LZ4"};
	for (uint32_t sector_bytes = 512; sector_bytes <= 4096; sector_bytes *= 8)
		for (int codec = SWB_RAW; codec <= SWB_LZ4; codec++) {
			struct swb_params p = in_file;
			p.codec = (enum swb_codec)codec;
			again(&p, sector_bytes);
			stock_disk_open(&d);
			assert_logged(name[codec]);
			assert_int_equal(d.stock.swap_page, 17);
		}
}

TEST(finds_none)
{
	memcpy(stock_disk_header(&d) + 4086, "SWAPSPACE2", 10);
	log_text_start();
	assert_int_equal(stock_disk_find(&d), ERR_NOT_FOUND);
	memset(stock_disk_header(&d) + 4086, 0, 10);
	assert_int_equal(stock_disk_find(&d), ERR_NOT_FOUND);
	d.options.swap.by = PLACE_NONE;
	assert_int_equal(stock_disk_find(&d), ERR_NOT_FOUND);
	d.disks.n = 0;
	assert_int_equal(stock_disk_find(&d), ERR_NOT_FOUND);
	assert_false(log_text_has("stock:"));
	assert_int_equal(d.disk.n_writes, 0);
}

/* A GPT with two swap partitions; the second begins behind the first. */
static void two_partitions(const struct swb_params *p)
{
	again(p, 512);
	uint64_t n = d.image.disk_pages * 8;
	fake_ram_disk_free(&d.disk);
	fake_ram_disk_init(&d.disk, 512, 2 * n + 256);
	struct gpt_make g = gpt_make_on(&d.disk, "00000001-0000-0000-0000-000000000000");
	struct gpt_make_partition parts[] = {
		{SWAP_TYPE, PART_A, DISK_LBA, n}, {SWAP_TYPE, PART_B, DISK_LBA + n, n}};
	gpt_make(&g, parts, 2);
	d.options.swap = (struct place_query){.by = PLACE_BY_TYPE};
	gpt_make_guid(SWAP_TYPE, d.options.swap.guid);
}

static void put(uint32_t partition)
{
	uint64_t bytes = d.image.disk_pages * SWB_PAGE;
	memcpy(d.disk.bytes + DISK_LBA * 512ull + partition * bytes, d.image.disk, bytes);
}

TEST(second_of_two)
{
	two_partitions(&small);
	put(1);
	assert_int_equal(stock_disk_find(&d), 0);
	assert_int_equal(d.stock.extent.lba, DISK_LBA + d.image.disk_pages * 8);
	assert_int_equal(stock_open(&d.stock, &d.arena), 0);
}

TEST(first_of_two)
{
	two_partitions(&in_file);
	put(0); /* what is looked at later must not spoil the one found */
	assert_int_equal(stock_disk_find(&d), 0);
	assert_int_equal(d.stock.extent.lba, DISK_LBA);
	assert_memory_equal(d.stock.header_page, stock_disk_header(&d), 4096);
	assert_int_equal(stock_open(&d.stock, &d.arena), 0);
}

TEST(ambiguous)
{
	two_partitions(&small);
	put(0);
	put(1);
	assert_int_equal(stock_disk_find(&d), ERR_AMBIGUOUS);
	assert_logged("stock: 2 swap areas hold an image: name one by swap=partuuid:");
	d.options.swap.by = PLACE_BY_PARTUUID;
	gpt_make_guid(PART_B, d.options.swap.guid);
	assert_int_equal(stock_disk_find(&d), 0);
	assert_int_equal(d.stock.extent.lba, DISK_LBA + d.image.disk_pages * 8);
}

TEST(bad_headers)
{
	static const struct {
		uint32_t at;
		const char *bytes;
		uint32_t n;
		int err;
		const char *said;
	} bad[] = {
		{4086, "ULSUSPEND", 10, SWSUSP_ERR_USERSPACE, "uswsusp"},
		{4072, "\xff", 1, SWSUSP_ERR_FLAGS, "header flags in page 0 is 0xff"},
		{4072, "\x06", 1, SWSUSP_ERR_FLAGS, "compressed and not"},
		{1024, "\x02", 1, SWSUSP_ERR_HEADER, "header swap version in page 0 is 0x2"},
		{4076, "X", 1, SWSUSP_ERR_HEADER, "header original signature"},
	};
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		again(&small, 512);
		log_text_start();
		memcpy(stock_disk_header(&d) + bad[i].at, bad[i].bytes, bad[i].n);
		uint8_t *copy = copy_disk();
		assert_int_equal(stock_disk_find(&d), bad[i].err);
		assert_logged(bad[i].said);
		assert_logged("stock: ram sector 64: ");
		assert_same_but(copy, d.disk.bytes, 0);
	}
}

TEST(bad_map)
{
	memset(stock_disk_header(&d) + 4064, 0xff, 8);
	assert_int_equal(stock_disk_find(&d), 0);
	assert_int_equal(stock_open(&d.stock, &d.arena), SWSUSP_ERR_MAP);
	assert_logged("swap map damaged: ");
}

TEST(little_memory)
{
	assert_int_equal(stock_disk_find(&d), 0);
	arena_init(&d.arena);
	assert_int_equal(stock_open(&d.stock, &d.arena), ERR_NO_MEMORY);
	assert_int_equal(arena_add(&d.arena, d.arena_memory, 512u << 10), 0);
	assert_int_equal(stock_open(&d.stock, &d.arena), SWSUSP_ERR_WORK);
	arena_init(&d.arena);
	assert_int_equal(
		stock_find(&d.disks, &d.options, &d.arena, d.work, &d.stock), ERR_NO_MEMORY);
}

/* The header of a swap file is where resume_offset says, and nowhere else. */
TEST(swap_file)
{
	again(&in_file, 512);
	assert_int_equal(stock_disk_find(&d), 0);
	d.options.resume_offset = 16;
	assert_int_equal(stock_disk_find(&d), ERR_NOT_FOUND);
	d.options.resume_offset = d.image.disk_pages; /* behind the partition */
	assert_int_equal(stock_disk_find(&d), SWSUSP_ERR_ARGUMENT);
	d.options.resume_offset = UINT64_MAX;
	assert_int_equal(stock_disk_find(&d), SWSUSP_ERR_ARGUMENT);
	assert_logged("stock: ram sector 64: wrong argument");
}

TEST(header_read_fails)
{
	d.disk.bad_lba = DISK_LBA + 3;
	assert_int_equal(stock_disk_find(&d), ERR_IO);
	assert_logged("stock: ram sector 64: ");
}

TEST(area_outside_disk)
{
	d.options.swap.n_sectors = d.disk.dev.n_sectors;
	assert_int_equal(stock_disk_find(&d), ERR_BOUNDS);
}

/* ---- attempts ---- */

TEST(attempts_are_counted)
{
	for (uint32_t sector_bytes = 512; sector_bytes <= 4096; sector_bytes *= 8) {
		again(&in_file, sector_bytes);
		uint8_t *copy = copy_disk();
		for (uint32_t n = 1; n < 4; n++) {
			stock_disk_open(&d);
			assert_int_equal(d.stock.attempts, n - 1);
			uint32_t flushes = d.disk.n_flushes;
			assert_int_equal(stock_count_attempt(&d.stock), 0);
			assert_int_equal(d.stock.attempts, n);
			assert_int_equal(d.disk.n_flushes, flushes + 1);
			assert_int_equal(d.disk.dev.n_may_write, 0);
		}
		assert_same_but(copy, stock_disk_header(&d), sizeof(struct attempts));
	}
}

/* Another image in the same area begins anew. */
/* The image's own sectors are not written again for it: a power cut there would cost it. */
TEST(attempts_touch_one_sector)
{
	static const uint32_t sectors[] = {512, 4096};
	for (uint32_t i = 0; i < 2; i++) {
		again(&in_file, sectors[i]);
		stock_disk_open(&d);
		uint8_t *page = stock_disk_header(&d);
		page[600] ^= 0x5a; /* seen after the loader has read the page */
		page[4000] ^= 0x5a;
		assert_int_equal(stock_count_attempt(&d.stock), 0);
		bool is_whole = sectors[i] == 4096;
		assert_int_equal(page[600] == d.stock.header_page[600], is_whole);
		assert_int_equal(page[4000] == d.stock.header_page[4000], is_whole);
		assert_memory_equal(page, d.stock.header_page, 512);
	}
}

TEST(attempts_of_another_image)
{
	stock_disk_open(&d);
	assert_int_equal(stock_count_attempt(&d.stock), 0);
	stock_disk_header(&d)[4060] ^= 1; /* its checksum */
	assert_int_equal(stock_disk_find(&d), 0);
	assert_int_equal(d.stock.attempts, 0);
	stock_disk_header(&d)[4060] ^= 1;
	assert_int_equal(stock_disk_find(&d), 0);
	assert_int_equal(d.stock.attempts, 1);
	stock_disk_header(&d)[16] ^= 4; /* a count that is torn */
	assert_int_equal(stock_disk_find(&d), 0);
	assert_int_equal(d.stock.attempts, 0);
}

TEST(sector_in_use)
{
	static const uint32_t at[] = {0, 24, 511};
	for (uint32_t i = 0; i < 3; i++) {
		again(&small, 512);
		stock_disk_header(&d)[at[i]] = 0xeb;
		uint8_t *copy = copy_disk();
		stock_disk_open(&d);
		assert_int_equal(stock_count_attempt(&d.stock), ERR_BUSY);
		assert_int_equal(d.disk.n_writes, 0);
		assert_same_but(copy, d.disk.bytes, 0);
	}
}

TEST(attempt_write_fails)
{
	stock_disk_open(&d);
	d.disk.fail_write = 1;
	assert_int_equal(stock_count_attempt(&d.stock), ERR_IO);
	assert_int_equal(d.stock.attempts, 0);
	assert_int_equal(d.disk.dev.n_may_write, 0);

	again(&small, 512);
	stock_disk_open(&d);
	d.disk.fail_flush = 1;
	assert_int_equal(stock_count_attempt(&d.stock), ERR_IO);

	again(&small, 512);
	stock_disk_open(&d);
	d.disk.dev.read_only = true;
	assert_int_equal(stock_count_attempt(&d.stock), ERR_READ_ONLY);
}

/* ---- the end of an image ---- */

TEST(consumed)
{
	for (uint32_t sector_bytes = 512; sector_bytes <= 4096; sector_bytes *= 8) {
		again(&in_file, sector_bytes);
		uint8_t *copy = copy_disk();
		stock_disk_open(&d);
		assert_int_equal(stock_count_attempt(&d.stock), 0);
		uint32_t flushes = d.disk.n_flushes;
		assert_int_equal(stock_consume(&d.stock), 0);
		assert_int_equal(d.disk.n_flushes, flushes + 1);
		assert_int_equal(d.disk.dev.n_may_write, 0);
		assert_memory_equal(stock_disk_header(&d) + 4086, "SWAPSPACE2", 10);
		/* The first sector is as it was, so is everything else. */
		assert_same_but(copy, stock_disk_header(&d) + 4086, 10);
		assert_int_equal(stock_disk_find(&d), ERR_NOT_FOUND);
	}
}

/* Whoever comes without a count must not lose what is in the first sector. */
TEST(consumed_beside_boot_code)
{
	memset(stock_disk_header(&d), 0x90, 512);
	uint8_t *copy = copy_disk();
	stock_disk_open(&d);
	assert_int_equal(stock_consume(&d.stock), 0);
	assert_same_but(copy, stock_disk_header(&d) + 4086, 10);
}

TEST(consume_fails)
{
	stock_disk_open(&d);
	uint8_t *copy = copy_disk();
	d.disk.fail_write = 1;
	assert_int_equal(stock_consume(&d.stock), ERR_IO);
	assert_same_but(copy, d.disk.bytes, 0);

	again(&small, 512);
	stock_disk_open(&d);
	d.disk.fail_flush = 1;
	assert_int_equal(stock_consume(&d.stock), ERR_IO);
}

/* ---- many runs of frames ---- */

static size_t n_more, more_bytes;
static void *more_room[8];

static void *more(struct arena *a, size_t bytes)
{
	(void)a;
	assert_true(n_more < 8);
	more_bytes = bytes;
	more_room[n_more] = aligned_alloc(4096, bytes);
	return more_room[n_more++];
}

/* 700,000 runs, as an image of some ten GiB has; the arena is that of a front door. */
TEST_WITH(lists_longer_than_the_arena, NULL, NULL)
{
	static const struct swb_params p = {
		.codec = SWB_RAW, .n_data = 1000, .data_every = 1060, .gap_every = 1};
	static struct stock_disk e;
	stock_disk_init(&e, &p, 512);
	arena_init(&e.arena);
	assert_int_equal(arena_add(&e.arena, e.arena_memory, 4u << 20), 0);
	assert_int_equal(stock_find(&e.disks, &e.options, &e.arena, e.work, &e.stock), 0);
	size_t left = arena_left(&e.arena);
	int err = stock_open(&e.stock, &e.arena);
	assert_int_equal(err, SWSUSP_ERR_WORK); /* there is no more */
	assert_within(arena_left(&e.arena), left - (80u << 10), left);
	n_more = 0;
	e.arena.more = more;
	assert_int_equal(stock_open(&e.stock, &e.arena), 0);
	assert_int_equal(e.stock.image.n_frames, e.image.n_frames);
	assert_true(e.stock.image.n_frame_runs > 690000);
	/* The next run knows: once is enough, and it is no more than that. */
	uint64_t needed = e.stock.open_bytes;
	assert_within(needed, e.stock.image.work_used, e.stock.image.work_used + (1u << 20));
	uint32_t before = (uint32_t)n_more;
	assert_int_equal(stock_open(&e.stock, &e.arena), 0);
	assert_int_equal(n_more, before + 1);
	assert_int_equal(more_bytes, needed);
	for (uint32_t i = 0; i < n_more; i++)
		free(more_room[i]);
	stock_disk_free(&e);
}

/* What opening does not need stays free. */
TEST_WITH(the_rest_stays_free, NULL, NULL)
{
	static const struct swb_params p = {.codec = SWB_LZO, .n_data = 100, .gap_every = 3};
	static struct stock_disk e;
	stock_disk_init(&e, &p, 512);
	stock_disk_open(&e);
	assert_true(arena_left(&e.arena) > STOCK_DISK_ARENA_BYTES - (200u << 10));
	stock_disk_free(&e);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stock_restore.c: the data of stock kernels' images into their frames, over a disk of RAM. The frames are
 * memory of this process at the addresses that the images name, so that physical addresses are pointers.
 */
#define _GNU_SOURCE
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "log_text.h"
#include "machine.h"
#include "stock_disk.h"

#define RAM       0x1000000ull /* the builder's first frame */
#define RAM_BYTES (160ull << 20)
#define FIRST     (RAM >> 12)
#define UNTOUCHED 0xa5
#define BUFFER_BYTES                                                                               \
	(2u << 20) /* room for one large buffer and the bounce buffer, or for small ones */

static struct stock_disk d;
static struct restore_stats stats;

/* One processor, with nothing left over from a restore that failed. */
static struct jobs *alone(void)
{
	static struct jobs jobs;
	jobs_init(&jobs, 1);
	return &jobs;
}
static uint8_t *const ram = (uint8_t *)RAM;
static uint64_t end_pfn; /* what is looked at ends here */

static void map_ram(void)
{
	void *at = mmap(ram, RAM_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	assert_true(at == ram);
}

static void unmap_ram(void)
{
	assert_int_equal(munmap(ram, RAM_BYTES), 0);
}

static void setup(void)
{
	log_text_start();
}

static void teardown(void)
{
	stock_disk_free(&d);
}

FIXTURE(setup, teardown)

static void fill_ram(void)
{
	memset(ram, UNTOUCHED, (end_pfn - FIRST) * SWB_PAGE);
}

static void make(const struct swb_params *p, uint32_t sector_bytes)
{
	stock_disk_free(&d);
	stock_disk_init(&d, p, sector_bytes);
	end_pfn = (d.image.frames[d.image.n_frames - 1] & ~SWB_ZERO) + 8;
	assert_true(end_pfn <= FIRST + RAM_BYTES / SWB_PAGE);
	fill_ram();
}

static int restore(void)
{
	stock_disk_open(&d);
	return stock_restore(&d.stock, &d.arena, alone(), &stats);
}

static void assert_frame(uint64_t pfn, const uint8_t *want)
{
	if (memcmp(ram + (pfn - FIRST) * SWB_PAGE, want, SWB_PAGE) != 0)
		fail_msg("frame %#llx is not as it was", (unsigned long long)pfn);
}

/* Every frame of the image has its content; nothing else was touched. */
static void check_ram(void)
{
	static uint8_t untouched[SWB_PAGE], zero[SWB_PAGE], content[SWB_PAGE];
	uint64_t k = 0;
	memset(untouched, UNTOUCHED, SWB_PAGE);
	for (uint64_t pfn = FIRST; pfn < end_pfn; pfn++) {
		bool in = k < d.image.n_frames && (d.image.frames[k] & ~SWB_ZERO) == pfn;
		bool is_zero = in && (d.image.frames[k] & SWB_ZERO);
		if (in && !is_zero)
			swb_content(pfn, content);
		assert_frame(pfn, !in ? untouched : is_zero ? zero : content);
		k += in;
	}
	assert_int_equal(k, d.image.n_frames);
}

/* After a failure: frames that are not the image's are as they were. */
static void check_others_untouched(void)
{
	uint64_t k = 0;
	for (uint64_t pfn = FIRST; pfn < end_pfn; pfn++) {
		if (k < d.image.n_frames && (d.image.frames[k] & ~SWB_ZERO) == pfn)
			k++;
		else if (ram[(pfn - FIRST) * SWB_PAGE] != UNTOUCHED)
			fail_msg("frame %#llx was touched", (unsigned long long)pfn);
	}
}

static void restore_well(void)
{
	int err = restore();
	if (err)
		fail_msg("error %d: codec %d, %llu frames, gap %u, zero %u, data %u", err,
			d.image.p.codec, (unsigned long long)d.image.n_frames, d.image.p.gap_every,
			d.image.p.zero_every, d.image.p.data_every);
	check_ram();
	assert_int_equal(stats.bytes_restored, d.image.n_frames * SWB_PAGE);
	assert_int_equal(d.disk.n_in_flight, 0);
	assert_int_equal(d.disk.n_writes, 0);
}

/* ---- images of all kinds ---- */

static const struct swb_params kinds[] = {
	{.n_data = 2},                                       /* less than a unit */
	{.n_data = 31},                                      /* with the frame list just one unit */
	{.n_data = 32},                                      /* one page more than that */
	{.n_data = 2600},                                    /* everything contiguous */
	{.n_data = 2600, .gap_every = 5},                    /* no unit fits a run of frames */
	{.n_data = 1500, .gap_every = 1, .zero_every = 3},   /* runs of one frame */
	{.n_data = 2600, .gap_every = 70, .zero_every = 40}, /* some do */
	{.n_data = 2600, .gap_every = 33, .scatter = true},  /* no two slots are neighbours */
	{.n_data = 2400, .data_every = 8},                   /* a unit of frame list only */
	{.n_data = 2400, .data_every = 7, .scatter = true},  /* the list ends within a unit */
	{.n_data = 300, .header_page = 40, .platform = true},
};

static void all_kinds(enum swb_codec codec, uint32_t sector_bytes)
{
	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct swb_params p = kinds[i];
		p.codec = codec;
		make(&p, sector_bytes);
		restore_well();
	}
}

TEST(raw)
{
	all_kinds(SWB_RAW, 512);
	all_kinds(SWB_RAW, 4096);
}

TEST(lzo)
{
	all_kinds(SWB_LZO, 512);
}

TEST(lz4)
{
	all_kinds(SWB_LZ4, 4096);
}

/* The end of every buffer falls on another place of a unit; so does the end of the stream. */
TEST(every_length)
{
	for (uint64_t n = 490; n < 530; n += 3) {
		struct swb_params p = {.codec = SWB_LZO, .n_data = n, .gap_every = 50};
		make(&p, 512);
		restore_well();
	}
}

TEST(disks_of_all_kinds)
{
	static const struct {
		uint32_t sectors, segs, depth;
		uint64_t latency_us;
		bool newest_first;
	} limit[] = {{8, 1, 1, 0, false}, {64, 2, 4, 50, true}, {2000, 1, 2, 0, true},
		{512, 8, 64, 300, true}};
	for (int codec = SWB_RAW; codec <= SWB_LZ4; codec++)
		for (uint32_t i = 0; i < sizeof(limit) / sizeof(limit[0]); i++) {
			struct swb_params p = {.codec = (enum swb_codec)codec,
				.n_data = 1300,
				.gap_every = 20,
				.zero_every = 9};
			make(&p, 512);
			d.disk.dev.max_sectors = limit[i].sectors;
			d.disk.dev.max_segs = limit[i].segs;
			d.disk.dev.queue_depth = limit[i].depth;
			d.disk.latency_us = limit[i].latency_us;
			d.disk.newest_first = limit[i].newest_first;
			restore_well();
		}
}

TEST(reading_runs_ahead)
{
	for (int codec = SWB_RAW; codec <= SWB_LZ4; codec++) {
		struct swb_params p = {
			.codec = (enum swb_codec)codec, .n_data = 4000, .gap_every = 90};
		make(&p, 512);
		d.disk.latency_us = 200;
		restore_well();
		assert_true(d.disk.n_most_in_flight >= 4);
		assert_true(stats.bytes_read >= d.image.n_slots * SWB_PAGE / 2);
	}
}

/* ---- memory for buffers ---- */

static int restore_within(uint32_t n_pieces)
{
	static uint8_t memory[4][BUFFER_BYTES] __attribute__((aligned(4096)));
	struct arena little;
	arena_init(&little);
	for (uint32_t i = 0; i < n_pieces; i++)
		assert_int_equal(arena_add(&little, memory[i], BUFFER_BYTES - 4096), 0);
	return stock_restore(&d.stock, &little, alone(), &stats);
}

TEST(few_buffers)
{
	struct swb_params p = {.codec = SWB_LZO, .n_data = 4000, .gap_every = 100};
	make(&p, 512);
	for (uint32_t n = 0; n < 5; n++) {
		stock_disk_open(&d);
		int err = restore_within(n);
		if (n < 1) {
			assert_int_equal(err, ERR_NO_MEMORY);
			for (uint64_t i = 0; i < (end_pfn - FIRST) * SWB_PAGE; i += 512)
				assert_int_equal(ram[i], UNTOUCHED);
		} else {
			assert_int_equal(err, 0);
			check_ram();
			fill_ram();
		}
	}
	p.codec = SWB_RAW; /* needs none */
	make(&p, 512);
	stock_disk_open(&d);
	assert_int_equal(restore_within(0), 0);
	check_ram();
}

/* ---- damage ---- */

static uint8_t *slot(uint64_t n)
{
	return d.disk.bytes + DISK_LBA * 512ull + d.image.slots[n] * SWB_PAGE;
}

static void expect(int want, const char *said)
{
	int err = restore();
	if (err != want)
		fail_msg("error %d instead of %d", err, want);
	if (said)
		assert_logged(said);
	assert_int_equal(area_drain(&d.stock.area), 0);
	check_others_untouched();
}

static const struct swb_params long_lzo = {.codec = SWB_LZO, .n_data = 2600, .gap_every = 60};

TEST(wrong_crc)
{
	make(&long_lzo, 512);
	stock_disk_header(&d)[4061] ^= 0x80;
	expect(SWSUSP_ERR_CRC, "stock: image data do not have their checksum: ");
}

/* Behind the end of a unit they mean nothing; anywhere else they are found. */
TEST(flipped_bits)
{
	uint32_t n_found = 0;
	for (uint64_t i = 20; i < 1400; i += 97) {
		make(&long_lzo, 512);
		slot(i)[2000] ^= 0x10;
		int err = restore();
		assert_int_equal(area_drain(&d.stock.area), 0);
		if (err == 0) {
			check_ram();
			continue;
		}
		n_found++;
		assert_true(err == SWSUSP_ERR_CRC || err == SWSUSP_ERR_DATA);
		check_others_untouched();
	}
	assert_true(n_found > 10);
}

TEST(unit_lengths)
{
	static const uint64_t length[] = {0, UINT64_MAX, 1ull << 32, 140000, 1ull << 63};
	for (uint32_t i = 0; i < sizeof(length) / sizeof(length[0]); i++) {
		make(&long_lzo, 512);
		memcpy(slot(d.image.units[30]), &length[i], 8);
		expect(SWSUSP_ERR_UNIT, "stock: compressed stream damaged: unit length in page ");
	}
}

TEST(unit_does_not_decode)
{
	for (int codec = SWB_LZO; codec <= SWB_LZ4; codec++) {
		struct swb_params p = long_lzo;
		p.codec = (enum swb_codec)codec;
		make(&p, 512);
		memset(slot(d.image.units[30]) + 8, 0xff, 600);
		expect(SWSUSP_ERR_DATA, "stock: compressed data do not decode: unit data");
	}
}

/* The stored pages from this slot on are gone, by the map. */
static void cut_from(uint64_t n)
{
	for (; n < d.image.n_slots; n++) {
		uint64_t map = d.image.maps[n / 511];
		memset(d.disk.bytes + DISK_LBA * 512ull + map * SWB_PAGE + n % 511 * 8, 0, 8);
		if (n % 511 == 510)
			memset(d.disk.bytes + DISK_LBA * 512ull + map * SWB_PAGE + 4088, 0, 8);
	}
}

TEST(truncated)
{
	struct swb_params p = {.codec = SWB_LZO, .n_data = 480, .gap_every = 60};
	make(&p, 512);
	cut_from(d.image.units[d.image.n_units - 1]);
	expect(SWSUSP_ERR_UNIT,
		"stock: compressed stream damaged: units end before the image does in page ");
	make(&p, 512);
	uint64_t k = d.image.n_units - 2;
	while (d.image.units[k + 1] - d.image.units[k] == 1)
		k--;
	cut_from(d.image.units[k] + 1);
	expect(SWSUSP_ERR_UNIT, "unit length, beyond the last stored page in page ");
}

TEST(pages_after_the_end)
{
	struct swb_params p = {.codec = SWB_LZO, .n_data = 300, .gap_every = 60};
	make(&p, 512);
	uint64_t n = d.image.n_slots;
	assert_true(n % 511 != 0);
	memcpy(d.disk.bytes + DISK_LBA * 512ull + d.image.maps[n / 511] * SWB_PAGE + n % 511 * 8,
		&d.image.free_pages[d.image.n_free], 8);
	expect(SWSUSP_ERR_UNIT, "stored pages after the last unit in page ");
}

/* ---- a disk that fails ---- */

TEST(each_read_fails)
{
	for (int codec = SWB_RAW; codec <= SWB_LZO; codec++) {
		struct swb_params p = {.codec = (enum swb_codec)codec,
			.n_data = 1500,
			.gap_every = 100,
			.zero_every = 50};
		make(&p, 512);
		for (uint32_t n = 1;; n++) {
			fake_ram_disk_no_faults(&d.disk);
			stock_disk_open(&d);
			d.disk.latency_us = 30;
			d.disk.fail_read = d.disk.n_reads + n;
			int err = stock_restore(&d.stock, &d.arena, alone(), &stats);
			assert_int_equal(area_drain(&d.stock.area), 0);
			check_others_untouched();
			if (err == 0) {
				check_ram();
				assert_true(n > 4);
				break;
			}
			assert_int_equal(err, ERR_IO);
			assert_logged("stock: reading page ");
		}
	}
}

TEST(device_is_gone)
{
	for (int codec = SWB_RAW; codec <= SWB_LZ4; codec++)
		for (uint32_t from = 1; from < 4; from++) {
			struct swb_params p = long_lzo;
			p.codec = (enum swb_codec)codec;
			make(&p, 512);
			stock_disk_open(&d);
			d.disk.lost_from = d.disk.n_submitted + from;
			assert_int_equal(
				stock_restore(&d.stock, &d.arena, alone(), &stats), ERR_LOST);
			assert_true(d.disk.is_stopped);
			check_others_untouched();

			make(&p, 512);
			stock_disk_open(&d);
			fake_clock_step_us = 10000;
			d.disk.silent_from = d.disk.n_submitted + from;
			assert_int_equal(
				stock_restore(&d.stock, &d.arena, alone(), &stats), ERR_TIMEOUT);
			assert_true(d.disk.is_stopped);
			check_others_untouched();
		}
}

AROUND_ALL(map_ram, unmap_ram)

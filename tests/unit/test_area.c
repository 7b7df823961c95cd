/* SPDX-License-Identifier: GPL-2.0-or-later */
/* area_io.c: the place of every byte, whatever the extents and segments. */
#include "test.h"

#include "area_common.h"

#include <stdlib.h>
#include <string.h>

FIXTURE(area_setup, area_teardown)

/* The same by the simplest code there is: one byte's place on the disk. */
static uint8_t *byte_at(const struct block_extent *e, uint64_t offset)
{
	uint32_t sector = disk.dev.sector_bytes;
	while (offset >= e->n_sectors * sector) {
		offset -= e->n_sectors * sector;
		e++;
	}
	return &disk.bytes[e->lba * sector + offset];
}

/* ---- extents ---- */

static int init_error(const struct block_extent *e, uint32_t n)
{
	return area_init(&area, &disk.dev, e, n);
}

TEST(extents_are_checked)
{
	struct block_extent one = {N_SECTORS - 8, 8}, beyond = {N_SECTORS - 7, 8},
			    start_beyond = {N_SECTORS, 1};
	struct block_extent wraps = {8, UINT64_MAX - 4}, empty = {8, 0};
	struct block_extent overlap[] = {{64, 16}, {0, 8}, {72, 16}};
	struct block_extent inside[] = {{64, 64}, {72, 8}};
	struct block_extent touch[] = {{64, 16}, {80, 16}, {48, 16}};
	struct block_extent ragged[] = {{0, 9}, {16, 8}};

	assert_int_equal(init_error(&one, 1), 0);
	assert_int_equal(area.bytes, 4096);
	assert_int_equal(init_error(&beyond, 1), ERR_BOUNDS);
	assert_int_equal(init_error(&start_beyond, 1), ERR_BOUNDS);
	assert_int_equal(init_error(&wraps, 1), ERR_BOUNDS);
	assert_int_equal(init_error(&empty, 1), ERR_BOUNDS);
	assert_int_equal(init_error(overlap, 3), ERR_ARGUMENT);
	assert_int_equal(init_error(inside, 2), ERR_ARGUMENT);
	assert_int_equal(init_error(touch, 3), 0);
	assert_int_equal(area.bytes, 48 * 512);
	assert_int_equal(init_error(ragged, 2), ERR_ARGUMENT);
	assert_int_equal(init_error(&one, 0), ERR_ARGUMENT);
	assert_int_equal(init_error(&one, AREA_EXTENTS_MAX + 1), ERR_ARGUMENT);
}

TEST(last_extent_may_be_ragged)
{
	struct block_extent e[] = {{0, 8}, {64, 17}};
	uint8_t *buf = buffer(4096);
	init(e, 2);
	assert_int_equal(area.bytes, 3 * 4096);
	assert_int_equal(area_transfer(&area, BLOCK_WRITE, 2 * 4096, buf, 4096), 0);
	assert_memory_equal(disk.bytes + 72 * 512, buf, 4096);
	assert_int_equal(area_transfer(&area, BLOCK_WRITE, 3 * 4096, buf, 4096), ERR_BOUNDS);
	free(buf);
}

/* ---- places ---- */

/* The whole area, in pieces of any size, segments of any cut; every byte where it belongs. */
static void write_and_compare(const struct block_extent *e, uint32_t n)
{
	init(e, n);
	uint8_t *content = buffer(area.bytes);
	for (uint64_t offset = 0; offset < area.bytes;) {
		struct block_seg seg[40];
		struct area_io io;
		uint32_t n_segs = 0, max = 1 + (uint32_t)rnd(40);
		uint64_t at = offset;
		while (at < area.bytes && n_segs < max) {
			uint64_t bytes = BLOCK * (1 + rnd(6));
			if (bytes > area.bytes - at)
				bytes = area.bytes - at;
			seg[n_segs++] = (struct block_seg){content + at, (uint32_t)bytes};
			at += bytes;
		}
		assert_int_equal(area_start(&area, &io, BLOCK_WRITE, offset, seg, n_segs), 0);
		memset(seg, 0xee, sizeof(seg)); /* segments were copied */
		assert_int_equal(area_wait(&area, &io), 0);
		offset = at;
	}
	for (uint64_t i = 0; i < area.bytes; i++)
		if (*byte_at(e, i) != content[i])
			fail_msg("byte %llu is not where it belongs", (unsigned long long)i);
	uint8_t *back = buffer(area.bytes);
	assert_int_equal(area_transfer(&area, BLOCK_READ, 0, back, area.bytes), 0);
	assert_memory_equal(back, content, area.bytes);
	assert_int_equal(area_flush(&area), 0);
	assert_int_equal(disk.n_in_flight, 0);
	free(content);
	free(back);
}

/* Extents in random order with random gaps, each of blocks_max blocks at most. */
static uint32_t scatter(struct block_extent *e, uint32_t n, uint32_t blocks_max)
{
	uint32_t per_block = IMG_BLOCK_BYTES / disk.dev.sector_bytes;
	uint64_t lba = 0;
	for (uint32_t i = 0; i < n; i++) {
		lba += rnd(3) * per_block;
		e[i] = (struct block_extent){lba, (1 + rnd(blocks_max)) * per_block};
		lba += e[i].n_sectors;
		assert_true(lba <= disk.dev.n_sectors);
	}
	for (uint32_t i = n; i-- > 1;) {
		uint32_t j = (uint32_t)rnd(i + 1);
		struct block_extent other = e[j];
		e[j] = e[i];
		e[i] = other;
	}
	return n;
}

TEST(many_extents)
{
	static struct block_extent e[AREA_EXTENTS_MAX];
	for (uint64_t seed = 1; seed < 9; seed++) {
		random_state = seed;
		write_and_compare(e, scatter(e, 200, 8));
	}
}

TEST(tiny_extents)
{
	static struct block_extent e[AREA_EXTENTS_MAX];
	random_state = 7;
	write_and_compare(e, scatter(e, AREA_EXTENTS_MAX, 1));
}

/* Devices that take little at a time. */
TEST(narrow_devices)
{
	struct block_extent e[40];
	static const struct {
		uint32_t sectors, segs, depth;
	} limit[] = {{8, 1, 1}, {8, 64, 3}, {15, 2, 64}, {1024, 1, 2}, {17, 64, 64}};
	for (unsigned i = 0; i < sizeof(limit) / sizeof(limit[0]); i++) {
		random_state = i + 1;
		disk.dev.max_sectors = limit[i].sectors;
		disk.dev.max_segs = limit[i].segs;
		disk.dev.queue_depth = limit[i].depth;
		disk.n_most_in_flight = 0;
		write_and_compare(e, scatter(e, 40, 20));
		assert_true(disk.n_most_in_flight <= limit[i].depth);
	}
}

TEST(big_sectors)
{
	struct block_extent e[100];
	fake_ram_disk_free(&disk);
	fake_ram_disk_init(&disk, 4096, 2048);
	random_state = 3;
	write_and_compare(e, scatter(e, 100, 9));
}

TEST(out_of_order)
{
	struct block_extent e[100];
	random_state = 5;
	disk.newest_first = true;
	disk.latency_us = 20;
	write_and_compare(e, scatter(e, 100, 9));
}

/* More in flight than there are requests: area_start waits, and nothing is lost. */
TEST(requests_exhausted)
{
	enum { N = 3 * AREA_REQUESTS };
	static struct area_io io[N];
	struct block_extent e = {0, N * 8};
	random_state = 11;
	uint8_t *content = buffer(N * BLOCK);
	disk.latency_us = 50;
	init(&e, 1);
	for (uint32_t i = 0; i < N; i++) {
		struct block_seg seg = {content + i * BLOCK, IMG_BLOCK_BYTES};
		assert_int_equal(area_start(&area, &io[i], BLOCK_WRITE, i * BLOCK, &seg, 1), 0);
	}
	assert_int_equal(disk.n_most_in_flight, AREA_REQUESTS);
	assert_int_equal(io[N - 1].status, ERR_BUSY);
	assert_int_equal(area_drain(&area), 0);
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(io[i].status, 0);
		assert_int_equal(io[i].n_pending, 0);
	}
	assert_memory_equal(disk.bytes, content, N * BLOCK);
	free(content);
}

/* One transfer of more requests than there are. */
TEST(one_long_transfer)
{
	static struct block_extent e[AREA_EXTENTS_MAX];
	random_state = 13;
	disk.latency_us = 30;
	disk.newest_first = true;
	init(e, scatter(e, 500, 1));
	uint8_t *content = buffer(area.bytes);
	assert_int_equal(area_transfer(&area, BLOCK_WRITE, 0, content, area.bytes), 0);
	for (uint64_t i = 0; i < area.bytes; i++)
		assert_int_equal(*byte_at(e, i), content[i]);
	free(content);
}

/* One transfer put together from places all over the area. */
TEST(transfer_of_pieces)
{
	struct block_extent e = {0, 800};
	struct area_io io;
	random_state = 19;
	uint8_t *buf = buffer(90 * BLOCK);
	init(&e, 1);
	memcpy(disk.bytes, buf, 90 * BLOCK);
	uint8_t *back = buffer(90 * BLOCK);
	disk.latency_us = 10;
	disk.newest_first = true;
	area_begin(&io);
	for (uint32_t i = 0; i < 90; i++) {
		struct block_seg seg = {back + i * BLOCK, IMG_BLOCK_BYTES};
		assert_int_equal(area_add(&area, &io, BLOCK_READ, (89 - i) * BLOCK, &seg, 1), 0);
		assert_int_equal(io.status, ERR_BUSY); /* whatever has ended already */
	}
	area_end(&io);
	assert_int_equal(area_wait(&area, &io), 0);
	for (uint32_t i = 0; i < 90; i++)
		assert_memory_equal(back + i * BLOCK, buf + (89 - i) * BLOCK, BLOCK);
	free(buf);
	free(back);
}

/* The first error is the transfer's, and the pieces before it are waited for. */
TEST(piece_that_fails)
{
	struct block_extent e = {0, 800};
	struct area_io io;
	uint8_t *buf = buffer(4 * BLOCK);
	struct block_seg seg[4];
	for (uint32_t i = 0; i < 4; i++)
		seg[i] = (struct block_seg){buf + i * BLOCK, IMG_BLOCK_BYTES};
	init(&e, 1);
	disk.latency_us = 50;
	area_begin(&io);
	assert_int_equal(area_add(&area, &io, BLOCK_READ, 0, &seg[0], 1), 0);
	assert_int_equal(area_add(&area, &io, BLOCK_READ, area.bytes, &seg[1], 1), ERR_BOUNDS);
	assert_int_equal(area_add(&area, &io, BLOCK_READ, 512, &seg[2], 1), ERR_BUG);
	assert_int_equal(area_add(&area, &io, BLOCK_READ, 0, &seg[3], 1), 0);
	area_end(&io);
	assert_int_equal(area_wait(&area, &io), ERR_BOUNDS);
	assert_int_equal(disk.n_in_flight, 0);
	area_begin(&io);
	area_end(&io);
	assert_int_equal(area_wait(&area, &io), 0); /* of no pieces */
	free(buf);
}

TEST(calls_outside_the_contract)
{
	struct block_extent e = {0, 80};
	struct area_io io;
	uint8_t *buf = buffer(2 * BLOCK);
	struct block_seg ok = {buf, 4096}, odd = {buf, 4608}, none = {buf, 0};
	struct block_seg halves[] = {{buf, 2048}, {buf + 4096, 2048}};
	init(&e, 1);
	assert_int_equal(area_start(&area, &io, BLOCK_READ, 512, &ok, 1), ERR_BUG);
	assert_int_equal(io.status, ERR_BUG);
	assert_int_equal(area_start(&area, &io, BLOCK_READ, 0, &odd, 1), ERR_BUG);
	assert_int_equal(area_start(&area, &io, BLOCK_READ, 0, &none, 1), ERR_BUG);
	assert_int_equal(area_start(&area, &io, BLOCK_READ, 0, &ok, 0), ERR_BUG);
	assert_int_equal(area_start(&area, &io, BLOCK_READ, 0, halves, 2), ERR_BUG);
	assert_int_equal(area_start(&area, &io, BLOCK_READ, 10 * BLOCK, &ok, 1), ERR_BOUNDS);
	assert_int_equal(io.status, ERR_BOUNDS);
	assert_int_equal(area_start(&area, &io, BLOCK_READ, 0ull - 4096, &ok, 1), ERR_BOUNDS);
	assert_int_equal(io.n_pending, 0);
	assert_int_equal(disk.n_submitted, 0);
	assert_int_equal(area_transfer(&area, BLOCK_READ, 0, buf, 0), 0);
	free(buf);
}

/* As the image format sees it. */
TEST(source)
{
	struct block_extent e[] = {{64, 8}, {0, 8}};
	init(e, 2);
	struct img_source s = area_source(&area);
	uint8_t *buf = buffer(2 * BLOCK);
	memset(disk.bytes + 64 * 512, 0x11, 4096);
	memset(disk.bytes, 0x22, 4096);
	assert_int_equal(s.size, 8192);
	assert_int_equal(s.read(s.ctx, 0, buf, 8192), 0);
	assert_int_equal(buf[0], 0x11);
	assert_int_equal(buf[8191], 0x22);
	disk.fail_read = disk.n_reads + 2;
	assert_int_equal(s.read(s.ctx, 0, buf, 8192), ERR_IO);
	assert_int_equal(s.read(s.ctx, 4096, buf, 8192), ERR_BOUNDS);
	free(buf);
}

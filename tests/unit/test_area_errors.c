/* SPDX-License-Identifier: GPL-2.0-or-later */
/* area_io.c: what errors leave, of requests and of whole devices. */
#include "test.h"

#include "area_common.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"

FIXTURE(area_setup, area_teardown)

#define LONG_BLOCKS 64 /* in extents of one block: as many requests */

static uint8_t *long_transfer(struct block_extent *e)
{
	random_state = 17;
	for (uint32_t i = 0; i < LONG_BLOCKS; i++)
		e[i] = (struct block_extent){i * 16, 8};
	init(e, LONG_BLOCKS);
	return buffer(LONG_BLOCKS * BLOCK);
}

/* Until all has ended the device works into the buffer, the area into area_transfer's memory. */
static void nothing_in_flight_after(enum block_dir dir, int wanted)
{
	struct block_extent e[LONG_BLOCKS];
	uint8_t *buf = long_transfer(e);
	disk.latency_us = 100;
	assert_int_equal(area_transfer(&area, dir, 0, buf, LONG_BLOCKS * BLOCK), wanted);
	assert_int_equal(disk.n_in_flight, 0);
	for (uint32_t i = 0; i < AREA_REQUESTS; i++)
		assert_null(area.request[i].io);
	free(buf);
}

TEST(read_error)
{
	struct block_extent e = {0, 80};
	uint8_t *buf = buffer(BLOCK);
	disk.fail_read = 3;
	nothing_in_flight_after(BLOCK_READ, ERR_IO);
	/* It is the transfer's alone. */
	init(&e, 1);
	assert_int_equal(area_transfer(&area, BLOCK_READ, 0, buf, BLOCK), 0);
	assert_int_equal(area.failed, 0);
	free(buf);
}

#define FAULTY_BLOCKS 100 /* each of them a request */

/* An area that is read block by block, and its content. One error, for one request. */
static uint8_t *block_by_block(void)
{
	static const struct block_extent e = {0, FAULTY_BLOCKS * 8};
	uint8_t *content = buffer(FAULTY_BLOCKS * BLOCK);
	init(&e, 1);
	memcpy(disk.bytes, content, FAULTY_BLOCKS * BLOCK);
	disk.dev.max_sectors = 8;
	disk.fail_read_once = true;
	return content;
}

/* Errors that do not come back: one request each of a long transfer, and the last of a drain. */
TEST(read_error_that_passes)
{
	uint8_t *wanted = block_by_block(), *buf = buffer(FAULTY_BLOCKS * BLOCK);
	for (uint32_t i = 1; i <= FAULTY_BLOCKS; i += 9) {
		memset(buf, 0, FAULTY_BLOCKS * BLOCK);
		uint32_t before = disk.n_reads;
		disk.fail_read = before + i;
		assert_int_equal(
			area_transfer(&area, BLOCK_READ, 0, buf, FAULTY_BLOCKS * BLOCK), 0);
		assert_memory_equal(buf, wanted, FAULTY_BLOCKS * BLOCK);
		assert_int_equal(disk.n_reads - before, FAULTY_BLOCKS + 1);
		assert_int_equal(disk.failed_read, before + i);
	}
	disk.fail_read = disk.n_reads + 1;
	struct area_io io;
	struct block_seg seg = {buf, BLOCK};
	memset(buf, 0, BLOCK);
	assert_int_equal(area_start(&area, &io, BLOCK_READ, 0, &seg, 1), 0);
	assert_int_equal(area_drain(&area), 0);
	assert_int_equal(io.status, 0);
	assert_memory_equal(buf, wanted, BLOCK);
	free(buf);
	free(wanted);
}

/* With the queue full of others, and on a device that goes before it can be done again. */
TEST(read_again_waits_for_room)
{
	uint8_t *wanted = block_by_block(), *buf = buffer(FAULTY_BLOCKS * BLOCK);
	disk.dev.queue_depth = 2;
	disk.latency_us = 50;
	disk.fail_read = disk.n_reads + 5;
	assert_int_equal(area_transfer(&area, BLOCK_READ, 0, buf, FAULTY_BLOCKS * BLOCK), 0);
	assert_memory_equal(buf, wanted, FAULTY_BLOCKS * BLOCK);
	disk.fail_read = disk.n_reads + 5;
	disk.lost_from = disk.n_submitted + 7;
	assert_int_not_equal(area_transfer(&area, BLOCK_READ, 0, buf, FAULTY_BLOCKS * BLOCK), 0);
	assert_int_equal(disk.n_in_flight, 0);
	free(buf);
	free(wanted);
}

TEST(refused_read)
{
	disk.fail_submit = 7;
	nothing_in_flight_after(BLOCK_READ, ERR_IO);
}

TEST(write_error)
{
	disk.fail_write = 1;
	nothing_in_flight_after(BLOCK_WRITE, ERR_IO);
}

TEST(refused_write)
{
	disk.fail_submit = 20;
	nothing_in_flight_after(BLOCK_WRITE, ERR_IO);
}

/* A write that fails in the background is told at the next write and by the flush. */
TEST(write_error_sticks)
{
	struct block_extent e = {0, 800};
	struct area_io io, next;
	uint8_t *buf = buffer(BLOCK);
	struct block_seg seg = {buf, IMG_BLOCK_BYTES};
	init(&e, 1);
	disk.fail_write = 1;
	assert_int_equal(area_start(&area, &io, BLOCK_WRITE, 0, &seg, 1), 0);
	assert_int_equal(area_poll(&area), ERR_IO);
	assert_int_equal(io.status, ERR_IO);
	assert_int_equal(area_start(&area, &next, BLOCK_WRITE, 4096, &seg, 1), ERR_IO);
	assert_int_equal(next.status, ERR_IO);
	assert_int_equal(area_drain(&area), ERR_IO);
	assert_int_equal(disk.n_writes, 1);
	assert_int_equal(area_flush(&area), ERR_IO);
	free(buf);
}

/* The flush has told of it: what is written after that is judged by itself (img_commit takes a
 * header back that may have got through). */
TEST(flush_begins_anew)
{
	struct block_extent e = {0, 800};
	uint8_t *buf = buffer(BLOCK);
	struct area_io io;
	struct block_seg seg = {buf, IMG_BLOCK_BYTES};
	init(&e, 1);
	disk.fail_write = 1;
	assert_int_equal(area_start(&area, &io, BLOCK_WRITE, 0, &seg, 1), 0);
	assert_int_equal(area_flush(&area), ERR_IO);
	assert_int_equal(disk.n_flushes, 0);
	assert_int_equal(area_transfer(&area, BLOCK_WRITE, 0, buf, BLOCK), 0);
	assert_int_equal(area_flush(&area), 0);
	assert_int_equal(disk.n_flushes, 1);
	assert_memory_equal(disk.bytes, buf, BLOCK);
	free(buf);
}

TEST(flush_error)
{
	struct block_extent e = {0, 800};
	init(&e, 1);
	disk.fail_flush = 1;
	assert_int_equal(area_flush(&area), ERR_IO);
	assert_int_equal(area_flush(&area), 0);
}

/* Another transfer's failed write must not end the wait for a read that is still under way. */
TEST(wait_is_for_one_transfer)
{
	struct block_extent e = {0, 800};
	struct area_io write_io, read_io;
	uint8_t *buf = buffer(2 * BLOCK);
	struct block_seg to_write = {buf, IMG_BLOCK_BYTES};
	struct block_seg to_read = {buf + BLOCK, IMG_BLOCK_BYTES};
	init(&e, 1);
	disk.fail_write = 1;
	assert_int_equal(area_start(&area, &write_io, BLOCK_WRITE, 0, &to_write, 1), 0);
	disk.latency_us = 1000;
	assert_int_equal(area_start(&area, &read_io, BLOCK_READ, 4096, &to_read, 1), 0);
	assert_int_equal(area_wait(&area, &read_io), 0);
	assert_int_equal(read_io.n_pending, 0);
	assert_int_equal(disk.n_in_flight, 0);
	assert_int_equal(area_wait(&area, &write_io), ERR_IO);
	free(buf);
}

TEST(device_lost)
{
	disk.lost_from = 10;
	nothing_in_flight_after(BLOCK_WRITE, ERR_LOST);
	struct area_io io;
	uint8_t *buf = buffer(BLOCK);
	struct block_seg seg = {buf, IMG_BLOCK_BYTES};
	assert_int_equal(area_start(&area, &io, BLOCK_READ, 0, &seg, 1), ERR_LOST);
	assert_int_equal(area_flush(&area), ERR_LOST);
	assert_int_equal(area_flush(&area), ERR_LOST);
	assert_int_equal(area_poll(&area), ERR_LOST);
	assert_true(disk.is_stopped);
	free(buf);
}

TEST(device_silent)
{
	fake_clock_step_us = 10000;
	disk.silent_from = 5;
	nothing_in_flight_after(BLOCK_READ, ERR_TIMEOUT);
	assert_true(disk.is_stopped);
}

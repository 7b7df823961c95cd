/* SPDX-License-Identifier: GPL-2.0-or-later */
/* block.c over a driver that does what the test says: completes at once, late, never, twice,
 * wrongly. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "machine.h"
#include "toy_driver.h"

static const struct block_extent whole_disk = {0, N_SECTORS};

static void setup(void)
{
	fake_machine_reset();
	memset(&toy, 0, sizeof(toy));
	toy.plan.fail_at = toy.plan.silent_at = toy.plan.twice_at = toy.plan.refuse_at = -1;
	for (size_t i = 0; i < sizeof(toy.disk); i++)
		toy.disk[i] = (uint8_t)(i * 31 + (i >> 9));
	toy.dev = (struct block_dev){
		.ops = &toy_ops,
		.sector_bytes = SECTOR,
		.n_sectors = N_SECTORS,
		.max_sectors = 16,
		.max_segs = 3,
		.dma_align = 4,
		.queue_depth = DEPTH,
	};
	block_allow_writes(&toy.dev, &whole_disk, 1);
}

FIXTURE(setup, NULL)

static _Alignas(4096) uint8_t buf[64 * SECTOR];

static struct block_seg one_seg(uint32_t n_sectors)
{
	return (struct block_seg){buf, n_sectors * SECTOR};
}

static struct block_req request(uint64_t lba, uint32_t n_sectors, const struct block_seg *seg)
{
	return (struct block_req){
		.dir = BLOCK_READ, .lba = lba, .n_sectors = n_sectors, .seg = seg, .n_segs = 1};
}

/* ---- normal traffic ---- */

TEST(simple_transfers)
{
	static uint8_t old[sizeof(toy.disk)];
	toy.plan.latency_us = 50;
	assert_int_equal(block_read(&toy.dev, 100, 61, buf), 0);
	assert_memory_equal(buf, toy.disk + 100 * SECTOR, 61 * SECTOR);
	assert_int_equal(toy.n_submitted, 4);
	assert_int_equal(toy.dev.bytes_read, 61 * SECTOR);
	assert_int_equal(toy.n_most, DEPTH);

	memcpy(old, toy.disk, sizeof(old));
	memset(buf, 0x5a, sizeof(buf));
	assert_int_equal(block_write(&toy.dev, N_SECTORS - 33, 33, buf), 0);
	assert_memory_equal(toy.disk, old, (N_SECTORS - 33) * SECTOR);
	assert_memory_equal(toy.disk + (N_SECTORS - 33) * SECTOR, buf, 33 * SECTOR);
	assert_int_equal(toy.dev.bytes_written, 33 * SECTOR);
	assert_int_equal(block_read(&toy.dev, 5, 0, buf), 0);
}

TEST(more_pieces_than_the_queue_holds)
{
	toy.dev.max_sectors = 1;
	toy.plan.latency_us = 20;
	toy.plan.backwards = true;
	assert_int_equal(block_read(&toy.dev, 7, 60, buf), 0);
	assert_memory_equal(buf, toy.disk + 7 * SECTOR, 60 * SECTOR);
	assert_int_equal(toy.n_submitted, 60);
	assert_int_equal(toy.n_most, DEPTH);
}

TEST(driver_that_completes_at_submit)
{
	toy.plan.at_submit = true;
	assert_int_equal(block_read(&toy.dev, 7, 60, buf), 0);
	assert_memory_equal(buf, toy.disk + 7 * SECTOR, 60 * SECTOR);
	assert_int_equal(toy.dev.n_in_flight, 0);
}

TEST(queue_full_is_busy)
{
	struct block_seg seg = one_seg(1);
	struct block_req req[DEPTH + 1];
	toy.plan.latency_us = 1000;
	for (int i = 0; i < DEPTH; i++) {
		req[i] = request((uint64_t)i, 1, &seg);
		assert_int_equal(block_submit(&toy.dev, &req[i]), 0);
	}
	req[DEPTH] = request(9, 1, &seg);
	assert_int_equal(block_submit(&toy.dev, &req[DEPTH]), ERR_BUSY);
	assert_int_equal(toy.dev.n_in_flight, DEPTH);
	assert_int_equal(block_submit_wait(&toy.dev, &req[DEPTH]), 0);
	assert_int_equal(block_wait(&toy.dev, &req[DEPTH]), 0);
	assert_int_equal(block_drain(&toy.dev), 0);
	for (int i = 0; i <= DEPTH; i++)
		assert_int_equal(req[i].status, 0);
	assert_null(toy.dev.oldest);
	assert_null(toy.dev.newest);
}

TEST(several_segments)
{
	struct block_seg seg[3] = {{buf + 1000, 500}, {buf, 24}, {buf + 2000, 1012}};
	struct block_req req = request(3, 3, seg);
	req.n_segs = 3;
	assert_int_equal(block_submit(&toy.dev, &req), 0);
	assert_int_equal(block_wait(&toy.dev, &req), 0);
	assert_memory_equal(buf + 1000, toy.disk + 3 * SECTOR, 500);
	assert_memory_equal(buf, toy.disk + 3 * SECTOR + 500, 24);
	assert_memory_equal(buf + 2000, toy.disk + 3 * SECTOR + 524, 1012);
}

/* ---- what is refused ---- */

static void refused(struct block_req req, int err)
{
	assert_int_equal(block_submit(&toy.dev, &req), err);
	assert_int_equal(req.status, err);
	assert_int_equal(toy.n_submitted, 0);
	assert_int_equal(toy.dev.n_in_flight, 0);
}

TEST(bounds_of_the_device)
{
	struct block_seg seg = one_seg(2);
	refused(request(N_SECTORS - 1, 2, &seg), ERR_BOUNDS);
	refused(request(N_SECTORS, 2, &seg), ERR_BOUNDS);
	refused(request(UINT64_MAX, 2, &seg), ERR_BOUNDS);
	refused(request(UINT64_MAX - 1, 2, &seg), ERR_BOUNDS);
	refused(request(0, 0, &seg), ERR_BOUNDS);
	seg = one_seg(17);
	refused(request(0, 17, &seg), ERR_BOUNDS);
	assert_int_equal(block_read(&toy.dev, N_SECTORS - 1, 2, buf), ERR_BOUNDS);
	assert_int_equal(block_read(&toy.dev, 1, UINT64_MAX, buf), ERR_BOUNDS);
	assert_int_equal(block_write(&toy.dev, N_SECTORS + 1, 0, buf), ERR_BOUNDS);
	assert_int_equal(toy.n_submitted, 0);
}

TEST(segments_that_do_not_fit)
{
	struct block_seg seg[4] = {
		{buf, 512}, {buf + 512, 512}, {buf + 1024, 512}, {buf + 1536, 512}};
	struct block_req req = request(0, 2, seg);
	refused(req, ERR_BOUNDS); /* too short */
	req.n_segs = 3;
	refused(req, ERR_BOUNDS); /* too long */
	req.n_sectors = 4;
	req.n_segs = 4;
	refused(req, ERR_BOUNDS); /* too many */
	req.n_segs = 0;
	refused(req, ERR_BOUNDS);
	struct block_seg odd[2] = {{buf + 2, 1024}, {buf, 0}};
	req = request(0, 2, odd);
	refused(req, ERR_BOUNDS);
	odd[0] = (struct block_seg){buf, 1022};
	odd[1] = (struct block_seg){buf, 2};
	req.n_segs = 2;
	refused(req, ERR_BOUNDS);
	odd[0] = (struct block_seg){buf, 1024};
	odd[1] = (struct block_seg){buf, 0};
	refused(req, ERR_BOUNDS);
	odd[0] = (struct block_seg){NULL, 1024};
	req.n_segs = 1;
	refused(req, ERR_BOUNDS);
	/* A sum that wraps in 32 bits. */
	struct block_seg wrap[2] = {{buf, 0xfffffe00u}, {buf, 0x600}};
	req = request(0, 2, wrap);
	req.n_segs = 2;
	refused(req, ERR_BOUNDS);
	req.dir = (enum block_dir)7;
	req.n_segs = 1;
	wrap[0].bytes = 1024;
	refused(req, ERR_BUG);
}

/* The first piece may begin anywhere, the last end anywhere. */
TEST(pieces_meet_where_the_device_wants)
{
	toy.dev.join_align = 1024;
	const struct block_seg good[3] = {{buf + 500, 524}, {buf + 4096, 1024}, {buf + 2048, 500}};
	struct block_seg seg[3];
	struct block_req req = request(0, 4, seg);
	req.n_segs = 3;
	for (int i = 0; i < 3; i++) {
		memcpy(seg, good, sizeof(seg));
		seg[i].buf = (uint8_t *)seg[i].buf + 4;
		refused(req, ERR_BOUNDS);
	}
	memcpy(seg, good, sizeof(seg));
	seg[1].bytes -= 512;
	seg[2].bytes += 512;
	refused(req, ERR_BOUNDS);
	req = request(0, 1, seg);
	seg[0] = (struct block_seg){buf + 20, 512};
	assert_int_equal(block_submit(&toy.dev, &req), 0);
	assert_int_equal(block_wait(&toy.dev, &req), 0);
	memcpy(seg, good, sizeof(seg));
	req = request(0, 4, seg);
	req.n_segs = 3;
	assert_int_equal(block_submit(&toy.dev, &req), 0);
	assert_int_equal(block_wait(&toy.dev, &req), 0);
}

static void write_is(uint64_t lba, uint32_t n, int err)
{
	struct block_seg seg = one_seg(n);
	struct block_req req = request(lba, n, &seg);
	req.dir = BLOCK_WRITE;
	assert_int_equal(block_submit_wait(&toy.dev, &req), err);
	assert_int_equal(block_drain(&toy.dev), 0);
	assert_int_equal(req.status, err);
}

TEST(writes_stay_in_their_extents)
{
	const struct block_extent e[] = {
		{100, 10}, {110, 5}, {90, 4}, {112, 8}, {UINT64_MAX - 1, 9}};
	block_allow_writes(&toy.dev, NULL, 0);
	write_is(100, 1, ERR_BOUNDS);
	block_allow_writes(&toy.dev, e, 5);
	write_is(100, 10, 0);
	write_is(99, 1, ERR_BOUNDS);
	write_is(99, 2, ERR_BOUNDS);
	write_is(90, 4, 0);
	write_is(90, 5, ERR_BOUNDS);
	write_is(104, 16, 0);
	write_is(105, 16, ERR_BOUNDS);
	write_is(120, 1, ERR_BOUNDS);
	write_is(88, 16, ERR_BOUNDS);
	int n = toy.n_submitted;
	assert_int_equal(block_write(&toy.dev, 100, 21, buf), ERR_BOUNDS);
	assert_int_equal(toy.n_submitted, n);
	assert_int_equal(block_write(&toy.dev, 100, 20, buf), 0);
	toy.dev.read_only = true;
	write_is(100, 1, ERR_READ_ONLY);
	assert_int_equal(block_write(&toy.dev, 100, 20, buf), ERR_READ_ONLY);
	assert_int_equal(block_read(&toy.dev, 0, 20, buf), 0);
}

/* ---- devices that misbehave ---- */

TEST(a_failing_request_fails_alone)
{
	struct block_seg seg = one_seg(1);
	struct block_req a = request(1, 1, &seg), b = request(2, 1, &seg);
	toy.plan.fail_at = 0;
	toy.plan.fail_status = ERR_IO;
	assert_int_equal(block_submit(&toy.dev, &a), 0);
	assert_int_equal(block_submit(&toy.dev, &b), 0);
	assert_int_equal(block_drain(&toy.dev), 0);
	assert_int_equal(a.status, ERR_IO);
	assert_int_equal(b.status, 0);
	assert_int_equal(toy.dev.bytes_read, SECTOR);
	assert_int_equal(toy.dev.lost, 0);
}

TEST(simple_transfer_with_a_failing_piece)
{
	for (int at = 0; at < 20; at++) {
		setup();
		toy.dev.max_sectors = 3;
		toy.plan.latency_us = 30;
		toy.plan.backwards = at % 2 != 0;
		toy.plan.fail_at = at;
		toy.plan.fail_status = ERR_IO;
		assert_int_equal(block_read(&toy.dev, 0, 60, buf), ERR_IO);
		assert_int_equal(toy.dev.n_in_flight, 0);
		assert_int_equal(toy.dev.lost, 0);
	}
}

TEST(bad_statuses_of_a_driver)
{
	toy.plan.fail_at = 0;
	toy.plan.fail_status = 5;
	assert_int_equal(block_read(&toy.dev, 0, 1, buf), ERR_BUG);
	toy.plan.fail_at = 1;
	toy.plan.fail_status = ERR_BUSY;
	assert_int_equal(block_read(&toy.dev, 0, 1, buf), ERR_BUG);
}

TEST(silent_device_times_out)
{
	struct block_seg seg = one_seg(1);
	struct block_req a = request(1, 1, &seg), b = request(2, 1, &seg), c = request(3, 1, &seg);
	fake_clock_step_us = 1000;
	toy.plan.silent_at = 1;
	uint64_t start = fake_clock_now_us;
	assert_int_equal(block_submit(&toy.dev, &a), 0);
	assert_int_equal(block_submit(&toy.dev, &b), 0);
	assert_int_equal(block_wait(&toy.dev, &b), ERR_TIMEOUT);
	uint64_t took_ms = (fake_clock_now_us - start) / 1000;
	assert_true(took_ms >= BLOCK_TIMEOUT_MS && took_ms < BLOCK_TIMEOUT_MS + 100);
	assert_int_equal(a.status, 0);
	assert_int_equal(toy.n_stops, 1);
	assert_int_equal(block_submit(&toy.dev, &c), ERR_LOST);
	assert_int_equal(block_poll(&toy.dev), ERR_LOST);
	assert_int_equal(block_drain(&toy.dev), ERR_LOST);
	assert_int_equal(block_flush(&toy.dev), ERR_LOST);
	assert_int_equal(block_read(&toy.dev, 0, 1, buf), ERR_LOST);
	assert_int_equal(block_write(&toy.dev, 0, 1, buf), ERR_LOST);
	assert_int_equal(toy.n_flushes, 0);
}

TEST(silent_device_ends_a_simple_transfer)
{
	fake_clock_step_us = 1000;
	toy.dev.max_sectors = 1;
	toy.plan.silent_at = 11;
	assert_int_equal(block_read(&toy.dev, 0, 60, buf), ERR_TIMEOUT);
	assert_int_equal(toy.dev.n_in_flight, 0);
}

TEST(late_but_in_time)
{
	fake_clock_step_us = 1000;
	toy.plan.latency_us = (BLOCK_TIMEOUT_MS - 100) * 1000ull;
	assert_int_equal(block_read(&toy.dev, 0, 1, buf), 0);
}

/* The caller was busy for a minute; the device had finished long before. */
TEST(late_look_is_not_the_devices_fault)
{
	struct block_seg seg = one_seg(1);
	struct block_req req = request(1, 1, &seg);
	toy.plan.latency_us = 100;
	assert_int_equal(block_submit(&toy.dev, &req), 0);
	fake_clock_now_us += 60000000;
	assert_int_equal(block_poll(&toy.dev), 0);
	assert_int_equal(req.status, 0);
}

TEST(completed_after_it_was_given_up)
{
	struct block_seg seg = one_seg(1);
	struct block_req req = request(1, 1, &seg);
	toy.plan.silent_at = 0;
	fake_clock_step_us = 100000;
	assert_int_equal(block_submit(&toy.dev, &req), 0);
	assert_int_equal(block_wait(&toy.dev, &req), ERR_TIMEOUT);
	block_done(&toy.dev, &req, 0);
	assert_int_equal(req.status, ERR_TIMEOUT);
	assert_int_equal(toy.dev.bytes_read, 0);
	assert_int_equal(toy.dev.lost, ERR_LOST);
}

TEST(completed_twice)
{
	struct block_seg seg = one_seg(1);
	struct block_req a = request(1, 1, &seg), b = request(2, 1, &seg);
	toy.plan.twice_at = 0;
	assert_int_equal(block_submit(&toy.dev, &a), 0);
	assert_int_equal(block_submit(&toy.dev, &b), 0);
	assert_int_equal(block_wait(&toy.dev, &b), 0);
	assert_int_equal(a.status, 0);
	assert_int_equal(toy.dev.bytes_read, 2 * SECTOR);
	assert_int_equal(toy.dev.lost, ERR_BUG);
	assert_int_equal(toy.n_stops, 1);
	assert_int_equal(toy.dev.n_in_flight, 0);
}

TEST(poll_error_ends_everything)
{
	struct block_seg seg = one_seg(1);
	struct block_req a = request(1, 1, &seg), b = request(2, 1, &seg);
	assert_int_equal(block_submit(&toy.dev, &a), 0);
	assert_int_equal(block_submit(&toy.dev, &b), 0);
	toy.plan.poll_err = ERR_BAD_ANSWER;
	assert_int_equal(block_wait(&toy.dev, &a), ERR_BAD_ANSWER);
	assert_int_equal(b.status, ERR_BAD_ANSWER);
	assert_int_equal(toy.n_stops, 1);
	assert_int_equal(block_submit(&toy.dev, &a), ERR_BAD_ANSWER);
}

TEST(refused_by_the_driver)
{
	struct block_seg seg = one_seg(1);
	struct block_req a = request(1, 1, &seg), b = request(2, 1, &seg), c = request(3, 1, &seg);
	toy.plan.latency_us = 100;
	toy.plan.refuse_at = 1;
	toy.plan.refuse_err = ERR_IO;
	assert_int_equal(block_submit(&toy.dev, &a), 0);
	assert_int_equal(block_submit(&toy.dev, &b), ERR_IO);
	assert_int_equal(block_submit(&toy.dev, &c), 0);
	assert_int_equal(toy.dev.n_in_flight, 2);
	assert_int_equal(block_drain(&toy.dev), 0);
	assert_int_equal(a.status, 0);
	assert_int_equal(c.status, 0);
}

TEST(full_of_nothing_is_a_bug_not_a_hang)
{
	struct block_seg seg = one_seg(1);
	struct block_req a = request(1, 1, &seg);
	toy.plan.always_busy = true;
	assert_int_equal(block_submit_wait(&toy.dev, &a), ERR_BUG);
	assert_int_equal(block_read(&toy.dev, 0, 60, buf), ERR_BUG);
	a.status = ERR_BUSY;
	assert_int_equal(block_wait(&toy.dev, &a), ERR_BUG);
}

TEST(full_until_the_device_is_lost)
{
	fake_clock_step_us = 10000;
	struct block_seg seg = one_seg(1);
	struct block_req req[DEPTH + 1];
	toy.plan.latency_us = UINT32_MAX;
	for (int i = 0; i <= DEPTH; i++) {
		req[i] = request((uint64_t)i, 1, &seg);
		assert_int_equal(block_submit_wait(&toy.dev, &req[i]), i < DEPTH ? 0 : ERR_TIMEOUT);
	}
	for (int i = 0; i <= DEPTH; i++)
		assert_int_equal(req[i].status, ERR_TIMEOUT);
}

TEST(flush)
{
	struct block_seg seg = one_seg(1);
	struct block_req a = request(1, 1, &seg);
	toy.plan.latency_us = 100;
	assert_int_equal(block_submit(&toy.dev, &a), 0);
	assert_int_equal(block_flush(&toy.dev), 0);
	assert_int_equal(a.status, 0);
	assert_int_equal(toy.n_flushes, 1);
	toy.plan.flush_err = ERR_IO;
	assert_int_equal(block_flush(&toy.dev), ERR_IO);
	assert_int_equal(toy.dev.lost, 0);
	toy.plan.flush_err = ERR_TIMEOUT;
	assert_int_equal(block_flush(&toy.dev), ERR_TIMEOUT);
	assert_int_equal(toy.dev.lost, ERR_LOST);
	assert_int_equal(toy.n_stops, 1);
}

TEST(stop_ends_everything)
{
	struct block_seg seg = one_seg(1);
	struct block_req a = request(1, 1, &seg);
	toy.plan.latency_us = 100;
	assert_int_equal(block_submit(&toy.dev, &a), 0);
	block_stop(&toy.dev);
	assert_int_equal(a.status, ERR_LOST);
	assert_int_equal(toy.dev.n_in_flight, 0);
	block_stop(&toy.dev);
	assert_int_equal(toy.n_stops, 2);
	assert_int_equal(block_submit(&toy.dev, &a), ERR_LOST);
}

/* Random traffic over a device that completes in its own order, with failures: every request ends,
 * with the right data. */
TEST(random_traffic)
{
	enum { N = 12 };
	static _Alignas(8) uint8_t memory[N][16 * SECTOR];
	struct block_req req[N] = {0};
	struct block_seg seg[N];
	unsigned random = 12345;
	for (int step = 0; step < 20000; step++) {
		random = random * 1103515245 + 12345;
		int i = (int)(random >> 16) % N;
		toy.plan.backwards = random >> 30;
		toy.plan.latency_us = (random >> 8) % 20;
		toy.plan.fail_at = random % 13 == 0 ? toy.n_submitted : toy.plan.fail_at;
		toy.plan.fail_status = ERR_IO;
		if (req[i].status == ERR_BUSY) {
			assert_int_equal(block_poll(&toy.dev), 0);
			continue;
		}
		if (req[i].seg != NULL && req[i].status == 0)
			assert_memory_equal(
				memory[i], toy.disk + req[i].lba * SECTOR, seg[i].bytes);
		seg[i] = (struct block_seg){memory[i], (1 + (random >> 20) % 16) * SECTOR};
		req[i] = request((random >> 4) % (N_SECTORS - 16), seg[i].bytes / SECTOR, &seg[i]);
		int err = block_submit(&toy.dev, &req[i]);
		assert_true(err == 0 || err == ERR_BUSY);
		if (err == ERR_BUSY)
			req[i].status = ERR_IO;
	}
	assert_int_equal(block_drain(&toy.dev), 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cases of all drivers in which something goes wrong, or is stopped, or was left running. */
#include <string.h>

#include "driver_conformance.h"

/* ---- faults ---- */

static bool is_one_of(int err, const int *list)
{
	for (; *list != 0; list++) {
		if (err == *list)
			return true;
	}
	return false;
}

static const struct expectation {
	enum fake_fault fault;
	int errors[4]; /* that the request may end with */
	bool lives;    /* the device is still good */
	uint32_t within_ms;
} expectations[] = {
	{FAKE_IO_ERROR, {ERR_IO}, true, 100},
	{FAKE_SILENT, {ERR_TIMEOUT}, false, BLOCK_TIMEOUT_MS + 10000},
	{FAKE_TWICE, {ERR_BAD_ANSWER}, false, 100},
	{FAKE_BAD_TAG, {ERR_BAD_ANSWER}, false, 100},
	{FAKE_IDLE_TAG, {ERR_BAD_ANSWER}, false, 100},
	{FAKE_BAD_INDEX, {ERR_BAD_ANSWER, ERR_TIMEOUT}, false, BLOCK_TIMEOUT_MS + 10000},
	{FAKE_BAD_STATUS, {ERR_BAD_ANSWER, ERR_IO}, true, 100},
	{FAKE_NO_STATUS, {ERR_BAD_ANSWER, ERR_IO}, true, 100},
	{FAKE_SHORT, {ERR_BAD_ANSWER, ERR_IO}, true, 100},
	{FAKE_VANISH, {ERR_LOST, ERR_TIMEOUT}, false, BLOCK_TIMEOUT_MS + 10000},
	{FAKE_WANTS_RESET, {ERR_LOST, ERR_IO}, false, 1000},
};
#define N_EXPECTATIONS (sizeof(expectations) / sizeof(expectations[0]))

static bool model_knows(const struct expectation *e)
{
	return world.dut->faults >> e->fault & 1;
}

static void check_lost(void)
{
	assert_int_not_equal(world.dev->lost, 0);
	assert_int_equal(world.dev->n_in_flight, 0);
	assert_int_not_equal(block_read(world.dev, 0, 1, conformance_buffer), 0);
	assert_int_not_equal(block_flush(world.dev), 0);
	conformance_quiet();
}

/* One request alone, which goes wrong. */
static void one_fault(const struct expectation *e)
{
	struct one o;
	conformance_start();
	fake_clock_step_us = 200;
	world.disk.fault = e->fault;
	world.disk.fault_at = 1;
	assert_int_equal(block_read(world.dev, 0, 1, conformance_buffer), 0);
	uint64_t start = fake_clock_now_us;
	assert_int_equal(conformance_submit(&o, BLOCK_READ, 8, 8, conformance_buffer), 0);
	int err = block_wait(world.dev, &o.req);
	/* Twice: the first answer may have been taken before the second was seen. */
	if (err == 0 && e->fault == FAKE_TWICE)
		err = block_poll(world.dev);
	if (!is_one_of(err, e->errors))
		fail_msg("%s, fault %d: %d", world.dut->name, e->fault, err);
	assert_true(fake_clock_now_us - start <= e->within_ms * 1000ull);
	if (e->lives) {
		assert_int_equal(block_read(world.dev, 8, 8, conformance_buffer), 0);
		assert_memory_equal(
			conformance_buffer, conformance_sectors(8), 8 * world.dev->sector_bytes);
	} else {
		check_lost();
	}
}

void conformance_faults(void)
{
	for (size_t i = 0; i < N_EXPECTATIONS; i++) {
		if (!model_knows(&expectations[i]))
			continue;
		one_fault(&expectations[i]);
		disks_stop(&world.disks);
		conformance_plug();
	}
}

/* One goes wrong while the queue is full of good ones: every request ends, the good ones with the
 * right data or, when the device is lost, with an error. */
static void fault_in_a_crowd(const struct expectation *e)
{
	static struct one one[CONFORMANCE_MANY];
	conformance_start();
	uint32_t sector = world.dev->sector_bytes, n = world.dev->queue_depth;
	fake_clock_step_us = 200;
	world.disk.fault = e->fault;
	world.disk.fault_at = n / 2;
	world.disk.latency_us = 1000;
	world.disk.jitter_us = 1000;
	memset(one, 0, sizeof(one));
	uint32_t n_taken = 0;
	while (n_taken < n && conformance_submit(&one[n_taken], BLOCK_READ, n_taken, 1,
				      conformance_buffer + n_taken * sector) == 0)
		n_taken++;
	int err = block_drain(world.dev);
	assert_true(e->lives ? err == 0 : err != 0 || e->fault == FAKE_TWICE);
	uint32_t n_bad = 0;
	for (uint32_t i = 0; i < n_taken; i++) {
		assert_int_not_equal(one[i].req.status, ERR_BUSY);
		if (one[i].req.status == 0)
			assert_memory_equal(one[i].seg.buf, conformance_sectors(i), sector);
		else
			n_bad++;
	}
	if (e->lives)
		assert_int_equal(n_bad, 1);
}

void conformance_fault_among_many(void)
{
	for (size_t i = 0; i < N_EXPECTATIONS; i++) {
		if (!model_knows(&expectations[i]))
			continue;
		fault_in_a_crowd(&expectations[i]);
		disks_stop(&world.disks);
		conformance_quiet();
		conformance_plug();
	}
}

/* ---- stop and start ---- */

static void fill_queue(struct one *one)
{
	uint32_t sector = world.dev->sector_bytes;
	world.disk.latency_us = 1000;
	for (uint32_t i = 0; i < world.dev->queue_depth; i++)
		assert_int_equal(conformance_submit(&one[i], BLOCK_READ, i, 1,
					 conformance_buffer + i * sector),
			0);
	fake_tick();
}

void conformance_stop_in_flight(void)
{
	static struct one one[CONFORMANCE_MANY];
	conformance_start();
	fill_queue(one);
	memset(conformance_buffer, CONFORMANCE_UNTOUCHED, CONFORMANCE_BUFFER_BYTES);
	block_stop(world.dev);
	conformance_quiet();
	for (uint32_t i = 0; i < world.dev->queue_depth; i++)
		assert_int_equal(one[i].req.status, ERR_LOST);
	conformance_untouched(conformance_buffer, CONFORMANCE_BUFFER_BYTES);
	block_stop(world.dev);
	conformance_quiet();
	assert_int_equal(block_read(world.dev, 0, 1, conformance_buffer), ERR_LOST);
}

/* It does not react to being stopped: bus mastering goes off all the same, in finite time. */
void conformance_stop_of_a_stuck_device(void)
{
	static struct one one[CONFORMANCE_MANY];
	if (!world.dut->never_resets)
		return;
	conformance_start();
	fill_queue(one);
	fake_clock_step_us = 100;
	world.disk.never_resets = true;
	world.disk.latency_us = 0;
	uint64_t start = fake_clock_now_us;
	block_stop(world.dev);
	assert_true(fake_clock_now_us - start < 60000000);
	conformance_quiet();
}

void conformance_start_of_a_stuck_device(void)
{
	if (!world.dut->never_resets)
		return;
	conformance_start();
	fake_clock_step_us = 100;
	world.disk.never_resets = true;
	conformance_use_arena(1);
	uint64_t start = fake_clock_now_us;
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), ERR_TIMEOUT);
	assert_int_equal(world.disks.n, 0);
	assert_int_equal(world.disks.n_failed, 1);
	assert_true(fake_clock_now_us - start < 60000000);
	conformance_quiet();
}

/* Somebody else's driver left it running, with requests in flight and its queues in memory that is
 * not ours: it is reset before anything else. */
void conformance_start_while_running(void)
{
	static struct one one[CONFORMANCE_MANY];
	conformance_start();
	fill_queue(one);
	world.disk.latency_us = 0;
	conformance_use_arena(1);
	conformance_start();
	fake_dma_forget();
	fake_dma_allow(conformance_arena[1], CONFORMANCE_ARENA_BYTES);
	fake_dma_allow(conformance_buffer, CONFORMANCE_BUFFER_BYTES);
	memset(conformance_arena[0], CONFORMANCE_UNTOUCHED, CONFORMANCE_ARENA_BYTES);
	conformance_churn(500);
	conformance_untouched(conformance_arena[0], CONFORMANCE_ARENA_BYTES);
}

void conformance_start_from_d3(void)
{
	fake_pci_add_pm(world.pci, 3);
	conformance_start();
	assert_int_equal(block_read(world.dev, 0, 100, conformance_buffer), 0);
	assert_memory_equal(
		conformance_buffer, conformance_sectors(0), 100 * world.dev->sector_bytes);
}

void conformance_read_only(void)
{
	fake_machine_reset();
	fake_pci_reset();
	fake_dma_allow(conformance_buffer, CONFORMANCE_BUFFER_BYTES);
	conformance_use_arena(0);
	world.disk.read_only = true;
	world.pci = world.dut->plug(&world.disk);
	conformance_start();
	if (!world.dev->read_only)
		skip(); /* a kind of controller that cannot say it */
	assert_int_equal(block_write(world.dev, 0, 1, conformance_buffer), ERR_READ_ONLY);
	assert_int_equal(block_read(world.dev, 0, 9, conformance_buffer), 0);
	assert_int_equal(world.disk.n_commands, 1);
}

/* With every size of arena: it works, or it says so; never a byte beyond. */
void conformance_little_memory(void)
{
	bool worked = false;
	for (size_t bytes = 0; !worked; bytes += 1361) {
		assert_true(bytes < CONFORMANCE_ARENA_BYTES);
		conformance_plug();
		memset(conformance_arena[0], CONFORMANCE_UNTOUCHED, CONFORMANCE_ARENA_BYTES);
		arena_init(&world.arena);
		assert_int_equal(arena_add(&world.arena, conformance_arena[0] + 40, bytes), 0);
		fake_dma_forget();
		fake_dma_allow(conformance_buffer, CONFORMANCE_BUFFER_BYTES);
		fake_dma_allow(conformance_arena[0] + 40, bytes);
		int err = disks_start(&world.disks, &world.arena, DISKS_ANY);
		worked = err == 0;
		if (worked) {
			world.dev = world.disks.dev[0];
			assert_int_equal(block_read(world.dev, 0, 64, conformance_buffer), 0);
		} else {
			assert_int_equal(err, ERR_NO_MEMORY);
			assert_int_equal(world.disks.n_failed, 1);
		}
		disks_stop(&world.disks);
		conformance_quiet();
		conformance_untouched(
			conformance_arena[0] + 40 + bytes, CONFORMANCE_ARENA_BYTES - 40 - bytes);
	}
}

/* The cases that all drivers share. */
#include "driver_conformance.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DISK_BYTES  (4u << 20)
#define N_SECTORS   (DISK_BYTES / world.dut->sector_bytes)
#define ARENA_BYTES (1u << 20)
#define MASTER      4u
#define MANY        256
#define UNTOUCHED   0x77

struct conformance_world world;
uint8_t *conformance_buffer;
static uint8_t *arena_memory[2];
static struct block_extent everything;

static unsigned random_state;

static unsigned random_below(unsigned n)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % n;
}

static void assert_untouched(const uint8_t *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (memory[i] != UNTOUCHED)
			fail_msg("byte %zu of %zu was changed", i, bytes);
	}
}

/* ---- the machine ---- */

/* Below 4 GiB, where every controller reaches. */
static uint8_t *low_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		-1, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

static void get_memory(void)
{
	if (conformance_buffer != NULL)
		return;
	conformance_buffer = low_memory(CONFORMANCE_BUFFER_BYTES);
	arena_memory[0] = low_memory(ARENA_BYTES);
	arena_memory[1] = low_memory(ARENA_BYTES);
}

static void use_arena(int i)
{
	arena_init(&world.arena);
	assert_int_equal(arena_add(&world.arena, arena_memory[i], ARENA_BYTES), 0);
	fake_dma_allow(arena_memory[i], ARENA_BYTES);
}

static void plug_again(void)
{
	fake_machine_reset();
	fake_pci_reset();
	fake_dma_allow(conformance_buffer, CONFORMANCE_BUFFER_BYTES);
	use_arena(0);
	memset(&world.disks, 0, sizeof(world.disks));
	fake_disk_free(&world.disk);
	fake_disk_init(&world.disk, world.dut->sector_bytes, N_SECTORS);
	world.pci = world.dut->plug(&world.disk);
}

int conformance_setup(void **state)
{
	memset(&world, 0, sizeof(world));
	world.dut = *state;
	get_memory();
	random_state = 99;
	plug_again();
	return 0;
}

void conformance_start(void)
{
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), 0);
	assert_int_equal(world.disks.n, 1);
	world.dev = world.disks.dev[0];
	everything = (struct block_extent){0, world.dev->n_sectors};
	block_allow_writes(world.dev, &everything, 1);
}

/* Two seconds of nothing: the device reads and writes no memory, and could not. */
static void assert_quiet(void)
{
	unsigned n_dma = world.pci->n_dma, n_refused = world.pci->n_dma_refused;
	assert_int_equal(fake_config16(world.pci, 4) & MASTER, world.pci->gone ? MASTER : 0);
	for (int i = 0; i < 2000; i++) {
		fake_clock_now_us += 1000;
		fake_tick();
	}
	assert_int_equal(world.pci->n_dma, n_dma);
	if (!world.disk.never_resets)
		assert_int_equal(world.pci->n_dma_refused, n_refused);
}

int conformance_teardown(void **state)
{
	(void)state;
	disks_stop(&world.disks);
	assert_quiet();
	fake_disk_free(&world.disk);
	fake_machine_reset();
	return 0;
}

/* ---- requests ---- */

struct one {
	struct block_req req;
	struct block_seg seg;
};

static uint8_t *disk_at(uint64_t lba)
{
	return world.disk.data + lba * world.dev->sector_bytes;
}

/* Like block_submit, for a read or write of contiguous memory. */
static int submit(struct one *o, enum block_dir dir, uint64_t lba, uint32_t n, void *buf)
{
	o->seg = (struct block_seg){buf, n * world.dev->sector_bytes};
	o->req = (struct block_req){
		.dir = dir, .lba = lba, .n_sectors = n, .seg = &o->seg, .n_segs = 1};
	return block_submit_wait(world.dev, &o->req);
}

/* ---- normal traffic ---- */

void conformance_geometry(void **state)
{
	(void)state;
	conformance_start();
	const struct block_dev *dev = world.dev;
	assert_int_equal(dev->sector_bytes, world.disk.sector_bytes);
	assert_int_equal(dev->n_sectors, world.disk.n_sectors);
	assert_string_equal(dev->serial, world.disk.serial);
	assert_int_equal(dev->pci_address, world.pci->address);
	assert_false(dev->read_only);
	assert_true(dev->queue_depth >= world.dut->min_depth);
	assert_true(strlen(dev->name) > 5);
	assert_int_equal(world.disk.n_commands, 0);
	assert_true(fake_config16(world.pci, 4) & MASTER);
	assert_int_equal(disks_start(&world.disks, &world.arena, 0x1000), ERR_NOT_FOUND);
	assert_int_equal(disks_start(&world.disks, &world.arena, world.pci->address), 0);
	assert_int_equal(world.disks.n, 1);
}

void conformance_read_and_write(void **state)
{
	(void)state;
	conformance_start();
	uint64_t n = N_SECTORS, bytes = DISK_BYTES;
	assert_int_equal(block_read(world.dev, 0, n, conformance_buffer), 0);
	assert_memory_equal(conformance_buffer, disk_at(0), bytes);
	for (uint64_t i = 0; i < bytes; i++)
		conformance_buffer[i] = (uint8_t)(i * 5 + i / 4096);
	assert_int_equal(block_write(world.dev, 0, n, conformance_buffer), 0);
	assert_memory_equal(conformance_buffer, disk_at(0), bytes);
	assert_int_equal(block_read(world.dev, N_SECTORS, 0, conformance_buffer), 0);
	assert_int_equal(block_read(world.dev, N_SECTORS, 1, conformance_buffer), ERR_BOUNDS);
	assert_int_equal(world.dev->bytes_read, bytes);
	assert_int_equal(world.dev->bytes_written, bytes);
}

void conformance_all_sizes(void **state)
{
	(void)state;
	conformance_start();
	for (uint32_t n = 1; n <= world.dev->max_sectors && n < 700; n += n < 70 ? 1 : 37) {
		struct one o;
		uint64_t lba = random_below(N_SECTORS - n + 1);
		memset(conformance_buffer, 0xcc, n * world.dev->sector_bytes + 1);
		assert_int_equal(submit(&o, BLOCK_READ, lba, n, conformance_buffer), 0);
		assert_int_equal(block_wait(world.dev, &o.req), 0);
		assert_memory_equal(conformance_buffer, disk_at(lba), o.seg.bytes);
		assert_int_equal(conformance_buffer[o.seg.bytes], 0xcc);
	}
}

/* Cuts n_sectors into pieces at random places of the buffer, in random order of memory. */
static uint32_t scatter(struct block_seg *seg, uint32_t n_sectors)
{
	const struct block_dev *dev = world.dev;
	uint32_t left = n_sectors * dev->sector_bytes, n = 0;
	while (left > 0) {
		uint32_t bytes = left;
		if (n + 1 < dev->max_segs)
			bytes = (1 + random_below(left / dev->dma_align)) * dev->dma_align;
		if (bytes > 3 * dev->sector_bytes && n + 1 < dev->max_segs && random_below(4) != 0)
			bytes = dev->sector_bytes;
		/* Each piece in its own part of the buffer, at an odd multiple of the alignment. */
		uint32_t place = CONFORMANCE_BUFFER_BYTES / dev->max_segs & ~(dev->dma_align - 1);
		seg[n] = (struct block_seg){conformance_buffer + n * place, bytes};
		if (bytes + dev->dma_align <= place)
			seg[n].buf = (uint8_t *)seg[n].buf + dev->dma_align;
		if (bytes > place)
			return 0;
		left -= bytes;
		n++;
	}
	return n;
}

static void compare_pieces(const struct block_seg *seg, uint32_t n, uint64_t lba)
{
	const uint8_t *at = disk_at(lba);
	for (uint32_t i = 0; i < n; i++) {
		assert_memory_equal(seg[i].buf, at, seg[i].bytes);
		at += seg[i].bytes;
	}
}

void conformance_scattered(void **state)
{
	(void)state;
	static struct block_seg seg[1024];
	conformance_start();
	assert_true(world.dev->max_segs <= 1024);
	unsigned n_done = 0, n_most = 0;
	for (int i = 0; i < 2000; i++) {
		uint32_t most = world.dev->max_sectors < 40 ? world.dev->max_sectors : 40;
		uint32_t n = 1 + random_below(most);
		struct block_req req = {.dir = i % 3 == 0 ? BLOCK_WRITE : BLOCK_READ,
			.lba = random_below(N_SECTORS - n + 1),
			.n_sectors = n,
			.seg = seg,
			.n_segs = scatter(seg, n)};
		if (req.n_segs == 0)
			continue;
		for (uint32_t k = 0; k < req.n_segs; k++)
			memset(seg[k].buf, i, seg[k].bytes);
		assert_int_equal(block_submit(world.dev, &req), 0);
		assert_int_equal(block_wait(world.dev, &req), 0);
		compare_pieces(seg, req.n_segs, req.lba);
		n_done++;
		n_most = req.n_segs > n_most ? req.n_segs : n_most;
	}
	assert_true(n_done > 500);
	assert_int_equal(n_most, world.dev->max_segs < 12 ? world.dev->max_segs : n_most);
}

void conformance_queue_full(void **state)
{
	(void)state;
	static struct one one[MANY];
	conformance_start();
	uint32_t sector = world.dev->sector_bytes, n = 0;
	assert_true(world.dev->queue_depth < MANY);
	world.disk.latency_us = 5000;
	for (;; n++) {
		one[n].seg = (struct block_seg){conformance_buffer + n * sector, sector};
		one[n].req = (struct block_req){.dir = BLOCK_READ,
			.lba = n * 3,
			.n_sectors = 1,
			.seg = &one[n].seg,
			.n_segs = 1};
		int err = block_submit(world.dev, &one[n].req);
		if (err == ERR_BUSY)
			break;
		assert_int_equal(err, 0);
		assert_true(n < world.dev->queue_depth);
	}
	assert_int_equal(n, world.dev->queue_depth);
	assert_int_equal(block_drain(world.dev), 0);
	assert_int_equal(world.disk.most_in_flight, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(one[i].req.status, 0);
		assert_memory_equal(one[i].seg.buf, disk_at(i * 3), sector);
	}
}

/* Reads and writes that overtake each other, each in its own part of disk and memory. */
static void churn(unsigned n_requests)
{
	static struct one one[MANY];
	uint32_t sector = world.dev->sector_bytes, per = 4, n_lanes = 100;
	memset(one, 0, sizeof(one));
	for (unsigned i = 0; i < n_requests; i++) {
		unsigned lane = random_below(n_lanes);
		struct one *o = &one[lane];
		while (o->req.status == ERR_BUSY)
			assert_int_equal(block_poll(world.dev), 0);
		uint8_t *buf = conformance_buffer + lane * per * sector;
		if (o->req.n_sectors != 0) {
			assert_int_equal(o->req.status, 0);
			assert_memory_equal(buf, disk_at(o->req.lba), o->seg.bytes);
		}
		uint32_t n =
			1 +
			random_below(per < world.dev->max_sectors ? per : world.dev->max_sectors);
		memset(buf, (int)i, n * sector);
		enum block_dir dir = random_below(3) == 0 ? BLOCK_WRITE : BLOCK_READ;
		assert_int_equal(submit(o, dir, lane * per, n, buf), 0);
	}
	assert_int_equal(block_drain(world.dev), 0);
}

void conformance_out_of_order(void **state)
{
	(void)state;
	conformance_start();
	world.disk.latency_us = 3;
	world.disk.jitter_us = 200;
	churn(5000);
	assert_int_equal(world.disk.n_commands, 5000);
	assert_true(world.disk.most_in_flight >= world.dut->min_depth);
}

/* More requests than 16 bits count. */
void conformance_ring_wraps(void **state)
{
	(void)state;
	conformance_start();
	churn(70000);
	assert_int_equal(world.disk.n_commands, 70000);
}

/* ---- flush ---- */

void conformance_flush(void **state)
{
	(void)state;
	conformance_start();
	struct one o;
	world.disk.latency_us = 500;
	assert_int_equal(submit(&o, BLOCK_WRITE, 7, 1, conformance_buffer), 0);
	assert_int_equal(block_flush(world.dev), 0);
	assert_int_equal(o.req.status, 0);
	assert_int_equal(world.disk.n_flushes, world.dut->no_flush ? 0 : 1);
	assert_int_equal(block_flush(world.dev), 0);
	assert_int_equal(block_read(world.dev, 7, 9, conformance_buffer), 0);
}

void conformance_flush_fails(void **state)
{
	(void)state;
	if (world.dut->no_flush)
		return;
	conformance_start();
	fake_clock_step_us = 500;
	world.disk.flush_fault = FAKE_IO_ERROR;
	assert_int_equal(block_flush(world.dev), ERR_IO);
	assert_int_equal(block_write(world.dev, 0, 1, conformance_buffer), 0);
	world.disk.flush_fault = FAKE_NONE;
	assert_int_equal(block_flush(world.dev), 0);
	world.disk.flush_fault = FAKE_SILENT;
	uint64_t start = fake_clock_now_us;
	assert_int_equal(block_flush(world.dev), ERR_TIMEOUT);
	assert_true(fake_clock_now_us - start < (BLOCK_FLUSH_TIMEOUT_MS + 10000) * 1000ull);
	assert_int_equal(block_flush(world.dev), ERR_LOST);
	assert_quiet();
}

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
	assert_quiet();
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
	assert_int_equal(submit(&o, BLOCK_READ, 8, 8, conformance_buffer), 0);
	int err = block_wait(world.dev, &o.req);
	/* Twice: the first answer may have been taken before the second was seen. */
	if (err == 0 && e->fault == FAKE_TWICE)
		err = block_poll(world.dev);
	if (!is_one_of(err, e->errors))
		fail_msg("%s, fault %d: %d", world.dut->name, e->fault, err);
	assert_true(fake_clock_now_us - start <= e->within_ms * 1000ull);
	if (e->lives) {
		assert_int_equal(block_read(world.dev, 8, 8, conformance_buffer), 0);
		assert_memory_equal(conformance_buffer, disk_at(8), 8 * world.dev->sector_bytes);
	} else {
		check_lost();
	}
}

void conformance_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_EXPECTATIONS; i++) {
		if (!model_knows(&expectations[i]))
			continue;
		one_fault(&expectations[i]);
		disks_stop(&world.disks);
		plug_again();
	}
}

/* One goes wrong while the queue is full of good ones: every request ends, the good ones with the
 * right data or, when the device is lost, with an error. */
static void fault_in_a_crowd(const struct expectation *e)
{
	static struct one one[MANY];
	conformance_start();
	uint32_t sector = world.dev->sector_bytes, n = world.dev->queue_depth;
	fake_clock_step_us = 200;
	world.disk.fault = e->fault;
	world.disk.fault_at = n / 2;
	world.disk.latency_us = 1000;
	world.disk.jitter_us = 1000;
	memset(one, 0, sizeof(one));
	uint32_t n_taken = 0;
	while (n_taken < n && submit(&one[n_taken], BLOCK_READ, n_taken, 1,
				      conformance_buffer + n_taken * sector) == 0)
		n_taken++;
	int err = block_drain(world.dev);
	assert_true(e->lives ? err == 0 : err != 0 || e->fault == FAKE_TWICE);
	uint32_t n_bad = 0;
	for (uint32_t i = 0; i < n_taken; i++) {
		assert_int_not_equal(one[i].req.status, ERR_BUSY);
		if (one[i].req.status == 0)
			assert_memory_equal(one[i].seg.buf, disk_at(i), sector);
		else
			n_bad++;
	}
	if (e->lives)
		assert_int_equal(n_bad, 1);
}

void conformance_fault_among_many(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_EXPECTATIONS; i++) {
		if (!model_knows(&expectations[i]))
			continue;
		fault_in_a_crowd(&expectations[i]);
		disks_stop(&world.disks);
		assert_quiet();
		plug_again();
	}
}

/* ---- stop and start ---- */

static void fill_queue(struct one *one)
{
	uint32_t sector = world.dev->sector_bytes;
	world.disk.latency_us = 1000;
	for (uint32_t i = 0; i < world.dev->queue_depth; i++)
		assert_int_equal(
			submit(&one[i], BLOCK_READ, i, 1, conformance_buffer + i * sector), 0);
	fake_tick();
}

void conformance_stop_in_flight(void **state)
{
	(void)state;
	static struct one one[MANY];
	conformance_start();
	fill_queue(one);
	memset(conformance_buffer, UNTOUCHED, CONFORMANCE_BUFFER_BYTES);
	block_stop(world.dev);
	assert_quiet();
	for (uint32_t i = 0; i < world.dev->queue_depth; i++)
		assert_int_equal(one[i].req.status, ERR_LOST);
	assert_untouched(conformance_buffer, CONFORMANCE_BUFFER_BYTES);
	block_stop(world.dev);
	assert_quiet();
	assert_int_equal(block_read(world.dev, 0, 1, conformance_buffer), ERR_LOST);
}

/* It does not react to being stopped: bus mastering goes off all the same, in finite time. */
void conformance_stop_of_a_stuck_device(void **state)
{
	(void)state;
	static struct one one[MANY];
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
	assert_quiet();
}

void conformance_start_of_a_stuck_device(void **state)
{
	(void)state;
	if (!world.dut->never_resets)
		return;
	conformance_start();
	fake_clock_step_us = 100;
	world.disk.never_resets = true;
	use_arena(1);
	uint64_t start = fake_clock_now_us;
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), ERR_TIMEOUT);
	assert_int_equal(world.disks.n, 0);
	assert_int_equal(world.disks.n_failed, 1);
	assert_true(fake_clock_now_us - start < 60000000);
	assert_quiet();
}

/* Somebody else's driver left it running, with requests in flight and its queues in memory that is
 * not ours: it is reset before anything else. */
void conformance_start_while_running(void **state)
{
	(void)state;
	static struct one one[MANY];
	conformance_start();
	fill_queue(one);
	world.disk.latency_us = 0;
	use_arena(1);
	conformance_start();
	fake_dma_forget();
	fake_dma_allow(arena_memory[1], ARENA_BYTES);
	fake_dma_allow(conformance_buffer, CONFORMANCE_BUFFER_BYTES);
	memset(arena_memory[0], UNTOUCHED, ARENA_BYTES);
	churn(500);
	assert_untouched(arena_memory[0], ARENA_BYTES);
}

void conformance_start_from_d3(void **state)
{
	(void)state;
	fake_pci_add_pm(world.pci, 3);
	conformance_start();
	assert_int_equal(block_read(world.dev, 0, 100, conformance_buffer), 0);
	assert_memory_equal(conformance_buffer, disk_at(0), 100 * world.dev->sector_bytes);
}

void conformance_read_only(void **state)
{
	(void)state;
	fake_machine_reset();
	fake_pci_reset();
	fake_dma_allow(conformance_buffer, CONFORMANCE_BUFFER_BYTES);
	use_arena(0);
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
void conformance_little_memory(void **state)
{
	(void)state;
	bool worked = false;
	for (size_t bytes = 0; !worked; bytes += 1361) {
		assert_true(bytes < ARENA_BYTES);
		plug_again();
		memset(arena_memory[0], UNTOUCHED, ARENA_BYTES);
		arena_init(&world.arena);
		assert_int_equal(arena_add(&world.arena, arena_memory[0] + 40, bytes), 0);
		fake_dma_forget();
		fake_dma_allow(conformance_buffer, CONFORMANCE_BUFFER_BYTES);
		fake_dma_allow(arena_memory[0] + 40, bytes);
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
		assert_quiet();
		assert_untouched(arena_memory[0] + 40 + bytes, ARENA_BYTES - 40 - bytes);
	}
}

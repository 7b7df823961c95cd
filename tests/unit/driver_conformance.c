/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cases that all drivers share. */
#include "driver_conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DISK_BYTES (4u << 20)
#define N_SECTORS  (DISK_BYTES / world.dut->sector_bytes)
#define MASTER     4u

struct conformance_world world;
uint8_t *conformance_buffer;
uint8_t *conformance_arena[2];
static struct block_extent everything;

static unsigned random_state;

static unsigned random_below(unsigned n)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % n;
}

void conformance_untouched(const uint8_t *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (memory[i] != CONFORMANCE_UNTOUCHED)
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
	conformance_arena[0] = low_memory(CONFORMANCE_ARENA_BYTES);
	conformance_arena[1] = low_memory(CONFORMANCE_ARENA_BYTES);
}

void conformance_use_arena(int i)
{
	arena_init(&world.arena);
	assert_int_equal(arena_add(&world.arena, conformance_arena[i], CONFORMANCE_ARENA_BYTES), 0);
	fake_dma_allow(conformance_arena[i], CONFORMANCE_ARENA_BYTES);
}

void conformance_plug(void)
{
	fake_machine_reset();
	fake_pci_reset();
	fake_dma_allow(conformance_buffer, CONFORMANCE_BUFFER_BYTES);
	conformance_use_arena(0);
	memset(&world.disks, 0, sizeof(world.disks));
	fake_disk_free(&world.disk);
	fake_disk_init(&world.disk, world.dut->sector_bytes, N_SECTORS);
	world.pci = world.dut->plug(&world.disk);
}

void conformance_setup(const struct driver_under_test *dut)
{
	memset(&world, 0, sizeof(world));
	world.dut = dut;
	get_memory();
	random_state = 99;
	conformance_plug();
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
void conformance_quiet(void)
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

void conformance_teardown(void)
{
	disks_stop(&world.disks);
	conformance_quiet();
	fake_disk_free(&world.disk);
	fake_machine_reset();
}

/* ---- requests ---- */

uint8_t *conformance_sectors(uint64_t lba)
{
	return world.disk.data + lba * world.dev->sector_bytes;
}

/* Like block_submit, for a read or write of contiguous memory. */
int conformance_submit(struct one *o, enum block_dir dir, uint64_t lba, uint32_t n, void *buf)
{
	o->seg = (struct block_seg){buf, n * world.dev->sector_bytes};
	o->req = (struct block_req){
		.dir = dir, .lba = lba, .n_sectors = n, .seg = &o->seg, .n_segs = 1};
	return block_submit_wait(world.dev, &o->req);
}

/* ---- normal traffic ---- */

void conformance_geometry(void)
{
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

void conformance_read_and_write(void)
{
	conformance_start();
	uint64_t n = N_SECTORS, bytes = DISK_BYTES;
	assert_int_equal(block_read(world.dev, 0, n, conformance_buffer), 0);
	assert_memory_equal(conformance_buffer, conformance_sectors(0), bytes);
	for (uint64_t i = 0; i < bytes; i++)
		conformance_buffer[i] = (uint8_t)(i * 5 + i / 4096);
	assert_int_equal(block_write(world.dev, 0, n, conformance_buffer), 0);
	assert_memory_equal(conformance_buffer, conformance_sectors(0), bytes);
	assert_int_equal(block_read(world.dev, N_SECTORS, 0, conformance_buffer), 0);
	assert_int_equal(block_read(world.dev, N_SECTORS, 1, conformance_buffer), ERR_BOUNDS);
	assert_int_equal(world.dev->bytes_read, bytes);
	assert_int_equal(world.dev->bytes_written, bytes);
}

void conformance_all_sizes(void)
{
	conformance_start();
	for (uint32_t n = 1; n <= world.dev->max_sectors && n < 700; n += n < 70 ? 1 : 37) {
		struct one o;
		uint64_t lba = random_below(N_SECTORS - n + 1);
		memset(conformance_buffer, 0xcc, n * world.dev->sector_bytes + 1);
		assert_int_equal(conformance_submit(&o, BLOCK_READ, lba, n, conformance_buffer), 0);
		assert_int_equal(block_wait(world.dev, &o.req), 0);
		assert_memory_equal(conformance_buffer, conformance_sectors(lba), o.seg.bytes);
		assert_int_equal(conformance_buffer[o.seg.bytes], 0xcc);
	}
}

/* The length of a piece that begins skip bytes after a place where pieces may meet. */
static uint32_t piece_bytes(uint32_t left, uint32_t skip, bool is_last)
{
	const struct block_dev *dev = world.dev;
	uint32_t unit = dev->join_align != 0 ? dev->join_align : dev->dma_align;
	uint32_t most = (left + skip) / unit;
	if (is_last || most == 0)
		return left;
	uint32_t small = dev->join_align != 0 ? unit - skip : dev->sector_bytes;
	uint32_t bytes = (1 + random_below(most)) * unit - skip;
	return bytes > 3 * dev->sector_bytes && random_below(4) != 0 ? small : bytes;
}

/* Cuts n_sectors into pieces, each in its own part of the buffer, at an odd multiple of the
 * alignment where that is allowed. 0: they do not fit. */
#define SCATTER_PIECES 41u
static uint32_t scatter(struct block_seg *seg, uint32_t n_sectors)
{
	const struct block_dev *dev = world.dev;
	uint32_t most = dev->max_segs < SCATTER_PIECES ? dev->max_segs : SCATTER_PIECES;
	uint32_t place = CONFORMANCE_BUFFER_BYTES / most & ~4095u;
	uint32_t left = n_sectors * dev->sector_bytes, n = 0;
	for (; left > 0; n++) {
		uint32_t skip = dev->dma_align;
		if (dev->join_align != 0)
			skip = n == 0 ? random_below(dev->join_align / skip) * skip : 0;
		uint32_t bytes = piece_bytes(left, dev->join_align != 0 ? skip : 0, n + 1 == most);
		if (bytes > place - skip)
			return 0;
		seg[n] = (struct block_seg){conformance_buffer + n * place + skip, bytes};
		left -= bytes;
	}
	return n;
}

static void compare_pieces(const struct block_seg *seg, uint32_t n, uint64_t lba)
{
	const uint8_t *at = conformance_sectors(lba);
	for (uint32_t i = 0; i < n; i++) {
		assert_memory_equal(seg[i].buf, at, seg[i].bytes);
		at += seg[i].bytes;
	}
}

void conformance_scattered(void)
{
	static struct block_seg seg[SCATTER_PIECES];
	conformance_start();
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

void conformance_queue_full(void)
{
	static struct one one[CONFORMANCE_MANY];
	conformance_start();
	uint32_t sector = world.dev->sector_bytes, n = 0;
	assert_true(world.dev->queue_depth < CONFORMANCE_MANY);
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
		assert_memory_equal(one[i].seg.buf, conformance_sectors(i * 3), sector);
	}
}

/* Reads and writes that overtake each other, each in its own part of disk and memory. */
void conformance_churn(unsigned n_requests)
{
	static struct one one[CONFORMANCE_MANY];
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
			assert_memory_equal(buf, conformance_sectors(o->req.lba), o->seg.bytes);
		}
		uint32_t n =
			1 +
			random_below(per < world.dev->max_sectors ? per : world.dev->max_sectors);
		memset(buf, (int)i, n * sector);
		enum block_dir dir = random_below(3) == 0 ? BLOCK_WRITE : BLOCK_READ;
		assert_int_equal(conformance_submit(o, dir, lane * per, n, buf), 0);
	}
	assert_int_equal(block_drain(world.dev), 0);
}

void conformance_out_of_order(void)
{
	conformance_start();
	world.disk.latency_us = 3;
	world.disk.jitter_us = 200;
	conformance_churn(5000);
	assert_int_equal(world.disk.n_commands, 5000);
	assert_true(world.disk.most_in_flight >= world.dut->min_depth);
}

/* More requests than 16 bits count. */
void conformance_ring_wraps(void)
{
	conformance_start();
	conformance_churn(70000);
	assert_int_equal(world.disk.n_commands, 70000);
}

/* ---- flush ---- */

void conformance_flush(void)
{
	conformance_start();
	struct one o;
	world.disk.latency_us = 500;
	assert_int_equal(conformance_submit(&o, BLOCK_WRITE, 7, 1, conformance_buffer), 0);
	assert_int_equal(block_flush(world.dev), 0);
	assert_int_equal(o.req.status, 0);
	assert_int_equal(world.disk.n_flushes, world.dut->no_flush ? 0 : 1);
	assert_int_equal(block_flush(world.dev), 0);
	assert_int_equal(block_read(world.dev, 7, 9, conformance_buffer), 0);
}

void conformance_flush_fails(void)
{
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
	conformance_quiet();
}

uint32_t conformance_most_pieces(void)
{
	static struct block_seg seg[CONFORMANCE_MANY];
	uint32_t n = world.dev->max_segs;
	assert_true(n <= CONFORMANCE_MANY);
	for (uint32_t i = 0; i < n; i++)
		seg[i] = (struct block_seg){conformance_buffer + 1024 * i, 512};
	struct block_req req = {.lba = 1, .n_sectors = n, .seg = seg, .n_segs = n};
	assert_int_equal(block_submit(world.dev, &req), 0);
	assert_int_equal(block_wait(world.dev, &req), 0);
	return n;
}

/* ---- all of them ---- */

#define CASE(f)                                                                                    \
	{                                                                                          \
#f, conformance_##f                                                                \
	}
static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	CASE(geometry),
	CASE(read_and_write),
	CASE(all_sizes),
	CASE(scattered),
	CASE(queue_full),
	CASE(out_of_order),
	CASE(ring_wraps),
	CASE(flush),
	CASE(flush_fails),
	CASE(faults),
	CASE(fault_among_many),
	CASE(stop_in_flight),
	CASE(stop_of_a_stuck_device),
	CASE(start_of_a_stuck_device),
	CASE(start_while_running),
	CASE(start_from_d3),
	CASE(read_only),
	CASE(little_memory),
};

static void set_up_variant(void)
{
	conformance_setup(tests_param);
}

/* A case's name is "variant: case". */
static void enter(const char *name, void (*run)(void), const struct driver_under_test *variant)
{
	static const struct fixture each = {set_up_variant, conformance_teardown};
	struct entry {
		struct test test;
		char name[96];
	} *e = calloc(1, sizeof(*e));
	assert_non_null(e);
	snprintf(e->name, sizeof(e->name), "%s: %s", variant->name, name);
	e->test = (struct test){"", 0, e->name, run, &each, variant, NULL};
	tests_add(&e->test);
}

void conformance_enter(const struct driver_under_test *variants, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
			enter(cases[c].name, cases[c].run, &variants[i]);
	}
}

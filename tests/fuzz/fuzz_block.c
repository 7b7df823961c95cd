/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzzers of the disk drivers differ in the controller only: what it answers is the input,
 * and that no answer hangs or corrupts is checked here.
 */
#include "fuzz_block.h"

#include <string.h>
#include <sys/mman.h>

#include "block.h"
#include "disks.h"
#include "pci.h"

#define ARENA_BYTES  (512u << 10)
#define BUFFER_BYTES (256u << 10)
#define N_REQUESTS   40
#define READ_SECTORS 64u /* in one go: as many of 4 KiB as the buffer holds */

static struct {
	const uint8_t *data;
	size_t left;
} input;

static uint8_t *arena_memory, *buffer;

uint8_t fuzz_take8(void)
{
	if (input.left == 0)
		return 0;
	input.left--;
	return *input.data++;
}

uint64_t fuzz_take(unsigned bytes)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | fuzz_take8();
	return v;
}

bool fuzz_at_end(void)
{
	return input.left == 0;
}

/* Below 4 GiB: not every device reaches further. */
static void get_memory(void)
{
	if (arena_memory != NULL)
		return;
	arena_memory = mmap(NULL, ARENA_BYTES + BUFFER_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	FUZZ_CHECK(arena_memory != MAP_FAILED);
	buffer = arena_memory + ARENA_BYTES;
}

void fuzz_block_begin(const uint8_t *data, size_t bytes, uint64_t clock_step_us)
{
	get_memory();
	input.data = data;
	input.left = bytes;
	fake_machine_reset();
	fake_clock_step_us = clock_step_us;
	fake_pci_reset_same_buses();
	fake_dma_allow(arena_memory, ARENA_BYTES + BUFFER_BYTES);
}

static void use(struct block_dev *disk)
{
	struct block_extent all = {0, disk->n_sectors};
	struct block_req req[N_REQUESTS] = {0};
	struct block_seg seg[N_REQUESTS];
	uint32_t n = disk->sector_bytes;
	block_allow_writes(disk, &all, 1);
	for (unsigned i = 0; i < N_REQUESTS; i++) {
		seg[i] = (struct block_seg){buffer + i * n, n};
		req[i] = (struct block_req){.dir = i % 3 == 0 ? BLOCK_WRITE : BLOCK_READ,
			.lba = i % disk->n_sectors,
			.n_sectors = 1,
			.seg = &seg[i],
			.n_segs = 1};
		if (block_submit_wait(disk, &req[i]) != 0)
			break;
	}
	if (block_drain(disk) == 0) {
		(void)!block_flush(disk);
		(void)!block_read(disk, 0,
			disk->n_sectors < READ_SECTORS ? disk->n_sectors : READ_SECTORS, buffer);
	}
	for (unsigned i = 0; i < N_REQUESTS; i++)
		FUZZ_CHECK(req[i].status != ERR_BUSY && req[i].status != ERR_BUG);
	/* block.c was not told nonsense. */
	FUZZ_CHECK(disk->lost != ERR_BUG);
}

void fuzz_block_run(const struct fake_pci_dev *controller)
{
	static struct arena arena;
	static struct disks disks;
	arena_init(&arena);
	FUZZ_CHECK(arena_add(&arena, arena_memory, ARENA_BYTES) == 0);
	(void)!disks_start(&disks, &arena, DISKS_ANY);
	for (uint32_t i = 0; i < disks.n; i++)
		use(disks.dev[i]);
	disks_stop(&disks);
	FUZZ_CHECK(controller->gone || disks.n == 0 || !(fake_config16(controller, 4) & 4));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handoff block: a good one, with the input over it at a place that the input names. What is
 * accepted must keep every promise that the writer builds on.
 */
#include <string.h>

#include "fuzz.h"
#include "handoff_check.h"
#include "pages.h"

#define BASE 0x40000000ull

static struct handoff h;

static void start(void)
{
	memset(&h, 0, sizeof(h));
	h.magic = HANDOFF_MAGIC;
	h.version = HANDOFF_VERSION;
	h.bytes = sizeof(h);
	h.mailbox = 0x50000000;
	h.action = HANDOFF_REBOOT;
	h.sector_bytes = 512;
	h.n_extents = 1;
	h.n_sectors = 1 << 20;
	h.n_region = 2;
	h.n_memory = 4;
	h.region[0] = BASE;
	h.region[1] = BASE + 2 * REGION_FRAME_BYTES;
	h.memory[0] = (struct memory_range){0x1000, 0x9fc00, MEMORY_RAM, 0};
	h.memory[1] = (struct memory_range){0x100000, 0x7fff0000, MEMORY_RAM, 0};
	h.memory[2] = (struct memory_range){0x7fff0000, 0x80000000, MEMORY_ACPI, 0};
	h.memory[3] = (struct memory_range){0x100000000, 0x140000000, MEMORY_RAM, 0};
	h.extent[0] = (struct handoff_extent){2048, 1 << 16};
	h.n_left_out = 1;
	h.left_out[0] = (struct handoff_frames){0x1234, 0x1236};
	h.n_filesystems = 2;
	h.filesystem[0] = (struct handoff_filesystem){.sector_bytes = 512,
		.disk_sectors = 1 << 20,
		.lba = 2048,
		.n_sectors = 1 << 16,
		.n_ranges = 1,
		.range = {{1024, 1024}}};
	h.filesystem[1] = (struct handoff_filesystem){.reason = "software RAID"};
}

static int is_ram(uint64_t start_byte, uint64_t bytes)
{
	for (uint32_t i = 0; i < h.n_memory; i++)
		if (h.memory[i].type == MEMORY_RAM && h.memory[i].start <= start_byte &&
			start_byte + bytes <= h.memory[i].end)
			return 1;
	return 0;
}

static void check_memory(void)
{
	FUZZ_CHECK(h.n_memory > 0 && h.n_memory <= HANDOFF_MEMORY_MAX);
	for (uint32_t i = 0; i < h.n_memory; i++) {
		FUZZ_CHECK(h.memory[i].start < h.memory[i].end);
		FUZZ_CHECK(h.memory[i].end <= 1ull << 52);
		FUZZ_CHECK(i == 0 || h.memory[i - 1].end <= h.memory[i].start);
	}
	FUZZ_CHECK(h.n_region > 0 && h.n_region <= HANDOFF_REGION_MAX && h.region[0] == BASE);
	FUZZ_CHECK(h.mailbox % REGION_FRAME_BYTES == 0 && is_ram(h.mailbox, REGION_FRAME_BYTES));
	for (uint32_t i = 0; i < h.n_region; i++) {
		FUZZ_CHECK(h.region[i] % REGION_FRAME_BYTES == 0 && h.region[i] != h.mailbox);
		FUZZ_CHECK(is_ram(h.region[i], REGION_FRAME_BYTES));
	}
}

static void check_target(void)
{
	FUZZ_CHECK(h.sector_bytes == 512 || h.sector_bytes == 4096);
	FUZZ_CHECK(h.n_extents > 0 && h.n_extents <= HANDOFF_EXTENTS_MAX);
	for (uint32_t i = 0; i < h.n_extents; i++)
		FUZZ_CHECK(h.extent[i].n_sectors > 0 && h.extent[i].lba < h.n_sectors &&
			   h.extent[i].n_sectors <= h.n_sectors - h.extent[i].lba);
	FUZZ_CHECK(h.n_runtime <= SAVED_RUNTIME_MAX);
	FUZZ_CHECK(memchr(h.kernel_release, 0, sizeof(h.kernel_release)) != NULL);
	FUZZ_CHECK(!h.vmcoreinfo || is_ram(h.vmcoreinfo, h.vmcoreinfo_bytes));
	FUZZ_CHECK(!h.saved_context || is_ram(h.saved_context, 512));
}

static void check_filesystems(void)
{
	FUZZ_CHECK(h.n_filesystems <= HANDOFF_FILESYSTEMS_MAX && h.reusable <= 1);
	for (uint32_t i = 0; i < h.n_filesystems; i++) {
		const struct handoff_filesystem *f = &h.filesystem[i];
		FUZZ_CHECK(memchr(f->mount_point, 0, sizeof(f->mount_point)) != NULL);
		FUZZ_CHECK(memchr(f->reason, 0, sizeof(f->reason)) != NULL);
		if (f->reason[0])
			continue;
		FUZZ_CHECK(f->lba < f->disk_sectors && f->n_sectors <= f->disk_sectors - f->lba);
		FUZZ_CHECK(f->n_ranges > 0 && f->n_ranges <= HANDOFF_RANGES_MAX);
		for (uint32_t j = 0; j < f->n_ranges; j++)
			FUZZ_CHECK(f->range[j].bytes - 1 < 65536 &&
				   f->range[j].offset / f->sector_bytes < f->n_sectors &&
				   (f->range[j].offset + f->range[j].bytes - 1) / f->sector_bytes <
					   f->n_sectors);
	}
}

static void check_left_out(const struct ranges *frames)
{
	FUZZ_CHECK(h.n_left_out <= HANDOFF_LEFT_OUT_MAX);
	for (uint32_t i = 0; i < h.n_left_out; i++)
		FUZZ_CHECK(!ranges_touch(frames, h.left_out[i].first, h.left_out[i].end));
}

/* As many ranges as the writer has. */
static void check_pages(void)
{
	static struct range v[PAGES_RANGES_MAX];
	struct ranges frames;
	ranges_init(&frames, v, PAGES_RANGES_MAX);
	FUZZ_CHECK(pages_to_map(&h, &frames) == 0);
	check_left_out(&frames);
	ranges_init(&frames, v, PAGES_RANGES_MAX);
	FUZZ_CHECK(pages_select(&h, &frames) == 0);
	check_left_out(&frames);
	FUZZ_CHECK(!ranges_touch(&frames, 0, 1));
	for (uint32_t i = 0; i < h.n_region; i++)
		FUZZ_CHECK(!ranges_touch(&frames, h.region[i] / 4096, h.region[i] / 4096 + 512));
	FUZZ_CHECK(ranges_contain(&frames, h.mailbox / 4096, h.mailbox / 4096 + 512));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const char *what = NULL;
	start();
	fuzz_patch(&h, sizeof(h), data, bytes);
	int err = handoff_check(&h, BASE, &what);
	FUZZ_CHECK(err == 0 ? what == NULL : err == ERR_ARGUMENT && what[0]);
	if (err)
		return 0;
	check_memory();
	check_target();
	check_filesystems();
	check_pages();
	return 0;
}

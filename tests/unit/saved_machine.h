/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that was saved: what its image holds, and the image on a disk, written by the code
 * that the writer uses. And the machine as a front door describes it, for the loader's side.
 */
#ifndef TESTS_UNIT_SAVED_MACHINE_H
#define TESTS_UNIT_SAVED_MACHINE_H

#include "area_io.h"
#include "boot_info.h"
#include "ranges.h"
#include "saved_state.h"

struct saved_machine {
	uint8_t area_uuid[16];
	struct saved_cpu cpu;
	struct saved_platform platform;
	struct saved_ledger ledger;
	struct saved_frame region[BOOT_REGION_MAX + 1];
	struct runtime_range runtime[16];
	struct saved_table table[16];
	struct saved_processor processor[8];
	struct saved_registers registers[8];
	uint32_t n_processors, n_registers;
	uint32_t n_region, n_runtime, n_tables; /* n_tables 0: no such object */
	struct saved_filesystem filesystem[4];
	uint32_t n_filesystems;
	bool without_filesystems; /* as older writers: the image says nothing of them */
	struct range frames[16];  /* in the page stream, ascending */
	uint32_t n_frames;
	uint32_t chunk_pages;
	const void *(*content)(
		uint64_t pfn);             /* of n frames from there; NULL: all frames are zero */
	int (*more)(struct img_writer *w); /* writes other objects; NULL: none */
};

/* 64 MiB below and 16 MiB above 4 GiB, started by a BIOS; everything but the region is in the
 * image. */
#define SAVED_REGION_0  0x1000000ull
#define SAVED_REGION_1  0x1400000ull
#define SAVED_MAILBOX   0x2000000ull
#define SAVED_STACK     0x3000ff8ull
#define SAVED_JUMP_BACK 0x3001800ull
void saved_machine_init(struct saved_machine *m);

/* The same machine as it is when the loader starts. */
void saved_machine_boot_info(struct boot_info *bi);

/* A whole save into an area, as the writer does it. Returns the first error. */
int saved_machine_write(const struct saved_machine *m, struct area *a);

/* The same into sectors of a disk; fails the test on errors. */
void saved_machine_write_to(
	const struct saved_machine *m, struct block_dev *dev, uint64_t lba, uint64_t n_sectors);

/* Another state in the header of an image. */
void saved_machine_set_state(
	struct block_dev *dev, uint64_t lba, uint64_t n_sectors, enum img_state state);

#endif

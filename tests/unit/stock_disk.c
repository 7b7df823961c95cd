/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's suites of stock images start from a disk with one, and one thing wrong with it. */
#include "stock_disk.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"

void stock_disk_init(struct stock_disk *d, const struct swb_params *p, uint32_t sector_bytes)
{
	fake_machine_reset();
	memset(d, 0, sizeof(*d));
	swb_build(&d->image, p);
	uint64_t n = d->image.disk_pages * SWB_PAGE / sector_bytes;
	fake_ram_disk_init(&d->disk, sector_bytes, DISK_LBA + n + 8);
	memcpy(d->disk.bytes + DISK_LBA * sector_bytes, d->image.disk,
		d->image.disk_pages * SWB_PAGE);
	d->disks = (struct disks){.dev = {&d->disk.dev}, .n = 1};
	d->options.swap = (struct place_query){.by = PLACE_BY_LBA, .lba = DISK_LBA, .n_sectors = n};
	d->options.resume_offset = p->header_page;
	d->arena_memory = aligned_alloc(4096, STOCK_DISK_ARENA_BYTES);
	d->work = aligned_alloc(4096, STOCK_WORK_BYTES);
	assert_non_null(d->arena_memory);
	assert_non_null(d->work);
}

void stock_disk_free(struct stock_disk *d)
{
	fake_ram_disk_free(&d->disk);
	swb_free(&d->image);
	free(d->arena_memory);
	free(d->work);
	memset(d, 0, sizeof(*d));
}

uint8_t *stock_disk_header(struct stock_disk *d)
{
	return d->disk.bytes + DISK_LBA * d->disk.dev.sector_bytes +
	       d->image.p.header_page * SWB_PAGE;
}

int stock_disk_find(struct stock_disk *d)
{
	arena_init(&d->arena);
	assert_int_equal(arena_add(&d->arena, d->arena_memory, STOCK_DISK_ARENA_BYTES), 0);
	block_allow_writes(&d->disk.dev, NULL, 0);
	return stock_find(&d->disks, &d->options, &d->arena, d->work, &d->stock);
}

void stock_disk_open(struct stock_disk *d)
{
	int err = stock_disk_find(d);
	if (!err)
		err = stock_open(&d->stock, &d->arena);
	if (err)
		fail_msg("error %d", err);
}

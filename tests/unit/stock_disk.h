/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hibernation images of stock kernels on disks of RAM, for the loader's side. */
#ifndef TESTS_UNIT_STOCK_DISK_H
#define TESTS_UNIT_STOCK_DISK_H

#include "fake_ram_disk.h"
#include "stock.h"
#include "swsusp_builder.h"

#define SWAP_TYPE "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"
#define DISK_LBA  64u /* where stock_disk_init puts the swap area */

/* One disk with nothing but this image, and the options that name it. */
struct stock_disk {
	struct fake_ram_disk disk;
	struct disks disks;
	struct options options;
	struct swb_image image;
	struct arena arena;
	uint8_t *arena_memory, *work;
	struct stock stock;
};

#define STOCK_DISK_ARENA_BYTES (12u << 20)

void stock_disk_init(struct stock_disk *d, const struct swb_params *p, uint32_t sector_bytes);
void stock_disk_free(struct stock_disk *d);

/* The header page on the disk. */
uint8_t *stock_disk_header(struct stock_disk *d);

/* A boot: an empty arena, no writes allowed, stock_find. */
int stock_disk_find(struct stock_disk *d);

/* The same with stock_open; fails the test on an error. */
void stock_disk_open(struct stock_disk *d);

#endif

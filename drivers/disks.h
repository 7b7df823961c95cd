/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All disks of the machine, found by PCI class and ID, drivers listed explicitly in
 * disks_start.c. */
#ifndef DRIVERS_DISKS_H
#define DRIVERS_DISKS_H

#include <stddef.h>

#include "arena.h"
#include "block.h"

#define DISKS_MAX 32

struct disks {
	struct block_dev *dev[DISKS_MAX];
	uint32_t n;
	uint32_t n_failed; /* controllers that a driver took and could not start; each is logged */
};

/* Starts every disk controller that we have a driver for; only the one at pci_address when that is
 * not DISKS_ANY. DMA memory comes from the arena. A controller that fails is logged and passed
 * over. When no disk at all was started: why the last controller failed (ERR_NO_MEMORY: the arena
 * is too small), or ERR_NOT_FOUND. */
#define DISKS_ANY 0xffffffffu
int disks_start(struct disks *d, struct arena *dma, uint32_t pci_address) MUST_CHECK;

/* Stops every disk (block_stop): afterwards no controller that disks_start touched does DMA. */
void disks_stop(struct disks *d);

/* For the power-off: all are parked, then stopped. One that does not park is logged. */
void disks_park(struct disks *d);

/* For drivers, from their probe: this disk is ready. Checks what the driver filled in, logs a
 * line. On an error (no room, or a geometry that block.c cannot work with) the driver stops the
 * device. */
int disks_add(struct disks *d, struct block_dev *dev) MUST_CHECK;

/* For drivers: a serial number as a device gives it (blank padded, or zero terminated), as a
 * text. */
void disks_text(char *dst, size_t cap, const void *text, size_t n);

#endif

/* All disks of the machine, found by PCI class and ID, drivers listed explicitly in disks.c. */
#ifndef DRIVERS_DISKS_H
#define DRIVERS_DISKS_H

#include "arena.h"
#include "block.h"

#define DISKS_MAX 32

struct disks {
	struct block_dev *dev[DISKS_MAX];
	uint32_t n;
	uint32_t
		n_failed; /* controllers that a driver took and could not start (each has its log line) */
};

/* Starts every disk controller that we have a driver for; only the one at pci_address when that is not
 * DISKS_ANY. DMA memory comes from the arena. A controller that fails is logged and passed over.
 * ERR_NO_MEMORY when the arena is too small, ERR_NOT_FOUND when no disk at all was found. */
#define DISKS_ANY 0xffffffffu
int disks_start(struct disks *d, struct arena *dma, uint32_t pci_address) MUST_CHECK;

/* Stops every disk (block_stop): afterwards no controller that disks_start touched does DMA. */
void disks_stop(struct disks *d);

#endif

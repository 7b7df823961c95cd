/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of disks that the drivers fill (disks_start.c starts them): what may be in it, and its
 * end. */
#include "disks.h"

#include <string.h>

#include "log.h"

/* Longest request in bytes; seg.bytes must be able to hold it. */
#define REQUEST_BYTES_MAX (1u << 30)

void disks_stop(struct disks *d)
{
	for (uint32_t i = 0; i < d->n; i++)
		block_stop(d->dev[i]);
}

void disks_park(struct disks *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		int err = d->dev[i]->lost ? 0 : block_park(d->dev[i]);
		if (err != 0)
			log_line("disk %s: not parked: %s", d->dev[i]->name, err_text(err));
	}
	disks_stop(d);
}

static bool geometry_is_good(const struct block_dev *dev)
{
	uint32_t sector = dev->sector_bytes;
	if (sector != 512 && sector != 4096)
		return false;
	if (dev->n_sectors == 0 || dev->n_sectors > UINT64_MAX / sector)
		return false;
	if (dev->max_sectors == 0 || dev->max_sectors > REQUEST_BYTES_MAX / sector)
		return false;
	if (dev->max_segs == 0 || dev->queue_depth == 0)
		return false;
	return dev->dma_align != 0 && sector % dev->dma_align == 0;
}

int disks_add(struct disks *d, struct block_dev *dev)
{
	if (d->n == DISKS_MAX) {
		log_line("disk %s: left out, there is room for %u", dev->name, DISKS_MAX);
		return ERR_NO_MEMORY;
	}
	if (!geometry_is_good(dev))
		return ERR_UNSUPPORTED;
	log_line("disk %s: %llu sectors of %u bytes, serial \"%s\", %s, %u requests of %u sectors "
		 "in %u pieces",
		dev->name, (unsigned long long)dev->n_sectors, dev->sector_bytes, dev->serial,
		dev->read_only ? "read-only" : "writable", dev->queue_depth, dev->max_sectors,
		dev->max_segs);
	d->dev[d->n++] = dev;
	return 0;
}

void disks_text(char *dst, size_t cap, const void *text, size_t n)
{
	const char *at = text;
	n = strnlen(at, n);
	while (n > 0 && *at == ' ') {
		at++;
		n--;
	}
	while (n > 0 && at[n - 1] == ' ')
		n--;
	if (n > cap - 1)
		n = cap - 1;
	for (size_t i = 0; i < n; i++)
		dst[i] = at[i] >= ' ' && at[i] < 0x7f ? at[i] : '?';
	dst[n] = 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The common part of controller models. */
#include "fake_disk.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"

void fake_disk_init(struct fake_disk *d, uint32_t sector_bytes, uint64_t n_sectors)
{
	memset(d, 0, sizeof(*d));
	d->sector_bytes = sector_bytes;
	d->n_sectors = n_sectors;
	d->serial = "FAKE-0001";
	d->random = 4711;
	uint64_t bytes = sector_bytes * n_sectors;
	d->data = malloc(bytes);
	if (d->data == NULL)
		fake_fail("no memory");
	uint64_t *word = (uint64_t *)d->data;
	for (uint64_t i = 0; i < bytes / 8; i++)
		word[i] = (i + 1) * 0x9e3779b97f4a7c15u;
}

void fake_disk_free(struct fake_disk *d)
{
	free(d->data);
	d->data = NULL;
}

enum fake_fault fake_disk_command(struct fake_disk *d)
{
	return d->n_commands++ == d->fault_at ? d->fault : FAKE_NONE;
}

uint64_t fake_disk_ready_us(struct fake_disk *d)
{
	uint64_t ready = fake_clock_now_us + d->latency_us;
	if (d->jitter_us != 0) {
		d->random = d->random * 1103515245 + 12345;
		ready += (d->random >> 8) % d->jitter_us;
	}
	return ready;
}

uint8_t *fake_disk_at(struct fake_disk *d, uint64_t first_byte, uint64_t bytes)
{
	uint64_t size = d->sector_bytes * d->n_sectors;
	if (first_byte > size || bytes > size - first_byte || first_byte % d->sector_bytes != 0 ||
		bytes % d->sector_bytes != 0)
		fake_fail("command for byte %llu, %llu bytes: not sectors of the disk",
			(unsigned long long)first_byte, (unsigned long long)bytes);
	return d->data + first_byte;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two suites, of what works and of what fails, start from the same area. */
#include "area_common.h"

#include <stdlib.h>

#include "machine.h"

struct fake_ram_disk disk;
struct area area;

void area_setup(void)
{
	fake_machine_reset();
	fake_ram_disk_init(&disk, 512, N_SECTORS);
}

void area_teardown(void)
{
	fake_ram_disk_free(&disk);
}

uint64_t random_state;

uint64_t rnd(uint64_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (random_state >> 33) % n;
}

uint8_t *buffer(size_t bytes)
{
	uint8_t *p = aligned_alloc(IMG_BLOCK_BYTES, (bytes + 4095) & ~(size_t)4095);
	assert_non_null(p);
	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)rnd(256);
	return p;
}

void init(const struct block_extent *e, uint32_t n)
{
	assert_int_equal(area_init(&area, &disk.dev, e, n), 0);
}

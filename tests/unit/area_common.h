/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An area on a disk of RAM, for the suites of area_io.c. */
#ifndef TESTS_UNIT_AREA_COMMON_H
#define TESTS_UNIT_AREA_COMMON_H

#include "test.h"

#include "area_io.h"
#include "fake_ram_disk.h"

#define BLOCK     ((uint64_t)IMG_BLOCK_BYTES)
#define N_SECTORS 32768 /* of 512 bytes, on the disk of every test */

extern struct fake_ram_disk disk;
extern struct area area;

void area_setup(void);
void area_teardown(void);

extern uint64_t random_state;
uint64_t rnd(uint64_t n);

/* Whole blocks, filled at random. */
uint8_t *buffer(size_t bytes);

/* area_init, which must succeed. */
void init(const struct block_extent *e, uint32_t n);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An area on a disk of RAM, for the suites of area_io.c. */
#ifndef TESTS_UNIT_AREA_COMMON_H
#define TESTS_UNIT_AREA_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "area_io.h"
#include "fake_ram_disk.h"

#define BLOCK     ((uint64_t)IMG_BLOCK_BYTES)
#define N_SECTORS 32768 /* of 512 bytes, on the disk of every test */

extern struct fake_ram_disk disk;
extern struct area area;

int area_setup(void **state);
int area_teardown(void **state);
#define AREA_TEST(name) cmocka_unit_test_setup_teardown(name, area_setup, area_teardown)

extern uint64_t random_state;
uint64_t rnd(uint64_t n);

/* Whole blocks, filled at random. */
uint8_t *buffer(size_t bytes);

/* area_init, which must succeed. */
void init(const struct block_extent *e, uint32_t n);

#endif

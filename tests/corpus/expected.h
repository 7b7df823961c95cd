/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is right, from the lines of the file alone: written for this test, shares nothing with the loader. And what
 * the loader did before it was mended, to count by.
 */
#ifndef TESTS_CORPUS_EXPECTED_H
#define TESTS_CORPUS_EXPECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot_info.h"
#include "map_file.h"
#include "swsusp.h"

struct intervals { /* of frames: ascending, disjoint */
	struct interval {
		uint64_t start, end;
	} * v;
	uint32_t n;
};

void intervals_free(struct intervals *r);
uint64_t intervals_total(const struct intervals *r);

/* Whole frames that some line calls RAM and none calls anything else, in all of the n maps. with_acpi: ACPI
 * tables count as RAM (the rule before). */
void expected_ram(
	const struct map_file *const *maps, uint32_t n, bool with_acpi, struct intervals *ret);

/* Takes out every frame that a nosave line of m touches. */
void expected_remove_nosave(const struct map_file *m, struct intervals *r);
bool expected_is_nosave(const struct map_file *m, uint64_t start, uint64_t bytes);

/* What the image leaves of it from 1 MiB on. */
struct gaps {
	uint64_t largest, total; /* bytes */
	uint64_t best;           /* of the BOOT_REGION_MAX largest together */
};
void expected_gaps(const struct intervals *ram, const struct swsusp_image *image, struct gaps *ret);

/* NULL: the piece is ours to use; else whose it is. */
const char *expected_owner(const struct map_file *const *maps, uint32_t n,
	const struct intervals *ram, const struct swsusp_image *image, uint64_t start,
	uint64_t bytes);

/* stock_place as it was at commit 39a3148: 0 pieces: refused. */
uint32_t place_before(const struct intervals *ram_and_acpi, const struct swsusp_image *image,
	uint64_t program_bytes, struct boot_piece ret[BOOT_REGION_MAX]);

/* Some of [start, start + bytes) is of this e820 type by the file. */
bool is_type_in(const struct map_file *m, uint32_t type, uint64_t start, uint64_t bytes);

#endif

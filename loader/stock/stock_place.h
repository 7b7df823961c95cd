/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the loader may be while a stock kernel's image is restored. Such an image does not say: it
 * holds no frame that the kernel did not own, and the kernel goes on to use some of those (ACPI
 * tables, NVS, runtime services). So the place is memory that was the kernel's to use, and that its
 * image does not need.
 */
#ifndef LOADER_STOCK_PLACE_H
#define LOADER_STOCK_PLACE_H

#include "boot_info.h"
#include "ranges.h"
#include "smp.h"
#include "stock.h"

/* Memory that is RAM now and was RAM for the saved kernel (old_ram, frames; NULL: not known, then
 * this boot's map is all there is), in no frame of the image, not below 1 MiB, and outside what
 * runs now (busy, frames). At most BOOT_REGION_MAX pieces; those that hold the program come first,
 * of these and of the others those below 4 GiB, then the largest. ERR_NO_MEMORY, with a line of
 * what is needed and what there is, when no piece holds program_bytes or all together have less
 * than stock_place_need. */
int stock_place(const struct stock *s, const struct boot_info *bi, const struct ranges *old_ram,
	const struct ranges *busy, uint64_t program_bytes, struct boot_piece *ret_pieces,
	uint32_t *ret_n) MUST_CHECK;

/* What the run in the region takes, program and all, with the smallest buffers. */
uint64_t stock_place_need(
	const struct stock *s, const struct boot_info *bi, uint64_t program_bytes);

/* For other processors to begin in (low_memory.h), by the same rule, beside the pieces; 0: none.
 * Where the image needs all of it, frames of the image: their content is put back before it is
 * restored anyway. */
struct smp_low stock_place_low(const struct stock *s, const struct boot_info *bi,
	const struct ranges *old_ram, const struct boot_piece *pieces, uint32_t n_pieces);

#endif

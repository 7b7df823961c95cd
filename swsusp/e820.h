/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Linux makes of its boot loader's memory map before it takes the checksum that a hibernation
 * image has (README.md, "memory map"): the one copy of that rule, for the loader (this boot's map)
 * and for the command (the map of the boot that is about to be saved). Pure, as swsusp.h.
 */
#ifndef SWSUSP_E820_H
#define SWSUSP_E820_H

#include "swsusp.h"

/* The kernel's own limit with 1024 memory nodes: longer tables it does not take whole. */
#define SWSUSP_E820_MAX 3200u

/* Entries of the cleaned-up table, one after another. */
struct swsusp_e820_walk {
	const struct swsusp_e820 *raw;
	const uint64_t *cut; /* begins and ends, ascending, each once */
	uint32_t n_raw, n_cut, at;
};

/* raw: in any order, overlapping, empty; none reaches past 2^64 - 1. cut: room for 2 * n; both stay
 * in use. */
void swsusp_e820_walk(
	struct swsusp_e820_walk *w, const struct swsusp_e820 *raw, uint32_t n, uint64_t *cut);

/* The next entry: cut at every begin and end, the numerically highest type wins; neighbours of one
 * type become one, except those types whose borders mean something. False: that was all. 2 * n - 1
 * at most. */
bool swsusp_e820_next(struct swsusp_e820_walk *w, struct swsusp_e820 *ret);

/* The checksum of all that the walk still has; it is at its end then. *ret_n: how many entries (or
 * NULL). */
uint32_t swsusp_e820_walk_crc(struct swsusp_e820_walk *w, uint32_t *ret_n);

#endif

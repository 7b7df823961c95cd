/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of half-open ranges [start, end) of uint64_t: frames, bytes or sectors, as the user says.
 * The only place with range algebra. A set is kept sorted, disjoint and joined (ranges that touch
 * are one). An empty range (start == end) is nothing; start > end is ERR_ARGUMENT.
 */
#ifndef LIB_RANGES_H
#define LIB_RANGES_H

#include <stdint.h>
#include <stdbool.h>

#include "err.h"

struct range {
	uint64_t start, end;
};

struct ranges {
	struct range *v; /* the caller's memory */
	uint32_t n, cap;
};

void ranges_init(struct ranges *r, struct range *v, uint32_t cap);

/* On ERR_NO_MEMORY (table full) the set is unchanged. */
int ranges_add(struct ranges *r, uint64_t start, uint64_t end) MUST_CHECK;
int ranges_remove(struct ranges *r, uint64_t start, uint64_t end) MUST_CHECK;

bool ranges_contain(const struct ranges *r, uint64_t start, uint64_t end); /* all of it */
bool ranges_touch(const struct ranges *r, uint64_t start, uint64_t end);   /* any of it */

/* The first part of [start, end) that is not in the set: true and *ret_gap, or false (all of it
 * is). */
bool ranges_gap(const struct ranges *r, uint64_t start, uint64_t end, struct range *ret_gap);

uint64_t ranges_total(const struct ranges *r);

#endif

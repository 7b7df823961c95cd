/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of ranges: binary search for the place, then one splice of the table. */
#include "ranges.h"

#include <string.h>

void ranges_init(struct ranges *r, struct range *v, uint32_t cap)
{
	r->v = v;
	r->n = 0;
	r->cap = cap;
}

/* The first range that ends after at; n when there is none. */
static uint32_t first_ending_after(const struct ranges *r, uint64_t at)
{
	uint32_t low = 0, high = r->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (r->v[middle].end > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Replaces ranges [first, last) by n_new of with. */
static int splice(
	struct ranges *r, uint32_t first, uint32_t last, const struct range *with, uint32_t n_new)
{
	uint32_t n_rest = r->n - last;
	if (n_new > last - first && n_new - (last - first) > r->cap - r->n)
		return ERR_NO_MEMORY;
	if (n_rest > 0)
		memmove(&r->v[first + n_new], &r->v[last], n_rest * sizeof(r->v[0]));
	for (uint32_t i = 0; i < n_new; i++)
		r->v[first + i] = with[i];
	r->n = first + n_new + n_rest;
	return 0;
}

int ranges_add(struct ranges *r, uint64_t start, uint64_t end)
{
	if (start > end)
		return ERR_ARGUMENT;
	if (start == end)
		return 0;
	/* From start - 1 on, so that a range that ends exactly at start is joined as well. */
	uint32_t first = start > 0 ? first_ending_after(r, start - 1) : 0;
	uint32_t last = first;
	struct range joined = {start, end};
	while (last < r->n && r->v[last].start <= end) {
		if (r->v[last].start < joined.start)
			joined.start = r->v[last].start;
		if (r->v[last].end > joined.end)
			joined.end = r->v[last].end;
		last++;
	}
	return splice(r, first, last, &joined, 1);
}

int ranges_remove(struct ranges *r, uint64_t start, uint64_t end)
{
	if (start > end)
		return ERR_ARGUMENT;
	if (start == end)
		return 0;
	uint32_t first = first_ending_after(r, start), last = first;
	while (last < r->n && r->v[last].start < end)
		last++;
	if (first == last)
		return 0;
	struct range rest[2];
	uint32_t n_rest = 0;
	if (r->v[first].start < start)
		rest[n_rest++] = (struct range){r->v[first].start, start};
	if (r->v[last - 1].end > end)
		rest[n_rest++] = (struct range){end, r->v[last - 1].end};
	return splice(r, first, last, rest, n_rest);
}

bool ranges_contain(const struct ranges *r, uint64_t start, uint64_t end)
{
	struct range gap;
	return start <= end && !ranges_gap(r, start, end, &gap);
}

bool ranges_touch(const struct ranges *r, uint64_t start, uint64_t end)
{
	if (start >= end)
		return false;
	uint32_t i = first_ending_after(r, start);
	return i < r->n && r->v[i].start < end;
}

bool ranges_gap(const struct ranges *r, uint64_t start, uint64_t end, struct range *ret_gap)
{
	if (start >= end)
		return false;
	uint32_t i = first_ending_after(r, start);
	if (i < r->n && r->v[i].start <= start) {
		start = r->v[i].end;
		i++;
	}
	if (start >= end)
		return false;
	ret_gap->start = start;
	ret_gap->end = i < r->n && r->v[i].start < end ? r->v[i].start : end;
	return true;
}

uint64_t ranges_total(const struct ranges *r)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < r->n; i++)
		total += r->v[i].end - r->v[i].start;
	return total;
}

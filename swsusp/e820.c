/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e820__update_table of arch/x86/kernel/e820.c, by its result: before-and-after tables of three
 * kernels, with 164 unsorted, overlapping, empty entries of ten types, agree with this file. Legacy
 * persistent memory (12) and soft reserved memory (0xefffffff) are never joined (e820_nomerge):
 * their borders are those of devices or memory nodes.
 */
#include "e820.h"

#include <string.h>

#define TYPE_PMEM_LEGACY   12u
#define TYPE_SOFT_RESERVED 0xefffffffu
#define NO_TYPE            0u

/* Maps come nearly sorted: the place is near the end. */
static uint32_t add_cut(uint64_t *cut, uint32_t n, uint64_t at)
{
	uint32_t i = n;

	while (i > 0 && cut[i - 1] > at)
		i--;
	if (i > 0 && cut[i - 1] == at)
		return n;
	memmove(&cut[i + 1], &cut[i], (n - i) * sizeof(*cut));
	cut[i] = at;
	return n + 1;
}

void swsusp_e820_walk(
	struct swsusp_e820_walk *w, const struct swsusp_e820 *raw, uint32_t n, uint64_t *cut)
{
	*w = (struct swsusp_e820_walk){.raw = raw, .cut = cut, .n_raw = n};
	for (uint32_t i = 0; i < n; i++) {
		if (!raw[i].size)
			continue;
		w->n_cut = add_cut(cut, w->n_cut, raw[i].start);
		w->n_cut = add_cut(cut, w->n_cut, raw[i].start + raw[i].size);
	}
}

static uint32_t highest_type(const struct swsusp_e820_walk *w, uint64_t at)
{
	uint32_t type = NO_TYPE;

	for (uint32_t i = 0; i < w->n_raw; i++) {
		const struct swsusp_e820 *e = &w->raw[i];

		if (e->type > type && e->start <= at && at - e->start < e->size)
			type = e->type;
	}
	return type;
}

static bool may_join(uint32_t type)
{
	return type != TYPE_PMEM_LEGACY && type != TYPE_SOFT_RESERVED;
}

/* Between the last two cuts there is an entry, and behind the last one nothing. */
bool swsusp_e820_next(struct swsusp_e820_walk *w, struct swsusp_e820 *ret)
{
	uint32_t type = NO_TYPE;
	uint64_t start;

	while (w->at + 1 < w->n_cut && type == NO_TYPE)
		type = highest_type(w, w->cut[w->at++]);
	if (type == NO_TYPE)
		return false;
	start = w->cut[w->at - 1];
	while (may_join(type) && w->at + 1 < w->n_cut && highest_type(w, w->cut[w->at]) == type)
		w->at++;
	*ret = (struct swsusp_e820){.start = start, .size = w->cut[w->at] - start, .type = type};
	return true;
}

uint32_t swsusp_e820_walk_crc(struct swsusp_e820_walk *w, uint32_t *ret_n)
{
	struct swsusp_e820_walk counting = *w;
	struct swsusp_e820 e;
	uint32_t n = 0, crc;

	while (swsusp_e820_next(&counting, &e))
		n++;
	crc = swsusp_e820_crc_begin(n);
	while (swsusp_e820_next(w, &e))
		crc = swsusp_e820_crc_add(crc, &e);
	if (ret_n)
		*ret_n = n;
	return crc;
}

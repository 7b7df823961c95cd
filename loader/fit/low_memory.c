/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another processor begins in real mode, and the number of paging levels changes with paging off:
 * for both there must be memory low enough, wherever the program itself lies. The map says which is
 * ours.
 */
#include "low_memory.h"

#include <stddef.h>

#include "paging.h"

#define PAGE_BYTES 4096ull
/* What firmware likes to use although it calls it RAM lies outside. */
#define CALM_FIRST 0x10000ull
#define CALM_END   0x90000ull

struct rule {
	bool (*may_use)(const void *ctx, uint64_t pfn);
	const void *ctx;
};

struct window {
	uint64_t first, end;
};

/* The lowest place in one range of RAM, within the window. */
static uint64_t place_in(const struct memory_range *m, uint64_t n_frames, const struct window *w,
	const struct rule *rule)
{
	uint64_t start = m->start > w->first ? m->start : w->first;
	uint64_t end = (m->end < w->end ? m->end : w->end) / PAGE_BYTES;
	uint64_t n = 0; /* frames before this one, without a gap */
	if (start >= w->end)
		return 0;
	for (uint64_t pfn = (start + PAGE_BYTES - 1) / PAGE_BYTES; pfn < end; pfn++) {
		n = !rule->may_use || rule->may_use(rule->ctx, pfn) ? n + 1 : 0;
		if (n == n_frames)
			return (pfn + 1 - n_frames) * PAGE_BYTES;
	}
	return 0;
}

uint64_t low_memory_find(const struct boot_info *bi, uint64_t bytes, uint64_t below,
	bool (*may_use)(const void *ctx, uint64_t pfn), const void *ctx)
{
	const struct window windows[] = {{CALM_FIRST, CALM_END}, {PAGE_BYTES, LOW_MEMORY_REAL_MODE},
		{LOW_MEMORY_REAL_MODE, LOW_MEMORY_32_BIT}};
	const struct rule rule = {may_use, ctx};
	if (bytes > LOW_MEMORY_32_BIT)
		return 0;
	uint64_t n_frames = (bytes + PAGE_BYTES - 1) / PAGE_BYTES, at = 0;
	for (uint32_t i = 0; !at && i < sizeof(windows) / sizeof(windows[0]); i++) {
		struct window w = windows[i];
		w.end = w.end < below ? w.end : below;
		for (uint32_t k = 0; !at && k < bi->n_memory; k++)
			if (bi->memory[k].type == MEMORY_RAM)
				at = place_in(&bi->memory[k], n_frames, &w, &rule);
	}
	return at;
}

static bool is_beside(const void *ctx, uint64_t pfn)
{
	return !ranges_touch(ctx, pfn, pfn + 1);
}

uint64_t low_memory_beside(
	const struct boot_info *bi, uint64_t bytes, uint64_t below, const struct ranges *busy)
{
	return low_memory_find(bi, bytes, below, is_beside, busy);
}

struct other_frame {
	struct rule rule;
	uint64_t pfn;
};

static bool is_another(const void *ctx, uint64_t pfn)
{
	const struct other_frame *o = ctx;
	return pfn != o->pfn && (!o->rule.may_use || o->rule.may_use(o->rule.ctx, pfn));
}

struct smp_low low_memory_for_smp(
	const struct boot_info *bi, bool (*may_use)(const void *ctx, uint64_t pfn), const void *ctx)
{
	struct smp_low low = {
		.code = low_memory_find(bi, PAGE_BYTES, LOW_MEMORY_REAL_MODE, may_use, ctx)};
	struct other_frame other = {{may_use, ctx}, low.code / PAGE_BYTES};
	if (low.code)
		low.root = low_memory_find(bi, PAGE_BYTES, LOW_MEMORY_32_BIT, is_another, &other);
	return low.root ? low : (struct smp_low){0, 0};
}

static int add_bytes(struct ranges *r, uint64_t start, uint64_t bytes)
{
	return ranges_add(r, start / PAGE_BYTES, (start + bytes + PAGE_BYTES - 1) / PAGE_BYTES);
}

uint64_t low_memory_for_paging(const struct boot_info *bi)
{
	struct range v[BOOT_REGION_MAX + 1];
	struct ranges busy;
	ranges_init(&busy, v, BOOT_REGION_MAX + 1);
	int err = add_bytes(&busy, bi->home, bi->home_bytes);
	for (uint32_t i = 0; !err && i < bi->n_region; i++)
		err = add_bytes(&busy, bi->region[i].start, bi->region[i].bytes);
	return err ? 0 : low_memory_beside(bi, PAGING_LOW_BYTES, LOW_MEMORY_32_BIT, &busy);
}

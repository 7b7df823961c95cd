/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of runs, and the cursors that walk them.
 */
#include "swsusp_internal.h"

bool runs_add_(struct runs_ *r, uint64_t first, bool zero)
{
	if (r->n) {
		struct swsusp_run last = run_unpack_(r->v[r->n - 1]);

		if (last.first + last.count == first && last.zero == zero &&
			last.count < RUN_COUNT_MAX) {
			r->v[r->n - 1]++;
			return true;
		}
	}
	if (r->n == r->cap)
		return false;
	r->v[r->n++] = run_pack_(first, zero, 1);
	return true;
}

void swsusp_frames(const struct swsusp_image *img, struct swsusp_cursor *ret)
{
	*ret = (struct swsusp_cursor){.runs = img->frame_runs, .n_runs = img->n_frame_runs};
}

void swsusp_data_frames(const struct swsusp_image *img, struct swsusp_cursor *ret)
{
	swsusp_frames(img, ret);
	ret->data_only = true;
}

/* Makes now the run that comes next. */
static bool load(struct swsusp_cursor *c)
{
	while (!c->now.count) {
		if (!c->n_runs)
			return false;
		c->now = run_unpack_(*c->runs++);
		c->n_runs--;
		if (c->data_only && c->now.zero)
			c->now.count = 0;
	}
	return true;
}

void swsusp_slots(const struct swsusp_image *img, uint64_t first_slot, struct swsusp_cursor *ret)
{
	*ret = (struct swsusp_cursor){.runs = img->slot_runs, .n_runs = img->n_slot_runs};
	while (first_slot && load(ret)) {
		uint64_t n = first_slot < ret->now.count ? first_slot : ret->now.count;

		ret->now.first += n;
		ret->now.count -= n;
		first_slot -= n;
	}
}

int swsusp_next(struct swsusp_cursor *c, uint64_t max, struct swsusp_run *ret)
{
	if (max == 0)
		return SWSUSP_ERR_ARGUMENT;
	if (!load(c))
		return 0;
	*ret = c->now;
	if (ret->count > max)
		ret->count = max;
	c->now.first += ret->count;
	c->now.count -= ret->count;
	return 1;
}

uint64_t swsusp_slot_page_(const struct swsusp_image *img, uint64_t slot)
{
	struct swsusp_cursor c;

	swsusp_slots(img, slot, &c);
	return load(&c) ? c.now.first : 0;
}

enum swsusp_frame swsusp_frame_kind(const struct swsusp_image *img, uint64_t pfn)
{
	size_t low = 0, high = img->n_frame_runs; /* the run that has it is in [low, high) */

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct swsusp_run run = run_unpack_(img->frame_runs[middle]);

		if (pfn < run.first)
			high = middle;
		else if (pfn - run.first < run.count)
			return run.zero ? SWSUSP_FRAME_ZERO : SWSUSP_FRAME_DATA;
		else
			low = middle + 1;
	}
	return SWSUSP_FRAME_NOT_IN_IMAGE;
}

void swsusp_plan(const struct swsusp_image *img, struct swsusp_plan *ret)
{
	swsusp_slots(img, 1 + img->info.meta_pages, &ret->slots);
	swsusp_data_frames(img, &ret->frames);
}

int swsusp_plan_next(struct swsusp_plan *p, uint64_t max_pages, struct swsusp_piece *ret)
{
	struct swsusp_run slots, frames;
	uint64_t n = max_pages;

	if (n == 0)
		return SWSUSP_ERR_ARGUMENT;
	if (!load(&p->slots) || !load(&p->frames))
		return 0;
	if (n > p->slots.now.count)
		n = p->slots.now.count;
	if (n > p->frames.now.count)
		n = p->frames.now.count;
	if (swsusp_next(&p->slots, n, &slots) != 1 || swsusp_next(&p->frames, n, &frames) != 1)
		return 0;
	*ret = (struct swsusp_piece){.disk_page = slots.first, .pfn = frames.first, .n_pages = n};
	return 1;
}

size_t swsusp_work_max(uint64_t n_slots, uint64_t n_frames)
{
	uint64_t n_maps = n_slots / SWSUSP_MAP_ENTRIES + 2;
	/* Runs and map pages, each of them once more for sorting. */
	uint64_t map = 2 * sizeof(uint64_t) * (n_slots + n_maps) + PAGE;
	uint64_t frames = sizeof(uint64_t) * n_frames + SWSUSP_BUFFER_BYTES;

	return (size_t)((map + frames + SWSUSP_WORK_MIN) / PAGE * PAGE);
}

size_t swsusp_work_needed(const struct swsusp_image *img)
{
	/* As swsusp_work_max, with the numbers known. */
	uint64_t map = 2 * sizeof(uint64_t) * (img->n_slot_runs + img->n_map_pages) + PAGE;
	uint64_t frames =
		sizeof(uint64_t) * (img->n_slot_runs + img->n_frame_runs) + SWSUSP_BUFFER_BYTES;
	uint64_t most = map > frames ? map : frames;

	most = most > SWSUSP_WORK_MIN ? most : SWSUSP_WORK_MIN;
	return (size_t)((most + 2 * PAGE - 1) / PAGE * PAGE);
}

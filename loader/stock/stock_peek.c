/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking at one frame of an image without loading it. An uncompressed image needs one read. In a
 * compressed one the length of each unit says where the next one begins: what lies far behind is as
 * dear as loading all of it.
 */
#include "stock_peek.h"

#include <stdbool.h>
#include <string.h>

#define PAGE_BYTES 4096ull

static int read_slots(struct stock *s, uint64_t slot, uint32_t n, uint8_t *to)
{
	struct swsusp_cursor c;
	struct swsusp_run run;
	int err = 0;
	swsusp_slots(&s->image, slot, &c);
	for (uint32_t done = 0; !err && done < n; done += (uint32_t)run.count) {
		if (swsusp_next(&c, n - done, &run) != 1)
			return ERR_BUG; /* the caller has counted them */
		err = area_transfer(&s->area, BLOCK_READ, run.first * PAGE_BYTES,
			to + done * PAGE_BYTES, run.count * PAGE_BYTES);
	}
	return err;
}

static int peek_raw(struct stock *s, uint64_t pfn, uint8_t *to)
{
	struct swsusp_plan plan;
	struct swsusp_piece piece;
	swsusp_plan(&s->image, &plan);
	while (swsusp_plan_next(&plan, UINT64_MAX, &piece) == 1)
		if (pfn >= piece.pfn && pfn - piece.pfn < piece.n_pages)
			return area_transfer(&s->area, BLOCK_READ,
				(piece.disk_page + (pfn - piece.pfn)) * PAGE_BYTES, to, PAGE_BYTES);
	return ERR_NOT_FOUND;
}

/* The frame's page in the stream; the frame list comes first. */
static bool page_of(const struct stock *s, uint64_t pfn, uint64_t *ret_page)
{
	struct swsusp_cursor c;
	struct swsusp_run run;
	*ret_page = s->image.info.meta_pages;
	swsusp_data_frames(&s->image, &c);
	while (swsusp_next(&c, UINT64_MAX, &run) == 1) {
		if (pfn >= run.first && pfn - run.first < run.count) {
			*ret_page += pfn - run.first;
			return true;
		}
		*ret_page += run.count;
	}
	return false;
}

static int peek_compressed(struct stock *s, uint64_t pfn, uint8_t *stored, const uint8_t **ret_page)
{
	struct swsusp_stream stream = s->image.data;
	struct swsusp_fault fault;
	struct swsusp_unit u;
	uint64_t page;
	if (!page_of(s, pfn, &page) ||
		(page - stream.page) / SWSUSP_UNIT_PAGES > STOCK_PEEK_UNITS_MAX)
		return ERR_NOT_FOUND;
	uint8_t *pages = stored + SWSUSP_UNIT_SLOTS_MAX * PAGE_BYTES;
	for (;;) {
		int err = stream.slot < s->image.n_slots ? read_slots(s, stream.slot, 1, stored)
							 : ERR_NOT_FOUND;
		int more = err ? err : swsusp_unit_next(&s->image, &stream, stored, &u, &fault);
		if (more != 1)
			return more ? more : ERR_NOT_FOUND;
		if (page < u.page + u.n_pages)
			break;
	}
	int err = read_slots(s, u.slot, u.n_slots, stored);
	if (!err)
		err = swsusp_unit_decode(&s->image, &u, stored, pages, &fault);
	*ret_page = pages + (page - u.page) * PAGE_BYTES;
	return err;
}

int stock_peek(struct stock *s, uint64_t pfn, void *work, const uint8_t **ret_page)
{
	if (swsusp_frame_kind(&s->image, pfn) != SWSUSP_FRAME_DATA)
		return ERR_NOT_FOUND;
	*ret_page = work;
	return s->header.codec == SWSUSP_CODEC_RAW ? peek_raw(s, pfn, work)
						   : peek_compressed(s, pfn, work, ret_page);
}

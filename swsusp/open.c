/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening: info page, map, frame list, in this order; and where things are in the work memory. From
 * its start: runs of slots, runs of frames. At its end, while opening: the map page being read and
 * the numbers of the map pages, later the buffers for the frame list.
 */
#include "swsusp_internal.h"

static_assert(SWSUSP_WORK_MIN >= SWSUSP_BUFFER_BYTES + 16 * PAGE, "work memory");
static_assert(SWSUSP_BUFFER_BYTES == (FEED_SLOTS + SWSUSP_UNIT_PAGES) * PAGE, "buffers");
static_assert(FEED_SLOTS >= SWSUSP_UNIT_SLOTS_MAX, "a unit fits into the buffer");

int swsusp_open(struct swsusp_image *img, const struct swsusp_source *src,
	const struct swsusp_header *h, void *work, size_t work_bytes,
	struct swsusp_fault *ret_fault)
{
	struct work_ w = {.start = work, .bytes = work_bytes};
	int err;

	if ((uintptr_t)work % PAGE || src->n_pages > RUN_FIRST_LIMIT || h->page >= src->n_pages)
		return SWSUSP_ERR_ARGUMENT;
	if (work_bytes < SWSUSP_WORK_MIN)
		return swsusp_fail_(
			ret_fault, SWSUSP_ERR_WORK, "work memory", 0, work_bytes, SWSUSP_WORK_MIN);
	w.end = w.start + work_bytes / PAGE * PAGE;
	*img = (struct swsusp_image){.src = src, .header = *h};
	err = swsusp_info_read_(img, w.start, ret_fault);
	if (!err)
		err = swsusp_map_walk_(img, &w, ret_fault);
	if (!err)
		err = swsusp_frames_read_(img, &w, ret_fault);
	img->work_used = (img->n_slot_runs + img->n_frame_runs) * sizeof(uint64_t);
	return err;
}

void swsusp_rebase(struct swsusp_image *img, const void *work)
{
	img->slot_runs = work;
	img->frame_runs = img->slot_runs + img->n_slot_runs;
}

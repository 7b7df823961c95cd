/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame list: the first pages of the stream after the info page, into runs of frames. In a
 * compressed image its last page may share a unit with the first data pages: that unit is decoded
 * again when the data are read.
 */
#include "swsusp_internal.h"

struct list {
	struct swsusp_image *img;
	struct swsusp_fault *fault;
	const struct work_ *w;
	struct runs_ runs;
	uint64_t pages_left;
	uint64_t last; /* frame so far */
};

static int no_room(const struct list *l)
{
	return swsusp_fail_(l->fault, SWSUSP_ERR_WORK, "work memory for the frame list", 0,
		l->w->bytes,
		swsusp_work_max(l->img->n_slots, l->img->info.meta_pages * SWSUSP_PFNS_PER_PAGE));
}

static int bad(
	const struct list *l, const char *what, uint64_t where, uint64_t found, uint64_t wanted)
{
	return swsusp_fail_(l->fault, SWSUSP_ERR_FRAMES, what, where, found, wanted);
}

static int add_frame(struct list *l, uint64_t where, uint64_t entry)
{
	bool zero = entry & SWSUSP_PFN_ZERO;
	uint64_t pfn = entry & ~SWSUSP_PFN_ZERO;

	if (pfn == 0 || pfn >= RUN_FIRST_LIMIT)
		return bad(l, "frame number", where, entry, RUN_FIRST_LIMIT);
	if (pfn <= l->last)
		return bad(l, "frame number, not above the one before", where, pfn, l->last);
	if (!runs_add_(&l->runs, pfn, zero))
		return no_room(l);
	l->last = pfn;
	l->img->n_frames++;
	l->img->n_zero += zero;
	return 0;
}

/* Only the last page may have an end, and it has one frame at least. */
static int check_end(const struct list *l, uint64_t where, const uint64_t *entries, uint32_t at)
{
	if (l->pages_left || at == 0)
		return bad(l, "frame list, ends early", where, l->img->n_frames, 0);
	for (uint32_t i = at + 1; i < SWSUSP_PFNS_PER_PAGE; i++) {
		if (entries[i])
			return bad(l, "frame number after the end", where, entries[i], 0);
	}
	return 0;
}

static int take_page(struct list *l, uint64_t where, const uint64_t *entries)
{
	l->pages_left--;
	for (uint32_t i = 0; i < SWSUSP_PFNS_PER_PAGE; i++) {
		int err;

		if (entries[i] == SWSUSP_PFN_END)
			return check_end(l, where, entries, i);
		err = add_frame(l, where, entries[i]);
		if (err)
			return err;
	}
	return 0;
}

static int take_pages(struct list *l, uint64_t where, const void *pages, uint32_t n)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < n && l->pages_left; i++)
		err = take_page(l, where, (const void *)((const uint8_t *)pages + i * PAGE));
	return err;
}

static int read_raw(struct list *l, struct feed_ *f)
{
	uint64_t slot = 1;

	while (l->pages_left) {
		int err = feed_fill_(f, 1, l->fault);

		if (!err)
			err = take_pages(l, swsusp_slot_page_(l->img, slot), f->buf, f->have);
		if (err)
			return err;
		slot += f->have;
		feed_drop_(f, f->have);
	}
	return 0;
}

static int read_units(struct list *l, struct feed_ *f, void *pages)
{
	struct swsusp_stream s = {.slot = 1};

	while (l->pages_left) {
		struct swsusp_unit u;
		int got;

		l->img->data = s;
		got = feed_unit_(f, &s, &u, pages, l->fault);
		if (got < 0)
			return got;
		if (got == 0)
			return bad(l, "frame list, longer than the stream", 0, 0, 0);
		got = take_pages(l, swsusp_slot_page_(l->img, u.slot), pages, u.n_pages);
		if (got)
			return got;
		if (u.n_meta < u.n_pages)
			return 0; /* data begin in this unit */
		s.crc = swsusp_crc(s.crc, pages, (size_t)u.n_pages * PAGE);
	}
	l->img->data = s;
	return 0;
}

static int check_counts(const struct list *l)
{
	const struct swsusp_image *img = l->img;
	uint64_t where = swsusp_slot_page_(img, 0);

	if (img->n_frames - img->n_zero != img->info.image_pages)
		return bad(l, "frame list, number of frames with data", where,
			img->n_frames - img->n_zero, img->info.image_pages);
	if (img->n_frames > img->info.num_physpages)
		return bad(l, "frame list, number of frames", where, img->n_frames,
			img->info.num_physpages);
	if (swsusp_frame_kind(img, img->info.jump_address_phys / PAGE) != SWSUSP_FRAME_DATA)
		return swsusp_fail_(l->fault, SWSUSP_ERR_INFO,
			"info page physical jump address, not in the image", where,
			img->info.jump_address_phys, 0);
	if (swsusp_frame_kind(img, img->info.cr3 / PAGE) != SWSUSP_FRAME_DATA)
		return swsusp_fail_(l->fault, SWSUSP_ERR_INFO, "info page cr3, not in the image",
			where, img->info.cr3, 0);
	return 0;
}

int swsusp_frames_read_(struct swsusp_image *img, const struct work_ *w, struct swsusp_fault *fault)
{
	uint8_t *buffer = w->end - SWSUSP_BUFFER_BYTES;
	struct list l = {.img = img, .fault = fault, .w = w, .pages_left = img->info.meta_pages};
	struct feed_ f;
	int err;

	l.runs.v = (uint64_t *)(void *)w->start + img->n_slot_runs;
	if ((uint8_t *)l.runs.v > buffer)
		return no_room(&l);
	l.runs.cap = (size_t)(buffer - (uint8_t *)l.runs.v) / sizeof(uint64_t);
	feed_init_(&f, img, 1, buffer);
	if (img->header.codec == SWSUSP_CODEC_RAW)
		err = read_raw(&l, &f);
	else
		err = read_units(&l, &f, buffer + FEED_SLOTS * PAGE);
	img->frame_runs = l.runs.v;
	img->n_frame_runs = l.runs.n;
	if (!err)
		err = check_counts(&l);
	return err;
}

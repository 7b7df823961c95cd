/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole images, synchronously: for tools and tests.
 */
#include "swsusp_internal.h"

static void tell(const struct swsusp_sink *s, uint64_t slots)
{
	if (s->progress)
		s->progress(s->ctx, slots);
}

/* n pages of data go to the next n frames that have any. */
static int give(
	const struct swsusp_sink *s, struct swsusp_cursor *frames, const uint8_t *pages, uint64_t n)
{
	struct swsusp_run run;
	int err = 0;

	while (!err && s->frames && n && swsusp_next(frames, n, &run) == 1) {
		err = s->frames(s->ctx, run.first, run.count, pages);
		pages += run.count * PAGE;
		n -= run.count;
	}
	return err;
}

/* There is no checksum: all that can be said is that the disk can read it. */
static int read_raw(struct feed_ *f, const struct swsusp_sink *sink, struct swsusp_fault *fault)
{
	uint64_t slot = 1 + f->img->info.meta_pages;
	struct swsusp_cursor frames;

	swsusp_data_frames(f->img, &frames);
	while (slot < f->img->n_slots) {
		int err = feed_fill_(f, 1, fault);

		if (!err)
			err = give(sink, &frames, f->buf, f->have);
		if (err)
			return err;
		slot += f->have;
		feed_drop_(f, f->have);
		tell(sink, slot);
	}
	return 0;
}

static int read_units(
	struct feed_ *f, uint8_t *pages, const struct swsusp_sink *sink, struct swsusp_fault *fault)
{
	struct swsusp_stream s = f->img->data;
	struct swsusp_cursor frames;
	struct swsusp_unit u;
	int got;

	swsusp_data_frames(f->img, &frames);
	while ((got = feed_unit_(f, &s, &u, pages, fault)) == 1) {
		s.crc = swsusp_crc(s.crc, pages, (size_t)u.n_pages * PAGE);
		got = give(sink, &frames, pages + (size_t)u.n_meta * PAGE, u.n_pages - u.n_meta);
		if (got)
			return got;
		tell(sink, s.slot);
	}
	return got ? got : swsusp_crc_check(f->img, s.crc, fault);
}

int swsusp_read_data(const struct swsusp_image *img, void *buffer, const struct swsusp_sink *sink,
	struct swsusp_fault *ret_fault)
{
	struct feed_ f;

	if (img->header.codec == SWSUSP_CODEC_RAW) {
		feed_init_(&f, img, 1 + img->info.meta_pages, buffer);
		return read_raw(&f, sink, ret_fault);
	}
	feed_init_(&f, img, img->data.slot, buffer);
	return read_units(&f, (uint8_t *)buffer + FEED_SLOTS * PAGE, sink, ret_fault);
}

int swsusp_verify(const struct swsusp_image *img, void *buffer,
	void (*progress)(void *ctx, uint64_t slots), void *ctx, struct swsusp_fault *ret_fault)
{
	struct swsusp_sink sink = {.progress = progress, .ctx = ctx};

	return swsusp_read_data(img, buffer, &sink, ret_fault);
}

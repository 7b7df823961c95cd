/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stored pages in order, synchronously: for the frame list, and for checking whole images.
 */
#include "swsusp_internal.h"

#include <string.h>

void feed_init_(struct feed_ *f, const struct swsusp_image *img, uint64_t first_slot, void *buf)
{
	f->img = img;
	f->buf = buf;
	f->have = 0;
	swsusp_slots(img, first_slot, &f->slots);
}

int feed_fill_(struct feed_ *f, uint32_t want, struct swsusp_fault *fault)
{
	const struct swsusp_source *src = f->img->src;
	struct swsusp_run run;

	if (f->have >= want)
		return 0;
	while (f->have < FEED_SLOTS && swsusp_next(&f->slots, FEED_SLOTS - f->have, &run) == 1) {
		int err = src->read(
			src->ctx, run.first, (uint32_t)run.count, f->buf + (size_t)f->have * PAGE);

		if (err)
			return err;
		f->have += (uint32_t)run.count;
	}
	if (f->have < want)
		return swsusp_fail_(
			fault, SWSUSP_ERR_UNIT, "stored pages end early", 0, f->have, want);
	return 0;
}

void feed_drop_(struct feed_ *f, uint32_t n)
{
	f->have -= n;
	memmove(f->buf, f->buf + (size_t)n * PAGE, (size_t)f->have * PAGE);
}

int feed_unit_(struct feed_ *f, struct swsusp_stream *s, struct swsusp_unit *ret, void *dst,
	struct swsusp_fault *fault)
{
	int err = 0, got;

	if (s->slot < f->img->n_slots)
		err = feed_fill_(f, 1, fault);
	if (err)
		return err;
	got = swsusp_unit_next(f->img, s, f->buf, ret, fault);
	if (got != 1)
		return got;
	err = feed_fill_(f, ret->n_slots, fault);
	if (!err)
		err = swsusp_unit_decode(f->img, ret, f->buf, dst, fault);
	if (err)
		return err;
	feed_drop_(f, ret->n_slots);
	return 1;
}

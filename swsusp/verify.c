/*
 * Whole images, synchronously: for tools and tests.
 */
#include "internal.h"

struct report {
	void (*progress)(void *ctx, uint64_t slots);
	void *ctx;
};

static void tell(const struct report *r, uint64_t slots)
{
	if (r->progress)
		r->progress(r->ctx, slots);
}

/* There is no checksum: all that can be said is that the disk can read it. */
static int verify_raw(struct feed_ *f, const struct report *r, struct swsusp_fault *fault)
{
	uint64_t slot = 1 + f->img->info.meta_pages;

	while (slot < f->img->n_slots) {
		int err = feed_fill_(f, 1, fault);

		if (err)
			return err;
		slot += f->have;
		feed_drop_(f, f->have);
		tell(r, slot);
	}
	return 0;
}

static int verify_units(
	struct feed_ *f, void *pages, const struct report *r, struct swsusp_fault *fault)
{
	struct swsusp_stream s = f->img->data;
	struct swsusp_unit u;
	int got;

	while ((got = feed_unit_(f, &s, &u, pages, fault)) == 1) {
		s.crc = swsusp_crc(s.crc, pages, (size_t)u.n_pages * PAGE);
		tell(r, s.slot);
	}
	return got ? got : swsusp_crc_check(f->img, s.crc, fault);
}

int swsusp_verify(const struct swsusp_image *img, void *buffer,
	void (*progress)(void *ctx, uint64_t slots), void *ctx, struct swsusp_fault *ret_fault)
{
	struct report r = {progress, ctx};
	struct feed_ f;

	if (img->header.codec == SWSUSP_CODEC_RAW) {
		feed_init_(&f, img, 1 + img->info.meta_pages, buffer);
		return verify_raw(&f, &r, ret_fault);
	}
	feed_init_(&f, img, img->data.slot, buffer);
	return verify_units(&f, (uint8_t *)buffer + FEED_SLOTS * PAGE, &r, ret_fault);
}

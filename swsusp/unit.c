/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed units: where one ends, and what is in it.
 */
#include "swsusp_internal.h"

#include <lz4.h>
#include <lzo/lzo1x.h>
#include <string.h>

static int bad(const struct swsusp_image *img, struct swsusp_fault *fault, const char *what,
	uint64_t slot, uint64_t found, uint64_t wanted)
{
	return swsusp_fail_(
		fault, SWSUSP_ERR_UNIT, what, swsusp_slot_page_(img, slot), found, wanted);
}

static uint64_t stored_max(uint64_t bytes)
{
	return bytes + bytes / 16 + 64 + 3 + 2;
}

int swsusp_unit_next(const struct swsusp_image *img, struct swsusp_stream *s, const void *head,
	struct swsusp_unit *ret, struct swsusp_fault *ret_fault)
{
	uint64_t pages_left = img->info.pages - 1 - s->page, slots_left = img->n_slots - s->slot;
	uint64_t stored, n_slots, n_pages;

	if (pages_left == 0 && slots_left != 0)
		return bad(
			img, ret_fault, "stored pages after the last unit", s->slot, slots_left, 0);
	if (pages_left == 0)
		return 0;
	if (slots_left == 0)
		return bad(img, ret_fault, "units end before the image does", s->slot - 1, s->page,
			img->info.pages - 1);
	memcpy(&stored, head, sizeof(stored));
	n_pages = pages_left < SWSUSP_UNIT_PAGES ? pages_left : SWSUSP_UNIT_PAGES;
	if (stored == 0 || stored > stored_max(n_pages * PAGE))
		return bad(
			img, ret_fault, "unit length", s->slot, stored, stored_max(n_pages * PAGE));
	n_slots = (SWSUSP_UNIT_HEAD_BYTES + stored + PAGE - 1) / PAGE;
	if (n_slots > slots_left)
		return bad(img, ret_fault, "unit length, beyond the last stored page", s->slot,
			n_slots, slots_left);
	*ret = (struct swsusp_unit){
		.slot = s->slot,
		.page = s->page,
		.n_slots = (uint32_t)n_slots,
		.n_pages = (uint32_t)n_pages,
		.stored_bytes = (uint32_t)stored,
	};
	if (s->page < img->info.meta_pages) {
		uint64_t n_meta = img->info.meta_pages - s->page;

		ret->n_meta = (uint32_t)(n_meta < n_pages ? n_meta : n_pages);
	}
	s->slot += n_slots;
	s->page += n_pages;
	return 1;
}

/* Decoded bytes, or a negative number. */
static int64_t decode(
	enum swsusp_codec codec, const void *src, uint32_t src_bytes, void *dst, uint32_t dst_bytes)
{
	lzo_uint n = dst_bytes;

	if (codec == SWSUSP_CODEC_LZ4)
		return LZ4_decompress_safe(src, dst, (int)src_bytes, (int)dst_bytes);
	if (lzo1x_decompress_safe(src, src_bytes, dst, &n, NULL) != LZO_E_OK)
		return -1;
	return (int64_t)n;
}

int swsusp_unit_decode(const struct swsusp_image *img, const struct swsusp_unit *u,
	const void *stored, void *dst, struct swsusp_fault *ret_fault)
{
	uint32_t bytes = u->n_pages * PAGE;
	int64_t got = decode(img->header.codec, (const uint8_t *)stored + SWSUSP_UNIT_HEAD_BYTES,
		u->stored_bytes, dst, bytes);

	if (got != bytes)
		return swsusp_fail_(ret_fault, SWSUSP_ERR_DATA,
			got < 0 ? "unit data" : "unit data, decoded length",
			swsusp_slot_page_(img, u->slot), got < 0 ? 0 : (uint64_t)got, bytes);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux's hibernation images: every field wrong, one at a time, with the error and the name that it is
 * told by. */
#include "test.h"

#include "swsusp_common.h"

#include <stdio.h>
#include <string.h>

enum place { HEADER, MAP, INFO, LIST };

struct wrong {
	enum place place;
	uint32_t index; /* which map or list page; negative numbers count from the last one */
	uint32_t offset, bytes;
	uint64_t value;
	int err;
	const char *what; /* begins the fault's text; NULL: no fault is told */
};

#define LAST   UINT32_MAX
#define TEXT_0 0xffffffff80000000ull

/* On an uncompressed image with 5 list pages, 5 map pages, zero frames, gaps; header page 0. */
static const struct wrong wrongs[] = {
	/* header */
	{HEADER, 0, 4086, 8, 0, SWSUSP_ERR_NO_SWAP, NULL},
	{HEADER, 0, 4095, 1, 'X', SWSUSP_ERR_NO_SWAP, NULL},
	{HEADER, 0, 4086, 1, 'U', SWSUSP_ERR_NO_SWAP, NULL},
	{HEADER, 0, 4086, 2, 'L' << 8 | 'U', SWSUSP_ERR_USERSPACE, "header signature ULSUSPEND"},
	{HEADER, 0, 4076, 4, 0, SWSUSP_ERR_HEADER, "header original signature"},
	{HEADER, 0, 4085, 1, '3', SWSUSP_ERR_HEADER, "header original signature"},
	{HEADER, 0, 1024, 4, 0, SWSUSP_ERR_HEADER, "header swap version"},
	{HEADER, 0, 1024, 4, 2, SWSUSP_ERR_HEADER, "header swap version"},
	{HEADER, 0, 1028, 4, 20, SWSUSP_ERR_MAP, "map "},
	{HEADER, 0, 1028, 4, 0, SWSUSP_ERR_MAP, "map "},
	{HEADER, 0, 4072, 4, 2 | 32, SWSUSP_ERR_FLAGS, "header flags"},
	{HEADER, 0, 4072, 4, 2 | 1u << 31, SWSUSP_ERR_FLAGS, "header flags"},
	{HEADER, 0, 4072, 4, 2 | 4, SWSUSP_ERR_FLAGS, "header flags, compressed and not"},
	{HEADER, 0, 4072, 4, 2 | 16, SWSUSP_ERR_FLAGS, "header flags, compressed and not"},
	{HEADER, 0, 4072, 4, 0, SWSUSP_ERR_FLAGS, "header flags, compressed without"},
	{HEADER, 0, 4072, 4, 1, SWSUSP_ERR_FLAGS, "header flags, compressed without"},
	{HEADER, 0, 4072, 4, 4, SWSUSP_ERR_DATA, "unit data"},
	{HEADER, 0, 4072, 4, 20, SWSUSP_ERR_DATA, "unit data"},
	{HEADER, 0, 4064, 8, 0, SWSUSP_ERR_MAP, "map page number"},
	{HEADER, 0, 4064, 8, 1u << 30, SWSUSP_ERR_MAP, "map page number"},
	{HEADER, 0, 4064, 8, ~0ull, SWSUSP_ERR_MAP, "map page number"},
	/* map */
	{MAP, 0, 0, 8, 0, SWSUSP_ERR_MAP, "map entry"},
	{MAP, 0, 0, 8, 1, SWSUSP_ERR_MAP, "map entry"}, /* itself */
	{MAP, 0, 0, 8, 1u << 30, SWSUSP_ERR_MAP, "map entry"},
	{MAP, 0, 0, 8, 7, SWSUSP_ERR_MAGIC, "info page restore record"},
	{MAP, 0, 8, 8, 0, SWSUSP_ERR_MAP, "map entry after the last"},
	{MAP, 0, 8, 8, 1ull << 40, SWSUSP_ERR_MAP, "map entry"},
	{MAP, 0, 8, 8, ~0ull, SWSUSP_ERR_MAP, "map entry"},
	{MAP, 0, 8, 8, 1, SWSUSP_ERR_MAP, "map entry, used twice"},
	{MAP, 0, 16, 8, 2, SWSUSP_ERR_MAP, "map entry, used twice"},
	{MAP, 1, 511 * 8, 8, 0, SWSUSP_ERR_MAP, "map entries, less than the image has"},
	{MAP, 1, 511 * 8, 8, 1u << 30, SWSUSP_ERR_MAP, "map page number"},
	{MAP, 1, 511 * 8, 8, 1, SWSUSP_ERR_LOOP, "map page"},
	{MAP, LAST, 511 * 8, 8, 1, SWSUSP_ERR_MAP, "map page after the last"},
	{MAP, LAST, 510 * 8, 8, 2, SWSUSP_ERR_MAP, "map entry after the last"},
	{MAP, LAST, 0, 8, 0, SWSUSP_ERR_MAP, "map entry after the last"},
	{MAP, 2, 510 * 8, 8, 0, SWSUSP_ERR_MAP, "map page after the last"},
	/* info page */
	{INFO, 0, 0, 8, 0, SWSUSP_ERR_INFO, "info page jump address"},
	{INFO, 0, 0, 8, TEXT_0 - 16, SWSUSP_ERR_INFO, "info page jump address"},
	{INFO, 0, 0, 8, TEXT_0 + (1u << 30), SWSUSP_ERR_INFO, "info page jump address"},
	{INFO, 0, 0, 8, TEXT_0 + 0x1000, SWSUSP_ERR_INFO, "info page physical jump address, place"},
	{INFO, 0, 8, 8, 0x1000, SWSUSP_ERR_INFO, "info page physical jump address, place"},
	{INFO, 0, 8, 8, 1ull << 52 | 16, SWSUSP_ERR_INFO, "info page physical jump address"},
	{INFO, 0, 8, 8, 1ull << 40 | 16, SWSUSP_ERR_INFO,
		"info page physical jump address, not in the image"},
	{INFO, 0, 16, 8, 0, SWSUSP_ERR_INFO, "info page cr3"},
	{INFO, 0, 16, 8, 0x1001001, SWSUSP_ERR_INFO, "info page cr3"},
	{INFO, 0, 16, 8, 1ull << 52, SWSUSP_ERR_INFO, "info page cr3"},
	{INFO, 0, 16, 8, 1ull << 47 | 0x1001000, SWSUSP_ERR_INFO,
		"info page cr3, not in the image"},
	{INFO, 0, 16, 8, 0x1007000, SWSUSP_ERR_INFO, "info page cr3, not in the image"}, /* zero */
	{INFO, 0, 24, 8, 0, SWSUSP_ERR_MAGIC, "info page restore record magic"},
	{INFO, 0, 24, 8, 0x23456789abcdef03, SWSUSP_ERR_MAGIC, "info page restore record magic"},
	{INFO, 0, 24, 8, 0x23456789abcdef01, SWSUSP_ERR_OLD,
		"info page restore record of a kernel from 4.10"},
	{INFO, 0, 24, 8, 0x0123456789abcdef, SWSUSP_ERR_OLD,
		"info page restore record of a kernel before"},
	{INFO, 0, 36, 4, 1, SWSUSP_ERR_INFO, "info page memory map checksum"},
	{INFO, 0, 40, 1, 1, SWSUSP_ERR_INFO, "info page reserved"},
	{INFO, 0, 399, 1, 1, SWSUSP_ERR_INFO, "info page reserved"},
	{INFO, 0, 400, 8, 0, SWSUSP_ERR_INFO, "info page physical pages"},
	{INFO, 0, 400, 8, ~0ull, SWSUSP_ERR_INFO, "info page physical pages"},
	{INFO, 0, 400, 8, 100, SWSUSP_ERR_INFO, "info page image pages"},
	{INFO, 0, 400, 8, 2050, SWSUSP_ERR_FRAMES, "frame list, number of frames"},
	{INFO, 0, 408, 4, 1, SWSUSP_ERR_INFO, "info page processors"},
	{INFO, 0, 412, 4, 1, SWSUSP_ERR_INFO, "info page processors"},
	{INFO, 0, 416, 8, 0, SWSUSP_ERR_INFO, "info page image pages"},
	{INFO, 0, 416, 8, ~0ull, SWSUSP_ERR_INFO, "info page image pages"},
	{INFO, 0, 416, 8, 2006, SWSUSP_ERR_INFO, "info page pages"},
	{INFO, 0, 416, 8, 1999, SWSUSP_ERR_FRAMES, "frame "},
	{INFO, 0, 416, 8, 2001, SWSUSP_ERR_FRAMES, "frame "},
	{INFO, 0, 424, 8, 0, SWSUSP_ERR_INFO, "info page pages"},
	{INFO, 0, 424, 8, ~0ull, SWSUSP_ERR_INFO, "info page pages"},
	{INFO, 0, 424, 8, 2005, SWSUSP_ERR_INFO, "info page size"},
	{INFO, 0, 432, 8, 2006, SWSUSP_ERR_INFO, "info page size"},
	{INFO, 0, 440, 1, 1, SWSUSP_ERR_INFO, "info page bytes after the size"},
	{INFO, 0, 4095, 1, 1, SWSUSP_ERR_INFO, "info page bytes after the size"},
	/* frame list */
	{LIST, 0, 0, 8, 0, SWSUSP_ERR_FRAMES, "frame number"},
	{LIST, 0, 0, 8, 1ull << 40, SWSUSP_ERR_FRAMES, "frame number"},
	{LIST, 0, 8, 8, 0x1000, SWSUSP_ERR_FRAMES, "frame number, not above"}, /* twice */
	{LIST, 0, 8, 8, 0x0fff, SWSUSP_ERR_FRAMES, "frame number, not above"},
	{LIST, 0, 8, 8, 0x5000, SWSUSP_ERR_FRAMES, "frame number, not above"},
	{LIST, 0, 8, 8, SWB_ZERO | 0x1000, SWSUSP_ERR_FRAMES, "frame number, not above"},
	{LIST, 0, 8, 8, SWB_ZERO | 0x1001, SWSUSP_ERR_FRAMES, "frame list, number of frames with"},
	{LIST, 0, 8, 8, 1ull << 62 | 0x1001, SWSUSP_ERR_FRAMES, "frame number"},
	{LIST, 0, 7 * 8 + 7, 1, 0, SWSUSP_ERR_FRAMES, "frame list, number of frames with"},
	{LIST, 0, 8, 8, ~0ull, SWSUSP_ERR_FRAMES, "frame list, ends early"},
	{LIST, 0, 511 * 8, 8, ~0ull, SWSUSP_ERR_FRAMES, "frame list, ends early"},
	{LIST, 1, 0, 8, 0x1000, SWSUSP_ERR_FRAMES, "frame number, not above"},
	{LIST, LAST, 0, 8, ~0ull, SWSUSP_ERR_FRAMES, "frame list, ends early"},
	{LIST, LAST, 8, 8, ~0ull, SWSUSP_ERR_FRAMES, "frame number after the end"},
	{LIST, LAST, 511 * 8, 8, 1, SWSUSP_ERR_FRAMES, "frame number after the end"},
};

static const struct swb_params plain = {
	.codec = SWB_RAW, .n_data = 2000, .zero_every = 7, .gap_every = 50};

static uint8_t *page_of(const struct swb_image *b, const struct wrong *w)
{
	uint32_t map = w->index == LAST ? (uint32_t)b->n_maps - 1 : w->index;
	uint32_t list = w->index == LAST ? (uint32_t)b->n_meta - 1 : w->index;

	switch (w->place) {
	case HEADER:
		return swb_page(b, b->p.header_page);
	case MAP:
		return swb_page(b, b->maps[map]);
	case INFO:
		return swb_page(b, b->slots[0]);
	default:
		return swb_page(b, b->slots[1 + list]);
	}
}

TEST(every_field)
{
	struct swb_image b;

	swb_build(&b, &plain);
	assert_int_equal(b.n_meta, 5);
	assert_int_equal(b.n_maps, 4);
	for (uint32_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *w = &wrongs[i];
		uint8_t saved[SWB_PAGE], *page = page_of(&b, w);
		struct opened o;
		char name[80];

		snprintf(name, sizeof(name), "wrong %u: place %d, page %u, byte %u", i, w->place,
			w->index, w->offset);
		memcpy(saved, page, SWB_PAGE);
		memcpy(page + w->offset, &w->value, w->bytes);
		assert_memory_not_equal(saved, page, SWB_PAGE);
		opened_init(&o, &b, 1u << 20);
		fail_with(&o, opened_open(&o), w->err, w->what, name);
		opened_free(&o);
		memcpy(page, saved, SWB_PAGE);
	}
	swb_free(&b);
}

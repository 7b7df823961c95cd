/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this folder share; nobody else includes it.
 */
#ifndef SWSUSP_INTERNAL_H
#define SWSUSP_INTERNAL_H

#include "swsusp.h"

#define PAGE SWSUSP_PAGE_BYTES

/* Fills the fault (if the caller wants it) and returns err. */
int swsusp_fail_(struct swsusp_fault *fault, int err, const char *what, uint64_t page,
	uint64_t found, uint64_t wanted);

/* ---- Runs in 8 bytes: first 40 bits, zero 1 bit, count - 1 23 bits; so they sort by first ---- */

#define RUN_FIRST_LIMIT (1ull << 40)
#define RUN_COUNT_MAX   (1u << 23)

static inline uint64_t run_pack_(uint64_t first, bool zero, uint64_t count)
{
	return first << 24 | (uint64_t)zero << 23 | (count - 1);
}

static inline struct swsusp_run run_unpack_(uint64_t packed)
{
	return (struct swsusp_run){
		.first = packed >> 24,
		.count = (packed & (RUN_COUNT_MAX - 1)) + 1,
		.zero = packed >> 23 & 1,
	};
}

/* A list that grows upwards; the owner sees to it that end stays free of other things. */
struct runs_ {
	uint64_t *v;
	size_t n, cap;
};

/* Joined to the last run when it goes on there. false: no room. */
bool runs_add_(struct runs_ *r, uint64_t first, bool zero);

/* ---- Work memory while an image is being opened ---- */

struct work_ {
	uint8_t *start, *end;
	size_t bytes; /* as the caller gave it */
};

int swsusp_map_walk_(struct swsusp_image *img, const struct work_ *w, struct swsusp_fault *fault);
int swsusp_info_read_(struct swsusp_image *img, void *page, struct swsusp_fault *fault);
int swsusp_frames_read_(
	struct swsusp_image *img, const struct work_ *w, struct swsusp_fault *fault);

/* Page of the disk where a slot is; for messages. */
uint64_t swsusp_slot_page_(const struct swsusp_image *img, uint64_t slot);

/* ---- Slots in order, synchronously, through a buffer ---- */

#define FEED_SLOTS 64u

struct feed_ {
	const struct swsusp_image *img;
	struct swsusp_cursor slots; /* what is not read yet */
	uint8_t *buf;               /* FEED_SLOTS pages */
	uint32_t have;              /* slots in buf */
};

void feed_init_(struct feed_ *f, const struct swsusp_image *img, uint64_t first_slot, void *buf);

/* At least want slots in buf (and as many as it takes): 0, or SWSUSP_ERR_UNIT when there are no
 * more that many, or the source's error. */
int feed_fill_(struct feed_ *f, uint32_t want, struct swsusp_fault *fault);
void feed_drop_(struct feed_ *f, uint32_t n);

/* The next unit, decoded into dst (SWSUSP_UNIT_BYTES): 1, 0 at the end, or an error. */
int feed_unit_(struct feed_ *f, struct swsusp_stream *s, struct swsusp_unit *ret, void *dst,
	struct swsusp_fault *fault);

#endif

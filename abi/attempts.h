/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The count of attempts to resume a stock kernel's image, at offset 0 of the swap area's first
 * page: room that mkswap leaves to boot loaders. The loader writes it, the Linux command shows
 * it.
 */
#ifndef ABI_ATTEMPTS_H
#define ABI_ATTEMPTS_H

#include <assert.h>
#include <stdint.h>

#define ATTEMPTS_MAGIC 0x3172656764656c54ull /* "Tledger1", as it was first called */

struct attempts {
	uint64_t magic;
	uint64_t image; /* which image was tried: attempts_image */
	uint32_t attempts;
	uint32_t check; /* ~attempts */
};
static_assert(sizeof(struct attempts) == 24, "attempts");

/* Identifies an image among those that the same swap area may hold one after the other, by fields
 * of its header. */
static inline uint64_t attempts_image(
	uint64_t map_page, uint32_t crc, uint32_t flags, uint32_t hw_sig)
{
	uint64_t x = map_page * 0x9e3779b97f4a7c15ull;

	return (x ^ crc) * 0xbf58476d1ce4e5b9ull ^ flags ^ (uint64_t)hw_sig << 32;
}

/* Attempts with the image of this identity. */
static inline uint32_t attempts_count(const struct attempts *l, uint64_t image)
{
	return l->magic == ATTEMPTS_MAGIC && l->image == image && l->check == ~l->attempts
		       ? l->attempts
		       : 0;
}

#endif

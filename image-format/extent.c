/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extents: from the linear area to sectors of a disk.
 */
#include "img_internal.h"

static bool overlap(const struct img_extent *a, const struct img_extent *b)
{
	return a->lba < b->lba ? b->lba - a->lba < a->n_sectors : a->lba - b->lba < b->n_sectors;
}

static bool extent_ok(const struct img_extent *e)
{
	return e->n_sectors != 0 && e->n_sectors - 1 <= UINT64_MAX - e->lba;
}

int img_extent_check(
	const struct img_extent *e, uint32_t n, uint32_t sector_bytes, uint64_t *ret_bytes)
{
	uint64_t bytes = 0;

	if (n == 0 || sector_bytes == 0)
		return IMG_ERR_ARGUMENT;
	for (uint32_t i = 0; i < n; i++) {
		if (!extent_ok(&e[i]) || e[i].n_sectors > (UINT64_MAX - bytes) / sector_bytes)
			return IMG_ERR_ARGUMENT;
		bytes += e[i].n_sectors * sector_bytes;
		for (uint32_t k = 0; k < i; k++) {
			if (overlap(&e[k], &e[i]))
				return IMG_ERR_ARGUMENT;
		}
	}
	*ret_bytes = bytes;
	return 0;
}

int img_extent_map(const struct img_extent *e, uint32_t n, uint32_t sector_bytes, uint64_t offset,
	uint64_t bytes, uint64_t *ret_lba, uint64_t *ret_bytes)
{
	uint64_t skip, want, left = 0;

	if (sector_bytes == 0 || bytes == 0 || offset % sector_bytes || bytes % sector_bytes)
		return IMG_ERR_ARGUMENT;
	skip = offset / sector_bytes;
	want = bytes / sector_bytes;
	for (; n != 0 && skip >= e->n_sectors; n--, e++)
		skip -= e->n_sectors;
	if (n == 0)
		return IMG_ERR_ARGUMENT;

	*ret_lba = e->lba + skip;
	left = e->n_sectors - skip;
	*ret_bytes = (want < left ? want : left) * sector_bytes;

	/* The rest of the range must lie in the area too: a caller that splits must not find out
	 * half-way. */
	while (want > left) {
		want -= left;
		e++;
		if (--n == 0)
			return IMG_ERR_ARGUMENT;
		left = e->n_sectors;
	}
	return 0;
}

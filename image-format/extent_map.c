/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The extent map: everything in it is judged here, so that a reader may use what it gets.
 */
#include "extent_map.h"

#include <string.h>

#include "img_internal.h"

#define HASHED_FROM offsetof(struct img_map_head, version)

static int bad(
	struct img_fault *f, const char *what, uint64_t where, uint64_t found, uint64_t wanted)
{
	return img_fail_(f, IMG_ERR_MAP, what, IMG_MAP_OFFSET + where, found, wanted);
}

static uint64_t map_bytes(uint32_t n_extents)
{
	return sizeof(struct img_map_head) + (uint64_t)n_extents * sizeof(struct img_map_rec);
}

static int check_extent(
	const struct img_map *m, uint32_t i, uint64_t partition_sectors, struct img_fault *f)
{
	const struct img_extent *e = &m->extent[i];
	uint64_t at = map_bytes(i), per_block = IMG_BLOCK_BYTES / m->sector_bytes;

	if (e->lba >= partition_sectors || e->n_sectors > partition_sectors - e->lba)
		return bad(
			f, "extent map extent end", at, e->lba + e->n_sectors, partition_sectors);
	if (e->n_sectors == 0 || e->n_sectors % per_block)
		return bad(f, "extent map extent length", at + 8, e->n_sectors, per_block);
	for (uint32_t k = 0; k < i; k++) {
		const struct img_extent *other = &m->extent[k];

		if (e->lba < other->lba + other->n_sectors && other->lba < e->lba + e->n_sectors)
			return bad(f, "extent map extent (in another one)", at, e->lba, other->lba);
	}
	return 0;
}

int img_map_check(const struct img_map *m, uint64_t partition_sectors, struct img_fault *ret_fault)
{
	uint64_t sectors = 0;
	int err = 0;

	if (m->sector_bytes != 512 && m->sector_bytes != 4096)
		return bad(ret_fault, "extent map sector bytes",
			offsetof(struct img_map_head, sector_bytes), m->sector_bytes, 512);
	if (m->n_extents == 0 || m->n_extents > IMG_MAP_EXTENTS_MAX)
		return bad(ret_fault, "extent map extents",
			offsetof(struct img_map_head, n_extents), m->n_extents,
			IMG_MAP_EXTENTS_MAX);
	/* They do not overlap, so that the sum is no larger than the partition. */
	for (uint32_t i = 0; !err && i < m->n_extents; i++) {
		err = check_extent(m, i, partition_sectors, ret_fault);
		sectors += m->extent[i].n_sectors;
	}
	if (err)
		return err;
	if (m->extent[0].n_sectors < IMG_MAP_FIRST_BYTES / m->sector_bytes)
		return bad(ret_fault, "extent map first extent", map_bytes(0) + 8,
			m->extent[0].n_sectors, IMG_MAP_FIRST_BYTES / m->sector_bytes);
	if (m->file_bytes % m->sector_bytes || m->file_bytes / m->sector_bytes != sectors)
		return bad(ret_fault, "extent map file bytes",
			offsetof(struct img_map_head, file_bytes), m->file_bytes,
			sectors * m->sector_bytes);
	return 0;
}

void img_map_encode(const struct img_map *m, void *buf)
{
	struct img_map_head h = {.version = IMG_MAP_VERSION,
		.n_extents = m->n_extents,
		.file_bytes = m->file_bytes,
		.sector_bytes = m->sector_bytes};
	uint8_t *to = buf;

	memset(buf, 0, IMG_MAP_BYTES_MAX);
	memcpy(h.magic, IMG_MAP_MAGIC, sizeof(h.magic));
	memcpy(h.area_uuid, m->area_uuid, sizeof(h.area_uuid));
	for (uint32_t i = 0; i < m->n_extents; i++) {
		struct img_map_rec r = {m->extent[i].lba, m->extent[i].n_sectors};

		memcpy(to + map_bytes(i), &r, sizeof(r));
	}
	memcpy(to, &h, sizeof(h));
	h.hash = img_hash(to + HASHED_FROM, map_bytes(m->n_extents) - HASHED_FROM);
	memcpy(to, &h, sizeof(h));
}

static int check_head(const struct img_map_head *h, const uint8_t *buf, uint32_t sector_bytes,
	struct img_fault *f)
{
	uint64_t hash;

	if (memcmp(h->magic, IMG_MAP_MAGIC, sizeof(h->magic)) != 0)
		return IMG_ERR_NO_AREA;
	/* The length that is hashed is itself under the hash. */
	if (h->n_extents == 0 || h->n_extents > IMG_MAP_EXTENTS_MAX)
		return bad(f, "extent map extents", offsetof(struct img_map_head, n_extents),
			h->n_extents, IMG_MAP_EXTENTS_MAX);
	hash = img_hash(buf + HASHED_FROM, map_bytes(h->n_extents) - HASHED_FROM);
	if (h->hash != hash)
		return bad(
			f, "extent map hash", offsetof(struct img_map_head, hash), h->hash, hash);
	if (h->version != IMG_MAP_VERSION)
		return bad(f, "extent map version", offsetof(struct img_map_head, version),
			h->version, IMG_MAP_VERSION);
	if (h->sector_bytes != sector_bytes)
		return bad(f, "extent map sector bytes",
			offsetof(struct img_map_head, sector_bytes), h->sector_bytes, sector_bytes);
	if (h->reserved0 || h->reserved1)
		return bad(f, "extent map reserved", offsetof(struct img_map_head, reserved0),
			h->reserved0 ? h->reserved0 : h->reserved1, 0);
	return 0;
}

int img_map_decode(const void *buf, uint32_t sector_bytes, uint64_t partition_sectors,
	struct img_map *ret, struct img_fault *ret_fault)
{
	struct img_map_head h;
	int err;

	*ret_fault = (struct img_fault){0};
	memcpy(&h, buf, sizeof(h));
	err = check_head(&h, buf, sector_bytes, ret_fault);
	if (err)
		return err;
	memcpy(ret->area_uuid, h.area_uuid, sizeof(ret->area_uuid));
	ret->file_bytes = h.file_bytes;
	ret->sector_bytes = h.sector_bytes;
	ret->n_extents = h.n_extents;
	for (uint32_t i = 0; i < h.n_extents; i++) {
		struct img_map_rec r;

		memcpy(&r, (const uint8_t *)buf + map_bytes(i), sizeof(r));
		ret->extent[i] = (struct img_extent){r.first_sector, r.n_sectors};
	}
	return img_map_check(ret, partition_sectors, ret_fault);
}

bool img_map_same(const struct img_map *a, const struct img_map *b)
{
	if (a->sector_bytes != b->sector_bytes || a->file_bytes != b->file_bytes ||
		a->n_extents != b->n_extents)
		return false;
	for (uint32_t i = 0; i < a->n_extents; i++)
		if (a->extent[i].lba != b->extent[i].lba ||
			a->extent[i].n_sectors != b->extent[i].n_sectors)
			return false;
	return true;
}

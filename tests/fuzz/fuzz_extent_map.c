/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extent maps: any bytes, with the hash put right so that the fuzzer gets behind it. What is accepted
 * keeps its promises, and is the same map when it is written again.
 */
#include <string.h>

#include "extent_map.h"
#include "fuzz.h"

static void check_accepted(const struct img_map *m, uint64_t partition_sectors)
{
	uint64_t sectors = 0;
	FUZZ_CHECK(m->n_extents > 0 && m->n_extents <= IMG_MAP_EXTENTS_MAX);
	for (uint32_t i = 0; i < m->n_extents; i++) {
		const struct img_extent *e = &m->extent[i];
		FUZZ_CHECK(e->lba < partition_sectors);
		FUZZ_CHECK(e->n_sectors > 0 && e->n_sectors <= partition_sectors - e->lba);
		FUZZ_CHECK(e->n_sectors * m->sector_bytes % IMG_BLOCK_BYTES == 0);
		sectors += e->n_sectors;
	}
	FUZZ_CHECK(sectors * m->sector_bytes == m->file_bytes && sectors <= partition_sectors);
	FUZZ_CHECK(m->extent[0].n_sectors * m->sector_bytes >= IMG_MAP_FIRST_BYTES);
	/* The area's own judge agrees: none overlap. */
	uint64_t bytes = 0;
	FUZZ_CHECK(img_extent_check(m->extent, m->n_extents, m->sector_bytes, &bytes) == 0);
	FUZZ_CHECK(bytes == m->file_bytes);
}

/* First byte: bit 0 a map of 4096-byte sectors, bit 1 a hash that is left wrong; then two of the size
 * of the partition; then the map. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint8_t again[IMG_MAP_BYTES_MAX];
	static struct img_map m, m2;
	struct img_map_head h;
	struct img_fault fault;
	uint8_t *buf;
	if (bytes < 3)
		return 0;
	uint32_t sector_bytes = data[0] & 1 ? 4096 : 512;
	uint64_t partition_sectors = (uint64_t)(data[1] | data[2] << 8) << 8;
	/* On the heap: reading one byte too many is seen. */
	buf = calloc(1, IMG_MAP_BYTES_MAX);
	if (!buf)
		return 0;
	bytes -= 3;
	memcpy(buf, data + 3, bytes < IMG_MAP_BYTES_MAX ? bytes : IMG_MAP_BYTES_MAX);
	memcpy(&h, buf, sizeof(h));
	if (!(data[0] & 2) && h.n_extents <= IMG_MAP_EXTENTS_MAX) {
		h.hash = img_hash(buf + 16, 48 + 16 * (size_t)h.n_extents);
		memcpy(buf, &h, sizeof(h));
	}
	int err = img_map_decode(buf, sector_bytes, partition_sectors, &m, &fault);
	FUZZ_CHECK(err == 0 || err == IMG_ERR_MAP || err == IMG_ERR_NO_AREA);
	FUZZ_CHECK((err == IMG_ERR_MAP) == (fault.what != NULL));
	if (err == 0) {
		check_accepted(&m, partition_sectors);
		img_map_encode(&m, again);
		FUZZ_CHECK(
			img_map_decode(again, sector_bytes, partition_sectors, &m2, &fault) == 0);
		FUZZ_CHECK(img_map_same(&m, &m2));
	}
	free(buf);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* extent_map.c: what is written comes back; every field that is wrong is refused by name. */
#include "test.h"

#include <string.h>

#include "extent_map.h"

#define PARTITION 100000u /* sectors */

static uint8_t buf[IMG_MAP_BYTES_MAX];
static struct img_map map, back;
static struct img_fault fault;

static struct img_map_head *head(void)
{
	return (struct img_map_head *)(void *)buf;
}

static struct img_map_rec *rec(uint32_t i)
{
	return (struct img_map_rec *)(void *)(buf + sizeof(struct img_map_head)) + i;
}

/* As FORMAT.md has it, not as the code under test does. */
static void seal(void)
{
	head()->hash = img_hash(buf + 16, 64 - 16 + 16 * (size_t)head()->n_extents);
}

/* Not in the order of the disk, two of them adjacent. */
static void setup(void)
{
	map = (struct img_map){.file_bytes = (128 + 8 + 800 + 64) * 512,
		.sector_bytes = 512,
		.n_extents = 4,
		.extent = {{5000, 128}, {5128, 8}, {99200, 800}, {16, 64}}};
	memset(map.area_uuid, 0x77, 16);
	assert_int_equal(img_map_check(&map, PARTITION, &fault), 0);
	img_map_encode(&map, buf);
}

FIXTURE(setup, NULL)

static int decode(void)
{
	memset(&back, 0xee, sizeof(back));
	return img_map_decode(buf, 512, PARTITION, &back, &fault);
}

TEST(there_and_back)
{
	assert_int_equal(decode(), 0);
	assert_true(img_map_same(&map, &back));
	assert_memory_equal(map.area_uuid, back.area_uuid, 16);
	assert_int_equal(back.file_bytes, map.file_bytes);
	/* The place of every byte, as FORMAT.md says. */
	assert_memory_equal(buf, "TORPXMAP", 8);
	assert_memory_equal(buf + 16, "\1\0\0\0\4\0\0\0", 8);
	assert_int_equal(buf[24], 0x77);
	assert_memory_equal(buf + 40, "\0\xd0\7\0\0\0\0\0\0\2\0\0", 12);
	assert_memory_equal(buf + 64, "\x88\x13\0\0\0\0\0\0\x80\0\0\0\0\0\0\0\x08\x14", 18);
}

TEST(largest)
{
	map.n_extents = IMG_MAP_EXTENTS_MAX;
	map.sector_bytes = 4096;
	map.file_bytes = 0;
	for (uint32_t i = 0; i < map.n_extents; i++) {
		map.extent[i] = (struct img_extent){(uint64_t)i * 40, 16 + i % 20};
		map.file_bytes += map.extent[i].n_sectors * 4096;
	}
	assert_int_equal(img_map_check(&map, PARTITION, &fault), 0);
	img_map_encode(&map, buf);
	assert_int_equal(img_map_decode(buf, 4096, PARTITION, &back, &fault), 0);
	assert_true(img_map_same(&map, &back));
	map.n_extents++;
	assert_int_equal(img_map_check(&map, PARTITION, &fault), IMG_ERR_MAP);
}

/* Every bit of the map is under the hash, or is the magic. */
TEST(every_bit)
{
	for (size_t bit = 0; bit < (64 + 4 * 16) * 8; bit++) {
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(decode(), bit < 64 ? IMG_ERR_NO_AREA : IMG_ERR_MAP);
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(decode(), 0);
}

static void refused(const char *what, uint64_t where)
{
	seal();
	assert_int_equal(decode(), IMG_ERR_MAP);
	assert_string_equal(fault.what, what);
	assert_int_equal(fault.where, IMG_MAP_OFFSET + where);
	setup();
}

#define HEAD(field, value, what)                                                                   \
	do {                                                                                       \
		head()->field = (value);                                                           \
		refused(what, offsetof(struct img_map_head, field));                               \
	} while (0)

TEST(head_fields)
{
	HEAD(version, 2, "extent map version");
	HEAD(version, 0, "extent map version");
	HEAD(sector_bytes, 4096, "extent map sector bytes");
	HEAD(sector_bytes, 0, "extent map sector bytes");
	HEAD(reserved0, 1, "extent map reserved");
	head()->reserved1 = 1;
	refused("extent map reserved", offsetof(struct img_map_head, reserved0));
	HEAD(file_bytes, map.file_bytes + 512, "extent map file bytes");
	HEAD(file_bytes, map.file_bytes + 1, "extent map file bytes");
	HEAD(file_bytes, 0, "extent map file bytes");
	head()->n_extents = 3; /* with a good hash */
	refused("extent map file bytes", offsetof(struct img_map_head, file_bytes));
}

TEST(counts)
{
	static const uint32_t wrong[] = {0, IMG_MAP_EXTENTS_MAX + 1, UINT32_MAX};
	for (uint32_t i = 0; i < 3; i++) {
		head()->n_extents = wrong[i];
		assert_int_equal(decode(), IMG_ERR_MAP);
		assert_string_equal(fault.what, "extent map extents");
	}
}

TEST(no_map)
{
	memset(buf, 0, sizeof(buf));
	assert_int_equal(decode(), IMG_ERR_NO_AREA);
	assert_null(fault.what);
}

static void extent(uint32_t i, uint64_t first, uint64_t n, const char *what, uint64_t where)
{
	*rec(i) = (struct img_map_rec){first, n};
	refused(what, 64 + 16 * i + where);
}

TEST(extents)
{
	static const char outside[] = "extent map extent end",
			  length[] = "extent map extent length",
			  overlap[] = "extent map extent (in another one)";
	extent(2, PARTITION, 8, outside, 0);
	extent(2, PARTITION - 8, 16, outside, 0);
	extent(2, UINT64_MAX, 8, outside, 0);
	extent(2, 8, UINT64_MAX, outside, 0);
	extent(2, UINT64_MAX - 7, 16, outside, 0);
	extent(1, 6000, 0, length, 8);
	extent(1, 6000, 7, length, 8);
	extent(3, 5120, 16, overlap, 0);   /* the end of one and the start of the next */
	extent(3, 4992, 1024, overlap, 0); /* around one */
	extent(3, 5008, 8, overlap, 0);    /* inside one */
	extent(3, 5000, 128, overlap, 0);  /* the same */
	extent(0, 5000, 48, "extent map first extent", 8);
}

TEST(another_partition)
{
	assert_int_equal(img_map_decode(buf, 512, 100000 - 1, &back, &fault), IMG_ERR_MAP);
	assert_int_equal(img_map_decode(buf, 512, 0, &back, &fault), IMG_ERR_MAP);
}

TEST(not_the_same)
{
	back = map;
	assert_true(img_map_same(&map, &back));
	back.extent[3].lba += 8;
	assert_false(img_map_same(&map, &back));
	back = map;
	back.extent[3].n_sectors += 8;
	assert_false(img_map_same(&map, &back));
	back = map;
	back.n_extents--;
	assert_false(img_map_same(&map, &back));
	back = map;
	back.file_bytes += 4096;
	assert_false(img_map_same(&map, &back));
	back = map;
	back.sector_bytes = 4096;
	assert_false(img_map_same(&map, &back));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clean-up of a boot loader's memory map: by hand, against a slow model at random, and what is no table. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "e820_map.h"

static struct e820_map map;

static void add(uint64_t start, uint64_t end, uint32_t type)
{
	map.v[map.n++] = (struct swsusp_e820){start, end - start, type};
}

static void has(uint32_t i, uint64_t start, uint64_t end, uint32_t type)
{
	assert_true(i < map.n);
	assert_int_equal(map.v[i].start, start);
	assert_int_equal(map.v[i].start + map.v[i].size, end);
	assert_int_equal(map.v[i].type, type);
}

static void empty(void)
{
	map.n = 0;
}

FIXTURE(empty, NULL)

TEST(highest_type_wins)
{
	add(0x2000, 0x6000, 2);
	add(0, 0x4000, 1);
	add(0x3000, 0x3000, 7); /* empty: as if it were not there */
	add(0x5000, 0x8000, 0xefffffff);
	add(0x9000, 0xa000, 1);
	assert_true(e820_clean(&map));
	assert_int_equal(map.n, 5);
	has(0, 0, 0x2000, 1);
	has(1, 0x2000, 0x5000, 2);
	has(2, 0x5000, 0x6000, 0xefffffff); /* never joined */
	has(3, 0x6000, 0x8000, 0xefffffff);
	has(4, 0x9000, 0xa000, 1);
}

TEST(neighbours)
{
	add(0x1000, 0x2000, 2);
	add(0, 0x1000, 2);
	add(0x2000, 0x3000, 12);
	add(0x3000, 0x5000, 12); /* another device */
	add(0x4000, 0x4800, 1);  /* cuts it all the same */
	assert_true(e820_clean(&map));
	assert_int_equal(map.n, 5);
	has(0, 0, 0x2000, 2);
	has(1, 0x2000, 0x3000, 12);
	has(2, 0x3000, 0x4000, 12);
	has(3, 0x4000, 0x4800, 12);
	has(4, 0x4800, 0x5000, 12);
}

TEST(no_map)
{
	add(0, 0x1000, 1);
	assert_false(e820_clean(&map)); /* the kernel would look elsewhere */
	map.n = 0;
	add(0x1000, 0x1000, 1);
	add(0x2000, 0x2000, 1);
	assert_false(e820_clean(&map));
}

/* ---- A model that looks at every place ---- */

#define PLACES 64

/* What covers place p, and where anything begins or ends. */
static uint32_t model_type(const struct e820_map *m, uint64_t p)
{
	uint32_t type = 0;

	for (uint32_t i = 0; i < m->n; i++)
		if (m->v[i].start <= p && p - m->v[i].start < m->v[i].size && m->v[i].type > type)
			type = m->v[i].type;
	return type;
}

static bool model_border(const struct e820_map *m, uint64_t p)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (m->v[i].size && (m->v[i].start == p || m->v[i].start + m->v[i].size == p))
			return true;
	return false;
}

static void model(const struct e820_map *m, struct e820_map *ret)
{
	ret->n = 0;
	for (uint64_t p = 0; p < PLACES; p++) {
		uint32_t type = model_type(m, p);
		struct swsusp_e820 *last = &ret->v[ret->n ? ret->n - 1 : 0];
		bool apart = (type == 12 || type == 0xefffffff) && model_border(m, p);

		if (!type)
			continue;
		if (ret->n && last->start + last->size == p && last->type == type && !apart)
			last->size++;
		else
			ret->v[ret->n++] = (struct swsusp_e820){p, 1, type};
	}
}

TEST(against_the_model)
{
	static const uint32_t types[] = {1, 1, 2, 3, 4, 5, 7, 12, 12, 20, 0xefffffff, 0};
	static struct e820_map wanted;

	srand(10);
	for (uint32_t turn = 0; turn < 20000; turn++) {
		map.n = 0;
		for (uint32_t n = 2 + (uint32_t)rand() % 14; n > 0; n--) {
			uint64_t start = (uint64_t)rand() % PLACES;

			add(start, start + (uint64_t)rand() % (PLACES + 1 - start),
				types[(uint32_t)rand() % (sizeof(types) / sizeof(*types))]);
		}
		model(&map, &wanted);
		assert_int_equal(e820_clean(&map), wanted.n > 0);
		if (wanted.n)
			assert_true(e820_same(&map, &wanted));
		/* Once more changes nothing. */
		if (map.n >= 2)
			assert_true(e820_clean(&map) && e820_same(&map, &wanted));
	}
}

/* ---- Bytes ---- */

static uint8_t page[4096];

static void put(uint8_t *p, uint64_t start, uint64_t size, uint32_t type)
{
	memcpy(p, &start, 8);
	memcpy(p + 8, &size, 8);
	memcpy(p + 16, &type, 4);
}

TEST(zero_page)
{
	memset(page, 0, sizeof(page));
	page[0x1e8] = 2;
	put(page + 0x2d0, 0x100000, 0x1000, 1);
	put(page + 0x2d0 + 20, 0, 0x1000, 1);
	assert_true(e820_add_zero_page(&map, page, sizeof(page)));
	assert_int_equal(map.n, 2);
	has(1, 0, 0x1000, 1);
	assert_false(e820_add_zero_page(&map, page, sizeof(page) - 1));
	page[0x1e8] = 1;
	assert_false(e820_add_zero_page(&map, page, sizeof(page)));
	page[0x1e8] = 129; /* there is room for 128 */
	assert_false(e820_add_zero_page(&map, page, sizeof(page)));
	page[0x1e8] = 2;
	put(page + 0x2d0, UINT64_MAX - 10, 12, 1);
	assert_false(e820_add_zero_page(&map, page, sizeof(page)));
	put(page + 0x2d0, UINT64_MAX - 11, 12,
		1); /* up to 2^64: the kernel cleans up no such table */
	assert_false(e820_add_zero_page(&map, page, sizeof(page)));
}

TEST(extension)
{
	uint8_t more[59];

	put(more, 0x1000, 0x1000, 1);
	put(more + 20, 0x2000, 0x1000, 2);
	assert_true(e820_add_entries(&map, more, sizeof(more))); /* the rest is none */
	assert_int_equal(map.n, 2);
	map.n = E820_MAP_MAX - 1;
	assert_false(e820_add_entries(&map, more, 40));
}

TEST(kernels_table)
{
	uint8_t table[44] = {2};

	put(table + 4, 0, 0x1000, 1);
	put(table + 24, 0x1000, 0x1000, 2);
	assert_true(e820_take_table(&map, table, sizeof(table)));
	assert_int_equal(map.n, 2);
	assert_false(e820_take_table(&map, table, sizeof(table) - 1));
	assert_false(e820_take_table(&map, table, 3));
	put(table + 24, 0xfff, 0x1000, 2); /* overlap */
	assert_false(e820_take_table(&map, table, sizeof(table)));
	put(table + 24, 0x1000, 0, 2);
	assert_false(e820_take_table(&map, table, sizeof(table)));
	put(table + 24, 0x1000, 1, 0);
	assert_false(e820_take_table(&map, table, sizeof(table)));
	table[0] = 0;
	assert_false(e820_take_table(&map, table, sizeof(table)));
	table[3] = 0xff;
	assert_false(e820_take_table(&map, table, sizeof(table)));
}

TEST(not_ram)
{
	add(0, 0x1000, 1);
	add(0x1000, 0x2000, 3);
	add(0x2000, 0x3000, 4);
	add(0x4000, 0x5000, 2);
	assert_true(e820_is_not_ram(&map, 0x1000, 0x2000));
	assert_true(e820_is_not_ram(&map, 0x1fff, 2));
	assert_false(e820_is_not_ram(&map, 0xfff, 2));
	assert_false(e820_is_not_ram(&map, 0x2fff, 2)); /* into a gap */
	assert_false(e820_is_not_ram(&map, 0x4000, 0));
	assert_false(e820_is_not_ram(&map, 0x4000, UINT64_MAX));
	assert_true(e820_has_ram(&map, 0xfff, 2));
	assert_true(e820_has_ram(&map, 0, UINT64_MAX));
	assert_false(e820_has_ram(&map, 0x1000, UINT64_MAX));
	assert_false(e820_has_ram(&map, 0x3000, 0x1000));
	assert_false(e820_has_ram(&map, 0xfff, 0));
}

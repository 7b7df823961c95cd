/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clean-up of a boot loader's memory map, as arch/x86/kernel/e820.c does it at boot: an
 * image's header has a checksum of the result, so it must come out the same to the byte.
 */
#include "e820_map.h"

#include <stdlib.h>
#include <string.h>

#define ZERO_PAGE_BYTES   4096u
#define ZERO_PAGE_COUNT   0x1e8u
#define ZERO_PAGE_ENTRIES 0x2d0u
#define ZERO_PAGE_MAX     128u

#define TYPE_RAM           1u
#define TYPE_PRAM          12u
#define TYPE_SOFT_RESERVED 0xefffffffu

/* ---- Taking entries ---- */

static bool add_entry(struct e820_map *m, const uint8_t *p)
{
	struct swsusp_e820 *e = &m->v[m->n];

	if (m->n == E820_MAP_MAX)
		return false;
	memcpy(&e->start, p, 8);
	memcpy(&e->size, p + 8, 8);
	memcpy(&e->type, p + 16, 4);
	m->n++;
	return e->start + e->size >= e->start;
}

bool e820_add_entries(struct e820_map *m, const uint8_t *data, size_t bytes)
{
	for (size_t at = 0; bytes - at >= E820_ENTRY_BYTES; at += E820_ENTRY_BYTES)
		if (!add_entry(m, data + at))
			return false;
	return true;
}

bool e820_add_zero_page(struct e820_map *m, const uint8_t *data, size_t bytes)
{
	uint32_t n = bytes < ZERO_PAGE_BYTES ? 0 : data[ZERO_PAGE_COUNT];

	return n >= 2 && n <= ZERO_PAGE_MAX &&
	       e820_add_entries(m, data + ZERO_PAGE_ENTRIES, n * E820_ENTRY_BYTES);
}

bool e820_take_table(struct e820_map *m, const uint8_t *data, size_t bytes)
{
	uint32_t n = 0;

	if (bytes >= sizeof(n))
		memcpy(&n, data, sizeof(n));
	m->n = 0;
	if (n < 1 || n > E820_MAP_MAX || (bytes - sizeof(n)) / E820_ENTRY_BYTES < n ||
		!e820_add_entries(m, data + sizeof(n), (size_t)n * E820_ENTRY_BYTES))
		return false;
	for (uint32_t i = 0; i < m->n; i++)
		if (!m->v[i].size || !m->v[i].type ||
			(i && m->v[i].start < m->v[i - 1].start + m->v[i - 1].size))
			return false;
	return true;
}

/* ---- Cleaning up ---- */

/* Where an entry begins or ends. */
struct point {
	uint64_t at;
	uint32_t type;
	bool is_end;
};

/* What begins somewhere comes before what ends there: no gap between neighbours. */
static int by_place(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->is_end - y->is_end;
}

static uint32_t find_points(const struct e820_map *m, struct point *ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n; i++) {
		const struct swsusp_e820 *e = &m->v[i];

		if (!e->size)
			continue;
		ret[n++] = (struct point){e->start, e->type, false};
		ret[n++] = (struct point){e->start + e->size, e->type, true};
	}
	qsort(ret, n, sizeof(*ret), by_place);
	return n;
}

/* The types of the entries that cover the place looked at. */
struct covering {
	uint32_t type[E820_MAP_MAX], n;
};

static void pass_point(struct covering *c, const struct point *p)
{
	uint32_t i = 0;

	if (!p->is_end) {
		c->type[c->n++] = p->type;
		return;
	}
	while (c->type[i] != p->type)
		i++;
	c->type[i] = c->type[--c->n];
}

static uint32_t highest(const struct covering *c)
{
	uint32_t type = 0;

	for (uint32_t i = 0; i < c->n; i++)
		if (c->type[i] > type)
			type = c->type[i];
	return type;
}

/* Their borders are those of devices or memory nodes. */
static bool may_join(uint32_t type)
{
	return type != TYPE_PRAM && type != TYPE_SOFT_RESERVED;
}

/* False: no room. */
static bool put_piece(struct e820_map *m, uint64_t start, uint64_t end, uint32_t type)
{
	if (!type || start == end)
		return true;
	if (m->n == E820_MAP_MAX)
		return false;
	m->v[m->n++] = (struct swsusp_e820){start, end - start, type};
	return true;
}

static bool clean(
	struct e820_map *m, const struct point *points, uint32_t n, struct covering *covering)
{
	uint64_t start = 0;
	uint32_t type = 0; /* of the piece from start on; 0: a gap */

	m->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t now;

		pass_point(covering, &points[i]);
		now = highest(covering);
		if (now == type && may_join(type))
			continue;
		if (!put_piece(m, start, points[i].at, type))
			return false;
		start = points[i].at;
		type = now;
	}
	return true;
}

bool e820_clean(struct e820_map *m)
{
	struct point *points = malloc(2 * sizeof(*points) * (m->n + 1));
	struct covering *covering = calloc(1, sizeof(*covering));
	bool ok = m->n >= 2 && points && covering &&
		  clean(m, points, find_points(m, points), covering) && m->n > 0;

	free(covering);
	free(points);
	return ok;
}

/* ---- Asking ---- */

bool e820_same(const struct e820_map *a, const struct e820_map *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (a->v[i].start != b->v[i].start || a->v[i].size != b->v[i].size ||
			a->v[i].type != b->v[i].type)
			return false;
	return true;
}

bool e820_is_not_ram(const struct e820_map *m, uint64_t start, uint64_t bytes)
{
	uint64_t reached = start, end = start + bytes;

	if (!bytes || end < start)
		return false;
	for (uint32_t i = 0; i < m->n && reached < end; i++) {
		const struct swsusp_e820 *e = &m->v[i];

		if (e->type != TYPE_RAM && e->start <= reached && e->start + e->size > reached)
			reached = e->start + e->size;
	}
	return reached >= end;
}

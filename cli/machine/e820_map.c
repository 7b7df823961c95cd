/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of the boot loader's and the kernel's, as bytes. What the kernel makes of the first is swsusp/e820.c's
 * business.
 */
#include "e820_map.h"

#include <stdlib.h>
#include <string.h>

#define ZERO_PAGE_BYTES   4096u
#define ZERO_PAGE_COUNT   0x1e8u
#define ZERO_PAGE_ENTRIES 0x2d0u
#define ZERO_PAGE_MAX     128u

#define TYPE_RAM 1u

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

bool e820_clean(struct e820_map *m)
{
	struct swsusp_e820 *raw = malloc((m->n + 1) * sizeof(*raw));
	uint64_t *cut = malloc(2 * (m->n + 1) * sizeof(*cut));
	bool ok = m->n >= 2 && raw && cut;
	struct swsusp_e820_walk w;
	struct swsusp_e820 e;

	if (ok) {
		memcpy(raw, m->v, m->n * sizeof(*raw));
		swsusp_e820_walk(&w, raw, m->n, cut);
		m->n = 0;
		while (ok && swsusp_e820_next(&w, &e)) {
			ok = m->n < E820_MAP_MAX;
			if (ok)
				m->v[m->n++] = e;
		}
	}
	free(cut);
	free(raw);
	return ok && m->n > 0;
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

bool e820_has_ram(const struct e820_map *m, uint64_t start, uint64_t bytes)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct swsusp_e820 *e = &m->v[i];

		if (e->type == TYPE_RAM &&
			(start < e->start ? e->start - start < bytes : start - e->start < e->size))
			return bytes != 0;
	}
	return false;
}

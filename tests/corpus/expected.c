/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By elementary intervals: every line's ends cut the address space, each part is looked up in all lines. */
#include "expected.h"

#include <stdlib.h>

#define PAGE      4096ull
#define FIRST_PFN 256u

void intervals_free(struct intervals *r)
{
	free(r->v);
	*r = (struct intervals){NULL, 0};
}

uint64_t intervals_total(const struct intervals *r)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < r->n; i++)
		total += r->v[i].end - r->v[i].start;
	return total;
}

static bool is_ram_line(const struct map_line *l, bool is_efi, bool with_acpi)
{
	if (!is_efi)
		return l->type == 1 || (with_acpi && l->type == 3);
	if (l->runtime)
		return false;
	return (l->type >= 1 && l->type <= 4) || l->type == 7 || (with_acpi && l->type == 9);
}

/* The part of a line that counts, in frames: RAM is what is wholly RAM, all else what it touches. */
static struct interval frames_of(const struct map_line *l, bool is_ram)
{
	struct interval r;
	r.start = is_ram ? l->start / PAGE + (l->start % PAGE != 0) : l->start / PAGE;
	r.end = is_ram ? l->end / PAGE : l->end / PAGE + (l->end % PAGE != 0);
	return r;
}

static bool is_ram_at(const struct map_file *m, uint64_t pfn, bool with_acpi)
{
	bool is_efi = m->n_e820 == 0, ram = false;
	const struct map_line *v = is_efi ? m->efi : m->e820;
	for (uint32_t i = 0; i < (is_efi ? m->n_efi : m->n_e820); i++) {
		bool is_ram = is_ram_line(&v[i], is_efi, with_acpi);
		struct interval r = frames_of(&v[i], is_ram);
		if (v[i].start == v[i].end || pfn < r.start || pfn >= r.end)
			continue;
		if (!is_ram)
			return false;
		ram = true;
	}
	return ram;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static size_t ends_of(const struct map_file *m, bool with_acpi, uint64_t *ret)
{
	bool is_efi = m->n_e820 == 0;
	uint32_t n = is_efi ? m->n_efi : m->n_e820;
	for (uint32_t i = 0; i < n; i++) {
		const struct map_line *l = is_efi ? &m->efi[i] : &m->e820[i];
		struct interval r = frames_of(l, is_ram_line(l, is_efi, with_acpi));
		ret[2 * i] = r.start;
		ret[2 * i + 1] = r.end;
	}
	return 2 * n;
}

void expected_ram(
	const struct map_file *const *maps, uint32_t n, bool with_acpi, struct intervals *ret)
{
	uint64_t *ends = calloc((size_t)n * 2 * MAP_LINES_MAX + 1, sizeof(*ends));
	size_t n_ends = 1; /* frame 1: the first one is nobody's */
	if (!ends)
		abort();
	ends[0] = 1;
	for (uint32_t i = 0; i < n; i++)
		n_ends += ends_of(maps[i], with_acpi, ends + n_ends);
	qsort(ends, n_ends, sizeof(*ends), by_value);
	ret->v = calloc(n_ends, sizeof(*ret->v));
	ret->n = 0;
	if (!ret->v)
		abort();
	for (size_t i = 0; i + 1 < n_ends; i++) {
		bool ram = ends[i] < ends[i + 1] && ends[i] >= 1;
		for (uint32_t k = 0; ram && k < n; k++)
			ram = is_ram_at(maps[k], ends[i], with_acpi);
		if (!ram)
			continue;
		if (ret->n && ret->v[ret->n - 1].end == ends[i])
			ret->v[ret->n - 1].end = ends[i + 1];
		else
			ret->v[ret->n++] = (struct interval){ends[i], ends[i + 1]};
	}
	free(ends);
}

/* ---- What a kernel leaves out ---- */

static void remove_one(struct intervals *r, uint64_t first, uint64_t end)
{
	struct interval *v = calloc(r->n + 1, sizeof(*v));
	uint32_t n = 0;
	if (!v)
		abort();
	for (uint32_t i = 0; i < r->n; i++) {
		struct interval k = r->v[i];
		if (k.end <= first || k.start >= end) {
			v[n++] = k;
			continue;
		}
		if (k.start < first)
			v[n++] = (struct interval){k.start, first};
		if (k.end > end)
			v[n++] = (struct interval){end, k.end};
	}
	free(r->v);
	*r = (struct intervals){v, n};
}

void expected_remove_nosave(const struct map_file *m, struct intervals *r)
{
	for (uint32_t i = 0; i < m->n_nosave; i++)
		if (m->nosave[i].start < m->nosave[i].end)
			remove_one(
				r, m->nosave[i].start / PAGE, (m->nosave[i].end + PAGE - 1) / PAGE);
}

bool expected_is_nosave(const struct map_file *m, uint64_t start, uint64_t bytes)
{
	for (uint32_t i = 0; i < m->n_nosave; i++)
		if (m->nosave[i].start < start + bytes && start < m->nosave[i].end)
			return true;
	return false;
}

/* ---- Gaps ---- */

typedef void (*gap_visitor)(void *ctx, uint64_t first, uint64_t end);

/* The image's runs and the intervals ascend. */
static void each_gap(const struct intervals *ram, const struct swsusp_image *image,
	uint64_t first_pfn, gap_visitor visit, void *ctx)
{
	struct swsusp_cursor c;
	struct swsusp_run run = {.first = 0, .count = 0};
	bool more = true;
	swsusp_frames(image, &c);
	for (uint32_t i = 0; i < ram->n; i++) {
		uint64_t at = ram->v[i].start > first_pfn ? ram->v[i].start : first_pfn;
		while (at < ram->v[i].end) {
			while (more && run.first + run.count <= at)
				more = swsusp_next(&c, UINT64_MAX, &run) == 1;
			uint64_t end = ram->v[i].end;
			if (more && run.first <= at) {
				at = run.first + run.count;
				continue;
			}
			if (more && run.first < end)
				end = run.first;
			visit(ctx, at, end);
			at = end;
		}
	}
}

struct best {
	struct gaps g;
	uint64_t bytes[BOOT_REGION_MAX]; /* largest first */
};

static void take_gap(void *ctx, uint64_t first, uint64_t end)
{
	struct best *b = ctx;
	uint64_t bytes = (end - first) * PAGE;
	b->g.total += bytes;
	for (uint32_t i = 0; i < BOOT_REGION_MAX; i++) {
		if (bytes <= b->bytes[i])
			continue;
		uint64_t other = b->bytes[i];
		b->bytes[i] = bytes;
		bytes = other;
	}
}

void expected_gaps(const struct intervals *ram, const struct swsusp_image *image, struct gaps *ret)
{
	struct best b = {0};
	each_gap(ram, image, FIRST_PFN, take_gap, &b);
	for (uint32_t i = 0; i < BOOT_REGION_MAX; i++)
		b.g.best += b.bytes[i];
	b.g.largest = b.bytes[0];
	*ret = b.g;
}

/* ---- Whose is it? ---- */

static bool touches(const struct map_line *l, uint64_t start, uint64_t bytes)
{
	return l->start < start + bytes && start < l->end;
}

bool is_type_in(const struct map_file *m, uint32_t type, uint64_t start, uint64_t bytes)
{
	for (uint32_t i = 0; i < m->n_e820; i++)
		if (m->e820[i].type == type && touches(&m->e820[i], start, bytes))
			return true;
	return false;
}

static bool is_inside(const struct intervals *r, uint64_t first, uint64_t end)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->v[i].start <= first && end <= r->v[i].end)
			return true;
	return false;
}

static bool has_frames(const struct swsusp_image *image, uint64_t first, uint64_t end)
{
	struct swsusp_cursor c;
	struct swsusp_run run;
	swsusp_frames(image, &c);
	while (swsusp_next(&c, UINT64_MAX, &run) == 1 && run.first < end)
		if (run.first + run.count > first)
			return true;
	return false;
}

const char *expected_owner(const struct map_file *const *maps, uint32_t n,
	const struct intervals *ram, const struct swsusp_image *image, uint64_t start,
	uint64_t bytes)
{
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < maps[i]->n_e820; k++) {
			const struct map_line *l = &maps[i]->e820[k];
			if (l->type != 1 && touches(l, start, bytes))
				return l->type == 3   ? "ACPI tables"
				       : l->type == 4 ? "ACPI NVS"
						      : "reserved";
		}
		for (uint32_t k = 0; k < maps[i]->n_efi; k++)
			if (maps[i]->efi[k].runtime && touches(&maps[i]->efi[k], start, bytes))
				return "EFI runtime services";
	}
	if (start % PAGE || bytes % PAGE || bytes == 0 || start < FIRST_PFN * PAGE)
		return "no whole frames from 1 MiB on";
	if (!is_inside(ram, start / PAGE, (start + bytes) / PAGE))
		return "not RAM in both boots";
	if (has_frames(image, start / PAGE, (start + bytes) / PAGE))
		return "the image";
	return NULL;
}

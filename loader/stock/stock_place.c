/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gaps between the frames of an image, in memory that is RAM in both boots. ACPI tables are memory
 * too, and an own image restores them; a stock image does not, and the old kernel goes on to run
 * what is in them.
 */
#include "stock_place.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"
#include "low_memory.h"

#define PAGE_BYTES    4096ull
#define PIECE_MIN     (64u * 1024)
#define BUFFERS_BYTES (24ull << 20) /* with these it reads as fast as it can */
#define ENOUGH_MIN    (48ull << 20)
#define FOUR_GIB      (1ull << 32)
#define FIRST_PFN     256u /* the first MiB is for firmware and processors that start up */

/* The largest pieces so far, largest first. */
struct pool {
	struct boot_piece piece[BOOT_REGION_MAX];
	uint32_t n;
};

struct placing {
	const struct ranges *old_ram, *busy;
	uint64_t program_bytes, need_bytes, enough_bytes;
	struct swsusp_cursor frames; /* of the image: walked once, as the ranges ascend */
	struct swsusp_run run;
	bool have_run;
	struct pool low, high; /* below 4 GiB; above, or across */
	uint64_t n_gaps, total_bytes, largest_bytes;
};

/* ---- Gaps ---- */

static void keep(struct pool *p, const struct boot_piece *piece)
{
	uint32_t at = p->n;
	while (at > 0 && piece->bytes > p->piece[at - 1].bytes)
		at--;
	if (at == BOOT_REGION_MAX)
		return;
	if (p->n < BOOT_REGION_MAX)
		p->n++;
	memmove(&p->piece[at + 1], &p->piece[at], (p->n - at - 1) * sizeof(*piece));
	p->piece[at] = *piece;
}

static bool is_low(const struct boot_piece *p)
{
	return p->start + p->bytes <= FOUR_GIB;
}

static void offer(struct placing *p, uint64_t first_pfn, uint64_t end_pfn)
{
	struct boot_piece piece = {
		.start = first_pfn * PAGE_BYTES, .bytes = (end_pfn - first_pfn) * PAGE_BYTES};
	p->n_gaps++;
	p->total_bytes += piece.bytes;
	if (piece.bytes > p->largest_bytes)
		p->largest_bytes = piece.bytes;
	if (piece.bytes < PIECE_MIN)
		return;
	if (piece.bytes > p->enough_bytes)
		piece.bytes = p->enough_bytes;
	keep(is_low(&piece) ? &p->low : &p->high, &piece);
}

static void next_run(struct placing *p)
{
	p->have_run = swsusp_next(&p->frames, UINT64_MAX, &p->run) == 1;
}

/* What the image leaves of [at, end). */
static void offer_between_frames(struct placing *p, uint64_t at, uint64_t end)
{
	while (p->have_run && p->run.first + p->run.count <= at)
		next_run(p);
	while (at < end && p->have_run && p->run.first < end) {
		if (p->run.first > at)
			offer(p, at, p->run.first);
		at = p->run.first + p->run.count;
		if (at <= end)
			next_run(p); /* else the run goes on in the next range */
	}
	if (at < end)
		offer(p, at, end);
}

static void offer_not_busy(struct placing *p, uint64_t at, uint64_t end)
{
	struct range gap;
	while (ranges_gap(p->busy, at, end, &gap)) {
		offer_between_frames(p, gap.start, gap.end);
		at = gap.end;
	}
}

/* One range of RAM of this boot. */
static void offer_range(struct placing *p, uint64_t first, uint64_t end)
{
	if (first < FIRST_PFN)
		first = FIRST_PFN;
	if (!p->old_ram) {
		offer_not_busy(p, first, end);
		return;
	}
	for (uint32_t i = 0; i < p->old_ram->n; i++) {
		const struct range *old = &p->old_ram->v[i];
		uint64_t from = old->start > first ? old->start : first;
		uint64_t to = old->end < end ? old->end : end;
		if (from < to)
			offer_not_busy(p, from, to);
	}
}

/* ---- Which of them ---- */

struct chosen {
	struct boot_piece *piece;
	uint32_t n;
	uint64_t bytes, largest;
};

static void choose(struct chosen *c, uint32_t at, const struct boot_piece *piece)
{
	if (at == c->n)
		c->n++;
	else
		c->bytes -= c->piece[at].bytes;
	c->piece[at] = *piece;
	c->bytes += piece->bytes;
	if (piece->bytes > c->largest)
		c->largest = piece->bytes;
}

static bool is_enough(const struct placing *p, const struct chosen *c)
{
	return c->bytes >= p->enough_bytes && c->largest >= p->program_bytes;
}

/* Pieces below 4 GiB as far as they go (not every controller reaches more), then the largest of the
 * others. Where there is no more room in the table, small low ones give way. */
static void choose_pieces(const struct placing *p, struct chosen *c)
{
	for (uint32_t i = 0; i < p->low.n && !is_enough(p, c); i++)
		choose(c, c->n, &p->low.piece[i]);
	uint32_t n_low = c->n;
	for (uint32_t i = 0; i < p->high.n && !is_enough(p, c); i++) {
		const struct boot_piece *high = &p->high.piece[i];
		if (c->n < BOOT_REGION_MAX)
			choose(c, c->n, high);
		else if (n_low > 0 && c->piece[n_low - 1].bytes < high->bytes)
			choose(c, --n_low, high);
	}
}

static bool better(const struct placing *p, const struct boot_piece *a, const struct boot_piece *b)
{
	bool a_fits = a->bytes >= p->program_bytes, b_fits = b->bytes >= p->program_bytes;
	if (a_fits != b_fits)
		return a_fits;
	if (is_low(a) != is_low(b))
		return is_low(a);
	return a->bytes > b->bytes;
}

static void sort(const struct placing *p, struct boot_piece *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct boot_piece piece = v[i];
		uint32_t at = i;
		for (; at > 0 && better(p, &piece, &v[at - 1]); at--)
			v[at] = v[at - 1];
		v[at] = piece;
	}
}

/* Page tables without pages of 1 GiB, which not every virtual machine has: one table for each GiB
 * that a range of memory touches, two where its ends are cut, and those for registers. */
static uint64_t tables_bytes(const struct boot_info *bi)
{
	uint64_t n = 128;
	for (uint32_t i = 0; i < bi->n_memory; i++) {
		const struct memory_range *m = &bi->memory[i];
		if (m->type == MEMORY_RAM || m->type == MEMORY_ACPI)
			n += ((m->end - 1) >> 30) - (m->start >> 30) + 1 + 2;
	}
	return n * PAGE_BYTES;
}

/* Beside program, tables and lists: what finding and judging takes (1.3 MiB), disks (up to 1 MiB),
 * other processors' stacks and buffers (1.2 MiB), two buffers of the smallest size (0.8 MiB); and
 * what small pieces leave over. */
#define OTHER_BYTES (6ull << 20)

uint64_t stock_place_need(const struct stock *s, const struct boot_info *bi, uint64_t program_bytes)
{
	uint64_t lists = s->open_bytes ? s->open_bytes : swsusp_work_needed(&s->image);
	return program_bytes + tables_bytes(bi) + lists + OTHER_BYTES;
}

int stock_place(const struct stock *s, const struct boot_info *bi, const struct ranges *old_ram,
	const struct ranges *busy, uint64_t program_bytes, struct boot_piece *ret_pieces,
	uint32_t *ret_n)
{
	static struct placing p; /* large: not for the stack */
	struct chosen c = {.piece = ret_pieces};
	p = (struct placing){.old_ram = old_ram, .busy = busy, .program_bytes = program_bytes};
	p.need_bytes = stock_place_need(s, bi, program_bytes);
	p.enough_bytes = p.need_bytes + BUFFERS_BYTES > ENOUGH_MIN ? p.need_bytes + BUFFERS_BYTES
								   : ENOUGH_MIN;
	p.enough_bytes &= ~(PAGE_BYTES - 1);
	swsusp_frames(&s->image, &p.frames);
	next_run(&p);
	for (uint32_t i = 0; i < bi->n_memory; i++) {
		const struct memory_range *m = &bi->memory[i];
		uint64_t first = (m->start + PAGE_BYTES - 1) / PAGE_BYTES;
		if (m->type == MEMORY_RAM)
			offer_range(&p, first, m->end / PAGE_BYTES);
	}
	choose_pieces(&p, &c);
	sort(&p, ret_pieces, c.n);
	*ret_n = c.n;
	if (c.largest >= program_bytes && c.bytes >= p.need_bytes)
		return 0;
	log_line(
		"stock: the loader needs %llu KiB that the image leaves free, %llu of them in one piece; there are %llu in %llu pieces, the largest %llu, the %u that count %llu",
		(unsigned long long)p.need_bytes >> 10,
		(unsigned long long)(program_bytes + 1023) >> 10,
		(unsigned long long)p.total_bytes >> 10, (unsigned long long)p.n_gaps,
		(unsigned long long)p.largest_bytes >> 10, c.n, (unsigned long long)c.bytes >> 10);
	return ERR_NO_MEMORY;
}

/* ---- For other processors ---- */

struct low_rule {
	const struct stock *s;
	const struct ranges *old_ram;
	const struct boot_piece *piece; /* where the loader will be */
	uint32_t n_pieces;
	bool in_image; /* frames of the image will do */
};

static bool may_use(const void *ctx, uint64_t pfn)
{
	const struct low_rule *r = ctx;
	if (r->old_ram && !ranges_contain(r->old_ram, pfn, pfn + 1))
		return false;
	for (uint32_t i = 0; i < r->n_pieces; i++)
		if (pfn >= r->piece[i].start / PAGE_BYTES &&
			pfn - r->piece[i].start / PAGE_BYTES < r->piece[i].bytes / PAGE_BYTES)
			return false;
	return r->in_image || swsusp_frame_kind(&r->s->image, pfn) == SWSUSP_FRAME_NOT_IN_IMAGE;
}

struct smp_low stock_place_low(const struct stock *s, const struct boot_info *bi,
	const struct ranges *old_ram, const struct boot_piece *pieces, uint32_t n_pieces)
{
	struct low_rule rule = {.s = s, .old_ram = old_ram, .piece = pieces, .n_pieces = n_pieces};
	struct smp_low low = low_memory_for_smp(bi, may_use, &rule);
	rule.in_image = true;
	return low.code ? low : low_memory_for_smp(bi, may_use, &rule);
}

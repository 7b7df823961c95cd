/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stock_place as it was at commit 39a3148, for the column "before" of the table: ACPI tables counted as free, and a
 * gap gave 16 MiB at most.
 */
#include <string.h>

#include "expected.h"

#define PAGE       4096ull
#define PIECE_MIN  (256u * 1024)
#define PIECE_MAX  (16ull << 20)
#define ENOUGH     (48ull << 20)
#define REGION_MIN (12u << 20)
#define FOUR_GIB   (1ull << 32)

struct placing {
	struct boot_piece *piece;
	uint32_t n;
	uint64_t program_bytes;
};

static bool better(const struct placing *p, const struct boot_piece *a, const struct boot_piece *b)
{
	bool a_fits = a->bytes >= p->program_bytes, b_fits = b->bytes >= p->program_bytes;
	bool a_low = a->start + a->bytes <= FOUR_GIB, b_low = b->start + b->bytes <= FOUR_GIB;
	if (a_fits != b_fits)
		return a_fits;
	return a_low != b_low ? a_low : a->bytes > b->bytes;
}

static void offer(struct placing *p, uint64_t first, uint64_t end)
{
	struct boot_piece piece = {.start = first * PAGE, .bytes = (end - first) * PAGE};
	if (piece.start < (1u << 20) || piece.bytes < PIECE_MIN)
		return;
	if (piece.bytes > PIECE_MAX)
		piece.bytes = PIECE_MAX;
	uint32_t at = p->n;
	while (at > 0 && better(p, &piece, &p->piece[at - 1]))
		at--;
	if (at == BOOT_REGION_MAX)
		return;
	if (p->n < BOOT_REGION_MAX)
		p->n++;
	memmove(&p->piece[at + 1], &p->piece[at], (p->n - at - 1) * sizeof(piece));
	p->piece[at] = piece;
}

uint32_t place_before(const struct intervals *ram_and_acpi, const struct swsusp_image *image,
	uint64_t program_bytes, struct boot_piece ret[BOOT_REGION_MAX])
{
	struct placing p = {.piece = ret, .program_bytes = program_bytes};
	struct swsusp_cursor c;
	struct swsusp_run run = {.first = 0, .count = 0};
	bool more = true;
	swsusp_frames(image, &c);
	for (uint32_t i = 0; i < ram_and_acpi->n; i++) {
		uint64_t at = ram_and_acpi->v[i].start, end = ram_and_acpi->v[i].end;
		while (at < end) {
			while (more && run.first + run.count <= at)
				more = swsusp_next(&c, UINT64_MAX, &run) == 1;
			uint64_t gap_end = more && run.first < end ? run.first : end;
			if (gap_end > at)
				offer(&p, at, gap_end);
			at = more && run.first < end ? run.first + run.count : end;
		}
	}
	uint64_t total = 0;
	uint32_t n = 0;
	while (n < p.n && total < ENOUGH)
		total += ret[n++].bytes;
	return n && ret[0].bytes >= program_bytes && total >= REGION_MIN ? n : 0;
}

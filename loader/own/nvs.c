/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NVS is copied through a buffer, not read in place: its ranges need not begin and end at frames,
 * and what lies between them, like the FACS in them, is this boot's.
 */
#include "nvs.h"

#include <stdbool.h>
#include <string.h>

#include "boot_memory.h"
#include "err_any.h"
#include "log.h"
#include <machine.h> /* from the include path: x86/ or tests/fake */
#include "ranges.h"

#define PAGE_BYTES     4096ull
#define FACS_ALIGN     64u /* ACPI 6.4, 5.2.10 */
#define FACS_BYTES_MIN 64u
#define FACS_BYTES_MAX 4096u
#define KEEP_MAX       16u
#define BUFFER_BYTES   (IMG_STORED_MAX + IMG_BLOCK_BYTES)
/* What restore_memory must still find in the arena. */
#define ARENA_RESERVE (3u * BUFFER_BYTES + (256u << 10))

static struct {
	struct range nvs_v[BOOT_MEMORY_MAX], keep_v[KEEP_MAX];
	struct ranges nvs;  /* frames, of this boot's map, rounded outwards */
	struct ranges keep; /* bytes that stay as they are */
	uint64_t bytes;     /* put back */
} n_;

/* ---- What is there ---- */

static int keep_facs(uint64_t phys)
{
	const uint8_t *p = machine_map_memory(phys, FACS_BYTES_MIN);
	uint32_t bytes = 0;
	if (p)
		memcpy(&bytes, p + 4, sizeof(bytes));
	if (bytes < FACS_BYTES_MIN || bytes > FACS_BYTES_MAX)
		bytes = FACS_BYTES_MIN;
	return ranges_add(&n_.keep, phys, phys + bytes);
}

/* The FADT has two pointers to a FACS, which may differ: whatever looks like one is kept. */
static int keep_all_facs(const uint8_t *at, uint64_t phys, uint64_t bytes)
{
	int err = 0;
	for (uint64_t i = -phys & (FACS_ALIGN - 1); !err && i + FACS_BYTES_MIN <= bytes;
		i += FACS_ALIGN)
		if (memcmp(at + i, "FACS", 4) == 0)
			err = keep_facs(phys + i);
	return err;
}

static int look_at_range(const struct memory_range *m)
{
	uint64_t bytes = m->end - m->start;
	const uint8_t *at = machine_map_memory(m->start, bytes);
	if (!at) {
		log_line("nvs: ACPI NVS at %#llx-%#llx cannot be mapped",
			(unsigned long long)m->start, (unsigned long long)m->end);
		return ERR_NO_MEMORY;
	}
	int err =
		ranges_add(&n_.nvs, m->start / PAGE_BYTES, (m->end + PAGE_BYTES - 1) / PAGE_BYTES);
	return err ? err : keep_all_facs(at, m->start, bytes);
}

static int look_at_machine(const struct boot_info *bi, uint64_t facs)
{
	ranges_init(&n_.nvs, n_.nvs_v, BOOT_MEMORY_MAX);
	ranges_init(&n_.keep, n_.keep_v, KEEP_MAX);
	int err = facs ? keep_facs(facs) : 0;
	for (uint32_t i = 0; !err && i < bi->n_memory; i++)
		if (bi->memory[i].type == MEMORY_NVS)
			err = look_at_range(&bi->memory[i]);
	return err;
}

/* All of it or nothing: NVS that has moved is another firmware's idea of it. */
static int look_at_index(struct nvs *n, struct image *im, const struct boot_info *bi)
{
	struct img_cursor cursor;
	struct img_chunk_rec c;
	struct range gap;
	int err = img_cursor_init(&cursor, &im->reader, &n->object, im->index_block);
	while (!err && (err = img_next(&cursor, &c)) == 1) {
		err = 0;
		if (!ranges_gap(&n_.nvs, c.first, c.first + c.count, &gap))
			continue;
		log_line("nvs: the image has ACPI NVS at %#llx-%#llx, which is %s here",
			(unsigned long long)gap.start << 12, (unsigned long long)gap.end << 12,
			boot_memory_kind_at(bi, gap.start << 12));
		err = ERR_MEMORY_MAP;
	}
	return err;
}

void nvs_prepare(struct nvs *n, struct image *im, const struct boot_info *bi, uint64_t facs,
	struct arena *arena)
{
	*n = (struct nvs){.stored = NULL};
	int err = img_find(&im->reader, SAVED_NODE, SAVED_NVS, &n->object);
	if (!err && n->object.type != IMG_PAGES)
		err = IMG_ERR_STREAM;
	if (!err)
		err = look_at_machine(bi, facs);
	if (!err)
		err = look_at_index(n, im, bi);
	if (!err && arena_left(arena) < 2 * BUFFER_BYTES + ARENA_RESERVE)
		err = ERR_NO_MEMORY;
	if (!err) {
		n->stored = arena_alloc(arena, BUFFER_BYTES, IMG_BLOCK_BYTES);
		n->content = arena_alloc(arena, IMG_BYTES_CHUNK_MAX, IMG_BLOCK_BYTES);
	}
	if (!n->stored || !n->content) {
		n->stored = n->content = NULL;
		log_line("nvs: left alone: %s", err_any_text(err ? err : ERR_NO_MEMORY));
	}
}

/* ---- Putting it back ---- */

/* Bytes [start, end) of physical memory from their content, around what is kept. */
static void put_bytes(uint64_t start, uint64_t end, const uint8_t *content)
{
	struct range part;
	for (uint64_t at = start; ranges_gap(&n_.keep, at, end, &part); at = part.end) {
		uint8_t *to = machine_map_memory(part.start, part.end - part.start);
		if (!to) /* it was mapped before */
			return;
		memcpy(to, content + (part.start - start), part.end - part.start);
		n_.bytes += part.end - part.start;
	}
}

/* Of n frames what is NVS now. */
static void put_frames(
	const struct boot_info *bi, uint64_t pfn, uint32_t n_frames, const uint8_t *content)
{
	uint64_t first = pfn * PAGE_BYTES, last = (pfn + n_frames) * PAGE_BYTES;
	for (uint32_t i = 0; i < bi->n_memory; i++) {
		const struct memory_range *m = &bi->memory[i];
		uint64_t start = m->start > first ? m->start : first;
		uint64_t end = m->end < last ? m->end : last;
		if (m->type == MEMORY_NVS && start < end)
			put_bytes(start, end, content + (start - first));
	}
}

static int read_chunk(const struct nvs *n, struct image *im, const struct img_chunk_rec *c)
{
	struct img_reader *r = &im->reader;
	uint64_t start = c->offset & ~(uint64_t)(IMG_BLOCK_BYTES - 1);
	uint64_t bytes = (c->offset + c->stored_bytes - start + IMG_BLOCK_BYTES - 1) &
			 ~(uint64_t)(IMG_BLOCK_BYTES - 1);
	int err = r->src->read(r->src->ctx, start, n->stored, bytes);
	if (!err)
		err = img_decode(c, IMG_PAGES, n->stored + (c->offset - start), n->content);
	return err ? err : img_check_hash(c, IMG_PAGES, n->content);
}

static int put_fill(const struct nvs *n, const struct boot_info *bi, const struct img_chunk_rec *c)
{
	struct img_chunk_rec piece = *c;
	uint32_t left = c->count;
	int err = 0;
	while (!err && left > 0) {
		piece.count = left < IMG_CHUNK_PAGES_MAX ? left : IMG_CHUNK_PAGES_MAX;
		err = img_decode(&piece, IMG_PAGES, NULL, n->content);
		if (!err)
			put_frames(bi, piece.first, piece.count, n->content);
		piece.first += piece.count;
		left -= piece.count;
	}
	return err;
}

static int put_chunk(const struct nvs *n, struct image *im, const struct boot_info *bi,
	const struct img_chunk_rec *c)
{
	if (c->codec == IMG_FILL)
		return put_fill(n, bi, c);
	int err = read_chunk(n, im, c);
	if (!err)
		put_frames(bi, c->first, c->count, n->content);
	return err;
}

int nvs_restore(struct nvs *n, struct image *im, const struct boot_info *bi)
{
	struct img_cursor cursor;
	struct img_chunk_rec c;
	if (!n->content)
		return 0;
	n_.bytes = 0;
	int err = img_cursor_init(&cursor, &im->reader, &n->object, im->index_block);
	while (!err && (err = img_next(&cursor, &c)) == 1)
		err = put_chunk(n, im, bi, &c);
	if (err)
		log_line("nvs: %llu bytes put back, then: %s", (unsigned long long)n_.bytes,
			err_any_text(err));
	else
		log_line("nvs: %llu bytes of ACPI NVS put back, %llu kept for the FACS",
			(unsigned long long)n_.bytes, (unsigned long long)ranges_total(&n_.keep));
	return err;
}

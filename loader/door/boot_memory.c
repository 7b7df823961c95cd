/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * multiboot2 and EFI give memory maps in pieces, out of order, overlapping. Both doors put them
 * in here and get one sorted map, in which what is reserved wins.
 */
#include "boot_memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define EFI_PAGE_BYTES     4096ull
#define EFI_MEMORY_SP      0x40000ull
#define EFI_MEMORY_RUNTIME 0x8000000000000000ull

static void remove_at(struct boot_info *bi, uint32_t at)
{
	bi->n_memory--;
	memmove(&bi->memory[at], &bi->memory[at + 1], (bi->n_memory - at) * sizeof(bi->memory[0]));
}

/* At its place in the order of starts, which is not before `from`; empty ones are passed over. */
static int insert(struct boot_info *bi, uint32_t from, const struct memory_range *r)
{
	uint32_t at = from;
	if (r->start >= r->end)
		return 0;
	if (bi->n_memory == BOOT_MEMORY_MAX)
		return ERR_NO_MEMORY;
	while (at < bi->n_memory && bi->memory[at].start <= r->start)
		at++;
	memmove(&bi->memory[at + 1], &bi->memory[at], (bi->n_memory - at) * sizeof(bi->memory[0]));
	bi->memory[at] = *r;
	bi->n_memory++;
	return 0;
}

static void sort(struct memory_range *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct memory_range r = v[i];
		uint32_t at = i;
		for (; at > 0 && v[at - 1].start > r.start; at--)
			v[at] = v[at - 1];
		v[at] = r;
	}
}

/* Of a sorted table: what touches or overlaps its neighbour of the same type. */
static void join(struct boot_info *bi)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < bi->n_memory; i++) {
		struct memory_range r = bi->memory[i], *last = kept ? &bi->memory[kept - 1] : NULL;
		if (!last || r.start > last->end || r.type != last->type)
			bi->memory[kept++] = r;
		else if (r.end > last->end)
			last->end = r.end;
	}
	bi->n_memory = kept;
}

/* The table is full: a neighbour of the same type takes the range in, wherever it stands. */
static int add_to_neighbour(struct boot_info *bi, const struct memory_range *r)
{
	for (uint32_t i = 0; i < bi->n_memory; i++) {
		struct memory_range *m = &bi->memory[i];
		if (m->type != r->type || r->start > m->end || r->end < m->start)
			continue;
		m->start = r->start < m->start ? r->start : m->start;
		m->end = r->end > m->end ? r->end : m->end;
		sort(bi->memory, bi->n_memory);
		join(bi);
		return 0;
	}
	return ERR_NO_MEMORY;
}

/* Firmware cuts its memory into hundreds of descriptors, most of them neighbours of one type. */
int boot_memory_add(struct boot_info *bi, uint64_t start, uint64_t bytes, uint32_t type)
{
	struct memory_range *last = bi->n_memory ? &bi->memory[bi->n_memory - 1] : NULL;
	if (bytes == 0)
		return 0;
	if (bytes > UINT64_MAX - start)
		return ERR_FIRMWARE;
	bi->n_given++;
	if (last && last->type == type && last->end == start) {
		last->end += bytes;
		return 0;
	}
	struct memory_range r = {.start = start, .end = start + bytes, .type = type};
	if (bi->n_memory == BOOT_MEMORY_MAX)
		return add_to_neighbour(bi, &r);
	bi->memory[bi->n_memory++] = r;
	return 0;
}

static uint32_t type_of_efi(uint32_t efi_type, uint64_t attribute)
{
	switch (efi_type) {
	case 7: /* conventional, unless set aside for a purpose */
		return attribute & EFI_MEMORY_SP ? MEMORY_RESERVED : MEMORY_RAM;
	case 1: /* loader and boot services, code and data: ours after ExitBootServices */
	case 2:
	case 3:
	case 4:
		return MEMORY_RAM;
	case 8:
		return MEMORY_BAD;
	case 9:
		return MEMORY_ACPI;
	case 10:
		return MEMORY_NVS;
	default:
		return MEMORY_RESERVED;
	}
}

static bool joins(const struct runtime_range *a, const struct runtime_range *b)
{
	return a->type == b->type && a->attribute == b->attribute &&
	       b->phys == a->phys + a->n_pages * EFI_PAGE_BYTES;
}

/* Firmware lists them in order, and many of them: what continues a range becomes part of it. */
static int add_runtime(struct boot_info *bi, const struct runtime_range *r)
{
	bi->n_runtime_given++;
	for (uint32_t i = 0; i < bi->n_runtime; i++) {
		struct runtime_range *known = &bi->runtime[i];
		if (!joins(known, r) && !joins(r, known))
			continue;
		known->phys = r->phys < known->phys ? r->phys : known->phys;
		known->n_pages += r->n_pages;
		return 0;
	}
	if (bi->n_runtime >= BOOT_RUNTIME_MAX)
		return ERR_NO_MEMORY;
	bi->runtime[bi->n_runtime++] = *r;
	return 0;
}

int boot_memory_add_efi(struct boot_info *bi, uint32_t efi_type, uint64_t phys, uint64_t n_pages,
	uint64_t attribute)
{
	if (n_pages > UINT64_MAX / EFI_PAGE_BYTES || n_pages * EFI_PAGE_BYTES > UINT64_MAX - phys)
		return ERR_FIRMWARE;
	int err = 0;
	if ((attribute & EFI_MEMORY_RUNTIME) && n_pages > 0)
		err = add_runtime(bi, &(struct runtime_range){.phys = phys,
					      .n_pages = n_pages,
					      .attribute = attribute,
					      .type = efi_type});
	int add_err = boot_memory_add(
		bi, phys, n_pages * EFI_PAGE_BYTES, type_of_efi(efi_type, attribute));
	return err ? err : add_err;
}

/* What may be overwritten gives way to what may not, and RAM to ACPI tables; of two others the one
 * that begins first keeps the overlap. */
static bool gives_way(const struct memory_range *a, const struct memory_range *b)
{
	if (a->type == MEMORY_ACPI)
		return b->type != MEMORY_RAM && b->type != MEMORY_ACPI;
	return a->type == MEMORY_RAM && b->type != MEMORY_RAM;
}

/* Range i overlaps the next one: cuts one of them; what sticks out behind the inner one is a range
 * of its own. */
static int cut(struct boot_info *bi, uint32_t i)
{
	struct memory_range a = bi->memory[i], b = bi->memory[i + 1], tail = a;
	remove_at(bi, i + 1);
	if (!gives_way(&a, &b)) {
		b.start = a.end < b.end ? a.end : b.end;
		return insert(bi, i + 1, &b);
	}
	bi->memory[i].end = b.start;
	tail.start = b.end;
	if (a.start == b.start)
		remove_at(bi, i);
	int err = insert(bi, i, &b);
	return err ? err : insert(bi, i, &tail);
}

int boot_memory_finish(struct boot_info *bi)
{
	sort(bi->memory, bi->n_memory);
	for (uint32_t i = 0; i + 1 < bi->n_memory;) {
		int err = 0;
		if (bi->memory[i].end <= bi->memory[i + 1].start)
			i++;
		else
			err = cut(bi, i);
		if (err)
			return err;
	}
	join(bi);
	return 0;
}

const char *boot_memory_kind_at(const struct boot_info *bi, uint64_t phys)
{
	static const char *const names[] = {
		"a hole", "memory", "reserved", "ACPI tables", "ACPI NVS", "bad memory"};
	for (uint32_t i = 0; i < bi->n_memory; i++)
		if (phys >= bi->memory[i].start && phys < bi->memory[i].end)
			return names[bi->memory[i].type <= MEMORY_BAD ? bi->memory[i].type
								      : MEMORY_RESERVED];
	return names[0];
}

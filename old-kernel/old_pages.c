/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The old kernel's struct pages, read where it left them. Balloon drivers give memory back to the
 * hypervisor (PageOffline), failed memory is marked (PG_hwpoison): neither may be read. Linux tells
 * before the jump too (/proc/kpageflags), but that is another moment: virtio-balloon takes all its
 * pages back when devices stop, and the kernel uses them at once; an image without them would be a
 * broken one. Here nothing runs any more, so what the records say is what holds when the image is
 * resumed.
 *
 * Frames that Linux has no record of count as ordinary ones: what the firmware calls RAM and Linux
 * leaves alone (mem=, memmap=, a crash kernel, memory used as a disk) may belong to somebody.
 *
 * include/linux/mmzone.h, mm/sparse.c (SPARSEMEM_EXTREME), kernel/crash_core.c; 5.13 to 7.2.
 */
#include "old_pages.h"

#include <string.h>

#define PAGE_BYTES          4096ull
#define SECTION_HAS_MEM_MAP (1ull << 1)
#define SECTION_IS_ONLINE   (1ull << 2)
#define SECTION_MAP_MASK    (~(PAGE_BYTES - 1)) /* struct pages of a section begin at a page */
#define SECTION_SHIFT_MAX   40u

/* ---- What the note says ---- */

static bool read_sections(struct old_pages *p, uint64_t *ret_sections)
{
	const struct old_memory *m = p->memory;
	uint64_t section_bits, memory_bits;
	if (!old_memory_number(m, "SYMBOL(mem_section)", VMCOREINFO_HEX, ret_sections) ||
		!old_memory_number(m, "LENGTH(mem_section)", VMCOREINFO_DECIMAL, &p->n_roots) ||
		!old_memory_number(m, "SIZE(mem_section)", VMCOREINFO_DECIMAL, &p->section_bytes) ||
		!old_memory_number(m, "OFFSET(mem_section.section_mem_map)", VMCOREINFO_DECIMAL,
			&p->map_offset) ||
		!old_memory_number(
			m, "NUMBER(SECTION_SIZE_BITS)", VMCOREINFO_DECIMAL, &section_bits) ||
		!old_memory_number(m, "NUMBER(MAX_PHYSMEM_BITS)", VMCOREINFO_DECIMAL, &memory_bits))
		return false;
	if (section_bits < 21 || section_bits > SECTION_SHIFT_MAX || memory_bits < section_bits ||
		memory_bits > 52 || p->section_bytes < 8 || p->section_bytes > PAGE_BYTES ||
		p->map_offset > p->section_bytes - 8)
		return false;
	p->section_shift = (uint32_t)section_bits - 12;
	/* Pages of records, and a table of pages: else it is another layout. */
	uint64_t n = 1ull << (memory_bits - section_bits), each = PAGE_BYTES / p->section_bytes;
	return p->n_roots == (n + each - 1) / each;
}

static bool read_page(struct old_pages *p)
{
	const struct old_memory *m = p->memory;
	uint64_t offline, poison;
	if (!old_memory_number(m, "SIZE(page)", VMCOREINFO_DECIMAL, &p->page_bytes) ||
		!old_memory_number(m, "OFFSET(page.flags)", VMCOREINFO_DECIMAL, &p->flags_offset) ||
		!old_memory_number(
			m, "OFFSET(page._mapcount)", VMCOREINFO_DECIMAL, &p->type_offset) ||
		!old_memory_number(
			m, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", VMCOREINFO_DECIMAL, &offline))
		return false;
	p->offline_type = (uint32_t)offline;
	p->poison_mask = 0;
	if (old_memory_number(m, "NUMBER(PG_hwpoison)", VMCOREINFO_DECIMAL, &poison) && poison < 64)
		p->poison_mask = 1ull << poison;
	/* 56 or 64, more in kernels built for debugging. No field crosses a page. */
	return p->page_bytes >= 16 && p->page_bytes <= PAGE_BYTES && p->page_bytes % 8 == 0 &&
	       p->flags_offset % 8 == 0 && p->flags_offset <= p->page_bytes - 8 &&
	       p->type_offset % 4 == 0 && p->type_offset <= p->page_bytes - 4;
}

bool old_pages_find(struct old_pages *p, const struct old_memory *m)
{
	uint64_t sections = 0;
	memset(p, 0, sizeof(*p));
	p->memory = m;
	if (!old_memory_root(m, &p->root) || !read_sections(p, &sections) || !read_page(p))
		return false;
	p->sections = sections;
	p->section = ~0ull;
	return sections >= OLD_KERNEL_HALF;
}

/* ---- One frame's record ---- */

static bool read_u64(const struct old_pages *p, uint64_t va, uint64_t *ret)
{
	uint64_t phys;
	if (va < OLD_KERNEL_HALF || !old_memory_translate(p->memory, p->root, va, &phys))
		return false;
	const void *at = old_memory_at(p->memory, phys, sizeof(*ret));
	if (at)
		memcpy(ret, at, sizeof(*ret));
	return at;
}

static uint64_t section_map(const struct old_pages *p, uint64_t n)
{
	uint64_t each = PAGE_BYTES / p->section_bytes, table, map;
	if (n / each >= p->n_roots || !read_u64(p, p->sections + n / each * 8, &table) || !table ||
		!read_u64(p, table + n % each * p->section_bytes + p->map_offset, &map))
		return 0;
	return (map & SECTION_HAS_MEM_MAP) && (map & SECTION_IS_ONLINE) ? map & SECTION_MAP_MASK
									: 0;
}

/* Copies a field of a record; false when it is not to be had. */
static bool read_field(struct old_pages *p, uint64_t va, void *ret, size_t bytes)
{
	uint64_t phys, page_va = va & ~(PAGE_BYTES - 1);
	if (page_va != p->page_va) {
		p->page_va = page_va;
		p->page = va >= OLD_KERNEL_HALF &&
					  old_memory_translate(p->memory, p->root, page_va, &phys)
				  ? old_memory_at(p->memory, phys, PAGE_BYTES)
				  : NULL;
	}
	if (p->page)
		memcpy(ret, p->page + va % PAGE_BYTES, bytes);
	return p->page;
}

static bool is_ordinary(struct old_pages *p, uint64_t pfn)
{
	uint64_t flags, va;
	uint32_t type;
	if (pfn >> p->section_shift != p->section) {
		p->section = pfn >> p->section_shift;
		p->map = section_map(p, p->section);
	}
	va = p->map + pfn * p->page_bytes;
	if (!p->map || !read_field(p, va + p->flags_offset, &flags, sizeof(flags)) ||
		!read_field(p, va + p->type_offset, &type, sizeof(type)) ||
		flags == ~0ull) /* never filled in: a frame that Linux does not have */
		return true;
	if (flags & p->poison_mask)
		p->n_poisoned++;
	else if (type == p->offline_type)
		p->n_offline++;
	else
		return true;
	return false;
}

uint32_t old_pages_run(struct old_pages *p, uint64_t pfn, uint32_t n, bool *ret_ordinary)
{
	uint64_t n_offline, n_poisoned;
	*ret_ordinary = true;
	if (!p->sections || n == 0)
		return n;
	*ret_ordinary = is_ordinary(p, pfn);
	for (uint32_t i = 1; i < n; i++) {
		n_offline = p->n_offline;
		n_poisoned = p->n_poisoned;
		if (is_ordinary(p, pfn + i) == *ret_ordinary)
			continue;
		p->n_offline = n_offline; /* it will be asked for again */
		p->n_poisoned = n_poisoned;
		return i;
	}
	return n;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GDT of the old kernel. Kernels before 6.13 (6.12.5, 6.6.66) come back from a jump with
 * whatever GDT the payload left, and load SS, TR and LDT from it: it must be their own. Its virtual
 * address is known from struct saved_context, which the kernel has just filled, or found by looking
 * through the cpu_entry_area, where it lies at a page boundary. Either way the answer is believed
 * only when that address leads, through the kernel's own page tables, to a table with Linux's code
 * and data descriptors and CPU number 0 in it.
 */
#include "old_kernel.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"
#include "old_memory.h"

/* struct saved_context, arch/x86/include/asm/suspend_64.h (4.15 to 6.17). */
#define SAVED_CR3_OFFSET       216
#define SAVED_CR4_OFFSET       224
#define SAVED_GDT_LIMIT_OFFSET 266
#define SAVED_GDT_BASE_OFFSET  268
#define SAVED_BYTES            276 /* what is read of it */

/* arch/x86/include/asm/segment.h: GDT_ENTRY_KERNEL_CS, _DS, _CPUNODE; GDT_SIZE. */
#define CR4_PAE         (1ull << 5)
#define GDT_LIMIT       0x7f
#define GDT_KERNEL_CS   2
#define GDT_KERNEL_DS   3
#define GDT_CPUNODE     15
#define DESC_ACCESSED   (1ull << 40)
#define DESC_KERNEL_CS  (0x00af9b000000ffffull & ~DESC_ACCESSED)
#define DESC_KERNEL_DS  (0x00cf93000000ffffull & ~DESC_ACCESSED)
#define DESC_LIMIT_MASK 0x000f00000000ffffull

#define CPU_ENTRY_AREA       0xfffffe0000000000ull
#define CPU_ENTRY_AREA_PAGES 64u /* CPU 0 comes first */

static bool is_gdt(const struct old_memory *m, uint64_t root, uint64_t va)
{
	uint64_t phys;
	if (va < OLD_KERNEL_HALF || (va & 7) || !old_memory_translate(m, root, va, &phys))
		return false;
	const uint64_t *gdt = old_memory_at(m, phys, GDT_LIMIT + 1);
	return gdt && (gdt[GDT_KERNEL_CS] & ~DESC_ACCESSED) == DESC_KERNEL_CS &&
	       (gdt[GDT_KERNEL_DS] & ~DESC_ACCESSED) == DESC_KERNEL_DS &&
	       (gdt[GDT_CPUNODE] & DESC_LIMIT_MASK) == 0;
}

static uint64_t from_saved_context(const struct old_memory *m)
{
	const uint8_t *saved =
		m->h->saved_context ? old_memory_at(m, m->h->saved_context, SAVED_BYTES) : NULL;
	uint16_t limit;
	uint64_t base, cr3;
	if (!saved)
		return 0;
	memcpy(&limit, saved + SAVED_GDT_LIMIT_OFFSET, sizeof(limit));
	memcpy(&base, saved + SAVED_GDT_BASE_OFFSET, sizeof(base));
	memcpy(&cr3, saved + SAVED_CR3_OFFSET, sizeof(cr3));
	return limit == GDT_LIMIT && is_gdt(m, cr3, base) ? base : 0;
}

/* 0 when it makes no sense: no kernel runs without PAE. */
static uint64_t saved_cr4(const struct old_memory *m)
{
	const uint8_t *saved = old_memory_at(m, m->h->saved_context, SAVED_BYTES);
	uint64_t cr4 = 0;
	if (saved)
		memcpy(&cr4, saved + SAVED_CR4_OFFSET, sizeof(cr4));
	return cr4 & CR4_PAE ? cr4 : 0;
}

static uint64_t from_cpu_entry_area(const struct old_memory *m)
{
	uint64_t root;
	if (!old_memory_root(m, &root))
		return 0;
	for (uint32_t i = 0; i < CPU_ENTRY_AREA_PAGES; i++) {
		uint64_t va = CPU_ENTRY_AREA + i * 4096ull;
		if (is_gdt(m, root, va))
			return va;
	}
	return 0;
}

int old_kernel_find(const struct old_memory *m, struct old_kernel *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (old_memory_number(m, "NUMBER(sme_mask)", VMCOREINFO_DECIMAL, &ret->sme_mask) &&
		ret->sme_mask != 0)
		return ERR_UNSUPPORTED;
	const char *how = "struct saved_context";
	ret->gdt_base = from_saved_context(m);
	if (ret->gdt_base)
		ret->cr4 = saved_cr4(m);
	if (!ret->gdt_base) {
		how = "the cpu_entry_area";
		ret->gdt_base = from_cpu_entry_area(m);
	}
	if (ret->gdt_base) {
		ret->gdt_limit = GDT_LIMIT;
		log_line("kernel: GDT at %#llx, from %s", (unsigned long long)ret->gdt_base, how);
		return 0;
	}
	log_line("kernel: GDT not found");
	return m->h->kernel_restores_gdt ? 0 : ERR_NOT_FOUND;
}

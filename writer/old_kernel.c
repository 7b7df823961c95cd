/*
 * The GDT of the old kernel. Kernels before 6.13 (6.12.5, 6.6.66) come back from a jump with whatever
 * GDT the payload left, and load SS, TR and LDT from it: it must be their own. Its virtual address is
 * known from struct saved_context, which the kernel has just filled, or found by looking through the
 * cpu_entry_area, where it lies at a page boundary. Either way the answer is believed only when that
 * address leads, through the kernel's own page tables, to a table with Linux's code and data
 * descriptors and CPU number 0 in it.
 */
#include "old_kernel.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"

/* struct saved_context, arch/x86/include/asm/suspend_64.h (4.15 to 6.17). */
#define SAVED_CR3_OFFSET       216
#define SAVED_GDT_LIMIT_OFFSET 266
#define SAVED_GDT_BASE_OFFSET  268

/* arch/x86/include/asm/segment.h: GDT_ENTRY_KERNEL_CS, _DS, _CPUNODE; GDT_SIZE. */
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
#define KERNEL_IMAGE_BASE    0xffffffff80000000ull
#define KERNEL_HALF          0xffff800000000000ull
#define PTE_ADDRESS          0x000ffffffffff000ull

static bool is_ram(const struct handoff *h, uint64_t phys, uint64_t bytes)
{
	for (uint32_t i = 0; i < h->n_memory; i++)
		if (h->memory[i].type == MEMORY_RAM && phys >= h->memory[i].start &&
			phys < h->memory[i].end && bytes <= h->memory[i].end - phys)
			return true;
	return false;
}

/* Physical address of va by the tables at root; every table must lie in RAM. */
static bool translate(
	const struct handoff *h, uint64_t root, uint32_t levels, uint64_t va, uint64_t *ret_phys)
{
	uint64_t table = root & PTE_ADDRESS;
	for (uint32_t level = levels; level > 0; level--) {
		uint32_t shift = 12 + 9 * (level - 1);
		if (!is_ram(h, table, 4096))
			return false;
		uint64_t entry = ((const uint64_t *)table)[va >> shift & 511];
		if (!(entry & 1))
			return false;
		if (level == 1 || ((level == 2 || level == 3) && (entry & 0x80))) {
			uint64_t offset_mask = (1ull << shift) - 1;
			*ret_phys = (entry & PTE_ADDRESS & ~offset_mask) | (va & offset_mask);
			return true;
		}
		table = entry & PTE_ADDRESS;
	}
	return false;
}

static bool is_gdt(const struct handoff *h, uint64_t root, uint32_t levels, uint64_t va)
{
	uint64_t phys;
	if (va < KERNEL_HALF || (va & 7) || !translate(h, root, levels, va, &phys) ||
		!is_ram(h, phys, GDT_LIMIT + 1))
		return false;
	const uint64_t *gdt = (const uint64_t *)phys;
	return (gdt[GDT_KERNEL_CS] & ~DESC_ACCESSED) == DESC_KERNEL_CS &&
	       (gdt[GDT_KERNEL_DS] & ~DESC_ACCESSED) == DESC_KERNEL_DS &&
	       (gdt[GDT_CPUNODE] & DESC_LIMIT_MASK) == 0;
}

static uint64_t from_saved_context(const struct handoff *h, uint32_t levels)
{
	const uint8_t *saved = (const uint8_t *)h->saved_context;
	uint16_t limit;
	uint64_t base, cr3;
	if (!saved)
		return 0;
	memcpy(&limit, saved + SAVED_GDT_LIMIT_OFFSET, sizeof(limit));
	memcpy(&base, saved + SAVED_GDT_BASE_OFFSET, sizeof(base));
	memcpy(&cr3, saved + SAVED_CR3_OFFSET, sizeof(cr3));
	return limit == GDT_LIMIT && is_gdt(h, cr3, levels, base) ? base : 0;
}

/* The number after "key" in the note's text, which is lines of KEY=value; hexadecimal or signed decimal. */
static bool vmcoreinfo_number(const struct handoff *h, const char *key, bool hex, uint64_t *ret)
{
	const char *text = (const char *)h->vmcoreinfo;
	size_t len = strlen(key);
	for (uint32_t i = 0; i + len < h->vmcoreinfo_bytes; i++) {
		if (memcmp(text + i, key, len) != 0)
			continue;
		uint64_t value = 0;
		uint32_t at = i + (uint32_t)len;
		bool minus = at < h->vmcoreinfo_bytes && text[at] == '-';
		for (at += minus; at < h->vmcoreinfo_bytes; at++) {
			char c = text[at];
			if (c >= '0' && c <= '9')
				value = value * (hex ? 16 : 10) + (uint64_t)(c - '0');
			else if (hex && c >= 'a' && c <= 'f')
				value = value * 16 + (uint64_t)(c - 'a' + 10);
			else
				break;
		}
		*ret = minus ? -value : value;
		return true;
	}
	return false;
}

static uint64_t from_cpu_entry_area(const struct handoff *h, uint32_t levels)
{
	uint64_t root_va, phys_base;
	if (!h->vmcoreinfo || !vmcoreinfo_number(h, "SYMBOL(swapper_pg_dir)=", true, &root_va) ||
		!vmcoreinfo_number(h, "NUMBER(phys_base)=", false, &phys_base))
		return 0;
	uint64_t root = root_va - KERNEL_IMAGE_BASE + phys_base;
	for (uint32_t i = 0; i < CPU_ENTRY_AREA_PAGES; i++) {
		uint64_t va = CPU_ENTRY_AREA + i * 4096ull;
		if (is_gdt(h, root, levels, va))
			return va;
	}
	return 0;
}

int old_kernel_find(const struct handoff *h, uint32_t levels, struct old_kernel *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (h->vmcoreinfo && vmcoreinfo_number(h, "NUMBER(sme_mask)=", false, &ret->sme_mask) &&
		ret->sme_mask != 0)
		return ERR_UNSUPPORTED;
	const char *how = "struct saved_context";
	ret->gdt_base = from_saved_context(h, levels);
	if (!ret->gdt_base) {
		how = "the cpu_entry_area";
		ret->gdt_base = from_cpu_entry_area(h, levels);
	}
	if (ret->gdt_base) {
		ret->gdt_limit = GDT_LIMIT;
		log_line("kernel: GDT at %#llx, from %s", (unsigned long long)ret->gdt_base, how);
		return 0;
	}
	log_line("kernel: GDT not found");
	return h->kernel_restores_gdt ? 0 : ERR_NOT_FOUND;
}

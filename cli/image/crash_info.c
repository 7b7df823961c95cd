/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A core is of use to a debugger only with the notes that the kernel would have written at a
 * crash; here they are found in the saved memory itself.
 */
#include "crash_info.h"

#include <stdlib.h>
#include <string.h>

#include "core_file.h"
#include "page_walk.h"
#include "vmcoreinfo.h"

#define PTE_PRESENT 1ull
#define PTE_LARGE   0x80ull
#define PTE_ADDRESS 0x000ffffffffff000ull

/* Documentation/x86/x86_64/mm.rst: the direct mapping is what comes first in the upper half behind
 * the guard hole and the LDT remap, with 4 levels (0xffff888000000000) and with 5
 * (0xff11000000000000). KASLR moves it by whole GiB. */
#define DIRECT_FIRST_ENTRY 273u
#define DIRECT_ALIGN       (1ull << 30)

static bool read_u64(const struct phys_memory *m, uint64_t phys, uint64_t *ret)
{
	return m->read(m->ctx, phys, ret, sizeof(*ret));
}

/* ---- Text ---- */

/* Lines of printable characters, then zeros: how long? 0: it is something else. */
static size_t text_length(const char *text)
{
	size_t n = strlen(text);

	if (strncmp(text, CRASH_INFO_BEGIN, strlen(CRASH_INFO_BEGIN)) || text[n - 1] != '\n')
		return 0;
	for (size_t i = 0; i < n; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			return 0;
	return n;
}

/* ---- Page tables ---- */

static uint32_t shift_of(uint32_t level)
{
	return 12 + 9 * (level - 1);
}

static bool is_leaf(uint32_t level, uint64_t entry)
{
	return level == 1 || (level <= 3 && entry & PTE_LARGE);
}

static bool read_entry(const void *ctx, uint64_t table, uint32_t index, uint64_t *ret_entry)
{
	return read_u64(ctx, table + index * 8, ret_entry);
}

bool crash_info_translate(
	const struct crash_info *i, const struct phys_memory *m, uint64_t virt, uint64_t *ret_phys)
{
	const struct page_walk w = {
		.read = read_entry, .ctx = m, .root = i->root, .levels = i->levels};
	struct page_at page;

	if (!page_walk(&w, virt, &page))
		return false;
	*ret_phys = page.phys;
	return true;
}

/* The first entry that is present, from index on; 512: there is none. */
static uint32_t first_present(
	const struct phys_memory *m, uint64_t table, uint32_t index, uint64_t *ret_entry)
{
	while (index < 512 && read_u64(m, table + index * 8, ret_entry) &&
		!(*ret_entry & PTE_PRESENT))
		index++;
	return index < 512 && *ret_entry & PTE_PRESENT ? index : 512;
}

/* From the lowest page of the direct mapping; 0: that is not what was found there. */
static uint64_t find_page_offset(const struct crash_info *i, const struct phys_memory *m)
{
	uint64_t table = i->root, virt = i->levels == 5 ? 0xfeull << 56 : 0xffffull << 48;
	uint32_t index = DIRECT_FIRST_ENTRY;
	uint64_t entry = 0;

	for (uint32_t level = i->levels; level > 0; level--, index = 0) {
		index = first_present(m, table, index, &entry);
		if (index == 512)
			return 0;
		virt |= (uint64_t)index << shift_of(level);
		if (is_leaf(level, entry))
			break;
		table = entry & PTE_ADDRESS;
	}
	virt -= entry & PTE_ADDRESS;
	return virt % DIRECT_ALIGN || virt >= CORE_KERNEL_MAP ? 0 : virt;
}

static bool check_root(struct crash_info *i, const struct phys_memory *m, uint64_t root_virt)
{
	uint64_t phys;

	i->root = root_virt - CORE_KERNEL_MAP + i->phys_base;
	return root_virt >= CORE_KERNEL_MAP && !(i->root & ~PTE_ADDRESS) &&
	       crash_info_translate(i, m, root_virt, &phys) && phys == i->root;
}

bool crash_info_read(const struct phys_memory *m, uint64_t phys, struct crash_info *ret)
{
	uint64_t root_virt, five = 0;

	memset(ret, 0, sizeof(*ret));
	if (!m->read(m->ctx, phys, ret->text, CRASH_INFO_MAX))
		return false;
	ret->bytes = text_length(ret->text);
	if (!ret->bytes ||
		!vmcoreinfo_value(ret->text, ret->bytes, "SYMBOL(swapper_pg_dir)", VMCOREINFO_HEX,
			&root_virt) ||
		!vmcoreinfo_value(ret->text, ret->bytes, "NUMBER(phys_base)", VMCOREINFO_DECIMAL,
			&ret->phys_base) ||
		!vmcoreinfo_value(
			ret->text, ret->bytes, "KERNELOFFSET", VMCOREINFO_HEX, &ret->kernel_offset))
		return false;
	vmcoreinfo_value(
		ret->text, ret->bytes, "NUMBER(pgtable_l5_enabled)", VMCOREINFO_DECIMAL, &five);
	ret->levels = five ? 5 : 4;
	if (!vmcoreinfo_value(ret->text, ret->bytes, "NUMBER(KERNEL_IMAGE_SIZE)",
		    VMCOREINFO_DECIMAL, &ret->kernel_bytes) ||
		ret->kernel_bytes > -CORE_KERNEL_MAP)
		ret->kernel_bytes = 512u << 20;
	if (!check_root(ret, m, root_virt))
		return false;
	ret->page_offset = find_page_offset(ret, m);
	return true;
}

/* ---- Registers ---- */

#define KERNEL_CS   0x10
#define KERNEL_DS   0x18
#define EFLAGS_ONE  0x2ull
#define EFLAGS_MAX  0x3fffffull
#define CONTROL_RSP 2048u /* arch/x86/kernel/relocate_kernel_64.S: DATA(0), 4.15 to 6.13 */

static bool is_kernel_code(uint64_t address)
{
	return address >= CORE_KERNEL_MAP && address < UINT64_MAX - 4096;
}

static bool read_virt(const struct crash_info *i, const struct phys_memory *m, uint64_t virt,
	void *buf, size_t bytes)
{
	for (size_t done = 0; done < bytes; done += 8) {
		uint64_t phys;

		if (!crash_info_translate(i, m, virt + done, &phys) ||
			!m->read(m->ctx, phys, (uint8_t *)buf + done, 8))
			return false;
	}
	return true;
}

static bool good(const struct user_regs_struct *r)
{
	return is_kernel_code(r->rip) && r->eflags & EFLAGS_ONE && r->eflags <= EFLAGS_MAX &&
	       r->rsp % 8 == 0;
}

bool kexec_registers(const struct crash_info *i, const struct phys_memory *m, uint64_t jump_back,
	struct user_regs_struct *ret)
{
	/* What relocate_kernel pushed: flags, r15 to r12, rbp, rbx; then its return address. */
	uint64_t s[8], stack;

	memset(ret, 0, sizeof(*ret));
	if (!read_u64(m, (jump_back & PTE_ADDRESS) + CONTROL_RSP, &stack) || stack % 8 ||
		!read_virt(i, m, stack, s, sizeof(s)))
		return false;
	ret->eflags = s[0];
	ret->r15 = s[1];
	ret->r14 = s[2];
	ret->r13 = s[3];
	ret->r12 = s[4];
	ret->rbp = s[5];
	ret->rbx = s[6];
	ret->rip = s[7];
	ret->rsp = stack + sizeof(s);
	ret->cs = KERNEL_CS;
	ret->ss = KERNEL_DS;
	return good(ret);
}

/* "mov $saved_context,%rax; mov sp(%rax),%rsp" in restore_registers: the address. */
static uint64_t find_saved_context(const uint8_t *code, size_t n)
{
	static const uint8_t load[] = {0x48, 0xc7, 0xc0}, use[] = {0x48, 0x8b};
	int32_t address;

	for (size_t at = 0; at + 9 <= n; at++)
		if (!memcmp(code + at, load, sizeof(load)) &&
			!memcmp(code + at + 7, use, sizeof(use))) {
			memcpy(&address, code + at + 3, sizeof(address));
			return (uint64_t)(int64_t)address;
		}
	return 0;
}

bool swsusp_registers(const struct crash_info *i, const struct phys_memory *m, uint64_t jump,
	struct user_regs_struct *ret)
{
	uint8_t code[128];
	uint64_t r[21], context, back; /* r: struct pt_regs */

	memset(ret, 0, sizeof(*ret));
	if (!m->read(m->ctx, jump, code, sizeof(code)))
		return false;
	context = find_saved_context(code, sizeof(code));
	if (context % 8 || !is_kernel_code(context) || !read_virt(i, m, context, r, sizeof(r)) ||
		r[19] % 8 || !read_virt(i, m, r[19], &back, sizeof(back)))
		return false;
	*ret = (struct user_regs_struct){.r15 = r[0],
		.r14 = r[1],
		.r13 = r[2],
		.r12 = r[3],
		.rbp = r[4],
		.rbx = r[5],
		.r11 = r[6],
		.r10 = r[7],
		.r9 = r[8],
		.r8 = r[9],
		.rcx = r[11],
		.rdx = r[12],
		.rsi = r[13],
		.rdi = r[14],
		.rip = back,
		.cs = KERNEL_CS,
		.eflags = r[18],
		.rsp = r[19] + 8,
		.ss = KERNEL_DS};
	return good(ret);
}

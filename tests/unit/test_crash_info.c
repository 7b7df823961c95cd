/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a saved kernel's memory says of it: text, page tables, registers. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "core_file.h"
#include "crash_info.h"

#define PAGE 4096u

/* 4 MiB of memory, the kernel's image at 2 MiB: phys_base 0x200000 - 0x1000000 - its KASLR offset. */
#define MEMORY       (4u << 20)
#define KASLR        0x5000000ull
#define KERNEL_PHYS  0x200000ull
#define KERNEL_VIRT  (CORE_KERNEL_MAP + 0x1000000 + KASLR)
#define ROOT_PHYS    (KERNEL_PHYS + 0x10000)
#define PAGE_OFFSET  0xffff89cc00000000ull
#define PAGE_OFFSET5 0xff2a00cc00000000ull
#define TEXT_PHYS    0x7000ull
#define CONTROL      0x9000ull
#define STACK_PHYS   0xa000ull

static uint8_t memory[MEMORY];

static bool read_memory(void *ctx, uint64_t phys, void *buf, size_t bytes)
{
	(void)ctx;
	if (phys > MEMORY || bytes > MEMORY - phys)
		return false;
	memcpy(buf, memory + phys, bytes);
	return true;
}

static const struct phys_memory phys_memory = {read_memory, NULL};
static struct crash_info info;

static void put_u64(uint64_t phys, uint64_t value)
{
	memcpy(memory + phys, &value, sizeof(value));
}

/* Maps a 2 MiB page; tables come from 0x10000 on. */
static void map(uint32_t levels, uint64_t virt, uint64_t phys)
{
	static uint64_t next;
	uint64_t table = ROOT_PHYS, entry;

	if (!memory[0x10000]) {
		next = 0x11000;
		memory[0x10000] = 1;
	}
	for (uint32_t level = levels; level > 2; level--) {
		uint64_t at = table + (virt >> (12 + 9 * (level - 1)) & 511) * 8;

		memcpy(&entry, memory + at, 8);
		if (!entry) {
			entry = next | 0x67;
			next += PAGE;
			put_u64(at, entry);
		}
		table = entry & ~0xfffull;
	}
	put_u64(table + (virt >> 21 & 511) * 8, phys | 0xe7);
}

static void put_text(uint32_t levels)
{
	snprintf((char *)memory + TEXT_PHYS, PAGE,
		"OSRELEASE=6.1.0-test\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=%llx\n"
		"NUMBER(phys_base)=%lld\nNUMBER(pgtable_l5_enabled)=%d\nKERNELOFFSET=%llx\n"
		"NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n",
		KERNEL_VIRT + ROOT_PHYS - KERNEL_PHYS,
		(long long)(KERNEL_PHYS - (KERNEL_VIRT - CORE_KERNEL_MAP)), levels == 5, KASLR);
}

static void make_kernel(uint32_t levels)
{
	memset(memory, 0, sizeof(memory));
	map(levels, KERNEL_VIRT, KERNEL_PHYS);
	map(levels, levels == 5 ? PAGE_OFFSET5 : PAGE_OFFSET, 0);
	map(levels, (levels == 5 ? PAGE_OFFSET5 : PAGE_OFFSET) + KERNEL_PHYS, KERNEL_PHYS);
	put_text(levels);
}

static bool read_info(void)
{
	return crash_info_read(&phys_memory, TEXT_PHYS, &info);
}

TEST(good)
{
	uint64_t phys;

	for (uint32_t levels = 4; levels <= 5; levels++) {
		make_kernel(levels);
		assert_true(read_info());
		assert_int_equal(info.levels, levels);
		assert_int_equal(info.root, ROOT_PHYS);
		assert_int_equal(info.kernel_offset, KASLR);
		assert_int_equal(info.kernel_bytes, 1u << 30);
		assert_true(info.page_offset == (levels == 5 ? PAGE_OFFSET5 : PAGE_OFFSET));
		assert_int_equal(info.bytes, strlen(info.text));
		assert_true(crash_info_translate(
			&info, &phys_memory, info.page_offset + 0x12345, &phys));
		assert_int_equal(phys, 0x12345);
		assert_false(crash_info_translate(&info, &phys_memory, 0x12345, &phys));
	}
}

/* A text that is not one, or of another kernel. */
TEST(bad)
{
	make_kernel(4);
	memory[TEXT_PHYS] = 'o';
	assert_false(read_info());
	make_kernel(4);
	memory[TEXT_PHYS + 20] = 0x80;
	assert_false(read_info());
	make_kernel(4);
	memset(memory + TEXT_PHYS, 'O', PAGE); /* without an end */
	assert_false(read_info());
	make_kernel(4);
	memcpy(strstr((char *)memory + TEXT_PHYS, "KERNELOFFSET"), "K", 1);
	memcpy(strstr((char *)memory + TEXT_PHYS, "ERNELOFFSET"), "X", 1);
	assert_false(read_info());
	make_kernel(5);
	put_text(4); /* tables of 5 levels are none of 4 */
	assert_false(read_info());
	make_kernel(4);
	memset(memory + ROOT_PHYS, 0, PAGE);
	assert_false(read_info());
	assert_false(crash_info_read(&phys_memory, MEMORY, &info));

	/* Without a direct mapping, or with one where none can be. */
	make_kernel(4);
	memset(memory + ROOT_PHYS, 0, 510 * 8);
	assert_true(read_info());
	assert_int_equal(info.page_offset, 0);
	make_kernel(4);
	memset(memory + ROOT_PHYS, 0, 510 * 8);
	map(4, PAGE_OFFSET + (2u << 20), 0);
	assert_true(read_info());
	assert_int_equal(info.page_offset, 0);
}

TEST(kexec)
{
	const uint64_t stack[] = {0x246, 15, 14, 13, 12, 0xb9, 0xb8, KERNEL_VIRT + 0x123};
	struct user_regs_struct r;

	make_kernel(4);
	assert_true(read_info());
	put_u64(CONTROL + 2048, PAGE_OFFSET + STACK_PHYS);
	memcpy(memory + STACK_PHYS, stack, sizeof(stack));
	assert_true(kexec_registers(&info, &phys_memory, CONTROL + 0x1a2, &r));
	assert_int_equal(r.eflags, 0x246);
	assert_int_equal(r.r15, 15);
	assert_int_equal(r.r12, 12);
	assert_int_equal(r.rbp, 0xb9);
	assert_int_equal(r.rbx, 0xb8);
	assert_true(r.rip == KERNEL_VIRT + 0x123);
	assert_true(r.rsp == PAGE_OFFSET + STACK_PHYS + sizeof(stack));

	put_u64(STACK_PHYS + 56, 0x1234); /* no address of the kernel's code */
	assert_false(kexec_registers(&info, &phys_memory, CONTROL, &r));
	put_u64(STACK_PHYS + 56, stack[7]);
	put_u64(STACK_PHYS, 0x8000000000000246);
	assert_false(kexec_registers(&info, &phys_memory, CONTROL, &r));
	put_u64(CONTROL + 2048, 0x1234);
	assert_false(kexec_registers(&info, &phys_memory, CONTROL, &r));
	put_u64(CONTROL + 2048, PAGE_OFFSET + STACK_PHYS + 1);
	assert_false(kexec_registers(&info, &phys_memory, CONTROL, &r));
	assert_false(kexec_registers(&info, &phys_memory, MEMORY, &r));
}

TEST(swsusp)
{
	/* mov $saved_context,%rax; mov 0x98(%rax),%rsp */
	uint8_t code[] = {0x90, 0x48, 0xc7, 0xc0, 0, 0, 0, 0, 0x48, 0x8b, 0xa0, 0x98, 0, 0, 0};
	int32_t context = (int32_t)(KERNEL_VIRT + 0x800);
	uint64_t regs[21] = {15, 14, 13, 12, 5};
	struct user_regs_struct r;

	make_kernel(4);
	assert_true(read_info());
	memcpy(code + 4, &context, sizeof(context));
	memcpy(memory + KERNEL_PHYS + 0x100, code, sizeof(code));
	regs[18] = 0x46;
	regs[19] = PAGE_OFFSET + STACK_PHYS;
	memcpy(memory + KERNEL_PHYS + 0x800, regs, sizeof(regs));
	put_u64(STACK_PHYS, KERNEL_VIRT + 0x77);
	assert_true(swsusp_registers(&info, &phys_memory, KERNEL_PHYS + 0x100, &r));
	assert_int_equal(r.r15, 15);
	assert_int_equal(r.rbp, 5);
	assert_true(r.rip == KERNEL_VIRT + 0x77);
	assert_true(r.rsp == PAGE_OFFSET + STACK_PHYS + 8);
	assert_false(swsusp_registers(&info, &phys_memory, KERNEL_PHYS + 0x200, &r));
	assert_false(swsusp_registers(&info, &phys_memory, MEMORY - 1, &r));
	put_u64(STACK_PHYS, 0);
	assert_false(swsusp_registers(&info, &phys_memory, KERNEL_PHYS + 0x100, &r));
}

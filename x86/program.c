/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where kexec or a door puts the program is not known when it is linked. What happens before
 * main, and needs main's own addresses to be right, is here.
 */
#include "program.h"

#include "cpu.h"
#include "traps.h"

struct rela {
	uint64_t offset, info;
	int64_t addend;
};
#define R_X86_64_RELATIVE 8

/* linker.ld */
extern uint8_t program_start[], program_end[];
extern const struct rela rela_start[], rela_end[];

/* liblz4 is built with a stack protector: its canary is read from %fs:0x28. */
static uint64_t canary_block[8] = {[5] = 0x7f6a9c3d51e2b800ull};

void program_relocate(void)
{
	uint64_t base = (uint64_t)program_start;
	for (const struct rela *r = rela_start; r < rela_end; r++)
		if ((uint32_t)r->info == R_X86_64_RELATIVE)
			*(uint64_t *)(base + r->offset) = base + (uint64_t)r->addend;
}

uint8_t *program_base(void)
{
	return program_start;
}

size_t program_bytes(void)
{
	return (size_t)(program_end - program_start);
}

void program_start_cpu(void)
{
	traps_init();
	write_cr0((read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_WP);
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
	write_msr(MSR_FS_BASE, (uint64_t)canary_block);
	__asm__ volatile("fninit");
	uint32_t mxcsr = 0x1f80;
	__asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
}

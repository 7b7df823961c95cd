/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last instructions: into a kernel that waits at its jump-back point, or in
 * restore_registers. */
#ifndef X86_JUMP_H
#define X86_JUMP_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct kexec_return {   /* x86/jump.asm knows the offsets */
	uint64_t stack; /* RSP as at the payload's entry; there lies the kernel's return point */
	uint64_t entry; /* handed back: where the next jump shall come in */
	uint64_t efer;  /* the kernel's */
	uint16_t unused[3];
	uint16_t gdt_limit; /* of the kernel's GDT, 0: the kernel loads it itself */
	uint64_t gdt_base;  /* virtual */
};
static_assert(offsetof(struct kexec_return, gdt_limit) == 30, "jump.asm: limit and base adjoin");

/* Current tables must identity-map the stack page, the return point, *r and this code; CS is 0x10.
 * Contract: protocols of kexec jump, arch/x86/kernel/relocate_kernel_64.S. */
_Noreturn void jump_kexec_return(const struct kexec_return *r);

/* Into restore_registers of a kernel that was saved by its own hibernation (arch/x86/power/
 * hibernate_asm_64.S): its virtual address, mapped executable by the current tables, which also map
 * this code; and its CR3. CS is 0x10. */
_Noreturn void jump_restore_registers(uint64_t address, uint64_t cr3);

#endif

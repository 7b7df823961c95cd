/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a saved x86-64 Linux says of itself in its memory: the VMCOREINFO text, checked against the
 * kernel's own page tables, and the registers that it went to sleep with. Nothing of it is taken for
 * true without a check: memory may be anything. Pure.
 */
#ifndef CLI_CRASH_INFO_H
#define CLI_CRASH_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#define CRASH_INFO_BEGIN "OSRELEASE="
#define CRASH_INFO_MAX   4096u /* a page, where the kernel keeps it */

struct phys_memory {
	bool (*read)(void *ctx, uint64_t phys, void *buf, size_t bytes); /* false: not there */
	void *ctx;
};

struct crash_info {
	char text[CRASH_INFO_MAX + 1];
	size_t bytes;
	uint64_t root; /* of the kernel's page tables, physical */
	uint32_t levels;
	uint64_t phys_base; /* phys = virt - CORE_KERNEL_MAP + phys_base in the kernel's image */
	uint64_t kernel_offset; /* of KASLR */
	uint64_t kernel_bytes;  /* of the kernel's image mapping */
	uint64_t page_offset;   /* virt - phys in the direct mapping; 0: not found */
};

/* The text in a page that begins with it: false when it is none, or when the page tables that it
 * names do not lead to themselves (a copy of another kernel's, or an old one). */
bool crash_info_read(const struct phys_memory *m, uint64_t phys, struct crash_info *ret);

/* Where page tables put an address. */
bool crash_info_translate(
	const struct crash_info *i, const struct phys_memory *m, uint64_t virt, uint64_t *ret_phys);

/* Registers of the boot CPU: what the kernel saved before a kexec jump; jump_back is its return point in
 * the control page. */
bool kexec_registers(const struct crash_info *i, const struct phys_memory *m, uint64_t jump_back,
	struct user_regs_struct *ret);

/* And what a stock kernel saved before it made its image; jump: of its restore code, physical. */
bool swsusp_registers(const struct crash_info *i, const struct phys_memory *m, uint64_t jump,
	struct user_regs_struct *ret);

#endif

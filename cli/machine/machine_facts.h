/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the running kernel and its firmware say about this machine. */
#ifndef CLI_MACHINE_FACTS_H
#define CLI_MACHINE_FACTS_H

#include "proc_text.h"
#include "saved_state.h"

#define KERNEL_SPANS_MAX 8

struct machine_facts {
	struct memory_range memory[HANDOFF_MEMORY_MAX]; /* the firmware's map, sorted by start */
	uint32_t n_memory;
	struct handoff_frames left_out[HANDOFF_LEFT_OUT_MAX]; /* of it, not to be touched */
	uint32_t n_left_out;
	struct span kernel[KERNEL_SPANS_MAX]; /* code, data, bss */
	uint32_t n_kernel;
	uint64_t kernel_text;    /* where its code starts */
	struct span reserved[2]; /* for a crash kernel, and none is loaded */
	uint32_t n_reserved;

	char release[64];
	bool restores_gdt;
	uint64_t saved_context; /* physical, 0: not known */
	uint64_t vmcoreinfo;    /* 0: not known */
	uint32_t vmcoreinfo_bytes;

	uint64_t rsdp; /* 0: not known */
	bool uefi;     /* booted by UEFI, whether the kernel uses it or not */
	uint64_t efi_systab, efi_runtime;
	struct runtime_range runtime[SAVED_RUNTIME_MAX];
	uint32_t n_runtime;

	uint32_t virtualization;                               /* firmware_settings.h */
	struct saved_registers registers[SAVED_REGISTERS_MAX]; /* none of them memory */
	uint32_t n_registers;
};

/* Reads them all. -1 after one complaint when what cannot be missed is missing, the memory
 * map, or when Linux uses memory that is not in it. */
int machine_facts_read(struct machine_facts *ret);

/* The firmware's EFI runtime ranges, sorted, neighbours of one kind joined; none on a BIOS machine. -1 after
 * one complaint: more than max, with their number, or one that makes no sense. */
int runtime_map_read(struct runtime_range *v, uint32_t max, uint32_t *ret_n);

/* The text of the kernel's vmcoreinfo note, from /proc/kcore; false when it cannot be read. */
bool vmcoreinfo_text(char *buf, size_t cap);

/* Whether the writer will find the kernel's GDT, without which it can return to it neither when it is done nor when
 * it has to give up (old-kernel/old_kernel.c): -1 after one complaint when the kernel says nothing that leads there. */
int machine_facts_check_way_back(const struct machine_facts *f);

#endif

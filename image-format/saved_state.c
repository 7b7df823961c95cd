/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The descriptions of saved_state.h. A field may be added, widened or moved at any time; what an
 * older loader must not ignore is marked critical, what no resume can do without is marked
 * required.
 */
#include "saved_state.h"

#define N(table_) (sizeof(table_) / sizeof((table_)[0]))

#define CPU(kind_, member_, flags_) STATE_FIELD(struct saved_cpu, kind_, member_, flags_)
static const struct state_field cpu_fields[] = {
	CPU(STATE_X, stack, STATE_REQUIRED),
	CPU(STATE_X, jump_back, STATE_REQUIRED),
	CPU(STATE_X, entry, STATE_REQUIRED),
	CPU(STATE_X, cr0, STATE_REQUIRED),
	CPU(STATE_X, cr3, STATE_REQUIRED),
	CPU(STATE_X, cr4, STATE_REQUIRED),
	CPU(STATE_X, efer, STATE_REQUIRED),
	CPU(STATE_X, pat, STATE_REQUIRED),
	CPU(STATE_X, apic_base, STATE_REQUIRED),
	CPU(STATE_X, gdt_base, STATE_REQUIRED),
	CPU(STATE_X, gdt_limit, STATE_REQUIRED),
	CPU(STATE_U, apic_id, STATE_REQUIRED),
	CPU(STATE_X, cpuid_1_eax, STATE_REQUIRED),
	CPU(STATE_TEXT, vendor, STATE_REQUIRED),
	CPU(STATE_X, kernel_cr4, 0),
	CPU(STATE_X, xcr0, 0),
	CPU(STATE_X, virtualization, 0),
};
const struct state_desc saved_cpu_desc = {
	.name = "cpu",
	.version = 1,
	.size = sizeof(struct saved_cpu),
	.n_fields = N(cpu_fields),
	.fields = cpu_fields,
};

#define PLATFORM(kind_, member_, flags_) STATE_FIELD(struct saved_platform, kind_, member_, flags_)
static const struct state_field platform_fields[] = {
	PLATFORM(STATE_TEXT, kernel_release, 0),
	PLATFORM(STATE_X, mailbox, STATE_REQUIRED),
	PLATFORM(STATE_X, nonce, STATE_REQUIRED),
	PLATFORM(STATE_X, rsdp, 0),
	PLATFORM(STATE_X, efi_systab, STATE_REQUIRED),
	PLATFORM(STATE_X, efi_runtime, STATE_REQUIRED),
	PLATFORM(STATE_BYTES, disk_guid, 0),
	PLATFORM(STATE_BYTES, part_guid, 0),
	PLATFORM(STATE_X, pm1a_enable, STATE_REQUIRED),
	PLATFORM(STATE_X, pm1b_enable, STATE_REQUIRED),
	PLATFORM(STATE_X, pm1a_control, STATE_REQUIRED),
	PLATFORM(STATE_X, pm1b_control, STATE_REQUIRED),
	PLATFORM(STATE_X, facs_signature, 0),
	PLATFORM(STATE_BYTES, gpe0_enable, STATE_REQUIRED),
	PLATFORM(STATE_BYTES, gpe1_enable, STATE_REQUIRED),
	PLATFORM(STATE_U, gpe0_bytes, STATE_REQUIRED),
	PLATFORM(STATE_U, gpe1_bytes, STATE_REQUIRED),
};
const struct state_desc saved_platform_desc = {
	.name = "platform",
	.version = 1,
	.size = sizeof(struct saved_platform),
	.n_fields = N(platform_fields),
	.fields = platform_fields,
};

static const struct state_field frame_fields[] = {
	STATE_FIELD(struct saved_frame, STATE_X, phys, STATE_REQUIRED),
};
const struct state_desc saved_frame_desc = {
	.name = "frame",
	.version = 1,
	.size = sizeof(struct saved_frame),
	.n_fields = N(frame_fields),
	.fields = frame_fields,
};

#define MEMORY(kind_, member_) STATE_FIELD(struct memory_range, kind_, member_, STATE_REQUIRED)
static const struct state_field memory_fields[] = {
	MEMORY(STATE_X, start),
	MEMORY(STATE_X, end),
	MEMORY(STATE_U, type),
};
const struct state_desc saved_memory_desc = {
	.name = "memory",
	.version = 1,
	.size = sizeof(struct memory_range),
	.n_fields = N(memory_fields),
	.fields = memory_fields,
};

#define RUNTIME(kind_, member_) STATE_FIELD(struct runtime_range, kind_, member_, STATE_REQUIRED)
static const struct state_field runtime_fields[] = {
	RUNTIME(STATE_X, phys),
	RUNTIME(STATE_X, virt),
	RUNTIME(STATE_U, n_pages),
	RUNTIME(STATE_X, attribute),
	RUNTIME(STATE_U, type),
};
const struct state_desc saved_runtime_desc = {
	.name = "runtime",
	.version = 1,
	.size = sizeof(struct runtime_range),
	.n_fields = N(runtime_fields),
	.fields = runtime_fields,
};

#define TABLE(kind_, member_) STATE_FIELD(struct saved_table, kind_, member_, STATE_REQUIRED)
static const struct state_field table_fields[] = {
	TABLE(STATE_TEXT, signature),
	TABLE(STATE_X, phys),
	TABLE(STATE_U, length),
	TABLE(STATE_U, has_hash),
	TABLE(STATE_X, hash),
};
const struct state_desc saved_table_desc = {
	.name = "table",
	.version = 1,
	.size = sizeof(struct saved_table),
	.n_fields = N(table_fields),
	.fields = table_fields,
};

static const struct state_field processor_fields[] = {
	STATE_FIELD(struct saved_processor, STATE_U, apic_id, STATE_REQUIRED),
};
const struct state_desc saved_processor_desc = {
	.name = "processor",
	.version = 1,
	.size = sizeof(struct saved_processor),
	.n_fields = N(processor_fields),
	.fields = processor_fields,
};

static const struct state_field registers_fields[] = {
	STATE_FIELD(struct saved_registers, STATE_X, start, STATE_REQUIRED),
	STATE_FIELD(struct saved_registers, STATE_X, end, STATE_REQUIRED),
};
const struct state_desc saved_registers_desc = {
	.name = "registers",
	.version = 1,
	.size = sizeof(struct saved_registers),
	.n_fields = N(registers_fields),
	.fields = registers_fields,
};

#define LEDGER(member_) STATE_FIELD(struct saved_ledger, STATE_U, member_, 0)
static const struct state_field ledger_fields[] = {
	LEDGER(pages),
	LEDGER(pages_fill),
	LEDGER(pages_raw),
	LEDGER(pages_lz4),
	LEDGER(bytes_stored),
	LEDGER(total_us),
	LEDGER(wait_us),
};
const struct state_desc saved_ledger_desc = {
	.name = "ledger",
	.version = 1,
	.size = sizeof(struct saved_ledger),
	.n_fields = N(ledger_fields),
	.fields = ledger_fields,
};

#define FILESYSTEM(kind_, member_, flags_)                                                         \
	STATE_FIELD(struct saved_filesystem, kind_, member_, flags_)
#define FILESYSTEM_RANGES(kind_, member_)                                                          \
	STATE_ARRAY(struct saved_filesystem, kind_, member_, STATE_REQUIRED)
static const struct state_field filesystem_fields[] = {
	FILESYSTEM(STATE_TEXT, mount_point, STATE_REQUIRED),
	FILESYSTEM(STATE_TEXT, type, 0),
	FILESYSTEM(STATE_TEXT, device, 0),
	FILESYSTEM(STATE_TEXT, reason, STATE_REQUIRED),
	FILESYSTEM(STATE_BYTES, disk_guid, STATE_REQUIRED),
	FILESYSTEM(STATE_TEXT, disk_serial, 0),
	FILESYSTEM(STATE_U, disk_sectors, STATE_REQUIRED),
	FILESYSTEM(STATE_U, sector_bytes, STATE_REQUIRED),
	FILESYSTEM(STATE_U, writable, 0),
	FILESYSTEM(STATE_BYTES, part_guid, STATE_REQUIRED),
	FILESYSTEM(STATE_U, lba, STATE_REQUIRED),
	FILESYSTEM(STATE_U, n_sectors, STATE_REQUIRED),
	FILESYSTEM(STATE_U, n_ranges, STATE_REQUIRED),
	FILESYSTEM_RANGES(STATE_U, offset),
	FILESYSTEM_RANGES(STATE_U, bytes),
	FILESYSTEM_RANGES(STATE_X, hash),
};
const struct state_desc saved_filesystem_desc = {
	.name = "filesystem",
	.version = 1,
	.size = sizeof(struct saved_filesystem),
	.n_fields = N(filesystem_fields),
	.fields = filesystem_fields,
};

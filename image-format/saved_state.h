/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the byte streams of a hibernated kernel hold: node "kernel", objects
 *   "memory"    page stream: every frame
 *   "nvs"       page stream: frames with ACPI NVS; may be missing, restored only on demand
 *   "cpu"       state stream: struct saved_cpu (one)
 *   "platform"  state stream: struct saved_platform (one), saved_frame (the region),
 *               saved_memory (the firmware's map), saved_runtime (EFI runtime ranges),
 *               saved_table (ACPI tables), saved_processor, saved_registers (each may be missing)
 *   "filesystems"  state stream: struct saved_filesystem (any number)
 *   "ledger"    state stream: struct saved_ledger (one): what the save cost
 * The descriptions are saved_state.c. Addresses are physical unless named otherwise.
 */
#ifndef IMAGE_FORMAT_SAVED_STATE_H
#define IMAGE_FORMAT_SAVED_STATE_H

#include "state.h"

#define SAVED_NODE        "kernel"
#define SAVED_MEMORY      "memory"
#define SAVED_NVS         "nvs"
#define SAVED_CPU         "cpu"
#define SAVED_PLATFORM    "platform"
#define SAVED_LEDGER      "ledger"
#define SAVED_FILESYSTEMS "filesystems"

/* Enough to enter the kernel's jump-back point again: Linux's kexec jump on x86-64. */
struct saved_cpu {
	uint64_t stack;     /* RSP at the payload's entry: in the kernel's swap page */
	uint64_t jump_back; /* what the stack holds there: the kernel's return point */
	uint64_t entry;     /* the payload's entry, handed back to the kernel */
	uint64_t cr0, cr3, cr4, efer, pat, apic_base;
	uint64_t gdt_base; /* virtual address of the kernel's GDT, 0: the kernel loads its own */
	uint32_t gdt_limit;
	uint32_t apic_id;
	uint32_t cpuid_1_eax;    /* family, model, stepping */
	char vendor[16];         /* CPUID 0 */
	uint32_t virtualization; /* enum saved_virtualization: what its KVM was loaded with */
	/* In use by the kernel; 0: not known. cr4 above is what it leaves at the payload's
	 * entry. */
	uint64_t kernel_cr4, xcr0;
};

enum saved_virtualization { SAVED_VMX = 1, SAVED_SVM = 2 };

/* A processor that the firmware's tables had enabled. */
#define SAVED_PROCESSORS_MAX 1024u
struct saved_processor {
	uint32_t apic_id;
};

/* Where devices on PCI, or windows of bridges, had memory-mapped registers: the kernel puts them
 * back there. */
#define SAVED_REGISTERS_MAX 256u
struct saved_registers {
	uint64_t start, end;
};

struct saved_platform {
	char kernel_release[64];
	uint64_t mailbox; /* of struct mailbox, and its nonce */
	uint64_t nonce;
	uint64_t rsdp;
	uint64_t efi_systab, efi_runtime; /* 0 on BIOS machines */
	uint8_t disk_guid[16], part_guid[16];
	/* ACPI fixed hardware as the kernel had it; registers that the machine lacks are 0. */
	uint32_t pm1a_enable, pm1b_enable, pm1a_control, pm1b_control;
	uint32_t facs_signature;
	uint8_t gpe0_enable[32], gpe1_enable[32]; /* the enable half of the blocks */
	uint32_t gpe0_bytes, gpe1_bytes;
};

struct saved_frame { /* one 2 MiB frame of the region: not in the image, the loader's home */
	uint64_t phys;
};

enum memory_type { /* as in the e820 map */
	MEMORY_RAM = 1,
	MEMORY_RESERVED = 2,
	MEMORY_ACPI = 3, /* ACPI tables; memory again once they are read */
	MEMORY_NVS = 4,
	MEMORY_BAD = 5,
};

/* A range of a firmware's memory map. */
struct memory_range {
	uint64_t start, end; /* bytes, half open */
	uint32_t type;       /* enum memory_type; others are as reserved */
	uint32_t reserved;
};

/* An EFI range with the RUNTIME attribute; virt: where a kernel has mapped it
 * (/sys/firmware/efi/runtime-map), 0 in the firmware's own map. */
#define SAVED_RUNTIME_MAX 256
struct runtime_range {
	uint64_t phys, virt, n_pages, attribute;
	uint32_t type, reserved;
};

/* A table that a running kernel goes on to use after its start: where it is, and what is in it. */
#define SAVED_TABLES_MAX 256u
struct saved_table {
	char signature[8]; /* four characters: DSDT, SSDT, FACP, FACS, MCFG, DMAR, IVRS */
	uint64_t phys;
	uint32_t length;
	uint32_t has_hash; /* 0 for tables whose content changes harmlessly (FACS) */
	uint64_t hash;     /* XXH64 of the whole table */
};

/* Of a table in memory: false when it is not one that a running kernel goes on to use.
 * saved_table.c */
bool saved_table_make(struct saved_table *ret, uint64_t phys, const void *table, uint32_t bytes);

struct saved_ledger { /* until the commit began */
	uint64_t pages, pages_fill, pages_raw, pages_lz4;
	uint64_t bytes_stored;
	uint64_t total_us, wait_us; /* wait: for the disk */
};

#define SAVED_FILESYSTEMS_MAX 48
#define SAVED_RANGES_MAX      4
#define SAVED_RANGE_BYTES_MAX 65536u

/* One file system that was mounted, or swap area in use: where it is, and hashes of the bytes that
 * a mount or a write by another system changes. */
struct saved_filesystem {
	char mount_point[128], type[16], device[32]; /* for people */
	char reason[64]; /* why it could not be looked at; "": the hashes are there */
	/* Its disk: the one with this GPT; without a GPT, one with this serial number and size. */
	uint8_t disk_guid[16];
	char disk_serial[64];
	uint64_t disk_sectors;
	uint32_t sector_bytes;
	uint32_t writable; /* 1: mounted for writing */
	/* Its place: the partition with this GUID; if that is zero, these sectors. */
	uint8_t part_guid[16];
	uint64_t lba, n_sectors;
	/* Byte ranges from its start, and XXH64 of each. */
	uint32_t n_ranges;
	uint64_t offset[SAVED_RANGES_MAX], bytes[SAVED_RANGES_MAX], hash[SAVED_RANGES_MAX];
};

extern const struct state_desc saved_filesystem_desc;
extern const struct state_desc saved_cpu_desc, saved_platform_desc, saved_frame_desc,
	saved_memory_desc, saved_runtime_desc, saved_table_desc, saved_processor_desc,
	saved_registers_desc, saved_ledger_desc;

#endif

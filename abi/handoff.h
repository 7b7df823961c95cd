/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the Linux command tells the writer: one block of plain data in the first page of the
 * payload, filled before kexec_load(2). The writer believes nothing of it without a check
 * (writer/handoff_check.c). All addresses are physical.
 */
#ifndef ABI_HANDOFF_H
#define ABI_HANDOFF_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "saved_state.h"

#define HANDOFF_MAGIC           0x314f48524f50524full
#define HANDOFF_VERSION         4
#define HANDOFF_BYTES           131072u /* room at the payload's symbol handoff */
#define HANDOFF_REGION_MAX      16      /* KEXEC_SEGMENT_MAX */
#define HANDOFF_MEMORY_MAX      1024
#define HANDOFF_EXTENTS_MAX     1024
#define HANDOFF_FILESYSTEMS_MAX 48
#define HANDOFF_RANGES_MAX      4
#define HANDOFF_LEFT_OUT_MAX    1024
#define REGION_FRAME_BYTES      (2u << 20)

enum handoff_action { HANDOFF_POWEROFF = 1, HANDOFF_REBOOT = 2, HANDOFF_CONTINUE = 3 };

/* Frames of RAM that nobody may read or write: they have failed, or Linux has taken them offline.
 * They are not mapped, not in the image, and so never written by a resume. */
struct handoff_frames {
	uint64_t first, end; /* half open */
};

struct handoff_extent {
	uint64_t lba, n_sectors;
};

/* Bytes of a file system that a mount or a write changes, from its start. */
struct handoff_bytes {
	uint64_t offset, bytes;
};

/* One mounted file system (or swap area): the writer keeps hashes of some of its bytes in the
 * image. */
struct handoff_filesystem {
	char mount_point[128], type[16], device[32]; /* for people; "/home", "ext4", "vda3" */
	char reason[64];                      /* why the writer cannot look at it; "": it can */
	uint8_t disk_guid[16], part_guid[16]; /* as below */
	uint32_t pci_address, unit, sector_bytes;
	uint32_t writable;     /* 1: mounted for writing */
	uint64_t disk_sectors; /* of the whole disk */
	uint64_t lba, n_sectors;
	uint32_t n_ranges, reserved;
	struct handoff_bytes range[HANDOFF_RANGES_MAX]; /* inside it, up to 64 KiB each */
};

struct handoff {
	uint64_t magic;
	uint32_t version, bytes; /* sizeof */
	uint64_t nonce;          /* the mailbox has the same */
	uint64_t mailbox;
	uint32_t action;      /* enum handoff_action */
	uint32_t serial_port; /* of a 16550 for the log, 0: none */
	uint64_t created_unix_s;

	/* The target: which disk, how it must look, what of it is ours. */
	uint32_t pci_address; /* segment << 16 | bus << 8 | device << 3 | function */
	uint32_t unit;        /* NVMe namespace, AHCI port, else 0 */
	uint32_t sector_bytes;
	uint32_t n_extents;
	uint64_t n_sectors;     /* of the whole disk */
	uint8_t area_uuid[16];  /* in the area's header now; checked before anything is written */
	uint8_t image_uuid[16]; /* for the new image */
	uint8_t disk_guid[16];  /* of the GPT, zero when there is none */
	uint8_t part_guid[16];  /* of the partition, zero when it is the whole disk */

	/* The old kernel. */
	uint64_t saved_context; /* of struct saved_context, 0: not known */
	uint64_t vmcoreinfo;    /* of the note, 0: not known */
	uint32_t vmcoreinfo_bytes;
	uint32_t kernel_restores_gdt; /* 1: this kernel loads its own GDT after the jump back */
	char kernel_release[64];

	/* The machine. */
	uint64_t rsdp;
	uint64_t efi_systab;  /* 0 on BIOS machines */
	uint64_t efi_runtime; /* EFI_RUNTIME_SERVICES, physical */
	uint32_t n_region, n_memory, n_runtime;
	uint32_t reusable; /* 1: nothing that is mounted can change, the image stays resumable */
	uint64_t region
		[HANDOFF_REGION_MAX]; /* 2 MiB frames; the payload lies at the start of region[0] */
	struct memory_range memory[HANDOFF_MEMORY_MAX]; /* the firmware's map, sorted by start */
	struct runtime_range runtime[SAVED_RUNTIME_MAX];
	struct handoff_extent extent[HANDOFF_EXTENTS_MAX];

	uint32_t n_filesystems, n_left_out;
	struct handoff_frames left_out[HANDOFF_LEFT_OUT_MAX]; /* sorted, disjoint */
	/* What the firmware's setup may change until the resume. */
	uint32_t virtualization; /* enum saved_virtualization */
	uint32_t n_registers;
	struct saved_registers registers[SAVED_REGISTERS_MAX]; /* sorted, disjoint */
	struct handoff_filesystem filesystem[HANDOFF_FILESYSTEMS_MAX];
};
static_assert(sizeof(struct handoff) <= HANDOFF_BYTES, "fits its room in the payload");

#endif

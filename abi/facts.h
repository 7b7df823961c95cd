/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts: what `torpor arm` tells the loader before an unmodified kernel hibernates, about the boot
 * that is about to be saved. A stock image says nearly nothing of the machine it was made on (a
 * checksum of the firmware's map, an entry point); with the facts the loader can tell harmless
 * drift of the firmware from what would break the session.
 *
 * A file of FACTS_FILE_BYTES, preallocated by `torpor setup` and overwritten in place (GRUB replays
 * no journal): a head, a state stream (image-format/state.h), and zeros. A head with bytes 0 means
 * "no facts": the file of a machine that is not armed. Overwriting is not atomic: both hashes
 * decide.
 *
 * The stream's objects:
 *   "facts"       struct facts (one)
 *   "memory"      struct memory_range: the firmware's map as the kernel keeps it
 *                 (e820_table_firmware): sorted, disjoint, types by number, unclamped. Absent when
 *                 it is not known.
 *   "kept"        struct facts_kept: frames that the map calls RAM and this kernel does not use as
 *                 its own (memmap=, mem=, what efi_mem_reserve took: boot logo, ESRT, MOK table),
 *                 or has given a name of its own (crash kernel, GART): its hibernation leaves the
 *                 first out, whoever they belong to goes on to use them. Sorted, disjoint, joined.
 *                 A loader that knows nothing of this object passes it over; without it (kept_known
 *                 0) this boot's tables must do.
 *   "table"       struct saved_table: ACPI tables that a running kernel goes on to use
 *   "runtime"     struct runtime_range: /sys/firmware/efi/runtime-map (joined as Linux joins them)
 *   "registers"   struct saved_registers: where PCI devices have registers; what is memory there
 *                 now would be hidden by them
 *   "filesystem"  struct saved_filesystem: what is mounted; its ranges cover only what a mount by
 *                 another system changes, since the kernel itself still writes after arm
 *
 * Facts are never believed by themselves: the loader compares map_crc with the image's header, the
 * jump address pair with the image's, and, once the memory is loaded, the boot ID with the sixteen
 * bytes at boot_id_phys. What arm could not find out is zero here ("not known"), and the loader
 * says so.
 */
#ifndef ABI_FACTS_H
#define ABI_FACTS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "saved_state.h"

#define FACTS_FILE_NAME  "facts"
#define FACTS_FILE_BYTES (128u * 1024)
#define FACTS_MAGIC      0x31737463616654ull /* "Tfacts1" */
#define FACTS_VERSION    1u

struct facts_head {
	uint64_t magic;
	uint32_t version; /* of this head; the stream describes itself */
	uint32_t bytes;   /* of the stream; 0: no facts */
	uint64_t hash;    /* XXH64 of the stream */
	uint64_t check;   /* XXH64 of the 24 bytes before */
};
static_assert(sizeof(struct facts_head) == 32, "facts head");

#define FACTS_STREAM_MAX (FACTS_FILE_BYTES - sizeof(struct facts_head))

/* The firmware's map, by what it is known. */
enum facts_map {
	FACTS_MAP_UNKNOWN = 0, /* no source, or two that disagree */
	FACTS_MAP_ONE = 1,     /* boot_params or the kernel's own table */
	FACTS_MAP_CERTAIN = 2, /* both, and they agree */
};

#define FACTS_REFUSAL_BYTES 160u

struct facts {
	char kernel_release[64];
	uint64_t written;                         /* seconds since 1970 */
	uint8_t boot_id[16];                      /* as /proc/sys/kernel/random/boot_id shows it */
	uint64_t boot_id_phys;                    /* where the kernel keeps it; 0: not known */
	uint64_t jump_address, jump_address_phys; /* restore_registers; 0: not known */
	uint32_t map_known;                       /* enum facts_map */
	uint32_t map_crc;                         /* swsusp_e820_crc of it */
	uint64_t rsdp;                            /* 0: not known */
	uint32_t kept_known;                      /* 1: the list of kept frames is whole */
	uint32_t tables_known;                    /* 1: the list of tables is whole */
	uint32_t has_facs_signature;
	uint32_t facs_signature;
	uint32_t efi;            /* 1: booted by UEFI */
	uint64_t efi_runtime;    /* physical address of its runtime services table; 0: not known */
	uint32_t n_processors;   /* that the firmware's MADT enables; 0: not known */
	uint32_t hypervisor;     /* 1: CPUID says so */
	uint64_t cr4, xcr0;      /* in use; 0: not known */
	uint32_t virtualization; /* enum saved_virtualization: what KVM was loaded with */
	char vendor[16];         /* of the processor, CPUID 0 */
	uint8_t swap_uuid[16];   /* of the swap area that will hold the image */
	uint64_t resume_offset;  /* pages; 0: a partition */
	/* Why arm refused, where a boot entry of the firmware starts the loader whatever arm says:
	 * no image of this boot is to be resumed by it. "": it did not. */
	char refusal[FACTS_REFUSAL_BYTES];
};

/* Whole frames, bytes, half open. */
struct facts_kept {
	uint64_t start, end;
};

/* More of one of them is in no file that arm writes. */
#define FACTS_MEMORY_MAX  3200u /* the kernel's own limit */
#define FACTS_KEPT_MAX    1024u
#define FACTS_RUNTIME_MAX 512u

extern const struct state_desc facts_desc, facts_kept_desc;

/* Puts the head before a stream of that many bytes that is in place behind it, and zeros behind the
 * stream. file: FACTS_FILE_BYTES. bytes 0: "no facts". IMG_ERR_WORK: too long. */
int facts_seal(void *file, size_t bytes) IMG_MUST_CHECK;

/* The stream of a file, checked from head to end, ready for state_get. bytes: of the file; more
 * than FACTS_FILE_BYTES is ignored. IMG_ERR_NOT_FOUND: "no facts", or zeros only (a file never
 * written); IMG_ERR_HEADER: damaged, truncated, or not ours; IMG_ERR_VERSION: of a newer torpor;
 * IMG_ERR_STREAM. */
int facts_open(const void *file, size_t bytes, struct state_reader *ret) IMG_MUST_CHECK;

#endif

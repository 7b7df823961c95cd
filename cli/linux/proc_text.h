/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's text files and tables say: pure functions over text and bytes, no files.
 * Whatever is malformed is as if it were not there.
 */
#ifndef CLI_PROC_TEXT_H
#define CLI_PROC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handoff.h"

/* A run of physical memory, bytes, half open. */
struct span {
	uint64_t start, end;
};

bool spans_overlap(const struct span *a, const struct span *b);

/* All of it is RAM in a map that is sorted by start. */
bool span_is_ram(const struct span *s, const struct memory_range *map, uint32_t n);

/* One line of /proc/iomem, "  01000000-01ffffff : Kernel code": the span and the name (in line,
 * up to its end). False for anything else, and for the zeros that are shown to others than
 * root. */
bool iomem_line(const char *line, struct span *ret_span, const char **ret_name);

/* One line of /proc/kallsyms; the address when it is that symbol's, else 0. */
uint64_t kallsyms_line(const char *line, const char *symbol);

/* Type of an entry of /sys/firmware/memmap. */
enum memory_type memory_type_of(const char *text);

/* /sys/kernel/vmcoreinfo: address and length of the note. */
bool vmcoreinfo_place(const char *text, uint64_t *ret_phys, uint32_t *ret_bytes);

/* Looks for the note with this name in a segment of ELF notes; its content. */
bool elf_note(const uint8_t *notes, size_t bytes, const char *name, const uint8_t **ret_content,
	size_t *ret_bytes);

/* "ACPI20=0x7fb7e014" (else "ACPI=") of /sys/firmware/efi/systab, else 0. */
uint64_t systab_rsdp(const char *text);

/* Facts of Linux's zero page, /sys/kernel/boot_params/data. 0: not there. */
uint64_t boot_params_rsdp(const uint8_t *data, size_t bytes);
uint64_t boot_params_efi_systab(const uint8_t *data, size_t bytes);

/* Whether kexec started this kernel, as far as its boot loader's type says so. */
bool boot_params_is_kexec(const uint8_t *data, size_t bytes);

/* Offset of the ACPI root pointer in a piece of BIOS memory, or -1. */
long rsdp_search(const uint8_t *data, size_t bytes);

/* Value of "MemTotal:   1024 kB" in /proc/meminfo, in bytes, else 0. */
uint64_t meminfo_bytes(const char *text, const char *name);

/* The flags (PF_*) of /proc/PID/stat: seven fields behind the name, which may hold anything. */
bool stat_flags(const char *text, uint64_t *ret_flags);

/* Whether a whole word stands in the "flags" line of /proc/cpuinfo. */
bool cpuinfo_has_flag(const char *text, const char *flag);

/* The mode in use: "integrity" of "none [integrity] confidentiality"; false when nothing is
 * marked. */
bool lockdown_mode(const char *text, char *ret_mode, size_t cap);

/*
 * Whether this kernel loads its own GDT after a jump back: 6.13-rc2 and later, and the stable
 * releases 6.12.5 and 6.6.66 that took the fix. A distribution's backport is not seen, which is
 * harmless.
 */
bool release_restores_gdt(const char *release);

/* "5.10.0-30-amd64" is before 5.13. False when it is no release. */
bool release_is_before(const char *release, uint64_t major, uint64_t minor);

/* One line of /proc/self/mountinfo. */
struct mount_line {
	uint32_t major, minor;
	char mount_point[256], source[256]; /* cut when longer; octal escapes resolved */
	char type[32];                      /* of the file system */
	bool writable;      /* the file system itself, whatever this mount of it may do */
	bool journals_data; /* ext4's data=journal */
};
bool mountinfo_line(const char *line, struct mount_line *ret);

/* One line of /proc/swaps; false for its heading. */
struct swap_line {
	char name[1024];
	bool is_file;
	uint64_t bytes, used_bytes;
	int priority; /* 0 when it is not there */
};
bool swaps_line(const char *line, struct swap_line *ret);

/* The last PCI address in a path of /sys/devices: "/pci0000:00/0000:00:03.0/virtio0/..."
 * as segment << 16 | bus << 8 | device << 3 | function, and the length of the path up to
 * its end. */
bool pci_address_of(const char *path, uint32_t *ret_address, size_t *ret_length);

/* "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" as the 16 bytes that a GPT has on disk. */
bool guid_of_text(const char *text, uint8_t ret_guid[16]);

/* The same with the bytes in the order of the text. */
bool uuid_of_text(const char *text, uint8_t ret_uuid[16]);

#endif

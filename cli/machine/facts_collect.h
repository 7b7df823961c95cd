/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `torpor arm` can find out about this boot for the loader (abi/facts.h). Everything
 * that could not be found out is zero or absent, and has a line that says so.
 */
#ifndef CLI_FACTS_COLLECT_H
#define CLI_FACTS_COLLECT_H

#include "acpi_list.h"
#include "firmware_map.h"

#define FACTS_MISSING_MAX   16u
#define FACTS_MISSING_BYTES 120u

enum facts_symbol { SYMBOL_E820, SYMBOL_ACPI, SYMBOL_BOOT_ID, SYMBOL_RESTORE, SYMBOLS_N };

struct all_facts {
	struct facts f;
	struct e820_map map; /* empty: not known */
	struct memory_range memory[E820_MAP_MAX];
	struct facts_kept kept[FACTS_KEPT_MAX];
	struct saved_table table[SAVED_TABLES_MAX];
	struct runtime_range runtime[FACTS_RUNTIME_MAX];
	struct saved_filesystem filesystem[SAVED_FILESYSTEMS_MAX];
	struct saved_registers registers[SAVED_REGISTERS_MAX];
	uint32_t n_memory, n_kept, n_tables, n_runtime, n_filesystems, n_registers;
	char missing[FACTS_MISSING_MAX][FACTS_MISSING_BYTES]; /* what is not known, and why */
	uint32_t n_missing;
	char refusal[FACTS_MISSING_BYTES]; /* why a resume would surely fail; "": it need not */

	struct kcore core;
	struct symbol symbol[SYMBOLS_N];
	struct zero_page zero_page;
};

/* Collects all. device: of the swap area, offset_pages: of its header on it. */
void facts_collect(struct all_facts *a, const char *device, uint64_t offset_pages);

/* The file, ready to be written: FACTS_FILE_BYTES. False: they are too many for it. */
bool facts_encode(const struct all_facts *a, void *file);

/* ---- Parts, in this order (facts_map.c, facts_kept.c, facts_acpi.c, facts_kernel.c, facts_mounts.c) ---- */

void collect_map(struct all_facts *a);
void collect_kept(struct all_facts *a);
void collect_firmware(struct all_facts *a); /* RSDP, EFI, processors */
void collect_tables(struct all_facts *a);
void collect_kernel(struct all_facts *a);
void collect_processor(struct all_facts *a);
void collect_swap(struct all_facts *a, const char *device, uint64_t offset_pages);
void collect_mounts(struct all_facts *a);

/* One more thing that is not known. */
void facts_missing(struct all_facts *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

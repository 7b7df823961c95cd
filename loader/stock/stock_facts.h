/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts that `torpor arm` left about the boot that a stock image is of (abi/facts.h): decoded,
 * believed or not, compared with this boot. Pure: neither hardware nor disks, but for the file
 * systems that are compared.
 */
#ifndef LOADER_STOCK_FACTS_H
#define LOADER_STOCK_FACTS_H

#include "boot_info.h"
#include "disks.h"
#include "facts.h"
#include "ranges.h"
#include "stock.h"
#include "tables.h"
#include "this_cpu.h"

struct stock_facts {
	struct facts f;
	struct memory_range memory[FACTS_MEMORY_MAX];
	struct facts_kept kept[FACTS_KEPT_MAX];
	struct saved_table table[SAVED_TABLES_MAX];
	struct runtime_range runtime[FACTS_RUNTIME_MAX];
	struct saved_filesystem filesystem[SAVED_FILESYSTEMS_MAX];
	struct saved_registers registers[SAVED_REGISTERS_MAX];
	uint32_t n_memory, n_kept, n_tables, n_runtime, n_filesystems, n_registers;
};

/* A file as it was found. An error of facts_open or state_get; *ret has no meaning then. */
int stock_facts_read(const void *file, size_t bytes, struct stock_facts *ret) MUST_CHECK;

/* Why these facts are not of the boot that this image is of, or cannot be believed; NULL: as far as
 * can be told before the memory is loaded they are. s: open. */
const char *stock_facts_doubt(const struct stock_facts *f, const struct stock *s);

/* Whole frames of one of them, from first_pfn on; start >= end: none. */
struct range stock_facts_frames(const struct memory_range *m, uint64_t first_pfn);

/* Whole frames from first_pfn on that were RAM for the saved kernel. ERR_NO_MEMORY: ret has no
 * room. */
int stock_facts_ram(const struct stock_facts *f, uint64_t first_pfn, struct ranges *ret) MUST_CHECK;

/* Takes those out that the saved kernel did not use as memory: whoever they belong to does. They
 * are room for FACTS_KEPT_MAX more ranges at most; ERR_NO_MEMORY: ret has less. */
int stock_facts_remove_kept(const struct stock_facts *f, struct ranges *ret) MUST_CHECK;

/* This boot. */
struct stock_fit {
	const struct boot_info *bi;
	const struct tables *tables;
	const struct this_cpu *cpu;
	bool strict; /* strict=1 */
};

/* Memory, tables, runtime services, processors: 0, or ERR_MEMORY_MAP, ERR_PLATFORM, ERR_CPU with a
 * line that names the first thing that differs. What differs harmlessly is logged. File systems are
 * not looked at. stock_fit.c */
int stock_facts_fit(const struct stock_facts *f, const struct stock_fit *now) MUST_CHECK;

#endif

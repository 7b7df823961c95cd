/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI tables that a running kernel goes on to use, as this boot's firmware has them: the same
 * list that an image or the facts of an image have of theirs (struct saved_table).
 */
#ifndef LOADER_TABLES_H
#define LOADER_TABLES_H

#include "err.h"
#include "saved_state.h"

#define TABLES_APIC_IDS 4096u

struct tables {
	uint64_t rsdp; /* 0: none was found, all else is empty */
	struct saved_table table[SAVED_TABLES_MAX];
	uint32_t n, n_left_out;                 /* left out: more than SAVED_TABLES_MAX */
	uint32_t n_processors;                  /* that the MADT enables */
	uint32_t has_far_processors;            /* 1: some with IDs that are not in the set */
	uint8_t processor[TABLES_APIC_IDS / 8]; /* the set of their APIC IDs */
	uint32_t has_facs_signature, facs_signature;
};

/* Whether the firmware enables the processor with this APIC ID; also when that is not known. */
static inline int tables_have_processor(const struct tables *t, uint32_t id)
{
	return id >= TABLES_APIC_IDS ? t->has_far_processors != 0
				     : t->processor[id / 8] >> id % 8 & 1;
}

/* DSDT, SSDT, FACP, FACS, MCFG, DMAR and IVRS. rsdp: 0, or that of struct acpi. Memory is mapped by
 * machine_map_memory. */
void tables_read(uint64_t rsdp, struct tables *ret);

/* A running kernel has the addresses of these tables, and code that it made of some: each must lie
 * where it lay, and what has a hash be what it was. Tables that are new are logged: no kernel of
 * that boot knows them. who: begins the log lines. ERR_PLATFORM: the log names the first one that
 * differs. */
int tables_check(const struct saved_table *was, uint32_t n, const struct tables *now,
	const char *who) MUST_CHECK;

#endif

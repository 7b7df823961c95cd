/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The old kernel's memory and what its vmcoreinfo note says of it. Addresses and values found there
 * are believed only as far as they lead to RAM. */
#ifndef OLD_KERNEL_OLD_MEMORY_H
#define OLD_KERNEL_OLD_MEMORY_H

#include <stdbool.h>

#include "handoff.h"
#include "vmcoreinfo.h"

#define OLD_KERNEL_IMAGE_BASE 0xffffffff80000000ull
#define OLD_KERNEL_HALF       0xffff800000000000ull

struct old_memory {
	const struct handoff *h;
	uint32_t levels; /* of the kernel's paging */
	uintptr_t base;  /* where physical address 0 is mapped: 0, but for tests */
};

/* NULL when it is not RAM, all of it, or has frames that must not be touched. */
const void *old_memory_at(const struct old_memory *m, uint64_t phys, uint64_t bytes);

/* Physical address of va by the tables at root; every table must lie in RAM. */
bool old_memory_translate(
	const struct old_memory *m, uint64_t root, uint64_t va, uint64_t *ret_phys);

/* Root of the kernel's own page tables (swapper_pg_dir); false when the note does not say. */
bool old_memory_root(const struct old_memory *m, uint64_t *ret_root);

/* vmcoreinfo_value of the note that the handoff names. */
bool old_memory_number(
	const struct old_memory *m, const char *key, enum vmcoreinfo_base base, uint64_t *ret);

#endif

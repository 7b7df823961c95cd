/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own page tables: identity-mapped, built from an arena, valid from paging_enter on. Only what
 * was mapped is mapped: a stray access faults and prints a register dump instead of doing harm.
 * Intel SDM volume 3, chapter 4. 4 KiB and 2 MiB pages, 4 or 5 levels.
 */
#ifndef X86_PAGING_H
#define X86_PAGING_H

#include "arena.h"
#include "err.h"

/* levels: 4 or 5. Nothing changes for the processor yet. ERR_NO_MEMORY. */
int paging_init(struct arena *tables, uint32_t levels) MUST_CHECK;

/* Cached, writable, executable; rounded outwards to pages. ERR_NO_MEMORY; ERR_BOUNDS beyond
 * 2^52. */
int paging_map_memory(uint64_t phys, uint64_t bytes) MUST_CHECK;

/* At an address of somebody else's, for code that runs there: writable, executable. virt and phys
 * lie alike in their pages. ERR_NO_MEMORY; ERR_BOUNDS. What is mapped there already stays as it
 * is. */
enum paging_kind { PAGING_MEMORY, PAGING_REGISTERS };
int paging_map_at(uint64_t virt, uint64_t phys, uint64_t bytes, enum paging_kind kind) MUST_CHECK;

/* One 2 MiB page that is not mapped to itself: the place in a kernel's address space where it is
 * entered. Both are multiples of 2 MiB. */
int paging_map_alias(uint64_t virt, uint64_t phys) MUST_CHECK;

/* Pages of an arena, as many as bytes take, one after another at addresses where nothing else is
 * mapped: for lists that no single piece of the arena has room for. Not for devices: these
 * addresses are not physical ones. NULL: no memory (what was taken of it is lost). */
void *paging_join(struct arena *pages, uint64_t bytes);

/* Makes the tables current. The caller's code, data and stack must be mapped, anywhere. When the
 * number of levels differs from the processor's now, the change goes through 32-bit mode, by
 * code and a root table below 4 GiB: low_pages is the address of PAGING_LOW_BYTES there, RAM
 * that the tables before and after both map, and that neither they nor this program lie in; 0:
 * there are none. They are borrowed: what was in them is back when this returns. ERR_CPU when
 * the processor cannot do 5 levels, or low_pages are needed and are not there; ERR_NO_MEMORY. */
#define PAGING_LOW_BYTES 8192u
int paging_enter(uint64_t low_pages) MUST_CHECK;

/* Changes the current tables to another number of levels, with everything that is mapped staying
 * mapped. low_pages and errors as above. */
int paging_change_levels(uint32_t levels, uint64_t low_pages) MUST_CHECK;

uint32_t paging_levels_now(void); /* of the processor: CR4.LA57 */

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody else's page tables allow at an address: those that firmware has the door run on. SDM volume 3,
 * 4.5 and 4.6.
 */
#ifndef X86_PAGE_WALK_H
#define X86_PAGE_WALK_H

#include <stdint.h>

enum page_access { PAGE_MAPPED = 1, PAGE_WRITABLE = 2, PAGE_EXECUTABLE = 4 };

/* enum page_access combined, of the page at virt in the tables below root (CR3's address; tables are read where they
 * lie, identity-mapped) of 4 or 5 levels; 0: not mapped. For code at privilege level 0 with EFER.NXE on. */
uint32_t page_walk(uint64_t root, uint32_t levels, uint64_t virt);

/* What holds for all of [start, start + bytes). */
uint32_t page_walk_range(uint64_t root, uint32_t levels, uint64_t start, uint64_t bytes);

#endif

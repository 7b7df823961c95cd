/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA remapping units that firmware may have left on: what a device writes then goes elsewhere, or
 * nowhere. Intel VT-d 4.1: 8.1 to 8.3 (DMAR), 11.4 (registers). AMD I/O Virtualization 3.08: 5.2
 * (IVRS), 3.4 (registers).
 * Supported: detection, and translation, protected memory and interrupt remapping off. Never turned
 * on.
 * QEMU: -machine q35 -device intel-iommu (kernel-irqchip=split for interrupt remapping).
 */
#ifndef DRIVERS_IOMMU_H
#define DRIVERS_IOMMU_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

#define IOMMU_MAX 128u /* a machine of eight sockets has 32 */

enum iommu_kind { IOMMU_VTD, IOMMU_AMD };

struct iommu {
	enum iommu_kind kind;
	uint16_t segment;
	uint64_t phys; /* of its registers */
	uint8_t *regs;
	/* VT-d: the devices behind it, as the table has them; none: all the others of its
	 * segment. */
	const uint8_t *scope;
	uint32_t scope_bytes;
};

struct iommus {
	struct iommu unit[IOMMU_MAX];
	uint32_t n;
};

/* Ways to be in between. */
enum iommu_state {
	IOMMU_TRANSLATES = 1,
	IOMMU_PROTECTS = 2,       /* VT-d: ranges of memory that no device reaches */
	IOMMU_MAPS_INTERRUPTS = 4 /* VT-d; no hindrance to DMA */
};

/* The units that DMAR and IVRS name (physical addresses; 0: there is no such table; checksums are
 * the caller's), each once, as far as their registers are there. What follows damage in a table is
 * not looked at, and the log says so. ERR_NO_MEMORY: more than IOMMU_MAX, with the number in the
 * log. */
int iommu_find(uint64_t dmar, uint64_t ivrs, struct iommus *ret) MUST_CHECK;

/* enum iommu_state, combined. */
uint32_t iommu_state(const struct iommu *u);

/* "VT-d unit at 0xfed90000"; dst has at least IOMMU_NAME_BYTES. */
#define IOMMU_NAME_BYTES 48u
const char *iommu_name(const struct iommu *u, char *dst);

/* Nothing but displays is behind it, and it hangs when translation is turned off under way: the
 * units of some Intel graphics, which Linux leaves alone, too. Needs PCI. drivers/iommu_off.c */
bool iommu_must_stay(const struct iommu *u);

/* Everything of enum iommu_state off, in each unit but those that must stay. Whatever masters the
 * bus must have been turned off before: from here on its addresses mean something else.
 * ERR_TIMEOUT, ERR_BAD_ANSWER: a unit, named in the log, stays on. drivers/iommu_off.c */
int iommu_turn_off(const struct iommus *all) MUST_CHECK;

/* For iommu_off.c: VT-d 11.4 */
#define VTD_CAP  0x08
#define VTD_ECAP 0x10
#define VTD_GCMD 0x18
#define VTD_GSTS 0x1c
#define VTD_PMEN 0x64

#define VTD_CAP_PMR   (3ull << 5) /* low, high */
#define VTD_CAP_DRAIN (3ull << 54)
#define VTD_TE        (1u << 31) /* in GCMD and GSTS alike */
#define VTD_IRE       (1u << 25)
#define VTD_ONE_SHOT  (1u << 30 | 1u << 29 | 1u << 27 | 1u << 24) /* of GSTS, never written back */
#define VTD_PMEN_EPM  (1u << 31)
#define VTD_PMEN_PRS  (1u << 0)

/* AMD 3.4.2 and 3.4.13 */
#define AMD_CONTROL         0x18
#define AMD_STATUS          0x2020
#define AMD_CONTROL_ENABLE  (1u << 0)
#define AMD_STATUS_COMMANDS (1u << 4)
/* Of events, commands, PPR, GA. */
#define AMD_CONTROL_LOGS (1u << 2 | 1u << 12 | 1u << 13 | 1u << 28)

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMA remapping units of a machine: where they are, and whether one is on. Firmware that guards
 * itself against devices (Kernel DMA Protection) turns them on before it starts anything, and not
 * all of it turns them off again. Read only, no PCI: the EFI door looks as well, while the
 * firmware's drivers run.
 */
#include "iommu.h"

#include "acpi_table.h"
#include "format.h"
#include "log.h"
#include "machine.h"
#include "unaligned.h"

#define TABLE_BYTES_MAX (1u << 20)
#define ENTRIES_AT      48u /* DMAR 8.1, IVRS 5.2.1: the same */
#define REGS_BYTES      0x4000u

/* VT-d 8.2, 8.3 */
#define DRHD       0u
#define DRHD_BYTES 16u
#define DRHD_ALL   (1u << 0)
/* AMD 5.2.2: type, length at 2, segment at 16 */
#define IVHD_10    0x10u
#define IVHD_11    0x11u
#define IVHD_40    0x40u
#define IVHD_BYTES 24u

#define LOW_4K 4095ull

/* Registers that nobody answers for read as ones, or as zeros where firmware has hidden the
 * unit. */
static bool is_there(const struct iommu *u)
{
	if (!u->regs)
		return false;
	if (u->kind == IOMMU_AMD)
		return mmio_read32(u->regs + AMD_CONTROL) != UINT32_MAX ||
		       mmio_read32(u->regs + AMD_STATUS) != UINT32_MAX;
	uint64_t cap = mmio_read64(u->regs + VTD_CAP), ecap = mmio_read64(u->regs + VTD_ECAP);
	return !(cap == UINT64_MAX && ecap == UINT64_MAX) && !(cap == 0 && ecap == 0);
}

const char *iommu_name(const struct iommu *u, char *dst)
{
	format(dst, IOMMU_NAME_BYTES, "%s unit at %#llx", u->kind == IOMMU_VTD ? "VT-d" : "AMD",
		(unsigned long long)u->phys);
	return dst;
}

/* AMD names a unit once in each kind of block that it knows. */
static bool is_known(const struct iommus *all, uint64_t phys)
{
	for (uint32_t i = 0; i < all->n; i++)
		if (all->unit[i].phys == phys)
			return true;
	return false;
}

/* *n counts those that there is no room for, too. */
static void add(struct iommus *all, uint32_t *n, struct iommu u)
{
	char name[IOMMU_NAME_BYTES];
	if (u.phys == 0 || (u.phys & LOW_4K) || u.phys > UINT64_MAX - REGS_BYTES) {
		log_line("iommu: a unit at %#llx makes no sense", (unsigned long long)u.phys);
		return;
	}
	if (is_known(all, u.phys))
		return;
	u.regs = machine_map_mmio(u.phys, u.kind == IOMMU_AMD ? REGS_BYTES : LOW_4K + 1);
	if (!is_there(&u)) {
		log_line("iommu: %s: no registers there", iommu_name(&u, name));
		return;
	}
	++*n;
	if (all->n < IOMMU_MAX)
		all->unit[all->n++] = u;
}

static void take_dmar(struct iommus *all, uint32_t *n, const uint8_t *e, uint32_t bytes)
{
	if (u16_at(e) != DRHD || bytes < DRHD_BYTES)
		return;
	bool rest = e[4] & DRHD_ALL;
	add(all, n,
		(struct iommu){.kind = IOMMU_VTD,
			.segment = u16_at(e + 6),
			.phys = u64_at(e + 8),
			.scope = rest ? NULL : e + DRHD_BYTES,
			.scope_bytes = rest ? 0 : bytes - DRHD_BYTES});
}

static void take_ivrs(struct iommus *all, uint32_t *n, const uint8_t *e, uint32_t bytes)
{
	if ((e[0] != IVHD_10 && e[0] != IVHD_11 && e[0] != IVHD_40) || bytes < IVHD_BYTES)
		return;
	add(all, n,
		(struct iommu){
			.kind = IOMMU_AMD, .segment = u16_at(e + 16), .phys = u64_at(e + 8)});
}

/* Both tables are lists of {type, length at 2, ...}. */
static void each_entry(struct iommus *all, uint32_t *n, uint64_t phys, const char *name,
	void (*take)(struct iommus *all, uint32_t *n, const uint8_t *e, uint32_t bytes))
{
	uint32_t bytes = 0;
	const uint8_t *table = acpi_table_map(phys, name, ENTRIES_AT, TABLE_BYTES_MAX, &bytes);
	if (!table && phys)
		log_line("iommu: the %s table at %#llx is damaged", name, (unsigned long long)phys);
	for (uint32_t at = ENTRIES_AT; table && at < bytes;) {
		uint32_t length = bytes - at >= 4 ? u16_at(table + at + 2) : 0;
		if (length < 4 || length > bytes - at) {
			log_line("iommu: the %s table at %#llx is damaged from byte %u on", name,
				(unsigned long long)phys, at);
			return;
		}
		take(all, n, table + at, length);
		at += length;
	}
}

int iommu_find(uint64_t dmar, uint64_t ivrs, struct iommus *ret)
{
	uint32_t n = 0;
	ret->n = 0;
	each_entry(ret, &n, dmar, "DMAR", take_dmar);
	each_entry(ret, &n, ivrs, "IVRS", take_ivrs);
	if (n <= IOMMU_MAX)
		return 0;
	log_line("iommu: %u units, of which %u can be looked at", n, IOMMU_MAX);
	return ERR_NO_MEMORY;
}

uint32_t iommu_state(const struct iommu *u)
{
	uint32_t state = 0;
	if (u->kind == IOMMU_AMD)
		return mmio_read32(u->regs + AMD_CONTROL) & AMD_CONTROL_ENABLE ? IOMMU_TRANSLATES
									       : 0;
	uint32_t status = mmio_read32(u->regs + VTD_GSTS);
	if (status & VTD_TE)
		state |= IOMMU_TRANSLATES;
	if (status & VTD_IRE)
		state |= IOMMU_MAPS_INTERRUPTS;
	if ((mmio_read64(u->regs + VTD_CAP) & VTD_CAP_PMR) &&
		(mmio_read32(u->regs + VTD_PMEN) & VTD_PMEN_PRS))
		state |= IOMMU_PROTECTS;
	return state;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA remapping off, as Linux leaves it at a kexec jump: its kernel comes back to units that are
 * off and turns them on again itself, and until then devices are driven with plain addresses.
 */
#include "deadline.h"
#include "iommu.h"
#include "log.h"
#include "machine.h"
#include "pci.h"

#define ANSWER_MS 1000

/* VT-d 8.3.1 */
#define SCOPE_ENDPOINT 1u
#define SCOPE_TREE     2u
#define SCOPE_BYTES    6u

#define CLASS_DISPLAY     0x03
#define VENDOR_INTEL      0x8086
#define PCI_SECONDARY_BUS 0x19

/* ---- Units that must stay on ---- */

/* The function at the end of a path of {device, function} pairs below a bus. */
static bool find_device(uint16_t segment, const uint8_t *s, uint32_t bytes, struct pci_dev *ret)
{
	uint32_t bus = s[5];
	for (uint32_t at = SCOPE_BYTES; bytes - at >= 2; at += 2) {
		if (at > SCOPE_BYTES)
			bus = pci_read8(ret, PCI_SECONDARY_BUS);
		uint32_t address =
			(uint32_t)segment << 16 | bus << 8 | (s[at] & 31u) << 3 | (s[at + 1] & 7u);
		if (pci_at(address, ret) != 0)
			return false;
	}
	return bytes >= SCOPE_BYTES + 2;
}

/* Graphics of which Linux says that its unit does not finish draining
 * (quirk_igfx_skip_te_disable). */
static bool does_not_drain(const struct pci_dev *dev)
{
	static const uint8_t families[] = {0x45, 0x46, 0x4c, 0x4e, 0x8a, 0x98, 0x9a, 0xa7, 0x7d};
	for (uint32_t i = 0; dev->vendor == VENDOR_INTEL && i < sizeof(families); i++)
		if (dev->device >> 8 == families[i])
			return true;
	return false;
}

bool iommu_must_stay(const struct iommu *u)
{
	bool any = false;
	if (u->kind != IOMMU_VTD || !u->scope || !(mmio_read64(u->regs + VTD_CAP) & VTD_CAP_DRAIN))
		return false;
	for (uint32_t at = 0; u->scope_bytes - at >= SCOPE_BYTES;) {
		const uint8_t *s = u->scope + at;
		struct pci_dev dev;
		if (s[1] < SCOPE_BYTES || s[1] > u->scope_bytes - at)
			return false;
		if (s[0] == SCOPE_ENDPOINT || s[0] == SCOPE_TREE) {
			if (!find_device(u->segment, s, s[1], &dev) ||
				dev.class_code >> 16 != CLASS_DISPLAY)
				return false;
			any |= does_not_drain(&dev);
		}
		at += s[1];
	}
	return any;
}

/* ---- Off ---- */

/* VT-d 11.4.4.1: one bit at a time, from the status, and the next one when it is done. */
static int clear_command(const struct iommu *u, uint32_t bit)
{
	uint32_t status = mmio_read32(u->regs + VTD_GSTS);
	mmio_write32(u->regs + VTD_GCMD, status & ~VTD_ONE_SHOT & ~bit);
	return WAIT_FOR(!(mmio_read32(u->regs + VTD_GSTS) & bit), ANSWER_MS);
}

static int turn_off_vtd(const struct iommu *u, uint32_t state)
{
	int err = 0;
	if (state & IOMMU_TRANSLATES)
		err = clear_command(u, VTD_TE);
	if (!err && (state & IOMMU_MAPS_INTERRUPTS))
		err = clear_command(u, VTD_IRE);
	if (err || !(state & IOMMU_PROTECTS))
		return err;
	mmio_write32(u->regs + VTD_PMEN, mmio_read32(u->regs + VTD_PMEN) & ~VTD_PMEN_EPM);
	return WAIT_FOR(!(mmio_read32(u->regs + VTD_PMEN) & VTD_PMEN_PRS), ANSWER_MS);
}

/* AMD 3.4.2: the logs and the command buffer are memory that it writes to and reads. */
static int turn_off_amd(const struct iommu *u)
{
	uint8_t *control = u->regs + AMD_CONTROL;
	mmio_write32(control, mmio_read32(control) & ~AMD_CONTROL_LOGS);
	int err = WAIT_FOR(!(mmio_read32(u->regs + AMD_STATUS) & AMD_STATUS_COMMANDS), ANSWER_MS);
	mmio_write32(control, mmio_read32(control) & ~AMD_CONTROL_ENABLE);
	return err ? err : WAIT_FOR(!(mmio_read32(control) & AMD_CONTROL_ENABLE), ANSWER_MS);
}

static int turn_off(const struct iommu *u)
{
	char name[IOMMU_NAME_BYTES];
	uint32_t state = iommu_state(u);
	iommu_name(u, name);
	if (!state)
		return 0;
	if (iommu_must_stay(u)) {
		log_line("iommu: %s: serves graphics only, left on", name);
		return 0;
	}
	int err = u->kind == IOMMU_VTD ? turn_off_vtd(u, state) : turn_off_amd(u);
	if (!err && iommu_state(u))
		err = ERR_BAD_ANSWER;
	log_line("iommu: %s: firmware left %s on, %s", name,
		state & (IOMMU_TRANSLATES | IOMMU_PROTECTS) ? "DMA remapping"
							    : "interrupt remapping",
		err ? "and it stays on" : "turned off");
	return err;
}

int iommu_turn_off(const struct iommus *all)
{
	int first = 0;
	for (uint32_t i = 0; i < all->n; i++) {
		int err = turn_off(&all->unit[i]);
		first = first ? first : err;
	}
	return first;
}

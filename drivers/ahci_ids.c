/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Controllers that firmware's RAID mode gives another class and number, while they are AHCI behind:
 * the numbers that Linux's ahci driver takes. Others of that class are not (VMD, SAS): their BAR 5
 * may be half of another one, and is not touched.
 */
#include "ahci.h"

#include "ahci_regs.h"

#define CLASS_RAID   0x010400u
#define PCI_BAR_5    0x24
#define VENDOR_AMD   0x1022
#define VENDOR_ATI   0x1002
#define VENDOR_INTEL 0x8086

static const uint16_t intel[] = {/* ESB2, ICH7 to ICH10 */
	0x2682, 0x2683, 0x27c3, 0x27c6, 0x2822, 0x2824, 0x282a, 0x2925, 0x292c, 0x3a25,
	/* PCH 5 to 9, LP */
	0x3b24, 0x3b25, 0x3b2b, 0x3b2c, 0x1c04, 0x1c05, 0x1c06, 0x1c07, 0x1e04, 0x1e05, 0x1e06,
	0x1e07, 0x1e0e, 0x8c04, 0x8c05, 0x8c06, 0x8c07, 0x8c0e, 0x8c0f, 0x8c84, 0x8c85, 0x8c86,
	0x8c87, 0x8c8e, 0x8c8f, 0x9c04, 0x9c05, 0x9c06, 0x9c07, 0x9c0e, 0x9c0f, 0x9c85, 0x9c87,
	0x9c8f,
	/* 100 series and later */
	0x9d05, 0x9d07, 0xa105, 0xa106, 0xa107, 0xa10f, 0xa356, 0xa386, 0x06d7, 0x02d7, 0x43d4,
	0x43d5, 0x43d6, 0x43d7,
	/* servers */
	0x1d04, 0x1d06, 0x1f24, 0x1f25, 0x1f26, 0x1f27, 0x1f2e, 0x1f2f, 0x1f34, 0x1f35, 0x1f36,
	0x1f37, 0x1f3e, 0x1f3f, 0x2826, 0x2827, 0x282f, 0x8d04, 0x8d06, 0x8d0e, 0x8d64, 0x8d66,
	0x8d6e, 0xa186, 0xa1d2, 0xa1d6, 0xa206, 0xa252, 0xa256};

static bool is_ahci_in_raid_mode(const struct pci_dev *pci)
{
	if (pci->class_code != CLASS_RAID)
		return false;
	if (pci->vendor == VENDOR_AMD) /* has the class for nothing else */
		return true;
	if (pci->vendor == VENDOR_ATI)
		return pci->device == 0x4392 || pci->device == 0x4393;
	for (uint32_t i = 0; i < sizeof(intel) / sizeof(intel[0]); i++)
		if (pci->vendor == VENDOR_INTEL && pci->device == intel[i])
			return true;
	return false;
}

/* Firmware gave BAR 5 an address in memory. */
static bool has_abar(const struct pci_dev *pci)
{
	uint32_t bar = pci_read32(pci, PCI_BAR_5);
	return bar != UINT32_MAX && (bar & ~15u) != 0 && (bar & 1u) == 0;
}

bool ahci_takes(const struct pci_dev *pci)
{
	return pci->class_code == AHCI_CLASS || (is_ahci_in_raid_mode(pci) && has_abar(pci));
}

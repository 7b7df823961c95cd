/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AHCI controllers and the SATA disks on them. For disks_start.c only; everything else goes through
 * block.h. */
#ifndef DRIVERS_AHCI_H
#define DRIVERS_AHCI_H

#include "disks.h"
#include "pci.h"

bool ahci_takes(const struct pci_dev *pci);
int ahci_probe(const struct pci_dev *pci, struct arena *dma, struct disks *into) MUST_CHECK;

#endif

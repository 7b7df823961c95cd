/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVMe controllers behind PCI. For disks_start.c only; everything else goes through block.h. */
#ifndef DRIVERS_NVME_H
#define DRIVERS_NVME_H

#include "disks.h"
#include "pci.h"

bool nvme_takes(const struct pci_dev *pci);
int nvme_probe(const struct pci_dev *pci, struct arena *dma, struct disks *into) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio block devices behind PCI. For disks_start.c only; everything else goes through block.h. */
#ifndef DRIVERS_VIRTIO_BLK_H
#define DRIVERS_VIRTIO_BLK_H

#include "disks.h"
#include "pci.h"

bool virtio_blk_takes(const struct pci_dev *pci);
int virtio_blk_probe(const struct pci_dev *pci, struct arena *dma, struct disks *into) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether disks can be driven with plain addresses. */
#ifndef WRITER_DMA_CHECK_H
#define WRITER_DMA_CHECK_H

#include "acpi.h"
#include "iommu.h"

/* ERR_UNSUPPORTED: a remapping unit is on (ret_name says which), or there are more than can be
 * looked at. After pci_use_mcfg. Nothing is changed. */
int dma_check(const struct acpi *acpi, char ret_name[IOMMU_NAME_BYTES]) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux turns its remapping units off on the way to the writer, and on again when it comes back.
 * One that is on now is not Linux's: firmware left it so, and the old kernel lives with what it
 * lets through. It is not ours to turn off, for nobody would turn it on again at the return.
 */
#include "dma_check.h"

#include "format.h"

int dma_check(const struct acpi *acpi, char ret_name[IOMMU_NAME_BYTES])
{
	static struct iommus units;
	if (iommu_find(acpi->dmar, acpi->ivrs, &units)) {
		format(ret_name, IOMMU_NAME_BYTES, "one of more than %u units", IOMMU_MAX);
		return ERR_UNSUPPORTED;
	}
	for (uint32_t i = 0; i < units.n; i++) {
		const struct iommu *u = &units.unit[i];
		uint32_t in_the_way = iommu_state(u) & (IOMMU_TRANSLATES | IOMMU_PROTECTS);
		if (!in_the_way || iommu_must_stay(u))
			continue;
		iommu_name(u, ret_name);
		return ERR_UNSUPPORTED;
	}
	return 0;
}

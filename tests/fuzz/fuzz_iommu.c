/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMAR and IVRS tables of any content, over units that are on: nothing hangs, nothing is read behind the table,
 * and what was found is off afterwards or known to stay. The first byte says which table it is. */
#include <string.h>

#include "fake_pci.h"
#include "fuzz.h"
#include "iommu.h"

#define TABLE 0x7fe1000ull
#define UNITS 0xfed90000ull

static uint32_t status, control;

static uint64_t unit_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	(void)bytes;
	switch (offset % 4096) {
	case VTD_CAP:
		return 3ull << 54 | 1;
	case AMD_CONTROL: /* and VTD_GCMD */
		return control;
	case VTD_GSTS:
		return status;
	}
	return 0;
}

static void unit_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	(void)bytes;
	if (offset % 4096 == VTD_GCMD)
		status = control = (uint32_t)value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct iommus all;
	if (bytes < 1 || bytes > 900) /* the fake machine maps 64 windows */
		return 0;
	bool intel = data[0] & 1;
	fake_machine_reset();
	fake_pci_reset();
	fake_pci_add(2 << 3, 0x8086, 0x9a49, 0x030000);
	fake_mmio_add(UNITS, 0x8000, (struct fake_io){unit_read, unit_write, NULL});
	status = VTD_TE;
	control = 1;

	/* Of the input's own length: the sanitizer sees what is read behind it. */
	uint8_t *table = malloc(bytes + 3);
	FUZZ_CHECK(table != NULL);
	memcpy(table, intel ? "DMAR" : "IVRS", 4);
	memcpy(table + 4, data + 1, bytes - 1);
	fake_memory_add(TABLE, table, bytes + 3);
	if (iommu_find(intel ? TABLE : 0, intel ? 0 : TABLE, &all) == 0 && all.n < 32 &&
		iommu_turn_off(&all) == 0)
		for (uint32_t i = 0; i < all.n; i++)
			FUZZ_CHECK(iommu_state(&all.unit[i]) == 0 || iommu_must_stay(&all.unit[i]));
	fake_machine_reset();
	free(table);
	return 0;
}

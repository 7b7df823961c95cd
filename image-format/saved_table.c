/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which ACPI tables a running kernel goes on to use, long after its start: methods of DSDT and
 * SSDTs, registers of the FADT, the FACS's lock and waking vector, PCI windows, units that remap
 * DMA. BGRT, FPDT, TPM logs and the like differ at every boot and hurt nobody. The writer lists
 * them, the loader looks for them again.
 */
#include <string.h>

#include "img.h"
#include "saved_state.h"

bool saved_table_make(struct saved_table *ret, uint64_t phys, const void *table, uint32_t bytes)
{
	static const char names[][5] = {"DSDT", "SSDT", "FACP", "FACS", "MCFG", "DMAR", "IVRS"};
	uint32_t i = 0;

	while (i < sizeof(names) / sizeof(names[0]) && memcmp(table, names[i], 4) != 0)
		i++;
	if (i == sizeof(names) / sizeof(names[0]))
		return false;
	*ret = (struct saved_table){.phys = phys, .length = bytes};
	memcpy(ret->signature, names[i], 4);
	/* The FACS changes as the machine runs. */
	ret->has_hash = memcmp(table, "FACS", 4) != 0;
	ret->hash = ret->has_hash ? img_hash(table, bytes) : 0;
	return true;
}

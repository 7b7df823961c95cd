/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of ACPI in memory, by its address: firmware's word, looked at before use. ACPI 6.4,
 * 5.2.6. */
#ifndef X86_ACPI_TABLE_H
#define X86_ACPI_TABLE_H

#include <stdint.h>

/* All of the table, mapped by machine_map_memory, and its length; NULL: phys is 0, it cannot be
 * had, it has another name (NULL: any), or a length outside [bytes_min, bytes_max]. bytes_min: 8 at
 * least. Its checksum is the caller's business. */
const uint8_t *acpi_table_map(uint64_t phys, const char *name, uint32_t bytes_min,
	uint32_t bytes_max, uint32_t *ret_bytes);

#endif

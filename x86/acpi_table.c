/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several parts of the machine are described by a table of their own: how one is taken into view is
 * the same for all of them. */
#include "acpi_table.h"

#include <stddef.h>
#include <string.h>

#include "unaligned.h"
#include <machine.h> /* from the include path: here or tests/fake */

#define LENGTH 4u

const uint8_t *acpi_table_map(uint64_t phys, const char *name, uint32_t bytes_min,
	uint32_t bytes_max, uint32_t *ret_bytes)
{
	const uint8_t *head = phys ? machine_map_memory(phys, bytes_min) : NULL;
	if (!head || (name && memcmp(head, name, 4) != 0))
		return NULL;
	uint32_t bytes = u32_at(head + LENGTH);
	if (bytes < bytes_min || bytes > bytes_max)
		return NULL;
	*ret_bytes = bytes;
	return machine_map_memory(phys, bytes);
}

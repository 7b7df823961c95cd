/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WDAT tables of any content: nothing is read behind the table, no register that could not be one is touched. */
#include <string.h>

#include "fake_pci.h"
#include "fuzz.h"
#include "pci.h"
#include "watchdog.h"

#define TABLE 0x7fe1000ull

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct acpi acpi = {.wdat = TABLE};
	if (bytes < 64 || bytes > 68 + 24 * 16) /* the fake machine maps 64 windows */
		return 0;
	fake_machine_reset();
	fake_pci_reset_same_buses();

	/* Of the input's own length: the sanitizer sees what is read behind it. */
	uint8_t *table = malloc(bytes + 4);
	FUZZ_CHECK(table != NULL);
	memcpy(table, "WDAT", 4);
	memcpy(table + 4, data, bytes);
	fake_memory_add(TABLE, table, bytes + 4);
	FUZZ_CHECK(watchdogs_stop(&acpi) <= 1);
	fake_machine_reset();
	free(table);
	return 0;
}

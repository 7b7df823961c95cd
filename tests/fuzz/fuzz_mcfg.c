/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MCFG tables of any content over two segments: whatever is claimed, segment 0 looks as before. */
#include <string.h>

#include "fake_pci.h"
#include "fuzz.h"
#include "pci.h"

#define TABLE 0x7fe1000ull

/* Functions on bus 0 of a segment. */
static unsigned count(uint16_t segment)
{
	unsigned n = 0;
	for (uint32_t i = 0; i < 256; i++) {
		struct pci_dev dev;
		n += pci_at((uint32_t)segment << 16 | i, &dev) == 0;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	fake_machine_reset();
	fake_pci_reset();
	fake_pci_add(0, 0x8086, 0x29c0, 0x060000);
	fake_pci_add(2 << 3, 0x1b36, 0x10, 0x010802);
	fake_pci_add(0x10000 | 3 << 3, 0x1b36, 0x10, 0x010802);
	fake_pci_add_ecam(0xb0000000, 0, 0, 255);
	fake_pci_add_ecam(0xc0000000, 1, 0, 255);

	/* Of the input's own length: the sanitizer sees what is read behind it. */
	uint8_t *table = malloc(bytes + 4);
	FUZZ_CHECK(table != NULL);
	memcpy(table, "MCFG", 4);
	memcpy(table + 4, data, bytes);
	fake_memory_add(TABLE, table, bytes + 4);
	pci_use_mcfg(TABLE);
	FUZZ_CHECK(count(0) == 2);
	FUZZ_CHECK(count(1) <= 1);
	fake_machine_reset();
	free(table);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The EFI system table and its list of tables, of any content. First byte: bit 0 leaves out the signature,
 * bit 1 leaves the list's address as it is; else the address is a place in the input, so that the
 * fuzzer finds its way.
 */
#include <string.h>

#include "efi_tables.h"
#include "fuzz.h"
#include "firmware_data.h"
#include "machine.h"

#define BASE 0x7f000000ull
#define LIST 112u /* where the system table has the list's address */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct boot_info bi;
	uint64_t list;
	if (bytes < 1)
		return 0;
	uint8_t flags = *data++;
	bytes--;
	/* On the heap in its exact size: reading too far is seen. */
	uint8_t *memory = malloc(bytes ? bytes : 1);
	FUZZ_CHECK(memory != NULL);
	memcpy(memory, data, bytes);
	if (bytes >= 8 && !(flags & 1))
		memcpy(memory, "IBI SYST", 8);
	if (bytes >= LIST + 8 && !(flags & 2)) {
		memcpy(&list, memory + LIST, 8);
		list = BASE + list % (bytes + 1);
		memcpy(memory + LIST, &list, 8);
	}
	fake_machine_reset();
	fake_memory_add(BASE, memory, bytes);
	bi = (struct boot_info){.efi_systab = BASE};
	int err = efi_tables_read(&bi);
	FUZZ_CHECK(err == 0 || (err == ERR_FIRMWARE && bi.rsdp == 0));
	struct range v[FIRMWARE_DATA_MAX];
	struct ranges kept;
	bi.n_memory = 1;
	bi.memory[0] =
		(struct memory_range){.start = BASE, .end = BASE + bytes, .type = MEMORY_RAM};
	ranges_init(&kept, v, FIRMWARE_DATA_MAX);
	FUZZ_CHECK(firmware_data_add(&bi, bi.rsdp, &kept) == 0);
	for (uint32_t i = 0; i < kept.n; i++)
		FUZZ_CHECK(v[i].start >= BASE / 4096 && v[i].end <= (BASE + bytes + 4095) / 4096);
	fake_machine_reset();
	free(memory);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GRUB's information: any bytes. What is accepted is a memory map that the loader can work with. */
#include <string.h>

#include "facts.h"
#include "fuzz.h"
#include "multiboot2.h"

static void check_accepted(const struct boot_info *bi)
{
	FUZZ_CHECK(bi->n_memory <= BOOT_MEMORY_MAX);
	FUZZ_CHECK(bi->n_runtime <= BOOT_RUNTIME_MAX);
	FUZZ_CHECK(bi->n_map_crc <= BOOT_MAP_CRC_MAX);
	FUZZ_CHECK(bi->facts_bytes <= FACTS_FILE_BYTES);
	FUZZ_CHECK(bi->facts_bytes == 0 || bi->facts != 0);
	FUZZ_CHECK(memchr(bi->cmdline, 0, sizeof(bi->cmdline)) != NULL);
	for (uint32_t i = 0; i < bi->n_memory; i++) {
		const struct memory_range *m = &bi->memory[i];
		FUZZ_CHECK(m->start < m->end);
		FUZZ_CHECK(m->type >= MEMORY_RAM && m->type <= MEMORY_BAD);
		if (i == 0)
			continue;
		FUZZ_CHECK(m[-1].end <= m->start);
		FUZZ_CHECK(m[-1].end < m->start || m[-1].type != m->type);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct boot_info bi;
	if (bytes < 8)
		return 0;
	/* The length in it is GRUB's word for what is there: only a smaller one is a fair lie. */
	uint8_t *info = malloc(bytes);
	uint32_t total;
	memcpy(info, data, bytes);
	memcpy(&total, info, 4);
	if (total > bytes) {
		total = (uint32_t)bytes;
		memcpy(info, &total, 4);
	}
	memset(&bi, 0, sizeof(bi));
	if (multiboot2_read(info, &bi) == 0)
		check_accepted(&bi);
	free(info);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Partition tables: good ones of a small disk, with the input over them at places that the input
 * names. The first byte says the sector size, and which checksums are put right afterwards, so
 * that the fuzzer gets behind them.
 */
#include <string.h>

#include "fake_ram_disk.h"
#include "fuzz.h"
#include "gpt.h"
#include "gpt_make.h"
#include "machine.h"

#define SEAL_PRIMARY 1u
#define SEAL_BACKUP  2u
#define BIG_SECTORS  4u
#define NO_TABLES    8u
#define N_SECTORS    64u

static uint8_t work[GPT_WORK_BYTES] __attribute__((aligned(4096)));

static void check_table(const struct gpt *g, uint64_t n_sectors)
{
	struct gpt_partition p;
	FUZZ_CHECK(g->n_entries > 0 && g->n_entries <= GPT_ENTRIES_MAX);
	FUZZ_CHECK(g->entries >= work);
	FUZZ_CHECK((uint64_t)g->n_entries * g->entry_bytes <= sizeof(work));
	for (uint32_t i = 0; i < g->n_entries; i++) {
		if (gpt_entry(g, i, &p) != 0)
			continue;
		FUZZ_CHECK(p.lba < n_sectors);
		FUZZ_CHECK(p.n_sectors > 0 && p.n_sectors <= n_sectors - p.lba);
	}
}

static void make_tables(const struct gpt_make *maker)
{
	static const struct gpt_make_partition p[] = {
		{"0fc63daf-8483-4772-8e79-3d69d8477de4", "aaaaaaaa-0000-0000-0000-000000000001", 10,
			20},
		{"3eb77f6d-87f9-411a-8528-77d567bb203a", "aaaaaaaa-0000-0000-0000-000000000002", 30,
			9}};
	gpt_make(maker, p, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct fake_ram_disk disk;
	struct gpt g;
	if (bytes < 1)
		return 0;
	uint8_t flags = data[0];
	uint32_t sector_bytes = flags & BIG_SECTORS ? 4096 : 512;
	fake_machine_reset();
	fake_ram_disk_init(&disk, sector_bytes, N_SECTORS);
	struct gpt_make maker = gpt_make_on(&disk, "11111111-2222-3333-4444-555555555555");
	maker.n_entries = 8;
	if (!(flags & NO_TABLES))
		make_tables(&maker);
	fuzz_patch(disk.bytes, N_SECTORS * sector_bytes, data + 1, bytes - 1);
	if (flags & SEAL_PRIMARY)
		gpt_make_seal(&maker, 1);
	if (flags & SEAL_BACKUP)
		gpt_make_seal(&maker, N_SECTORS - 1);
	if (gpt_read(&disk.dev, work, &g) == 0)
		check_table(&g, N_SECTORS);
	fake_ram_disk_free(&disk);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpt.c: tables of all shapes, each field wrong, the backup instead of the primary. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "fake_ram_disk.h"
#include "gpt.h"
#include "gpt_make.h"
#include "machine.h"

#define DISK_GUID "11111111-2222-3333-4444-555555555555"
#define LINUX     "0fc63daf-8483-4772-8e79-3d69d8477de4"
#define PART_A    "aaaaaaaa-0000-0000-0000-00000000000a"
#define PART_B    "bbbbbbbb-0000-0000-0000-00000000000b"
#define N_SECTORS 2048
#define BACKUP    (N_SECTORS - 1)

static struct fake_ram_disk disk;
static uint8_t *work;
static struct gpt_make maker;
static struct gpt gpt;

static const struct gpt_make_partition parts[] = {
	{LINUX, PART_A, 34, 16}, {NULL, NULL, 0, 0}, {LINUX, PART_B, 64, 100}};

static void use_disk(uint32_t sector_bytes, uint64_t n_sectors)
{
	fake_ram_disk_free(&disk);
	fake_ram_disk_init(&disk, sector_bytes, n_sectors);
	maker = gpt_make_on(&disk, DISK_GUID);
}

static void setup(void)
{
	fake_machine_reset();
	work = aligned_alloc(4096, GPT_WORK_BYTES);
	use_disk(512, N_SECTORS);
	gpt_make(&maker, parts, 3);
}

static void teardown(void)
{
	free(work);
	fake_ram_disk_free(&disk);
}

FIXTURE(setup, teardown)

static int read_it(void)
{
	memset(work, 0xee, GPT_WORK_BYTES);
	return gpt_read(&disk.dev, work, &gpt);
}

static uint8_t *header(uint64_t lba)
{
	return disk.bytes + lba * disk.dev.sector_bytes;
}

static void set(uint64_t lba, uint32_t field, uint64_t value, uint32_t bytes)
{
	memcpy(header(lba) + field, &value, bytes);
	gpt_make_seal(&maker, lba);
}

static void assert_parts(uint64_t lba_a)
{
	struct gpt_partition p;
	uint8_t guid[16];
	gpt_make_guid(DISK_GUID, guid);
	assert_memory_equal(gpt.disk_guid, guid, 16);
	assert_int_equal(gpt_entry(&gpt, 0, &p), 0);
	gpt_make_guid(PART_A, guid);
	assert_memory_equal(p.guid, guid, 16);
	gpt_make_guid(LINUX, guid);
	assert_memory_equal(p.type, guid, 16);
	assert_int_equal(p.lba, lba_a);
	assert_int_equal(p.n_sectors, 16);
	assert_int_equal(gpt_entry(&gpt, 1, &p), ERR_NOT_FOUND);
	assert_int_equal(gpt_entry(&gpt, 2, &p), 0);
	assert_int_equal(p.lba, 64);
	assert_int_equal(p.n_sectors, 100);
	assert_int_equal(gpt_entry(&gpt, gpt.n_entries - 1, &p), ERR_NOT_FOUND);
}

TEST(good_table)
{
	assert_int_equal(gpt_make_crc((const uint8_t *)"123456789", 9), 0xcbf43926);
	assert_int_equal(read_it(), 0);
	assert_int_equal(gpt.n_entries, 128);
	assert_parts(34);
}

TEST(big_sectors)
{
	use_disk(4096, 256);
	gpt_make(&maker, parts, 3);
	assert_int_equal(read_it(), 0);
	assert_parts(34);
}

TEST(other_shapes)
{
	static const struct {
		uint32_t n, bytes;
	} shape[] = {{4, 128}, {5, 128}, {128, 256}, {1024, 256}, {1024, 128}, {3, 4096}};
	struct gpt_make_partition p[] = {
		{LINUX, PART_A, 600, 16}, parts[1], {LINUX, PART_B, 64, 1}};
	for (unsigned i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
		maker.n_entries = shape[i].n;
		maker.entry_bytes = shape[i].bytes;
		gpt_make(&maker, p, 3);
		assert_int_equal(read_it(), 0);
		assert_int_equal(gpt.n_entries, shape[i].n);
		struct gpt_partition found;
		assert_int_equal(gpt_entry(&gpt, 0, &found), 0);
		assert_int_equal(found.lba, 600);
	}
}

TEST(no_table)
{
	memset(disk.bytes, 0, (size_t)N_SECTORS * 512);
	assert_int_equal(read_it(), ERR_NOT_FOUND);
	use_disk(512, 3);
	assert_int_equal(read_it(), ERR_NOT_FOUND);
}

/* The backup has the partition elsewhere, so that it shows which copy was read. */
static void backup_differs(void)
{
	uint8_t *entries = header(BACKUP) - 32 * 512;
	uint64_t first = 40, last = 55;
	memcpy(entries + GPT_ENTRY_FIRST, &first, 8);
	memcpy(entries + GPT_ENTRY_LAST, &last, 8);
	gpt_make_seal(&maker, BACKUP);
}

TEST(damaged_primary_good_backup)
{
	for (uint32_t at = 0; at < 92; at++) {
		gpt_make(&maker, parts, 3);
		backup_differs();
		header(1)[at] ^= 0x10;
		assert_int_equal(read_it(), 0);
		assert_parts(40);
	}
	gpt_make(&maker, parts, 3);
	backup_differs();
	header(2)[300] ^= 1; /* in the table */
	assert_int_equal(read_it(), 0);
	assert_parts(40);
	memset(header(0), 0, 34 * 512);
	assert_int_equal(read_it(), 0);
	assert_parts(40);
}

TEST(good_primary_damaged_backup)
{
	memset(header(BACKUP), 0, 512);
	assert_int_equal(read_it(), 0);
	assert_parts(34);
}

TEST(both_damaged)
{
	header(1)[60] ^= 1;
	header(BACKUP)[60] ^= 1;
	assert_int_equal(read_it(), ERR_FIRMWARE);
}

/* A table was there: "no table" would be the wrong thing to say. */
TEST(primary_wiped_backup_damaged)
{
	memset(header(1), 0, 512);
	header(BACKUP)[60] ^= 1;
	assert_int_equal(read_it(), ERR_FIRMWARE);
	gpt_make(&maker, parts, 3);
	header(1)[60] ^= 1;
	memset(header(BACKUP), 0, 512);
	assert_int_equal(read_it(), ERR_FIRMWARE);
}

/* Checksums good, content not: refused by what it says. */
TEST(fields_out_of_bounds)
{
	static const struct {
		uint32_t field, bytes;
		uint64_t value;
	} bad[] = {
		{GPT_HEADER_SIZE, 4, 0},
		{GPT_HEADER_SIZE, 4, 91},
		{GPT_HEADER_SIZE, 4, 513},
		{GPT_HEADER_SIZE, 4, 0xffffffff},
		{GPT_MY_LBA, 8, 2},
		{GPT_MY_LBA, 8, BACKUP},
		{GPT_LAST_USABLE, 8, N_SECTORS},
		{GPT_LAST_USABLE, 8, UINT64_MAX},
		{GPT_ENTRIES_LBA, 8, N_SECTORS - 31},
		{GPT_ENTRIES_LBA, 8, N_SECTORS},
		{GPT_ENTRIES_LBA, 8, UINT64_MAX},
		{GPT_N_ENTRIES, 4, 0},
		{GPT_N_ENTRIES, 4, GPT_ENTRIES_MAX + 1},
		{GPT_N_ENTRIES, 4, 0xffffffff},
		{GPT_ENTRY_SIZE, 4, 0},
		{GPT_ENTRY_SIZE, 4, 127},
		{GPT_ENTRY_SIZE, 4, 129},
		{GPT_ENTRY_SIZE, 4, 1u << 20},
		{GPT_ENTRY_SIZE, 4, 0x80000080},
	};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		gpt_make(&maker, parts, 3);
		memset(header(BACKUP), 0, 512);
		set(1, bad[i].field, bad[i].value, bad[i].bytes);
		if (read_it() != ERR_FIRMWARE)
			fail_msg("field at %u: %llx is accepted", bad[i].field,
				(unsigned long long)bad[i].value);
	}
}

static int entry_error(uint64_t first, uint64_t last)
{
	struct gpt_partition p;
	gpt_make(&maker, parts, 3);
	memcpy(header(2) + GPT_ENTRY_FIRST, &first, 8);
	memcpy(header(2) + GPT_ENTRY_LAST, &last, 8);
	gpt_make_seal(&maker, 1);
	assert_int_equal(read_it(), 0);
	return gpt_entry(&gpt, 0, &p);
}

TEST(entries_out_of_bounds)
{
	assert_int_equal(entry_error(34, N_SECTORS - 34), 0);
	assert_int_equal(entry_error(33, 50), ERR_FIRMWARE);
	assert_int_equal(entry_error(34, N_SECTORS - 33), ERR_FIRMWARE);
	assert_int_equal(entry_error(50, 49), ERR_FIRMWARE);
	assert_int_equal(entry_error(0, 0), ERR_FIRMWARE);
	assert_int_equal(entry_error(50, UINT64_MAX), ERR_FIRMWARE);
	assert_int_equal(entry_error(UINT64_MAX, UINT64_MAX), ERR_FIRMWARE);
}

TEST(read_errors)
{
	backup_differs();
	disk.bad_lba = 1;
	assert_int_equal(read_it(), 0);
	assert_parts(40);
	disk.bad_lba = 20;
	assert_int_equal(read_it(), 0);
	assert_parts(40);
	memset(header(BACKUP), 0, 512);
	assert_int_equal(read_it(), ERR_IO);
	disk.lost_from = 1;
	assert_int_equal(read_it(), ERR_LOST);
}

/* The disk got an MBR of its own; the GPT's copies are still there, whole or only the backup. */
TEST(relabelled)
{
	uint8_t *entries = disk.bytes + 446;
	assert_int_equal(read_it(), 0);
	memset(entries, 0, 64);
	assert_int_equal(read_it(), 0); /* no partitions: nothing is said */
	entries[4] = 0x83;
	assert_int_equal(read_it(), ERR_NOT_FOUND);
	memset(header(1), 0, 512);
	assert_int_equal(read_it(), ERR_NOT_FOUND);
	entries[4] = 0;
	entries[48 + 4] = 0x82;
	assert_int_equal(read_it(), ERR_NOT_FOUND);
	/* A hybrid has both kinds. */
	entries[4] = 0xee;
	assert_int_equal(read_it(), 0);
	/* Not an MBR: the backup of a disk whose beginning is lost. */
	entries[4] = 0x83;
	disk.bytes[510] = 0;
	assert_int_equal(read_it(), 0);
	memset(disk.bytes, 0, 512);
	assert_int_equal(read_it(), 0);
}

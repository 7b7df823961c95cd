/* SPDX-License-Identifier: GPL-2.0-or-later */
/* places.c: what of the disks a query names, and what is said of tables that make no sense. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_ram_disk.h"
#include "gpt_make.h"
#include "log_text.h"
#include "machine.h"
#include "places.h"

#define N_DISKS   3
#define N_SECTORS 4096
#define LINUX     "0fc63daf-8483-4772-8e79-3d69d8477de4"
#define SWAP      "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"

static struct fake_ram_disk disk[N_DISKS];
static struct disks disks;
static uint8_t *work;
static struct place found[8];
static uint32_t n_found, n_errors;
static int last_error;

static void on_place(void *ctx, const struct place *p)
{
	assert_ptr_equal(ctx, found);
	assert_true(n_found < 8);
	found[n_found++] = *p;
}

static void on_error(void *ctx, int err)
{
	assert_ptr_equal(ctx, found);
	last_error = err;
	n_errors++;
}

/* Disk i has GUID "1000000i-...", and partitions "2000000i-0000-...0000000j". */
static const char *guid_text(char text[37], unsigned kind, unsigned i, unsigned j)
{
	snprintf(text, 37, "%u000000%u-0000-0000-0000-00000000000%u", kind, i, j);
	return text;
}

static void make_table(unsigned i)
{
	char text[37], a[37], b[37], c[37];
	struct gpt_make g = gpt_make_on(&disk[i], guid_text(text, 1, i, 0));
	struct gpt_make_partition p[] = {{LINUX, guid_text(a, 2, i, 1), 128, 256},
		{SWAP, guid_text(b, 2, i, 2), 512, 1024}, {SWAP, guid_text(c, 2, i, 3), 2048, 512}};
	gpt_make(&g, p, 3);
}

static void setup(void)
{
	fake_machine_reset();
	fake_ram_disks_init(disk, N_DISKS, 512, N_SECTORS, &disks);
	make_table(0);
	make_table(2);
	work = aligned_alloc(4096, GPT_WORK_BYTES);
	log_text_start();
}

static void teardown(void)
{
	fake_ram_disks_free(disk, N_DISKS);
	free(work);
}

FIXTURE(setup, teardown)

static void look(const struct place_query *q)
{
	struct places_visitor v = {.place = on_place, .error = on_error, .ctx = found};
	n_found = n_errors = 0;
	last_error = 0;
	places_each(&disks, q, work, &v);
}

static struct place_query query(enum place_by by, const char *guid)
{
	struct place_query q = {.by = by};
	gpt_make_guid(guid, q.guid);
	return q;
}

static void assert_place(uint32_t n, unsigned i, uint64_t lba, uint64_t n_sectors)
{
	uint8_t guid[16] = {0};
	char text[37];
	assert_ptr_equal(found[n].dev, &disk[i].dev);
	assert_int_equal(found[n].part.lba, lba);
	assert_int_equal(found[n].part.n_sectors, n_sectors);
	if (i != 1)
		gpt_make_guid(guid_text(text, 1, i, 0), guid);
	assert_memory_equal(found[n].disk_guid, guid, 16);
}

TEST(none)
{
	struct place_query q = {.by = PLACE_NONE};
	look(&q);
	assert_int_equal(n_found + n_errors, 0);
	assert_int_equal(disk[0].n_reads, 0);
	q = query(PLACE_BY_TYPE, "00000000-1111-0000-0000-000000000000");
	look(&q);
	assert_int_equal(n_found + n_errors, 0);
	disks.n = 0;
	q = query(PLACE_BY_TYPE, SWAP);
	look(&q);
	assert_int_equal(n_found + n_errors, 0);
}

TEST(by_type)
{
	struct place_query q = query(PLACE_BY_TYPE, SWAP);
	look(&q);
	assert_int_equal(n_errors, 0);
	assert_int_equal(n_found, 4);
	assert_place(0, 0, 512, 1024);
	assert_place(1, 0, 2048, 512);
	assert_place(2, 2, 512, 1024);
	assert_place(3, 2, 2048, 512);
}

TEST(by_partuuid)
{
	struct place_query q = query(PLACE_BY_PARTUUID, "20000002-0000-0000-0000-000000000003");
	look(&q);
	assert_int_equal(n_found, 1);
	assert_place(0, 2, 2048, 512);
	uint8_t guid[16];
	gpt_make_guid(SWAP, guid);
	assert_memory_equal(found[0].part.type, guid, 16);
	q = query(PLACE_BY_PARTUUID, SWAP); /* a type is no partition's own GUID */
	look(&q);
	assert_int_equal(n_found, 0);
}

/* Sectors of every disk, with or without a table, unless a disk is named. */
TEST(by_lba)
{
	struct place_query q = {.by = PLACE_BY_LBA, .lba = 7, .n_sectors = 99};
	look(&q);
	assert_int_equal(n_found, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_place(i, i, 7, 99);
	q.disk_by = DISK_BY_GUID;
	gpt_make_guid("10000002-0000-0000-0000-000000000000", q.disk);
	look(&q);
	assert_int_equal(n_found, 1);
	assert_place(0, 2, 7, 99);
}

TEST(on_a_disk)
{
	struct place_query q = query(PLACE_BY_TYPE, SWAP);
	q.disk_by = DISK_BY_GUID;
	gpt_make_guid("10000002-0000-0000-0000-000000000000", q.disk);
	look(&q);
	assert_int_equal(n_found, 2);
	assert_place(0, 2, 512, 1024);
	memset(q.disk, 0, 16); /* of no disk, and not that of one without a table */
	look(&q);
	assert_int_equal(n_found, 0);
	q.by = PLACE_BY_LBA;
	q.n_sectors = 8;
	look(&q);
	assert_int_equal(n_found, 0);
}

static void says(const struct place_query *q, const char *wanted)
{
	char words[PLACES_WORDS_BYTES];
	places_words(q, words);
	assert_string_equal(words, wanted);
}

/* As the loader's line has them; the longest are not cut. */
TEST(words)
{
	struct place_query q = query(PLACE_BY_PARTUUID, "01234567-89ab-cdef-0123-456789abcdef");
	says(&q, "partuuid:01234567-89ab-cdef-0123-456789abcdef");
	q.disk_by = DISK_BY_GUID;
	gpt_make_guid("10000002-0000-0000-0000-00000000000f", q.disk);
	says(&q, "partuuid:01234567-89ab-cdef-0123-456789abcdef "
		 "disk=10000002-0000-0000-0000-00000000000f");
	q.by = PLACE_BY_TYPE;
	says(&q, "any by type disk=10000002-0000-0000-0000-00000000000f");
	q.by = PLACE_BY_LBA;
	q.lba = q.n_sectors = UINT64_MAX;
	says(&q, "lba:18446744073709551615+18446744073709551615 "
		 "disk=10000002-0000-0000-0000-00000000000f");
	q = (struct place_query){.by = PLACE_BY_LBA,
		.lba = 7,
		.n_sectors = 99,
		.disk_by = DISK_BY_MBR,
		.mbr = 0xddba115};
	says(&q, "lba:7+99 disk=mbr:0ddba115");
	q = (struct place_query){.by = PLACE_BY_PARTLABEL, .label = "swap"};
	says(&q, "partlabel:swap");
	q.by = PLACE_NONE;
	says(&q, "");
}

/* Both tables of a disk are bad: said, and the others are looked at all the same. */
TEST(damaged_table)
{
	disk[0].bytes[512 + GPT_DISK_GUID] ^= 1;
	disk[0].bytes[(N_SECTORS - 1) * 512 + GPT_DISK_GUID] ^= 1;
	struct place_query q = query(PLACE_BY_TYPE, SWAP);
	look(&q);
	assert_int_equal(n_errors, 1);
	assert_logged("find: ram 0: partition table: ");
	assert_int_equal(n_found, 2);
	assert_place(0, 2, 512, 1024);
	q = (struct place_query){.by = PLACE_BY_LBA, .lba = 9, .n_sectors = 8};
	look(&q); /* sectors need no table */
	assert_int_equal(n_found, 3);
}

TEST(unreadable_disk)
{
	disk[2].bad_lba = 1;
	block_stop(&disk[0].dev);
	struct place_query q = query(PLACE_BY_TYPE, SWAP);
	look(&q);
	assert_true(n_errors >= 1);
	assert_logged("find: ram 0: partition table: ");
}

/* An entry that ends before it begins: an error where the query means it. */
TEST(entry_without_sense)
{
	struct gpt_make g = gpt_make_on(&disk[0], NULL);
	uint64_t first = N_SECTORS * 2;
	for (uint32_t copy = 0; copy < 2; copy++) {
		uint64_t header = copy ? N_SECTORS - 1 : 1, table;
		memcpy(&table, disk[0].bytes + header * 512 + GPT_ENTRIES_LBA, 8);
		memcpy(disk[0].bytes + table * 512 + 128 + GPT_ENTRY_FIRST, &first, 8);
		gpt_make_seal(&g, header);
	}
	struct place_query q = query(PLACE_BY_TYPE, SWAP);
	look(&q);
	assert_int_equal(n_errors, 1);
	assert_int_not_equal(last_error, 0);
	assert_logged("find: ram 0: partition 2: ");
	assert_int_equal(n_found, 3);
	assert_place(0, 0, 2048, 512);
	q = query(PLACE_BY_TYPE, LINUX);
	look(&q);
	assert_int_equal(n_errors, 0);
	assert_int_equal(n_found, 2);
}

/* The entry's name, in both tables. */
static void set_label(unsigned i, uint32_t entry, const char *label)
{
	struct gpt_make g = gpt_make_on(&disk[i], NULL);
	for (uint32_t copy = 0; copy < 2; copy++) {
		uint64_t header = copy ? N_SECTORS - 1 : 1, table;
		memcpy(&table, disk[i].bytes + header * 512 + GPT_ENTRIES_LBA, 8);
		for (uint32_t k = 0; k < strlen(label); k++)
			disk[i].bytes[table * 512 + entry * 128 + 56 + 2 * k] = (uint8_t)label[k];
		gpt_make_seal(&g, header);
	}
}

static uint32_t by_label(const char *label)
{
	struct place_query q = {.by = PLACE_BY_PARTLABEL};
	strcpy(q.label, label);
	look(&q);
	return n_found;
}

TEST(by_partlabel)
{
	static const char longest[] = "123456789012345678901234567890123456";
	set_label(2, 1, "image");
	set_label(0, 0, longest);
	assert_int_equal(by_label("image"), 1);
	assert_place(0, 2, 512, 1024);
	assert_int_equal(by_label(longest), 1);
	assert_place(0, 0, 128, 256);
	assert_int_equal(by_label("imag"), 0);
	assert_int_equal(by_label("images"), 0);
	assert_int_equal(by_label("12345678901234567890123456789012345"), 0);
	assert_int_equal(n_errors, 0);
	set_label(2, 2, "image");
	assert_int_equal(by_label("image"), 0);
	assert_int_equal(last_error, ERR_AMBIGUOUS);
	assert_logged("find: the same partition label is on ram 2 and on ram 2");
}

/* A copy of disk 0 beside it. */
static void clone(void)
{
	memcpy(disk[1].bytes, disk[0].bytes, N_SECTORS * 512);
}

TEST(same_partition_twice)
{
	clone();
	struct place_query q = query(PLACE_BY_PARTUUID, "20000000-0000-0000-0000-000000000003");
	look(&q);
	assert_int_equal(n_found, 0);
	assert_int_equal(n_errors, 1);
	assert_int_equal(last_error, ERR_AMBIGUOUS);
	assert_logged("find: the same partition GUID is on ram 0 and on ram 1: name the disk by "
		      "disk=");
	/* The disk's GUID tells them apart when it is another one. */
	gpt_make_guid("10000009-0000-0000-0000-000000000000", disk[1].bytes + 512 + GPT_DISK_GUID);
	struct gpt_make g = gpt_make_on(&disk[1], NULL);
	gpt_make_seal(&g, 1);
	q.disk_by = DISK_BY_GUID;
	gpt_make_guid("10000009-0000-0000-0000-000000000000", q.disk);
	look(&q);
	assert_int_equal(n_errors, 0);
	assert_int_equal(n_found, 1);
	assert_ptr_equal(found[0].dev, &disk[1].dev);
	assert_int_equal(found[0].part.lba, 2048);
}

TEST(same_disk_twice)
{
	clone();
	static const enum place_by by[] = {PLACE_BY_TYPE, PLACE_BY_PARTUUID, PLACE_BY_LBA};
	for (uint32_t i = 0; i < 3; i++) {
		struct place_query q = query(by[i], SWAP);
		q.n_sectors = 8;
		q.disk_by = DISK_BY_GUID;
		gpt_make_guid("10000000-0000-0000-0000-000000000000", q.disk);
		log_text_start();
		look(&q);
		assert_int_equal(n_found, 0);
		assert_int_equal(n_errors, 1);
		assert_int_equal(last_error, ERR_AMBIGUOUS);
		assert_logged("find: the same disk GUID is on ram 0 and on ram 1");
	}
}

/* ---- Disks without a GPT ---- */

static void sign_mbr(unsigned i, uint32_t signature)
{
	memcpy(disk[i].bytes + 440, &signature, 4);
	memcpy(disk[i].bytes + 510, "\x55\xaa", 2);
}

TEST(by_mbr)
{
	struct place_query q = {.by = PLACE_BY_LBA,
		.lba = 7,
		.n_sectors = 99,
		.disk_by = DISK_BY_MBR,
		.mbr = 0x12345678};
	look(&q);
	assert_int_equal(n_found + n_errors, 0);
	sign_mbr(1, 0x12345679);
	look(&q);
	assert_int_equal(n_found + n_errors, 0);
	sign_mbr(1, 0x12345678);
	look(&q);
	assert_int_equal(n_errors, 0);
	assert_int_equal(n_found, 1);
	assert_place(0, 1, 7, 99);
	disk[1].bytes[510] = 0; /* something else is there */
	look(&q);
	assert_int_equal(n_found + n_errors, 0);
}

/* A disk that was copied, its table included. */
TEST(same_mbr_twice)
{
	struct place_query q = {.by = PLACE_BY_LBA,
		.lba = 7,
		.n_sectors = 99,
		.disk_by = DISK_BY_MBR,
		.mbr = 0x12345678};
	sign_mbr(0, q.mbr);
	sign_mbr(1, q.mbr);
	look(&q);
	assert_int_equal(n_found, 0);
	assert_int_equal(n_errors, 1);
	assert_int_equal(last_error, ERR_AMBIGUOUS);
	assert_logged("find: the same disk signature is on ram 0 and on ram 1");
}

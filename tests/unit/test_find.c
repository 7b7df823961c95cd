/* SPDX-License-Identifier: GPL-2.0-or-later */
/* find.c: which area is taken, and what is said when none is. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "area.h"
#include "extent_map.h"
#include "fake_ram_disk.h"
#include "find.h"
#include "gpt_make.h"
#include "log_text.h"
#include "machine.h"
#include "saved_machine.h"

#define N_DISKS   3
#define N_SECTORS 8192
#define LINUX     "0fc63daf-8483-4772-8e79-3d69d8477de4"
#define AREA_LBA  512
#define AREA_SIZE 2048 /* sectors */
#define OTHER_LBA 4096

static struct fake_ram_disk disk[N_DISKS];
static struct disks disks;
static struct found found;
static uint8_t *work;

/* Disk i has GUID "0000000i-...", and partitions "0000000i-0000-...0000000j". */
static void guid_text(char text[37], unsigned i, unsigned j)
{
	snprintf(text, 37, "0000000%u-0000-0000-0000-00000000000%u", i, j);
}

static struct gpt_make maker(unsigned i)
{
	static char text[37];
	guid_text(text, i, 0);
	return gpt_make_on(&disk[i], text);
}

/* A Linux partition, then two that may be areas: by type when the text says so. */
static void partition(unsigned i, const char *type_a, const char *type_b)
{
	char guid[3][37];
	for (unsigned j = 0; j < 3; j++)
		guid_text(guid[j], i, j + 1);
	struct gpt_make g = maker(i);
	struct gpt_make_partition p[] = {{LINUX, guid[0], 128, 256},
		{type_a, guid[1], AREA_LBA, AREA_SIZE}, {type_b, guid[2], OTHER_LBA, AREA_SIZE}};
	gpt_make(&g, p, 3);
}

static void save_as(unsigned i, uint64_t lba, uint8_t uuid)
{
	struct saved_machine m;
	saved_machine_init(&m);
	m.area_uuid[0] = uuid;
	m.frames[0] = (struct range){0x100, 0x200};
	m.n_frames = 1;
	saved_machine_write_to(&m, &disk[i].dev, lba, AREA_SIZE);
}

static void save_at(unsigned i, uint64_t lba)
{
	save_as(i, lba, 0);
}

static void spend(unsigned i, uint64_t lba)
{
	saved_machine_set_state(&disk[i].dev, lba, AREA_SIZE, IMG_LAUNCHED);
}

static void setup(void)
{
	fake_machine_reset();
	fake_ram_disks_init(disk, N_DISKS, 512, N_SECTORS, &disks);
	work = aligned_alloc(4096, FIND_WORK_BYTES);
	log_text_start();
}

static void teardown(void)
{
	fake_ram_disks_free(disk, N_DISKS);
	free(work);
}

FIXTURE(setup, teardown)

static int find(const char *cmdline)
{
	struct options o;
	const char *word;
	uint32_t len;
	assert_int_equal(cmdline_parse(cmdline, &o, &word, &len), 0);
	return find_area(&disks, &o, work, &found);
}

static void assert_found(const char *cmdline, unsigned i, uint64_t lba)
{
	int err = find(cmdline);
	if (err)
		fail_msg("'%s': error %d", cmdline, err);
	assert_ptr_equal(found.dev, &disk[i].dev);
	assert_int_equal(found.extents[0].lba, lba);
	assert_ptr_equal(found.area.extents, found.extents);
	assert_ptr_equal(found.source.ctx, &found.area);
	/* It can be used. */
	struct img_headers h;
	struct img_fault fault;
	assert_int_equal(img_read_headers(&found.source, work, &h, &fault), 0);
	assert_memory_equal(&h.h, &found.headers.h, sizeof(h.h));
}

TEST(no_disk)
{
	disks.n = 0;
	assert_int_equal(find(""), ERR_NOT_FOUND);
	assert_logged("find: no image area on 0 disks (0 places match the command line)");
}

TEST(no_table)
{
	save_at(1, AREA_LBA);
	assert_int_equal(find(""), ERR_NOT_FOUND);
	assert_logged("find: no image area on 3 disks (0 places");
}

TEST(by_type)
{
	partition(0, LINUX, LINUX);
	partition(2, LINUX, AREA_TYPE_GUID);
	save_at(0, AREA_LBA); /* of another type: not looked at */
	save_at(2, OTHER_LBA);
	assert_found("", 2, OTHER_LBA);
	uint8_t guid[16];
	gpt_make_guid("00000002-0000-0000-0000-000000000003", guid);
	assert_memory_equal(found.part_guid, guid, 16);
	gpt_make_guid("00000002-0000-0000-0000-000000000000", guid);
	assert_memory_equal(found.disk_guid, guid, 16);
	assert_int_equal(find("area=type:" LINUX), 0);
	assert_ptr_equal(found.dev, &disk[0].dev);
}

TEST(by_partuuid)
{
	partition(0, AREA_TYPE_GUID, AREA_TYPE_GUID);
	partition(1, AREA_TYPE_GUID, AREA_TYPE_GUID);
	save_at(0, AREA_LBA);
	save_at(0, OTHER_LBA);
	save_at(1, AREA_LBA);
	assert_found("area=partuuid:00000000-0000-0000-0000-000000000003", 0, OTHER_LBA);
	assert_found("area=partuuid:00000001-0000-0000-0000-000000000002", 1, AREA_LBA);
}

TEST(partuuid_missing)
{
	partition(0, AREA_TYPE_GUID, AREA_TYPE_GUID);
	save_at(0, AREA_LBA);
	assert_int_equal(find("area=partuuid:00000000-0000-0000-0000-000000000009"), ERR_NOT_FOUND);
	assert_logged("(0 places match");
}

TEST(by_sectors)
{
	disks.n = 1;
	save_at(0, AREA_LBA);
	assert_found("area=lba:512+2048", 0, AREA_LBA);
	assert_int_equal(find("area=lba:513+2048"), IMG_ERR_NO_AREA);
	/* With a table there its GUID is known, and can be asked for. */
	partition(0, LINUX, LINUX);
	assert_found("area=lba:512+2048", 0, AREA_LBA);
	assert_found("area=lba:512+2048 disk=00000000-0000-0000-0000-000000000000", 0, AREA_LBA);
	uint8_t guid[16];
	gpt_make_guid("00000000-0000-0000-0000-000000000000", guid);
	assert_memory_equal(found.disk_guid, guid, 16);
}

TEST(sectors_beyond_the_disk)
{
	disks.n = 1;
	save_at(0, AREA_LBA);
	static const char *const lines[] = {"area=lba:8192+8", "area=lba:8185+8",
		"area=lba:0xfffffffffffffff0+8", "area=lba:8+0xfffffffffffffff0"};
	for (unsigned i = 0; i < 4; i++) {
		log_text_start();
		assert_int_equal(find(lines[i]), ERR_BOUNDS);
		assert_logged("find: ram 0 sector ");
		assert_logged("outside the device");
	}
}

/* The larger disk is meant: that the smaller ones end before is no error. */
TEST(sectors_on_the_larger_disk)
{
	fake_ram_disk_free(&disk[0]);
	fake_ram_disk_init(&disk[0], 512, 64);
	save_at(1, AREA_LBA);
	assert_found("area=lba:512+2048", 1, AREA_LBA);
}

TEST(on_a_named_disk)
{
	for (unsigned i = 0; i < N_DISKS; i++) {
		partition(i, AREA_TYPE_GUID, LINUX);
		save_at(i, AREA_LBA);
	}
	assert_found("disk=00000001-0000-0000-0000-000000000000", 1, AREA_LBA);
	assert_found("area=lba:512+2048 disk=00000002-0000-0000-0000-000000000000", 2, AREA_LBA);
	assert_int_equal(find("disk=00000009-0000-0000-0000-000000000000"), ERR_NOT_FOUND);
	assert_int_equal(find(""), ERR_AMBIGUOUS);
}

/* Two disks of the same layout: the area's own UUID tells which is meant; the other one is none. */
TEST(on_a_disk_of_the_same_layout)
{
	save_as(0, AREA_LBA, 1);
	save_as(2, AREA_LBA, 2);
	assert_int_equal(find("area=lba:512+2048"), ERR_AMBIGUOUS);
	assert_found("area=lba:512+2048 uuid=01000000-0000-0000-0000-000000000000", 0, AREA_LBA);
	assert_found("area=lba:512+2048 uuid=02000000-0000-0000-0000-000000000000", 2, AREA_LBA);
	assert_logged(
		"another image area: its UUID is 01000000-0000-0000-0000-000000000000, not 02");
	disks.n = 1; /* the others have none at all, which says more */
	assert_int_equal(
		find("area=lba:512+2048 uuid=03000000-0000-0000-0000-000000000000"), ERR_NOT_FOUND);
}

TEST(damaged_table)
{
	partition(0, AREA_TYPE_GUID, LINUX);
	save_at(0, AREA_LBA);
	memset(disk[0].bytes + 512, 0x5a, 33 * 512);
	assert_found("", 0, AREA_LBA); /* by the backup */
	disk[0].bytes[(N_SECTORS - 1) * 512 + 60] ^= 1;
	partition(0, AREA_TYPE_GUID, LINUX);
	disk[0].bytes[512 + 60] ^= 1;
	disk[0].bytes[(N_SECTORS - 1) * 512 + 60] ^= 1;
	assert_int_equal(find(""), ERR_FIRMWARE);
	assert_logged("find: ram 0: partition table: a firmware table is damaged");
}

TEST(two_that_may_be_resumed)
{
	partition(0, AREA_TYPE_GUID, AREA_TYPE_GUID);
	save_at(0, AREA_LBA);
	save_at(0, OTHER_LBA);
	assert_int_equal(find(""), ERR_AMBIGUOUS);
	assert_logged("find: 2 areas hold an image that may be resumed");
	spend(0, AREA_LBA);
	assert_found("", 0, OTHER_LBA);
	assert_int_equal(img_state_check(&found.headers.h), 0);
}

TEST(spent_and_valid)
{
	partition(0, AREA_TYPE_GUID, AREA_TYPE_GUID);
	partition(1, AREA_TYPE_GUID, LINUX);
	save_at(0, AREA_LBA);
	save_at(0, OTHER_LBA);
	save_at(1, AREA_LBA);
	spend(0, OTHER_LBA);
	spend(1, AREA_LBA);
	assert_found("", 0, AREA_LBA); /* the first of three */
	spend(0, AREA_LBA);
	save_at(1, AREA_LBA);
	assert_found("", 1, AREA_LBA); /* the last of three */
	spend(1, AREA_LBA);
	assert_found("", 0, AREA_LBA);
	assert_int_equal(img_state_check(&found.headers.h), IMG_ERR_SPENT);
	assert_logged("find: 3 areas, none holds an image that may be resumed");
}

TEST(partition_too_small)
{
	partition(0, AREA_TYPE_GUID, LINUX);
	save_at(0, AREA_LBA);
	struct gpt_make g = maker(0);
	struct gpt_make_partition p = {
		AREA_TYPE_GUID, "00000000-0000-0000-0000-000000000002", AREA_LBA, 136};
	gpt_make(&g, &p, 1);
	assert_int_equal(find(""), IMG_ERR_TRUNCATED);
	assert_logged("find: ram 0 sector 512: ");
	assert_logged("used bytes is 0x");
	assert_logged(", wanted 0x11000");
}

TEST(damaged_header)
{
	partition(0, AREA_TYPE_GUID, LINUX);
	save_at(0, AREA_LBA);
	uint8_t *area = disk[0].bytes + AREA_LBA * 512;
	area[100] ^= 1;
	area[4096 + 100] ^= 1;
	assert_int_equal(find(""), IMG_ERR_HEADER);
	assert_logged("find: ram 0 sector 512: ");
	assert_logged("header hash is 0x");
}

TEST(empty_partition)
{
	partition(0, AREA_TYPE_GUID, LINUX);
	assert_int_equal(find(""), IMG_ERR_NO_AREA);
	assert_logged("find: no image area on 3 disks (1 places");
}

TEST(entry_outside_the_disk)
{
	struct gpt_make g = maker(1);
	struct gpt_make_partition p = {
		AREA_TYPE_GUID, "00000001-0000-0000-0000-000000000002", N_SECTORS - 40, 100};
	gpt_make(&g, &p, 1);
	assert_int_equal(find(""), ERR_FIRMWARE);
	assert_logged("find: ram 1: partition 1: a firmware table is damaged");
	log_text_start();
	assert_int_equal(find("area=partuuid:00000001-0000-0000-0000-000000000003"), ERR_NOT_FOUND);
	assert_false(log_text_has("partition 1:"));
}

TEST(read_error)
{
	partition(0, AREA_TYPE_GUID, LINUX);
	save_at(0, AREA_LBA);
	disk[0].bad_lba = AREA_LBA;
	assert_found("", 0, AREA_LBA); /* the other copy of the header */
	partition(0, AREA_TYPE_GUID, LINUX);
	memset(disk[0].bytes + (AREA_LBA + 8) * 512, 0, 4096);
	assert_int_equal(find(""), ERR_IO);
	assert_logged("find: ram 0 sector 512: the device reports");
}

/* The copy with the image cannot be read, or is damaged; the other is of the time before it. */
TEST(image_behind_a_bad_header)
{
	partition(0, AREA_TYPE_GUID, LINUX);
	save_at(0, AREA_LBA);
	assert_found("", 0, AREA_LBA);
	uint64_t lba = AREA_LBA + found.headers.slot * (IMG_HEADER_STRIDE / 512);
	uint8_t *other = disk[0].bytes + (AREA_LBA + (1 - found.headers.slot) * 8) * 512;
	uint32_t other_state;
	memcpy(&other_state, other + offsetof(struct img_header, state), sizeof(other_state));
	assert_int_equal(other_state, IMG_EMPTY);
	disk[0].bad_lba = lba;
	assert_int_equal(find(""), ERR_IO);
	assert_logged("find: ram 0 sector 512: the device reports");
	disk[0].bad_lba = 0;
	disk[0].bytes[lba * 512 + 40] ^= 1;
	assert_int_equal(find(""), IMG_ERR_HEADER);
}

/* One disk that cannot be read must not hide the image on another. */
TEST(lost_disk)
{
	for (unsigned i = 0; i < 2; i++) {
		partition(i, AREA_TYPE_GUID, LINUX);
		save_at(i, AREA_LBA);
	}
	disk[0].lost_from = 1;
	assert_found("", 1, AREA_LBA);
	assert_logged("find: ram 0: partition table: the device is gone");
}

/* What is wrong with the image is what the operator must hear, whatever is odd on other disks. */
TEST(the_image_matters_most)
{
	for (unsigned bad = 0; bad < 2; bad++) {
		unsigned other = 1 - bad;
		partition(bad, AREA_TYPE_GUID, LINUX);
		save_at(bad, AREA_LBA);
		disk[bad].bytes[AREA_LBA * 512 + 100] ^= 1;
		disk[bad].bytes[AREA_LBA * 512 + 4096 + 100] ^= 1;
		partition(other, AREA_TYPE_GUID, LINUX);
		memset(disk[other].bytes + AREA_LBA * 512, 0, 65536);
		assert_int_equal(find(""), IMG_ERR_HEADER);
		disk[other].bytes[512 + 60] ^= 1;
		disk[other].bytes[(N_SECTORS - 1) * 512 + 60] ^= 1;
		assert_int_equal(find(""), IMG_ERR_HEADER);
		disk[other].lost_from = 1;
		assert_int_equal(find(""), IMG_ERR_HEADER);
		teardown();
		setup();
	}
}

TEST(big_sectors)
{
	fake_ram_disk_free(&disk[1]);
	fake_ram_disk_init(&disk[1], 4096, 1024);
	struct gpt_make g = maker(1);
	struct gpt_make_partition p = {
		AREA_TYPE_GUID, "00000001-0000-0000-0000-000000000002", 100, 256};
	gpt_make(&g, &p, 1);
	struct saved_machine m;
	saved_machine_init(&m);
	saved_machine_write_to(&m, &disk[1].dev, 100, 256);
	assert_found("", 1, 100);
	assert_int_equal(found.area.bytes, 256 * 4096);
}

/* ---- Areas in files ---- */

#define FILE_ARGS "area=file:00000000-0000-0000-0000-000000000002+"
#define FILE_LBA  (AREA_LBA + 1024) /* of its first sector: 1024 of the partition */

static struct img_map map;

static void put_map(void)
{
	img_map_encode(&map, disk[0].bytes + FILE_LBA * 512 + IMG_MAP_OFFSET);
}

/* Three pieces, the last ones before the first on the disk. */
static void save_in_file(void)
{
	static struct area a;
	static struct block_extent e[3];
	struct saved_machine m;
	partition(0, LINUX, LINUX);
	map = (struct img_map){.file_bytes = (512 + 8 + 256) * 512,
		.sector_bytes = 512,
		.n_extents = 3,
		.extent = {{1024, 512}, {640, 8}, {0, 256}}};
	for (uint32_t i = 0; i < 3; i++)
		e[i] = (struct block_extent){AREA_LBA + map.extent[i].lba, map.extent[i].n_sectors};
	saved_machine_init(&m);
	m.frames[0] = (struct range){0x100, 0x200};
	m.n_frames = 1;
	assert_int_equal(area_init(&a, &disk[0].dev, e, 3), 0);
	assert_int_equal(saved_machine_write(&m, &a), 0);
	put_map();
}

TEST(in_a_file)
{
	save_in_file();
	assert_found(FILE_ARGS "1024", 0, FILE_LBA);
	assert_int_equal(found.n_extents, 3);
	assert_int_equal(found.extents[2].lba, AREA_LBA);
	assert_int_equal(found.area.bytes, map.file_bytes);
	assert_found(
		"area=file:512+2048+1024 disk=00000000-0000-0000-0000-000000000000", 0, FILE_LBA);
	assert_found("area=file:512+2048+1024", 0, FILE_LBA);
}

static void file_refused(const char *args, int err, const char *text)
{
	log_text_start();
	assert_int_equal(find(args), err);
	assert_logged(text);
	save_in_file();
}

TEST(file_moved)
{
	save_in_file();
	file_refused(FILE_ARGS "1032", IMG_ERR_MAP, "extent map magic is ");
	file_refused(FILE_ARGS "0", IMG_ERR_MAP, "extent map magic is ");
	file_refused(FILE_ARGS "2048", ERR_BOUNDS, "find: ram 0 sector 512: ");
	file_refused(FILE_ARGS "1993", ERR_BOUNDS, "find: ram 0 sector 512: ");
	file_refused(FILE_ARGS "18446744073709551615", ERR_BOUNDS, "find: ram 0 sector 512: ");
	/* Deleted, and something else is there now. */
	memset(disk[0].bytes + FILE_LBA * 512, 0, 65536);
	file_refused(FILE_ARGS "1024", IMG_ERR_MAP, "extent map magic is ");
	memset(disk[0].bytes + FILE_LBA * 512, 0, IMG_MAP_OFFSET);
	file_refused(FILE_ARGS "1024", IMG_ERR_NO_AREA, "no image area");
	/* A copy of the file has the map of the original. */
	memcpy(disk[0].bytes + (FILE_LBA + 256) * 512, disk[0].bytes + FILE_LBA * 512, 65536);
	file_refused(
		FILE_ARGS "1280", IMG_ERR_MAP, "extent map first sector is 0x400, wanted 0x500");
}

TEST(file_map_is_of_another)
{
	save_in_file();
	map.area_uuid[0] ^= 1;
	put_map();
	file_refused(FILE_ARGS "1024", IMG_ERR_MAP, "extent map area_uuid is ");
	map.extent[2].n_sectors -= 8;
	map.file_bytes -= 4096;
	put_map();
	file_refused(FILE_ARGS "1024", IMG_ERR_MAP, "extent map file bytes is ");
	map.extent[2].lba = 1536; /* into the next partition */
	map.extent[2].n_sectors = 1024;
	put_map();
	file_refused(FILE_ARGS "1024", IMG_ERR_MAP, "extent map extent end is ");
	map.sector_bytes = 4096;
	put_map();
	file_refused(FILE_ARGS "1024", IMG_ERR_MAP, "extent map sector bytes is ");
	disk[0].bytes[FILE_LBA * 512 + IMG_MAP_OFFSET + 70] ^= 1;
	file_refused(FILE_ARGS "1024", IMG_ERR_MAP, "extent map hash is ");
	disk[0].bad_lba = FILE_LBA + 16;
	assert_int_equal(find(FILE_ARGS "1024"), ERR_IO);
}

/* Both disks have the partition: whichever holds an image, neither is taken. */
TEST(disk_and_its_copy)
{
	partition(0, AREA_TYPE_GUID, LINUX);
	save_at(0, AREA_LBA);
	memcpy(disk[2].bytes, disk[0].bytes, N_SECTORS * 512);
	assert_int_equal(find("area=partuuid:00000000-0000-0000-0000-000000000002"), ERR_AMBIGUOUS);
	assert_logged("find: the same partition GUID is on ram 0 and on ram 2");
	assert_int_equal(find("disk=00000000-0000-0000-0000-000000000000"), ERR_AMBIGUOUS);
	spend(2, AREA_LBA);
	assert_int_equal(find("area=partuuid:00000000-0000-0000-0000-000000000002"), ERR_AMBIGUOUS);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmdline.c: what is accepted, with its value; what is refused, with the word that is wrong. */
#include "test.h"

#include <string.h>

#include "area.h"
#include "cmdline.h"

#define GUID "01234567-89ab-cdef-0123-456789ABCDEF"
static const uint8_t guid_bytes[16] = {0x67, 0x45, 0x23, 0x01, 0xab, 0x89, 0xef, 0xcd, 0x01, 0x23,
	0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

static struct options accepted(const char *line)
{
	struct options o;
	const char *word = NULL;
	uint32_t len = 0;
	int err = cmdline_parse(line, &o, &word, &len);
	if (err)
		fail_msg("'%s' is refused at '%.*s'", line, (int)len, word);
	return o;
}

static void refused(const char *line, const char *wanted_word)
{
	struct options o;
	const char *word = NULL;
	uint32_t len = 0;
	int err = cmdline_parse(line, &o, &word, &len);
	if (err != ERR_ARGUMENT)
		fail_msg("'%s' is not refused", line);
	assert_true(word >= line && word + len <= line + strlen(line));
	if (len != strlen(wanted_word) || memcmp(word, wanted_word, len) != 0)
		fail_msg("'%s': the wrong word is '%.*s'", line, (int)len, word);
}

TEST(defaults)
{
	uint8_t type[16];
	assert_int_equal(guid_parse(AREA_TYPE_GUID, 36, type), 0);
	static const char *const lines[] = {"", " ", "\t \r\n", "area=type", " area=type "};
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options o = accepted(lines[i]);
		assert_int_equal(o.area.by, PLACE_BY_TYPE);
		assert_memory_equal(o.area.guid, type, 16);
		assert_int_equal(o.attempts_max, OPTIONS_ATTEMPTS_DEFAULT);
		assert_int_equal(o.area.disk_by, DISK_ANY);
		assert_int_equal(o.serial, 0);
		assert_int_equal(o.force, 0);
	}
}

TEST(areas)
{
	struct options o = accepted("area=partuuid:" GUID);
	assert_int_equal(o.area.by, PLACE_BY_PARTUUID);
	assert_memory_equal(o.area.guid, guid_bytes, 16);
	o = accepted("area=type:" GUID);
	assert_int_equal(o.area.by, PLACE_BY_TYPE);
	assert_memory_equal(o.area.guid, guid_bytes, 16);
	o = accepted("area=lba:2048+0x1000");
	assert_int_equal(o.area.by, PLACE_BY_LBA);
	assert_int_equal(o.area.lba, 2048);
	assert_int_equal(o.area.n_sectors, 4096);
	o = accepted("area=lba:0+18446744073709551615");
	assert_int_equal(o.area.n_sectors, UINT64_MAX);
	o = accepted("area=lba:0xfFfFfFfFfFfFfFfE+1");
	assert_int_equal(o.area.lba, UINT64_MAX - 1);
}

TEST(files)
{
	struct options o = accepted("area=file:" GUID "+34816");
	assert_int_equal(o.area.by, PLACE_BY_PARTUUID);
	assert_memory_equal(o.area.guid, guid_bytes, 16);
	assert_int_equal(o.area.in_file, 1);
	assert_int_equal(o.area.file_sector, 34816);
	assert_int_equal(o.swap.by, PLACE_NONE);
	assert_int_equal(o.swap.in_file, 0);
	o = accepted("area=file:2048+4096+0x10 disk=" GUID);
	assert_int_equal(o.area.by, PLACE_BY_LBA);
	assert_int_equal(o.area.lba, 2048);
	assert_int_equal(o.area.n_sectors, 4096);
	assert_int_equal(o.area.in_file, 1);
	assert_int_equal(o.area.file_sector, 16);
	o = accepted("area=file:" GUID "+1 area=type");
	assert_int_equal(o.area.in_file, 0);
}

TEST(labels)
{
	struct options o = accepted("area=partlabel:torpor");
	assert_int_equal(o.area.by, PLACE_BY_PARTLABEL);
	assert_string_equal(o.area.label, "torpor");
	o = accepted("swap=partlabel:123456789012345678901234567890123456");
	assert_string_equal(o.swap.label, "123456789012345678901234567890123456");
	assert_int_equal(o.area.by, PLACE_NONE);
}

/* The last word on a subject counts, whatever the ones before said. */
TEST(last_word_counts)
{
	uint8_t type[16];
	assert_int_equal(guid_parse(AREA_TYPE_GUID, 36, type), 0);
	struct options o = accepted("area=lba:1+8 area=type");
	assert_int_equal(o.area.by, PLACE_BY_TYPE);
	assert_memory_equal(o.area.guid, type, 16);
	o = accepted("area=partuuid:" GUID " area=type");
	assert_int_equal(o.area.by, PLACE_BY_TYPE);
	assert_memory_equal(o.area.guid, type, 16);
	o = accepted("area=type:" GUID " area=type");
	assert_memory_equal(o.area.guid, type, 16);
	o = accepted("area=type area=lba:1+8");
	assert_int_equal(o.area.by, PLACE_BY_LBA);
	o = accepted("force=1 force=0 attempts=5 attempts=0 serial=0x3f8 serial=0");
	assert_int_equal(o.force, 0);
	assert_int_equal(o.attempts_max, 0);
	assert_int_equal(o.serial, 0);
}

TEST(swaps)
{
	uint8_t type[16];
	assert_int_equal(guid_parse("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", 36, type), 0);
	struct options o = accepted("");
	assert_int_equal(o.area.by, PLACE_BY_TYPE);
	assert_int_equal(o.swap.by, PLACE_BY_TYPE);
	assert_memory_equal(o.swap.guid, type, 16);
	o = accepted("swap=type");
	assert_int_equal(o.area.by, PLACE_NONE);
	assert_int_equal(o.swap.by, PLACE_BY_TYPE);
	assert_memory_equal(o.swap.guid, type, 16);
	o = accepted("swap=partuuid:" GUID " swap=type");
	assert_int_equal(o.swap.by, PLACE_BY_TYPE);
	assert_memory_equal(o.swap.guid, type, 16);
	o = accepted("swap=partuuid:" GUID " resume_offset=34816 disk=" GUID);
	assert_int_equal(o.swap.by, PLACE_BY_PARTUUID);
	assert_memory_equal(o.swap.guid, guid_bytes, 16);
	assert_int_equal(o.resume_offset, 34816);
	assert_int_equal(o.swap.disk_by, DISK_BY_GUID);
	assert_memory_equal(o.swap.disk, guid_bytes, 16);
	o = accepted("swap=lba:8+0x10 strict=1");
	assert_int_equal(o.nvs, 0);
	o = accepted("swap=lba:8+0x10 nvs=1 strict=1");
	assert_int_equal(o.nvs, 1);
	assert_int_equal(o.swap.by, PLACE_BY_LBA);
	assert_int_equal(o.swap.lba, 8);
	assert_int_equal(o.swap.n_sectors, 16);
	assert_int_equal(o.strict, STRICT_ON);
	o = accepted("strict=0");
	assert_int_equal(o.strict, STRICT_OFF);
	o = accepted("");
	assert_int_equal(o.strict, STRICT_DEFAULT);
}

/* Disks by either kind of table, and whose area it is. */
TEST(whose)
{
	static const uint8_t uuid[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23,
		0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
	char text[37];
	struct options o = accepted("swap=lba:8+16 disk=mbr:0a1B2c3d uuid=" GUID);
	assert_int_equal(o.swap.disk_by, DISK_BY_MBR);
	assert_int_equal(o.swap.mbr, 0x0a1b2c3d);
	assert_int_equal(o.area.disk_by, DISK_BY_MBR);
	assert_int_equal(o.have_uuid, 1);
	assert_memory_equal(o.uuid, uuid, 16); /* as it is written, unlike a GUID */
	uuid_format(o.uuid, text);
	assert_string_equal(text, "01234567-89ab-cdef-0123-456789abcdef");
	o = accepted("disk=mbr:0a1b2c3d disk=" GUID);
	assert_int_equal(o.swap.disk_by, DISK_BY_GUID);
	assert_int_equal(accepted("").have_uuid, 0);
	refused("disk=mbr:", "disk=mbr:");
	refused("disk=mbr:1234567", "disk=mbr:1234567");
	refused("disk=mbr:123456789", "disk=mbr:123456789");
	refused("disk=mbr:1234567g", "disk=mbr:1234567g");
	refused("disk=mbr:00000000", "disk=mbr:00000000"); /* no signature at all */
	refused("uuid=1234", "uuid=1234");
}

/* One of them named: only that one is looked for. */
TEST(area_or_swap)
{
	struct options o = accepted("area=lba:1+8");
	assert_int_equal(o.swap.by, PLACE_NONE);
	o = accepted("area=lba:1+8 swap=type");
	assert_int_equal(o.area.by, PLACE_BY_LBA);
	assert_int_equal(o.swap.by, PLACE_BY_TYPE);
	o = accepted("swap=lba:1+8 area=type");
	assert_int_equal(o.area.by, PLACE_BY_TYPE);
	assert_int_equal(o.swap.by, PLACE_BY_LBA);
	o = accepted("swap=none");
	assert_int_equal(o.area.by, PLACE_BY_TYPE);
	assert_int_equal(o.swap.by, PLACE_NONE);
	o = accepted("area=type swap=none");
	assert_int_equal(o.area.by, PLACE_BY_TYPE);
	assert_int_equal(o.swap.by, PLACE_NONE);
}

TEST(other_words)
{
	struct options o = accepted("disk=" GUID "\tserial=0x3f8\nattempts=1000  force=1");
	assert_int_equal(o.area.disk_by, DISK_BY_GUID);
	assert_memory_equal(o.area.disk, guid_bytes, 16);
	assert_int_equal(o.serial, 0x3f8);
	assert_int_equal(o.attempts_max, 1000);
	assert_int_equal(o.force, 1);
	assert_int_equal(o.area.by, PLACE_BY_TYPE);
	assert_int_equal(accepted("serial=0xfff8").serial, 0xfff8);
	assert_int_equal(accepted("serial=1016").serial, 0x3f8);
}

TEST(wrong_words)
{
	static const char *const words[] = {
		"x",
		"area",
		"area=",
		"area=typ",
		"area=typex",
		"area=type:",
		"area=type:" GUID "0",
		"area=partuuid:",
		"area=partuuid:0123456789abcdef0123456789abcdef",
		"area=partuuid:01234567-89ab-cdef-0123-456789abcdeg",
		"area=partuuid:01234567-89ab-cdef-01230456789abcdef",
		"area=partuuid:{1234567-89ab-cdef-0123-456789abcdef",
		"area=lba:",
		"area=lba:1",
		"area=lba:+",
		"area=lba:1+",
		"area=lba:+1",
		"area=lba:1+0",
		"area=lba:1+1+1",
		"area=lba:-1+8",
		"area=lba:1a+8",
		"area=lba:0x+8",
		"area=lba:0xg+8",
		"area=lba:18446744073709551616+8",
		"area=lba:0x10000000000000000+8",
		"area=lba:18446744073709551615+1",
		"area=lba:1+18446744073709551615",
		"area=file:",
		"area=file:+",
		"area=file:+1",
		"area=file:" GUID,
		"area=file:" GUID "+",
		"area=file:" GUID "+x",
		"area=file:" GUID "+1+1",
		"area=file:" GUID "0+1",
		"area=file:1+1",
		"area=file:1+0+1",
		"area=file:" GUID "+18446744073709551616",
		"swap=file:" GUID "+1",
		"area=partlabel:",
		"area=partlabel:1234567890123456789012345678901234567",
		"disk=",
		"disk=0",
		"serial=",
		"serial=0xfff9",
		"serial=ttyS0",
		"serial=0x13f80000003f8",
		"attempts=1001",
		"attempts=-1",
		"attempts=99999999999999999999",
		"force",
		"force=",
		"force=2",
		"force=11",
		"Force=1",
		"=",
		"force==1",
		"swap=",
		"swap=no",
		"swap=nonee",
		"swap=types",
		"swap=lba:1",
		"swap=/dev/sda2",
		"resume_offset=",
		"resume_offset=4503599627370496",
		"strict=yes",
		"nvs=2",
	};
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char line[128];
		refused(words[i], words[i]);
		/* Good words around it change nothing. */
		strcpy(line, " force=1  ");
		strcat(line, words[i]);
		strcat(line, " attempts=3");
		refused(line, words[i]);
	}
}

TEST(first_wrong_word)
{
	refused("force=1 one two", "one");
	refused("quiet splash", "quiet");
}

TEST(guids)
{
	uint8_t guid[16];
	char text[37];
	assert_int_equal(guid_parse(GUID, 36, guid), 0);
	assert_memory_equal(guid, guid_bytes, 16);
	guid_format(guid, text);
	assert_string_equal(text, "01234567-89ab-cdef-0123-456789abcdef");
	/* The EFI system partition's, as UEFI prints it and as it lies on a disk. */
	static const uint8_t esp[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b,
		0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
	assert_int_equal(guid_parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", 36, guid), 0);
	assert_memory_equal(guid, esp, 16);
	assert_int_equal(guid_parse(GUID, 35, guid), ERR_ARGUMENT);
	assert_int_equal(guid_parse(GUID "0", 37, guid), ERR_ARGUMENT);
	assert_int_equal(guid_parse("", 0, guid), ERR_ARGUMENT);
}

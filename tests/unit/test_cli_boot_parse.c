/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot_parse.c, grub_text.c, setup_record.c: texts of other programs, and our own record. */

#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "boot_parse.h"
#include "grub_text.h"
#include "setup_record.h"

TEST(kernel_command_line)
{
	char v[32];

	assert_true(cmdline_value("a resume=/dev/sda2 quiet\n", "resume", v, sizeof(v)));
	assert_string_equal(v, "/dev/sda2");
	assert_true(cmdline_value("resume=a resume=b", "resume", v, sizeof(v)));
	assert_string_equal(v, "b");
	assert_true(cmdline_value("resume_offset=1 resume=", "resume_offset", v, sizeof(v)));
	assert_string_equal(v, "1");
	assert_false(cmdline_value("noresume=1 resume_offset=2", "resume", v, sizeof(v)));
	assert_false(cmdline_value("resume", "resume", v, sizeof(v)));
	assert_false(cmdline_value("", "resume", v, sizeof(v)));
	assert_false(cmdline_value("x=0123456789012345678901234567890123", "x", v, sizeof(v)));
}

TEST(devices)
{
	unsigned int major, minor;
	char path[64];

	assert_true(device_numbers("254:5\n", &major, &minor));
	assert_int_equal(major, 254);
	assert_int_equal(minor, 5);
	assert_false(device_numbers("0:0", &major, &minor));
	assert_false(device_numbers("254:", &major, &minor));
	assert_false(device_numbers("254:5x", &major, &minor));
	assert_false(device_numbers("99999:5", &major, &minor));
	assert_true(resume_path("UUID=abcd", path, sizeof(path)));
	assert_string_equal(path, "/dev/disk/by-uuid/abcd");
	assert_true(resume_path("PARTUUID=x", path, sizeof(path)));
	assert_string_equal(path, "/dev/disk/by-partuuid/x");
	assert_true(resume_path("/dev/sda2", path, sizeof(path)));
	assert_string_equal(path, "/dev/sda2");
	assert_true(resume_path("PARTLABEL=my swap/1", path, sizeof(path)));
	assert_string_equal(path, "/dev/disk/by-partlabel/my\\x20swap\\x2f1");
	assert_true(resume_path("LABEL=gr\xc3\xbc\xc3\x9f", path, sizeof(path)));
	assert_string_equal(path, "/dev/disk/by-label/gr\xc3\xbc\xc3\x9f");
	assert_false(resume_path("LABEL=12345678901234567890        ", path, sizeof(path) - 10));
	assert_false(resume_path("UUID=", path, sizeof(path)));
	assert_false(resume_path("sda2", path, sizeof(path)));
	assert_false(resume_path("UUID=abcd", path, 10));
}

static const char bootmgr[] =
	"BootCurrent: 0003\n"
	"Timeout: 0 seconds\n"
	"BootOrder: 000A,0003,0000\n"
	"Boot0000* UiApp\tFvVol(7cb8bdc9)/FvFile(462caa21)\n"
	"Boot0003* debian\tHD(1,GPT,b0a0)/File(\\EFI\\debian\\shimx64.efi)\n"
	"      dp: 04 01 2a 00\n"
	"Boot000A  Torpor resume\tHD(2,GPT,b0a0)/File(\\EFI\\torpor\\torpor.efi)7300\n"
	"Boot00zz* no number\n"
	"MirroredPercentageAbove4G: 0.00\n";

TEST(efi_entries)
{
	static struct efi_boot b;

	efi_boot_parse(bootmgr, &b);
	assert_int_equal(b.current, 3);
	assert_int_equal(b.n_order, 3);
	assert_int_equal(b.order[0], 10);
	assert_int_equal(b.n_entries, 3);
	assert_null(efi_boot_entry(&b, 7));
	assert_string_equal(efi_boot_entry(&b, 10)->label, "Torpor resume");
	assert_false(efi_boot_entry(&b, 10)->active);
	assert_true(efi_boot_entry(&b, 3)->active);
	assert_true(efi_entry_may_be_grub(efi_boot_entry(&b, 3)));
	assert_true(efi_entry_may_be_grub(efi_boot_entry(&b, 0)));
	assert_false(efi_entry_may_be_grub(efi_boot_entry(&b, 10)));
	efi_boot_parse("Boot0001* no path\nBoot0002*\nBoot0003* ", &b);
	assert_int_equal(b.n_entries, 2);
	assert_string_equal(b.entry[0].label, "no path");
	assert_int_equal(b.current, -1);
}

/* ---- grubenv ---- */

static void make_env(char block[GRUBENV_BYTES], const char *lines)
{
	memset(block, '#', GRUBENV_BYTES);
	memcpy(block, "# GRUB Environment Block\n", 25);
	memcpy(block + 25, lines, strlen(lines));
}

TEST(environment)
{
	char block[GRUBENV_BYTES], before[GRUBENV_BYTES], v[16];

	make_env(block, "# WARNING: do not edit\nsaved_entry=a\\\nnext_entry=no\nlast=1\n");
	memcpy(before, block, sizeof(block));
	assert_true(grubenv_valid(block, sizeof(block)));
	assert_false(grubenv_valid(block, sizeof(block) - 1));
	assert_false(grubenv_get(block, "next_entry", v, sizeof(v))); /* part of a value */
	assert_true(grubenv_get(block, "last", v, sizeof(v)));
	assert_string_equal(v, "1");
	assert_true(grubenv_set(block, "next_entry", "torpor"));
	assert_true(grubenv_get(block, "next_entry", v, sizeof(v)));
	assert_string_equal(v, "torpor");
	assert_true(grubenv_set(block, "next_entry", "torpor"));
	assert_true(grubenv_set(block, "next_entry", NULL));
	assert_memory_equal(block, before, sizeof(block));
	assert_true(grubenv_set(block, "next_entry", NULL));
	assert_memory_equal(block, before, sizeof(block));
	assert_false(grubenv_set(block, "x", "a\nb"));
}

TEST(full_environment)
{
	char block[GRUBENV_BYTES], value[1000];

	make_env(block, "");
	memset(value, 'v', sizeof(value));
	value[999] = 0;
	assert_false(grubenv_set(block, "x", value));
	value[GRUBENV_BYTES - 25 - 3] = 0; /* x, =, newline */
	assert_true(grubenv_set(block, "x", value));
	assert_false(grubenv_set(block, "next_entry", "torpor"));
	assert_true(grubenv_set(block, "x", "short"));
	assert_true(grubenv_set(block, "next_entry", "torpor"));
}

/* ---- custom.cfg ---- */

#define BLOCK GRUB_BLOCK_BEGIN "x\n" GRUB_BLOCK_END

static void replaced(const char *text, const char *block, const char *wanted)
{
	char *made = grub_block_replace(text, block);

	assert_non_null(made);
	assert_string_equal(made, wanted);
	free(made);
}

TEST(custom)
{
	replaced("", BLOCK, BLOCK);
	replaced("a\n", BLOCK, "a\n" BLOCK);
	replaced("a", BLOCK, "a\n" BLOCK);
	replaced("a\n" GRUB_BLOCK_BEGIN "old\n" GRUB_BLOCK_END "b\n", BLOCK, "a\n" BLOCK "b\n");
	replaced("a\n" BLOCK "b\n", NULL, "a\nb\n");
	replaced(BLOCK, NULL, "");
	replaced("a\n", NULL, "a\n");
	assert_null(grub_block_replace(GRUB_BLOCK_BEGIN "old\n", BLOCK));
	assert_null(grub_block_replace(GRUB_BLOCK_END, BLOCK));
	assert_null(grub_block_replace("### BEGIN torpor ###", BLOCK));
	assert_true(grub_block_is("a\n" BLOCK, BLOCK));
	assert_false(grub_block_is("a\n", BLOCK));
	assert_false(grub_block_is(GRUB_BLOCK_BEGIN "y\n" GRUB_BLOCK_END, BLOCK));
}

/* ---- The record ---- */

TEST(record)
{
	static struct setup_record r, again;
	char text[4096];

	memset(&r, 0, sizeof(r));
	r.how = SETUP_GRUB;
	strcpy(r.device, "/dev/vda3");
	strcpy(r.file, "/swap file");
	r.offset_pages = 34816;
	strcpy(r.args, "swap=lba:1+2 resume_offset=34816");
	strcpy(r.grub_folder, "/boot/grub");
	r.entry = -1;
	assert_int_equal(record_add_folder(&r, "/boot/grub/torpor"), 0);
	assert_int_equal(record_add_file(&r, "/boot/grub/torpor/a b", 1), 0);
	assert_int_equal(record_add_file(&r, "/boot/grub/torpor/a b", 0xfedcba9876543210), 0);
	assert_int_equal(record_format(&r, text, sizeof(text)), 0);
	assert_true(record_parse(text, &again, &(uint32_t){0}));
	assert_memory_equal(&r, &again, sizeof(r));
	r.how = SETUP_EFI_ENTRY;
	r.entry = 0x1f;
	*r.grub_folder = *r.file = 0;
	assert_int_equal(record_format(&r, text, sizeof(text)), 0);
	assert_true(record_parse(text, &again, &(uint32_t){0}));
	assert_int_equal(again.entry, 0x1f);
	assert_int_equal(record_format(&r, text, 100), -1);
	/* What could not be read again is not begun. */
	strcpy(r.image, "/home/a\nentry=0001");
	assert_int_equal(record_format(&r, text, sizeof(text)), -1);
	*r.image = 0;
	assert_int_equal(record_format(&r, text, sizeof(text)), 0);
	assert_int_equal(record_add_folder(&r, "/home/a\n"), 0);
	assert_int_equal(record_format(&r, text, sizeof(text)), -1);
}

TEST(bad_records)
{
	static struct setup_record r;
	static const char *const bad[] = {"", "how=grub\n", "version=1\n", "version=2\nhow=grub\n",
		"version=1\nhow=lilo\n", "version=1\nhow=grub\nunknown=1\n",
		"version=1\nhow=grub\nx\n", "version=1\nhow=grub\nentry=10000\n",
		"version=1\nhow=grub\noffset=-1\n", "version=1\nhow=grub\nmade-file=/x\n",
		"version=1\nhow=grub\nmade-file=1 x\n", "version=1\nhow=grub\nmade-folder=x\n"};

	assert_true(record_parse("version=1\nhow=grub", &r, &(uint32_t){0}));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (record_parse(bad[i], &r, &(uint32_t){0}))
			fail_msg("accepted: %s", bad[i]);
}

TEST(grub_passwords)
{
	assert_false(grub_has_superusers(""));
	assert_false(grub_has_superusers(
		"# set superusers=root\nset superusers=\"\"\nset superusers=\n"));
	assert_true(grub_has_superusers("a\n\tset superusers=\"root\""));
	assert_true(grub_has_superusers("set superusers=root\n"));
	assert_int_equal(grub_first_entry("submenu 'x' --unrestricted {\n"), GRUB_NO_ENTRY);
	assert_int_equal(grub_first_entry("menuentry 'x' {\nmenuentry 'y' --unrestricted {\n"),
		GRUB_RESTRICTED);
	assert_int_equal(grub_first_entry("  menuentry 'x' --class a --unrestricted --id z {"),
		GRUB_UNRESTRICTED);
	assert_int_equal(grub_first_entry("menuentry 'x' --unrestricted{"), GRUB_UNRESTRICTED);
	assert_int_equal(grub_first_entry("menuentry 'x' --unrestrictedly {"), GRUB_RESTRICTED);
	assert_int_equal(grub_first_entry("menuentry "), GRUB_RESTRICTED);
}

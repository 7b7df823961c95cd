/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor setup, arm, status on a copy of a machine's files; efibootmgr is played by the test. */
#define _GNU_SOURCE
#include "test.h"

#include "cli_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "commands.h"
#include "kexec.h"
#include "grub_text.h"
#include "said_json.h"
#include "say.h"
#include "setup.h"
#include "version.h"
#include "swap_place.h"

#define ARGS "swap=lba:4096+1048576"

static void setup(void)
{
	machine_setup();
}

FIXTURE(setup, tree_teardown)

/* ---- GRUB ---- */

TEST(grub)
{
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has("/boot/grub/torpor/torpor.mb2", "loader for BIOS");
	machine_has("/boot/grub/torpor/torpor.efi", "loader for EFI");
	machine_has("/boot/grub/custom.cfg", "multiboot2 \"$prefix/torpor/torpor.mb2\" " ARGS "\n");
	machine_has(
		"/boot/grub/custom.cfg", "chainloader \"$prefix/torpor/torpor.efi\" " ARGS "\n");
	machine_has("/usr/lib/systemd/system-sleep/torpor", "exec '/usr/bin/torpor' arm");
	machine_has(RECORD_PATH, "args=" ARGS "\n");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	machine_has("/boot/grub/grubenv", "saved_entry=x\nnext_entry=torpor\n###");
	assert_int_equal(machine_run("disarm"), STATUS_OK);
	machine_has("/boot/grub/grubenv", "saved_entry=x\n###");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_false(sys_exists("/boot/grub/torpor"));
	assert_false(sys_exists("/boot/grub/custom.cfg"));
	assert_false(sys_exists("/usr/lib/systemd/system-sleep"));
	assert_false(sys_exists("/var"));
	machine_has("/boot/grub/grubenv", "saved_entry=x\n###");
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	assert_complaint("nothing is set up");
}

/* What root runs unasked is nothing that others can change. */
TEST(hook_program)
{
	char full[SYS_PATH_MAX];

	tree_file("/sys/power/state", "disk\n");
	tree_file("/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 800 kB\n");
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH, "program=/usr/bin/torpor\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	machine_program("/usr/bin/torpor", "0.0.1");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	tree_file("/usr/bin/torpor", "#!/bin/sh\nexit 3\n");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	machine_program("/usr/bin/torpor", torpor_version);
	assert_int_equal(machine_run("status"), STATUS_OK);
	/* The program, or a folder above it. */
	assert_true(sys_path(full, "/usr/bin/torpor"));
	assert_int_equal(chmod(full, 0775), 0);
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	assert_int_equal(chmod(full, 0644), 0);
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	assert_int_equal(chmod(full, 0755), 0);
	assert_true(sys_path(full, "/usr/bin"));
	assert_int_equal(chmod(full, 0777), 0);
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	/* Set up from there: a copy is run. */
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH, "program=/usr/lib/torpor/torpor\n");
	machine_has("/usr/lib/systemd/system-sleep/torpor", "exec '/usr/lib/torpor/torpor' arm");
	machine_has("/usr/lib/torpor/torpor", "echo torpor");
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_remove("/usr/bin/torpor"); /* a build folder that has moved: no harm now */
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_remove("/usr/lib/torpor/torpor");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_true(sys_exists("/usr/lib/torpor/torpor.mb2"));
	/* Nor can it be copied. */
	assert_int_equal(machine_run("setup"), STATUS_FAILED);
	assert_complaint("cannot read this program");
}

TEST(hook_is_needed)
{
	tree_file("/sys/power/state", "disk\n");
	tree_file("/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 800 kB\n");
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	tree_remove("/usr/lib/systemd/system-sleep/torpor");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	tree_remove("/usr/lib/systemd/systemd-sleep"); /* by hand */
	tree_remove(RECORD_PATH);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("status"), STATUS_OK);
}

TEST(disarm_of_nothing)
{
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("disarm"), STATUS_OK); /* it was not armed */
	tree_file("/boot/grub/grubenv", "damaged");
	assert_int_equal(machine_run("disarm"), STATUS_FAILED);
	assert_complaint("is not a GRUB environment block");
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_false(sys_exists("/boot/grub/torpor"));
}

/* What a package does when it is upgraded. */
TEST(refresh)
{
	assert_int_equal(machine_run("setup --refresh"), STATUS_OK);
	assert_false(sys_exists(RECORD_PATH));
	assert_int_equal(machine_run("setup --loader-args strict=1"), STATUS_OK);
	assert_int_equal(machine_run("arm"), STATUS_OK);
	tree_file("/new/torpor.mb2", "new BIOS");
	tree_file("/new/torpor.efi", "new EFI");
	assert_int_equal(machine_run("setup --refresh --loader-dir /new --dry-run"), STATUS_OK);
	machine_has("/boot/grub/torpor/torpor.mb2", "loader for BIOS");
	assert_int_equal(machine_run("setup --refresh --loader-dir /new"), STATUS_OK);
	machine_has("/boot/grub/torpor/torpor.mb2", "new BIOS");
	machine_has("/boot/grub/torpor/torpor.efi", "new EFI");
	machine_has("/boot/grub/custom.cfg", ARGS " strict=1\n");
	machine_has(RECORD_PATH, ARGS " strict=1\n");
	machine_has("/boot/grub/grubenv", "next_entry=torpor\n");
	assert_int_equal(machine_run("setup --refresh --loader-dir /missing"), STATUS_FAILED);
	machine_has("/boot/grub/torpor/torpor.mb2", "new BIOS");
	assert_int_equal(machine_run("setup --refresh --grub"), STATUS_USAGE);
	assert_int_equal(machine_run("setup --refresh --remove"), STATUS_USAGE);
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_false(sys_exists("/boot/grub/torpor"));
}

TEST(others_text_stays)
{
	char custom[SYS_PATH_MAX];
	struct stat st;

	tree_file("/boot/grub/custom.cfg", "mine");
	assert_true(sys_path(custom, "/boot/grub/custom.cfg"));
	assert_int_equal(chmod(custom, 0600), 0); /* a password of GRUB's, perhaps */
	tree_folder("/var/lib");
	assert_int_equal(machine_run("setup --loader-args strict=1"), STATUS_OK);
	machine_has("/boot/grub/custom.cfg", "mine\n" GRUB_BLOCK_BEGIN);
	machine_has("/boot/grub/custom.cfg", ARGS " strict=1\n");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has_not("/boot/grub/custom.cfg", "strict=1");
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	machine_has("/boot/grub/custom.cfg", "mine\n");
	machine_has_not("/boot/grub/custom.cfg", "orpor");
	assert_int_equal(stat(custom, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(sys_exists("/var/lib"));
	assert_false(sys_exists("/var/lib/torpor"));
}

TEST(dry_run)
{
	assert_int_equal(machine_run("setup --dry-run"), STATUS_OK);
	assert_false(sys_exists("/boot/grub/torpor"));
	assert_false(sys_exists("/var"));
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("setup --remove --dry-run"), STATUS_OK);
	assert_true(sys_exists("/boot/grub/torpor/torpor.mb2"));
	assert_true(sys_exists(RECORD_PATH));
}

static void refused_with(int status, const char *words, const char *part)
{
	assert_int_equal(machine_run(words), status);
	assert_complaint(part);
	assert_false(sys_exists("/boot/grub/torpor"));
	assert_false(sys_exists("/var"));
}

static void refused(const char *words, const char *part)
{
	refused_with(STATUS_FAILED, words, part);
}

TEST(grub_will_not_do)
{
	char words[256];

	tree_remove("/boot/grub/grubenv");
	refused("setup", "cannot read /boot/grub/grubenv");
	tree_file("/boot/grub/grubenv", "something else");
	refused("setup", "not a GRUB environment block");
	machine_root_mount("btrfs");
	refused("setup", "is on btrfs, where GRUB cannot clear");
	tree_file("/boot/grub/grub.cfg", "custom.cfg");
	refused("setup", "no next_entry");
	tree_file("/boot/grub/grub.cfg", "next_entry");
	refused("setup", "does not read custom.cfg");
	tree_remove("/boot/grub/grub.cfg");
	refused("setup", "no grub.cfg in /boot/grub or /boot/grub2");
	refused("setup --grub-dir /none", "no grub.cfg in /none");
	refused("setup --efi-entry", "not booted by UEFI");
	refused_with(STATUS_USAGE, "setup --loader-args $(x)", "'$'");
	refused_with(STATUS_USAGE, "setup --loader-args strict=2", "does not understand strict=2");
	refused_with(STATUS_USAGE, "setup --loader-args seriel=0x3f8",
		"does not understand seriel=0x3f8");
	refused_with(
		STATUS_USAGE, "setup --loader-args swap=lba:7", "does not understand swap=lba:7");
	snprintf(words, sizeof(words), "setup --loader-args %0201u", 0u); /* not cut, refused */
	refused_with(STATUS_USAGE, words, "more than 200 characters");
}

/* grubenv is full, modules are missing: before the first hibernation that would show it. */
TEST(grub_will_not_do_either)
{
	static char env[GRUBENV_BYTES + 1];

	tree_file("/boot/grub/i386-pc/normal.mod", "");
	refused("setup", "/boot/grub/i386-pc has no multiboot2.mod");
	tree_file("/boot/grub/i386-pc/multiboot2.mod", "");
	memset(env, 'x', sizeof(env) - 1);
	memcpy(env, "# GRUB Environment Block\nsaved_entry=", 37);
	memcpy(env + GRUBENV_BYTES - 16, "\n###############", 16);
	tree_bytes("/boot/grub/grubenv", env, GRUBENV_BYTES);
	refused("setup", "/boot/grub/grubenv has no room for next_entry");
	memset(env + 60, '#', GRUBENV_BYTES - 60);
	env[59] = '\n';
	tree_bytes("/boot/grub/grubenv", env, GRUBENV_BYTES);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	tree_file("/sys/power/state", "disk\n");
	tree_file("/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 800 kB\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_remove("/boot/grub/i386-pc/multiboot2.mod");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
}

#define GRUB_CONFIG "set default=$next_entry\nsource custom.cfg\n"

/* Ours asks for a password when Linux does. */
TEST(superusers)
{
	tree_file("/sys/power/state", "disk\n");
	tree_file("/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 800 kB\n");
	tree_file("/boot/grub/grub.cfg",
		GRUB_CONFIG "set superusers=\"root\"\n"
			    "menuentry 'Debian' --class os --unrestricted {\n");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has("/boot/grub/custom.cfg", "--id torpor --unrestricted {\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_file("/boot/grub/grub.cfg", GRUB_CONFIG "set superusers=\"root\"\n"
						     "menuentry 'Debian' --class os {\n");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED); /* it is another entry now */
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has("/boot/grub/custom.cfg", "--id torpor {\n");
	/* A password that is set beside our entry; entries in files of their own. */
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	tree_file("/boot/grub/grub.cfg", GRUB_CONFIG "blscfg\n");
	tree_file("/boot/grub/custom.cfg", "set superusers=me\npassword me secret\n");
	tree_file("/boot/loader/entries/1.conf", "grub_arg --unrestricted\n");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has("/boot/grub/custom.cfg", "--id torpor --unrestricted {\n");
	tree_file("/boot/loader/entries/1.conf", "title x\n");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has("/boot/grub/custom.cfg", "--id torpor {\n");
}

/* custom.cfg that leads elsewhere, or has nothing in it, is so again. */
TEST(custom_stays_what_it_was)
{
	char full[SYS_PATH_MAX];
	struct stat st;

	tree_file("/etc/grub-custom", "mine\n");
	tree_link("/boot/grub/custom.cfg", "../../etc/grub-custom");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_true(sys_path(full, "/boot/grub/custom.cfg"));
	assert_int_equal(lstat(full, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	machine_has("/etc/grub-custom", "mine\n" GRUB_BLOCK_BEGIN);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_int_equal(lstat(full, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	machine_has("/etc/grub-custom", "mine\n");
	machine_has_not("/etc/grub-custom", "orpor");
	tree_file("/etc/grub-custom", "");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_int_equal(lstat(full, &st), 0);
	assert_true(sys_exists("/etc/grub-custom"));
	tree_remove("/etc/grub-custom");
	assert_int_equal(machine_run("setup"), STATUS_FAILED);
	assert_complaint("/boot/grub/custom.cfg is a link to nothing");
	assert_int_equal(machine_run("setup --remove"), STATUS_FAILED);
	assert_int_equal(unlink(full), 0);
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
}

/* resume= names a file system, or a file that was made anew. */
TEST(not_to_be_swapped_to)
{
	static uint8_t super[8192];

	tree_file("/swapfile", "");
	tree_file("/proc/swaps", "/swapfile file 524284 0 -2\n");
	tree_bytes("/dev/vda1", super, sizeof(super));
	tree_bytes("/dev/vda2", super, sizeof(super));
	tree_file("/sys/power/state", "disk\n");
	tree_file("/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 800 kB\n");
	assert_int_equal(machine_run("setup --swap /dev/vda2"), STATUS_FAILED);
	memcpy(super + 4086, "SWAPSPACE2", 10);
	tree_bytes("/dev/vda2", super, sizeof(super));
	assert_int_equal(machine_run("setup --swap /dev/vda2"), STATUS_OK);
	tree_file("/sys/power/resume", "3001:2\n");
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	machine_has_not("/boot/grub/grubenv", "next_entry");
	static struct swap_place p;
	assert_int_equal(swap_place_find(&p, NULL), 0);
	assert_int_equal(swap_place_in_use(&p), -1);
	assert_complaint("swapon it");
	memset(super, 0, sizeof(super));
	tree_bytes("/dev/vda2", super, sizeof(super));
	assert_int_equal(swap_place_find(&p, NULL), 0);
	assert_int_equal(swap_place_in_use(&p), -1);
	assert_complaint("/dev/vda2 holds no swap area (/sys/power/resume); /swapfile is in use");
	tree_file("/sys/power/resume_offset", "77\n");
	assert_int_equal(swap_place_find(&p, NULL), 0);
	assert_int_equal(swap_place_in_use(&p), -1);
	assert_complaint(
		"resume_offset is of another file, the kernel will refuse; /swapfile is in use");
}

TEST(no_loader)
{
	tree_remove("/usr/lib/torpor/torpor.mb2");
	assert_int_equal(machine_run("setup"), STATUS_FAILED);
	assert_complaint("cannot read the loader /usr/lib/torpor/torpor.mb2");
	/* What was begun is on record. */
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_false(sys_exists("/boot/grub/torpor"));
	assert_false(sys_exists("/var"));
}

/* Beside the command, then under the prefix that it is installed with, then where the package has them. */
TEST(loaders_of_another_prefix)
{
	tree_remove("/proc/self/exe");
	tree_link("/proc/self/exe", "/opt/torpor/sbin/torpor");
	tree_file("/opt/torpor/lib/torpor/torpor.mb2", "of the prefix");
	tree_file("/opt/torpor/lib/torpor/torpor.efi", "of the prefix");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has("/boot/grub/torpor/torpor.mb2", "of the prefix");
	tree_file("/opt/torpor/sbin/torpor.mb2", "beside");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has("/boot/grub/torpor/torpor.mb2", "beside");
	tree_remove("/opt/torpor/sbin/torpor.mb2");
	tree_remove("/opt/torpor/lib/torpor/torpor.mb2");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has("/boot/grub/torpor/torpor.mb2", "loader for BIOS");
}

/* ---- Which swap area ---- */

static void mapped(const char *uuid)
{
	tree_file("/sys/devices/virtual/block/dm-0/dm/uuid", uuid);
	tree_file("/sys/devices/virtual/block/dm-0/dm/name", "x");
	if (!sys_exists("/dev/dm-0"))
		machine_block_device("/sys/devices/virtual/block/dm-0", "3002:0", "999999\n");
}

TEST(layers)
{
	static struct swap_place p;

	mapped("LVM-abc");
	tree_file("/proc/swaps", "/dev/dm-0 partition 99999999 0 -2\n");
	refused("setup", "/dev/mapper/x is on LVM, which the loader cannot read");
	mapped("CRYPT-LUKS2-abc");
	refused("setup --swap /dev/dm-0", "LUKS");
	mapped("mpath-x");
	refused("setup", "a device-mapper volume");
	machine_block_device("/sys/devices/virtual/block/zram0", "3003:0", "999\n");
	tree_file("/proc/swaps", "/dev/zram0 partition 9 0 -2\n");
	refused("setup", "zram");
	tree_file("/sys/devices/virtual/block/md0/md/level", "raid1\n");
	machine_block_device("/sys/devices/virtual/block/md0", "3004:0", "999\n");
	tree_file("/proc/swaps", "/dev/md0 partition 9 0 -2\n");
	refused("setup", "software RAID");
	/* The kernel does not ask what the loader can read. */
	tree_file("/proc/swaps", "/dev/dm-0 partition 9 0 -2\n/dev/vda2 partition 99 0 5\n");
	refused("setup", "a device-mapper volume, which the loader cannot read (the kernel takes "
			 "the first swap area in use)");
	tree_file("/proc/swaps", "/dev/zram0 partition 9 0 100\n/dev/vda2 partition 99 0 -2\n");
	refused("setup", "zram");
	/* Nor does systemd, which at least knows zram. */
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	assert_int_equal(swap_place_find(&p, NULL), 0);
	assert_string_equal(p.device, "/dev/vda2");
	assert_string_equal(p.from, "the only swap area in use");
	tree_file("/proc/swaps", "/dev/dm-0 partition 9 0 9\n/dev/vda2 partition 9 0 5\n");
	refused("setup", "(systemd's choice, by priority and room)");
	tree_file("/proc/swaps", "");
	refused("setup", "no swap area is in use");
	refused_with(STATUS_MISSING, "setup --swap /dev/none", "/dev/none: no such device");
	refused("setup --swap /boot", "neither a block device nor a file");
}

/* Every layer, by the names that people know. */
TEST(layers_on_layers)
{
	mapped("LVM-abc");
	tree_file("/sys/devices/virtual/block/dm-0/dm/name", "vg-swap_1");
	tree_file("/sys/devices/virtual/block/dm-1/dm/uuid", "CRYPT-LUKS2-abc");
	machine_block_device("/sys/devices/virtual/block/dm-1", "3002:1", "999999\n");
	tree_file("/sys/devices/virtual/block/md0/md/level", "raid1\n");
	machine_block_device("/sys/devices/virtual/block/md0", "3004:0", "999\n");
	tree_file("/sys/devices/virtual/block/md0/md0p1/partition", "1\n");
	machine_block_device("/sys/devices/virtual/block/md0/md0p1", "3004:1", "999\n");
	tree_link("/sys/devices/virtual/block/dm-0/slaves/dm-1", "../../dm-1");
	tree_link("/sys/devices/virtual/block/dm-1/slaves/md0p1", "../../md0/md0p1");
	tree_link("/sys/devices/virtual/block/md0/slaves/vda2",
		"../../../../pci0000:00/0000:00:03.0/virtio0/block/vda/vda2");
	tree_file("/proc/swaps", "/dev/dm-0 partition 99999999 0 -2\n");
	refused("setup",
		"/dev/mapper/vg-swap_1 is on LVM on LUKS encryption on software RAID (md), which");
	tree_file("/proc/swaps", "/dev/md0p1 partition 99999999 0 -2\n");
	refused("setup", "/dev/md0p1 is on software RAID (md), which");
}

static bool says(int status, const char *name, const char *part)
{
	const char *words[] = {"status", "--json", NULL};
	static char path[64];
	bool found = false;
	json_t *o = said_json(status_main, words, status);

	for (int section = 0; section < 2; section++)
		for (size_t i = 0; i < json_array_size(json_at(o, section ? "sections.1.checks"
									  : "sections.0.checks"));
			i++) {
			snprintf(path, sizeof(path), "sections.%d.checks.%zu.name", section, i);
			if (strcmp(json_text_at(o, path), name))
				continue;
			snprintf(path, sizeof(path), "sections.%d.checks.%zu.text", section, i);
			found = found || strstr(json_text_at(o, path), part);
		}
	json_decref(o);
	return found;
}

TEST(what_the_kernel_says)
{
	static struct swap_place p;
	char args[SWAP_ARGS_BYTES];

	tree_file("/proc/swaps", "");
	tree_link("/dev/disk/by-uuid/12-34", "../../vda2");
	tree_file("/proc/cmdline", "ro resume=UUID=12-34 quiet\n");
	assert_int_equal(swap_place_find(&p, NULL), 0);
	assert_string_equal(p.device, "/dev/vda2");
	tree_file("/proc/cmdline", "ro resume=3001:0 resume_offset=77\n");
	assert_int_equal(swap_place_find(&p, NULL), 0);
	assert_string_equal(p.device, "/dev/vda");
	swap_place_args(&p, args);
	assert_string_equal(args, "swap=lba:0+2097152 resume_offset=77");
	memset(p.t.disk_guid, 0x11, 16);
	swap_place_args(&p, args);
	assert_string_equal(args, "swap=lba:0+2097152 disk=11111111-1111-1111-1111-111111111111 "
				  "resume_offset=77");
	for (uint8_t i = 0; i < 16; i++)
		p.t.part_guid[i] = i;
	swap_place_args(&p, args);
	assert_string_equal(
		args, "swap=partuuid:03020100-0504-0706-0809-0a0b0c0d0e0f resume_offset=77");
	tree_file("/proc/cmdline", "resume=LABEL=none\n");
	assert_int_equal(swap_place_find(&p, NULL), -1);
	assert_complaint("/dev/disk/by-label/none");
	tree_file("/sys/power/resume", "3001:2\n");
	tree_file("/sys/power/resume_offset", "0\n");
	assert_int_equal(swap_place_find(&p, NULL), 0);
	assert_string_equal(p.from, "/sys/power/resume");
}

/* ---- Several areas, and nobody has said which ---- */

struct pick {
	const char *swaps;
	int kernel, systemd252, systemd257;
};

TEST(picks)
{
	static const struct pick picks[] = {
		{"", -1, -1, -1},
		{"/dev/vda2 partition 9 0 -2\n", 0, 0, 0},
		/* Priority; size does not count, but for 255 and later. */
		{"/dev/vda2 partition 900 0 -2\n/dev/vda3 partition 90 0 -1\n", 0, 1, 1},
		{"/dev/vda2 partition 90 0 -1\n/dev/vda3 partition 900 0 -2\n", 0, 0, 1},
		{"/dev/vda2 partition 90 0 -2\n/dev/vda3 partition 900 0 -1\n", 0, 1, 1},
		/* Equal priorities: room, not size; equal room: 252 takes the last. */
		{"/dev/vda2 partition 900 800 5\n/dev/vda3 partition 200 0 5\n", 0, 1, 1},
		{"/dev/vda2 partition 90 0 5\n/dev/vda3 partition 90 0 5\n", 0, 1, 0},
		/* Memory, and a file that nobody can find. */
		{"/dev/zram0 partition 9999 0 100\n/dev/vda2 partition 9 0 -2\n", 0, 1, 1},
		{"/dev/zram0 partition 9999 0 100\n", 0, -1, -1},
		{"/swap\\040(deleted) file 9999 0 100\n/dev/vda2 partition 9 0 -2\n", 0, 1, 1},
		{"/swapfile file 9 0 1\n/dev/vda2 partition 9 0 -2\n", 0, 0, 0},
		{"Filename Type Size Used Priority\n/a file 9 0 1\n/b file 9 1 2\n/c file 9 2 3\n",
			0, 2, 2},
		{"/a file 30 0 1\n/b file 20 0 3\n/c file 25 0 2\n", 0, 1, 2},
	};

	for (size_t i = 0; i < sizeof(picks) / sizeof(*picks); i++) {
		const struct pick *p = &picks[i];
		struct swap_line v[4];
		uint32_t n = 0;

		for (const char *line = p->swaps; *line; line = strchr(line, '\n') + 1)
			n += swaps_line(line, &v[n]);
		if (hibernation_pick(v, n, HIBERNATOR_KERNEL, 0) != p->kernel ||
			hibernation_pick(v, n, HIBERNATOR_SYSTEMD, 252) != p->systemd252 ||
			hibernation_pick(v, n, HIBERNATOR_SYSTEMD, 254) != p->systemd252 ||
			hibernation_pick(v, n, HIBERNATOR_SYSTEMD, 255) != p->systemd257 ||
			hibernation_pick(v, n, HIBERNATOR_SYSTEMD, 0) != p->systemd257)
			fail_msg("pick %zu: %s", i, p->swaps);
	}
}

static void second_area(void)
{
	machine_block_device(VDA "/vda3", "3001:3", "2048\n");
	tree_file(VDA "/vda3/partition", "3\n");
	tree_file(VDA "/vda3/start", "2000000\n");
}

/* Whatever is named must hold a swap area. */
TEST(no_swap_area)
{
	static uint8_t page[8192];

	second_area();
	refused("setup --swap /dev/vda3", "/dev/vda3");
	memset(page, 0, sizeof(page));
	tree_bytes("/dev/vda3", page, sizeof(page));
	refused("setup --swap /dev/vda3", "/dev/vda3 holds no swap area (named)");
	memset(page, 0xff, sizeof(page));
	tree_bytes("/dev/vda", page, sizeof(page));
	refused("setup --swap /dev/vda", "/dev/vda holds no swap area (named)");
	tree_file("/sys/power/resume", "3001:0\n");
	refused("setup", "/dev/vda holds no swap area (/sys/power/resume)");
	memset(page, 0, sizeof(page));
	page[1024] = 1;
	memcpy(page + 4086, "SWAPSPACE2", 10);
	tree_bytes("/dev/vda3", page, sizeof(page));
	assert_int_equal(machine_run("setup --swap /dev/vda3"), STATUS_OK);
}

/* An MBR names no partitions: the disk's signature and the area's UUID tell it from another disk. */
TEST(disk_with_an_mbr)
{
	static uint8_t mbr[1 << 20], page[8192];
	static const uint8_t entry[16] = {0, 0, 0, 0, 0x82, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0x10, 0};

	memset(mbr, 0, sizeof(mbr));
	memcpy(mbr + 440, (uint32_t[]){0x0badcafe}, 4);
	memcpy(mbr + 446, entry, sizeof(entry)); /* 4096 + 1048576 */
	memcpy(mbr + 510, "\x55\xaa", 2);
	tree_bytes("/dev/vda", mbr, sizeof(mbr));
	for (size_t i = 0; i < 16; i++)
		page[0x40c + i] = (uint8_t)i;
	memcpy(page + 4086, "SWAPSPACE2", 10);
	tree_bytes("/dev/vda2", page, sizeof(page));
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH,
		"args=" ARGS " disk=mbr:0badcafe uuid=00010203-0405-0607-0809-0a0b0c0d0e0f\n");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	memcpy(page + 4086, "S1SUSPEND", 10); /* an image leaves the rest as it is */
	tree_bytes("/dev/vda2", page, sizeof(page));
	assert_int_equal(machine_run("arm"), STATUS_OK);
	/* Made anew: the loader would not take it. */
	memcpy(page + 4086, "SWAPSPACE2", 10);
	page[0x40c]++;
	tree_bytes("/dev/vda2", page, sizeof(page));
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	machine_has_not("/boot/grub/grubenv", "next_entry");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("arm"), STATUS_OK);
}

#define TWO "/dev/vda2 partition 524284 0 -2\n/dev/vda3 partition 1024 0 "

TEST(two_areas)
{
	static struct swap_place p;

	second_area();
	tree_file("/sys/power/state", "disk\n");
	tree_file("/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 800 kB\n");
	tree_file("/proc/swaps", TWO "-1\n");
	assert_int_equal(swap_place_find(&p, NULL), 0);
	assert_string_equal(p.device, "/dev/vda2"); /* the kernel's */
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	tree_file("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", "");
	assert_int_equal(swap_place_find(&p, NULL), 0);
	assert_string_equal(p.device, "/dev/vda3"); /* systemd's, though it is much smaller */
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH, "args=swap=lba:2000000+2048\n");
	assert_int_equal(machine_run("status"), STATUS_OK);

	/* The hook: systemd has told the kernel. */
	tree_file("/sys/power/resume", "3001:3\n");
	tree_file("/sys/power/resume_offset", "0\n");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	machine_has("/boot/grub/grubenv", "next_entry=torpor\n");
	/* Another one than was set up: not armed, nor armed from before. */
	tree_file("/sys/power/resume", "3001:2\n");
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	machine_has("/boot/grub/grubenv", "saved_entry=x\n###");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	/* A partition, with the offset of a file that was. */
	tree_file("/sys/power/resume", "3001:3\n");
	tree_file("/sys/power/resume_offset", "77\n");
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	tree_file("/sys/power/resume_offset", "0\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	/* It is no swap any more. */
	tree_file("/proc/swaps", "/dev/vda2 partition 524284 0 -2\n");
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	assert_complaint("the next boot is an ordinary one");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
}

/* What was the boot logo's memory is the kernel's, in no image. */
TEST(memory_that_is_not_saved)
{
	static uint8_t bgrt[56] = "BGRT";

	tree_file("/sys/power/state", "disk\n");
	tree_file("/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 800 kB\n");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	memcpy(bgrt + 40, (uint64_t[]){0x3df9a000}, 8);
	tree_bytes("/sys/firmware/acpi/tables/BGRT", bgrt, sizeof(bgrt));
	tree_file("/sys/firmware/acpi/bgrt/image", "BM6\3");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_bytes("/sys/firmware/acpi/bgrt/image", (uint8_t[64]){0}, 64);
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	assert_complaint("the next boot is an ordinary one");
	machine_has_not("/boot/grub/grubenv", "next_entry");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	/* Whole before the first hibernation of this boot; after it the firmware's next logo is anywhere. */
	tree_folder("/run");
	tree_file("/sys/firmware/acpi/bgrt/image", "BM6\3");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	tree_bytes("/sys/firmware/acpi/bgrt/image", (uint8_t[64]){0}, 64);
	assert_int_equal(machine_run("status"), STATUS_OK);
	assert_int_equal(machine_run("arm"), STATUS_OK);
	tree_remove("/sys/firmware/acpi/tables/BGRT"); /* bgrt_disable: no image there */
	tree_remove("/sys/firmware/acpi/bgrt/image");
	assert_int_equal(machine_run("arm"), STATUS_OK);
}

/* An area added, or a priority changed, after setup. */
TEST(changed_since)
{
	second_area();
	tree_file("/sys/power/state", "disk\n");
	tree_file("/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 800 kB\n");
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	tree_file("/usr/lib/systemd/libsystemd-shared-252.so", "");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH, "args=" ARGS "\n");
	tree_file("/proc/swaps", TWO "-3\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	assert_int_equal(machine_run("arm"), STATUS_OK);
	tree_file("/proc/swaps", TWO "7\n");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	assert_int_equal(machine_run("arm"), STATUS_OK); /* by hand: the kernel takes the first */
	tree_file("/sys/power/resume", "3001:3\n");
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	machine_has("/boot/grub/grubenv", "saved_entry=x\n###");
	/* Set up for one that systemd would not take: status says so. */
	tree_remove("/sys/power/resume");
	assert_int_equal(machine_run("setup --swap /dev/vda2"), STATUS_OK);
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH, "args=swap=lba:2000000+2048\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	/* 255 and later look at the room, too. */
	tree_remove("/usr/lib/systemd/libsystemd-shared-252.so");
	tree_folder("/sys/firmware/efi"); /* else it would refuse */
	tree_file("/usr/lib/systemd/libsystemd-shared-257.so", "");
	tree_file("/proc/swaps", "/dev/vda3 partition 1024 0 7\n/dev/vda2 partition 524284 0 -2\n");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH, "args=" ARGS "\n");
	/* Memory is the first: only systemd sees it. */
	machine_block_device("/sys/devices/virtual/block/zram0", "3003:0", "999\n");
	tree_file("/proc/swaps", "/dev/zram0 partition 9 0 100\n/dev/vda2 partition 524284 0 -2\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_remove("/usr/lib/systemd/systemd-sleep");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
}

/* When Torpor does not resume: does anybody? And whether anybody would hibernate. */
TEST(fallback)
{
	tree_file("/sys/power/state", "disk\n");
	tree_file("/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 800 kB\n");
	tree_file("/proc/cmdline", "ro quiet\n");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("status"), STATUS_OK);
	assert_true(says(STATUS_OK, "fallback", "no resume= on the kernel's command line"));
	tree_folder("/etc/initramfs-tools");
	assert_true(says(STATUS_OK, "fallback", "initramfs-tools"));
	tree_file("/proc/cmdline", "ro resume=/dev/vda2\n");
	assert_true(says(STATUS_OK, "fallback", "resume= on the kernel's command line"));
	/* From 255 on systemd does not begin what the kernel would not find again. */
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	tree_file("/usr/lib/systemd/libsystemd-shared-254.so", "");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_remove("/usr/lib/systemd/libsystemd-shared-254.so");
	tree_file("/usr/lib/systemd/libsystemd-shared-257.so", "");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	assert_true(says(STATUS_NOT_RESUMED, "goes there", "systemctl hibernate would refuse"));
	tree_file("/sys/power/resume", "3001:2\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	/* What changes nothing is no "no". */
	assert_false(says(STATUS_OK, "torpor save", ""));
}

/* ---- EFI ---- */

static const char efi_before[] = "BootCurrent: 0001\nBootOrder: 0001\n"
				 "Boot0001* debian\tHD(1)/File(\\EFI\\debian\\shimx64.efi)\n";
static const char efi_with[] = "BootCurrent: 0001\nBootOrder: 0002,0001\n"
			       "Boot0001* debian\tHD(1)/File(\\EFI\\debian\\shimx64.efi)\n"
			       "Boot0002* Torpor resume\tHD(1)/File(\\EFI\\torpor\\torpor.efi)\n";

static void efi_machine(void)
{
	tree_folder("/sys/firmware/efi");
	strcpy(efi_text, efi_before);
	efi_after = efi_with;
	machine_root_mount("vfat");
}

TEST(efi_entry)
{
	efi_machine();
	assert_int_equal(machine_run("setup --efi-entry"), STATUS_OK);
	machine_has("/boot/EFI/torpor/torpor.efi", "loader for EFI");
	assert_string_equal(efi_ran, "efibootmgr -q -c -d /dev/vda -p 1 -L Torpor resume -l "
				     "\\EFI\\torpor\\torpor.efi -u " ARGS "\n");
	machine_has(RECORD_PATH, "entry=0002\n");
	*efi_ran = 0;
	assert_int_equal(machine_run("setup --efi-entry"), STATUS_OK);
	assert_string_equal(efi_ran, "");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_string_equal(efi_ran, "efibootmgr -q -b 0002 -B\n");
	assert_false(sys_exists("/boot/EFI"));
	assert_false(sys_exists("/var"));
}

/* Whatever has become of the order, and of the entry. */
TEST(efi_refresh)
{
	efi_machine();
	assert_int_equal(machine_run("setup --efi-entry --loader-args strict=1"), STATUS_OK);
	tree_file("/new/torpor.efi", "new EFI");
	strcpy(efi_text, efi_before);
	*efi_ran = 0;
	assert_int_equal(machine_run("setup --refresh --loader-dir /new"), STATUS_OK);
	assert_string_equal(efi_ran, "");
	machine_has("/boot/EFI/torpor/torpor.efi", "new EFI");
	machine_has(RECORD_PATH, ARGS " strict=1\n");
	machine_has(RECORD_PATH, "entry=0002\n");
}

TEST(efi_entry_of_others)
{
	efi_machine();
	assert_int_equal(machine_run("setup --efi-entry"), STATUS_OK);
	*efi_ran = 0;
	strcpy(efi_text, "BootOrder: 0002\nBoot0002* Windows\tx\n");
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_string_equal(efi_ran, "");
	assert_false(sys_exists("/var"));
}

TEST(efi_which_way)
{
	efi_machine();
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH, "how=grub\n");
	/* Another boot manager; what was done for GRUB goes. */
	*strstr(efi_text, "shim") = 'x';
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH, "how=efi-entry\n");
	assert_false(sys_exists("/boot/grub/custom.cfg"));
	assert_false(sys_exists("/boot/grub/torpor/torpor.efi"));
	machine_root_mount("ext4");
	assert_int_equal(machine_run("setup --efi-entry --esp /boot"), STATUS_FAILED);
	assert_complaint("/boot is not where an EFI system partition is mounted");
}

/* ---- Status ---- */

TEST(status)
{
	const char *words[] = {"status", "--json", NULL};
	json_t *o;

	tree_file("/sys/power/state", "freeze mem disk\n");
	tree_file("/sys/power/image_size", "100000000\n");
	tree_file("/proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 800000 kB\n");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED); /* not set up */
	o = said_json(status_main, words, STATUS_NOT_RESUMED);
	assert_true(json_is_false(json_at(o, "would_be_resumed")));
	assert_string_equal(json_text_at(o, "sections.1.title"), "next boot");
	assert_string_equal(json_text_at(o, "sections.1.checks.0.text"), "run torpor setup");
	json_decref(o);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("status"), STATUS_OK);
	o = said_json(status_main, words, STATUS_OK);
	assert_true(json_is_true(json_at(o, "would_be_resumed")));
	assert_string_equal(json_text_at(o, "subject"), "hibernation");
	assert_true(json_is_true(json_at(o, "sections.0.checks.0.good")));
	json_decref(o);
	tree_file("/sys/power/resume", "3001:0\n");
	assert_int_equal(
		machine_run("status"), STATUS_NOT_RESUMED); /* the kernel would use another one */
	tree_file("/sys/power/resume", "3001:2\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_file("/sys/power/image_size", "600000000\n");
	tree_file("/proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 300000 kB\n");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED); /* too small */
	tree_file("/sys/power/image_size", "1000000\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_file(VDA "/vda2/start", "8192\n");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED); /* moved */
	tree_file(VDA "/vda2/start", "4096\n");
	tree_file("/boot/grub/torpor/torpor.mb2", "another");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	tree_file("/boot/grub/torpor/torpor.mb2", "loader for BIOS");
	tree_file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	tree_file("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_file("/proc/sys/kernel/osrelease", "5.10.0-30-amd64\n");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	tree_file("/proc/sys/kernel/osrelease", "5.13.0\n");
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_file("/boot/grub/custom.cfg", "");
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
}

/* Each problem is a line of its answer, and not one on stderr, too. */
TEST(status_complains_of_nothing)
{
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	assert_string_equal(machine_said(STDERR_FILENO, "status"), "");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	tree_remove("/dev/vda2");
	tree_folder("/dev/vda2"); /* what cannot be read */
	assert_string_equal(machine_said(STDERR_FILENO, "status"), "");
	assert_string_equal(machine_said(STDERR_FILENO, "status --json"), "");
}

/* What is said is harmless, whatever a folder is called. */
TEST(hook_of_a_copy_is_said)
{
	char full[SYS_PATH_MAX];
	const char *said;

	tree_file("/usr/lib/systemd/systemd-sleep", "");
	tree_remove("/proc/self/exe");
	machine_program("/usr/bin/\033[2J/torpor", torpor_version);
	assert_true(sys_path(full, "/usr/bin/\033[2J"));
	assert_int_equal(chmod(full, 0777), 0);
	tree_link("/proc/self/exe", "/usr/bin/\033[2J/torpor");
	said = machine_said(STDOUT_FILENO, "setup");
	assert_non_null(strstr(said, "a copy of this program: "));
	assert_null(strchr(said, '\033'));
}

TEST(status_efi)
{
	static const char secure[] = "/sys/firmware/efi/efivars/"
				     "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

	efi_machine();
	tree_file("/sys/power/state", "disk\n");
	tree_file("/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 800 kB\n");
	assert_int_equal(machine_run("setup --efi-entry"), STATUS_OK);
	assert_int_equal(machine_run("status"), STATUS_OK);
	tree_bytes(secure, "\6\0\0\0\1", 5);
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	tree_bytes(secure, "\6\0\0\0\0", 5);
	assert_int_equal(machine_run("status"), STATUS_OK);
	memcpy(strstr(efi_text, "0002,0001"), "0001,0002", 9);
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	strcpy(efi_text, efi_before);
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
}

TEST(usage)
{
	assert_int_equal(machine_run("setup --grub --efi-entry"), STATUS_USAGE);
	assert_complaint("exclude each other");
	assert_int_equal(machine_run("setup what"), STATUS_USAGE);
	assert_int_equal(machine_run("status x"), STATUS_USAGE);
	assert_int_equal(machine_run("arm x"), STATUS_USAGE);
	tree_file(RECORD_PATH, "version=9\n");
	assert_int_equal(machine_run("setup"), STATUS_FAILED);
	assert_complaint(
		"/setup, line 1, is damaged, or of another version of torpor: remove the setup by that version, or");
	assert_int_equal(machine_run("disarm"), STATUS_FAILED);
}

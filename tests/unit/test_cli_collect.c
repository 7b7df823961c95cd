/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torpor arm's facts on a machine that is played: complete ones, each source broken alone, the file that they
 * are written to, and what arm refuses.
 */
#include "test.h"
#include "cli_boot.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "facts_arm.h"
#include "facts_collect.h"
#include "facts_mounts.h"
#include "say.h"
#include "setup.h"

#define FACTS_PATH "/boot/grub/torpor/facts"

static struct all_facts all;

static void setup(void)
{
	machine_setup();
	boot_files();
}

FIXTURE(setup, tree_teardown)

static void collect(void)
{
	facts_collect(&all, "/dev/vda2", 0);
}

/* Something is said to be missing that has this in it; nothing else is. */
static void only_missing(const char *part)
{
	collect();
	if (all.n_missing != 1 || !strstr(all.missing[0], part))
		fail_msg("%u missing, not '%s' alone: %s", all.n_missing, part, all.missing[0]);
}

static void all_there(void)
{
	collect();
	if (all.n_missing)
		fail_msg("missing: %s", all.missing[0]);
}

/* ---- Complete ---- */

TEST(complete)
{
	static const uint8_t id[16] = {0x0c, 0x0f, 0xfe, 0xe0, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc,
		0xde, 0xf0, 0x12, 0x34, 0x56, 0x78};

	all_there();
	assert_string_equal(all.refusal, "");
	assert_int_equal(all.f.map_known, FACTS_MAP_CERTAIN);
	assert_int_equal(all.n_memory, 4);
	assert_int_equal(all.memory[3].start, 0x1ffe0000);
	assert_int_equal(all.memory[3].end, 0x20000000);
	assert_int_equal(all.memory[3].type, 3);
	assert_int_equal(all.f.map_crc, swsusp_e820_crc(all.map.v, 4));
	assert_memory_equal(all.f.boot_id, id, 16);
	assert_int_equal(all.f.boot_id_phys, BOOT_ID_PHYS);
	assert_int_equal(all.f.jump_address, BOOT_JUMP);
	assert_int_equal(all.f.jump_address_phys, BOOT_JUMP_PHYS);
	assert_int_equal(all.f.rsdp, BOOT_RSDP);
	assert_int_equal(all.f.efi, 0);
	assert_int_equal(all.f.n_processors, 1);
	assert_int_equal(all.f.has_facs_signature, 1);
	assert_int_equal(all.f.facs_signature, 0xfac5);
	assert_int_equal(all.f.cr4, 0x1406f0); /* no flag that only begins like one counts */
	assert_int_equal(all.f.swap_uuid[15], 0x5a);
	assert_true(*all.f.vendor);
}

TEST(tables_are_paired)
{
	static const char *const wanted[] = {"FACP", "FACS", "DSDT", "SSDT", "SSDT", "MCFG"};

	all_there();
	assert_int_equal(all.f.tables_known, 1);
	assert_int_equal(all.n_tables, 6);
	for (uint32_t i = 0; i < 6; i++)
		assert_string_equal(all.table[i].signature, wanted[i]);
	assert_int_equal(all.table[4].phys, 0x1ffe1d00);
	assert_int_equal(all.table[4].length, 44);
	assert_true(all.table[2].has_hash && all.table[3].has_hash && all.table[4].has_hash);
	assert_true(all.table[3].hash != all.table[4].hash);
	assert_false(all.table[0].has_hash || all.table[1].has_hash || all.table[5].has_hash);
}

/* ---- The map ---- */

TEST(map_of_one_source)
{
	uint32_t crc;

	collect();
	crc = all.f.map_crc;
	tree_remove("/sys/kernel/boot_params/data");
	collect();
	assert_int_equal(all.f.map_known, FACTS_MAP_ONE);
	assert_int_equal(all.f.map_crc, crc);
	assert_int_equal(all.n_tables, 6);
	boot_params();
	boot_ram[BOOT_RAM_E820] = 0;
	boot_kcore();
	only_missing("the kernel's own could not be read");
	assert_int_equal(all.f.map_known, FACTS_MAP_ONE);
	assert_int_equal(all.f.map_crc, crc);
}

TEST(maps_that_differ)
{
	boot_ram[BOOT_RAM_E820 + 4 + 60 + 16] = 4;
	boot_kcore();
	collect();
	assert_int_equal(all.f.map_known, FACTS_MAP_UNKNOWN);
	assert_int_equal(all.f.map_crc, 0);
	assert_int_equal(all.n_memory, 0);
	assert_int_equal(all.f.tables_known, 0); /* nothing tells RAM from the firmware's */
	assert_non_null(strstr(all.missing[0], "differ"));
}

TEST(no_map)
{
	boot_zero_page[0x1e8] = 1;
	boot_params();
	tree_file("/proc/kallsyms", "0000000000000000 D e820_table_firmware\n");
	collect();
	assert_int_equal(all.f.map_known, FACTS_MAP_UNKNOWN);
	assert_non_null(strstr(all.missing[0], "neither"));
}

TEST(map_with_extension)
{
	uint8_t more[20] = {0}, *kept = boot_ram + BOOT_RAM_E820;

	memcpy(more + 4, (uint32_t[]){1, 0x1000, 0, 20}, 16); /* at 4 GiB, type 20 */
	tree_file("/sys/kernel/boot_params/setup_data/0/type", "0x3\n");
	tree_bytes("/sys/kernel/boot_params/setup_data/0/data", "pci rom", 7);
	all_there();
	tree_file("/sys/kernel/boot_params/setup_data/1/type", "0x1\n");
	tree_bytes("/sys/kernel/boot_params/setup_data/1/data", more, sizeof(more));
	kept[0] = 5;
	memcpy(kept + 4 + 80, more, sizeof(more));
	boot_kcore();
	all_there();
	assert_int_equal(all.n_memory, 5);
	assert_int_equal(all.memory[4].start, 0x100000000);
	assert_int_equal(all.memory[4].type, 20);
	tree_remove("/sys/kernel/boot_params/setup_data/1/data");
	only_missing("the boot loader's could not be read");
}

/* ---- Memory that is not the kernel's ---- */

static void kept_is(uint32_t i, uint64_t start, uint64_t end)
{
	assert_true(i < all.n_kept);
	assert_int_equal(all.kept[i].start, start);
	assert_int_equal(all.kept[i].end, end);
}

TEST(kept_by_nobody)
{
	all_there();
	assert_int_equal(all.f.kept_known, 1);
	assert_int_equal(all.n_kept, 1);
	kept_is(0, 0, 0x1000);
}

/* A boot logo; setup_data, where two entries of RAM meet inside a frame, and at the end of one; MTRRs. */
TEST(kept_for_others)
{
	boot_iomem("00100000-0402017f : System RAM\n"
		   "  01000000-017fffff : Kernel code\n"
		   "04020180-040201ff : System RAM\n"
		   "04020200-0fffffff : System RAM\n"
		   "10000000-100e7fff : Reserved\n"
		   "100e8000-1effffff : System RAM\n"
		   "  16000000-19ffffff : Crash kernel\n"
		   "1f000000-1ffdffff : Reserved\n");
	all_there();
	assert_int_equal(all.n_kept, 6);
	kept_is(0, 0, 0x1000);
	kept_is(1, 0x1000000, 0x1800000);
	kept_is(2, 0x4020000, 0x4021000);
	kept_is(3, 0x10000000, 0x100e8000);
	kept_is(4, 0x16000000, 0x1a000000);
	kept_is(5, 0x1f000000, 0x1ffe0000);
}

TEST(kept_unknown)
{
	static char text[65536];
	size_t at = 0;

	tree_file("/proc/iomem", "00000000-00000000 : System RAM\n");
	only_missing("/proc/iomem shows no addresses");
	assert_int_equal(all.f.kept_known, 0);
	assert_int_equal(all.n_kept, 0);
	tree_remove("/proc/iomem");
	only_missing("/proc/iomem shows no addresses");
	for (uint32_t i = 0; i <= FACTS_KEPT_MAX; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%08x-%08x : System RAM\n",
			0x100000 + i * 0x2000, 0x100fff + i * 0x2000);
	tree_file("/proc/iomem", text);
	only_missing("more than 1024 ranges");
	assert_int_equal(all.f.kept_known, 0);
	assert_int_equal(all.n_kept, 0);
}

/* RAM in every map, and a machine check for who reads it. */
TEST(kept_failed)
{
	static uint64_t flags[0x500];

	memset(flags, 0, sizeof(flags));
	flags[0x300] = 1ull << 19;
	flags[0x400] = 1ull << 19 | 1ull << 17;
	tree_bytes("/proc/kpageflags", flags, sizeof(flags));
	tree_file("/proc/meminfo", "HardwareCorrupted:     0 kB\n");
	test_kept_by_nobody();
	tree_file("/proc/meminfo", "HardwareCorrupted:     8 kB\n");
	all_there();
	assert_int_equal(all.n_kept, 3);
	kept_is(1, 0x300000, 0x301000);
	kept_is(2, 0x400000, 0x600000);
	tree_remove("/proc/kpageflags");
	only_missing("failed memory");
	assert_int_equal(all.n_kept, 0);
}

/* ---- Tables ---- */

/* Without the kernel's list its log does. */
TEST(tables_by_log)
{
	uint64_t hash;

	collect();
	hash = all.table[4].hash;
	boot_ram[BOOT_RAM_DESCS + 20] = 'X'; /* no FACP */
	boot_kcore();
	all_there();
	assert_int_equal(all.f.tables_known, 1);
	assert_int_equal(all.n_tables, 6);
	assert_int_equal(all.table[4].hash, hash);
	tree_file("/dev/kmsg", "6,1,1,-;Linux\n");
	only_missing("not one FACP");
	assert_int_equal(all.f.tables_known, 0);
	assert_int_equal(all.n_tables, 0);
}

TEST(tables_that_do_not_fit)
{
	uint8_t *ssdt = boot_ram + BOOT_RAM_DESCS + 3 * 32,
		*dsdt = boot_ram + BOOT_RAM_DESCS + 2 * 32;

	tree_file("/dev/kmsg", "");
	ssdt[16]++;
	boot_kcore();
	only_missing("another length");
	ssdt[16]--;
	ssdt[4] = 1; /* above all memory */
	boot_kcore();
	only_missing("in no range");
	ssdt[4] = 0;
	dsdt[0] += 16;
	boot_kcore();
	only_missing("DSDT is not where");
	dsdt[0] -= 16;
	boot_kcore();
	all_there();
	tree_bytes("/sys/firmware/acpi/tables/SSDT5", "SSDT", 4);
	tree_bytes("/sys/firmware/acpi/tables/SSDT2", "S", 1);
	only_missing("another length");
	tree_remove("/sys/firmware/acpi/tables/SSDT2");
	only_missing("sysfs lacks a table");
	assert_int_equal(all.n_tables, 0);
}

TEST(tables_that_the_list_lacks)
{
	tree_file("/dev/kmsg", "");
	tree_bytes("/sys/firmware/acpi/tables/SSDT5", "SSDT", 4);
	only_missing("sysfs has more SSDTs");
}

/* ---- The kernel ---- */

TEST(boot_id_elsewhere)
{
	boot_text[BOOT_TEXT_ID]++;
	boot_kcore();
	only_missing("not where the kernel says");
	assert_int_equal(all.f.boot_id_phys, 0);
	assert_int_equal(all.f.jump_address_phys, BOOT_JUMP_PHYS);
}

TEST(physical_addresses_that_differ)
{
	boot_phys_base = 0x2d000000 - 0x200000;
	boot_kcore();
	collect();
	assert_int_equal(all.n_missing, 2);
	assert_int_equal(all.f.boot_id_phys, 0);
	assert_int_equal(all.f.jump_address, 0);
	assert_int_equal(all.f.jump_address_phys, 0);
}

/* The flag says only that the processor could. */
TEST(five_levels)
{
	boot_note = "NUMBER(pgtable_l5_enabled)=1\n";
	boot_kcore();
	all_there();
	assert_int_equal(all.f.cr4, 0x1416f0);
	boot_note = "NUMBER(pgtable_l5_enabled)=0\n";
	boot_kcore();
	all_there();
	assert_int_equal(all.f.cr4, 0x1406f0);
}

TEST(no_symbols)
{
	tree_remove("/proc/kcore");
	collect();
	assert_int_equal(all.f.map_known, FACTS_MAP_ONE);
	assert_int_equal(all.f.tables_known, 1); /* by the log */
	assert_int_equal(all.f.boot_id_phys, 0);
	assert_int_equal(all.n_missing, 3);
	tree_remove("/proc/cpuinfo");
	collect();
	assert_int_equal(all.f.cr4, 0);
	assert_int_equal(all.n_missing, 4);
}

TEST(no_firmware)
{
	memset(boot_zero_page + 0x70, 0, 8);
	boot_params();
	only_missing("root pointer");
	tree_file("/dev/kmsg", "6,1,1,-;ACPI: RSDP 0x00000000000F59E0 000014 (v00 BOCHS )\n");
	all_there();
	assert_int_equal(all.f.rsdp, 0xf59e0);
	tree_file("/sys/firmware/efi/systab", "ACPI20=0x1ffe0010\n");
	tree_file("/sys/firmware/efi/runtime", "0x1fee0000\n");
	only_missing("EFI runtime ranges");
	assert_int_equal(all.f.rsdp, 0x1ffe0010);
	assert_int_equal(all.f.efi_runtime, 0x1fee0000);
	assert_int_equal(all.f.efi, 1);
}

TEST(not_swap)
{
	facts_collect(&all, "/dev/vda2", 1);
	assert_int_equal(all.n_missing, 1);
	assert_int_equal(all.f.resume_offset, 1);
	assert_int_equal(all.f.swap_uuid[0], 0);
}

/* ---- File systems ---- */

static uint8_t start_of_disk[8192];

static uint64_t hashes_of(uint32_t at, uint8_t value)
{
	uint64_t sum = 0;

	start_of_disk[at] = value;
	tree_bytes("/dev/vda1", start_of_disk, sizeof(start_of_disk));
	all_there();
	assert_string_equal(all.filesystem[0].mount_point, "/boot");
	assert_int_equal(all.filesystem[0].n_ranges, 4);
	for (uint32_t i = 0; i < 4; i++)
		sum = sum * 31 + all.filesystem[0].hash[i];
	return sum;
}

TEST(only_mounts_count)
{
	static const uint32_t counts[] = {0x2c, 0x34, 0x3a, 0x40, 0x60, 0x68};
	static const uint32_t same[] = {0x30, 0x0c, 0x10, 0x175, 0x61, 0x88, 0x3fc};
	uint64_t was;

	memset(start_of_disk, 0, sizeof(start_of_disk));
	was = hashes_of(0, 0);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		assert_true(hashes_of(1024 + counts[i], 1) != was);
		assert_true(hashes_of(1024 + counts[i], 0) == was);
	}
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		assert_true(hashes_of(1024 + same[i], 1) == was);
	/* A freeze clears "needs recovery". */
	tree_file("/sys/power/freeze_filesystems", "1\n");
	was = hashes_of(0, 0);
	assert_true(hashes_of(1024 + 0x60, 4) == was);
	assert_true(hashes_of(1024 + 0x34, 4) != was);
}

TEST(others_have_none)
{
	static const char *const types[] = {
		"xfs", "btrfs", "vfat", "f2fs", "ext", "ext44", "", "extra"};
	struct saved_filesystem f = {0};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		memset(&f, 0, sizeof(f));
		strcpy(f.type, types[i]);
		mount_ranges(&f, MOUNT_STAYS);
		assert_int_equal(f.n_ranges, 0);
		assert_true(*f.reason);
	}
	machine_root_mount("xfs");
	all_there();
	assert_int_equal(all.n_filesystems, 2); /* and the swap area */
	assert_non_null(strstr(all.filesystem[0].reason, "nothing in it"));
	assert_string_equal(all.filesystem[1].reason, "");
	assert_int_equal(all.filesystem[1].n_ranges, 1);
}

/* ---- The file ---- */

static uint8_t file[FACTS_FILE_BYTES + 1];

static int open_facts(struct state_reader *r)
{
	long n = sys_read_all(FACTS_PATH, file, sizeof(file));

	assert_int_equal(n, FACTS_FILE_BYTES);
	return facts_open(file, (size_t)n, r);
}

TEST(armed_and_disarmed)
{
	static struct memory_range memory[8];
	struct state_reader r;
	char full[SYS_PATH_MAX];
	struct stat before, after;
	struct facts f;
	uint32_t n;

	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH, "facts=" FACTS_PATH "\n");
	machine_has("/boot/grub/custom.cfg", "\t\tif [ -f \"$prefix/torpor/facts\" ]; then\n"
					     "\t\t\tmodule2 \"$prefix/torpor/facts\" facts\n"
					     "\t\tfi\n");
	assert_int_equal(open_facts(&r), IMG_ERR_NOT_FOUND);
	assert_true(sys_path(full, FACTS_PATH));
	assert_int_equal(stat(full, &before), 0);
	assert_true(before.st_blocks * 512 >= FACTS_FILE_BYTES);
	assert_int_equal(before.st_mode & 0777, 0600); /* where the kernel is, is in it */

	assert_int_equal(machine_run("arm"), STATUS_OK);
	assert_int_equal(open_facts(&r), 0);
	assert_int_equal(state_get(&r, &facts_desc, &f, 1, &n), 0);
	assert_int_equal(f.boot_id_phys, BOOT_ID_PHYS);
	assert_true(f.written > 1700000000);
	assert_int_equal(state_get(&r, &saved_memory_desc, memory, 8, &n), 0);
	assert_int_equal(n, 4);
	machine_has("/boot/grub/grubenv", "next_entry=torpor");
	assert_int_equal(stat(full, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino); /* in its place */

	assert_int_equal(machine_run("disarm"), STATUS_OK);
	assert_int_equal(open_facts(&r), IMG_ERR_NOT_FOUND);
	assert_int_equal(stat(full, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(machine_run("arm -v"), STATUS_OK);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(open_facts(&r), IMG_ERR_NOT_FOUND);
	assert_int_equal(machine_run("arm"), STATUS_OK);
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_false(sys_exists("/boot/grub/torpor"));
}

/* What the kernel has begun to write when arm is killed. */
TEST(half_written)
{
	static uint8_t facts[FACTS_FILE_BYTES], none[FACTS_FILE_BYTES], mixed[FACTS_FILE_BYTES];
	struct state_reader r;
	size_t used;

	collect();
	assert_true(facts_encode(&all, facts));
	used = sizeof(struct facts_head) + ((struct facts_head *)(void *)facts)->bytes;
	assert_int_equal(facts_seal(none, 0), 0);
	for (size_t n = 1; n < used; n++) {
		memcpy(mixed, facts, n);
		memcpy(mixed + n, none + n, sizeof(mixed) - n);
		if (memcmp(mixed, facts, sizeof(mixed)) && memcmp(mixed, none, sizeof(mixed)))
			assert_true(facts_open(mixed, sizeof(mixed), &r) != 0);
		memcpy(mixed, none, n);
		memcpy(mixed + n, facts + n, sizeof(mixed) - n);
		if (memcmp(mixed, facts, sizeof(mixed)))
			assert_true(facts_open(mixed, sizeof(mixed), &r) != 0);
	}
}

/* Facts cannot be written: armed all the same, for the kernel's own rule. */
TEST(no_place)
{
	assert_int_equal(machine_run("setup"), STATUS_OK);
	tree_remove(FACTS_PATH);
	assert_int_equal(machine_run("arm"), STATUS_OK);
	assert_complaint("run torpor setup again");
	assert_false(sys_exists(FACTS_PATH)); /* a new file would have no place that is known */
	machine_has("/boot/grub/grubenv", "next_entry=torpor");
	assert_int_equal(machine_run("disarm"), STATUS_OK);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_true(sys_exists(FACTS_PATH));
	tree_file(FACTS_PATH, "short");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	assert_complaint("another size");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("arm"), STATUS_OK);
	assert_int_equal(open_facts(&(struct state_reader){0}), 0);
}

TEST(refused_after_kexec)
{
	static struct setup_record record;
	struct state_reader r;

	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("arm"), STATUS_OK);
	boot_zero_page[0x210] = 0xd0;
	boot_params();
	assert_int_equal(machine_run("arm"), STATUS_OK); /* with the firmware's map it may */
	boot_zero_page[0x2d1] = 4;                       /* the first range begins at 0x400 */
	boot_params();
	tree_remove("/proc/kcore");
	assert_int_equal(record_load(&record), 1);
	assert_int_equal(facts_arm(&record, FACTS_SHORT), -1);
	assert_complaint("kexec started this kernel");
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	assert_complaint("the next boot is an ordinary one");
	assert_int_equal(open_facts(&r), IMG_ERR_NOT_FOUND);
	machine_has_not("/boot/grub/grubenv", "next_entry");
	boot_zero_page[0x210] = 0x72;
	boot_params();
	assert_int_equal(machine_run("arm"), STATUS_OK);
}

/* ---- Other ways in ---- */

static void efi_machine(void)
{
	tree_folder("/sys/firmware/efi");
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	strcpy(efi_text, "BootCurrent: 0001\nBootOrder: 0001\n"
			 "Boot0001* debian\tHD(1)/File(\\EFI\\debian\\shimx64.efi)\n");
	efi_after = "BootCurrent: 0001\nBootOrder: 0002,0001\n"
		    "Boot0001* debian\tHD(1)/File(\\EFI\\debian\\shimx64.efi)\n"
		    "Boot0002* Torpor resume\tHD(1)/File(\\EFI\\torpor\\torpor.efi)\n";
	machine_root_mount("vfat");
}

TEST(by_efi_entry)
{
	efi_machine();
	assert_int_equal(machine_run("setup --efi-entry"), STATUS_OK);
	machine_has(RECORD_PATH, "facts=/boot/EFI/torpor/facts\n");
	machine_has("/usr/lib/systemd/system-sleep/torpor", "exec '/usr/bin/torpor' arm");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	machine_has("/boot/EFI/torpor/facts", "Tfacts1");
	assert_true(sys_read_all("/boot/EFI/torpor/facts", file, sizeof(file)) == FACTS_FILE_BYTES);
	assert_int_equal(facts_open(file, FACTS_FILE_BYTES, &(struct state_reader){0}), 0);
	machine_has_not("/boot/grub/grubenv", "next_entry");
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_false(sys_exists("/boot/EFI"));
	assert_false(sys_exists("/usr/lib/systemd/system-sleep"));
}

static void refusal_is(const char *wanted)
{
	struct state_reader r;
	struct facts f;
	uint32_t n;

	assert_true(sys_read_all("/boot/EFI/torpor/facts", file, sizeof(file)) == FACTS_FILE_BYTES);
	assert_int_equal(facts_open(file, FACTS_FILE_BYTES, &r), 0);
	assert_int_equal(state_get(&r, &facts_desc, &f, 1, &n), 0);
	if (!strstr(f.refusal, wanted) || !*f.refusal != !*wanted)
		fail_msg("'%s' is not in '%s'", wanted, f.refusal);
	assert_int_equal(f.boot_id_phys, BOOT_ID_PHYS);
	assert_int_equal(f.jump_address, BOOT_JUMP);
}

/* The firmware starts the loader all the same; it has to be told. */
TEST(refused_by_efi_entry)
{
	efi_machine();
	assert_int_equal(machine_run("setup --efi-entry"), STATUS_OK);
	assert_int_equal(machine_run("arm"), STATUS_OK);
	refusal_is("");
	/* Another swap area, as under GRUB. */
	tree_file("/sys/power/resume", "254:9\n");
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	assert_complaint("the loader is told not to resume this boot");
	refusal_is("254:9");
	tree_remove("/sys/power/resume");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	refusal_is("");
	/* Memory that is not saved. */
	tree_bytes("/sys/firmware/acpi/bgrt/image", (uint8_t[64]){0}, 64);
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	refusal_is("where the firmware's boot logo was");
	/* Nothing that the loader would believe: then it has nothing at all. */
	tree_remove("/proc/kcore");
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	assert_complaint("the loader is told nothing of this boot");
	assert_true(sys_read_all("/boot/EFI/torpor/facts", file, sizeof(file)) == FACTS_FILE_BYTES);
	assert_int_equal(
		facts_open(file, FACTS_FILE_BYTES, &(struct state_reader){0}), IMG_ERR_NOT_FOUND);
	assert_int_equal(machine_run("disarm"), STATUS_OK);
}

/* A DSDT out of an initrd: saved with the firmware's NVS, where that is saved. */
TEST(tables_of_an_initrd)
{
	static const char tables[] = "00100000-0fffffff : System RAM\n"
				     "10000000-1000ffff : ACPI Non-volatile Storage\n"
				     "10010000-1ffdffff : System RAM\n";

	assert_int_equal(machine_run("setup"), STATUS_OK);
	tree_file("/sys/power/disk", "platform [shutdown] reboot suspend test_resume\n");
	assert_int_equal(
		machine_run("arm"), STATUS_OK); /* those of the firmware are where it says */
	boot_iomem(
		"00100000-1ffdffff : System RAM\n"
		"f0000000-f000ffff : ACPI Tables\n"); /* memmap=64K#0xf0000000, where no RAM is */
	assert_int_equal(machine_run("arm"), STATUS_OK);
	boot_iomem(tables);
	assert_int_equal(machine_run("arm"), STATUS_FAILED);
	machine_has_not("/boot/grub/grubenv", "next_entry=torpor");
	tree_file("/sys/power/disk", "[platform] shutdown reboot suspend test_resume\n");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	all_there();
	assert_int_equal(all.n_kept, 2);
	kept_is(1, 0x10000000, 0x10010000);
}

/* GRUB under UEFI: the loader is chainloaded, and reads the ESP. */
TEST(by_grub_on_efi)
{
	efi_machine();
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has(RECORD_PATH, "how=grub\n");
	machine_has(RECORD_PATH, "facts=/boot/EFI/torpor/facts\n");
	assert_int_equal(machine_run("arm"), STATUS_OK);
	machine_has("/boot/grub/grubenv", "next_entry=torpor");
	/* Without an ESP there are none. */
	machine_root_mount("ext4");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	machine_has_not(RECORD_PATH, "facts=");
	assert_false(sys_exists("/boot/EFI/torpor/facts"));
	assert_int_equal(machine_run("arm"), STATUS_OK);
	assert_complaint("setup made no file for them");
	assert_int_equal(machine_run("disarm"), STATUS_OK);
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_false(sys_exists("/var"));
	assert_false(sys_exists("/boot/EFI"));
}

/* ---- status, facts ---- */

TEST(status)
{
	static struct setup_record record;
	char text[FACTS_STATUS_BYTES];

	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(record_load(&record), 1);
	assert_true(facts_status(&record, text));
	assert_string_equal(text, "complete, for " FACTS_PATH);
	tree_remove("/proc/kcore");
	assert_false(facts_status(&record, text));
	assert_non_null(strstr(text, "3 not known: memory map"));
	tree_remove(FACTS_PATH);
	assert_false(facts_status(&record, text));
	assert_non_null(strstr(text, FACTS_PATH ": No such file"));
}

TEST(shown)
{
	static struct all_facts none_set_up;
	char *words[] = {"facts", NULL, NULL, NULL};

	assert_int_equal(facts_main(1, words), STATUS_OK);
	collect_swap(&none_set_up, "", 0);
	assert_string_equal(none_set_up.missing[0], "swap area's UUID: no swap area is set up");
	words[1] = "/none";
	assert_int_equal(facts_main(2, words), STATUS_MISSING);
	assert_complaint("cannot read /none");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	words[1] = FACTS_PATH;
	assert_int_equal(facts_main(2, words), STATUS_OK);
	assert_int_equal(machine_run("arm"), STATUS_OK);
	assert_int_equal(facts_main(2, words), STATUS_OK);
	words[1] = "/boot/grub/grub.cfg";
	assert_int_equal(facts_main(2, words), STATUS_DAMAGED);
	words[1] = "-x";
	assert_int_equal(facts_main(2, words), STATUS_USAGE);
	assert_int_equal(facts_main(3, words), STATUS_USAGE);
}

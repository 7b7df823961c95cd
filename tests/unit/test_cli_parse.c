/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proc_text.c: what the kernel's files say, and what is not taken for it. */
#include "test.h"

#include <string.h>

#include "area.h"
#include "proc_text.h"

TEST(spans)
{
	struct span a = {0x1000, 0x3000};
	static const struct {
		struct span b;
		bool overlap;
	} cases[] = {{{0, 0x1000}, false}, {{0x3000, 0x4000}, false}, {{0, 0x1001}, true},
		{{0x2fff, 0x4000}, true}, {{0x1800, 0x1900}, true}, {{0, 0x9000}, true}};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(spans_overlap(&a, &cases[i].b), cases[i].overlap);

	static const struct memory_range map[] = {{0x1000, 0x9f000, MEMORY_RAM, 0},
		{0x9f000, 0x100000, MEMORY_RESERVED, 0}, {0x100000, 0x400000, MEMORY_RAM, 0},
		{0x400000, 0x800000, MEMORY_RAM, 0}, {0x800000, 0x900000, MEMORY_NVS, 0}};
	assert_true(span_is_ram(&(struct span){0x200000, 0x600000}, map, 5));
	assert_true(span_is_ram(&(struct span){0x400000, 0x800000}, map, 5));
	assert_false(span_is_ram(&(struct span){0x600000, 0x800001}, map, 5));
	assert_false(span_is_ram(&(struct span){0, 0x2000}, map, 5));
	assert_false(span_is_ram(&(struct span){0x9e000, 0x101000}, map, 5));
	assert_false(span_is_ram(&(struct span){0x2000, 0x2000}, map, 5));
	assert_false(span_is_ram(&(struct span){0x2000, 0x3000}, map, 0));
}

TEST(iomem)
{
	struct span s;
	const char *name;
	assert_true(iomem_line("  01000000-01e02537 : Kernel code\n", &s, &name));
	assert_int_equal(s.start, 0x1000000);
	assert_int_equal(s.end, 0x1e02538);
	assert_string_equal(name, "Kernel code\n");
	assert_true(iomem_line("100000000-13fffffff : System RAM", &s, &name));
	assert_int_equal(s.start, 0x100000000);
	static const char *const bad[] = {"", "  00000000-00000000 : Kernel code", "1000-fff : x",
		"1000-2000", "1000-2000: x", "-1000 : x", "1000--2000 : x", "zzzz-ffff : x",
		"1000-ffffffffffffffff : x", "1000-fffffffffffffffffff : x"};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(iomem_line(bad[i], &s, &name));
}

TEST(kallsyms)
{
	assert_int_equal(kallsyms_line("ffffffff82c0b0a0 B saved_context\n", "saved_context"),
		0xffffffff82c0b0a0);
	assert_int_equal(kallsyms_line("ffffffff82c0b0a0 B saved_context", "saved_context"),
		0xffffffff82c0b0a0);
	assert_int_equal(kallsyms_line("ffffffff82c0b0a0 B saved_context2\n", "saved_context"), 0);
	assert_int_equal(kallsyms_line("ffffffff82c0b0a0 B saved\n", "saved_context"), 0);
	assert_int_equal(kallsyms_line("0000000000000000 B saved_context\n", "saved_context"), 0);
	assert_int_equal(kallsyms_line("", "saved_context"), 0);
	assert_int_equal(kallsyms_line("ffff", "saved_context"), 0);
	assert_int_equal(kallsyms_line("ffff ", "saved_context"), 0);
	assert_int_equal(kallsyms_line("ffff B", "saved_context"), 0);
	assert_int_equal(kallsyms_line("ffff t _text\t[mod]\n", "_text"), 0xffff);
}

TEST(memory_types)
{
	assert_int_equal(memory_type_of("System RAM"), MEMORY_RAM);
	assert_int_equal(memory_type_of("ACPI Tables"), MEMORY_ACPI);
	assert_int_equal(memory_type_of("ACPI Non-volatile Storage"), MEMORY_NVS);
	assert_int_equal(memory_type_of("Unusable memory"), MEMORY_BAD);
	assert_int_equal(memory_type_of("Reserved"), MEMORY_RESERVED);
	assert_int_equal(memory_type_of("Soft Reserved"), MEMORY_RESERVED);
	assert_int_equal(memory_type_of("Persistent Memory"), MEMORY_RESERVED);
	assert_int_equal(memory_type_of(""), MEMORY_RESERVED);
}

TEST(vmcoreinfo)
{
	uint64_t phys;
	uint32_t bytes;
	assert_true(vmcoreinfo_place("0x00000000363a2000 1024", &phys, &bytes));
	assert_int_equal(phys, 0x363a2000);
	assert_int_equal(bytes, 0x1024);
	assert_true(vmcoreinfo_place("363a2000 1000", &phys, &bytes));
	assert_false(vmcoreinfo_place("0x0 1000", &phys, &bytes));
	assert_false(vmcoreinfo_place("0x1000", &phys, &bytes));
	assert_false(vmcoreinfo_place("0x1000 0", &phys, &bytes));
	assert_false(vmcoreinfo_place("0x1000 fffffffff", &phys, &bytes));
	assert_false(vmcoreinfo_place("", &phys, &bytes));
}

TEST(notes)
{
	static const uint8_t data[] = {5, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 'C', 'O', 'R', 'E', 0, 0,
		0, 0, 1, 2, 3, 0, 11, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 'V', 'M', 'C', 'O', 'R', 'E',
		'I', 'N', 'F', 'O', 0, 0, 'A', '=', '1', '\n'};
	const uint8_t *content;
	size_t n;
	assert_true(elf_note(data, sizeof(data), "VMCOREINFO", &content, &n));
	assert_int_equal(n, 4);
	assert_memory_equal(content, "A=1\n", 4);
	assert_true(elf_note(data, sizeof(data), "CORE", &content, &n));
	assert_int_equal(n, 3);
	assert_false(elf_note(data, sizeof(data), "NONE", &content, &n));
	for (size_t cut = 0; cut < sizeof(data); cut++)
		assert_false(elf_note(data, cut, "VMCOREINFO", &content, &n));
	uint8_t lying[sizeof(data)];
	memcpy(lying, data, sizeof(data));
	memset(lying + 4, 0xff, 4); /* content longer than all there is */
	assert_false(elf_note(lying, sizeof(lying), "VMCOREINFO", &content, &n));
	memset(lying, 0xff, 4);
	assert_false(elf_note(lying, sizeof(lying), "VMCOREINFO", &content, &n));
}

TEST(firmware)
{
	assert_int_equal(systab_rsdp("ACPI20=0x7fb7e014\nACPI=0x7fb7e000\nSMBIOS=0x1"), 0x7fb7e014);
	assert_int_equal(systab_rsdp("SMBIOS=0x1\nACPI=0x7fb7e000"), 0x7fb7e000);
	assert_int_equal(systab_rsdp(""), 0);
	assert_int_equal(systab_rsdp("ACPI20="), 0);

	static uint8_t page[4096];
	memcpy(page + 0x70, (uint64_t[]){0xf52a0}, 8);
	assert_int_equal(boot_params_rsdp(page, 4096), 0xf52a0);
	assert_int_equal(boot_params_rsdp(page, 4095), 0);
	assert_int_equal(boot_params_efi_systab(page, 4096), 0);
	memcpy(page + 0x1c0, "EL64\x18\xe0\xb7\x7f", 8);
	memcpy(page + 0x1d8, "\x01\0\0\0", 4);
	assert_int_equal(boot_params_efi_systab(page, 4096), 0x17fb7e018);
	memcpy(page + 0x1c0, "EL32", 4);
	assert_int_equal(boot_params_efi_systab(page, 4096), 0);

	static uint8_t bios[0x1000];
	memcpy(bios + 0x100, "RSD PTR ", 8); /* no checksum */
	bios[0x108] = 1;
	assert_int_equal(rsdp_search(bios, sizeof(bios)), -1);
	memcpy(bios + 0x200, "RSD PTR ", 8);
	for (int i = 0; i < 8; i++)
		bios[0x208] = (uint8_t)(bios[0x208] - bios[0x200 + i]);
	assert_int_equal(rsdp_search(bios, sizeof(bios)), 0x200);
	assert_int_equal(rsdp_search(bios, 0x210), -1);
	assert_int_equal(rsdp_search(bios, 0), -1);
}

TEST(small_texts)
{
	static const char meminfo[] =
		"MemTotal:        1007396 kB\nMemFree:          12 kB\nX: y\n";
	assert_int_equal(meminfo_bytes(meminfo, "MemTotal"), 1007396 * 1024ull);
	assert_int_equal(meminfo_bytes(meminfo, "MemFree"), 12 * 1024);
	assert_int_equal(meminfo_bytes(meminfo, "Mem"), 0);
	assert_int_equal(meminfo_bytes(meminfo, "X"), 0);
	assert_int_equal(meminfo_bytes("", "X"), 0);

	uint64_t flags = 1;
	assert_true(stat_flags("13 (cpuhp/1) S 2 0 0 0 -1 69238848 0 0", &flags));
	assert_int_equal(flags, 69238848);
	assert_true(stat_flags("7 (a) b) c) R 1 7 7 0 -1 4194304", &flags));
	assert_int_equal(flags, 4194304);
	assert_false(stat_flags("7 (sh) R 1 7 7 0 -1", &flags));
	assert_false(stat_flags("7 (sh) R 1 7 7 0 -1 x", &flags));
	assert_false(stat_flags("7 sh R 1 7 7 0 -1 4 4 4", &flags));
	assert_false(stat_flags("", &flags));

	static const char cpuinfo[] = "processor\t: 0\nflags\t\t: fpu tdx_guest sme\nbugs\t\t: x\n"
				      "processor\t: 1\nflags\t\t: fpu other\n";
	assert_true(cpuinfo_has_flag(cpuinfo, "tdx_guest"));
	assert_true(cpuinfo_has_flag(cpuinfo, "fpu"));
	assert_true(cpuinfo_has_flag(cpuinfo, "sme"));
	assert_false(cpuinfo_has_flag(cpuinfo, "tdx"));
	assert_false(cpuinfo_has_flag(cpuinfo, "guest"));
	assert_false(cpuinfo_has_flag(cpuinfo, "other"));
	assert_false(cpuinfo_has_flag(cpuinfo, "x"));
	assert_false(cpuinfo_has_flag("", "fpu"));
	assert_false(cpuinfo_has_flag("flags", "fpu"));
	assert_true(cpuinfo_has_flag("flags : fpu", "fpu"));

	char mode[16];
	assert_true(lockdown_mode("none [integrity] confidentiality", mode, sizeof(mode)));
	assert_string_equal(mode, "integrity");
	assert_true(lockdown_mode("[none] integrity confidentiality", mode, sizeof(mode)));
	assert_string_equal(mode, "none");
	assert_false(lockdown_mode("none integrity", mode, sizeof(mode)));
	assert_false(lockdown_mode("none [integrity", mode, sizeof(mode)));
	assert_false(lockdown_mode("[a mode with a very long name]", mode, sizeof(mode)));
}

TEST(releases)
{
	static const char *const yes[] = {"6.13.0", "6.13.0-rc2", "6.13.0-rc10", "6.13", "6.14.0-x",
		"6.12.5", "6.12.117-amd64", "6.6.66", "6.6.100+", "7.0.0", "7.2.13", "10.1"};
	static const char *const no[] = {"6.13.0-rc1", "6.13.0-rc1+", "6.12.4", "6.12.0-55.el10",
		"6.12", "6.6.65", "6.1.192-torpor", "6.1.0-56-amd64", "6.11.11", "6.7.12", "5.15.0",
		"4.19", "", "x", "6", "6.", "6.12.", "6.x"};
	for (unsigned i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (!release_restores_gdt(yes[i]))
			fail_msg("%s", yes[i]);
	for (unsigned i = 0; i < sizeof(no) / sizeof(*no); i++)
		if (release_restores_gdt(no[i]))
			fail_msg("%s", no[i]);
}

TEST(old_releases)
{
	assert_true(release_is_before("5.10.0-30-amd64", 5, 13));
	assert_true(release_is_before("4.19.0", 5, 13));
	assert_false(release_is_before("5.13.0-rc1", 5, 13));
	assert_false(release_is_before("5.15", 5, 13));
	assert_false(release_is_before("6.1.0", 5, 13));
	assert_false(release_is_before("10.0.0", 5, 13));
	assert_false(release_is_before("5", 5, 13));
	assert_false(release_is_before("", 5, 13));
}

TEST(mounts)
{
	struct mount_line m;
	assert_true(mountinfo_line("36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 "
				   "/dev/ro\\134ot rw,errors=continue\n",
		&m));
	assert_int_equal(m.major, 98);
	assert_int_equal(m.minor, 0);
	assert_string_equal(m.mount_point, "/mnt 2");
	assert_string_equal(m.source, "/dev/ro\\ot");
	assert_true(m.writable);
	/* The file system counts, not this mount of it. */
	assert_true(mountinfo_line("36 35 98:0 / / ro,noatime - ext3 /dev/vda1 rw", &m));
	assert_true(m.writable);
	assert_true(mountinfo_line("36 35 98:0 / / rw - ext3 /dev/vda1 ro,errors=rwx", &m));
	assert_false(m.writable);
	assert_true(mountinfo_line("36 35 98:0 / / rw - ext3 /dev/vda1", &m));
	assert_false(m.writable);
	assert_true(mountinfo_line("1 1 0:2 / / rw - rootfs rootfs rw", &m));
	assert_string_equal(m.source, "rootfs");
	static const char *const bad[] = {"", "36", "36 35", "36 35 98", "36 35 98:0",
		"a b c:d / /", "36 35 98:0 / /mnt rw", "36 35 98:0 / /mnt rw -",
		"x 35 98:0 / / rw - a b c"};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(mountinfo_line(bad[i], &m));
	assert_true(mountinfo_line("1 1 8:1 / / rw - ext4 /dev/a rw,data=journal", &m));
	assert_true(m.journals_data);
	assert_true(mountinfo_line("1 1 8:1 / / rw - ext4 /data=journal rw,data=journalled\n", &m));
	assert_false(m.journals_data);
}

TEST(swaps)
{
	struct swap_line s;
	char line[sizeof(s.name) + 32];

	assert_false(swaps_line("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority", &s));
	assert_true(swaps_line("/dev/vda5   partition\t786428\t\t1024\t\t-2\n", &s));
	assert_int_equal(s.priority, -2);
	assert_string_equal(s.name, "/dev/vda5");
	assert_false(s.is_file);
	assert_int_equal(s.bytes, 786428ull << 10);
	assert_int_equal(s.used_bytes, 1024 << 10);
	assert_true(swaps_line("/swap\\040file file\t4\t0\t-2\n", &s));
	assert_string_equal(s.name, "/swap file");
	assert_true(s.is_file);
	assert_false(swaps_line("/a fil 4 0 -2", &s));
	assert_false(swaps_line("/a file 4", &s));
	assert_false(swaps_line("/a", &s));
	assert_true(swaps_line("/a\\04 file 4 0", &s));
	assert_int_equal(s.priority, 0);
	assert_string_equal(s.name, "/a\\04");
	assert_false(swaps_line("", &s));
	/* One that would have to be cut is another one. */
	memset(line, 'a', sizeof(line));
	line[0] = '/';
	strcpy(line + sizeof(s.name) - 2, " file 4 0 -2");
	assert_true(swaps_line(line, &s));
	line[sizeof(s.name) - 2] = 'a';
	strcpy(line + sizeof(s.name) - 1, " file 4 0 -2");
	assert_false(swaps_line(line, &s));
}

TEST(pci)
{
	uint32_t a;
	size_t n;
	static const char path[] = "/sys/devices/pci0000:00/0000:00:1d.0/0001:3b:02.7/virtio0/x";
	assert_true(pci_address_of(path, &a, &n));
	assert_int_equal(a, 1 << 16 | 0x3b << 8 | 2 << 3 | 7);
	assert_memory_equal(path + n, "/virtio0", 8);
	assert_true(pci_address_of("0000:00:03.0", &a, &n));
	assert_int_equal(n, 12);
	static const char *const bad[] = {"", "/", "/sys/devices/pci0000:00/virtio0",
		"/sys/devices/virtual/block/loop0", "/x/10000:01:00.0/y", "/x/0000:00:20.0/y",
		"/x/0000:00:03.8", "/x/0000:00:03.0a"};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(pci_address_of(bad[i], &a, &n));
}

TEST(guids)
{
	static const uint8_t disk[16] = {0x6d, 0x7f, 0xb7, 0x3e, 0xf9, 0x87, 0x1a, 0x41, 0x85, 0x28,
		0x77, 0xd5, 0x67, 0xbb, 0x20, 0x3a};
	uint8_t g[16];
	assert_true(guid_of_text(AREA_TYPE_GUID, g));
	assert_memory_equal(g, disk, 16);
	assert_false(guid_of_text("", g));
	assert_false(guid_of_text("3eb77f6d-02", g));
	assert_false(guid_of_text("3eb77f6d-87f9-411a-8528-77d567bb203", g));
	assert_false(guid_of_text("3eb77f6d-87f9-411a-8528-77d567bb203g", g));
	assert_false(guid_of_text("3eb77f6d087f9-411a-8528-77d567bb203a", g));
	assert_false(guid_of_text("3eb77f6d-87f9-411a-8528-77d567bb203a0", g));
}

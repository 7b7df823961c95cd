/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What arm collects comes from a dozen places that must agree: here a whole machine agrees, and
 * a test breaks one thing.
 */
#include "cli_boot.h"

#include <elf.h>
#include <string.h>

uint8_t boot_text[BOOT_TEXT_BYTES], boot_ram[BOOT_RAM_BYTES], boot_zero_page[4096];
int64_t boot_phys_base;
const char *boot_note;

#define TEXT_VA 0xffffffff81000000ull
#define RAM_VA  0xffff888003c00000ull
#define AT_E820 0x100
#define AT_ACPI 0x200
#define NOTE_AT 0x200
#define TEXT_AT 0x1000
#define RAM_AT  (TEXT_AT + BOOT_TEXT_BYTES)

/* ---- The memory map ---- */

static const struct {
	uint64_t start, size;
	uint32_t type;
} map[] = {
	{0, 0x9fc00, 1}, {0x9fc00, 0x400, 2}, {0x100000, 0x1fee0000, 1}, {0x1ffe0000, 0x20000, 3}};

static void put_map(uint8_t *p)
{
	for (size_t i = 0; i < 4; i++, p += 20) {
		memcpy(p, &map[i].start, 8);
		memcpy(p + 8, &map[i].size, 8);
		memcpy(p + 16, &map[i].type, 4);
	}
}

void boot_params(void)
{
	tree_bytes("/sys/kernel/boot_params/data", boot_zero_page, sizeof(boot_zero_page));
}

/* ---- ACPI ---- */

static const struct {
	const char *signature, *file;
	uint64_t phys;
	uint32_t bytes;
} tables[] = {
	{"FACP", "FACP", 0x1ffe1a00, 148}, {"FACS", "FACS", 0x1ffe0000, 64},
	{"DSDT", "DSDT", 0x1ffe0040, 60}, {"SSDT", "SSDT1", 0x1ffe1b60, 43},
	{"APIC", "APIC", 0x1ffe1c00, 52}, {"SSDT", "SSDT2", 0x1ffe1d00, 44},
	{"MCFG", "MCFG", 0x1ffe1e00, 60}, {"SSDT", NULL, 0x3a12000, 99}, /* out of an initrd */
	{"SSDT", NULL, 0xffff888003c12000ull, 99},                       /* loaded by AML */
};
#define N_TABLES (sizeof(tables) / sizeof(*tables))

static void table_file(size_t i)
{
	uint8_t content[256] = {0};
	char path[128];

	memcpy(content, tables[i].signature, 4);
	content[40] = (uint8_t)i;
	if (!strcmp(tables[i].signature, "FACP")) {
		memcpy(content + 36, (uint32_t[]){0x1ffe0000, 0x1ffe0040}, 8);
		memcpy(content + 140, (uint64_t[]){0x1ffe0040}, 8);
	}
	if (!strcmp(tables[i].signature, "APIC"))
		memcpy(content + 44, (uint8_t[]){0, 8, 0, 0, 1}, 5);
	if (!strcmp(tables[i].signature, "FACS"))
		memcpy(content + 8, (uint32_t[]){0xfac5}, 4);
	snprintf(path, sizeof(path), "/sys/firmware/acpi/tables/%s", tables[i].file);
	tree_bytes(path, content, tables[i].bytes);
}

static void acpi_files(void)
{
	char log[2048] = "12,1,1,-;ACPI: XXXX 0x0000000000001000 000040 (v00)\n";

	for (size_t i = 0; i < N_TABLES; i++) {
		uint8_t *d = boot_ram + BOOT_RAM_DESCS + i * 32;

		memcpy(d, &tables[i].phys, 8);
		memcpy(d + 16, &tables[i].bytes, 4);
		memcpy(d + 20, tables[i].signature, 4);
		if (tables[i].file)
			table_file(i);
		snprintf(log + strlen(log), sizeof(log) - strlen(log),
			"6,%zu,4000,-;ACPI: %s 0x%016llX %06X (v02 BOCHS  X)\n SUBSYSTEM=x\n", i,
			tables[i].signature, (unsigned long long)tables[i].phys, tables[i].bytes);
	}
	tree_file("/dev/kmsg", log);
}

/* ---- The kernel ---- */

static size_t put_note(uint8_t *p)
{
	char text[128];
	uint32_t head[3] = {11, 0, 0};

	snprintf(text, sizeof(text), "OSRELEASE=6.1\nNUMBER(phys_base)=%lld\n%s",
		(long long)boot_phys_base, boot_note);
	head[1] = (uint32_t)strlen(text);
	memcpy(p, head, 12);
	memcpy(p + 12, "VMCOREINFO\0", 12);
	memcpy(p + 24, text, strlen(text));
	return (24 + strlen(text) + 3) & ~(size_t)3;
}

void boot_kcore(void)
{
	static uint8_t file[RAM_AT + BOOT_RAM_BYTES];
	Elf64_Ehdr h = {.e_phoff = sizeof(h), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3};
	Elf64_Phdr p[3] = {
		{.p_type = PT_NOTE, .p_offset = NOTE_AT},
		{.p_type = PT_LOAD,
			.p_offset = TEXT_AT,
			.p_vaddr = TEXT_VA,
			.p_paddr = 0x2e000000,
			.p_filesz = BOOT_TEXT_BYTES},
		{.p_type = PT_LOAD,
			.p_offset = RAM_AT,
			.p_vaddr = RAM_VA,
			.p_paddr = 0x3c00000,
			.p_filesz = BOOT_RAM_BYTES},
	};

	memset(file, 0, sizeof(file));
	p[0].p_filesz = put_note(file + NOTE_AT);
	memcpy(h.e_ident, ELFMAG, SELFMAG);
	memcpy(file, &h, sizeof(h));
	memcpy(file + sizeof(h), p, sizeof(p));
	memcpy(file + TEXT_AT, boot_text, sizeof(boot_text));
	memcpy(file + RAM_AT, boot_ram, sizeof(boot_ram));
	tree_bytes("/proc/kcore", file, sizeof(file));
}

/* Of a kernel that has all of the firmware's RAM; whole frames of it, as it counts. */
void boot_iomem(const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"00000000-00000fff : Reserved\n"
		"00001000-0009fbff : System RAM\n"
		"0009fc00-0009ffff : Reserved\n"
		"000a0000-000bffff : PCI Bus 0000:00\n"
		"%s"
		"1ffe0000-1fffffff : ACPI Tables\n"
		"febfe000-febfffff : 0000:00:03.0\n",
		more ? more : "00100000-1ffdffff : System RAM\n");
	tree_file("/proc/iomem", text);
}

static void kernel_files(void)
{
	static const uint8_t id[16] = {0x0c, 0x0f, 0xfe, 0xe0, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc,
		0xde, 0xf0, 0x12, 0x34, 0x56, 0x78};
	uint64_t root[3] = {RAM_VA + BOOT_RAM_DESCS, N_TABLES | 16ull << 32, 3};

	memcpy(boot_text + AT_E820, &(uint64_t){RAM_VA + BOOT_RAM_E820}, 8);
	memcpy(boot_text + AT_ACPI, root, sizeof(root));
	memcpy(boot_text + BOOT_TEXT_ID, id, sizeof(id));
	boot_kcore();
	tree_file("/proc/sys/kernel/random/boot_id", BOOT_ID_TEXT "\n");
	tree_file("/proc/cpuinfo",
		"processor\t: 0\nflags\t\t: fpu pse pae mce pge fxsr sse xsave smep la57 "
		"pku smapper\n");
	tree_file("/proc/kallsyms", "ffffffff81000000 T _text\n"
				    "ffffffff81000100 D e820_table_firmware\n"
				    "ffffffff81000200 B acpi_gbl_root_table_list\n"
				    "ffffffff81000300 b sysctl_bootid\n"
				    "ffffffff81001010 T restore_registers\n"
				    "ffffffffc0001010 t restore_registers\t[other]\n");
}

/* ---- All of it ---- */

static void disk_files(void)
{
	static uint8_t start[8192];

	memset(start, 0, sizeof(start));
	memcpy(start + 4086, "SWAPSPACE2", 10);
	memset(start + 0x40c, 0x5a, 16);
	tree_bytes("/dev/vda2", start, sizeof(start));
	memset(start, 0x11, sizeof(start));
	tree_bytes("/dev/vda1", start, sizeof(start));
}

void boot_files(void)
{
	memset(boot_text, 0, sizeof(boot_text));
	memset(boot_ram, 0, sizeof(boot_ram));
	memset(boot_zero_page, 0, sizeof(boot_zero_page));
	boot_phys_base = 0x2d000000;
	boot_note = "";
	boot_zero_page[0x1e8] = 4;
	boot_zero_page[0x210] = 0x72; /* GRUB */
	put_map(boot_zero_page + 0x2d0);
	memcpy(boot_zero_page + 0x70, (uint64_t[]){BOOT_RSDP}, 8);
	boot_params();
	boot_ram[BOOT_RAM_E820] = 4;
	put_map(boot_ram + BOOT_RAM_E820 + 4);
	acpi_files();
	kernel_files();
	boot_iomem(NULL);
	disk_files();
}

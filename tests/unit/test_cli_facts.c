/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine_facts.c and kexec.c on copies of /proc and /sys: a BIOS and an EFI machine, and files that
 * are missing or hold nothing. */
#include "test.h"

#include "cli_tree.h"

#include <elf.h>
#include <string.h>

#include "kexec.h"
#include "machine_facts.h"

FIXTURE(tree_setup, tree_teardown)

static void memmap(const char *n, const char *start, const char *end, const char *type)
{
	static const char *const file[] = {"start", "end", "type"};
	const char *content[] = {start, end, type};
	char path[128];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/sys/firmware/memmap/%s/%s", n, file[i]);
		tree_file(path, content[i]);
	}
}

#define IOMEM                                                                                      \
	"00000000-00000fff : Reserved\n"                                                           \
	"00001000-0009fbff : System RAM\n"                                                         \
	"00100000-3ffdbfff : System RAM\n"                                                         \
	"  1a400000-1b001fff : Kernel code\n"                                                      \
	"  1b200000-1b5bdfff : Kernel rodata\n"                                                    \
	"  1b600000-1b7b5b7f : Kernel data\n"                                                      \
	"  1bb13000-1bdfffff : Kernel bss\n"                                                       \
	"  2f000000-36ffffff : Crash kernel\n"                                                     \
	"3ffdc000-3fffffff : Reserved\n"

/* As SeaBIOS and Linux 6.1 show a machine of 1 GiB. */
static void bios_machine(void)
{
	memmap("0", "0x0\n", "0x9fbff\n", "System RAM\n");
	memmap("1", "0x9fc00\n", "0x9ffff\n", "Reserved\n");
	memmap("2", "0xf0000\n", "0xfffff\n", "Reserved\n");
	memmap("10", "0x3ffdc000\n", "0x3fffffff\n", "Reserved\n");
	memmap("3", "0x100000\n", "0x2fffffff\n", "System RAM\n");
	memmap("4", "0x30000000\n", "0x3ffdbfff\n", "System RAM\n");
	tree_file("/proc/iomem", IOMEM);
	tree_file("/proc/kallsyms", "0000000000000000 A fixed_percpu_data\n"
				    "ffffffff9a400000 T _text\n"
				    "ffffffff9a400000 T startup_64\n"
				    "ffffffff9bc0b0a0 B saved_context\n");
	tree_file("/sys/kernel/vmcoreinfo", "0x000000003f3a2000 1024\n");
	tree_file("/sys/kernel/kexec_crash_loaded", "0\n");
}

TEST(bios)
{
	static struct machine_facts f;
	static uint8_t zero_page[4096];

	bios_machine();
	memcpy(zero_page + 0x70, (uint64_t[]){0xf52a0}, 8);
	tree_bytes("/sys/kernel/boot_params/data", zero_page, sizeof(zero_page));
	assert_int_equal(machine_facts_read(&f), 0);
	assert_int_equal(f.n_memory, 5); /* sorted, and two that touch are one */
	assert_int_equal(f.memory[3].start, 0x100000);
	assert_int_equal(f.memory[3].end, 0x3ffdc000);
	assert_int_equal(f.memory[3].type, MEMORY_RAM);
	assert_int_equal(f.memory[4].type, MEMORY_RESERVED);
	assert_int_equal(f.n_kernel, 4);
	assert_int_equal(f.kernel_text, 0x1a400000);
	assert_int_equal(f.kernel[3].end, 0x1be00000);
	assert_int_equal(f.n_reserved, 1);
	assert_int_equal(f.reserved[0].start, 0x2f000000);
	assert_int_equal(f.saved_context, 0x1a400000 + 0x180b0a0);
	assert_int_equal(f.vmcoreinfo, 0x3f3a2000);
	assert_int_equal(f.vmcoreinfo_bytes, 0x1024);
	assert_int_equal(f.rsdp, 0xf52a0);
	assert_int_equal(f.efi_systab, 0);
	assert_true(f.release[0]);

	/* A crash kernel in its reservation: not ours. Symbols hidden: not known. */
	tree_file("/sys/kernel/kexec_crash_loaded", "1\n");
	tree_file("/proc/kallsyms", "0000000000000000 T _text\n0000000000000000 B saved_context\n");
	assert_int_equal(machine_facts_read(&f), 0);
	assert_int_equal(f.n_reserved, 0);
	assert_int_equal(f.saved_context, 0);
	tree_remove("/proc/kallsyms");
	tree_remove("/sys/kernel/vmcoreinfo");
	tree_remove("/sys/kernel/boot_params/data");
	assert_int_equal(machine_facts_read(&f), 0);
	assert_int_equal(f.saved_context, 0);
	assert_int_equal(f.vmcoreinfo, 0);
	assert_int_equal(f.rsdp, 0);
}

/* ---- The map by number ---- */

struct entry {
	uint64_t start, bytes;
	uint32_t type;
} __attribute__((packed));

#define TABLE_VA 0xffff888003c00000ull

/* GRUB on OVMF: types without a name in /sys/firmware/memmap, unsorted, the rest in a setup_data. */
static void numbered_map(void)
{
	static const struct entry handed[] = {{0x100000, 0xff00000, 1}, {0, 0xa0000, 1},
		{0x40200000, 0x1000, 20}, {0x40201000, 0x1000, 2}, {0x40202000, 0x1000, 16},
		{0x40203000, 0x1000, 3}};
	static const struct entry more[] = {{0x10000000, 0x2ffdc000, 1}, {0x3ffdc000, 0x24000, 4}};
	static uint8_t zero_page[4096];

	bios_machine();
	memset(zero_page, 0, sizeof(zero_page));
	zero_page[0x1e8] = 6;
	memcpy(zero_page + 0x2d0, handed, sizeof(handed));
	tree_bytes("/sys/kernel/boot_params/data", zero_page, sizeof(zero_page));
	tree_file("/sys/kernel/boot_params/setup_data/0/type", "0x1\n");
	tree_bytes("/sys/kernel/boot_params/setup_data/0/data", more, sizeof(more));
}

/* The kernel's own table, as /proc/kcore shows it. */
static void kernels_map(const struct entry *e, uint32_t n)
{
	static struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		uint64_t pointer;
		uint32_t n;
		struct entry v[8];
	} __attribute__((packed)) core;

	memset(&core, 0, sizeof(core));
	memcpy(core.header.e_ident, ELFMAG, SELFMAG);
	core.header.e_phoff = sizeof(Elf64_Ehdr);
	core.header.e_phentsize = sizeof(Elf64_Phdr);
	core.header.e_phnum = 1;
	core.segment = (Elf64_Phdr){.p_type = PT_LOAD,
		.p_offset = offsetof(__typeof__(core), pointer),
		.p_vaddr = TABLE_VA,
		.p_filesz = sizeof(core) - offsetof(__typeof__(core), pointer)};
	core.pointer = TABLE_VA + 8;
	core.n = n;
	memcpy(core.v, e, n * sizeof(*e));
	tree_bytes("/proc/kcore", &core, sizeof(core));
	tree_file("/proc/kallsyms", "ffff888003c00000 D e820_table_firmware\n"
				    "ffffffff9a400000 T _text\n");
}

static void has_numbered_map(const struct machine_facts *f)
{
	static const struct memory_range wanted[] = {{0, 0xa0000, MEMORY_RAM, 0},
		{0x100000, 0x3ffdc000, MEMORY_RAM, 0}, {0x3ffdc000, 0x40000000, MEMORY_NVS, 0},
		{0x40200000, 0x40203000, MEMORY_RESERVED, 0},
		{0x40203000, 0x40204000, MEMORY_ACPI, 0}};

	assert_int_equal(f->n_memory, 5);
	assert_memory_equal(f->memory, wanted, sizeof(wanted));
}

TEST(map_by_number)
{
	static const struct entry kept[] = {{0, 0xa0000, 1}, {0x100000, 0x3fedc000, 1},
		{0x3ffdc000, 0x24000, 4}, {0x40200000, 0x1000, 20}, {0x40201000, 0x1000, 2},
		{0x40202000, 0x1000, 16}, {0x40203000, 0x1000, 3}};
	static struct machine_facts f;
	static struct entry other[8];

	numbered_map();
	assert_int_equal(machine_facts_read(&f), 0);
	has_numbered_map(&f);
	kernels_map(kept, 7);
	assert_int_equal(machine_facts_read(&f), 0);
	has_numbered_map(&f);
	tree_remove("/sys/kernel/boot_params/data"); /* one of them does */
	assert_int_equal(machine_facts_read(&f), 0);
	has_numbered_map(&f);
	numbered_map();
	memcpy(other, kept, sizeof(kept));
	other[6].type = 2;
	kernels_map(other, 7);
	assert_int_equal(machine_facts_read(&f), -1);
	assert_complaint("map is not known: the boot loader's and the kernel's own differ");
	/* Neither: the map with names, and that is said. */
	tree_remove("/sys/kernel/boot_params/data");
	tree_remove("/proc/kcore");
	assert_int_equal(machine_facts_read(&f), 0);
	assert_complaint("taken from /sys/firmware/memmap");
	assert_int_equal(f.n_memory, 5);
}

TEST(bios_memory)
{
	static struct machine_facts f;
	static uint8_t mem[0x100000];
	uint8_t *rsdp = mem + 0xf5000;

	bios_machine();
	memcpy(rsdp, "RSD PTR ", 8);
	for (int i = 0; i < 8; i++)
		rsdp[8] = (uint8_t)(rsdp[8] - rsdp[i]);
	tree_bytes("/dev/mem", mem, sizeof(mem));
	assert_int_equal(machine_facts_read(&f), 0);
	assert_int_equal(f.rsdp, 0xf5000);
}

static void runtime(const char *n, const char *type, const char *phys, const char *attribute)
{
	static const char *const file[] = {
		"type", "phys_addr", "attribute", "virt_addr", "num_pages"};
	const char *content[] = {type, phys, attribute, "0xfffffffeff000000\n", "0x10\n"};
	char path[128];

	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "/sys/firmware/efi/runtime-map/%s/%s", n, file[i]);
		tree_file(path, content[i]);
	}
}

TEST(efi)
{
	static struct machine_facts f;
	static uint8_t zero_page[4096];

	bios_machine();
	memcpy(zero_page + 0x1c0, "EL64\x18\xe0\xb7\x3f", 8);
	tree_bytes("/sys/kernel/boot_params/data", zero_page, sizeof(zero_page));
	tree_file("/sys/firmware/efi/runtime", "0x3fb7eb98\n");
	tree_file("/sys/firmware/efi/systab", "ACPI20=0x3fb7e014\nACPI=0x3fb7e000\n");
	runtime("0", "0x6\n", "0x3ff00000\n", "0x800000000000000f\n");
	runtime("1", "0x5\n", "0x3fe00000\n", "0x800000000000000f\n");
	runtime("2", "0x4\n", "0x3fd00000\n", "0x800000000000000f\n"); /* the kernel's */
	runtime("3", "0x7\n", "0x00100000\n", "0xf\n");                /* efi=debug */
	assert_int_equal(machine_facts_read(&f), 0);
	assert_int_equal(f.rsdp, 0x3fb7e014);
	assert_int_equal(f.efi_systab, 0x3fb7e018);
	assert_int_equal(f.efi_runtime, 0x3fb7eb98);
	assert_int_equal(f.n_runtime, 2);
	assert_int_equal(f.runtime[0].phys, 0x3fe00000);
	assert_int_equal(f.runtime[1].type, 6);
	assert_int_equal(f.runtime[1].virt, 0xfffffffeff000000);
	assert_int_equal(f.runtime[1].n_pages, 16);

	tree_file("/sys/firmware/efi/runtime-map/1/num_pages", "many\n");
	assert_int_equal(machine_facts_read(&f), -1);
	assert_complaint("runtime-map/1");
}

/* Firmware that cuts its ranges small: many that are one for the kernel, and one too many that are not. */
TEST(many_runtime_ranges)
{
	static struct machine_facts f;
	char n[16], phys[32], path[128];

	bios_machine();
	tree_file("/sys/firmware/efi/runtime", "0x3fb7eb98\n");
	for (unsigned i = 0; i < 900; i++) {
		snprintf(n, sizeof(n), "%u", i);
		snprintf(phys, sizeof(phys), "0x%x\n", 0x40000000 + i * 0x10000);
		runtime(n, i / 4 % 2 ? "0x5\n" : "0x6\n", phys, "0x800000000000000f\n");
		snprintf(path, sizeof(path), "/sys/firmware/efi/runtime-map/%u/virt_addr", i);
		snprintf(phys, sizeof(phys), "0x%llx\n", 0xffffffff00000000ull + i * 0x10000);
		tree_file(path, phys);
	}
	assert_int_equal(machine_facts_read(&f), 0);
	assert_int_equal(f.n_runtime, 225);
	assert_int_equal(f.runtime[224].phys, 0x40000000 + 896 * 0x10000);
	assert_int_equal(f.runtime[224].n_pages, 64);
	for (unsigned i = 0; i < 32; i++) { /* elsewhere for the kernel */
		snprintf(path, sizeof(path), "/sys/firmware/efi/runtime-map/%u/virt_addr", 4 * i);
		tree_file(path, "0x1000\n");
	}
	assert_int_equal(machine_facts_read(&f), -1);
	assert_complaint("has 257 runtime ranges, of which 256 can be handed over");
}

/* A map of servers and of firmware that cuts its memory small: 1024 by their kind. */
TEST(many_memory_ranges)
{
	static struct machine_facts f;
	static struct entry more[2048];
	uint32_t n = 0;

	numbered_map();
	for (uint32_t i = 0; i < 1019; i++) { /* of each two that touch, both reserved for us */
		more[n++] = (struct entry){0x100000000 + i * 0x4000ull, 0x1000, 20};
		more[n++] = (struct entry){0x100001000 + i * 0x4000ull, 0x1000, 16};
	}
	tree_file("/sys/kernel/boot_params/setup_data/1/type", "0x1\n");
	tree_bytes("/sys/kernel/boot_params/setup_data/1/data", more, n * sizeof(*more));
	assert_int_equal(machine_facts_read(&f), 0);
	assert_int_equal(f.n_memory, 1024);
	more[n++] = (struct entry){0x1000000000, 0x1000, 1};
	tree_bytes("/sys/kernel/boot_params/setup_data/1/data", more, n * sizeof(*more));
	assert_int_equal(machine_facts_read(&f), -1);
	assert_complaint("ranges, of which 1024 can be handed over");
}

TEST(bad_maps)
{
	static struct machine_facts f;

	assert_int_equal(machine_facts_read(&f), -1);
	assert_complaint("nor in /sys/firmware/memmap");
	bios_machine();
	tree_file("/proc/iomem",
		"00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n");
	assert_int_equal(machine_facts_read(&f), -1);
	assert_complaint("/proc/iomem");
	tree_remove("/proc/iomem");
	assert_int_equal(machine_facts_read(&f), -1);
	tree_file("/proc/iomem", IOMEM);
	memmap("5", "0x3fffffff\n", "0x40000fff\n", "System RAM\n");
	assert_int_equal(machine_facts_read(&f), -1);
	assert_complaint("overlap at 0x3fffffff");
	static const char *const bad_end[] = {
		"0x3ffffffe\n", "\n", "x", "0xffffffffffffffff", "-1"};
	for (unsigned i = 0; i < sizeof(bad_end) / sizeof(*bad_end); i++) {
		memmap("5", "0x3fffffff\n", bad_end[i], "System RAM\n");
		assert_int_equal(machine_facts_read(&f), -1);
		assert_complaint("memmap/5");
	}
	memmap("5", "0x40000000\n", "0x4fffffff\n", "");
	assert_int_equal(machine_facts_read(&f), 0);
	char n[16], start[32], end[32];
	for (int i = 6; i < HANDOFF_MEMORY_MAX + 2; i++) {
		snprintf(n, sizeof(n), "%d", i);
		snprintf(start, sizeof(start), "0x%llx", 0x100000000ull + i * 0x10000ull);
		snprintf(end, sizeof(end), "0x%llx", 0x100000fffull + i * 0x10000ull);
		memmap(n, start, end, "Reserved");
	}
	assert_int_equal(machine_facts_read(&f), -1);
	assert_complaint("more than 1024");
}

TEST(kcore)
{
	static struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment[2];
		uint32_t note[3];
		char name[12];
		char text[32];
	} core = {.header = {.e_ident = ELFMAG, .e_phoff = sizeof(Elf64_Ehdr), .e_phnum = 2},
		.segment = {{.p_type = PT_LOAD}, {.p_type = PT_NOTE}},
		.note = {11, 32, 0},
		.name = "VMCOREINFO",
		.text = "OSRELEASE=x\nNUMBER(sme_mask)=0\n"};
	char text[256];

	assert_false(vmcoreinfo_text(text, sizeof(text)));
	core.segment[1].p_offset = offsetof(__typeof__(core), note);
	core.segment[1].p_filesz = sizeof(core) - core.segment[1].p_offset;
	tree_bytes("/proc/kcore", &core, sizeof(core));
	assert_true(vmcoreinfo_text(text, sizeof(text)));
	assert_memory_equal(text, core.text, sizeof(core.text));
	assert_false(vmcoreinfo_text(text, 32)); /* no room for the zero */
	for (size_t cut = 0; cut < sizeof(core); cut += 7) {
		tree_bytes("/proc/kcore", &core, cut);
		assert_false(vmcoreinfo_text(text, sizeof(text)));
	}
}

/* A note of the kernel's, behind two headers. */
static void kcore_note(const char *text)
{
	static struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		uint32_t note[3];
		char name[12], text[128];
	} core;
	core = (__typeof__(core)){
		.header = {.e_ident = ELFMAG, .e_phoff = sizeof(Elf64_Ehdr), .e_phnum = 1},
		.segment = {.p_type = PT_NOTE, .p_offset = offsetof(__typeof__(core), note)},
		.note = {11, (uint32_t)strlen(text), 0},
		.name = "VMCOREINFO"};
	core.segment.p_filesz = sizeof(core) - core.segment.p_offset;
	memcpy(core.text, text, strlen(text));
	tree_bytes("/proc/kcore", &core, sizeof(core));
}

/* What the writer cannot come back from is refused before it is entered. */
TEST(way_back)
{
	static struct machine_facts none, by_note = {.vmcoreinfo = 0x1000},
					  by_symbol = {.saved_context = 0x1000},
					  by_itself = {.restores_gdt = true};
	assert_int_equal(machine_facts_check_way_back(&by_symbol), 0);
	assert_int_equal(machine_facts_check_way_back(&by_itself), 0);
	assert_int_equal(machine_facts_check_way_back(&by_note), -1);
	assert_complaint("swapper_pg_dir");
	kcore_note("SYMBOL(swapper_pg_dir)=ffffffff82a10000\n");
	assert_int_equal(machine_facts_check_way_back(&by_note), -1);
	kcore_note("SYMBOL(swapper_pg_dir)=ffffffff82a10000\nNUMBER(phys_base)=-4194304\n");
	assert_int_equal(machine_facts_check_way_back(&by_note), 0);
	assert_int_equal(machine_facts_check_way_back(&none), -1);
}

/* All that comes before the probe, which only a kernel can answer. */
TEST(kexec_settings)
{
	assert_int_equal(kexec_check(), -1);
	assert_complaint("CONFIG_KEXEC");
	tree_file("/sys/kernel/kexec_loaded", "1\n");
	assert_int_equal(kexec_check(), -1);
	assert_complaint("another kexec image");
	tree_file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	assert_int_equal(kexec_check(), -1);
	assert_complaint("lockdown (integrity)");
	tree_file("/proc/sys/kernel/kexec_load_limit_reboot", "-1\n");
	assert_int_equal(kexec_check(), -1);
	assert_complaint("lockdown (integrity)");
	tree_file("/proc/sys/kernel/kexec_load_limit_reboot", "2\n");
	assert_int_equal(kexec_check(), -1);
	assert_complaint("kexec_load_limit_reboot is 2");
	tree_file("/proc/sys/kernel/kexec_load_disabled", "1\n");
	assert_int_equal(kexec_check(), -1);
	assert_complaint("kexec_load_disabled");
}

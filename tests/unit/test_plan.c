/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image.c and plan.c: an image opened, and judged against machines that are not the one it was
 * saved on. Every refusal names the range or the value.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_ram_disk.h"
#include "find.h"
#include "image.h"
#include "log_text.h"
#include "machine.h"
#include "plan.h"
#include "saved_machine.h"
#include "usable.h"

#define N_SECTORS   2048
#define ARENA_BYTES (8u << 20)

static struct fake_ram_disk disk;
static struct found found;
static struct image im;
static struct arena arena;
static uint8_t *memory;
static struct saved_machine saved;
static struct boot_info bi;
static struct this_cpu cpu;

static void find(void)
{
	struct disks disks = {.dev = {&disk.dev}, .n = 1};
	struct options o = {.area = {.by = PLACE_BY_LBA, .n_sectors = N_SECTORS}};
	void *work = arena_alloc(&arena, FIND_WORK_BYTES, 4096);
	assert_int_equal(find_area(&disks, &o, work, &found), 0);
}

static int open_it(void)
{
	memset(&im, 0xee, sizeof(im));
	arena_init(&arena);
	assert_int_equal(arena_add(&arena, memory, ARENA_BYTES), 0);
	find();
	log_text_start();
	return image_open(&im, &found, &arena);
}

/* The image of this machine, opened. */
static void save_and_open(void)
{
	saved_machine_write_to(&saved, &disk.dev, 0, N_SECTORS);
	assert_int_equal(open_it(), 0);
}

static void setup(void)
{
	fake_machine_reset();
	fake_ram_disk_init(&disk, 512, N_SECTORS);
	memory = aligned_alloc(4096, ARENA_BYTES);
	saved_machine_init(&saved);
	saved_machine_boot_info(&bi);
	cpu = (struct this_cpu){.vendor = "GenuineIntel", .cpuid_1_eax = 0x806e9};
	save_and_open();
}

static void teardown(void)
{
	fake_ram_disk_free(&disk);
	free(memory);
}

FIXTURE(setup, teardown)

static void fits(void)
{
	int err = plan_check(&im, &bi, &cpu);
	if (err) {
		assert_logged("(the reason)");
		fail();
	}
}

static void refused(int wanted, const char *text)
{
	log_text_start();
	assert_int_equal(plan_check(&im, &bi, &cpu), wanted);
	assert_logged(text);
}

/* ---- opening ---- */

TEST(opened)
{
	assert_memory_equal(&im.cpu, &saved.cpu, sizeof(im.cpu));
	assert_int_equal(im.platform.mailbox, SAVED_MAILBOX);
	assert_string_equal(im.platform.kernel_release, "6.1.0-test");
	assert_int_equal(im.ledger.pages, saved.ledger.pages);
	assert_int_equal(im.n_region, 2);
	assert_int_equal(im.region[1].phys, SAVED_REGION_1);
	assert_int_equal(im.n_runtime, 0);
	assert_int_equal(im.memory.type, IMG_PAGES);
	assert_int_equal(im.memory.length, 0x9e + 0xf00 + 0x200 + 0x2a10 + 0x1000);
}

TEST(no_memory)
{
	arena_init(&arena);
	assert_int_equal(arena_add(&arena, memory, FIND_WORK_BYTES + (1u << 20)), 0);
	find();
	assert_int_equal(image_open(&im, &found, &arena), ERR_NO_MEMORY);
	assert_logged("image: no memory to open it");
}

static void damaged_at(uint64_t offset, int wanted, const char *text)
{
	disk.bytes[offset] ^= 1;
	assert_int_equal(open_it(), wanted);
	assert_logged(text);
	disk.bytes[offset] ^= 1;
}

TEST(damaged)
{
	damaged_at(
		found.headers.h.root_offset + 100, IMG_ERR_ROOT, "image: root: root hash at byte");
	damaged_at(IMG_DATA_START + 40, IMG_ERR_DATA, "image: cpu: chunk ");
	disk.bad_lba = found.headers.h.root_offset / 512;
	assert_int_equal(open_it(), ERR_IO);
	assert_logged("image: root: the device reports");
}

TEST(many_region_frames)
{
	for (uint32_t i = 0; i <= BOOT_REGION_MAX; i++)
		saved.region[i].phys = i * (2ull << 20);
	saved.n_region = BOOT_REGION_MAX;
	save_and_open();
	assert_int_equal(im.n_region, BOOT_REGION_MAX);
	saved.n_region = BOOT_REGION_MAX + 1;
	saved_machine_write_to(&saved, &disk.dev, 0, N_SECTORS);
	assert_int_equal(open_it(), IMG_ERR_WORK);
	assert_logged("image: frame: ");
}

/* ---- the same machine ---- */

TEST(same_machine)
{
	fits();
	/* More memory than before, in other pieces, is no harm. */
	bi.memory[6].end = 0x180000000;
	bi.memory[bi.n_memory++] = (struct memory_range){0x200000000, 0x300000000, MEMORY_RAM, 0};
	bi.rsdp = saved.platform.rsdp;
	fits();
	/* What was ACPI table memory may be RAM now. */
	bi.memory[4].type = MEMORY_RAM;
	fits();
}

TEST(frames_that_are_usable)
{
	struct range v[16];
	struct ranges r;
	ranges_init(&r, v, 16);
	assert_int_equal(usable_frames(&bi, &r), 0);
	assert_int_equal(r.n, 3);
	assert_true(r.v[0].start == 1 && r.v[0].end == 0x9f);
	assert_true(r.v[1].start == 0x100 && r.v[1].end == 0x4010);
	assert_true(r.v[2].start == 0x100000 && r.v[2].end == 0x101000);
	/* Parts of frames do not count. */
	bi.memory[6] = (struct memory_range){0x100000001, 0x100002fff, MEMORY_RAM, 0};
	ranges_init(&r, v, 16);
	assert_int_equal(usable_frames(&bi, &r), 0);
	assert_true(r.v[2].start == 0x100001 && r.v[2].end == 0x100002);
	ranges_init(&r, v, 2);
	assert_int_equal(usable_frames(&bi, &r), ERR_NO_MEMORY);
}

/* ---- wrong memory ---- */

TEST(less_memory)
{
	bi.memory[6].end = 0x100f00000;
	refused(ERR_MEMORY_MAP,
		"plan: the image has memory at 0x100f00000-0x101000000, which is a hole here");
	bi.n_memory = 6;
	refused(ERR_MEMORY_MAP, "0x100000000-0x101000000, which is a hole here");
}

/* So much less that mailbox and stack are gone too: still the machine's fault, not the image's. */
TEST(far_less_memory)
{
	bi.memory[3].end = 0x1a00000;
	bi.n_memory = 4;
	refused(ERR_MEMORY_MAP, "plan: the image has memory at 0x1a00000-");
	assert_logged("a hole here");
}

TEST(a_hole)
{
	bi.memory[3].end = 0x2800000;
	bi.memory[bi.n_memory++] = (struct memory_range){0x2805000, 0x4000000, MEMORY_RAM, 0};
	refused(ERR_MEMORY_MAP, "at 0x2800000-0x2805000, which is a hole here");
}

TEST(other_kinds_of_memory)
{
	static const struct {
		uint32_t type;
		const char *text;
	} kinds[] = {
		{MEMORY_RESERVED, "0x2800000-0x2805000, which is reserved here"},
		{MEMORY_NVS, "0x2800000-0x2805000, which is ACPI NVS here"},
		{MEMORY_BAD, "0x2800000-0x2805000, which is bad memory here"},
		{77, "0x2800000-0x2805000, which is reserved here"},
	};
	bi.memory[3].end = 0x2800000;
	bi.memory[bi.n_memory++] = (struct memory_range){0x2805000, 0x4000000, MEMORY_RAM, 0};
	bi.memory[bi.n_memory++] = (struct memory_range){0x2800000, 0x2805000, MEMORY_RESERVED, 0};
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bi.memory[8].type = kinds[i].type;
		refused(ERR_MEMORY_MAP, kinds[i].text);
	}
}

TEST(low_memory_differs)
{
	bi.memory[0].end = 0x9e800; /* a larger EBDA */
	refused(ERR_MEMORY_MAP, "at 0x9e000-0x9f000, which is only partly memory here");
}

/* Frame 0 is never mapped by the loader: writing it would be a fault amid the restore. */
TEST(first_frame)
{
	saved.frames[0].start = 0;
	save_and_open();
	refused(ERR_MEMORY_MAP, "at 0-0x1000, which is the page of the interrupt vectors here");
}

/* Every entry of the map a range of its own. */
TEST(fragmented_memory)
{
	bi.n_memory = BOOT_MEMORY_MAX;
	for (uint32_t i = 0; i < BOOT_MEMORY_MAX; i++)
		bi.memory[i] = (struct memory_range){
			i * (8ull << 20), (i + 1) * (8ull << 20) - 4096, MEMORY_RAM, 0};
	refused(ERR_MEMORY_MAP, "at 0x7ff000-0x800000, which is a hole here");
}

/* ---- the region ---- */

/* The second run reads the image anew: one that names another region has memory where the loader is. */
TEST(memory_where_the_loader_runs)
{
	bi.n_region = 1;
	bi.region[0] = (struct boot_piece){0x2200000, 0x200000};
	assert_int_equal(plan_check(&im, &bi, &cpu), 0); /* the first run */
	bi.moved = 1;
	refused(IMG_ERR_INDEX, "some of it in the region");
	bi.region[0].start = SAVED_REGION_1;
	assert_int_equal(plan_check(&im, &bi, &cpu), 0);
}

TEST(region_is_not_memory)
{
	bi.memory[3].end = SAVED_REGION_1 + 0x1ff000;
	bi.memory[bi.n_memory++] =
		(struct memory_range){SAVED_REGION_1 + 0x200000, 0x4000000, MEMORY_RAM, 0};
	refused(ERR_MEMORY_MAP, "plan: region frame 0x1400000 is not memory now");
}

TEST(region_makes_no_sense)
{
	im.region[1].phys = SAVED_REGION_1 + 4096;
	refused(IMG_ERR_STREAM, "plan: region frame 0x1401000 is no 2 MiB frame");
	im.region[1].phys = 0xffffffffffe00000;
	refused(IMG_ERR_STREAM, "plan: region frame 0xffffffffffe00000 is no 2 MiB frame");
	im.region[1].phys = SAVED_REGION_0;
	refused(IMG_ERR_STREAM, "plan: region frame 0x1000000 is named twice");
	im.n_region = 0;
	refused(IMG_ERR_STREAM, "plan: the image names no region");
}

/* The loader would be overwritten by what it restores. */
TEST(memory_in_the_region)
{
	im.region[1].phys = 0x2200000;
	refused(IMG_ERR_INDEX, "some of it in the region");
	im.region[1].phys = 0x100000000;
	refused(IMG_ERR_INDEX, "some of it in the region");
}

/* ---- where the jump goes ---- */

TEST(stack_outside)
{
	static const uint64_t bad[] = {0, 0x9fff8, 0xfff8, 0x4010000, 0x101000000, SAVED_REGION_0,
		SAVED_REGION_0 - 8, 0x100fffff8, 0x8000000, 1ull << 52, UINT64_MAX,
		UINT64_MAX - 15};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[80];
		if (bad[i] == 0xfff8) /* two good frames */
			continue;
		im.cpu.stack = bad[i];
		snprintf(text, sizeof(text), "plan: the image's stack at %s%llx is not in memory",
			bad[i] ? "0x" : "", (unsigned long long)bad[i]);
		refused(IMG_ERR_STREAM, text);
	}
	im.cpu.stack = 0xfff8;
	fits();
}

TEST(jump_back_outside)
{
	im.cpu.jump_back = SAVED_REGION_1 + 0x800;
	refused(IMG_ERR_STREAM, "plan: the image's jump-back point at 0x1400800 is not in memory");
	im.cpu.jump_back = 0xffffffff81000000; /* a virtual address */
	refused(IMG_ERR_STREAM, "jump-back point at 0xffffffff81000000 is not");
}

TEST(mailbox_outside)
{
	im.platform.mailbox = SAVED_REGION_0;
	refused(IMG_ERR_STREAM, "plan: the image's mailbox at 0x1000000 is not in memory");
	im.platform.mailbox = 0x3ff0000; /* reaches beyond RAM */
	refused(IMG_ERR_STREAM, "plan: the image's mailbox at 0x3ff0000 is not in memory");
	im.platform.mailbox = UINT64_MAX - 4095;
	refused(IMG_ERR_STREAM, "plan: the image's mailbox at 0xfffffffffffff000 is not");
}

/* RAM, but nothing in the image would be put there. */
TEST(places_that_are_not_restored)
{
	saved.frames[4].end = 0x100800;
	save_and_open();
	fits();
	im.cpu.stack = 0x1007ffff0;
	fits();
	im.cpu.stack = 0x1007ffff8; /* reaches into the next frame */
	refused(IMG_ERR_STREAM, "plan: the image's stack at 0x1007ffff8 is not in memory");
}

/* ---- wrong processor ---- */

TEST(other_processor)
{
	cpu.cpuid_1_eax = 0x806ea;
	refused(ERR_CPU,
		"plan: saved on processor GenuineIntel 0x806e9, this one is GenuineIntel 0x806ea");
	cpu.cpuid_1_eax = 0x806e9;
	strcpy(cpu.vendor, "AuthenticAMD");
	refused(ERR_CPU, "this one is AuthenticAMD 0x806e9");
}

TEST(paging_levels)
{
	cpu.five_levels = 1;
	fits();
	im.cpu.cr4 |= 1u << 12;
	fits();
	cpu.five_levels = 0;
	refused(ERR_CPU, "plan: the image has 5-level paging, this processor has not");
}

/* Paging is off while its levels change: there must be RAM below 4 GiB beside the region. */
TEST(paging_levels_need_low_memory)
{
	static const struct {
		uint32_t now;
		int five, kernel_has_five, refused;
	} cases[] = {{4, 1, 0, 0}, {5, 1, 1, 0}, {0, 0, 0, 0}, {4, 1, 1, 1}, {5, 1, 0, 1},
		{0, 1, 0, 1}, {0, 1, 1, 1}};
	bi.n_memory = im.n_region;
	for (uint32_t i = 0; i < im.n_region; i++)
		bi.memory[i] = (struct memory_range){
			im.region[i].phys, im.region[i].phys + 0x200000, MEMORY_RAM, 0};
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cpu.levels = cases[i].now;
		cpu.five_levels = cases[i].five;
		im.cpu.cr4 = (im.cpu.cr4 & ~(1ull << 12)) | (uint64_t)cases[i].kernel_has_five
								    << 12;
		if (cases[i].refused)
			refused(ERR_CPU, "cannot be entered: no RAM below 4 GiB");
		else
			refused(ERR_MEMORY_MAP, "which is a hole here");
	}
}

/* Family, model and stepping are the same; the firmware's setup has turned something off. */
TEST(lost_features)
{
	im.cpu.kernel_cr4 = 0x3726f0;
	im.cpu.xcr0 = 0x207;
	im.cpu.apic_base = 0xfee00d00;
	fits(); /* nothing is known of this one */
	cpu = (struct this_cpu){.vendor = "GenuineIntel",
		.cpuid_1_eax = 0x806e9,
		.cr4_possible = 0x3736f0,
		.xcr0_possible = 0x207,
		.efer_possible = 0xd01,
		.x2apic = 1,
		.abilities_known = 1};
	fits();
	cpu.cr4_possible &= ~(1ull << 13);
	refused(ERR_CPU, "plan: the saved kernel uses VMX (virtualization) (bit 13 of CR4)");
	cpu.cr4_possible |= 1u << 13;
	cpu.xcr0_possible = 7;
	refused(ERR_CPU, "plan: the saved kernel uses protection keys (bit 9 of XCR0)");
	cpu.xcr0_possible = 0x207;
	cpu.efer_possible = 0x501;
	refused(ERR_CPU, "plan: the saved kernel uses NX (bit 11 of EFER)");
	cpu.efer_possible = 0xd01;
	cpu.x2apic = 0;
	refused(ERR_CPU, "plan: the saved kernel has its local APIC in x2APIC mode, which this");
	im.cpu.apic_base = 0xfee00900;
	fits();
	cpu.x2apic = cpu.x2apic_only = 1;
	refused(ERR_CPU, "xAPIC mode, which the firmware does not allow now: turn x2APIC mode off");
	cpu.x2apic_only = 0;
	/* An older writer did not tell. */
	im.cpu.kernel_cr4 = im.cpu.xcr0 = 0;
	cpu.cr4_possible = 0x20;
	cpu.xcr0_possible = 0;
	fits();
}

TEST(long_gpe_blocks)
{
	im.platform.gpe1_bytes = 33;
	refused(IMG_ERR_STREAM, "plan: the image has GPE blocks of 8 and 33 bytes");
}

/* ---- wrong firmware ---- */

static struct tables now;

static void tables_refused(enum strict strict, const char *text)
{
	log_text_start();
	assert_int_equal(plan_check_tables(&im, &now, &cpu, strict), ERR_PLATFORM);
	assert_logged(text);
}

static void tables_fit(enum strict strict)
{
	assert_int_equal(plan_check_tables(&im, &now, &cpu, strict), 0);
}

static void processors_refused(const char *text)
{
	log_text_start();
	assert_int_equal(plan_check_tables(&im, &now, &cpu, STRICT_DEFAULT), ERR_CPU);
	assert_logged(text);
}

/* Settings that were changed while the machine was off. */
TEST(other_settings)
{
	/* They come back as they were written; older images have none. */
	assert_int_equal(im.n_processors + im.n_registers, 0);
	saved.processor[0].apic_id = 0x123;
	saved.n_processors = 1;
	saved.registers[0] = (struct saved_registers){0xfe000000, 0xfe004000};
	saved.n_registers = 1;
	saved.cpu.virtualization = SAVED_SVM;
	save_and_open();
	assert_int_equal(im.n_processors, 1);
	assert_int_equal(im.processor[0].apic_id, 0x123);
	assert_int_equal(im.n_registers, 1);
	assert_int_equal(im.registers[0].end, 0xfe004000);
	assert_int_equal(im.cpu.virtualization, SAVED_SVM);

	static const struct saved_processor ids[] = {{0}, {2}, {4}, {6}};
	memset(&now, 0, sizeof(now));
	now.n_processors = 4;
	now.processor[0] = 0x55;
	memcpy(im.processor, ids, sizeof(ids));
	im.n_processors = 4;
	cpu.abilities_known = 1;
	cpu.cr4_possible = cpu.xcr0_possible = cpu.efer_possible = ~0ull;
	cpu.virtualization = SAVED_VMX;
	im.cpu.virtualization = SAVED_VMX;
	tables_fit(STRICT_DEFAULT);
	cpu.virtualization = 0;
	processors_refused("turn Intel VT-x (VMX) on in the firmware's setup");
	tables_fit(STRICT_OFF);
	im.cpu.virtualization = 0; /* nobody had KVM loaded */
	tables_fit(STRICT_DEFAULT);
	now.processor[0] = 0x57; /* more than before */
	now.n_processors = 5;
	tables_fit(STRICT_DEFAULT);
	now.processor[0] = 0x15;
	now.n_processors = 3;
	processors_refused(
		"plan: saved with 4 processors, 1 of them (APIC ID 6 first) are not enabled now: hyper-threading");
	now.processor[0] = 0x0f; /* as many, but others */
	now.n_processors = 4;
	processors_refused("2 of them (APIC ID 4 first) are not enabled now");
	now.n_processors = 0; /* no tables were found */
	tables_fit(STRICT_DEFAULT);
	im.n_processors = 0;
	now.n_processors = 1;
	tables_fit(STRICT_DEFAULT);

	im.registers[0] = (struct saved_registers){0xe0000000, 0xf0000000};
	im.registers[1] = (struct saved_registers){0x100800000, 0x100900000};
	im.n_registers = 1;
	fits();
	im.n_registers = 2;
	refused(ERR_PLATFORM,
		"PCI devices had registers at 0x100800000-0x100900000, where there is memory now: Above 4G");
	im.registers[1] = (struct saved_registers){0xf0000000, 0x100000001};
	refused(ERR_PLATFORM, "Above 4G");
	im.registers[1] = (struct saved_registers){0xf0000000, 0x100000000};
	fits();
	im.registers[1] = (struct saved_registers){0x400f000, 0x4011000}; /* ACPI tables */
	refused(ERR_PLATFORM, "Above 4G");
}

/* What the writer listed comes back, and is compared with this boot's. */
TEST(other_tables)
{
	tables_fit(STRICT_ON); /* an image without a list, and nothing known of this boot */
	saved.table[0] = (struct saved_table){
		"DSDT", .phys = 0x4000000, .length = 99, .has_hash = 1, .hash = 7};
	saved.table[1] = (struct saved_table){"FACS", .phys = 0x4010000, .length = 64};
	saved.n_tables = 2;
	save_and_open();
	assert_int_equal(im.n_tables, 2);
	tables_fit(STRICT_ON);
	now = (struct tables){.rsdp = 0xf5a40, .n = 2, .table = {saved.table[0], saved.table[1]}};
	tables_fit(STRICT_ON);
	now.table[0].hash = 8;
	tables_refused(STRICT_DEFAULT, "plan: ACPI table DSDT at 0x4000000 has other contents now");
	log_text_start();
	tables_fit(STRICT_OFF);
	assert_logged("plan: strict=0: goes on all the same");
	now.table[0].hash = 7;
	now.table[1].phys += 4096;
	tables_refused(STRICT_ON, "plan: ACPI table FACS was at 0x4010000, is at 0x4011000");
	memset(&now, 0, sizeof(now));
}

TEST(other_facs_signature)
{
	im.platform.facs_signature = 0x1234;
	now = (struct tables){.rsdp = 0xf5a40, .has_facs_signature = 1, .facs_signature = 0x1234};
	tables_fit(STRICT_ON);
	now.facs_signature = 0x1235;
	log_text_start();
	tables_fit(STRICT_DEFAULT);
	assert_logged("plan: the hardware is not what it was: FACS signature was 0x1234");
	tables_refused(STRICT_ON, "FACS signature was 0x1234, is 0x1235");
	cpu.hypervisor = 1;
	tables_refused(STRICT_DEFAULT, "FACS signature was 0x1234, is 0x1235");
	memset(&now, 0, sizeof(now));
}

TEST(bios_and_uefi)
{
	bi.efi_systab = 0x3fee018;
	refused(ERR_PLATFORM, "plan: saved under BIOS, started under UEFI");
	im.platform.efi_systab = 0x3fee018;
	bi.efi_systab = 0;
	refused(ERR_PLATFORM, "plan: saved under UEFI, started under BIOS");
}

TEST(tables_moved)
{
	bi.rsdp = 0xf5a50;
	refused(ERR_PLATFORM, "plan: ACPI tables were at 0xf5a40, are at 0xf5a50");
}

static void uefi_machine(void)
{
	saved.platform.efi_systab = 0x3fee018;
	saved.platform.efi_runtime = 0x3fed018;
	saved.runtime[0] = (struct runtime_range){.phys = 0x5000000, .n_pages = 16, .type = 5};
	saved.runtime[1] = (struct runtime_range){.phys = 0x5100000, .n_pages = 8, .type = 6};
	saved.runtime[2] = (struct runtime_range){.phys = 0x200000, .n_pages = 1, .type = 4};
	saved.n_runtime = 3;
	save_and_open();
	bi.efi_systab = 0x3fee018;
	bi.efi_runtime = 0x3fed018;
	bi.runtime[0] = (struct runtime_range){.phys = 0x5100000, .n_pages = 8, .type = 6};
	bi.runtime[1] = (struct runtime_range){.phys = 0x5000000, .n_pages = 16, .type = 5};
	bi.n_runtime = 2;
}

TEST(runtime_services)
{
	uefi_machine();
	fits();
	bi.efi_runtime = 0x3fed118;
	refused(ERR_PLATFORM, "plan: EFI runtime services were at 0x3fed018, are at 0x3fed118");
	bi.efi_runtime = 0; /* GRUB does not tell */
	fits();
}

TEST(runtime_range_moved)
{
	uefi_machine();
	bi.runtime[1].phys = 0x5001000;
	refused(ERR_PLATFORM,
		"plan: EFI runtime range 0x5000000, 16 pages, type 5, is not there now");
	bi.runtime[1].phys = 0x5000000;
	bi.runtime[1].n_pages = 17; /* the old kernel does not map the last one */
	refused(ERR_PLATFORM,
		"0x5000000, 17 pages, type 5, was not there at the save (at 0x5010000)");
	bi.runtime[1].n_pages = 15;
	refused(ERR_PLATFORM, "0x5000000, 16 pages, type 5, is not there now (at 0x500f000)");
	bi.runtime[1].n_pages = 16;
	bi.runtime[0].type = 5;
	refused(ERR_PLATFORM, "0x5100000, 8 pages, type 6");
	bi.n_runtime = 0;
	refused(ERR_PLATFORM, "0x5000000, 16 pages, type 5");
}

/* Linux joins what touches (efi_merge_regions); another boot's firmware may cut and order otherwise. */
TEST(runtime_ranges_are_sets)
{
	uefi_machine();
	bi.runtime[1] = (struct runtime_range){.phys = 0x500c000, .n_pages = 4, .type = 5};
	bi.runtime[2] = (struct runtime_range){.phys = 0x5000000, .n_pages = 10, .type = 5};
	bi.runtime[3] = (struct runtime_range){.phys = 0x500a000, .n_pages = 2, .type = 5};
	bi.n_runtime = 4;
	fits();
	bi.runtime[3].attribute = 0x800000000000000full; /* cut where the attribute changes */
	fits();
	/* The other way around: the saved ones are in pieces. */
	im.runtime[0] = (struct runtime_range){.phys = 0x5008000, .n_pages = 8, .type = 5};
	im.runtime[3] = (struct runtime_range){.phys = 0x5000000, .n_pages = 8, .type = 5};
	im.n_runtime = 4;
	fits();
	bi.runtime[3].type = 6; /* the middle is of another type */
	refused(ERR_PLATFORM, "0x5000000, 16 pages, type 5, is not there now (at 0x500a000)");
	bi.runtime[3].type = 5;
	bi.runtime[4] = (struct runtime_range){.phys = 0x5200000, .n_pages = 3, .type = 6};
	bi.n_runtime = 5;
	refused(ERR_PLATFORM, "0x5200000, 3 pages, type 6, was not there at the save");
}

/* What Linux reserved for itself moves from boot to boot; registers may. */
TEST(other_runtime_ranges)
{
	uefi_machine();
	im.runtime[3] = (struct runtime_range){.phys = 0xfed00000, .n_pages = 1, .type = 11};
	im.n_runtime = 4;
	log_text_start();
	fits();
	assert_logged("plan: EFI runtime range 0xfed00000, 1 pages, type 11, has moved");
	bi.runtime[2] = (struct runtime_range){.phys = 0xfec00000, .n_pages = 0x1000, .type = 11};
	bi.n_runtime = 3;
	log_text_start();
	fits();
	assert_false(log_text_has("has moved"));
	im.runtime[3].n_pages = UINT64_MAX;
	fits();
}

/* A kernel without CONFIG_EFI_RUNTIME_MAP, or with efi=noruntime. */
TEST(no_runtime_ranges_saved)
{
	uefi_machine();
	im.n_runtime = 0;
	fits();
}

TEST(runtime_ranges_make_no_sense)
{
	uefi_machine();
	im.runtime[0].n_pages = UINT64_MAX / 4096;
	refused(ERR_PLATFORM, "plan: EFI runtime ranges of type 5 make no sense");
	im.runtime[0] =
		(struct runtime_range){.phys = UINT64_MAX - 4095, .n_pages = 1ull << 40, .type = 5};
	refused(ERR_PLATFORM, "plan: EFI runtime ranges of type 5 make no sense");
}

/* ---- a bad index ---- */

TEST(damaged_index)
{
	/* The memory object's index block lies before the root, after the states: found by its hash
	 * failing, and not that of the root. */
	const uint8_t *want = NULL;
	for (uint64_t at = IMG_DATA_START; at < found.headers.h.root_offset; at += 4096) {
		struct img_chunk_rec rec;
		memcpy(&rec, disk.bytes + at, sizeof(rec));
		if (rec.first == 1 && rec.codec == IMG_FILL)
			want = disk.bytes + at;
	}
	assert_non_null(want);
	disk.bytes[want - disk.bytes + 8] ^= 1;
	assert_int_equal(open_it(), 0);
	refused(IMG_ERR_INDEX, "plan: index: index block hash at byte ");
}

TEST(read_error)
{
	disk.fail_read = disk.n_reads + 1;
	assert_int_equal(plan_check(&im, &bi, &cpu), ERR_IO);
}

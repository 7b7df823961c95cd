/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stock_check.c and what it judges by: facts believed or not, each thing of the machine moved one at a time,
 * the kernel's rule, and what is left for the loaded memory to say.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "log_text.h"
#include "machine.h"
#include "map_crc.h"
#include "play_firmware.h"
#include "stock_disk.h"
#include "stock_facts.h"
#include "stock_peek.h"

#define FACTS_PHYS 0x3000000ull
#define NVS        0x7fd0000ull
#define FILES_MAX  3u

static struct stock_disk d;
static struct boot_info bi;
static struct this_cpu cpu;
static struct acpi acpi;
static struct stock_facts f; /* what arm wrote; the cases change it or the machine */
static uint8_t file[FILES_MAX * FACTS_FILE_BYTES];
static uint8_t *work;
static bool incomplete;

static const struct swb_params lzo = {
	.codec = SWB_LZO, .n_data = 1000, .gap_every = 40, .zero_every = 7};
static const struct swb_params raw = {.codec = SWB_RAW, .n_data = 300, .gap_every = 40};

static void memory(uint64_t start, uint64_t end, uint32_t type)
{
	bi.memory[bi.n_memory++] = (struct memory_range){.start = start, .end = end, .type = type};
	f.memory[f.n_memory++] = (struct memory_range){.start = start, .end = end, .type = type};
}

static uint32_t crc_of_facts(void)
{
	static struct swsusp_e820 e[FACTS_MEMORY_MAX];
	for (uint32_t i = 0; i < f.n_memory; i++)
		e[i] = (struct swsusp_e820){
			f.memory[i].start, f.memory[i].end - f.memory[i].start, f.memory[i].type};
	return swsusp_e820_crc(e, f.n_memory);
}

/* The k-th frame with data, from the end of the list. */
static uint64_t data_frame(uint64_t from_end)
{
	uint64_t i = d.image.n_frames - 1;
	while (from_end-- > 0 || (d.image.frames[i] & SWB_ZERO))
		i--;
	return d.image.frames[i];
}

static void put_boot_id(uint64_t pfn)
{
	uint8_t page[SWB_PAGE];
	swb_content(pfn, page);
	f.f.boot_id_phys = pfn * 4096 + 0x120;
	memcpy(f.f.boot_id, page + 0x120, 16);
}

static void write_file(uint32_t nr)
{
	uint8_t *at = file + nr * FACTS_FILE_BYTES;
	struct state_writer w;
	size_t bytes;
	state_begin(&w, at + sizeof(struct facts_head), FACTS_STREAM_MAX);
	state_put(&w, &facts_desc, &f.f, 1);
	state_put(&w, &saved_memory_desc, f.memory, f.n_memory);
	if (f.n_kept)
		state_put(&w, &facts_kept_desc, f.kept, f.n_kept);
	state_put(&w, &saved_table_desc, f.table, f.n_tables);
	state_put(&w, &saved_runtime_desc, f.runtime, f.n_runtime);
	state_put(&w, &saved_filesystem_desc, f.filesystem, f.n_filesystems);
	if (f.n_registers)
		state_put(&w, &saved_registers_desc, f.registers, f.n_registers);
	assert_int_equal(state_finish(&w, &bytes), 0);
	assert_int_equal(facts_seal(at, bytes), 0);
}

/* A machine that is as it was, and facts that say so. */
static void start(const struct swb_params *p)
{
	static struct tables t;
	stock_disk_init(&d, p, 512);
	stock_disk_open(&d);
	firmware_start(0);
	fake_memory_add(FACTS_PHYS, file, sizeof(file));
	memset(&bi, 0, sizeof(bi));
	memset(&f, 0, sizeof(f));
	memset(file, 0, sizeof(file));
	incomplete = false;
	memory(0, 0x9fc00, MEMORY_RAM);
	memory(0x9fc00, 0xa0000, MEMORY_RESERVED);
	memory(0x100000, NVS, MEMORY_RAM);
	memory(NVS, FIRMWARE_BASE, MEMORY_NVS);
	memory(FIRMWARE_BASE, FIRMWARE_BASE + FIRMWARE_BYTES, MEMORY_ACPI);
	memory(FIRMWARE_BASE + FIRMWARE_BYTES, 0x8000000, MEMORY_RESERVED);
	cpu = (struct this_cpu){
		.vendor = "GenuineIntel", .cr4_possible = ~0ull, .xcr0_possible = 7};
	acpi = (struct acpi){.rsdp = FIRMWARE_RSDP};
	tables_read(acpi.rsdp, &t);
	memcpy(f.table, t.table, sizeof(t.table));
	f.n_tables = t.n;
	struct swsusp_info *info = &d.stock.image.info;
	info->e820_crc = crc_of_facts();
	f.f = (struct facts){.kernel_release = "6.1.0-56-amd64",
		.jump_address = info->jump_address,
		.jump_address_phys = info->jump_address_phys,
		.map_known = FACTS_MAP_CERTAIN,
		.map_crc = info->e820_crc,
		.rsdp = FIRMWARE_RSDP,
		.tables_known = 1,
		.has_facs_signature = 1,
		.facs_signature = t.facs_signature,
		.n_processors = 3,
		.cr4 = 0x2f0,
		.xcr0 = 7,
		.vendor = "GenuineIntel",
		.resume_offset = d.stock.swap_page};
	memcpy(f.f.swap_uuid, d.stock.header.uuid, 16);
	put_boot_id(data_frame(5));
	bi.facts = FACTS_PHYS;
	bi.facts_bytes = FACTS_FILE_BYTES;
	log_text_start();
}

static void setup(void)
{
	work = aligned_alloc(4096, STOCK_CHECK_WORK_BYTES);
	start(&lzo);
}

static void teardown(void)
{
	free(work);
	stock_disk_free(&d);
}

FIXTURE(setup, teardown)

static int check(void)
{
	static struct tables tables;
	tables_read(acpi.rsdp, &tables);
	const struct stock_now now = {.bi = &bi,
		.options = &d.options,
		.acpi = &acpi,
		.tables = &tables,
		.cpu = &cpu,
		.disks = &d.disks,
		.disks_incomplete = incomplete,
		.work = work};
	return stock_check(&d.stock, &now);
}

static int check_written(void)
{
	write_file(0);
	return check();
}

TEST(as_it_was)
{
	static const struct swb_params *const kind[] = {&lzo, &raw};
	for (uint32_t i = 0; i < 2; i++) {
		stock_disk_free(&d);
		start(kind[i]);
		assert_int_equal(check_written(), 0);
		assert_logged("stock: facts of 6.1.0-56-amd64, entry 0x");
		assert_non_null(d.stock.facts);
		assert_true(d.stock.boot_id_agrees);
		assert_false(d.stock.map_agrees); /* the door made no checksum: nobody asked */
		assert_true(stock_boot_id_place(&d.stock) == f.f.boot_id_phys);
		assert_int_equal(stock_confirm(&d.stock, f.f.boot_id), 0);
	}
}

/* ---- Not believed ---- */

static void other_map(void)
{
	f.memory[2].end -= 4096;
}
static void other_crc(void)
{
	f.f.map_crc ^= 1;
}
static void map_unknown(void)
{
	f.f.map_known = FACTS_MAP_UNKNOWN;
}
static void no_map(void)
{
	f.n_memory = 0;
}
static void map_disorder(void)
{
	struct memory_range m = f.memory[1];
	f.memory[1] = f.memory[2];
	f.memory[2] = m;
	f.f.map_crc = d.stock.image.info.e820_crc = crc_of_facts();
}
static void other_entry(void)
{
	f.f.jump_address += 0x200000;
}
static void other_entry_phys(void)
{
	f.f.jump_address_phys += 0x200000;
}
static void entry_unknown(void)
{
	f.f.jump_address = 0;
}
static void other_swap(void)
{
	f.f.swap_uuid[15] ^= 1;
}
static void other_offset(void)
{
	f.f.resume_offset = 77;
}
static void boot_id_unknown(void)
{
	f.f.boot_id_phys = 0;
}
static void boot_id_outside(void)
{
	f.f.boot_id_phys = (data_frame(0) + 5) * 4096;
}
static void boot_id_across(void)
{
	f.f.boot_id_phys |= 0xff8;
}
static void boot_id_other(void)
{
	f.f.boot_id[3] ^= 1;
}

static const struct {
	void (*change)(void);
	const char *said;
} doubts[] = {
	{other_map, "they are of a boot with another memory map"},
	{other_crc, "they are of a boot with another memory map"},
	{map_disorder, "they are of a boot with another memory map"},
	{map_unknown, "they do not know the memory map"},
	{no_map, "they do not know the memory map"},
	{other_entry, "they are of another boot or another kernel (other entry point)"},
	{other_entry_phys, "they are of another boot or another kernel (other entry point)"},
	{entry_unknown, "they do not know the kernel's addresses"},
	{other_swap, "they name another swap area"},
	{other_offset, "they name another swap area"},
	{boot_id_unknown, "they do not know the kernel's addresses"},
	{boot_id_outside, "the boot ID is not where they say"},
	{boot_id_across, "the boot ID is not where they say"},
	{boot_id_other, "they are of another boot (other boot ID)"},
};

static void agree(uint32_t crc)
{
	bi.map_crc[1] = (struct boot_map_crc){crc, BOOT_MAP_EFI_GRUB};
	bi.map_crc[0] = (struct boot_map_crc){0x1234, BOOT_MAP_EFI_STUB};
	bi.n_map_crc = 2;
}

/* Then the kernel's rule holds: refused, or with the checksum of this boot's map taken. */
TEST(not_believed)
{
	for (uint32_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
		char line[160];
		stock_disk_free(&d);
		start(&lzo);
		doubts[i].change();
		assert_int_equal(check_written(), ERR_MEMORY_MAP);
		snprintf(line, sizeof(line), "stock: facts are not believed: %s", doubts[i].said);
		assert_logged(line);
		assert_null(d.stock.facts);
		assert_int_equal(stock_boot_id_place(&d.stock), 0);
		agree(d.stock.image.info.e820_crc);
		assert_int_equal(check(), 0);
		assert_logged(
			"stock: the memory map has the checksum that the image has (the EFI map by GRUB); where ACPI tables lie is not checked without facts");
	}
}

TEST(damaged_files)
{
	write_file(0);
	agree(d.stock.image.info.e820_crc);
	for (uint32_t bytes = 1; bytes < 4096; bytes = bytes * 3 + 1) { /* truncated */
		bi.facts_bytes = bytes;
		assert_int_equal(check(), 0);
		assert_null(d.stock.facts);
	}
	assert_logged("stock: facts are not believed: ");
	bi.facts_bytes = FACTS_FILE_BYTES;
	file[200] ^= 1;
	assert_int_equal(check(), 0);
	assert_null(d.stock.facts);
	memset(file, 0, sizeof(file));
	assert_int_equal(check(), 0);
	assert_logged("stock: facts are not believed: the file says that there are none");
	bi.facts_bytes = 0;
	assert_int_equal(check(), 0);
	assert_logged("stock: no facts: ");
	bi.facts = 0x123456000; /* no memory */
	bi.facts_bytes = FACTS_FILE_BYTES;
	assert_int_equal(check(), 0);
}

/* The EFI door hands on what each partition has. */
TEST(one_of_several_files)
{
	write_file(2);
	f.f.boot_id[0] ^= 1;
	write_file(1);
	f.f.boot_id[0] ^= 1;
	bi.facts_bytes = FILES_MAX * FACTS_FILE_BYTES;
	assert_int_equal(check(), 0);
	assert_non_null(d.stock.facts);
	assert_logged("stock: facts are not believed: the file says that there are none");
	assert_logged("stock: facts are not believed: they are of another boot (other boot ID)");
}

/* ---- Believed, and something is not as it was ---- */

static void ram_shrunk(void)
{
	bi.memory[2].end -= 0x10000;
	bi.memory[3].start -= 0x10000;
}
static void ram_hole(void)
{
	bi.memory[2].end -= 0x10000;
}
static void nvs_is_ram(void)
{
	bi.memory[2].end = bi.memory[3].end;
	bi.memory[3].start = bi.memory[3].end;
}
static void tables_moved(void)
{
	fake_machine_reset();
	fake_memory_add(FACTS_PHYS, file, sizeof(file));
	firmware_start(0x1000);
}
static void dsdt_changed(void)
{
	firmware_bytes(FIRMWARE_DSDT)[37] ^= 1;
}
static void ssdt_gone(void)
{
	memcpy(firmware_bytes(FIRMWARE_SSDT2), "BGRT", 4);
}
static void rsdp_moved(void)
{
	f.f.rsdp += 16;
}
static void saved_by_uefi(void)
{
	f.f.efi = 1;
}
static void started_by_uefi(void)
{
	bi.efi_systab = 0x1000;
}
static void under_uefi(void)
{
	f.f.efi = 1;
	bi.efi_systab = 0x1000;
	f.f.efi_runtime = bi.efi_runtime = 0x7ff1000;
	f.runtime[0] = (struct runtime_range){.phys = 0x7ff0000, .n_pages = 4, .type = 5};
	f.runtime[1] = (struct runtime_range){.phys = 0x7ff4000, .n_pages = 2, .type = 6};
	f.n_runtime = 2;
	/* Cut otherwise: Linux joins. */
	bi.runtime[0] = (struct runtime_range){.phys = 0x7ff0000, .n_pages = 1, .type = 5};
	bi.runtime[1] = (struct runtime_range){.phys = 0x7ff1000, .n_pages = 3, .type = 5};
	bi.runtime[2] = (struct runtime_range){.phys = 0x7ff4000, .n_pages = 2, .type = 6};
	bi.n_runtime = 3;
}
static void runtime_moved(void)
{
	under_uefi();
	bi.runtime[2].phys += 0x1000;
}
static void runtime_table_moved(void)
{
	under_uefi();
	bi.efi_runtime += 0x10;
}
static void other_vendor(void)
{
	memcpy(f.f.vendor, "AuthenticAMD", 12);
}
static void moved_into_vm(void)
{
	cpu.hypervisor = 1;
}
static void virtualization_off(void)
{
	f.f.cr4 |= 1ull << 13;
	cpu.cr4_possible &= ~(1ull << 13);
}
static void kvm_off(void)
{
	f.f.virtualization = SAVED_SVM;
	cpu.abilities_known = 1;
	cpu.efer_possible = ~0ull;
	cpu.virtualization = 0;
}
static void registers_are_ram(void)
{
	f.registers[0] = (struct saved_registers){0xfd000000, 0xfe000000};
	f.registers[1] = (struct saved_registers){0x200000, 0x201000};
	f.n_registers = 2;
}
static void avx512_off(void)
{
	f.f.xcr0 |= 0xe0;
}
static void nameless_bit(void)
{
	f.f.xcr0 |= 1ull << 40;
}
static void fewer_processors(void)
{
	f.f.n_processors = 4;
}
static void signature_in_vm(void)
{
	f.f.hypervisor = 1;
	cpu.hypervisor = 1;
	f.f.facs_signature ^= 1;
}
static void signature_strict(void)
{
	f.f.facs_signature ^= 1;
	d.options.strict = STRICT_ON;
}
static void image_signature(void)
{
	d.stock.header.flags |= SWSUSP_HW_SIG;
	d.stock.header.hw_sig = 7;
}
/* Of the first 4096 bytes of the swap partition's neighbourhood: any bytes will do. */
static void file_system(void)
{
	struct saved_filesystem *s = &f.filesystem[f.n_filesystems++];
	uint64_t hash[SAVED_RANGES_MAX];
	*s = (struct saved_filesystem){.mount_point = "/home",
		.type = "ext4",
		.device = "sda2",
		.disk_sectors = d.disk.dev.n_sectors,
		.sector_bytes = 512,
		.lba = 0,
		.n_sectors = 64,
		.n_ranges = 1,
		.offset = {1024},
		.bytes = {512}};
	assert_int_equal(fingerprint_read(&d.disk.dev, 0, 64, s, work, hash), 0);
	s->hash[0] = hash[0];
}
static void file_system_written(void)
{
	file_system();
	d.disk.bytes[1030] ^= 1;
}
static void file_system_missing(void)
{
	file_system();
	f.filesystem[0].disk_sectors++;
}

static const struct {
	const char *name;
	void (*change)(void);
	int err;
	const char *said;
} moved[] = {
	{"ram", ram_shrunk, ERR_MEMORY_MAP,
		"stock: 0x7fc0000-0x7fd0000 was memory for the saved kernel, is ACPI NVS now"},
	{"hole", ram_hole, ERR_MEMORY_MAP,
		"stock: 0x7fc0000-0x7fd0000 was memory for the saved kernel, is a hole now"},
	{"nvs", nvs_is_ram, ERR_MEMORY_MAP, "stock: ACPI NVS at 0x7fd0000-0x7fe0000 is memory now"},
	{"tables", tables_moved, ERR_PLATFORM,
		"stock: ACPI table FACP was at 0x7fe0070, is at 0x7fe1070"},
	{"dsdt", dsdt_changed, ERR_PLATFORM,
		"stock: ACPI table DSDT at 0x7fe0000 has other contents now"},
	{"ssdt", ssdt_gone, ERR_PLATFORM,
		"stock: ACPI table SSDT was at 0x7fe01c0, is not there now"},
	{"rsdp", rsdp_moved, ERR_PLATFORM,
		"stock: the ACPI root pointer was at 0xf5a50, now at 0xf5a40"},
	{"uefi", saved_by_uefi, ERR_PLATFORM, "stock: saved under UEFI, started under BIOS"},
	{"bios", started_by_uefi, ERR_PLATFORM, "stock: saved under BIOS, started under UEFI"},
	{"runtime", runtime_moved, ERR_PLATFORM,
		"stock: EFI runtime range 0x7ff4000, 2 pages, type 6, is not there now"},
	{"runtime table", runtime_table_moved, ERR_PLATFORM,
		"stock: EFI runtime services were at 0x7ff1000, now at 0x7ff1010"},
	{"vendor", other_vendor, ERR_CPU,
		"stock: saved on processor AuthenticAMD, this one is GenuineIntel"},
	{"into a machine", moved_into_vm, ERR_PLATFORM,
		"stock: saved without a hypervisor, started under one"},
	{"vmx", virtualization_off, ERR_CPU,
		"stock: the saved kernel uses VMX (virtualization) (bit 13 of CR4)"},
	{"kvm", kvm_off, ERR_CPU,
		"(KVM), which is off now: turn AMD SVM on in the firmware's setup"},
	{"registers", registers_are_ram, ERR_PLATFORM,
		"stock: PCI devices had registers at 0x200000-0x201000, where there is memory now: Above 4G"},
	{"avx-512", avx512_off, ERR_CPU,
		"stock: the saved kernel uses AVX-512 masks (bit 5 of XCR0)"},
	{"a bit", nameless_bit, ERR_CPU, "stock: the saved kernel uses a feature (bit 40 of XCR0)"},
	{"processors", fewer_processors, ERR_CPU,
		"stock: saved with 4 processors, there are 3 now: hyper-threading"},
	{"signature in a VM", signature_in_vm, ERR_PLATFORM,
		"FACS signature was 0x51c6, is 0x51c7"},
	{"signature, strict", signature_strict, ERR_PLATFORM,
		"FACS signature was 0x51c6, is 0x51c7"},
	{"signature in the image", image_signature, ERR_PLATFORM,
		"stock: the hardware signature was 0x7, is 0"},
	{"file system", file_system_written, ERR_FILESYSTEM,
		"filesystems: /home (ext4, sda2) has changed since the save"},
	{"disk", file_system_missing, ERR_FILESYSTEM,
		"filesystems: /home (ext4, sda2) is missing: no disk here has it"},
};

/* Whether or not the checksum of this boot's map happens to be the same. */
TEST(each_is_refused)
{
	for (uint32_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
		for (uint32_t same_crc = 0; same_crc < 2; same_crc++) {
			stock_disk_free(&d);
			start(&lzo);
			if (same_crc)
				agree(d.stock.image.info.e820_crc);
			moved[i].change();
			int err = check_written();
			if (err != moved[i].err)
				fail_msg("%s: %d instead of %d", moved[i].name, err, moved[i].err);
			assert_logged(moved[i].said);
		}
}

/* No KVM was loaded; devices have moved, but not onto memory. */
static void settings_that_do_no_harm(void)
{
	cpu.abilities_known = 1;
	cpu.efer_possible = ~0ull;
	f.registers[0] = (struct saved_registers){0xfd000000, 0xfe000000};
	f.n_registers = 1;
}
static void acpi_grew(void)
{
	bi.memory[4].start -= 0x2000;
	bi.memory[3].end -= 0x2000;
}
static void acpi_took_reserved(void)
{
	bi.memory[4].end += 0x1000;
	bi.memory[5].start += 0x1000;
}
static void reserved_hole_moved(void)
{
	bi.memory[5].end += 0x100000;
}
static void ebda_grew(void)
{
	bi.memory[0].end = bi.memory[1].start = 0x9f800;
}
/* ACPI memory is memory that any kernel may have back. */
static void ram_is_acpi(void)
{
	bi.memory[2].end -= 0x10000;
	bi.memory[bi.n_memory++] = (struct memory_range){NVS - 0x10000, NVS, MEMORY_ACPI, 0};
}
static void graphics_changed(void)
{
	firmware_bytes(FIRMWARE_BGRT)[40] ^= 0xff;
}
static void facs_content(void)
{
	firmware_bytes(FIRMWARE_FACS)[12] ^= 1;
}
static void signature_on_metal(void)
{
	f.f.facs_signature ^= 1;
}
static void more_processors(void)
{
	f.f.n_processors = 2;
}
static void unknown_values(void)
{
	f.f.rsdp = f.f.cr4 = f.f.xcr0 = 0;
	f.f.n_processors = 0;
	f.f.vendor[0] = 0;
}
static void file_system_forced(void)
{
	file_system_written();
	d.options.force = 1;
}
static void missing_at_the_door(void)
{
	file_system_missing();
	incomplete = true;
}

static const struct {
	const char *name;
	void (*change)(void);
	const char *said; /* or NULL */
} harmless[] = {
	{"acpi grew", acpi_grew, NULL},
	{"acpi took reserved", acpi_took_reserved, NULL},
	{"hole", reserved_hole_moved, NULL},
	{"ebda", ebda_grew, NULL},
	{"ram is acpi", ram_is_acpi, NULL},
	{"bgrt", graphics_changed, NULL},
	{"facs", facs_content, NULL},
	{"runtime", under_uefi, NULL},
	{"signature", signature_on_metal,
		"FACS signature was 0x51c6, is 0x51c7; success is doubtful"},
	{"processors", more_processors, "stock: 3 processors, the saved kernel knows 2"},
	{"unknown", unknown_values, "stock: the facts say nothing of CR4: not compared"},
	{"file system", file_system, "filesystems: /home (ext4, sda2) is as it was"},
	{"forced", file_system_forced, "force=1 destroys what was written since the save to /home"},
	{"door", missing_at_the_door, NULL},
	{"settings", settings_that_do_no_harm, NULL},
};

/* Although the checksum of the map is another one. */
TEST(harmless_drift)
{
	for (uint32_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		stock_disk_free(&d);
		start(&lzo);
		agree(0x5678);
		harmless[i].change();
		int err = check_written();
		if (err)
			fail_msg("%s: %d", harmless[i].name, err);
		assert_non_null(d.stock.facts);
		if (harmless[i].said)
			assert_logged(harmless[i].said);
	}
}

/* ---- The kernel's rule ---- */

TEST(without_facts)
{
	bi.facts_bytes = 0;
	assert_int_equal(check(), ERR_MEMORY_MAP);
	assert_logged("; of this boot's map none can be made");
	agree(0x5678);
	assert_int_equal(check(), ERR_MEMORY_MAP);
	assert_logged("is 0x5678 (the EFI map by GRUB)");
	assert_non_null(strstr(d.stock.why, "strict=0 takes the risk"));
	d.options.strict = STRICT_ON;
	assert_int_equal(check(), ERR_MEMORY_MAP);
	d.options.strict = STRICT_OFF;
	assert_int_equal(check(), 0);
	assert_logged(
		"stock: strict=0: goes on all the same: if ACPI tables or the firmware's own memory have moved");
	d.options.strict = STRICT_DEFAULT;
	agree(d.stock.image.info.e820_crc);
	assert_int_equal(check(), 0);
	assert_string_equal(d.stock.why, "");
}

/* strict=1: as the kernel itself, whatever the facts say; and where they do not know where tables are. */
TEST(rule_beside_facts)
{
	d.options.strict = STRICT_ON;
	assert_int_equal(check_written(), ERR_MEMORY_MAP);
	assert_non_null(strstr(d.stock.why, "strict=1"));
	agree(d.stock.image.info.e820_crc);
	assert_int_equal(check(), 0);
	assert_non_null(d.stock.facts);
	d.options.strict = STRICT_DEFAULT;
	f.f.tables_known = 0;
	assert_int_equal(check_written(), 0);
	agree(0x5678);
	assert_int_equal(check(), ERR_MEMORY_MAP);
	assert_non_null(strstr(d.stock.why, "do not know all ACPI tables"));
}

/* ---- Boot ID ---- */

/* Too far behind in a compressed image: it is for the loaded memory to say. */
TEST(boot_id_far_behind)
{
	static const struct swb_params large = {
		.codec = SWB_LZ4, .n_data = STOCK_PEEK_UNITS_MAX * 32 + 200};
	uint8_t other[16] = {0};
	stock_disk_free(&d);
	start(&large);
	bi.memory[2].end = f.memory[2].end = 0x6000000; /* 24 MiB of room: the image ends at 80 */
	bi.n_memory = f.n_memory = 3;
	f.n_tables = 0;
	f.f.map_crc = d.stock.image.info.e820_crc = crc_of_facts();
	put_boot_id(data_frame(5));
	assert_int_equal(check_written(), 0);
	assert_logged("believed, the boot ID is looked at when it is loaded");
	assert_false(d.stock.boot_id_agrees);
	assert_int_equal(stock_confirm(&d.stock, f.f.boot_id), 0);
	assert_int_equal(stock_confirm(&d.stock, other), ERR_PLATFORM);
	assert_logged(
		"stock: the facts are of another boot: the boot ID in the memory is not theirs");
	agree(d.stock.image.info.e820_crc);
	assert_int_equal(check(), 0);
	assert_int_equal(stock_confirm(&d.stock, other), 0);
	assert_logged("goes on without facts");
}

/* Every frame of an image, by each codec. */
TEST(peeks)
{
	static const enum swb_codec codec[] = {SWB_RAW, SWB_LZO, SWB_LZ4};
	for (uint32_t i = 0; i < 3; i++) {
		const struct swb_params p = {.codec = codec[i],
			.n_data = 700,
			.gap_every = 9,
			.zero_every = 5,
			.scatter = true,
			.header_page = 3};
		stock_disk_free(&d);
		start(&p);
		for (uint64_t k = 0; k < d.image.n_frames; k += 1 + k % 7) {
			const uint8_t *page;
			uint8_t wanted[SWB_PAGE];
			uint64_t pfn = d.image.frames[k] & ~SWB_ZERO;
			int err = stock_peek(&d.stock, pfn, work, &page);
			swb_content(pfn, wanted);
			if (d.image.frames[k] & SWB_ZERO) {
				assert_int_equal(err, ERR_NOT_FOUND);
			} else {
				assert_int_equal(err, 0);
				assert_memory_equal(page, wanted, SWB_PAGE);
			}
		}
		const uint8_t *page;
		d.disk.bad_lba = DISK_LBA + d.image.slots[d.image.n_slots - 1] * 8;
		assert_int_equal(stock_peek(&d.stock, data_frame(0), work, &page), ERR_IO);
	}
}

TEST(old_ram)
{
	struct range v[8];
	struct ranges r;
	ranges_init(&r, v, 8);
	assert_int_equal(check_written(), 0);
	assert_true(stock_old_ram(&d.stock, &r));
	assert_int_equal(r.n, 2);
	assert_true(v[0].start == 0 && v[0].end == 0x9f && v[1].start == 0x100);
	bi.facts_bytes = 0;
	agree(d.stock.image.info.e820_crc);
	assert_int_equal(check(), 0);
	ranges_init(&r, v, 8);
	assert_false(stock_old_ram(&d.stock, &r));
}

/* Memory that the saved kernel left to others is RAM by both maps, and in no frame of the image. */
TEST(kept_is_not_old_ram)
{
	static const struct facts_kept kept[] = {{0, 0x1000}, {0x2000000, 0x2100000},
		{0x2200123, 0x2200124}, {0x3000000, 0x3000000}, {0x7fc0000, 0x7fd0000}};
	static struct range v[STOCK_OLD_RAM_MAX];
	struct ranges r;
	memcpy(f.kept, kept, sizeof(kept));
	f.n_kept = 5;
	f.f.kept_known = 1;
	ranges_init(&r, v, STOCK_OLD_RAM_MAX);
	assert_int_equal(check_written(), 0);
	assert_int_equal(d.stock.facts->n_kept, 5);
	assert_true(stock_old_ram(&d.stock, &r));
	assert_int_equal(r.n, 4);
	assert_true(v[0].start == 1 && v[0].end == 0x9f);
	assert_true(v[1].start == 0x100 && v[1].end == 0x2000);
	assert_true(v[2].start == 0x2100 && v[2].end == 0x2200);
	assert_true(v[3].start == 0x2201 && v[3].end == 0x7fc0);
	/* As many as there can be, each in the middle of RAM. */
	f.n_kept = FACTS_KEPT_MAX;
	for (uint32_t i = 0; i < FACTS_KEPT_MAX; i++)
		f.kept[i] = (struct facts_kept){0x200000 + i * 0x2000, 0x201000 + i * 0x2000};
	ranges_init(&r, v, STOCK_OLD_RAM_MAX);
	assert_int_equal(check_written(), 0);
	assert_true(stock_old_ram(&d.stock, &r));
	assert_int_equal(r.n, 2 + FACTS_KEPT_MAX);
}

/* A boot entry of the firmware starts the loader whatever arm says. */
TEST(arm_said_no)
{
	strcpy(f.f.refusal, "this hibernation goes to /dev/vda5");
	agree(d.stock.image.info.e820_crc);
	assert_int_equal(check_written(), ERR_PLATFORM);
	assert_string_equal(d.stock.why, "torpor arm said no: this hibernation goes to /dev/vda5");
	f.f.boot_id[0] ^= 1; /* of another boot: nobody's business */
	assert_int_equal(check_written(), 0);
	assert_null(d.stock.facts);
}

/* A map as long as arm may write it, of RAM alone; and facts of a later version that may be longer. */
TEST(long_facts)
{
	static struct range v[STOCK_OLD_RAM_MAX];
	static struct facts_kept more[FACTS_KEPT_MAX + 1];
	struct state_writer w;
	struct ranges r;
	size_t bytes;
	f.n_tables = 0;
	f.f.tables_known = 0;
	for (; f.n_memory < FACTS_MEMORY_MAX; f.n_memory++)
		f.memory[f.n_memory] = (struct memory_range){0x100000000 + f.n_memory * 0x3000ull,
			0x100001000 + f.n_memory * 0x3000ull, 1, 0};
	f.f.map_crc = d.stock.image.info.e820_crc = crc_of_facts();
	agree(d.stock.image.info.e820_crc);
	bi.memory[bi.n_memory++] =
		(struct memory_range){.start = 0x100000000, .end = 0x200000000, .type = MEMORY_RAM};
	assert_int_equal(check_written(), 0);
	assert_non_null(d.stock.facts);
	ranges_init(&r, v, STOCK_OLD_RAM_MAX);
	assert_true(stock_old_ram(&d.stock, &r));
	assert_int_equal(r.n, 2 + FACTS_MEMORY_MAX - 6);
	state_begin(&w, file + sizeof(struct facts_head), FACTS_STREAM_MAX);
	state_put(&w, &facts_desc, &f.f, 1);
	state_put(&w, &saved_memory_desc, f.memory, 6);
	state_put(&w, &facts_kept_desc, more, FACTS_KEPT_MAX + 1);
	assert_int_equal(state_finish(&w, &bytes), 0);
	assert_int_equal(facts_seal(file, bytes), 0);
	assert_int_equal(check(), 0);
	assert_null(d.stock.facts);
	assert_logged("stock: the facts have 1025 records of \"kept\", there is room for 1024");
}

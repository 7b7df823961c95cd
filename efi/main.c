/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torpor.efi: the EFI front door. It asks the judge, through the firmware's own disk drivers, so
 * that everything that can be wrong is found while returning to the firmware (or to GRUB) is
 * possible. Then it counts the start, ends boot services and starts the loader core. door is the
 * story.
 */
#include <efi.h>

#include "acpi.h"
#include "apic.h"
#include "arena.h"
#include "boot_info.h"
#include "boot_memory.h"
#include "cmdline.h"
#include "cpu.h"
#include "efi_disks.h"
#include "efi_facts.h"
#include "efi_machine.h"
#include "efi_memory.h"
#include "efi_vmd.h"
#include "err_any.h"
#include "format.h"
#include "iommu.h"
#include "judge.h"
#include "log.h"
#include "machine.h"
#include "map_crc.h"
#include "program.h"
#include "start_store.h"
#include "this_cpu.h"
#include "clock.h"

#include <string.h>

#define LOOK_BYTES (JUDGE_ARENA_BYTES + (1u << 20)) /* for the look at the image */
#define HOME_BYTES (8u << 20)                       /* for the core, behind its bss */
#define TAKEN_MAX  12u /* the memory map may need room more than once */
#define BUSY_MAX   4u

EFI_STATUS
efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st);

/* core.asm */
extern const uint8_t core_blob[], core_blob_end[];

static struct {
	EFI_SYSTEM_TABLE *st;
	EFI_BOOT_SERVICES *bs;
	EFI_HANDLE image;
	uint64_t start_tsc;
	struct options options;
	struct arena arena;
	struct disks disks;
	struct acpi acpi;
	struct judgment judgment;
	const char *why; /* there is no resume */
	int remapped;    /* devices reach memory through a remapping unit */
	struct boot_info bi;
	uint8_t *map; /* as much as the firmware asked for */
	UINTN map_bytes;
	uint8_t *program; /* room for the core, and its home behind it */
	void *facts;      /* EFI_FACTS_BYTES */
	struct taken {
		EFI_PHYSICAL_ADDRESS at;
		UINTN n_pages;
	} taken[TAKEN_MAX];
	uint32_t n_taken;
} e;

static void screen_line(const char *line, size_t len)
{
	CHAR16 text[LOG_LINE_MAX + 3];
	UINTN n = 0;
	for (size_t i = 0; i < len && n < LOG_LINE_MAX; i++)
		text[n++] = (CHAR16)(uint8_t)line[i];
	text[n++] = '\r';
	text[n++] = '\n';
	text[n] = 0;
	e.st->ConOut->OutputString(e.st->ConOut, text);
}

/* Any error makes the firmware go on with its next boot entry, and GRUB with its next command. */
static EFI_STATUS boot_on(const char *why)
{
	log_line("torpor: no resume: %s; booting on", why);
	return EFI_NOT_FOUND;
}

/* Load options are UTF-16 text by custom, but may be anything: what is not plain text is
 * refused. */
static int read_cmdline(void)
{
	EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	EFI_LOADED_IMAGE *self;
	if (EFI_ERROR(e.bs->HandleProtocol(e.image, &guid, (VOID **)&self)))
		return ERR_FIRMWARE;
	const CHAR16 *text = self->LoadOptions;
	uint32_t n = text ? self->LoadOptionsSize / sizeof(CHAR16) : 0;
	for (uint32_t i = 0; i < n && text[i]; i++) {
		if (text[i] < ' ' || text[i] > '~' || i + 1 >= BOOT_CMDLINE_MAX)
			return ERR_ARGUMENT;
		e.bi.cmdline[i] = (char)text[i];
	}
	/* The EFI shell and some boot managers put the program's own path first. */
	char *space = strchr(e.bi.cmdline, ' ');
	char *word_end = space ? space : e.bi.cmdline + strlen(e.bi.cmdline);
	if (word_end - e.bi.cmdline >= 4 && memcmp(word_end - 4, ".efi", 4) == 0)
		memmove(e.bi.cmdline, word_end, strlen(word_end) + 1);
	return 0;
}

static void *allocate(EFI_MEMORY_TYPE type, uint64_t bytes)
{
	EFI_PHYSICAL_ADDRESS at = 0xffffffff;
	UINTN n_pages = (bytes + 4095) / 4096;
	if (e.n_taken == TAKEN_MAX ||
		EFI_ERROR(e.bs->AllocatePages(AllocateMaxAddress, type, n_pages, &at)))
		return NULL;
	e.taken[e.n_taken++] = (struct taken){at, n_pages};
	return (void *)at;
}

/* What boots next finds the machine as it would have been without us. */
static void give_back(void)
{
	while (e.n_taken > 0) {
		e.n_taken--;
		e.bs->FreePages(e.taken[e.n_taken].at, e.taken[e.n_taken].n_pages);
	}
}

static void stall(uint32_t us)
{
	e.bs->Stall(us);
}

/* For lists that are longer than LOOK_BYTES has room for. */
static void *more_memory(struct arena *a, size_t bytes)
{
	(void)a;
	return allocate(EfiLoaderData, bytes);
}

static int same_guid(const EFI_GUID *a, const EFI_GUID *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void read_tables(void)
{
	EFI_GUID acpi2 = ACPI_20_TABLE_GUID, acpi1 = ACPI_TABLE_GUID;
	for (UINTN i = 0; i < e.st->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *t = &e.st->ConfigurationTable[i];
		if (same_guid(&t->VendorGuid, &acpi2) ||
			(same_guid(&t->VendorGuid, &acpi1) && !e.bi.rsdp))
			e.bi.rsdp = (uint64_t)t->VendorTable;
	}
	e.bi.efi_systab = (uint64_t)e.st;
	e.bi.efi_runtime = (uint64_t)e.st->RuntimeServices;
}

/* The firmware's memory map in e.map: *ret_bytes of it. No allocation between this and
 * ExitBootServices, but for more room where the firmware asks for it, and then the map is read
 * anew. */
static EFI_STATUS get_memory_map(UINTN *ret_bytes, UINTN *ret_key, UINTN *ret_descriptor_bytes)
{
	UINT32 version;
	for (int again = 0;; again++) {
		*ret_bytes = e.map_bytes;
		EFI_STATUS s = e.bs->GetMemoryMap(ret_bytes, (EFI_MEMORY_DESCRIPTOR *)e.map,
			ret_key, ret_descriptor_bytes, &version);
		if (s != EFI_BUFFER_TOO_SMALL || again == 4)
			return s;
		/* What the allocation itself and later events cut up must fit too. */
		e.map_bytes = *ret_bytes + *ret_bytes / 4 + 4096;
		e.map = allocate(EfiLoaderData, e.map_bytes);
		if (!e.map)
			return EFI_OUT_OF_RESOURCES;
	}
}

/* The memory map into bi; *ret_key for ExitBootServices. */
static int read_memory_map(UINTN *ret_key)
{
	UINTN bytes, descriptor_bytes;
	EFI_STATUS s = get_memory_map(&bytes, ret_key, &descriptor_bytes);
	if (EFI_ERROR(s) || descriptor_bytes < sizeof(EFI_MEMORY_DESCRIPTOR))
		return ERR_FIRMWARE;
	e.bi.n_memory = e.bi.n_runtime = e.bi.n_given = e.bi.n_runtime_given = 0;
	map_crc_set_efi(&e.bi, e.map, bytes, (uint32_t)descriptor_bytes);
	int err = 0;
	for (UINTN at = 0; at + descriptor_bytes <= bytes; at += descriptor_bytes) {
		const EFI_MEMORY_DESCRIPTOR *d = (const void *)(e.map + at);
		int add_err = boot_memory_add_efi(
			&e.bi, d->Type, d->PhysicalStart, d->NumberOfPages, d->Attribute);
		err = err ? err : add_err; /* the others are counted */
	}
	if (!err)
		err = boot_memory_finish(&e.bi);
	if (err == ERR_NO_MEMORY)
		log_line("torpor: " BOOT_MEMORY_TOO_MANY, e.bi.n_given, e.bi.n_runtime_given,
			BOOT_MEMORY_MAX, BOOT_RUNTIME_MAX);
	return err;
}

/* Memory for the judge, and the program with its home in one block: where the core will lie is a
 * part of the question. */
static int take_memory(void)
{
	const struct program_header *p = (const void *)core_blob;
	void *memory = allocate(EfiLoaderData, LOOK_BYTES);
	e.program = allocate(EfiLoaderCode, p->memory_bytes + HOME_BYTES);
	e.facts = allocate(EfiLoaderData, EFI_FACTS_BYTES);
	arena_init(&e.arena);
	if (!memory || !e.program || !e.facts)
		return ERR_NO_MEMORY;
	int err = efi_memory_make_code(
		e.bs, (uint64_t)e.program, (p->memory_bytes + HOME_BYTES + 4095) & ~4095ull);
	if (err)
		return err;
	e.bi.core = (uint64_t)core_blob;
	e.bi.core_bytes = (uint64_t)(core_blob_end - core_blob);
	e.bi.home = (uint64_t)e.program + p->memory_bytes;
	e.bi.home_bytes = HOME_BYTES;
	return arena_add(&e.arena, memory, LOOK_BYTES);
}

static int add_busy(struct ranges *busy, uint64_t start, uint64_t bytes)
{
	return ranges_add(busy, start / 4096, (start + bytes + 4095) / 4096);
}

/* Only for a stock image: volumes may be slow. */
static void find_facts(void)
{
	efi_facts_find(e.bs, e.image, e.facts, &e.bi);
}

/* What the core will judge by, as far as it can be known here: by the firmware's drivers. */
static int judge_image(void)
{
	static struct range v[BUSY_MAX];
	static struct tables tables;
	struct ranges busy;
	struct arena judging;
	uint64_t program_bytes = ((const struct program_header *)core_blob)->memory_bytes;
	void *memory = arena_alloc(&e.arena, JUDGE_ARENA_BYTES, 4096);
	arena_init(&judging);
	judging.more = more_memory;
	ranges_init(&busy, v, BUSY_MAX);
	int err = memory ? arena_add(&judging, memory, JUDGE_ARENA_BYTES) : ERR_NO_MEMORY;
	if (!err)
		err = add_busy(&busy, (uint64_t)e.program, program_bytes + HOME_BYTES);
	if (!err)
		err = add_busy(&busy, e.bi.core, e.bi.core_bytes);
	if (!err)
		err = add_busy(&busy, (uint64_t)e.facts, EFI_FACTS_BYTES);
	if (err)
		return err;
	tables_read(e.acpi.rsdp, &tables);
	const struct judge_input in = {.disks = &e.disks,
		.disks_incomplete = true,
		.options = &e.options,
		.bi = &e.bi,
		.acpi = &e.acpi,
		.tables = &tables,
		.cpu = this_cpu_read(),
		.apic_id = apic_id(),
		.busy = &busy,
		.program_bytes = program_bytes,
		.find_facts = find_facts,
		.arena = &judging};
	err = judge(&in, &e.judgment);
	judge_log_loss(&e.judgment);
	return err;
}

/* 0: a resume should work, and its start is counted; else e.why. */
static int look_at_image(void)
{
	UINTN key;
	int err = take_memory();
	if (!err)
		err = efi_disks_find(e.bs, &e.arena, &e.disks);
	if (!err)
		err = read_memory_map(&key);
	if (err) {
		e.why = err_any_text(err);
		return err;
	}
	efi_machine_init(&e.bi);
	err = acpi_init(&e.acpi, e.bi.rsdp);
	if (err)
		log_line("torpor: ACPI: %s", err_text(err));
	err = judge_image();
	e.why = e.judgment.reason[0] ? e.judgment.reason : err_any_text(err);
	return err;
}

/* What firmware left on the core turns off, once nothing masters the bus: not before it is
 * alone. */
static int look_at_remapping(void)
{
	static struct iommus units;
	char name[IOMMU_NAME_BYTES];
	int err = iommu_find(e.acpi.dmar, e.acpi.ivrs, &units);
	if (err)
		e.why = "this machine has more DMA remapping units than the loader can look after";
	for (uint32_t i = 0; i < units.n; i++) {
		if (!(iommu_state(&units.unit[i]) & (IOMMU_TRANSLATES | IOMMU_PROTECTS)))
			continue;
		e.remapped = 1;
		log_line("torpor: DMA remapping is on (%s) and will be turned off",
			iommu_name(&units.unit[i], name));
	}
	return err;
}

/* Their bus mastering is out of the core's reach: what they still do would go elsewhere without
 * remapping. The last step with boot services: none of them can be read from here on. */
static int stop_hidden_disks(void)
{
	uint32_t n_left, n = efi_vmd_stop(e.bs, &n_left);
	if (n)
		log_line("torpor: %u VMD controllers, %u not given up by the firmware", n, n_left);
	if (!n_left || !e.remapped)
		return 0;
	efi_vmd_start_again(e.bs);
	e.why = "the firmware does not stop the disks behind VMD";
	return ERR_FIRMWARE;
}

static int count_start(void)
{
	uint32_t before = 0;
	struct start_store store = start_store(e.st->RuntimeServices);
	void *work = arena_alloc(&e.arena, 4096, 4096);
	uint64_t around = work ? start_around(&e.disks, e.bi.cmdline, work) : 0;
	int err = start_count(&store, &e.judgment, around, &e.options, &before);
	if (err == ERR_ATTEMPTS)
		log_line("torpor: started %u times for this image, which was not resumed", before);
	e.why = err == ERR_LOST
			? "the firmware does not keep a count of starts, and a resume that fails "
			  "would be tried for ever; force=1 starts all the same"
			: err_any_text(err);
	return err;
}

/* The map may change between reading it and the call: then once more (UEFI 2.10, 7.4.6). */
static int end_boot_services(void)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		UINTN key;
		int err = read_memory_map(&key);
		if (err)
			return err;
		if (!EFI_ERROR(e.bs->ExitBootServices(e.image, key)))
			return 0;
	}
	return ERR_FIRMWARE;
}

static _Noreturn void start_core(void)
{
	__asm__ volatile("cli");
	memcpy(e.program + PROGRAM_PARAMETER_OFFSET, &e.bi, sizeof(e.bi));
	((void __attribute__((sysv_abi)) (*)(uint64_t))e.program)(0);
	__builtin_unreachable();
}

/* Returns only when there is no resume. */
static EFI_STATUS door(void)
{
	/* What is wanted? */
	const char *word = "";
	uint32_t len = 0;
	if (read_cmdline())
		return boot_on("the load options are not plain text");
	if (cmdline_parse(e.bi.cmdline, &e.options, &word, &len)) {
		char text[80];
		format(text, sizeof(text), "command line: '%.*s' is not understood", (int)len,
			word);
		return boot_on(text);
	}

	/* Is there an image, is it whole, does it belong into this machine? */
	read_tables();
	if (look_at_image()) {
		log_line("torpor: %llu ms from the first instruction until no image was found",
			(unsigned long long)clock_us() / 1000);
		return boot_on(e.why);
	}

	/* No way back from here on: the core resets the machine when it fails. So it is counted
	 * first. */
	if (look_at_remapping() || count_start() || stop_hidden_disks())
		return boot_on(e.why);
	memcpy(e.program, core_blob, e.bi.core_bytes);
	log_drop_sinks();
	if (end_boot_services()) {
		efi_vmd_start_again(e.bs);
		log_add_sink(screen_line);
		return boot_on("the firmware does not end its boot services");
	}
	start_core();
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st)
{
	e.start_tsc = read_tsc();
	e.st = st;
	e.bs = st->BootServices;
	e.image = image;
	e.bi = (struct boot_info){.magic = BOOT_INFO_MAGIC,
		.bytes = sizeof(e.bi),
		.door = BOOT_DOOR_EFI,
		.start_tsc = e.start_tsc};
	/* liblz4's stack protector reads its canary at FS:0x28; UEFI leaves FS to us. */
	static uint64_t canary_block[8];
	uint64_t fs_base = read_msr(MSR_FS_BASE);
	write_msr(MSR_FS_BASE, (uint64_t)canary_block);
	/* The boot manager's, five minutes: a slow disk takes longer to look at. It sets it anew
	 * for what it starts next (UEFI 2.10, 3.1.2 and 7.5.1). */
	e.bs->SetWatchdogTimer(0, 0, 0, NULL);
	log_add_sink(screen_line);
	clock_init(&(struct clock_sources){.stall = stall}, e.start_tsc);
	EFI_STATUS status = door();
	give_back();
	write_msr(MSR_FS_BASE, fs_base);
	return status;
}

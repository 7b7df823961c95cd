/*
 * torpor.efi: the EFI front door. It looks at the image through the firmware's own disk drivers, so
 * that everything that can be wrong is found while returning to the firmware (or to GRUB) is possible.
 * Then it ends boot services and starts the loader core. efi_main is the story.
 */
#include <efi.h>

#include "arena.h"
#include "boot_info.h"
#include "boot_memory.h"
#include "changes.h"
#include "cmdline.h"
#include "cpu.h"
#include "efi_disks.h"
#include "find.h"
#include "format.h"
#include "image.h"
#include "log.h"
#include "machine.h"
#include "map_crc.h"
#include "program.h"
#include "start_count.h"
#include "stock.h"
#include "this_cpu.h"
#include "time.h"

#include <string.h>

#define LOOK_BYTES (8u << 20) /* for the look at the image */
#define HOME_BYTES (8u << 20) /* for the core, behind its bss */

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st);

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
	struct found found;
	struct image saved;
	struct stock stock;
	struct changes changes;
	char why[CHANGES_TEXT_BYTES]; /* a file system changed */
	uint64_t key;                 /* of what the core is started for: start_count.h */
	uint32_t n_starts;            /* before this one */
	struct boot_info bi;
	uint8_t *map; /* as much as the firmware asked for */
	UINTN map_bytes;
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

/* Load options are UTF-16 text by custom, but may be anything: what is not plain text is refused. */
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
	EFI_STATUS s = e.bs->AllocatePages(AllocateMaxAddress, type, (bytes + 4095) / 4096, &at);
	return EFI_ERROR(s) ? NULL : (void *)at;
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

/* The firmware's memory map in e.map: *ret_bytes of it. No allocation between this and ExitBootServices, but for
 * more room where the firmware asks for it, and then the map is read anew. */
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

/* The firmware may not show all disks: what is missing is left for the core to judge. */
static int look_at_filesystems(void *work)
{
	changes_find(&e.saved, &e.disks, work, &e.changes);
	if (e.changes.n_written == 0 || e.options.force)
		return 0;
	changes_text(&e.changes, e.why);
	return ERR_FILESYSTEM;
}

/* What force=1 would destroy. */
static void log_spent(void *work)
{
	if (image_open(&e.saved, &e.found, &e.arena))
		return;
	changes_find(&e.saved, &e.disks, work, &e.changes);
	changes_log_loss(&e.changes, "would destroy");
}

/* What the core will find changes with every attempt that it counts, every resume and every save, and with
 * the disks that are attached. */
static int check_starts(uint64_t image, void *work)
{
	static struct {
		uint64_t image;
		uint64_t disk[DISKS_MAX][2]; /* size, hash of the GPT header */
	} k;
	k.image = image;
	for (uint32_t i = 0; i < e.disks.n; i++) {
		struct block_dev *dev = e.disks.dev[i];
		k.disk[i][0] = dev->n_sectors;
		if (block_read(dev, 1, 1, work) == 0)
			k.disk[i][1] = img_hash(work, dev->sector_bytes);
	}
	e.key = img_hash(&k, sizeof(k));
	e.n_starts = starts_before(e.st->RuntimeServices, e.key);
	if (e.n_starts < e.options.attempts_max || e.options.force)
		return 0;
	log_line("torpor: started %u times for this image, which was not resumed", e.n_starts);
	return ERR_ATTEMPTS;
}

/* One of our own images that may be resumed: 0, or why there is none. */
static int find_own(void *work)
{
	int err = find_area(&e.disks, &e.options, work, &e.found);
	if (err)
		return err;
	err = img_state_check(&e.found.headers.h);
	return err == IMG_ERR_SPENT && e.options.force ? 0 : err;
}

static int check_own(void *work)
{
	if (e.found.headers.h.attempts >= e.options.attempts_max && !e.options.force)
		return ERR_ATTEMPTS;
	struct plan_cpu cpu = plan_this_cpu();
	int err = image_open(&e.saved, &e.found, &e.arena);
	if (!err)
		err = plan_check(&e.saved, &e.bi, &cpu);
	if (!err)
		err = look_at_filesystems(work);
	if (!err)
		err = check_starts(e.found.headers.h.hash, work);
	if (!err)
		log_line("torpor: resuming %.63s", e.found.headers.h.label);
	return err;
}

/* A stock kernel's image: 0, or why it cannot be resumed. ERR_NOT_FOUND: none. */
static int look_at_stock(void *work)
{
	int err = stock_find(&e.disks, &e.options, &e.arena, work, &e.stock);
	if (err)
		return err;
	if (e.stock.attempts >= e.options.attempts_max && !e.options.force)
		return ERR_ATTEMPTS;
	err = stock_open(&e.stock, &e.arena);
	if (!err)
		err = stock_check(&e.stock, &e.bi, &e.options, NULL);
	if (!err) {
		const struct swsusp_info *info = &e.stock.image.info;
		err = check_starts(img_hash(e.stock.header_page, IMG_PAGE_BYTES) ^
					   img_hash(info, sizeof(*info)),
			work);
	}
	if (!err)
		log_line("torpor: resuming a stock kernel's hibernation image");
	return err;
}

/* The whole of what the core will check, by the firmware's drivers: 0 when a resume should work. Chooses as
 * the core does: an image of ours that may be resumed is the one, even if it does not fit this machine.
 * A core that chose another image than this door would refuse it by a reset, in every boot again. */
static int look_at_image(void)
{
	UINTN key;
	void *memory = allocate(EfiLoaderData, LOOK_BYTES);
	arena_init(&e.arena);
	e.arena.more = more_memory;
	int err = memory ? arena_add(&e.arena, memory, LOOK_BYTES) : ERR_NO_MEMORY;
	if (!err)
		err = efi_disks_find(e.bs, &e.arena, &e.disks);
	if (!err)
		err = read_memory_map(&key);
	void *work = err ? NULL : arena_alloc(&e.arena, FIND_WORK_BYTES, IMG_BLOCK_BYTES);
	if (!work)
		return err ? err : ERR_NO_MEMORY;
	int own_err = find_own(work);
	if (own_err == 0)
		return check_own(work);
	err = look_at_stock(work);
	if (err && own_err == IMG_ERR_SPENT)
		log_spent(work);
	return err && own_err != ERR_NOT_FOUND ? own_err : err;
}

/* Program and home in one block, the pristine core as it is in this file's own data. */
static uint8_t *place_core(void)
{
	const struct program_header *p = (const void *)core_blob;
	uint8_t *program = allocate(EfiLoaderCode, p->memory_bytes + HOME_BYTES);
	if (!program)
		return NULL;
	memcpy(program, core_blob, (size_t)(core_blob_end - core_blob));
	e.bi.core = (uint64_t)core_blob;
	e.bi.core_bytes = (uint64_t)(core_blob_end - core_blob);
	e.bi.home = (uint64_t)program + p->memory_bytes;
	e.bi.home_bytes = HOME_BYTES;
	return program;
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
	write_msr(MSR_FS_BASE, (uint64_t)canary_block);
	log_add_sink(screen_line);
	clock_init(&(struct clock_sources){.stall = stall}, e.start_tsc);

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
	int err = look_at_image();
	if (err) {
		log_line("torpor: %llu ms from the first instruction until no image was found",
			(unsigned long long)clock_us() / 1000);
		return boot_on(err == ERR_FILESYSTEM ? e.why : loader_err_text(err));
	}

	/* No way back from here on: the core resets the machine when it fails. */
	uint8_t *program = place_core();
	if (!program)
		return boot_on("no memory for the loader");
	starts_count(e.st->RuntimeServices, e.key, e.n_starts);
	log_drop_sinks();
	if (end_boot_services()) {
		log_add_sink(screen_line);
		return boot_on("the firmware does not end its boot services");
	}
	__asm__ volatile("cli");
	memcpy(program + PROGRAM_PARAMETER_OFFSET, &e.bi, sizeof(e.bi));
	((void __attribute__((sysv_abi)) (*)(uint64_t))program)(0);
	__builtin_unreachable();
}

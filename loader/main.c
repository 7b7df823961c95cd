/*
 * The loader core: from a machine that firmware has let go of to a kernel that goes on. loader_main is
 * the story. It is told twice: first where the front door put the program, to learn from the image where
 * the region is; then in the region, where nothing that is restored can hit it. RESUME.md has the table
 * of memory and phases.
 */
#include <string.h>

#include "acpi.h"
#include "apic.h"
#include "area_io.h"
#include "arena.h"
#include "boot_info.h"
#include "cmdline.h"
#include "console.h"
#include "cpu.h"
#include "deadline.h"
#include "disks.h"
#include "efi_tables.h"
#include "find.h"
#include "format.h"
#include "image.h"
#include "jump.h"
#include "log.h"
#include "mailbox.h"
#include "multiboot2.h"
#include "paging.h"
#include "panic.h"
#include "pci.h"
#include "plan.h"
#include "program.h"
#include "restore.h"
#include "time.h"

#define BOOT_ON_DELAY_US (3u * 1000 * 1000) /* for the reader of the screen */
#define FRAME_BYTES      (2ull << 20)
#define CR4_LEVELS(cr4)  ((cr4)&CR4_LA57 ? 5u : 4u)

_Noreturn void loader_main(const void *multiboot2_info, uint64_t home, uint64_t home_bytes,
	uint64_t core, uint64_t start_tsc);
extern struct boot_info boot_info_room;

static struct {
	struct boot_info *bi;
	struct options options;
	struct arena arena;
	struct acpi acpi;
	struct disks disks;
	struct found found;
	struct image image;
	struct img_dest dest; /* for the header's state */
	void *header_block;
	struct restore_stats stats;
	uint64_t disks_us, opened_us; /* when the phases ended */
	char log[MAILBOX_LOG_BYTES];
} l;

/* Nothing is lost: the image stays as it is. GRUB's or the firmware's next choice follows the reset. */
static _Noreturn void boot_on(const char *why)
{
	log_line("loader: no resume: %s; booting on", why);
	disks_stop(&l.disks);
	delay_us(BOOT_ON_DELAY_US);
	machine_reset(&l.acpi);
}

static const char *text_of(int err)
{
	return err > -64 ? img_err_text(err) : err_text(err);
}

static void on_panic(void)
{
	boot_on("the loader met an exception or a bug of its own");
}

/* ---- The steps ---- */

static void start_log(void)
{
	log_init(l.log, sizeof(l.log));
	const char *word = "";
	uint32_t len = 0;
	int err = cmdline_parse(l.bi->cmdline, &l.options, &word, &len);
	if (l.options.serial)
		console_add_serial(l.options.serial);
	if (l.bi->text_console)
		console_add_vga_text();
	log_line("loader: %s door, program at %#llx, %s; command line: %s",
		l.bi->door == BOOT_DOOR_EFI ? "EFI" : "multiboot2",
		(unsigned long long)program_base(),
		l.bi->moved ? "in the region" : "before the move", l.bi->cmdline);
	if (err) {
		char why[80];
		format(why, sizeof(why), "command line: '%.*s' is not understood", (int)len, word);
		boot_on(why);
	}
}

static int take_home(void)
{
	arena_init(&l.arena);
	if (!l.bi->moved)
		return arena_add(&l.arena, (void *)l.bi->home, l.bi->home_bytes);
	uint64_t base = (uint64_t)program_base();
	uint64_t used = (program_bytes() + 4095) & ~4095ull;
	int err = 0;
	for (uint32_t i = 0; !err && i < l.bi->n_region; i++) {
		uint64_t skip = l.bi->region[i] == base ? used : 0;
		err = arena_add(&l.arena, (void *)(l.bi->region[i] + skip), FRAME_BYTES - skip);
	}
	return err;
}

/* Tables that map memory; registers and firmware tables are added by those who use them. The first
 * page of memory stays unmapped, so that a null pointer shows. */
static int own_tables(void)
{
	uint32_t levels = l.bi->moved ? l.bi->levels : paging_levels_now();
	void *low_page = arena_alloc(&l.arena, 4096, 4096);
	int err = low_page ? paging_init(&l.arena, levels) : ERR_NO_MEMORY;
	for (uint32_t i = 0; !err && i < l.bi->n_memory; i++) {
		const struct boot_range *m = &l.bi->memory[i];
		uint64_t start = m->start < 4096 ? 4096 : m->start;
		if ((m->type == BOOT_RAM || m->type == BOOT_ACPI) && start < m->end)
			err = paging_map_memory(start, m->end - start);
	}
	if (!err && l.bi->text_console && !machine_map_mmio(0xb8000, 0x8000))
		err = ERR_NO_MEMORY;
	return err ? err : paging_enter((uint64_t)low_page);
}

static void own_machine(void)
{
	int err = take_home();
	if (!err)
		err = own_tables();
	if (err)
		boot_on(err == ERR_CPU ? "the paging mode of the image cannot be entered here"
				       : "no memory for page tables");
	if (l.bi->efi_systab && !l.bi->efi_runtime)
		err = efi_tables_read(l.bi);
	if (err)
		log_line("loader: the EFI system table at %#llx makes no sense",
			(unsigned long long)l.bi->efi_systab);
	err = acpi_init(&l.acpi, l.bi->rsdp);
	if (err)
		log_line("loader: ACPI: %s", err_text(err));
	clock_init(l.acpi.pm_timer, l.bi->start_tsc);
}

/* What firmware left running must not write into memory that is restored. */
static void quiet_devices(void)
{
	pic_mask_all();
	uint32_t n = pci_quiesce_all();
	pci_usb_handoff();
	log_line("loader: bus mastering of %u devices turned off, TSC %llu kHz", n,
		(unsigned long long)clock_tsc_khz());
}

static void find_image(void)
{
	int err = disks_start(&l.disks, &l.arena, DISKS_ANY);
	if (err)
		boot_on("no disk that the loader can read");
	l.disks_us = clock_us();
	void *work = arena_alloc(&l.arena, FIND_WORK_BYTES, IMG_BLOCK_BYTES);
	err = work ? find_area(&l.disks, &l.options, work, &l.found) : ERR_NO_MEMORY;
	if (err)
		boot_on(text_of(err));
	err = img_state_check(&l.found.headers.h);
	if (err == IMG_ERR_SPENT && l.options.force) {
		log_line(
			"loader: force=1: resuming an image that was resumed or snapshotted before");
		err = 0;
	}
	if (err)
		boot_on(text_of(err));
	log_line("loader: image of %.63s, generation %llu, on %s sector %llu",
		l.found.headers.h.label, (unsigned long long)l.found.headers.h.generation,
		l.found.dev->name, (unsigned long long)l.found.extent.lba);
}

static void check_image(void)
{
	int err = image_open(&l.image, &l.found, &l.arena);
	if (err)
		boot_on(text_of(err));
	struct cpuid v = cpuid(0, 0);
	struct plan_cpu cpu = {.cpuid_1_eax = cpuid(1, 0).eax,
		.five_levels = v.eax >= 7 && (cpuid(7, 0).ecx & (1u << 16))};
	memcpy(cpu.vendor, &v.ebx, 4);
	memcpy(cpu.vendor + 4, &v.edx, 4);
	memcpy(cpu.vendor + 8, &v.ecx, 4);
	err = plan_check(&l.image, l.bi, &cpu);
	if (err)
		boot_on(text_of(err));
	if (l.acpi.rsdp && l.image.platform.rsdp && l.acpi.rsdp != l.image.platform.rsdp)
		boot_on("the ACPI tables lie elsewhere than before");
	if (apic_id() != l.image.cpu.apic_id)
		boot_on("this is another processor than the one that the kernel was saved on");
}

static int overlaps(uint64_t frame, uint64_t start, uint64_t bytes)
{
	return frame < start + bytes && start < frame + FRAME_BYTES;
}

/* Into a frame of the region that holds nothing of what runs now; the program starts anew there. */
static _Noreturn void move(void)
{
	const struct program_header *p = (const void *)l.bi->core;
	uint64_t to = 0;
	for (uint32_t i = 0; !to && i < l.image.n_region; i++) {
		uint64_t frame = l.image.region[i].phys;
		if (!overlaps(frame, (uint64_t)program_base(), program_bytes()) &&
			!overlaps(frame, l.bi->home, l.bi->home_bytes) &&
			!overlaps(frame, l.bi->core, l.bi->core_bytes))
			to = frame;
	}
	if (!to || p->memory_bytes > FRAME_BYTES)
		boot_on("the region of the image has no frame that is free now");
	disks_stop(&l.disks);
	memcpy((void *)to, p, p->file_bytes);
	struct boot_info *bi = (void *)(to + PROGRAM_PARAMETER_OFFSET);
	*bi = *l.bi;
	bi->moved = 1;
	bi->levels = CR4_LEVELS(l.image.cpu.cr4);
	bi->probe_us = l.disks_us;
	bi->header_us = clock_us() - l.disks_us;
	bi->n_region = l.image.n_region;
	for (uint32_t i = 0; i < l.image.n_region; i++)
		bi->region[i] = l.image.region[i].phys;
	log_line("loader: moving to %#llx", (unsigned long long)to);
	((void (*)(uint64_t))to)(0);
	__builtin_unreachable();
}

/* Header writes need no buffers: one block from memory of our own. */
static int header_write(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	return area_transfer(ctx, BLOCK_WRITE, offset, (void *)(uintptr_t)data, bytes);
}

static int header_flush(void *ctx)
{
	return area_flush(ctx);
}

static int set_state(enum img_state state, uint32_t attempts)
{
	return img_set_state(&l.dest, &l.found.headers, state, attempts, l.header_block);
}

/* Counted before anything is loaded: a loader that hangs or crashes is not tried for ever. */
static void count_attempt(void)
{
	uint32_t attempts = l.found.headers.h.attempts;
	if (attempts >= l.options.attempts_max && !l.options.force) {
		log_line(
			"loader: %u attempts to resume have failed; force=1 tries again", attempts);
		boot_on("too many failed attempts");
	}
	l.header_block = arena_alloc(&l.arena, IMG_BLOCK_BYTES, IMG_BLOCK_BYTES);
	l.dest = (struct img_dest){.write = header_write,
		.flush = header_flush,
		.ctx = &l.found.area,
		.size = l.found.area.bytes};
	/* Nothing but the header pair may be written. */
	static struct block_extent headers;
	headers = (struct block_extent){.lba = l.found.extent.lba,
		.n_sectors = IMG_N_HEADERS * IMG_HEADER_STRIDE / l.found.dev->sector_bytes};
	block_allow_writes(l.found.dev, &headers, 1);
	int err = l.header_block ? set_state(IMG_LOADING, attempts + 1) : ERR_NO_MEMORY;
	if (err) {
		log_line("loader: the attempt could not be counted: %s", text_of(err));
		boot_on("the image's header cannot be written");
	}
}

static void restore(void)
{
	apic_park_others();
	l.opened_us = clock_us();
	int err = restore_memory(&l.image, &l.found.area, &l.arena, &l.stats);
	if (err)
		boot_on(text_of(err));
	log_line(
		"loader: %llu MiB restored from %llu MiB read: read %llu ms, decompress %llu ms, hash %llu ms",
		(unsigned long long)l.stats.bytes_restored >> 20,
		(unsigned long long)l.stats.bytes_read >> 20,
		(unsigned long long)l.stats.read_us / 1000,
		(unsigned long long)l.stats.decompress_us / 1000,
		(unsigned long long)l.stats.hash_us / 1000);
}

static void restore_platform(void)
{
	const struct saved_platform *p = &l.image.platform;
	struct acpi_fixed f = {.pm1a_enable = p->pm1a_enable,
		.pm1b_enable = p->pm1b_enable,
		.pm1a_control = p->pm1a_control,
		.pm1b_control = p->pm1b_control,
		.gpe0_bytes = p->gpe0_bytes,
		.gpe1_bytes = p->gpe1_bytes};
	memcpy(f.gpe0_enable, p->gpe0_enable, sizeof(f.gpe0_enable));
	memcpy(f.gpe1_enable, p->gpe1_enable, sizeof(f.gpe1_enable));
	if (f.gpe0_bytes > sizeof(f.gpe0_enable) || f.gpe1_bytes > sizeof(f.gpe1_enable))
		boot_on("the image has a GPE block that is too long");
	int err = acpi_restore_fixed(&l.acpi, &f);
	if (err)
		log_line("loader: ACPI events could not be enabled: %s", err_text(err));
	err = apic_match_mode(l.image.cpu.apic_base);
	if (err)
		boot_on("the local APIC cannot be put into the mode that the kernel had");
}

/* The last write to the disk: from now on this image is never resumed again by itself. */
static void launch(void)
{
	int err = set_state(IMG_LAUNCHED, l.found.headers.h.attempts);
	if (err) {
		log_line("loader: the image could not be marked as launched: %s", text_of(err));
		boot_on("the image's header cannot be written");
	}
	disks_stop(&l.disks);
}

static void report(void)
{
	struct mailbox *m = (struct mailbox *)l.image.platform.mailbox;
	if (!m || m->magic != MAILBOX_MAGIC || m->nonce != l.image.platform.nonce ||
		m->version != MAILBOX_VERSION || m->bytes != sizeof(*m)) {
		log_line("loader: no mailbox at %#llx", (unsigned long long)m);
		return;
	}
	const struct saved_ledger *s = &l.image.ledger;
	m->save = (struct mailbox_save){.pages = s->pages,
		.pages_fill = s->pages_fill,
		.pages_raw = s->pages_raw,
		.pages_lz4 = s->pages_lz4,
		.bytes_stored = s->bytes_stored,
		.total_us = s->total_us,
		.wait_us = s->wait_us};
	uint64_t now = clock_us();
	m->resume = (struct mailbox_resume){.total_us = now,
		.probe_us = l.bi->probe_us,
		.header_us = l.bi->header_us,
		.read_us = l.stats.read_us,
		.decompress_us = l.stats.decompress_us,
		.hash_us = l.stats.hash_us,
		.bytes_read = l.stats.bytes_read,
		.bytes_restored = l.stats.bytes_restored,
		.attempts = l.found.headers.h.attempts};
	m->outcome = MAILBOX_RESUMED;
	m->error = 0;
	m->reason[0] = 0;
	m->loader_log_bytes = (uint32_t)log_copy(m->loader_log, MAILBOX_LOG_BYTES);
}

static _Noreturn void jump(void)
{
	const struct saved_cpu *c = &l.image.cpu;
	struct kexec_return r = {.stack = c->stack,
		.entry = c->entry,
		.efer = c->efer,
		.gdt_limit = (uint16_t)c->gdt_limit,
		.gdt_base = c->gdt_base};
	log_line("loader: %llu ms from the first instruction; jump to %#llx",
		(unsigned long long)clock_us() / 1000, (unsigned long long)c->jump_back);
	report();
	log_drop_sinks();
	jump_kexec_return(&r);
}

static void make_boot_info(
	const void *info, uint64_t home, uint64_t home_bytes, uint64_t core, uint64_t start_tsc)
{
	const struct program_header *p = (const void *)core;
	*l.bi = (struct boot_info){.magic = BOOT_INFO_MAGIC,
		.bytes = sizeof(*l.bi),
		.door = BOOT_DOOR_MULTIBOOT2,
		.start_tsc = start_tsc,
		.core = core,
		.core_bytes = p->file_bytes,
		.home = home,
		.home_bytes = home_bytes};
	int err = multiboot2_read(info, l.bi);
	if (err) {
		console_add_vga_text();
		boot_on("the multiboot2 information makes no sense");
	}
}

_Noreturn void loader_main(const void *multiboot2_info, uint64_t home, uint64_t home_bytes,
	uint64_t core, uint64_t start_tsc)
{
	panic_hook = on_panic;
	l.bi = &boot_info_room;

	/* Who started us, where is memory, what is wanted? */
	if (multiboot2_info)
		make_boot_info(multiboot2_info, home, home_bytes, core, start_tsc);
	start_log();

	/* Own memory, own tables, a clock; then nothing but us touches memory. */
	own_machine();
	quiet_devices();

	/* The image, and whether it belongs into this machine: nothing is overwritten before that. */
	find_image();
	check_image();
	if (!l.bi->moved)
		move();

	/* In the region. The attempt is on the disk before the first frame is. */
	count_attempt();
	restore();
	restore_platform();

	/* Point of no return: LAUNCHED on the disk, devices stopped, into the old kernel. */
	launch();
	jump();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader core: from a machine that firmware has let go of to a kernel that goes on. loader_main
 * is the story. It is told twice: first where the front door put the program, to learn from the
 * image where there is room; then there, where nothing that is restored can hit it. RESUME.md has
 * the table of memory and phases. What differs between our own images and stock kernels' is
 * own_kind.c and stock_kind.c.
 */
#include <string.h>

#include "apic.h"
#include "boot_memory.h"
#include "console.h"
#include "cpu.h"
#include "efi_tables.h"
#include "format.h"
#include "firmware_data.h"
#include "iommu.h"
#include "loader.h"
#include "low_memory.h"
#include "machine.h"
#include "mailbox.h"
#include "more_memory.h"
#include "multiboot2.h"
#include "paging.h"
#include "panic.h"
#include "pci.h"
#include "program.h"
#include "smp.h"
#include "this_cpu.h"
#include "clock.h"
#include "traps.h"
#include "version.h"
#include "watchdog.h"

#define BUSY_MAX (16u + FIRMWARE_DATA_MAX)

_Noreturn void loader_main(const void *multiboot2_info, uint64_t home, uint64_t home_bytes,
	uint64_t core, uint64_t start_tsc);
extern struct boot_info boot_info_room;

static struct loader l;
static char log_ring[MAILBOX_LOG_BYTES];

static void on_panic(void)
{
	if (smp_is_helper())
		cpu_halt(); /* its job is missed */
	boot_on("the loader met an exception or a bug of its own");
}

/* ---- The steps ---- */

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
		char why[160] = "the multiboot2 information makes no sense";
		if (err == ERR_NO_MEMORY)
			format(why, sizeof(why), BOOT_MEMORY_TOO_MANY, l.bi->n_given,
				l.bi->n_runtime_given, BOOT_MEMORY_MAX, BOOT_RUNTIME_MAX);
		console_add_vga_text();
		boot_on(why);
	}
}

static void start_log(void)
{
	log_init(log_ring, sizeof(log_ring));
	const char *word = "";
	uint32_t len = 0;
	int err = cmdline_parse(l.bi->cmdline, &l.options, &word, &len);
	if (l.options.serial)
		console_add_serial(l.options.serial);
	if (l.bi->text_console)
		console_add_vga_text();
	log_line("loader: %s door, program at %#llx, %s, version %s; command line: %s",
		l.bi->door == BOOT_DOOR_EFI ? "EFI" : "multiboot2",
		(unsigned long long)(uint64_t)program_base(),
		l.bi->moved ? "in the region" : "before the move", torpor_version, l.bi->cmdline);
	if (err) {
		char why[80];
		format(why, sizeof(why), "command line: '%.*s' is not understood", (int)len, word);
		boot_on(why);
	}
}

/* What runs now lies there, or is still read: frames. */
static struct {
	struct range v[BUSY_MAX];
	struct ranges frames;
} busy;

static int add_busy(uint64_t start, uint64_t bytes)
{
	return bytes == 0 ? 0
			  : ranges_add(&busy.frames, start / 4096, (start + bytes + 4095) / 4096);
}

static int find_busy(void)
{
	ranges_init(&busy.frames, busy.v, BUSY_MAX);
	int err = add_busy((uint64_t)program_base(), program_bytes());
	if (!err)
		err = add_busy(l.bi->home, l.bi->home_bytes);
	if (!err)
		err = add_busy(l.bi->core, l.bi->core_bytes);
	return err ? err : add_busy(l.bi->facts, l.bi->facts_bytes);
}

/* Before the move nothing but us runs: any RAM that is not busy. */
static void *more_before_move(struct arena *a, size_t bytes)
{
	(void)a;
	uint64_t at = more_memory(l.bi, &busy.frames, bytes);
	return at && add_busy(at, bytes) == 0 ? (void *)at : NULL;
}

/* In the region: its pages one after another at other addresses. */
static void *more_in_region(struct arena *a, size_t bytes)
{
	return paging_join(a, bytes);
}

static uint64_t whole_pages(uint64_t bytes)
{
	return (bytes + 4095) & ~4095ull;
}

static int take_home(void)
{
	arena_init(&l.arena);
	l.arena.more = l.bi->moved ? more_in_region : more_before_move;
	if (!l.bi->moved)
		return arena_add(&l.arena, (void *)l.bi->home, l.bi->home_bytes);
	uint64_t base = (uint64_t)program_base();
	/* Facts of a stock image lie behind the program. */
	uint64_t used = whole_pages(program_bytes()) + whole_pages(l.bi->facts_bytes);
	int err = 0;
	for (uint32_t i = 0; !err && i < l.bi->n_region; i++) {
		const struct boot_piece *p = &l.bi->region[i];
		uint64_t skip = p->start == base ? used : 0;
		err = arena_add(&l.arena, (void *)(p->start + skip), p->bytes - skip);
	}
	return err;
}

/* Registers and firmware tables are added by those who use them. The first page stays unmapped, so
 * that a null pointer shows. */
static int own_tables(uint32_t levels)
{
	const struct boot_info *bi = l.bi;
	int err = paging_init(&l.arena, levels);
	for (uint32_t i = 0; !err && i < bi->n_memory; i++) {
		const struct memory_range *m = &bi->memory[i];
		uint64_t start = m->start < 4096 ? 4096 : m->start;
		if ((m->type == MEMORY_RAM || m->type == MEMORY_ACPI) && start < m->end)
			err = paging_map_memory(start, m->end - start);
	}
	if (!err && bi->text_console && !machine_map_mmio(0xb8000, 0x8000))
		err = ERR_NO_MEMORY;
	return err ? err : paging_enter(low_memory_for_paging(bi));
}

static void own_machine(void)
{
	int err = find_busy();
	if (err)
		boot_on("the front door's memory makes no sense");
	err = take_home();
	if (!err)
		err = own_tables(l.bi->moved ? l.bi->levels : paging_levels_now());
	if (err)
		boot_on(err == ERR_CPU ? "the image's paging mode cannot be entered here"
				       : "no memory for page tables");
	if (l.bi->efi_systab && !l.bi->efi_runtime && efi_tables_read(l.bi))
		log_line("loader: the EFI system table at %#llx makes no sense",
			(unsigned long long)l.bi->efi_systab);
	err = acpi_init(&l.acpi, l.bi->rsdp);
	if (err)
		log_line("loader: ACPI: %s", err_text(err));
	struct clock_sources clock = {.pm_timer = l.acpi.pm_timer,
		.hpet = machine_map_mmio(l.acpi.hpet, CLOCK_HPET_BYTES)};
	clock_init(&clock, l.bi->start_tsc);
	pci_use_mcfg(l.acpi.mcfg);
	/* It was told to a saved kernel, too, and what we put there would be in its way. */
	if (!l.bi->moved && firmware_data_add(l.bi, l.acpi.rsdp, &busy.frames))
		boot_on("no room for what the firmware keeps");
}

/* Behind translation that firmware left on no disk can be driven. Not before the bus masters are
 * off, for what they have in hand would go elsewhere. */
static void turn_remapping_off(void)
{
	static struct iommus units;
	if (iommu_find(l.acpi.dmar, l.acpi.ivrs, &units) || iommu_turn_off(&units))
		boot_on("DMA remapping, which the firmware left on, cannot be turned off");
}

/* What firmware left running must not write into memory that is restored, nor run from what is
 * overwritten: the region is written next. */
static void quiet_devices(void)
{
	pic_mask_all();
	uint32_t n = pci_take_from_firmware();
	turn_remapping_off();
	(void)watchdogs_stop(&l.acpi);
	apic_park_others();
	log_line("loader: bus mastering of %u devices turned off, TSC %llu kHz by %s", n,
		(unsigned long long)clock_tsc_khz(), clock_basis());
}

/* Memory of its own, as at the EFI door; in the region, where page tables come from the same arena,
 * all of it, and only for the kind that was chosen: nothing of the other one has to be given
 * back. */
static struct arena *memory_to_judge(void)
{
	static struct arena judging;
	size_t bytes = JUDGE_ARENA_BYTES;
	if (l.bi->moved)
		return &l.arena;
	arena_init(&judging);
	judging.more = l.arena.more;
	void *memory = arena_alloc(&l.arena, bytes, 4096);
	if (!memory)
		memory = arena_alloc_largest(&l.arena, 4096, &bytes);
	if (!memory || arena_add(&judging, memory, bytes))
		boot_on("no memory to look for an image");
	return &judging;
}

/* The image, and whether it belongs into this machine: the judge's answer and nothing else. */
static void judge_image(void)
{
	static struct tables tables;
	int err = disks_start(&l.disks, &l.arena, DISKS_ANY);
	if (err)
		boot_on("no disk that the loader can read");
	l.disks_us = clock_us();
	tables_read(l.acpi.rsdp, &tables);
	if (l.bi->image_kind == JUDGE_STOCK)
		l.options.area.by = PLACE_NONE;
	if (l.bi->image_kind == JUDGE_OWN)
		l.options.swap.by = PLACE_NONE;
	const struct judge_input in = {.disks = &l.disks,
		.options = &l.options,
		.bi = l.bi,
		.acpi = &l.acpi,
		.tables = &tables,
		.cpu = this_cpu_read(),
		.apic_id = apic_id(),
		.busy = l.bi->moved ? NULL : &busy.frames,
		.program_bytes = program_bytes(),
		.arena = memory_to_judge()};
	err = judge(&in, &l.judgment);
	judge_log_loss(&l.judgment);
	if (err) {
		log_line("loader: %llu ms from the first instruction until no image was found",
			(unsigned long long)clock_us() / 1000);
		boot_on(l.judgment.reason);
	}
	if (l.bi->moved && l.judgment.state != l.bi->image_state)
		boot_on("another image is there than before the loader moved");
	l.kind = l.judgment.kind == JUDGE_OWN ? &own_kind : &stock_kind;
}

/* Behind the program; an image of ours has no use for them. */
static void take_facts_along(struct boot_info *bi, uint64_t program_end)
{
	if (l.judgment.kind != JUDGE_STOCK)
		bi->facts_bytes = 0;
	if (bi->facts_bytes)
		memcpy((void *)program_end, (const void *)bi->facts, bi->facts_bytes);
	bi->facts = bi->facts_bytes ? program_end : 0;
}

/* The program starts anew, from the pristine copy, in the first piece of its region. */
static _Noreturn void move(void)
{
	const struct program_header *p = (const void *)l.bi->core;
	const struct region *region = &l.judgment.region;
	uint64_t to = region->piece[0].start;
	disks_stop(&l.disks);
	log_line("loader: moving to %#llx, region of %u pieces", (unsigned long long)to, region->n);
	memcpy((void *)to, p, p->file_bytes);
	struct boot_info *bi = (void *)(to + PROGRAM_PARAMETER_OFFSET);
	*bi = *l.bi;
	bi->moved = 1;
	bi->levels = region->levels ? region->levels : paging_levels_now();
	bi->low = region->low.code;
	bi->low_root = region->low.root;
	bi->open_bytes = region->open_bytes;
	bi->image_kind = l.judgment.kind;
	bi->image_state = l.judgment.state;
	bi->probe_us = l.disks_us;
	bi->header_us = clock_us() - l.disks_us;
	bi->n_region = region->n;
	memcpy(bi->region, region->piece, sizeof(bi->region));
	take_facts_along(bi, to + whole_pages(p->memory_bytes));
	((void (*)(uint64_t))to)(0);
	__builtin_unreachable();
}

static void restore(void)
{
	smp_start(&l.jobs, &l.acpi, &l.arena, &(struct smp_low){l.bi->low, l.bi->low_root});
	uint64_t begun_us = clock_us();
	l.kind->restore(&l);
	l.stats.begun_us = begun_us;
	l.stats.done_us = clock_us();
	uint32_t n_workers = l.jobs.n_workers;
	smp_stop(&l.jobs);
	log_line(
		"loader: %llu MiB restored from %llu MiB read in %llu ms: read %llu ms, decompress %llu ms, hash %llu ms by %u processors",
		(unsigned long long)l.stats.bytes_restored >> 20,
		(unsigned long long)l.stats.bytes_read >> 20,
		(unsigned long long)(l.stats.done_us - begun_us) / 1000,
		(unsigned long long)l.stats.read_us / 1000,
		(unsigned long long)l.stats.decompress_us / 1000,
		(unsigned long long)l.stats.hash_us / 1000, n_workers);
	if (traps_nmis())
		log_line("loader: %u NMIs were passed over", traps_nmis());
}

_Noreturn void loader_main(const void *multiboot2_info, uint64_t home, uint64_t home_bytes,
	uint64_t core, uint64_t start_tsc)
{
	panic_hook = on_panic;
	boot_on_init(&l.disks, &l.acpi);
	l.bi = &boot_info_room;

	/* Who started us, where is memory, what is wanted? */
	if (multiboot2_info)
		make_boot_info(multiboot2_info, home, home_bytes, core, start_tsc);
	start_log();

	/* Own memory, own tables, a clock; then nothing but us touches memory. */
	own_machine();
	quiet_devices();

	/* The image, and whether it belongs into this machine: nothing is overwritten before
	 * that. */
	judge_image();
	if (!l.bi->moved)
		move();

	/* In the region. The attempt is on the disk before the first frame is. */
	l.kind->count_attempt(&l);
	restore();
	l.kind->restore_platform(&l);

	/* Point of no return: marked on the disk, devices stopped, into the old kernel. */
	l.kind->launch(&l);
	disks_stop(&l.disks);
	l.kind->jump(&l);
}

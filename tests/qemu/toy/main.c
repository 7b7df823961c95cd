/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A toy kernel for the writer and the loader: fills all memory that is its own with a pattern that
 * depends on the address, enters the writer the way Linux's kexec does, and, wherever it comes back
 * from (the writer, or the loader after a power cycle), checks every byte of it. Started by GRUB
 * through the same stub as the loader (loader/door/multiboot2.asm).
 *
 * Command line: the loader's options (where the image area is), and after " -- " one of poweroff,
 * reboot, continue; or what speed.h and levels.h run: no save. Lines on the serial port that tests look for begin
 * with "toy: ".
 */
#include <string.h>

#include "acpi.h"
#include "arena.h"
#include "boot_info.h"
#include "cmdline.h"
#include "console.h"
#include "cpu.h"
#include "disks.h"
#include "efi_tables.h"
#include "find.h"
#include "handoff.h"
#include "levels.h"
#include "nmi.h"
#include "log.h"
#include "machine.h"
#include "mailbox.h"
#include "multiboot2.h"
#include "paging.h"
#include "panic.h"
#include "program.h"
#include "ranges.h"
#include "speed.h"
#include "clock.h"
#include "traps.h"

#define PAGE_BYTES    4096ull
#define REGION_FRAMES 8u
#define RANGES_MAX    128u
#define NONCE         0x6e6f6e63652e746full

_Noreturn void toy_main(
	const void *info, uint64_t home, uint64_t home_bytes, uint64_t core, uint64_t start_tsc);

/* entry.asm: enters the payload as relocate_kernel does; returns when something jumps back. */
void toy_jump(uint64_t payload, void *swap_page_top);
extern const uint8_t writer_blob[], writer_blob_end[];

static struct {
	struct boot_info bi;
	struct options options;
	struct arena arena;
	struct acpi acpi;
	struct disks disks;
	struct found found;
	struct range v[RANGES_MAX];
	struct ranges filled; /* frames with the pattern */
	uint64_t region[REGION_FRAMES];
	struct mailbox *mailbox;
	enum handoff_action action;
	const char *speed; /* NULL: a save is wanted */
	int levels;        /* 1: no save, paging modes only */
	uint8_t swap_page[4096] __attribute__((aligned(4096)));
	char log[16384];
} t;

static _Noreturn void fail(const char *why)
{
	log_line("toy: FAILED: %s", why);
	cpu_halt();
}

static void on_panic(void)
{
	fail("exception");
}

/* In turns of 24 frames: constant, noise, compressible twice. No two frames are equal. */
static uint64_t pattern(uint64_t pfn, uint32_t word)
{
	uint64_t x = pfn * 0x9e3779b97f4a7c15ull;
	uint64_t kind = pfn / 24 % 4;
	if (kind == 0)
		return x;
	if (kind == 1) {
		x += word * 0xbf58476d1ce4e5b9ull;
		x ^= x >> 29;
		return x * 0x94d049bb133111ebull;
	}
	return x + word / 16;
}

static void fill_frame(uint64_t pfn)
{
	uint64_t *p = (uint64_t *)(pfn * PAGE_BYTES);
	for (uint32_t i = 0; i < 512; i++)
		p[i] = pattern(pfn, i);
}

static void check_frame(uint64_t pfn)
{
	const uint64_t *p = (const uint64_t *)(pfn * PAGE_BYTES);
	for (uint32_t i = 0; i < 512; i++)
		if (p[i] != pattern(pfn, i)) {
			log_line("toy: FAILED: at %#llx is %#llx, wanted %#llx",
				(unsigned long long)(uint64_t)&p[i], (unsigned long long)p[i],
				(unsigned long long)pattern(pfn, i));
			cpu_halt();
		}
}

static uint64_t each_frame(void (*what)(uint64_t pfn))
{
	for (uint32_t i = 0; i < t.filled.n; i++)
		for (uint64_t pfn = t.filled.v[i].start; pfn < t.filled.v[i].end; pfn++)
			what(pfn);
	return ranges_total(&t.filled);
}

static void must(int err, const char *what)
{
	if (err) {
		log_line("toy: %s: %d (%s)", what, err, err_text(err));
		fail(what);
	}
}

static void parse_cmdline(void)
{
	const char *word = "";
	uint32_t len = 0;
	char *extra = t.bi.cmdline;
	while (*extra && strncmp(extra, " -- ", 4) != 0)
		extra++;
	if (!*extra)
		fail("command line without --");
	*extra = 0;
	extra += 4;
	t.speed = speed_is_wanted(extra) ? extra : NULL;
	t.levels = strncmp(extra, "levels", 6) == 0;
	t.action = strncmp(extra, "continue", 8) == 0 ? HANDOFF_CONTINUE
		   : strncmp(extra, "reboot", 6) == 0 ? HANDOFF_REBOOT
						      : HANDOFF_POWEROFF;
	must(cmdline_parse(t.bi.cmdline, &t.options, &word, &len), "command line");
	console_add_serial(t.options.serial);
}

/* All RAM above 1 MiB, less what we run in, the region and the mailbox, is filled. */
static void take_memory(uint64_t home, uint64_t home_bytes)
{
	ranges_init(&t.filled, t.v, RANGES_MAX);
	for (uint32_t i = 0; i < t.bi.n_memory; i++) {
		const struct memory_range *m = &t.bi.memory[i];
		if (m->type != MEMORY_RAM || m->end <= (1u << 20))
			continue;
		uint64_t start = m->start < (1u << 20) ? 1u << 20 : m->start;
		must(ranges_add(
			     &t.filled, (start + PAGE_BYTES - 1) / PAGE_BYTES, m->end / PAGE_BYTES),
			"memory map");
	}
	uint64_t first = (uint64_t)program_base() / PAGE_BYTES;
	must(ranges_remove(&t.filled, first, (home + home_bytes) / PAGE_BYTES + 1), "own memory");
	/* The multiboot stub and its tables lie before the program; they are not ours to keep. */
	uint32_t n = 0;
	for (uint64_t frame = 64ull << 20; n < REGION_FRAMES + 1; frame += REGION_FRAME_BYTES) {
		uint64_t pfn = frame / PAGE_BYTES;
		if (!ranges_contain(&t.filled, pfn, pfn + 512))
			continue;
		must(ranges_remove(&t.filled, pfn, pfn + 512), "region");
		if (n < REGION_FRAMES)
			t.region[n] = frame;
		else
			t.mailbox = (struct mailbox *)frame;
		n++;
	}
}

static void own_tables(void)
{
	must(paging_init(&t.arena, paging_levels_now()), "page tables");
	for (uint32_t i = 0; i < t.bi.n_memory; i++)
		if (t.bi.memory[i].type == MEMORY_RAM || t.bi.memory[i].type == MEMORY_ACPI)
			must(paging_map_memory(t.bi.memory[i].start,
				     t.bi.memory[i].end - t.bi.memory[i].start),
				"page tables");
	must(paging_enter(0), "page tables");
}

static void fill_handoff(struct handoff *h)
{
	*h = (struct handoff){.magic = HANDOFF_MAGIC,
		.version = HANDOFF_VERSION,
		.bytes = sizeof(*h),
		.nonce = NONCE,
		.mailbox = (uint64_t)t.mailbox,
		.action = t.action,
		.serial_port = t.options.serial,
		.created_unix_s = 1,
		.pci_address = t.found.dev->pci_address,
		.unit = t.found.dev->unit,
		.sector_bytes = t.found.dev->sector_bytes,
		.n_extents = 1,
		.n_sectors = t.found.dev->n_sectors,
		.kernel_restores_gdt = 1,
		.kernel_release = "toy",
		.rsdp = t.acpi.rsdp,
		.efi_systab = t.bi.efi_systab,
		.efi_runtime = t.bi.efi_runtime,
		.n_region = REGION_FRAMES};
	memcpy(h->area_uuid, t.found.headers.h.area_uuid, 16);
	memset(h->image_uuid, 0x54, 16);
	h->extent[0] =
		(struct handoff_extent){t.found.extents[0].lba, t.found.extents[0].n_sectors};
	memcpy(h->region, t.region, sizeof(t.region));
	for (uint32_t i = 0; i < t.bi.n_memory && i < HANDOFF_MEMORY_MAX; i++)
		h->memory[h->n_memory++] = (struct memory_range){.start = t.bi.memory[i].start,
			.end = t.bi.memory[i].end,
			.type = t.bi.memory[i].type};
}

static void load_payload(void)
{
	uint8_t *to = (uint8_t *)t.region[0];
	memset(to, 0, REGION_FRAME_BYTES);
	memcpy(to, writer_blob, (size_t)(writer_blob_end - writer_blob));
	fill_handoff((struct handoff *)(to + PROGRAM_PARAMETER_OFFSET));
	memset(t.mailbox, 0, sizeof(*t.mailbox));
	*t.mailbox = (struct mailbox){.magic = MAILBOX_MAGIC,
		.nonce = NONCE,
		.version = MAILBOX_VERSION,
		.bytes = sizeof(*t.mailbox)};
}

static uint8_t *speed_buffer(void)
{
	uint64_t n_pages = SPEED_DEPTH_MAX * SPEED_BLOCK_BYTES / PAGE_BYTES;
	for (uint32_t i = 0; i < t.filled.n; i++)
		if (t.filled.v[i].end - t.filled.v[i].start >= n_pages)
			return (uint8_t *)((t.filled.v[i].end - n_pages) * PAGE_BYTES);
	fail("no memory for the transfers");
}

static void find_area_uuid(void)
{
	must(disks_start(&t.disks, &t.arena, DISKS_ANY), "disks");
	void *work = arena_alloc(&t.arena, FIND_WORK_BYTES, 4096);
	must(work ? find_area(&t.disks, &t.options, work, &t.found) : ERR_NO_MEMORY, "image area");
	if (t.speed)
		must(speed_run(&t.found.area, t.speed, speed_buffer()), t.speed);
	disks_stop(&t.disks);
}

static void check_return(uint64_t round)
{
	static const char *const outcomes[] = {"nothing", "failed", "continued", "resumed"};
	program_start_cpu(); /* descriptor tables and SSE as before */
	write_cr3(read_cr3());
	uint32_t outcome = t.mailbox->outcome;
	log_line("toy: back in round %llu: %s %s", (unsigned long long)round,
		outcome < 4 ? outcomes[outcome] : "?", t.mailbox->reason);
	log_line("toy: round %llu: all %llu frames are as they were", (unsigned long long)round,
		(unsigned long long)each_frame(check_frame));
}

_Noreturn void toy_main(
	const void *info, uint64_t home, uint64_t home_bytes, uint64_t core, uint64_t start_tsc)
{
	(void)core;
	panic_hook = on_panic;
	log_init(t.log, sizeof(t.log));
	if (multiboot2_read(info, &t.bi))
		fail("multiboot2 information");
	parse_cmdline();
	take_memory(home, home_bytes);
	arena_init(&t.arena);
	must(arena_add(&t.arena, (void *)home, home_bytes), "arena");
	own_tables();
	if (!nmi_leaves_all_as_it_is())
		fail("an NMI changed a register or what lies below the stack pointer");
	if (t.bi.efi_systab)
		must(efi_tables_read(&t.bi), "EFI system table");
	must(acpi_init(&t.acpi, t.bi.rsdp), "ACPI");
	struct clock_sources clock = {.pm_timer = t.acpi.pm_timer,
		.hpet = machine_map_mmio(t.acpi.hpet, CLOCK_HPET_BYTES)};
	clock_init(&clock, start_tsc);
	if (t.levels)
		must(levels_run(&t.bi), "paging levels");
	else
		find_area_uuid();
	if (t.speed || t.levels) {
		must(acpi_power_off(&t.acpi), "power off");
		cpu_halt();
	}
	log_line("toy: filled %llu frames in %u ranges", (unsigned long long)each_frame(fill_frame),
		t.filled.n);

	/* Twice: save, come back from wherever, check; the second time with the payload loaded anew. */
	for (uint64_t round = 1; round <= 2; round++) {
		load_payload();
		toy_jump(t.region[0], t.swap_page + sizeof(t.swap_page) - 8);
		check_return(round);
	}
	log_line("toy: PASSED");
	must(acpi_power_off(&t.acpi), "power off");
	cpu_halt();
}

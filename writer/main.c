/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writer: entered from Linux by kexec jump, saves all memory into the image area, then powers
 * off, resets, or jumps back. writer_main is the story. Until the commit every failure ends in a
 * jump back, with the reason in the mailbox: the old system goes on.
 *
 * Memory: the program, its stack, tables and buffers lie in the region. Of the old kernel's memory
 * only the mailbox is written, and the kernel's swap page at the jump back.
 */
#include <string.h>

#include "acpi.h"
#include "apic.h"
#include "area_io.h"
#include "arena.h"
#include "console.h"
#include "cpu.h"
#include "disks.h"
#include "dma_check.h"
#include "efi_off.h"
#include "err.h"
#include "err_any.h"
#include "fingerprints.h"
#include "format.h"
#include "handoff_check.h"
#include "img.h"
#include "jump.h"
#include "log.h"
#include "machine.h"
#include "machine_state.h"
#include "mailbox.h"
#include "nvs_out.h"
#include "old_kernel.h"
#include "old_pages.h"
#include "output.h"
#include "paging.h"
#include "pages.h"
#include "panic.h"
#include "pci.h"
#include "program.h"
#include "saved_state.h"
#include "clock.h"
#include "traps.h"
#include "version.h"

#define LOG_BYTES    MAILBOX_LOG_BYTES
#define STATE_BYTES  (64u * 1024)
#define CHUNK_PAGES  16u
#define PIECE_PAGES  1024u /* given to the image at a time */
#define REASON_BYTES 256

static_assert(STATE_BYTES >= HANDOFF_MEMORY_MAX * sizeof(struct memory_range) +
				     SAVED_RUNTIME_MAX * sizeof(struct runtime_range) +
				     SAVED_TABLES_MAX * sizeof(struct saved_table) +
				     SAVED_PROCESSORS_MAX * sizeof(struct saved_processor) +
				     SAVED_REGISTERS_MAX * sizeof(struct saved_registers) + 8192,
	"a platform with all that its lists can hold, and what describes them");

_Noreturn void writer_main(const struct entry_state *e);

extern struct handoff handoff_room;

static struct {
	const struct entry_state *entry;
	const struct handoff *h;
	struct mailbox *mailbox; /* NULL until checked */
	struct arena arena;
	struct acpi acpi;
	struct acpi_fixed fixed;
	struct old_kernel kernel;
	struct machine_state machine;
	struct disks disks;
	struct block_dev *dev;
	struct block_extent extent[HANDOFF_EXTENTS_MAX];
	struct area area;
	struct output output;
	struct img_writer image;
	struct range frame_ranges[PAGES_RANGES_MAX];
	struct ranges frames;
	struct range nvs_ranges[HANDOFF_MEMORY_MAX];
	struct ranges nvs;
	struct old_memory old_memory;
	struct old_pages old_pages;
	struct saved_filesystem filesystem[HANDOFF_FILESYSTEMS_MAX];
	uint64_t start_tsc;
	int committed;
	int giving_up;
	char log[LOG_BYTES];
} w;

/* What the save has cost until now. */
static struct saved_ledger cost(void)
{
	const struct img_write_stats *s = img_stats(&w.image);
	return (struct saved_ledger){.pages = s->pages,
		.pages_fill = s->pages_fill,
		.pages_raw = s->pages_raw,
		.pages_lz4 = s->pages_lz4,
		.bytes_stored = s->bytes_stored,
		.total_us = clock_us(),
		.wait_us = w.output.wait_us};
}

static void report(enum mailbox_outcome outcome, int err, const char *reason)
{
	if (!w.mailbox)
		return;
	if (!w.giving_up)
		w.mailbox->save = cost();
	w.mailbox->outcome = outcome;
	w.mailbox->error = err;
	format(w.mailbox->reason, sizeof(w.mailbox->reason), "%s", reason);
	w.mailbox->writer_log_bytes = (uint32_t)log_copy(w.mailbox->writer_log, MAILBOX_LOG_BYTES);
}

static _Noreturn void jump_back(void)
{
	disks_stop(&w.disks);
	fingerprints_stop();
	pic_mask_all();
	log_line("writer: jump back to %#llx", (unsigned long long)w.entry->jump_back);
	log_drop_sinks();
	struct kexec_return r = {.stack = w.entry->stack,
		.entry = w.entry->entry,
		.efer = read_msr(MSR_EFER),
		.gdt_limit = w.kernel.gdt_limit,
		.gdt_base = w.kernel.gdt_base};
	jump_kexec_return(&r);
}

/* The one way out on failure. After the commit there is no way back (the image would be resumed
 * while this system goes on): only the power-off is left to do, and it is tried again by reset. */
static _Noreturn void give_up(int err, const char *fmt, ...)
{
	char reason[REASON_BYTES];
	va_list args;
	va_start(args, fmt);
	format_v(reason, sizeof(reason), fmt, args);
	va_end(args);
	if (w.committed || w.giving_up)
		machine_reset(&w.acpi);
	w.giving_up = 1;
	log_line("writer: not saved: %s (%d: %s)", reason, err, err_any_text(err));
	disks_stop(&w.disks);
	report(MAILBOX_FAILED, err, reason);
	jump_back();
}

static void on_panic(void)
{
	give_up(ERR_BUG, "the writer met an exception or a bug of its own, see its log");
}

/* ---- The steps ---- */

static void start_log(const struct handoff *h)
{
	log_init(w.log, sizeof(w.log));
	if (h->magic == HANDOFF_MAGIC && h->serial_port && h->serial_port <= 0xfff8)
		console_add_serial((uint16_t)h->serial_port);
	log_line(
		"writer: entered, program at %#llx, stack %#llx, return point %#llx, cr4 %#llx, version %s",
		(unsigned long long)program_base(), (unsigned long long)w.entry->stack,
		(unsigned long long)w.entry->jump_back, (unsigned long long)w.entry->cr4,
		torpor_version);
}

static void check_handoff(const struct handoff *h)
{
	const char *what = "";
	int err = handoff_check(h, (uint64_t)program_base(), &what);
	if (err)
		give_up(err, "handoff block: bad %s", what);
	w.h = h;
}

/* All that may be touched and nothing else: a processor looks ahead into whatever is mapped. */
static int map_memory(const struct handoff *h)
{
	ranges_init(&w.frames, w.frame_ranges, PAGES_RANGES_MAX);
	int err = pages_to_map(h, &w.frames);
	for (uint32_t i = 0; !err && i < w.frames.n; i++)
		err = paging_map_memory(
			w.frames.v[i].start << 12, (w.frames.v[i].end - w.frames.v[i].start) << 12);
	return err;
}

/* The region's rest becomes the arena; then tables that map RAM, ACPI tables, and nothing else. */
static void take_memory(const struct handoff *h)
{
	arena_init(&w.arena);
	for (uint32_t i = 0; i < h->n_region; i++) {
		size_t used = i == 0 ? program_bytes() : 0;
		int err = arena_add(
			&w.arena, (void *)(h->region[i] + used), REGION_FRAME_BYTES - used);
		if (err)
			give_up(err, "the region has too many pieces");
	}
	int err = paging_init(&w.arena, paging_levels_now());
	if (!err)
		err = map_memory(h);
	if (!err)
		err = paging_enter(0);
	if (err)
		give_up(err, "page tables");
}

/* Nothing is written to the mailbox before its magic and nonce were seen there. */
static void find_mailbox(const struct handoff *h)
{
	struct mailbox *m = (struct mailbox *)h->mailbox;
	if (m->magic != MAILBOX_MAGIC || m->nonce != h->nonce || m->version != MAILBOX_VERSION ||
		m->bytes != sizeof(*m))
		give_up(ERR_NOT_FOUND, "no mailbox at %#llx: its page has moved",
			(unsigned long long)h->mailbox);
	w.mailbox = m;
}

/* By ACPI; where that cannot, or does not, by the firmware. */
static void check_power_off(const struct handoff *h)
{
	int by_firmware = efi_off_prepare(h);
	if (acpi_power_off_check(&w.acpi) == 0)
		return;
	log_line("writer: ACPI names no soft-off %s; ResetSystem of EFI: %s",
		w.acpi.s5_known ? "register" : "state",
		by_firmware ? err_text(by_firmware) : "there");
	if (by_firmware)
		give_up(ERR_FIRMWARE,
			"this machine cannot be switched off: ACPI names no soft-off %s, and there is no EFI that could: use --then reboot",
			w.acpi.s5_known ? "register" : "state");
}

static void look_at_machine(const struct handoff *h)
{
	int err = acpi_init(&w.acpi, h->rsdp);
	if (err)
		log_line("writer: ACPI: %s", err_text(err));
	struct clock_sources clock = {.pm_timer = w.acpi.pm_timer,
		.hpet = machine_map_mmio(w.acpi.hpet, CLOCK_HPET_BYTES)};
	clock_init(&clock, w.start_tsc);
	/* The kernel has them wait in its memory (mwait, hlt); it starts them by INIT itself. */
	apic_park_others();
	acpi_read_fixed(&w.acpi, &w.fixed);
	log_line("writer: TSC %llu kHz by %s, PM1a enable %#x control %#x, S5 %s",
		(unsigned long long)clock_tsc_khz(), clock_basis(), w.fixed.pm1a_enable,
		w.fixed.pm1a_control, w.acpi.s5_known ? "known" : "not known");
	if (h->action == HANDOFF_POWEROFF)
		check_power_off(h);
	w.old_memory = (struct old_memory){.h = h, .levels = paging_levels_now()};
	err = old_kernel_find(&w.old_memory, &w.kernel);
	if (err == ERR_UNSUPPORTED)
		give_up(err, "memory encryption is on (sme_mask %#llx)",
			(unsigned long long)w.kernel.sme_mask);
	if (err)
		give_up(err, "the kernel's GDT was not found: it could not be returned to");
	if (!old_pages_find(&w.old_pages, &w.old_memory))
		log_line("writer: this kernel does not say which of its frames have no memory");
}

static void find_disk(const struct handoff *h)
{
	pci_use_mcfg(w.acpi.mcfg);
	char in_between[IOMMU_NAME_BYTES];
	if (dma_check(&w.acpi, in_between))
		give_up(ERR_UNSUPPORTED,
			"the kernel leaves DMA remapping on (%s): it must turn it off (intel_iommu=off) or manage it (intel_iommu=on, amd_iommu)",
			in_between);
	int err = disks_start(&w.disks, &w.arena, h->pci_address);
	if (err)
		give_up(err, "no disk at PCI address %#x could be started", h->pci_address);
	for (uint32_t i = 0; i < w.disks.n; i++)
		if (w.disks.dev[i]->unit == h->unit)
			w.dev = w.disks.dev[i];
	if (!w.dev)
		give_up(ERR_NOT_FOUND, "the controller at PCI address %#x has no unit %u",
			h->pci_address, h->unit);
	if (w.dev->sector_bytes != h->sector_bytes || w.dev->n_sectors != h->n_sectors)
		give_up(ERR_NOT_FOUND,
			"disk %s has %llu sectors of %u bytes, Linux said %llu of %u", w.dev->name,
			(unsigned long long)w.dev->n_sectors, w.dev->sector_bytes,
			(unsigned long long)h->n_sectors, h->sector_bytes);
	for (uint32_t i = 0; i < h->n_extents; i++)
		w.extent[i] = (struct block_extent){h->extent[i].lba, h->extent[i].n_sectors};
	err = area_init(&w.area, w.dev, w.extent, h->n_extents);
	if (err)
		give_up(err, "the extents of the image area do not fit disk %s", w.dev->name);
}

/* The last gate before the first write: the area there carries the identity that Linux read. */
static void check_area(const struct handoff *h, struct img_headers *ret_headers)
{
	void *block = arena_alloc(&w.arena, IMG_BLOCK_BYTES, IMG_BLOCK_BYTES);
	struct img_source source = area_source(&w.area);
	struct img_fault fault;
	int err = block ? img_read_headers(&source, block, ret_headers, &fault) : ERR_NO_MEMORY;
	if (err)
		give_up(err, "no image area on disk %s at sector %llu", w.dev->name,
			(unsigned long long)w.extent[0].lba);
	if (memcmp(ret_headers->h.area_uuid, h->area_uuid, sizeof(h->area_uuid)) != 0)
		give_up(ERR_NOT_FOUND,
			"disk %s has another image area at sector %llu than Linux saw", w.dev->name,
			(unsigned long long)w.extent[0].lba);
	block_allow_writes(w.dev, w.extent, h->n_extents);
	log_line("writer: area of %llu MiB on %s, %u extents",
		(unsigned long long)(w.area.bytes >> 20), w.dev->name, h->n_extents);
}

static void begin_image(const struct handoff *h)
{
	struct img_headers headers;
	check_area(h, &headers);
	ranges_init(&w.frames, w.frame_ranges, PAGES_RANGES_MAX);
	int err = pages_select(h, &w.frames);
	if (err)
		give_up(err, "the memory map has too many ranges");
	ranges_init(&w.nvs, w.nvs_ranges, HANDOFF_MEMORY_MAX);
	nvs_out_select(h, &w.nvs);
	struct img_params p = {.created_unix_s = h->created_unix_s,
		.compat = h->reusable ? IMG_COMPAT_REUSABLE : 0,
		.chunk_pages = CHUNK_PAGES,
		.generation = headers.h.generation,
		.slot = headers.slot};
	memcpy(p.area_uuid, h->area_uuid, sizeof(p.area_uuid));
	memcpy(p.image_uuid, h->image_uuid, sizeof(p.image_uuid));
	memcpy(p.label, h->kernel_release, sizeof(p.label));
	size_t work_bytes = img_writer_work(ranges_total(&w.frames) + ranges_total(&w.nvs), &p);
	void *work = arena_alloc(&w.arena, work_bytes, IMG_BLOCK_BYTES);
	err = work ? output_init(&w.output, &w.area, &w.arena, STATE_BYTES) : ERR_NO_MEMORY;
	if (err)
		give_up(err, "the region is too small: %u frames of 2 MiB", h->n_region);
	/* Lives as long as the image is written. */
	static struct img_dest dest;
	dest = output_dest(&w.output);
	err = img_begin(&w.image, &dest, &p, work, work_bytes);
	if (err)
		give_up(err, "the image could not be begun on disk %s", w.dev->name);
}

static void write_state(const char *name, struct state_writer *s)
{
	size_t bytes = 0;
	int err = state_finish(s, &bytes);
	if (!err)
		err = img_object_begin(&w.image, name, IMG_BYTES);
	if (!err)
		err = img_bytes(&w.image, s->buf, bytes);
	if (!err)
		err = img_object_end(&w.image);
	if (err)
		give_up(err, "object %s could not be written to disk %s", name, w.dev->name);
}

static void write_cpu(void *buf)
{
	struct state_writer s;
	state_begin(&s, buf, STATE_BYTES);
	machine_state_put_cpu(&w.machine, &s);
	write_state(SAVED_CPU, &s);
}

static void write_platform(void *buf)
{
	struct state_writer s;
	state_begin(&s, buf, STATE_BYTES);
	machine_state_put_platform(&w.machine, &s);
	write_state(SAVED_PLATFORM, &s);
}

static void write_filesystems(const struct handoff *h, void *buf)
{
	struct state_writer s;
	state_begin(&s, buf, STATE_BYTES);
	state_put(&s, &saved_filesystem_desc, w.filesystem, h->n_filesystems);
	write_state(SAVED_FILESYSTEMS, &s);
}

static void write_piece(uint64_t pfn, uint32_t n, uint64_t total)
{
	uint64_t tenths_before = img_stats(&w.image)->pages * 10 / total;
	int err = img_pages(&w.image, pfn, n, (const void *)(pfn << 12));
	if (err)
		give_up(err, "memory at %#llx could not be written to disk %s",
			(unsigned long long)pfn << 12, w.dev->name);
	uint64_t tenths = img_stats(&w.image)->pages * 10 / total;
	if (tenths != tenths_before)
		log_line("writer: %llu %%, %llu MiB stored", (unsigned long long)tenths * 10,
			(unsigned long long)img_stats(&w.image)->bytes_stored >> 20);
}

static void write_range(const struct range *r, uint64_t total)
{
	uint32_t n;
	for (uint64_t pfn = r->start; pfn < r->end; pfn += n) {
		bool ordinary;
		uint64_t left = r->end - pfn;
		n = left < PIECE_PAGES ? (uint32_t)left : PIECE_PAGES;
		n = old_pages_run(&w.old_pages, pfn, n, &ordinary);
		if (ordinary)
			write_piece(pfn, n, total);
	}
}

static void write_memory(void)
{
	uint64_t total = ranges_total(&w.frames);
	log_line("writer: %llu MiB of memory in %u ranges", (unsigned long long)(total >> 8),
		w.frames.n);
	for (uint32_t i = 0; i < w.h->n_left_out; i++)
		log_line("writer: left out: %#llx-%#llx",
			(unsigned long long)w.h->left_out[i].first << 12,
			(unsigned long long)w.h->left_out[i].end << 12);
	int err = img_object_begin(&w.image, SAVED_MEMORY, IMG_PAGES);
	if (err)
		give_up(err, "object memory could not be begun");
	for (uint32_t i = 0; i < w.frames.n; i++)
		write_range(&w.frames.v[i], total);
	err = img_object_end(&w.image);
	if (err)
		give_up(err, "object memory could not be written to disk %s", w.dev->name);
	if (w.old_pages.n_offline || w.old_pages.n_poisoned)
		log_line("writer: left out: %llu frames that a balloon gave back, %llu that failed",
			(unsigned long long)w.old_pages.n_offline,
			(unsigned long long)w.old_pages.n_poisoned);
}

static void write_nvs(void)
{
	const struct img_write_stats *i = img_stats(&w.image);
	uint64_t used = IMG_DATA_START + i->bytes_stored + i->chunks * 64; /* index, alignment */
	int err = nvs_out_write(&w.image, &w.nvs, w.area.bytes > used ? w.area.bytes - used : 0);
	if (err)
		give_up(err, "object %s could not be written to disk %s", SAVED_NVS, w.dev->name);
}

static void write_ledger(void *buf)
{
	struct saved_ledger l = cost();
	struct state_writer s;
	state_begin(&s, buf, STATE_BYTES);
	state_put(&s, &saved_ledger_desc, &l, 1);
	write_state(SAVED_LEDGER, &s);
}

static void write_image(const struct handoff *h, const struct entry_state *e)
{
	begin_image(h);
	void *buf = arena_alloc(&w.arena, STATE_BYTES, 64);
	int err = buf ? img_node_begin(&w.image, SAVED_NODE) : ERR_NO_MEMORY;
	if (err)
		give_up(err, "node %s could not be begun", SAVED_NODE);
	w.machine = (struct machine_state){e, h, &w.acpi, &w.fixed, &w.kernel};
	write_cpu(buf);
	write_platform(buf);
	write_filesystems(h, buf);
	write_memory();
	write_nvs();
	write_ledger(buf);
	err = img_node_end(&w.image);
	if (!err)
		err = img_commit(&w.image);
	if (err)
		give_up(err, "the image could not be committed on disk %s", w.dev->name);
	const struct img_write_stats *s = img_stats(&w.image);
	log_line(
		"writer: saved %llu pages (%llu fill, %llu raw, %llu lz4), %llu bytes stored, %llu ms",
		(unsigned long long)s->pages, (unsigned long long)s->pages_fill,
		(unsigned long long)s->pages_raw, (unsigned long long)s->pages_lz4,
		(unsigned long long)s->bytes_stored, (unsigned long long)clock_us() / 1000);
	if (traps_nmis())
		log_line("writer: %u NMIs were passed over", traps_nmis());
}

/* The saved system goes on and will change its disks: a resume of this image must be asked for. */
static void mark_snapshot(void)
{
	static struct img_headers headers;
	static struct img_dest dest;
	struct img_source source = area_source(&w.area);
	struct img_fault fault;
	void *block = arena_alloc(&w.arena, IMG_BLOCK_BYTES, IMG_BLOCK_BYTES);
	dest = output_dest(&w.output);
	int err = block ? img_read_headers(&source, block, &headers, &fault) : ERR_NO_MEMORY;
	if (!err)
		err = img_set_state(&dest, &headers, IMG_LAUNCHED, 0, block);
	if (!err)
		return;
	if (block && headers.h.generation)
		img_retract(&dest, &headers, block);
	give_up(err, "the snapshot on disk %s could not be marked, and is taken back", w.dev->name);
}

static _Noreturn void finish(const struct handoff *h)
{
	if (h->action == HANDOFF_CONTINUE) {
		if (!h->reusable)
			mark_snapshot();
		disks_stop(&w.disks);
		report(MAILBOX_CONTINUED, 0, "");
		jump_back();
	}
	w.committed = 1;
	if (h->action == HANDOFF_REBOOT)
		disks_stop(&w.disks);
	if (h->action == HANDOFF_POWEROFF) {
		disks_park(&w.disks);
		log_line("writer: power off");
		int err = acpi_power_off(&w.acpi);
		log_line("writer: no power off by ACPI (%s)", err_text(err));
		efi_off();
	}
	log_line("writer: reset");
	machine_reset(&w.acpi);
}

_Noreturn void writer_main(const struct entry_state *e)
{
	w.entry = e;
	w.start_tsc = read_tsc();
	panic_hook = on_panic;

	/* Who called, with what, and can we believe it? */
	start_log(&handoff_room);
	check_handoff(&handoff_room);

	/* Own memory, own tables; from here on a stray access is a register dump and a jump
	 * back. */
	take_memory(w.h);
	find_mailbox(w.h);

	/* What the image must tell the loader about this machine and its kernel. */
	look_at_machine(w.h);

	/* The disk, by address, size and the identity of the area on it. */
	find_disk(w.h);

	/* What is mounted, as it is now: the loader refuses when that has changed. */
	fingerprints_read(w.h, &w.disks, &w.arena, w.filesystem);

	/* Everything into the image; the commit is the last thing written. */
	write_image(w.h, e);

	/* Off, reset, or back. */
	finish(w.h);
}

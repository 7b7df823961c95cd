/*
 * Resuming our own images: what the writer saved by kexec jump.
 */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "apic.h"
#include "area_io.h"
#include "changes.h"
#include "cpu.h"
#include "find.h"
#include "image.h"
#include "jump.h"
#include "loader.h"
#include "low_memory.h"
#include "machine.h"
#include "mailbox.h"
#include "nvs.h"
#include "this_cpu.h"

#define FRAME_BYTES     (2ull << 20)
#define FRAME_PAGES     (FRAME_BYTES / 4096)
#define CR4_LEVELS(cr4) ((cr4)&CR4_LA57 ? 5u : 4u)

static_assert(CHANGES_WORK_BYTES <= FIND_WORK_BYTES, "one after the other in the same memory");

static struct {
	struct found found;
	struct image image;
	struct img_dest dest; /* for the header's state */
	void *header_block;
	void *work; /* FIND_WORK_BYTES */
	struct nvs nvs;
	struct changes changes;
	uint32_t attempts; /* with this one */
} t;

static int find(struct loader *l)
{
	t.work = arena_alloc(&l->arena, FIND_WORK_BYTES, IMG_BLOCK_BYTES);
	int err = t.work ? find_area(&l->disks, &l->options, t.work, &t.found) : ERR_NO_MEMORY;
	if (err)
		return err;
	const struct img_header *h = &t.found.headers.h;
	err = img_state_check(h);
	if (err == IMG_ERR_SPENT && l->options.force) {
		log_line(
			"loader: force=1: resuming an image that was resumed or snapshotted before");
		err = 0;
	}
	if (!err)
		log_line("loader: image of %.63s, generation %llu, on %s sector %llu", h->label,
			(unsigned long long)h->generation, t.found.dev->name,
			(unsigned long long)t.found.extents[0].lba);
	return err;
}

/* A resumed kernel writes what it has in memory over what others wrote since: to a file system that it
 * does not own alone any more. */
static void check_filesystems(struct loader *l)
{
	char why[CHANGES_TEXT_BYTES];
	changes_find(&t.image, &l->disks, t.work, &t.changes);
	bool bad = t.changes.n_written + t.changes.n_missing > 0;
	if (bad && !l->options.force) {
		changes_text(&t.changes, why);
		boot_on(l, why);
	}
	if (bad || img_state_check(&t.found.headers.h))
		changes_log_loss(&t.changes, "destroys");
}

void torpor_log_spent(struct loader *l)
{
	if (image_open(&t.image, &t.found, &l->arena))
		return;
	changes_find(&t.image, &l->disks, t.work, &t.changes);
	changes_log_loss(&t.changes, "would destroy");
}

static void check(struct loader *l)
{
	int err = image_open(&t.image, &t.found, &l->arena);
	if (err)
		boot_on(l, loader_err_text(err));
	struct plan_cpu cpu = plan_this_cpu();
	err = plan_check(&t.image, l->bi, &cpu);
	if (err)
		boot_on(l, loader_err_text(err));
	static struct tables tables;
	tables_read(l->acpi.rsdp, &tables);
	err = plan_check_tables(&t.image, &tables, &cpu, l->options.strict);
	if (err)
		boot_on(l, loader_err_text(err));
	if (l->acpi.rsdp && t.image.platform.rsdp && l->acpi.rsdp != t.image.platform.rsdp)
		boot_on(l, "the ACPI tables lie elsewhere than before");
	if (apic_id() != t.image.cpu.apic_id)
		boot_on(l, "this is another processor than the one that the kernel was saved on");
	check_filesystems(l);
}

static bool is_not_in_region(const void *ctx, uint64_t pfn)
{
	const struct region *r = ctx;
	for (uint32_t i = 0; i < r->n; i++)
		if (pfn * 4096 < r->piece[i].start + r->piece[i].bytes &&
			r->piece[i].start < (pfn + 1) * 4096)
			return false;
	return true;
}

/* The image says where; a frame that holds something of what runs now cannot be moved into. */
static void choose_region(struct loader *l, const struct ranges *busy, struct region *ret)
{
	ret->levels = CR4_LEVELS(t.image.cpu.cr4);
	ret->n = 0;
	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < t.image.n_region; i++) {
			uint64_t pfn = t.image.region[i].phys / 4096;
			/* The first piece is where the program goes. */
			if (ranges_touch(busy, pfn, pfn + FRAME_PAGES) == (pass == 1))
				ret->piece[ret->n++] =
					(struct boot_piece){t.image.region[i].phys, FRAME_BYTES};
		}
	uint64_t first = ret->n ? ret->piece[0].start / 4096 : 0;
	if (ret->n == 0 || ranges_touch(busy, first, first + FRAME_PAGES))
		boot_on(l, "the region of the image has no frame that is free now");
	ret->low = low_memory_for_smp(l->bi, is_not_in_region, ret);
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
	return img_set_state(&t.dest, &t.found.headers, state, attempts, t.header_block);
}

/* A loader that hangs or crashes is not tried for ever. */
static void count_attempt(struct loader *l)
{
	uint32_t attempts = t.found.headers.h.attempts;
	if (attempts >= l->options.attempts_max && !l->options.force) {
		log_line("loader: %u attempts to resume have failed", attempts);
		boot_on(l, loader_err_text(ERR_ATTEMPTS));
	}
	t.header_block = arena_alloc(&l->arena, IMG_BLOCK_BYTES, IMG_BLOCK_BYTES);
	t.dest = (struct img_dest){.write = header_write,
		.flush = header_flush,
		.ctx = &t.found.area,
		.size = t.found.area.bytes};
	/* Nothing but the header pair may be written. */
	static struct block_extent headers;
	headers = (struct block_extent){.lba = t.found.extents[0].lba,
		.n_sectors = IMG_N_HEADERS * IMG_HEADER_STRIDE / t.found.dev->sector_bytes};
	block_allow_writes(t.found.dev, &headers, 1);
	/* A spent image that is forced stays spent: LAUNCHED goes back to no other state. */
	int err = t.header_block ? 0 : ERR_NO_MEMORY;
	if (!err && img_state_check(&t.found.headers.h) == 0)
		err = set_state(IMG_LOADING, attempts + 1);
	t.attempts = t.found.headers.h.attempts;
	if (err) {
		log_line("loader: the attempt could not be counted: %s", loader_err_text(err));
		boot_on(l, "the image's header cannot be written");
	}
}

static void restore(struct loader *l)
{
	if (l->options.nvs)
		nvs_prepare(&t.nvs, &t.image, l->bi, l->acpi.facs, &l->arena);
	int err = restore_memory(&t.image, &t.found.area, &l->arena, &l->jobs, &l->stats);
	if (err)
		boot_on(l, loader_err_text(err));
}

static void restore_platform(struct loader *l)
{
	const struct saved_platform *p = &t.image.platform;
	struct acpi_fixed f = {.pm1a_enable = p->pm1a_enable,
		.pm1b_enable = p->pm1b_enable,
		.pm1a_control = p->pm1a_control,
		.pm1b_control = p->pm1b_control,
		.gpe0_bytes = p->gpe0_bytes,
		.gpe1_bytes = p->gpe1_bytes};
	memcpy(f.gpe0_enable, p->gpe0_enable, sizeof(f.gpe0_enable));
	memcpy(f.gpe1_enable, p->gpe1_enable, sizeof(f.gpe1_enable));
	int err = acpi_restore_fixed(&l->acpi, &f);
	if (err)
		log_line("loader: ACPI events could not be enabled: %s", loader_err_text(err));
	err = nvs_restore(&t.nvs, &t.image, l->bi);
	if (err)
		boot_on(l, loader_err_text(err));
	err = apic_match_mode(t.image.cpu.apic_base);
	if (err)
		boot_on(l, "the local APIC cannot be put into the mode that the kernel had");
}

/* A reusable image is as good as before; but LAUNCHED goes back to no other state. */
static void launch(struct loader *l)
{
	const struct img_header *h = &t.found.headers.h;
	bool again = (h->compat & IMG_COMPAT_REUSABLE) && img_state_check(h) == 0;
	int err = again ? set_state(IMG_VALID, 0) : set_state(IMG_LAUNCHED, h->attempts);
	if (err) {
		log_line("loader: the image could not be marked as launched: %s",
			loader_err_text(err));
		boot_on(l, "the image's header cannot be written");
	}
}

static void report(const struct loader *l)
{
	struct mailbox *m = (struct mailbox *)t.image.platform.mailbox;
	if (!m || m->magic != MAILBOX_MAGIC || m->nonce != t.image.platform.nonce ||
		m->version != MAILBOX_VERSION || m->bytes != sizeof(*m)) {
		log_line("loader: no mailbox at %#llx", (unsigned long long)(uint64_t)m);
		return;
	}
	const struct saved_ledger *s = &t.image.ledger;
	m->save = (struct mailbox_save){.pages = s->pages,
		.pages_fill = s->pages_fill,
		.pages_raw = s->pages_raw,
		.pages_lz4 = s->pages_lz4,
		.bytes_stored = s->bytes_stored,
		.total_us = s->total_us,
		.wait_us = s->wait_us};
	uint64_t now = clock_us();
	m->resume = (struct mailbox_resume){.total_us = now,
		.probe_us = l->bi->probe_us,
		.header_us = l->bi->header_us,
		.read_us = l->stats.read_us,
		.decompress_us = l->stats.decompress_us,
		.hash_us = l->stats.hash_us,
		.jump_us = now - l->stats.done_us,
		.bytes_read = l->stats.bytes_read,
		.bytes_restored = l->stats.bytes_restored,
		.attempts = t.attempts};
	m->outcome = MAILBOX_RESUMED;
	m->error = 0;
	m->reason[0] = 0;
	m->loader_log_bytes = (uint32_t)log_copy(m->loader_log, MAILBOX_LOG_BYTES);
}

static __attribute__((noreturn)) void jump(struct loader *l)
{
	const struct saved_cpu *c = &t.image.cpu;
	struct kexec_return r = {.stack = c->stack,
		.entry = c->entry,
		.efer = c->efer,
		.gdt_limit = (uint16_t)c->gdt_limit,
		.gdt_base = c->gdt_base};
	log_line("loader: %llu ms from the first instruction; jump to %#llx",
		(unsigned long long)clock_us() / 1000, (unsigned long long)c->jump_back);
	report(l);
	log_drop_sinks();
	jump_kexec_return(&r);
}

const struct image_kind torpor_kind = {.name = "torpor",
	.find = find,
	.check = check,
	.choose_region = choose_region,
	.count_attempt = count_attempt,
	.restore = restore,
	.restore_platform = restore_platform,
	.launch = launch,
	.jump = jump};

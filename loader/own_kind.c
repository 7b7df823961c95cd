/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resuming our own images: what the writer saved by kexec jump.
 */
#include <stdbool.h>
#include <string.h>

#include "apic.h"
#include "area_io.h"
#include "cpu.h"
#include "jump.h"
#include "loader.h"
#include "machine.h"
#include "mailbox.h"
#include "nvs.h"

static struct {
	struct img_dest dest; /* for the header's state */
	void *header_block;
	struct nvs nvs;
} t;

/* Header writes need no buffers: one block from memory of our own. */
static int header_write(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	return area_transfer(ctx, BLOCK_WRITE, offset, (void *)(uintptr_t)data, bytes);
}

static int header_flush(void *ctx)
{
	return area_flush(ctx);
}

static int set_state(struct loader *l, enum img_state state, uint32_t attempts)
{
	return img_set_state(&t.dest, &l->judgment.found.headers, state, attempts, t.header_block);
}

/* A loader that hangs or crashes is not tried for ever. */
static void count_attempt(struct loader *l)
{
	struct found *f = &l->judgment.found;
	const struct img_header *h = &f->headers.h;
	t.header_block = arena_alloc(&l->arena, IMG_BLOCK_BYTES, IMG_BLOCK_BYTES);
	t.dest = (struct img_dest){.write = header_write,
		.flush = header_flush,
		.ctx = &f->area,
		.size = f->area.bytes};
	/* Nothing but the header pair may be written. */
	static struct block_extent headers;
	headers = (struct block_extent){.lba = f->extents[0].lba,
		.n_sectors = IMG_N_HEADERS * IMG_HEADER_STRIDE / f->dev->sector_bytes};
	block_allow_writes(f->dev, &headers, 1);
	/* A spent image that is forced stays spent: LAUNCHED goes back to no other state. */
	enum img_state state = l->judgment.spent ? (enum img_state)h->state : IMG_LOADING;
	int err = t.header_block ? set_state(l, state, h->attempts + 1) : ERR_NO_MEMORY;
	if (err) {
		log_line("loader: the attempt could not be counted: %s", err_any_text(err));
		boot_on("the image's header cannot be written");
	}
}

static void restore(struct loader *l)
{
	if (l->options.nvs)
		nvs_prepare(&t.nvs, &l->judgment.image, l->bi, l->acpi.facs, &l->arena);
	int err = restore_memory(
		&l->judgment.image, &l->judgment.found.area, &l->arena, &l->jobs, &l->stats);
	if (err)
		boot_on(err_any_text(err));
}

static void restore_platform(struct loader *l)
{
	const struct saved_platform *p = &l->judgment.image.platform;
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
		log_line("loader: ACPI events could not be enabled: %s", err_any_text(err));
	err = nvs_restore(&t.nvs, &l->judgment.image, l->bi);
	if (err)
		boot_on(err_any_text(err));
	err = apic_match_mode(l->judgment.image.cpu.apic_base);
	if (err)
		boot_on("the local APIC cannot be put into the mode that the kernel had");
}

/* A reusable image stays LOADING until its system says that it runs (torpor save does), and is
 * VALID then: a system that dies at once is not tried for ever. */
static void launch(struct loader *l)
{
	const struct img_header *h = &l->judgment.found.headers.h;
	if ((h->compat & IMG_COMPAT_REUSABLE) && img_state_check(h) == 0)
		return;
	int err = set_state(l, IMG_LAUNCHED, h->attempts);
	if (err) {
		log_line(
			"loader: the image could not be marked as launched: %s", err_any_text(err));
		boot_on("the image's header cannot be written");
	}
}

static void report(const struct loader *l)
{
	struct mailbox *m = (struct mailbox *)l->judgment.image.platform.mailbox;
	if (!m || m->magic != MAILBOX_MAGIC || m->nonce != l->judgment.image.platform.nonce ||
		m->version != MAILBOX_VERSION || m->bytes != sizeof(*m)) {
		log_line("loader: no mailbox at %#llx", (unsigned long long)(uint64_t)m);
		return;
	}
	m->save = l->judgment.image.ledger;
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
		.attempts = l->judgment.attempts + 1};
	m->outcome = MAILBOX_RESUMED;
	m->error = 0;
	m->reason[0] = 0;
	m->loader_log_bytes = (uint32_t)log_copy(m->loader_log, MAILBOX_LOG_BYTES);
}

static __attribute__((noreturn)) void jump(struct loader *l)
{
	const struct saved_cpu *c = &l->judgment.image.cpu;
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

const struct image_kind own_kind = {.name = "torpor",
	.count_attempt = count_attempt,
	.restore = restore,
	.restore_platform = restore_platform,
	.launch = launch,
	.jump = jump};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judging a stock kernel's hibernation image. What stock_check knows of machines is its own
 * business; here is what else must hold before anything is given up for it: an attempt can be
 * counted, there is a place for the loader.
 */
#include "judge_kinds.h"

#include <assert.h>

#include "err_any.h"
#include "format.h"
#include "log.h"
#include "low_memory.h"
#include "stock_place.h"

static_assert(STOCK_WORK_BYTES <= FIND_WORK_BYTES, "one after the other in the same memory");
static_assert(STOCK_CHECK_WORK_BYTES <= FIND_WORK_BYTES, "and this");

static void refuse(const struct judgment *j, struct verdict *v, int err, const char *text)
{
	v->err = err;
	if (j->stock.dev)
		format(v->reason, sizeof(v->reason), "hibernation image on %s sector %llu: %s",
			j->stock.dev->name, (unsigned long long)j->stock.extent.lba, text);
	else
		format(v->reason, sizeof(v->reason), "%s", text);
}

static void refuse_err(const struct judgment *j, struct verdict *v, int err)
{
	refuse(j, v, err, err_any_text(err));
}

static void check_attempts(const struct judge_input *in, struct judgment *j, struct verdict *v)
{
	int err = stock_may_count(&j->stock);
	v->attempts = j->stock.attempts;
	v->forced = v->attempts >= in->options->attempts_max;
	if (v->attempts >= judge_attempts_max(in->options))
		refuse_err(j, v, ERR_ATTEMPTS);
	else if (err == ERR_READ_ONLY)
		refuse(j, v, err, "the swap device is read-only");
	else if (err)
		refuse(j, v, err,
			"the swap area's first sector is in use: attempts cannot be counted");
}

/* An attempt changes the header page, a resume and a save as well; the info page tells apart two
 * images that begin at the same place. */
static uint64_t state_of(const struct stock *s)
{
	return img_hash(s->header_page, IMG_PAGE_BYTES) ^
	       img_hash(&s->image.info, sizeof(s->image.info));
}

static void choose_region(const struct judge_input *in, struct judgment *j, struct verdict *v)
{
	struct region *r = &j->region;
	*r = (struct region){.levels = 0}; /* the kernel's is known when its tables are loaded */
	static struct range ram_v[STOCK_OLD_RAM_MAX];
	struct ranges ram;
	ranges_init(&ram, ram_v, STOCK_OLD_RAM_MAX);
	const struct ranges *old_ram = stock_old_ram(&j->stock, &ram) ? &ram : NULL;
	/* The facts go there, too: the run in the region judges by them again. */
	uint64_t bytes = ((in->program_bytes + 4095) & ~4095ull) + in->bi->facts_bytes;
	int err = stock_place(&j->stock, in->bi, old_ram, in->busy, bytes, r->piece, &r->n);
	if (err)
		refuse(j, v, err, "no memory that the image does not need");
	r->open_bytes = j->stock.open_bytes;
	r->low = stock_place_low(&j->stock, in->bi, old_ram, r->piece, r->n);
}

/* By the facts, which are looked for now: for a start without an image it would be a waste of
 * time. */
static void check_machine(
	const struct judge_input *in, void *work, struct judgment *j, struct verdict *v)
{
	const struct stock_now now = {.bi = in->bi,
		.options = in->options,
		.acpi = in->acpi,
		.tables = in->tables,
		.cpu = &in->cpu,
		.disks = in->disks,
		.disks_incomplete = in->disks_incomplete,
		.work = work};
	if (in->find_facts)
		in->find_facts();
	int err = stock_check(&j->stock, &now);
	v->forced |= j->stock.other_mounts;
	if (err && j->stock.why[0])
		refuse(j, v, err, j->stock.why);
	else if (err)
		refuse_err(j, v, err);
}

void judge_stock(
	const struct judge_input *in, void *work, struct judgment *ret, struct verdict *ret_verdict)
{
	struct verdict *v = ret_verdict;
	*v = (struct verdict){.err = 0};
	int err = stock_find(in->disks, in->options, in->arena, work, &ret->stock);
	v->seen = err == 0 || err == ERR_AMBIGUOUS;
	if (err) {
		ret->stock.dev = NULL;
		refuse_err(ret, v, err);
		return;
	}
	log_line("judge: hibernation image of a stock kernel on %s sector %llu",
		ret->stock.dev->name, (unsigned long long)ret->stock.extent.lba);
	if (in->disks_incomplete)
		v->left |= JUDGE_LEFT_OTHER_DISKS;
	if (!in->acpi->rsdp)
		v->left |= JUDGE_LEFT_ACPI;
	check_attempts(in, ret, v);
	if (v->err)
		return;
	ret->stock.open_bytes = in->bi->open_bytes;
	err = stock_open(&ret->stock, in->arena);
	/* The kernel's paging mode is seen when its tables are loaded: too late to find out. */
	if (err)
		refuse_err(ret, v, err);
	else if (in->cpu.five_levels && !low_memory_for_paging(in->bi))
		refuse(ret, v, ERR_CPU,
			"no RAM below 4 GiB: a kernel of another paging mode could not be entered");
	else
		check_machine(in, work, ret, v);
	if (!v->err)
		v->state = state_of(&ret->stock);
	if (!v->err && in->busy)
		choose_region(in, ret, v);
}

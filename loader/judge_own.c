/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judging our own images. The order of the checks is from what the header says to what takes
 * reading the disks, so that the reason given is the plainest one.
 */
#include "judge_kinds.h"

#include <assert.h>
#include <string.h>

#include "err_any.h"
#include "format.h"
#include "log.h"
#include "low_memory.h"

#define FRAME_BYTES (2ull << 20)
#define FRAME_PAGES (FRAME_BYTES / 4096)
#define CR4_LA57    (1ull << 12)

static_assert(CHANGES_WORK_BYTES <= FIND_WORK_BYTES, "one after the other in the same memory");

/* "image on vda sector 2048: TEXT" */
static void refuse(const struct judgment *j, struct verdict *v, int err, const char *text)
{
	v->err = err;
	if (j->found.dev)
		format(v->reason, sizeof(v->reason), "image on %s sector %llu: %s",
			j->found.dev->name, (unsigned long long)j->found.extents[0].lba, text);
	else
		format(v->reason, sizeof(v->reason), "%s", text);
}

static void refuse_err(const struct judgment *j, struct verdict *v, int err)
{
	refuse(j, v, err,
		err == IMG_ERR_SPENT
			? "the image was resumed before; force=1 resumes it again, and destroys what "
			  "was written to its file systems since"
			: err_any_text(err));
}

/* Every attempt, resume and save changes the header. */
static void look_at_header(const struct judge_input *in, struct judgment *j, struct verdict *v)
{
	const struct img_header *h = &j->found.headers.h;
	int state = img_state_check(h);
	v->state = h->hash;
	v->attempts = h->attempts;
	v->seen = state == 0;
	v->spent = state == IMG_ERR_SPENT;
	if (state && !v->spent) {
		refuse_err(j, v, state);
		return;
	}
	log_line("judge: image of %.63s, generation %llu, on %s sector %llu", h->label,
		(unsigned long long)h->generation, j->found.dev->name,
		(unsigned long long)j->found.extents[0].lba);
	v->forced = v->spent || v->attempts >= in->options->attempts_max;
	if (v->spent && !in->options->force)
		refuse_err(j, v, IMG_ERR_SPENT);
	else if (v->attempts >= judge_attempts_max(in->options))
		refuse_err(j, v, ERR_ATTEMPTS);
}

static void check_machine(const struct judge_input *in, struct judgment *j, struct verdict *v)
{
	const struct saved_platform *p = &j->image.platform;
	int err = plan_check(&j->image, in->bi, &in->cpu);
	if (!err)
		err = plan_check_tables(&j->image, in->tables, &in->cpu, in->options->strict);
	if (err)
		refuse_err(j, v, err);
	else if (in->acpi->rsdp && p->rsdp && in->acpi->rsdp != p->rsdp)
		refuse(j, v, ERR_PLATFORM, "the ACPI tables lie elsewhere than before");
	else if (in->apic_id != j->image.cpu.apic_id)
		refuse(j, v, ERR_CPU,
			"this is another processor than the one that the kernel was saved on");
	else if (j->found.dev->read_only)
		refuse(j, v, ERR_READ_ONLY,
			"the disk is read-only: an attempt could not be counted");
	if (!in->acpi->rsdp && p->rsdp)
		v->left |= JUDGE_LEFT_ACPI;
}

/* Whether what was mounted shows that no other system ran on it. Nothing that could be written to:
 * a resume harms nothing, whatever ran. */
static bool is_fresh(const struct image *im, const struct changes *c)
{
	uint32_t n_writable = 0;
	for (uint32_t i = 0; i < im->n_filesystems; i++) {
		n_writable += im->filesystem[i].writable != 0;
		if (c->of[i] == CHANGE_NONE)
			return c->n_written == 0;
	}
	return im->have_filesystems && n_writable == 0 && c->n_written == 0;
}

static void compare_filesystems(const struct judge_input *in, void *work, struct judgment *j)
{
	const struct image *im = &j->image;
	changes_find(im->have_filesystems ? im->filesystem : NULL, im->n_filesystems, in->disks,
		work, &j->changes);
	j->changes_known = true;
}

/* A resumed kernel writes what it has in memory over what others wrote since: to a file system that
 * it does not own alone any more. */
static void check_filesystems(
	const struct judge_input *in, void *work, struct judgment *j, struct verdict *v)
{
	compare_filesystems(in, work, j);
	v->is_fresh = is_fresh(&j->image, &j->changes);
	uint32_t n_bad = j->changes.n_written;
	if (in->disks_incomplete)
		v->left |= j->changes.n_missing ? JUDGE_LEFT_MISSING : 0;
	else
		n_bad += j->changes.n_missing;
	if (n_bad == 0)
		return;
	v->forced = true;
	if (in->options->force)
		return;
	v->err = ERR_FILESYSTEM;
	changes_text(&j->changes, v->reason); /* names the file system and its place */
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
static void choose_region(const struct judge_input *in, struct judgment *j, struct verdict *v)
{
	struct region *r = &j->region;
	*r = (struct region){.levels = j->image.cpu.cr4 & CR4_LA57 ? 5 : 4};
	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < j->image.n_region; i++) {
			uint64_t pfn = j->image.region[i].phys / 4096;
			/* The first piece is where the program goes. */
			if (ranges_touch(in->busy, pfn, pfn + FRAME_PAGES) == (pass == 1))
				r->piece[r->n++] =
					(struct boot_piece){j->image.region[i].phys, FRAME_BYTES};
		}
	uint64_t first = r->n ? r->piece[0].start / 4096 : 0;
	if (r->n == 0 || ranges_touch(in->busy, first, first + FRAME_PAGES))
		refuse(j, v, ERR_MEMORY_MAP,
			"the region of the image has no frame that is free now");
	else if (in->program_bytes > FRAME_BYTES)
		refuse(j, v, ERR_NO_MEMORY, "the loader does not fit the region");
	r->low = low_memory_for_smp(in->bi, is_not_in_region, r);
}

/* Of a spent image nothing but what a resume would destroy is of interest. */
static void look_at_spent(const struct judge_input *in, void *work, struct judgment *j)
{
	if (image_open(&j->image, &j->found, in->arena))
		return;
	compare_filesystems(in, work, j);
}

void judge_own(
	const struct judge_input *in, void *work, struct judgment *ret, struct verdict *ret_verdict)
{
	struct verdict *v = ret_verdict;
	*v = (struct verdict){.err = 0};
	int err = find_area(in->disks, in->options, work, &ret->found);
	if (err) {
		ret->found.dev = NULL; /* it may be one of several */
		refuse_err(ret, v, err);
		return;
	}
	look_at_header(in, ret, v);
	if (v->err == IMG_ERR_SPENT)
		look_at_spent(in, work, ret);
	if (v->err)
		return;
	err = image_open(&ret->image, &ret->found, in->arena);
	if (err)
		refuse_err(ret, v, err);
	if (!v->err)
		check_machine(in, ret, v);
	if (!v->err)
		check_filesystems(in, work, ret, v);
	if (!v->err && in->busy)
		choose_region(in, ret, v);
	if (in->disks_incomplete)
		v->left |= JUDGE_LEFT_OTHER_DISKS;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that the firmware's map calls RAM and that is none of the kernel's: its hibernation does not save it
 * (mm/page_alloc and kernel/power/snapshot.c: "nosave" is what the kernel's own map does not call RAM), and a
 * loader that took it for free would destroy what somebody goes on to read. The kernel's own map is
 * /proc/iomem: what memmap=, mem=, MTRRs cut out, what efi_mem_reserve took (boot logo, ESRT, MOK table), ACPI
 * tables of an initrd, are not "System RAM" there. Kernels before 6.15 leave out the frame in which two
 * entries of RAM meet, too (setup_data of the boot loader): each line counts by itself, whole frames.
 *
 * Memory that memblock alone reserved (initrd, TPM log, EFI memory attributes, crash kernel) is saved: it has
 * page structs, and "reserved" does not keep hibernation from copying it. Of it what has a name of its own in
 * System RAM is told all the same: nothing is lost by it, since where the image has it the loader is not.
 */
#include "facts_collect.h"

#include <inttypes.h>
#include <string.h>

#include "memory_use.h"
#include "proc_lines.h"
#include "ranges.h"
#include "say.h"

#define FRAME_BYTES UINT64_C(4096)
#define HUGE_FRAMES 512u
#define ROOM        (E820_MAP_MAX + FACTS_KEPT_MAX)

/* Sets of frames. */
struct kept {
	struct range ram_v[ROOM], rest_v[ROOM], kept_v[FACTS_KEPT_MAX];
	struct ranges ram;  /* the firmware's */
	struct ranges rest; /* of it, without the kernel's */
	struct ranges kept; /* what else is not to be touched */
	struct span parent; /* System RAM that the lines after it may be parts of */
	bool have_parent;
};

/* ---- The kernel's own map ---- */

static int take_line(struct kept *k, const struct span *s, const char *name)
{
	uint64_t first = s->start / FRAME_BYTES, end = s->end / FRAME_BYTES;

	if (!strncmp(name, "System RAM", 10)) {
		k->parent = *s;
		k->have_parent = true;
		first += s->start % FRAME_BYTES != 0;
		return first < end ? ranges_remove(&k->rest, first, end) : 0;
	}
	if (!k->have_parent || s->start < k->parent.start || s->end > k->parent.end)
		return 0;
	return ranges_add(&k->kept, first, end + (s->end % FRAME_BYTES != 0));
}

static int read_iomem(struct kept *k)
{
	struct proc_lines l;
	const char *name;
	struct span s;
	int err = 0;

	proc_lines_open(&l, "/proc/iomem");
	while (!err && proc_lines_iomem(&l, &s, &name))
		err = take_line(k, &s, name);
	proc_lines_close(&l);
	return err;
}

/* ---- Frames that have failed ---- */

/* Linux marks the first frame of a huge page, whichever has failed. */
static int take_failed(void *ctx, uint64_t frame, bool is_huge)
{
	struct kept *k = ctx;

	return ranges_add(&k->kept, frame, frame + (is_huge ? HUGE_FRAMES : 1));
}

/* ---- All of it ---- */

static int add_ram(struct kept *k, const struct e820_map *m)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < m->n; i++) {
		uint64_t first = (m->v[i].start + FRAME_BYTES - 1) / FRAME_BYTES;
		uint64_t end = (m->v[i].start + m->v[i].size) / FRAME_BYTES;

		if (m->v[i].type == MEMORY_RAM && first < end)
			err = ranges_add(&k->ram, first, end);
	}
	if (!err) {
		memcpy(k->rest_v, k->ram_v, sizeof(k->rest_v));
		k->rest.n = k->ram.n;
	}
	return err;
}

static int look(struct kept *k, const struct e820_map *m)
{
	int err;

	ranges_init(&k->ram, k->ram_v, ROOM);
	ranges_init(&k->rest, k->rest_v, ROOM);
	ranges_init(&k->kept, k->kept_v, FACTS_KEPT_MAX);
	k->have_parent = false;
	err = add_ram(k, m);
	if (!err)
		err = read_iomem(k);
	for (uint32_t i = 0; !err && i < k->rest.n; i++)
		err = ranges_add(&k->kept, k->rest.v[i].start, k->rest.v[i].end);
	return err ? err : memory_failed_each(&k->ram, take_failed, k);
}

void collect_kept(struct all_facts *a)
{
	static struct kept k;
	int err;

	complain_how(COMPLAIN_SILENTLY);
	err = a->map.n ? look(&k, &a->map) : 0;
	complain_how(COMPLAIN_ALOUD);
	if (!a->map.n)
		facts_missing(a, "memory that is not the kernel's: not without the memory map");
	else if (!err && !k.have_parent)
		facts_missing(a, "memory that is not the kernel's: /proc/iomem shows no addresses");
	else if (err)
		facts_missing(a,
			"memory that is not the kernel's: more than %u ranges, or failed "
			"memory that the kernel does not show",
			FACTS_KEPT_MAX);
	else
		a->f.kept_known = 1;
	for (uint32_t i = 0; a->f.kept_known && i < k.kept.n; i++)
		a->kept[a->n_kept++] = (struct facts_kept){
			k.kept.v[i].start * FRAME_BYTES, k.kept.v[i].end * FRAME_BYTES};
}

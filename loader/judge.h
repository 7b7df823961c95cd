/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one judge: which image is to be resumed, and may it be, here and now? The EFI door and both
 * runs of the core ask it and act on its answer; what one of them would decide otherwise than the
 * next one ends in a reset that comes by for ever. Pure: it reads disks and what it is given,
 * writes nothing, anywhere.
 *
 * Rules, in this order (RESUME.md, "Who judges"):
 *   1. Of our own images one that may be resumed; else a stock kernel's that may be. Each kind is
 *      looked at by itself: a spent, damaged, empty or tried-out place of one kind hides nothing of
 *      the other.
 *   2. When both may be: ours, if a file system that it had mounted was compared and is as it was
 *      (or it had none that could be written to): then no other system ran on its disks since. If
 *      nothing could be compared, nothing tells which of the two is stale, and resuming a stale one
 *      destroys file systems: neither, ERR_AMBIGUOUS.
 *   3. force=1 opens what was refused for being spent, tried too often, or for changed file
 *      systems; what may be resumed without force goes before what may be only with it. It opens
 *      nothing else.
 */
#ifndef LOADER_JUDGE_H
#define LOADER_JUDGE_H

#include <stdbool.h>

#include "acpi.h"
#include "arena.h"
#include "boot_info.h"
#include "changes.h"
#include "cmdline.h"
#include "disks.h"
#include "find.h"
#include "image.h"
#include "plan.h"
#include "ranges.h"
#include "smp.h"
#include "stock.h"
#include "tables.h"

/* With force=1 so many attempts more: an image that fails for ever must not be tried for ever,
 * whatever the command line says for ever. */
#define JUDGE_FORCED_ATTEMPTS 8u
#define JUDGE_TEXT_BYTES      CHANGES_TEXT_BYTES /* with what is said around it a line of the log */
#define JUDGE_ARENA_BYTES     (4u << 20)

/* What the caller knows. The arena has JUDGE_ARENA_BYTES, or is another program's as well: then
 * nothing but the kind that the options name is looked for, and nothing else may be allocated from
 * it meanwhile. Longer lists go where it says that more is. */
struct judge_input {
	const struct disks *disks;
	bool disks_incomplete; /* there may be others, which a later judge sees */
	const struct options *options;
	const struct boot_info *bi;
	const struct acpi *acpi;     /* this boot's tables, read; rsdp 0: none were found */
	const struct tables *tables; /* those that a running kernel goes on to use */
	struct this_cpu cpu;
	uint32_t apic_id; /* of the processor that runs */
	/* Where the core lies before it moves, frames; NULL: it is in its region already. */
	const struct ranges *busy;
	/* Must fit the region's first piece, with a stock image's facts. */
	uint64_t program_bytes;
	/* Puts the facts into bi, once there is a stock image; NULL: they are there, if there are
	 * any. */
	void (*find_facts)(void);
	struct arena *arena; /* what is chosen stays open in it */
};

/* Where the program goes before the first frame is restored. */
struct region {
	struct boot_piece piece[BOOT_REGION_MAX]; /* the first one is the program's */
	uint32_t n;
	uint32_t levels;     /* of paging while it runs there; 0: as now */
	struct smp_low low;  /* for other processors to begin in */
	uint64_t open_bytes; /* that opening a stock image takes; 0: it is none */
};

enum judge_kind { JUDGE_NONE, JUDGE_OWN, JUDGE_STOCK };

/* Checks that this caller could not make: the next judge does. */
enum judge_left {
	JUDGE_LEFT_MISSING = 1, /* file systems that are on no disk that is shown, or unreadable */
	JUDGE_LEFT_OTHER_DISKS = 2, /* another disk with the same names or images */
	JUDGE_LEFT_ACPI = 4,        /* no tables were found */
};

struct judgment {
	enum judge_kind kind; /* that the answer is about; NONE: no image of any kind */
	int err;              /* 0: it is to be resumed */
	bool seen;            /* an image that was neither spent nor empty was there */
	bool forced;          /* err is 0 only because of force=1 */
	bool spent;           /* the answer is about one that was resumed before */
	bool changes_known;   /* changes says what force=1 destroys, or would */
	uint32_t left;        /* enum judge_left */
	uint32_t attempts;    /* counted on the disk, before this one */
	uint64_t state; /* of the image on its disk: another after each attempt, resume, save */
	struct region region;          /* when err is 0 and busy was given */
	char reason[JUDGE_TEXT_BYTES]; /* why not: thing and place; "" when err is 0 */

	/* Of the kind that was chosen: open, in place (they point into themselves). */
	struct found found;
	struct image image;
	struct changes changes;
	struct stock stock;
};

/* Fills *ret and returns ret->err. Every refusal is a line in the log; so is what is chosen. */
int judge(const struct judge_input *in, struct judgment *ret) MUST_CHECK;

/* The log names the file systems that force=1 destroys (or would), when the answer is about such an
 * image. */
void judge_log_loss(const struct judgment *j);

#endif

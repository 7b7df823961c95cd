/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images that an unmodified kernel wrote with its own hibernation (swsusp): found, judged, placed,
 * loaded, spent. The format is swsusp/'s business; here is what a loader does with it.
 */
#ifndef LOADER_STOCK_H
#define LOADER_STOCK_H

#include <stdbool.h>

#include "acpi.h"
#include "area_io.h"
#include "arena.h"
#include "boot_info.h"
#include "cmdline.h"
#include "err_any.h"
#include "jobs.h"
#include "places.h"
#include "ranges.h"
#include "restore_stats.h"
#include "swsusp.h"
#include "this_cpu.h"

#define STOCK_WORK_BYTES       (GPT_WORK_BYTES + 4096u)
#define STOCK_CHECK_WORK_BYTES (512u * 1024)
#define STOCK_WHY_BYTES        200u

struct stock_facts;

struct stock {
	struct block_dev *dev;
	struct block_extent extent;
	struct area area;
	struct swsusp_source source;
	struct swsusp_header header;
	struct swsusp_image image;
	uint8_t *header_page; /* as it is on the disk */
	uint64_t swap_page;   /* its place: resume_offset */
	uint32_t attempts;    /* that were counted for this very image */
	uint8_t *bounce;      /* lists are read by way of it: their memory may be no device's */
	uint64_t open_bytes;  /* that opening it takes; 0: not known yet */
	/* By stock_check. */
	const struct stock_facts *facts; /* that are believed; NULL: none are */
	bool map_agrees;                 /* this boot's map has the checksum in the image, */
	uint32_t map_rules;              /* by these rules: enum boot_map_rules */
	bool boot_id_agrees; /* the facts are of its boot: its memory was looked into already */
	bool other_mounts;   /* a file system of the facts was written to by another system */
	char why[STOCK_WHY_BYTES]; /* of the refusal; "": the error's text says it */
};

/* Looks for an image in the swap areas that the options name. work: STOCK_WORK_BYTES, page-aligned.
 * ERR_NOT_FOUND: none, nothing logged; ERR_AMBIGUOUS; else the reason why one that is there cannot
 * be resumed (logged with field and place). */
int stock_find(const struct disks *disks, const struct options *o, struct arena *arena, void *work,
	struct stock *ret) MUST_CHECK;

/* Map, info and frame list, in the largest piece of the arena, of which the rest stays free; where
 * that is too small, in memory that the arena says is more. s->open_bytes may be told by a run
 * before. */
int stock_open(struct stock *s, struct arena *arena) MUST_CHECK;

/* This boot, and what may be looked at. */
struct stock_now {
	const struct boot_info *bi; /* with the facts, if there are any */
	const struct options *options;
	const struct acpi *acpi;
	const struct tables *tables;
	const struct this_cpu *cpu;
	const struct disks *disks;
	bool disks_incomplete; /* a later judge sees more */
	void *work;            /* STOCK_CHECK_WORK_BYTES, page-aligned */
};

/* Everything that can be told before anything is written: frames, the FACS signature in the image,
 * then by the facts if they are of this image's boot, else (with strict=1 also) by the kernel's
 * rule, that the map has the checksum in the image; strict=0 goes on without. ERR_MEMORY_MAP,
 * ERR_PLATFORM, ERR_CPU, ERR_FILESYSTEM (not with force=1): each named by a line of the log. s is
 * open. stock_check.c */
int stock_check(struct stock *s, const struct stock_now *now) MUST_CHECK;

/* Where the boot ID lies in the restored memory; 0: there is none to be compared. */
uint64_t stock_boot_id_place(const struct stock *s);

/* Once the memory is loaded, before the point of no return: the sixteen bytes there. Another boot's
 * facts said that this image fits: ERR_PLATFORM, unless the kernel's rule says so, too. */
int stock_confirm(const struct stock *s, const uint8_t boot_id[16]) MUST_CHECK;

/* Frames that the saved kernel used as its memory (ret has room for STOCK_OLD_RAM_MAX); false: not
 * known but by this boot's map. */
#define STOCK_OLD_RAM_MAX 4224u
bool stock_old_ram(const struct stock *s, struct ranges *ret);
/* Whether an attempt can be counted: 0, ERR_READ_ONLY, ERR_BUSY (something else lies there). */
int stock_may_count(const struct stock *s) MUST_CHECK;

/* Counts an attempt in the first sector of the swap area (boot sector room that the kernel never
 * touches): the image itself stays as it is. */
int stock_count_attempt(struct stock *s) MUST_CHECK;

/* All data into its frames, checked by CRC where the image has one. An error is as that of
 * restore_memory. stock_restore.c */
int stock_restore(struct stock *s, struct arena *arena, struct jobs *jobs,
	struct restore_stats *ret) MUST_CHECK;

/* The swap signature back in place, flushed: this image is not resumed again. */
int stock_consume(struct stock *s) MUST_CHECK;

/* The paging mode of the image kernel, from its restored tables: 4 or 5. */
int stock_levels(const struct stock *s, uint32_t *ret_levels) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader core's state and its two kinds of image. For main.c, own_kind.c and stock_kind.c
 * only. */
#ifndef LOADER_LOADER_H
#define LOADER_LOADER_H

#include "acpi.h"
#include "arena.h"
#include "boot_info.h"
#include "boot_on.h"
#include "cmdline.h"
#include "disks.h"
#include "err_any.h"
#include "jobs.h"
#include "judge.h"
#include "log.h"
#include "restore.h"

struct image_kind;

struct loader {
	struct boot_info *bi;
	struct options options;
	struct arena arena;
	struct acpi acpi;
	struct disks disks;
	struct jobs jobs; /* other processors help with the restore */
	struct judgment judgment;
	const struct image_kind *kind; /* of the image that it chose */
	struct restore_stats stats;
	uint64_t disks_us; /* when the disks had been started */
};

/* What differs between our own images and those of stock kernels once the judge has chosen one, in
 * the order of the story. Steps that cannot fail softly call boot_on themselves. */
struct image_kind {
	const char *name;
	/* On the disk before the first frame is overwritten. */
	void (*count_attempt)(struct loader *l);
	void (*restore)(struct loader *l);
	/* ACPI and APIC as the old kernel expects them. */
	void (*restore_platform)(struct loader *l);
	/* The last write to the disk: never resumed again by itself. */
	void (*launch)(struct loader *l);
	void (*jump)(struct loader *l) __attribute__((noreturn));
};

extern const struct image_kind own_kind, stock_kind;

#endif

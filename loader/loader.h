/* The loader core's state and its two kinds of image. For main.c, torpor_kind.c and stock_kind.c only. */
#ifndef LOADER_LOADER_H
#define LOADER_LOADER_H

#include "acpi.h"
#include "arena.h"
#include "boot_info.h"
#include "cmdline.h"
#include "disks.h"
#include "err_any.h"
#include "jobs.h"
#include "log.h"
#include "ranges.h"
#include "restore.h"
#include "smp.h"

struct image_kind;

struct loader {
	struct boot_info *bi;
	struct options options;
	struct arena arena;
	struct acpi acpi;
	struct disks disks;
	struct jobs jobs; /* other processors help with the restore */
	const struct image_kind *kind;
	struct restore_stats stats;
	uint64_t disks_us; /* when the disks had been started */
};

/* Nothing is lost: the image stays as it is. A line that says why, a pause for the reader of the screen,
 * a reset: GRUB's or the firmware's next choice follows. */
_Noreturn void boot_on(struct loader *l, const char *why);

/* Where the program goes before the first frame is restored. */
struct region {
	struct boot_piece piece[BOOT_REGION_MAX];
	uint32_t n;
	uint32_t levels;     /* of paging while it runs there */
	struct smp_low low;  /* for other processors to begin in */
	uint64_t open_bytes; /* that opening a stock image takes; 0: it is none */
};

/* What differs between our own images and those of stock kernels, in the order of the story. Steps that
 * cannot fail softly call boot_on themselves. */
struct image_kind {
	const char *name;
	/* 0: there is one that may be resumed; ERR_NOT_FOUND: none at all; else the reason why not. */
	int (*find)(struct loader *l);
	/* Everything that can be checked before anything is written, anywhere. */
	void (*check)(struct loader *l);
	/* busy: frames that what runs now lies in. */
	void (*choose_region)(struct loader *l, const struct ranges *busy, struct region *ret);
	/* On the disk before the first frame is overwritten. */
	void (*count_attempt)(struct loader *l);
	void (*restore)(struct loader *l);
	/* ACPI and APIC as the old kernel expects them. */
	void (*restore_platform)(struct loader *l);
	/* The last write to the disk: never resumed again by itself. */
	void (*launch)(struct loader *l);
	void (*jump)(struct loader *l) __attribute__((noreturn));
};

extern const struct image_kind torpor_kind, stock_kind;

/* After torpor_kind's find said IMG_ERR_SPENT: the log names what force=1 would destroy. */
void torpor_log_spent(struct loader *l);

#endif

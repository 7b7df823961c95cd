/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The swap area that hibernation uses: which device or file, and where the loader, which knows
 * disks and partitions only, finds it.
 */
#ifndef CLI_SWAP_PLACE_H
#define CLI_SWAP_PLACE_H

#include "boot_parse.h"
#include "hibernation_target.h"
#include "layers.h"
#include "target.h"

struct swap_place {
	struct target t;            /* the partition or disk that the header is on */
	char device[SYS_PATH_MAX];  /* "/dev/vda5" */
	char file[SYS_PATH_MAX];    /* the swap file; "": the device itself */
	uint64_t offset_pages;      /* of the header on the device */
	bool is_swap;               /* there is a header */
	uint8_t uuid[16];           /* in it; zero: not known */
	uint64_t bytes, used_bytes; /* of the swap area; 0: it is not in use as swap */
	const char *from;           /* who says that it is this one */
	bool by_power;              /* the kernel does: /sys/power/resume is set */
};

/* wanted: a device or file; NULL: the one that the next hibernation goes to. Not to be copied. -1 after
 * one complaint. */
int swap_place_find(struct swap_place *p, const char *wanted);

/* The one that a hibernation by this hand would go to: /sys/power/resume when it is set, else by its own
 * rule, else (nothing is in use) by resume= on the kernel's command line. -1 after one complaint, also
 * when the loader cannot read it. */
int swap_place_next(struct swap_place *p, enum hibernator who);

/* Whether these words of the loader (of setup's record) name it. */
bool swap_place_is(const struct swap_place *p, const char *args);

/* Whether the kernel would take it now. -1 after one complaint. */
int swap_place_in_use(const struct swap_place *p);

/* The loader's words for it: swap=..., and target_whose and resume_offset= where they are needed. */
#define SWAP_ARGS_BYTES 256
void swap_place_args(const struct swap_place *p, char ret[SWAP_ARGS_BYTES]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for writer and loader: 2 MiB frames that the saved image does not need back, and one more
 * such page for the mailbox. From a boot-time reservation when there is one (crashkernel= with no
 * crash kernel loaded), else huge pages that this process holds; the mailbox is always a huge page.
 */
#ifndef CLI_REGION_H
#define CLI_REGION_H

#include "machine_facts.h"
#include "mailbox.h"

struct region {
	uint64_t frame[HANDOFF_REGION_MAX]; /* sorted */
	uint32_t n_frames;
	bool reserved; /* a boot-time reservation */
	struct mailbox *mailbox;
	uint64_t mailbox_phys;

	/* region.c */
	uint8_t *map;
	size_t n_pages;    /* huge pages in map */
	uint64_t n_raised; /* how many the kernel's pool grew for us */
};

/* Takes n frames (1 .. HANDOFF_REGION_MAX) and the mailbox. -1 after one complaint; nothing is held
 * then. */
int region_take(struct region *ret, const struct machine_facts *facts, uint32_t n_frames);

/* Whether every huge page still lies where it lay. -1 after one complaint. */
int region_check(const struct region *r);

/* Gives the pages and the pool's growth back. */
void region_release(struct region *r);

/* The pure part: n frames out of the reservations (below 4 GiB if one does), sorted; false when
 * none has room. */
bool region_from_reservation(const struct machine_facts *facts, uint32_t n_frames,
	uint64_t ret_frames[HANDOFF_REGION_MAX]);

/* Why a 2 MiB frame cannot be used, or NULL. */
const char *region_frame_fault(const struct machine_facts *facts, uint64_t phys);

#endif

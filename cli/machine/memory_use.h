/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where Linux and the firmware see memory differently: RAM that Linux uses and the firmware does not
 * know of, RAM that Linux says must not be touched.
 */
#ifndef CLI_MEMORY_USE_H
#define CLI_MEMORY_USE_H

#include "machine_facts.h"
#include "ranges.h"

/* Fills f->left_out. -1 after one complaint, with range and source, when Linux uses memory that the loader would not find. */
int memory_use_read(struct machine_facts *f);

/* Calls found for each frame of ram that has failed (is_huge: one of the huge page that begins there); what it
 * answers, when that is not 0, ends it. -1 after one complaint when they cannot be looked for. */
int memory_failed_each(
	const struct ranges *ram, int (*found)(void *ctx, uint64_t frame, bool is_huge), void *ctx);

/* Once more, shortly before the jump: -1 after one complaint when it has changed. */
int memory_use_check(const struct machine_facts *f);

#endif

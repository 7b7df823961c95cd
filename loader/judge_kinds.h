/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two halves of the judge, for judge.c only: each looks at one kind of image, as if the other
 * did not exist. */
#ifndef LOADER_JUDGE_KINDS_H
#define LOADER_JUDGE_KINDS_H

#include "judge.h"

/* What one kind has to offer. */
struct verdict {
	int err;       /* 0: may be resumed; without force=1 unless forced is set */
	bool seen;     /* an image that was neither spent nor empty */
	bool forced;   /* only by force=1 */
	bool spent;    /* resumed before */
	bool is_fresh; /* nothing that it had mounted can have been written to by another system */
	uint32_t left; /* enum judge_left */
	uint32_t attempts;
	uint64_t state;
	char reason[JUDGE_TEXT_BYTES];
};

/* work: FIND_WORK_BYTES. What is found and opened is in ret's part for the kind, memory from
 * in->arena; region is filled when the verdict is 0. */
void judge_own(const struct judge_input *in, void *work, struct judgment *ret,
	struct verdict *ret_verdict);
void judge_stock(const struct judge_input *in, void *work, struct judgment *ret,
	struct verdict *ret_verdict);

/* How many attempts may have been counted for one more. */
static inline uint32_t judge_attempts_max(const struct options *o)
{
	return o->attempts_max + (o->force ? JUDGE_FORCED_ATTEMPTS : 0);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often the core was started for an image without leaving a trace on it. Once boot services
 * have ended, the core can refuse only by a reset; a boot entry that comes first would then start
 * it again, for ever. What the core has counted itself, or resumed, or what was saved since, has
 * another state on disk, and so begins anew. Pure: efi/start_store.c has the firmware's variable.
 */
#ifndef LOADER_START_COUNT_H
#define LOADER_START_COUNT_H

#include "judge.h"
#include "starts.h"

/* Starts for one state of an image, with all kinds of disks and command lines around: so many
 * more. */
#define STARTS_MORE_IN_ALL 8u

/* Where the count is kept. Each returns 0 or an error. */
struct start_store {
	/* *bytes: of buf; then of what is there, which may be more: buf has no meaning then. */
	int (*read)(void *ctx, void *buf, uint32_t *bytes);
	int (*write)(void *ctx, const void *buf, uint32_t bytes);
	int (*remove)(void *ctx);
	void *ctx;
};

/* What may change for the better between two starts: disks (in any order) and the command line.
 * work: a sector of the largest kind (4096 bytes), page-aligned. */
uint64_t start_around(const struct disks *disks, const char *cmdline, void *work);

/* Counts one more start for the image of j, in the store, and reads it back: only then may the core
 * be started. *ret_before: how many there were. ERR_ATTEMPTS: too many, nothing was written.
 * ERR_LOST: what was written cannot be read back, so that a core that refuses would be started for
 * ever; force=1 takes that into the bargain (0; the log says so). What is in the store and makes no
 * sense counts as none. */
int start_count(const struct start_store *store, const struct judgment *j, uint64_t around,
	const struct options *o, uint32_t *ret_before) MUST_CHECK;

#endif

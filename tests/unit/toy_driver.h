/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver with a disk of RAM that does what the test says: completes at once, late, never, twice,
 * wrongly.
 */
#ifndef TESTS_UNIT_TOY_DRIVER_H
#define TESTS_UNIT_TOY_DRIVER_H

#include "block.h"

#define SECTOR    512
#define N_SECTORS 4096
#define DEPTH     4

struct plan {
	uint64_t latency_us; /* of each request */
	int fail_at;         /* the n-th request ends with fail_status; -1: none */
	int fail_status;
	int silent_at; /* the n-th request never ends */
	int twice_at;  /* the n-th request is reported again with the next one */
	int refuse_at; /* submit of the n-th request fails with refuse_err */
	int refuse_err;
	int poll_err; /* of every poll */
	int flush_err;
	bool backwards;   /* the newest completes first */
	bool at_submit;   /* completes before submit returns */
	bool always_busy; /* submit: ERR_BUSY, whatever is in flight */
};

/* A driver with a disk of RAM. */
struct toy {
	struct block_dev dev;
	struct plan plan;
	uint8_t disk[N_SECTORS * SECTOR];
	struct {
		struct block_req *req;
		uint64_t ready_us;
		int number;
	} slot[DEPTH];
	struct block_req *reported;
	int n_submitted, n_flushes, n_stops, n_most;
};

extern struct toy toy;
extern const struct block_ops toy_ops;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image area in memory that keeps a record of everything written, can fail, and can lose power:
 * a cut at any point leaves what was flushed, and any part of what was not.
 */
#ifndef TESTS_FAKE_FAULT_DISK_H
#define TESTS_FAKE_FAULT_DISK_H

#include "img.h"

#define FAULT_DISK_ERR       (-65) /* what a failing operation returns */
#define FAULT_DISK_N_BUFFERS 3

/* bytes 0: a flush. */
struct fault_event {
	uint64_t offset;
	size_t bytes;
	uint8_t *data;      /* copied when the write was started */
	const void *memory; /* where from, when not from a buffer of ours */
};

struct fault_disk {
	uint8_t *base; /* what was there when the record began */
	uint8_t *now;  /* what a reader sees while the power is on */
	uint64_t size;
	struct fault_event *events;
	size_t n_events, max_events;
	uint8_t *buffer[FAULT_DISK_N_BUFFERS];
	int buffer_held; /* index, -1: none */
	uint32_t next_buffer;
	size_t buffer_bytes;

	uint32_t n_reads, n_writes, n_flushes;
	/* Fails number N (from 1) and all after it; 0: never. */
	uint32_t fail_read, fail_write, fail_flush;
	uint32_t fail_once; /* 1: only number N */
	/* Contract broken: not a multiple of a block, outside the area, memory changed before the
	 * flush, a second buffer asked for while one is held. */
	uint32_t n_violations;
};

void fault_disk_init(struct fault_disk *d, uint64_t size);
void fault_disk_free(struct fault_disk *d);
struct img_source fault_disk_source(struct fault_disk *d);
struct img_dest fault_disk_dest(struct fault_disk *d);

/* Forgets the record and all faults: what is there now is the base of the next record. */
void fault_disk_mark(struct fault_disk *d);

/* Every way to lose power: after each event of the record (0 .. n_events), with the writes since
 * the last flush kept, lost, in subsets (all of them while there are few), torn at a sector, or
 * with a sector that was being written turned to garbage. check sees the area as it is when power
 * comes back. */
struct fault_cut {
	size_t event;    /* number of events before the cut */
	const char *how; /* for messages */
	uint64_t variant;
	uint8_t *image; /* size bytes; check may change it */
};

/* Reads of what a cut left, or of what is there now, as the test sets it. */
struct fault_view {
	const uint8_t *image;
	uint64_t size;
};
struct img_source fault_view_source(struct fault_view *v);

/* Number of events until the first write of the record is flushed; it must be. */
size_t fault_disk_first_flush(const struct fault_disk *d);

void fault_disk_each_cut(const struct fault_disk *d,
	void (*check)(void *ctx, const struct fault_cut *cut), void *ctx);

/* The same without chance, for short records: every subset of the unflushed writes (no two of them
 * may overlap, so that their order cannot matter), and the newest one cut off after every sector,
 * with every sector alone missing, and with every sector alone garbage, the others kept or lost.
 * Returns how many. */
uint64_t fault_disk_all_cuts(const struct fault_disk *d,
	void (*check)(void *ctx, const struct fault_cut *cut), void *ctx);

#endif

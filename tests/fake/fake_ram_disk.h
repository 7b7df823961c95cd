/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk of RAM behind the block_ops interface, that fails as the test says: errors of reads,
 * writes, submissions and flushes, silence, loss. Requests complete at a poll, latency_us after
 * their submission, oldest or newest first.
 */
#ifndef TESTS_FAKE_FAKE_RAM_DISK_H
#define TESTS_FAKE_FAKE_RAM_DISK_H

#include "disks.h"

#define FAKE_RAM_DISK_DEPTH 64

struct fake_ram_disk {
	struct block_dev dev; /* the first member; its limits may be changed after the init */
	uint8_t *bytes;       /* the sectors */
	struct block_extent may_write;

	/* Behaviour. A number counts from 1; 0: never. */
	uint64_t latency_us;
	bool newest_first;
	uint32_t fail_read, fail_write; /* number of the request that ends with ERR_IO */
	bool fail_read_once;     /* else so do the reads after it that begin at the same sector */
	uint64_t bad_lba;        /* every read of this sector ends with ERR_IO; 0: none */
	bool write_gets_through; /* a write that fails reaches the disk all the same */
	uint32_t fail_submit;    /* number of the submission that is refused, with ERR_IO */
	uint32_t silent_from;    /* this request and all after it never end */
	uint32_t lost_from;      /* with this request the device is gone */
	uint32_t fail_flush;     /* number of the flush that ends with ERR_IO */

	/* What happened. */
	uint32_t n_submitted, n_reads, n_writes, n_flushes, n_in_flight, n_most_in_flight;
	bool is_stopped;
	uint64_t failed_lba;  /* of the read with this number, by fail_read */
	uint32_t failed_read; /* 0: none yet */

	struct {
		struct block_req *req;
		uint64_t ready_us;
		uint32_t number, number_of_dir;
	} slot[FAKE_RAM_DISK_DEPTH]; /* in the order of their submission */
};

/* Zeroed sectors; every sector may be written. Name "ram". */
void fake_ram_disk_init(struct fake_ram_disk *d, uint32_t sector_bytes, uint64_t n_sectors);
void fake_ram_disk_free(struct fake_ram_disk *d);

/* n of them, named "ram 0" and on, as if disks_start had found them. */
void fake_ram_disks_init(struct fake_ram_disk *d, uint32_t n, uint32_t sector_bytes,
	uint64_t n_sectors, struct disks *ret);
void fake_ram_disks_free(struct fake_ram_disk *d, uint32_t n);

/* Ends all faults and counts from 1 again. */
void fake_ram_disk_no_faults(struct fake_ram_disk *d);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all controller models have in common: the sectors, how long a command takes, and which
 * command goes wrong in which way. A model asks for it and says it in its own language.
 */
#ifndef TESTS_FAKE_DISK_H
#define TESTS_FAKE_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum fake_fault {
	FAKE_NONE,
	FAKE_IO_ERROR,    /* the command fails, as the specification says a failure looks */
	FAKE_SILENT,      /* it is never answered */
	FAKE_TWICE,       /* it is answered twice */
	FAKE_BAD_TAG,     /* the answer names a command that was never given */
	FAKE_IDLE_TAG,    /* the answer names a possible command that is not in flight */
	FAKE_BAD_INDEX,   /* the answer is at an impossible place of the queue */
	FAKE_BAD_STATUS,  /* the answer has a status that does not exist */
	FAKE_NO_STATUS,   /* the answer has no status where it should be (virtio) */
	FAKE_SHORT,       /* success, but only half of the data */
	FAKE_VANISH,      /* the function disappears from the bus, in the middle */
	FAKE_WANTS_RESET, /* the controller says that it is broken, and stops working */
};

struct fake_disk {
	uint32_t sector_bytes;
	uint64_t n_sectors;
	uint8_t *data;
	const char *serial;
	bool read_only;

	uint64_t latency_us; /* of every command */
	uint64_t jitter_us;  /* up to this much more, so that commands overtake each other */

	enum fake_fault fault; /* of read or write number fault_at, counted from 0 */
	unsigned fault_at;
	enum fake_fault flush_fault; /* of every flush: NONE, IO_ERROR or SILENT */
	bool never_resets;           /* the controller does not react to a reset, and works on */

	unsigned n_commands, n_flushes; /* taken from the queue so far */
	unsigned n_in_flight, most_in_flight;
	unsigned random;
};

/* Filled with a pattern that is different in every sector. */
void fake_disk_init(struct fake_disk *d, uint32_t sector_bytes, uint64_t n_sectors);
void fake_disk_free(struct fake_disk *d);

/* A read or write was taken from the queue: what is to go wrong with it. */
enum fake_fault fake_disk_command(struct fake_disk *d);

/* When a command that was taken now is to be answered. */
uint64_t fake_disk_ready_us(struct fake_disk *d);

/* The bytes of sectors; fails the test when they are outside the disk. */
uint8_t *fake_disk_at(struct fake_disk *d, uint64_t first_byte, uint64_t bytes);

#endif

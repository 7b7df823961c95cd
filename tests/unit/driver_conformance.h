/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every disk driver has to do, whatever the controller: started through disks_start, used
 * through block.h, over a model that takes its sectors and its faults from struct fake_disk. A
 * driver's own test file runs these cases with CONFORMANCE, and adds its own.
 */
#ifndef TESTS_UNIT_DRIVER_CONFORMANCE_H
#define TESTS_UNIT_DRIVER_CONFORMANCE_H

#include "test.h"

#include "arena.h"
#include "block.h"
#include "disks.h"
#include "fake_disk.h"
#include "fake_pci.h"

struct driver_under_test {
	const char *name;
	/* Puts one controller with this one disk into the empty machine. */
	struct fake_pci_dev *(*plug)(struct fake_disk *disk);
	uint32_t sector_bytes;
	uint32_t min_depth; /* requests that must be in flight at once */
	uint32_t faults;    /* 1 << FAKE_...: those that the model knows for reads and writes */
	bool no_flush;      /* the disk completes writes durably; a flush reaches no device */
	bool never_resets;  /* the model knows fake_disk.never_resets */
};

/* The machine of the running test. */
struct conformance_world {
	const struct driver_under_test *dut;
	struct fake_disk disk;
	struct fake_pci_dev *pci;
	struct arena arena;
	struct disks disks;
	struct block_dev *dev; /* after conformance_start */
};
extern struct conformance_world world;

/* Memory that devices may reach, beside the arena: for buffers of tests. Below 4 GiB. */
#define CONFORMANCE_BUFFER_BYTES (4u << 20)
extern uint8_t *conformance_buffer;

/* Memory for the driver: conformance_use_arena(0), as at setup, or (1). */
#define CONFORMANCE_ARENA_BYTES (1u << 20)
extern uint8_t *conformance_arena[2];

#define CONFORMANCE_MANY      256  /* more requests than any driver keeps in flight */
#define CONFORMANCE_UNTOUCHED 0x77 /* memory is filled with it, to see who writes there */

/* One contiguous request. */
struct one {
	struct block_req req;
	struct block_seg seg;
};

void conformance_setup(const struct driver_under_test *dut);
void conformance_teardown(void); /* stops; after that there must be no DMA */
void conformance_start(void);    /* disks_start, must succeed; writes to all of it allowed */

void conformance_plug(void); /* an empty machine with the controller, anew */
void conformance_use_arena(int i);
void conformance_quiet(void); /* two seconds of nothing: the device does no DMA, and could not */
void conformance_untouched(const uint8_t *memory, size_t bytes);
uint8_t *conformance_sectors(uint64_t lba); /* of the disk */
int conformance_submit(
	struct one *o, enum block_dir dir, uint64_t lba, uint32_t n_sectors, void *buf);
/* One read in as many pieces as the driver takes; returns how many. */
uint32_t conformance_most_pieces(void);
void conformance_churn(unsigned n_requests); /* random reads and writes, compared */

void conformance_geometry(void);
void conformance_read_and_write(void);
void conformance_all_sizes(void);
void conformance_scattered(void);
void conformance_queue_full(void);
void conformance_out_of_order(void);
void conformance_ring_wraps(void);
void conformance_flush(void);
void conformance_flush_fails(void);
void conformance_faults(void);
void conformance_fault_among_many(void);
void conformance_stop_in_flight(void);
void conformance_stop_of_a_stuck_device(void);
void conformance_start_of_a_stuck_device(void);
void conformance_start_while_running(void);
void conformance_start_from_d3(void);
void conformance_read_only(void);
void conformance_little_memory(void);

/* Enters all of these cases, before the tests of the file, for each variant of a driver's model. */
void conformance_enter(const struct driver_under_test *variants, size_t n);
#define CONFORMANCE(variants_)                                                                     \
	__attribute__((constructor)) static void enter_conformance(void)                           \
	{                                                                                          \
		conformance_enter(variants_, sizeof(variants_) / sizeof((variants_)[0]));          \
	}

#endif

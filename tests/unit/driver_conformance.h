/*
 * What every disk driver has to do, whatever the controller: started through disks_start, used
 * through block.h, over a model that takes its sectors and its faults from struct fake_disk. A
 * driver's own test file lists these cases with DRIVER_CONFORMANCE for each variant of its model,
 * and adds its own.
 */
#ifndef TESTS_UNIT_DRIVER_CONFORMANCE_H
#define TESTS_UNIT_DRIVER_CONFORMANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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

int conformance_setup(void **state);    /* *state: the driver_under_test */
int conformance_teardown(void **state); /* stops; after that there must be no DMA */
void conformance_start(void);           /* disks_start, must succeed; writes to all of it allowed */

void conformance_plug(void); /* an empty machine with the controller, anew */
void conformance_use_arena(int i);
void conformance_quiet(void); /* two seconds of nothing: the device does no DMA, and could not */
void conformance_untouched(const uint8_t *memory, size_t bytes);
uint8_t *conformance_sectors(uint64_t lba); /* of the disk */
int conformance_submit(
	struct one *o, enum block_dir dir, uint64_t lba, uint32_t n_sectors, void *buf);
void conformance_churn(unsigned n_requests); /* random reads and writes, compared */

void conformance_geometry(void **state);
void conformance_read_and_write(void **state);
void conformance_all_sizes(void **state);
void conformance_scattered(void **state);
void conformance_queue_full(void **state);
void conformance_out_of_order(void **state);
void conformance_ring_wraps(void **state);
void conformance_flush(void **state);
void conformance_flush_fails(void **state);
void conformance_faults(void **state);
void conformance_fault_among_many(void **state);
void conformance_stop_in_flight(void **state);
void conformance_stop_of_a_stuck_device(void **state);
void conformance_start_of_a_stuck_device(void **state);
void conformance_start_while_running(void **state);
void conformance_start_from_d3(void **state);
void conformance_read_only(void **state);
void conformance_little_memory(void **state);

#define CONFORMANCE_CASE(f, dut)                                                                   \
	{                                                                                          \
#f, conformance_##f, conformance_setup, conformance_teardown,                      \
			(void *)(uintptr_t)(dut)                                                   \
	}
#define DRIVER_CONFORMANCE(dut)                                                                    \
	CONFORMANCE_CASE(geometry, dut), CONFORMANCE_CASE(read_and_write, dut),                    \
		CONFORMANCE_CASE(all_sizes, dut), CONFORMANCE_CASE(scattered, dut),                \
		CONFORMANCE_CASE(queue_full, dut), CONFORMANCE_CASE(out_of_order, dut),            \
		CONFORMANCE_CASE(ring_wraps, dut), CONFORMANCE_CASE(flush, dut),                   \
		CONFORMANCE_CASE(flush_fails, dut), CONFORMANCE_CASE(faults, dut),                 \
		CONFORMANCE_CASE(fault_among_many, dut), CONFORMANCE_CASE(stop_in_flight, dut),    \
		CONFORMANCE_CASE(stop_of_a_stuck_device, dut),                                     \
		CONFORMANCE_CASE(start_of_a_stuck_device, dut),                                    \
		CONFORMANCE_CASE(start_while_running, dut), CONFORMANCE_CASE(start_from_d3, dut),  \
		CONFORMANCE_CASE(read_only, dut), CONFORMANCE_CASE(little_memory, dut)

#endif

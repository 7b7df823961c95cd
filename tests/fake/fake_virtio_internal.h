/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the virtio block model: registers (fake_virtio_blk.c) and queue
 * (fake_virtio_queue.c). */
#ifndef TESTS_FAKE_FAKE_VIRTIO_INTERNAL_H
#define TESTS_FAKE_FAKE_VIRTIO_INTERNAL_H

#include "fake_virtio_blk.h"
#include "virtio_regs.h"

#define FAKE_VIRTIO_PIECES    128
#define FAKE_VIRTIO_IN_FLIGHT 512

struct piece {
	uint64_t addr;
	uint32_t len;
	bool device_writes;
};

/* A request that was taken from the ring. */
struct taken {
	bool used;
	uint16_t head;
	enum fake_fault fault;
	uint64_t ready_us;
	struct virtio_blk_header header;
	struct piece piece[FAKE_VIRTIO_PIECES];
	unsigned n_pieces; /* between header and status */
	uint64_t status_addr;
};

struct fake_virtio {
	struct fake_virtio_config c;
	struct fake_disk *disk;
	struct fake_pci_dev *pci;
	uint8_t msix_cap;

	uint8_t status;
	uint32_t feature_select, driver_select;
	uint64_t accepted;
	uint16_t queue_select, queue_size, queue_enable;
	uint64_t desc, avail, used;
	uint8_t generation;

	bool notified, broken;
	uint16_t avail_idx, used_idx;
	struct taken taken[FAKE_VIRTIO_IN_FLIGHT];
	unsigned longest_chain;
};
extern struct fake_virtio fake_virtio;

/* The driver agreed to this feature. */
static inline bool fake_virtio_accepted(uint64_t feature)
{
	return fake_virtio.accepted & feature;
}

/* One look of the device at its queue. */
void fake_virtio_tick(void *ctx);

#endif

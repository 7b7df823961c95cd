/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio block device: modern, transitional or legacy. It watches the driver as closely as it
 * can: the order of initialisation, accepted features, every descriptor; a driver that breaks the
 * specification ends the test. It looks at the queue only after a notification, as a real device
 * may.
 */
#ifndef TESTS_FAKE_VIRTIO_BLK_H
#define TESTS_FAKE_VIRTIO_BLK_H

#include "fake_disk.h"
#include "fake_pci.h"

enum fake_virtio_kind { FAKE_VIRTIO_MODERN, FAKE_VIRTIO_TRANSITIONAL, FAKE_VIRTIO_LEGACY };

struct fake_virtio_config {
	enum fake_virtio_kind kind;
	uint64_t features; /* offered */
	uint16_t queue_size;
	uint32_t seg_max, size_max;
	uint32_t notify_multiplier;
	uint16_t notify_off;
	bool refuses_features;   /* FEATURES_OK does not stay */
	bool polls_queue;        /* asks for no notifications, and looks by itself */
	bool no_serial;          /* GET_ID is unsupported */
	bool capacity_moves;     /* the configuration changes at every look */
	bool counts_status_only; /* lengths of 1, whatever was written */
};

/* Everything that QEMU offers; 256 entries, 254 segments. */
extern const struct fake_virtio_config fake_virtio_default;

/* Where the modern structures are in BAR 4. */
#define FAKE_VIRTIO_BAR_BYTES 0x4000
#define FAKE_VIRTIO_COMMON    0x0000
#define FAKE_VIRTIO_CONFIG    0x2000
#define FAKE_VIRTIO_NOTIFY    0x3000

/* One device at 00:03.0. */
struct fake_pci_dev *fake_virtio_blk_plug(
	const struct fake_virtio_config *config, struct fake_disk *disk);

/* Facts for tests. */
uint8_t fake_virtio_blk_status(void);
uint64_t fake_virtio_blk_accepted(void);
unsigned fake_virtio_blk_longest_chain(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio device behind PCI with one queue: registers of the modern or the legacy interface,
 * features, the split virtqueue's memory, reset. What is in the queue is the device driver's
 * business.
 */
#ifndef DRIVERS_VIRTIO_PCI_H
#define DRIVERS_VIRTIO_PCI_H

#include <stdbool.h>

#include "arena.h"
#include "err.h"
#include "pci.h"
#include "virtio_regs.h"

struct virtio_pci {
	struct pci_dev pci;
	bool legacy;
	uint64_t features; /* negotiated */

	/* modern */
	uint8_t *common, *notify, *config;
	uint64_t notify_bytes, config_bytes;
	uint32_t notify_multiplier;
	uint8_t *notify_queue; /* where queue 0 is notified */

	/* legacy */
	uint16_t port;
};

struct virtq {
	uint16_t size; /* a power of two */
	struct virtq_desc *desc;
	struct virtq_avail *avail;
	struct virtq_used *used;
};

/* Wakes the function, finds its registers and resets it, so that what ran before does no DMA. */
int virtio_pci_open(struct virtio_pci *v, const struct pci_dev *pci) MUST_CHECK;

/* Accepts of the device's features those in allowed; VERSION_1 is required of a modern device. */
int virtio_pci_negotiate(struct virtio_pci *v, uint64_t allowed) MUST_CHECK;

/* Queue 0, at most max_size entries (a legacy device's size cannot be chosen: ERR_UNSUPPORTED
 * beyond 4 * max_size); interrupts are declined. */
int virtio_pci_set_queue(
	struct virtio_pci *v, struct arena *dma, uint16_t max_size, struct virtq *ret_q) MUST_CHECK;

/* Bus mastering on; from here on the device works. */
void virtio_pci_start(struct virtio_pci *v);

/* There is something new in queue 0. */
void virtio_pci_notify(struct virtio_pci *v);

/* 0, or ERR_LOST: gone, or it asks for a reset, or somebody reset it. */
int virtio_pci_health(struct virtio_pci *v) MUST_CHECK;

/* A field of the device's own configuration; ERR_BAD_ANSWER when it is beyond its end. */
int virtio_pci_config32(struct virtio_pci *v, uint32_t offset, uint32_t *ret) MUST_CHECK;
int virtio_pci_config64(struct virtio_pci *v, uint32_t offset, uint64_t *ret) MUST_CHECK;

/* Reset, then bus mastering off, whatever the device answers. Also right after a failed open. */
void virtio_pci_stop(struct virtio_pci *v);

#endif

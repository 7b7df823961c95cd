/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SATA disk on a port of an AHCI controller. For ahci.c. */
#ifndef DRIVERS_AHCI_DISK_H
#define DRIVERS_AHCI_DISK_H

#include "ahci_port.h"
#include "disks.h"

struct ahci;

/* Of a request to a controller without 64-bit addresses, and how many at a time. */
#define AHCI_BOUNCE_BYTES (64u * 1024)
#define AHCI_BOUNCES      4u

struct ahci_slot {
	struct block_req *req; /* NULL: free */
	uint8_t *bounce; /* AHCI_BOUNCE_BYTES below 4 GiB, for a controller that reaches no more */
	bool bounced;    /* the request's data go through it */
};

struct ahci_disk {
	struct block_dev block;
	struct ahci_port *port;
	struct ahci_slot slot[AHCI_SLOTS_MAX];
	uint32_t n_slots;
	uint32_t given; /* a bit for each slot that the device has */
	bool queued;    /* native command queueing */
	bool off;       /* stopped, or its controller was */

	/* ahci.c: what ops.stop does, for the controller has a part in it */
	struct ahci *hba;
	void (*stop)(struct ahci_disk *d);
	void (*parked)(struct ahci_disk *d); /* the heads are; the disk is not reset any more */
};

/* Asks the device on a ready port who it is, and makes a disk of it. cap: AHCI_CAP of the
 * controller. The caller has filled in what says where the disk is, and stops the port after an
 * error. */
int ahci_disk_start(
	struct ahci_disk *d, struct ahci_port *port, struct arena *dma, uint32_t cap) MUST_CHECK;

#endif

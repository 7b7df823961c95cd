/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One port of an AHCI controller: its link, its engine, one command. For ahci.c and ahci_disk.c. */
#ifndef DRIVERS_AHCI_PORT_H
#define DRIVERS_AHCI_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "ahci_regs.h"
#include "arena.h"
#include "block.h"

struct ahci_port {
	uint8_t *regs; /* NULL: not implemented */
	uint8_t *received;
	struct ahci_header *list; /* AHCI_SLOTS_MAX */
	struct ahci_table *table; /* one a slot */
	bool reaches_all;         /* addresses of 64 bits */
	bool stuck;               /* it did not stop when it was told to */
};

uint32_t ahci_port_read(const struct ahci_port *p, uint32_t reg);

/* Memory that the controller reaches. ERR_NO_MEMORY; ERR_UNSUPPORTED: what the arena has left is
 * beyond it. */
int ahci_port_memory(const struct ahci_port *p, struct arena *dma, size_t bytes, size_t align,
	void **ret_memory) MUST_CHECK;

/* ---- link ---- */

/* Memory for what the device sends. The port is quiet. */
int ahci_port_init(struct ahci_port *p, struct arena *dma) MUST_CHECK;

/* Receives what the device sends, without power saving. */
void ahci_port_listen(struct ahci_port *p);

/* COMRESET, from assert to release at least AHCI_COMRESET_US; then the link comes up, and then the
 * device gets ready, or not. Commands must not be running. */
#define AHCI_COMRESET_US 1500
void ahci_port_assert_reset(struct ahci_port *p);
void ahci_port_release_reset(struct ahci_port *p);

/* Errors of the past. That of a link which came up has to go, or the device's first message stays
 * outside. */
void ahci_port_forget_errors(struct ahci_port *p);

bool ahci_port_is_linked(const struct ahci_port *p);
bool ahci_port_is_seen(const struct ahci_port *p);   /* somebody is there, or the link is off */
bool ahci_port_is_waking(const struct ahci_port *p); /* somebody is there, but no link yet */
bool ahci_port_is_ready(const struct ahci_port *p);

/* ---- commands ---- */

/* Memory for commands in n_slots slots; then commands may be given. The device is ready. */
int ahci_port_start(struct ahci_port *p, struct arena *dma, uint32_t n_slots) MUST_CHECK;

/* No more commands, nothing received: afterwards the port does no DMA. ERR_TIMEOUT: it does not
 * stop. */
int ahci_port_quiet(struct ahci_port *p);

/* After an error: all commands are dropped, the link and the device are reset, and commands may be
 * given again. ERR_LOST: nobody there; ERR_TIMEOUT: it does not get ready. */
int ahci_port_restart(struct ahci_port *p) MUST_CHECK;

/* Puts a command into a slot. */
void ahci_port_fill(struct ahci_port *p, uint32_t slot, const struct ahci_fis *fis,
	const struct block_seg *seg, uint32_t n_segs, enum block_dir dir);

/* Gives a filled slot to the device; queued: as a queued command whose tag is the slot. */
void ahci_port_give(struct ahci_port *p, uint32_t slot);
void ahci_port_give_queued(struct ahci_port *p, uint32_t slot);

/* Gives a filled slot to the device, alone, and waits. ERR_IO: the device refused it, and the port
 * was restarted; every other error: the device is lost. */
int ahci_port_run(struct ahci_port *p, uint32_t slot, uint32_t ms) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the AHCI model: registers (fake_ahci.c) and commands (fake_ahci_command.c). */
#ifndef TESTS_FAKE_FAKE_AHCI_INTERNAL_H
#define TESTS_FAKE_FAKE_AHCI_INTERNAL_H

#include "ahci_regs.h"
#include "fake_ahci.h"

/* A command that the device has taken. */
struct fake_ahci_command {
	bool used, queued;
	enum fake_fault fault;
	uint64_t ready_us;
	struct ahci_fis fis;
	uint64_t ctba;
	uint16_t flags, n_prds;
};

struct fake_ahci_port {
	struct fake_disk *disk;
	uint64_t clb, fb;
	uint32_t is, cmd, tfd, sig, det, sctl, serr, sact, ci;
	uint64_t reset_since_us; /* COMRESET is asserted since then; 0: it is not */
	uint64_t notice_at_us, link_at_us, ready_at_us; /* 0: nothing to come */
	bool failed; /* the device refuses commands until it is reset */
	bool halted; /* the port does nothing until ST was cleared */
	bool broken; /* and does not even stop */
	bool pulled;
	bool parked; /* STANDBY IMMEDIATE was the last thing that the device was told, resets included */
	bool has_bad; /* the command for bad_lba is to fail once more */
	enum fake_fault bad_fault;
	uint64_t bad_lba;
	struct fake_ahci_command command[AHCI_SLOTS_MAX];
};

struct fake_ahci {
	struct fake_ahci_config c;
	struct fake_pci_dev *pci;
	uint32_t ghc, pi, bohc;
	uint64_t bios_goes_us;
	unsigned n_link_resets, n_resets, most_pieces;
	struct fake_ahci_port port[FAKE_AHCI_PORTS];
};
extern struct fake_ahci fake_ahci;

/* Everything in flight is forgotten. */
void fake_ahci_drop(struct fake_ahci_port *p);

/* One look of the device at its commands. */
void fake_ahci_work(uint32_t port);

/* A message from the device into the area for them, if the port receives. */
void fake_ahci_message(struct fake_ahci_port *p, unsigned offset, uint8_t type);

#endif

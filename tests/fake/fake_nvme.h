/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An NVMe controller with its namespaces. It watches the driver as closely as it can: the order of
 * initialisation, every command, every PRP; a driver that breaks the specification ends the test.
 * It looks at a queue only after its doorbell was rung. Registers: fake_nvme.c; queues and
 * commands: fake_nvme_queue.c.
 */
#ifndef TESTS_FAKE_FAKE_NVME_H
#define TESTS_FAKE_FAKE_NVME_H

#include "fake_disk.h"
#include "fake_pci.h"

struct fake_nvme_ns {
	uint32_t nsid;
	struct fake_disk *disk; /* its faults count for this namespace */
	uint8_t flbas, nlbaf;
	uint16_t ms;
	uint8_t lbads; /* 0: as the disk has it */
	uint8_t nsattr;
};

#define FAKE_NVME_NAMESPACES 24

struct fake_nvme_config {
	uint64_t cap;
	uint32_t version;
	uint16_t crwmt; /* in CRTO */
	uint64_t bar_bytes;
	uint8_t mdts, sqes, cqes, vwc, cntrltype, critical_warning;
	uint32_t rtd3e;
	uint32_t nn;          /* 0: the highest namespace ID */
	uint64_t ready_us;    /* from a change of CC.EN until CSTS.RDY follows */
	uint64_t shutdown_us; /* from CC.SHN until CSTS says complete */
	bool fatal_when_enabled;
	bool no_smart_log;
	uint16_t wrong_sqid;                       /* added to what I/O completions say */
	uint32_t ids[FAKE_NVME_NAMESPACES], n_ids; /* the list of active namespaces, when it lies */

	enum fake_fault admin_fault; /* of admin command number admin_fault_at, counted from 0 */
	unsigned admin_fault_at;
};

/* Like QEMU's: version 1.4, 2048 entries, a volatile write cache, 512 KiB a command. */
extern const struct fake_nvme_config fake_nvme_default;

/* One controller at 00:03.0; the namespaces in ascending order. */
struct fake_pci_dev *fake_nvme_plug(
	const struct fake_nvme_config *config, const struct fake_nvme_ns *ns, unsigned n_ns);

/* The state that somebody left it in. */
enum fake_nvme_left {
	FAKE_NVME_LEFT_STARTING,  /* enabled, not yet ready */
	FAKE_NVME_LEFT_NEVER,     /* enabled, and will never be ready */
	FAKE_NVME_LEFT_FATAL,     /* running, CFS */
	FAKE_NVME_LEFT_SHUT_DOWN, /* enabled, shutdown complete */
	FAKE_NVME_LEFT_SHUTTING,  /* the same, still occurring */
};
void fake_nvme_leave(enum fake_nvme_left state);

/* Facts for tests. */
unsigned fake_nvme_n_admin(void);      /* admin commands so far */
unsigned fake_nvme_n_shutdowns(void);  /* completed shutdown notifications */
unsigned fake_nvme_n_rude(void);       /* CC.EN changed while RDY was on its way */
unsigned fake_nvme_longest_list(void); /* PRPs of a command */

#endif

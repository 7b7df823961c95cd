/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the NVMe model, for fake_nvme.c and fake_nvme_queue.c. */
#ifndef TESTS_FAKE_FAKE_NVME_INTERNAL_H
#define TESTS_FAKE_FAKE_NVME_INTERNAL_H

#include "fake_nvme.h"
#include "nvme_regs.h"

#define FAKE_NVME_IN_FLIGHT 256

struct fake_nvme_queue {
	bool created, has_sq;
	uint64_t sq, cq;
	uint32_t sq_entries, cq_entries;
	uint32_t sq_tail, sq_head; /* the driver's, ours */
	uint32_t cq_tail, cq_head; /* ours, the driver's */
	bool phase;
	bool rung;
};

/* A command that was taken from a queue. */
struct fake_nvme_taken {
	bool used;
	unsigned queue;
	struct nvme_sqe cmd;
	const struct fake_nvme_ns *ns; /* NULL: an admin command */
	enum fake_fault fault;
	uint64_t ready_us;
};

struct fake_nvme {
	struct fake_nvme_config c;
	struct fake_nvme_ns ns[FAKE_NVME_NAMESPACES];
	unsigned n_ns;
	struct fake_pci_dev *pci;

	uint32_t cc, csts, aqa, intms;
	uint64_t asq, acq;
	uint64_t ready_at_us, shutdown_at_us; /* 0: not on the way */

	struct fake_nvme_queue queue[2];
	struct fake_nvme_taken taken[FAKE_NVME_IN_FLIGHT];
	unsigned n_taken;
	uint16_t last_cid; /* answered last */
	bool answered;

	unsigned n_admin, n_shutdowns, n_rude, longest_list;
};
extern struct fake_nvme fake_nvme;

/* fake_nvme_queue.c */
void fake_nvme_doorbell(unsigned number, uint32_t value);
void fake_nvme_work(void); /* takes commands, answers those that are due */
bool fake_nvme_never_resets(void);

#endif

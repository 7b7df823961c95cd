/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An NVMe controller without its disks: registers, reset, the admin queue, shutdown; and queue
 * pairs in general. For nvme.c only. What is supported is said there.
 */
#ifndef DRIVERS_NVME_CTRL_H
#define DRIVERS_NVME_CTRL_H

#include "arena.h"
#include "nvme_regs.h"
#include "pci.h"

/* A submission queue and its completion queue, of the same length and number. The submission queue
 * never overflows because nobody has more than n_entries - 1 commands in flight. */
struct nvme_queue {
	struct nvme_sqe *sq;
	volatile struct nvme_cqe *cq;
	uint16_t id;
	uint16_t n_entries;
	uint16_t tail;  /* the next entry of sq that we fill */
	uint16_t head;  /* the next entry of cq that the device fills */
	uint16_t phase; /* its phase tag then */
	volatile void *sq_tail_doorbell, *cq_head_doorbell;
};

struct nvme_ctrl {
	struct pci_dev pci;
	uint8_t *regs; /* NULL: nothing of it was touched but its configuration space */
	uint64_t regs_bytes;
	uint64_t cap;
	uint32_t version;
	uint32_t ready_ms;    /* how long CSTS.RDY may take to change */
	uint32_t shutdown_ms; /* how long a shutdown may take */
	bool running;         /* enabled by us, and not stopped since */
	uint16_t admin_cid;
	struct nvme_queue admin;
};

/* Wakes the function up, maps and checks it, and resets it from whatever state it is in. */
int nvme_ctrl_open(struct nvme_ctrl *c, const struct pci_dev *pci) MUST_CHECK;

/* Bus mastering on, admin queue ready. */
int nvme_ctrl_enable(struct nvme_ctrl *c, struct arena *dma) MUST_CHECK;

/* 0, or ERR_LOST: it is gone, has stopped, or says that it is broken. */
int nvme_ctrl_health(const struct nvme_ctrl *c) MUST_CHECK;

/* Tells it that its power may go off, and waits until it is ready for that. No commands are in
 * flight. */
void nvme_ctrl_shutdown(const struct nvme_ctrl *c);

/* Resets it; bus mastering off. Any number of times, at any stage. */
void nvme_ctrl_stop(struct nvme_ctrl *c);

/* An admin command, waited for; cmd->cid is filled in. ERR_IO: the controller refused it. */
int nvme_ctrl_admin(struct nvme_ctrl *c, struct nvme_sqe *cmd, uint32_t *ret_dw0) MUST_CHECK;

/* Queue pair number id, of the length that CAP permits and wanted at most. */
int nvme_queue_init(struct nvme_ctrl *c, struct arena *dma, uint16_t id, uint32_t wanted,
	struct nvme_queue *ret_q) MUST_CHECK;

/* Gives the command to the device. */
void nvme_queue_submit(struct nvme_queue *q, const struct nvme_sqe *cmd);

/* The next completion: 1, or 0 when there is none, or ERR_BAD_ANSWER. When one or more were taken,
 * nvme_queue_release gives their room back. */
int nvme_queue_take(struct nvme_queue *q, struct nvme_cqe *ret) MUST_CHECK;
void nvme_queue_release(struct nvme_queue *q);

#endif

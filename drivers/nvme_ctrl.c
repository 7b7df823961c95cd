/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers, reset, queues, admin commands of an NVMe controller. See nvme.c. */
#include "nvme_ctrl.h"

#include "deadline.h"
#include "machine.h"

#define ADMIN_ENTRIES 16
#define ADMIN_MS      10000
#define SHUTDOWN_MS   5000 /* until the controller has told how long it takes */
#define TO_UNIT_MS    500
#define TO_UNITS_MAX  255 /* two minutes, as far as CAP.TO goes; CRTO could say nine hours */

/* ---- registers ---- */

static uint32_t read_reg(const struct nvme_ctrl *c, uint32_t offset)
{
	return mmio_read32(c->regs + offset);
}

static void write_reg(const struct nvme_ctrl *c, uint32_t offset, uint32_t value)
{
	mmio_write32(c->regs + offset, value);
}

/* Halves: not every controller takes 64-bit accesses (3.1 demands 32-bit ones only). */
static uint64_t read_reg64(const struct nvme_ctrl *c, uint32_t offset)
{
	uint64_t low = read_reg(c, offset);
	return low | (uint64_t)read_reg(c, offset + 4) << 32;
}

static void write_reg64(const struct nvme_ctrl *c, uint32_t offset, uint64_t value)
{
	write_reg(c, offset, (uint32_t)value);
	write_reg(c, offset + 4, (uint32_t)(value >> 32));
}

static volatile void *doorbell(const struct nvme_ctrl *c, uint32_t number)
{
	return c->regs + NVME_DOORBELLS + (uint64_t)number * (4u << NVME_CAP_DSTRD(c->cap));
}

/* ---- reset ---- */

/* EN may not change while RDY is still on the way to what EN says (3.1.5), nor should a shutdown be
 * cut short. A controller that is broken says so, or gets there never. */
static bool is_settled(const struct nvme_ctrl *c)
{
	uint32_t status = read_reg(c, NVME_CSTS);
	if (status & NVME_CSTS_CFS)
		return true;
	return (status & NVME_CSTS_RDY) &&
	       (status & NVME_CSTS_SHST_MASK) != NVME_CSTS_SHST_OCCURRING;
}

/* To CC.EN 0, CSTS.RDY 0. */
static int reset(const struct nvme_ctrl *c, uint32_t config)
{
	if (config & NVME_CC_EN)
		write_reg(c, NVME_CC, config & ~(NVME_CC_EN | NVME_CC_SHN_MASK));
	uint32_t status;
	int err = WAIT_FOR(
		(status = read_reg(c, NVME_CSTS)) == NVME_GONE || !(status & NVME_CSTS_RDY),
		c->ready_ms);
	return status == NVME_GONE ? ERR_LOST : err;
}

/* From the state that somebody else left. */
static int take_over(const struct nvme_ctrl *c)
{
	uint32_t config = read_reg(c, NVME_CC);
	if (config == NVME_GONE)
		return ERR_LOST;
	if (config & NVME_CC_EN)
		(void)WAIT_FOR(is_settled(c), c->ready_ms);
	return reset(c, config);
}

/* Revision 2.0 counts the time in a register of its own, which CAP.TO need not equal. */
static uint32_t ready_time_ms(const struct nvme_ctrl *c)
{
	uint32_t units = NVME_CAP_TO(c->cap);
	if (c->cap & NVME_CAP_CRWMS) {
		uint32_t with_media = read_reg(c, NVME_CRTO) & 0xffff;
		units = with_media > units ? with_media : units;
		units = units > TO_UNITS_MAX ? TO_UNITS_MAX : units;
	}
	return (units + 1) * TO_UNIT_MS;
}

static int check_capabilities(const struct nvme_ctrl *c)
{
	if (c->cap == UINT64_MAX || c->version == NVME_GONE)
		return ERR_LOST;
	if (!(c->cap & NVME_CAP_CSS_NVM) || NVME_CAP_MPSMIN(c->cap) != 0)
		return ERR_UNSUPPORTED;
	/* The last doorbell: the completion queue's of queue 1. */
	uint64_t end = NVME_DOORBELLS + 3 * (4ull << NVME_CAP_DSTRD(c->cap)) + 4;
	if (NVME_CAP_MQES(c->cap) == 0 || end > c->regs_bytes)
		return ERR_BAD_ANSWER;
	return 0;
}

int nvme_ctrl_open(struct nvme_ctrl *c, const struct pci_dev *pci)
{
	struct pci_bar bar;
	c->pci = *pci;
	c->shutdown_ms = SHUTDOWN_MS;
	int err = pci_wake(pci);
	if (err == 0)
		err = pci_map_bar(pci, 0, &bar);
	if (err != 0)
		return err;
	if (bar.is_io || bar.bytes < NVME_DOORBELLS + 4)
		return ERR_BAD_ANSWER;
	c->regs = bar.regs;
	c->regs_bytes = bar.bytes;
	c->cap = read_reg64(c, NVME_CAP);
	c->version = read_reg(c, NVME_VS);
	c->ready_ms = ready_time_ms(c);
	err = check_capabilities(c);
	return err != 0 ? err : take_over(c);
}

/* 7.6.1 Initialization, from step 3 on. */
int nvme_ctrl_enable(struct nvme_ctrl *c, struct arena *dma)
{
	int err = nvme_queue_init(c, dma, 0, ADMIN_ENTRIES, &c->admin);
	if (err != 0)
		return err;
	uint32_t last = c->admin.n_entries - 1u;
	uint32_t config = NVME_CC_IOSQES | NVME_CC_IOCQES;
	write_reg(c, NVME_INTMS, UINT32_MAX);
	write_reg(c, NVME_AQA, last << 16 | last);
	write_reg64(c, NVME_ASQ, dma_addr(c->admin.sq));
	write_reg64(c, NVME_ACQ, dma_addr((const volatile void *)c->admin.cq));
	/* Twice: what the rest of CC says is to be there before EN (3.1.5). */
	write_reg(c, NVME_CC, config);
	pci_bus_master_on(&c->pci);
	c->running = true;
	write_reg(c, NVME_CC, config | NVME_CC_EN);
	err = WAIT_FOR(read_reg(c, NVME_CSTS) & (NVME_CSTS_RDY | NVME_CSTS_CFS), c->ready_ms);
	return err != 0 ? err : nvme_ctrl_health(c);
}

int nvme_ctrl_health(const struct nvme_ctrl *c)
{
	uint32_t status = read_reg(c, NVME_CSTS);
	if (status == NVME_GONE)
		return ERR_LOST;
	return (status & (NVME_CSTS_RDY | NVME_CSTS_CFS)) == NVME_CSTS_RDY ? 0 : ERR_LOST;
}

/* ---- the end ---- */

/* 7.6.2 Shutdown */
void nvme_ctrl_shutdown(const struct nvme_ctrl *c)
{
	if (!c->running || nvme_ctrl_health(c) != 0)
		return;
	write_reg(c, NVME_CC, (read_reg(c, NVME_CC) & ~NVME_CC_SHN_MASK) | NVME_CC_SHN_NORMAL);
	(void)WAIT_FOR((read_reg(c, NVME_CSTS) & NVME_CSTS_SHST_MASK) == NVME_CSTS_SHST_COMPLETE ||
			       nvme_ctrl_health(c) != 0,
		c->shutdown_ms);
}

void nvme_ctrl_stop(struct nvme_ctrl *c)
{
	if (c->running)
		(void)reset(c, read_reg(c, NVME_CC));
	c->running = false;
	pci_bus_master_off(&c->pci);
}

/* ---- queues ---- */

int nvme_queue_init(struct nvme_ctrl *c, struct arena *dma, uint16_t id, uint32_t wanted,
	struct nvme_queue *ret_q)
{
	/* The admin queues are not bound by MQES, which is for I/O queues (3.1.1). */
	uint32_t most = id == 0 ? wanted : NVME_CAP_MQES(c->cap) + 1;
	uint32_t n = wanted < most ? wanted : most;
	struct nvme_sqe *sq = arena_alloc(dma, n * sizeof(*sq), NVME_PAGE_BYTES);
	struct nvme_cqe *cq = arena_alloc(dma, n * sizeof(*cq), NVME_PAGE_BYTES);
	if (sq == NULL || cq == NULL)
		return ERR_NO_MEMORY;
	*ret_q = (struct nvme_queue){.sq = sq,
		.cq = cq,
		.id = id,
		.n_entries = (uint16_t)n,
		.phase = NVME_STATUS_PHASE,
		.sq_tail_doorbell = doorbell(c, 2u * id),
		.cq_head_doorbell = doorbell(c, 2u * id + 1)};
	return 0;
}

static uint16_t next_entry(const struct nvme_queue *q, uint16_t at)
{
	return (uint16_t)(at + 1) == q->n_entries ? 0 : (uint16_t)(at + 1);
}

void nvme_queue_submit(struct nvme_queue *q, const struct nvme_sqe *cmd)
{
	q->sq[q->tail] = *cmd;
	q->tail = next_entry(q, q->tail);
	dma_write_barrier();
	mmio_write32(q->sq_tail_doorbell, q->tail);
}

/*
 * An entry is new when its phase tag says so; the rest of it is read after that. The submission
 * queue's head is only looked at: entries are posted by several processors of the controller, so it
 * may even seem to go back.
 */
int nvme_queue_take(struct nvme_queue *q, struct nvme_cqe *ret)
{
	volatile struct nvme_cqe *e = &q->cq[q->head];
	uint16_t status = e->status;
	if ((status & NVME_STATUS_PHASE) != q->phase)
		return 0;
	dma_read_barrier();
	*ret = (struct nvme_cqe){
		.dw0 = e->dw0, .sqhd = e->sqhd, .sqid = e->sqid, .cid = e->cid, .status = status};
	q->head = next_entry(q, q->head);
	if (q->head == 0)
		q->phase ^= NVME_STATUS_PHASE;
	return ret->sqid == q->id && ret->sqhd < q->n_entries ? 1 : ERR_BAD_ANSWER;
}

void nvme_queue_release(struct nvme_queue *q)
{
	mmio_write32(q->cq_head_doorbell, q->head);
}

/* ---- admin commands ---- */

/* One at a time, so the answer is to this one. */
int nvme_ctrl_admin(struct nvme_ctrl *c, struct nvme_sqe *cmd, uint32_t *ret_dw0)
{
	struct nvme_cqe answer;
	int taken;
	cmd->cid = ++c->admin_cid;
	nvme_queue_submit(&c->admin, cmd);
	int err = WAIT_FOR((taken = nvme_queue_take(&c->admin, &answer)) != 0, ADMIN_MS);
	if (err != 0)
		return nvme_ctrl_health(c) != 0 ? ERR_LOST : err;
	if (taken < 0)
		return taken;
	nvme_queue_release(&c->admin);
	if (answer.cid != cmd->cid)
		return ERR_BAD_ANSWER;
	if (ret_dw0 != NULL)
		*ret_dw0 = answer.dw0;
	return NVME_STATUS_FIELD(answer.status) == 0 ? 0 : ERR_IO;
}

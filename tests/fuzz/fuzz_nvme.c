/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NVMe driver over a controller that answers what the input says: register values, Identify data,
 * and then, look by look, honest answers mixed with any completion queue entries. What must hold: no
 * access outside registers and memory (fake machine, sanitizers), every wait ends, and after
 * disks_stop bus mastering is off.
 */
#include <string.h>

#include "fuzz_block.h"
#include "nvme_regs.h"

#define BAR 0x3800100000

struct queue {
	uint64_t sq, cq;
	uint32_t entries, tail, head, cq_tail;
	bool phase;
};

static struct {
	struct fake_pci_dev *pci;
	uint32_t cc, csts, aqa;
	uint64_t asq, acq;
	struct queue queue[2];
} dev;

/* Mostly the honest value. */
static uint32_t perhaps(uint32_t honest)
{
	return fuzz_take8() < 240 ? honest : (uint32_t)fuzz_take(4);
}

static uint64_t read_register(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	(void)bytes;
	switch (offset) {
	case NVME_CAP:
		return perhaps(1u << 24 | 0x100ff);
	case NVME_CAP + 4:
		return perhaps(1u << 5);
	case NVME_VS:
		return perhaps(NVME_VERSION(1, 4));
	case NVME_CC:
		return dev.cc;
	case NVME_CSTS:
		return perhaps(dev.csts);
	}
	return perhaps(0);
}

static void set_cc(uint32_t value)
{
	if ((value & ~dev.cc) & NVME_CC_EN) {
		memset(dev.queue, 0, sizeof(dev.queue));
		dev.queue[0] = (struct queue){.sq = dev.asq,
			.cq = dev.acq,
			.entries = (dev.aqa & 0xfff) + 1,
			.phase = true};
	}
	dev.cc = value;
	dev.csts = value & NVME_CC_EN ? NVME_CSTS_RDY : 0;
	if (value & NVME_CC_SHN_MASK)
		dev.csts |= NVME_CSTS_SHST_COMPLETE;
}

static void write_register(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	(void)bytes;
	uint64_t doorbell = offset - NVME_DOORBELLS;
	if (offset == NVME_CC)
		set_cc((uint32_t)value);
	else if (offset == NVME_AQA)
		dev.aqa = (uint32_t)value;
	else if (offset == NVME_ASQ)
		dev.asq = value;
	else if (offset == NVME_ACQ)
		dev.acq = value;
	else if (offset >= NVME_DOORBELLS && doorbell % 8 == 0 && doorbell / 8 < 2)
		dev.queue[doorbell / 8].tail = (uint32_t)value;
}

/* ---- commands ---- */

static void patch(uint8_t *page, size_t bytes)
{
	for (unsigned n = fuzz_take8() % 8; n > 0; n--) {
		size_t at = fuzz_take(2) % bytes;
		page[at] = fuzz_take8();
	}
}

static void identify(const struct nvme_sqe *cmd)
{
	uint8_t *page = fake_dma(cmd->prp1, NVME_IDENTIFY_BYTES);
	if (cmd->cdw10 == NVME_IDENTIFY_CONTROLLER) {
		struct nvme_identify_controller *id = (void *)page;
		id->sqes = 0x66;
		id->cqes = 0x44;
		id->mdts = fuzz_take8() % 16;
		id->nn = 40;
		id->vwc = fuzz_take8();
	} else if (cmd->cdw10 == NVME_IDENTIFY_NAMESPACE) {
		struct nvme_identify_namespace *id = (void *)page;
		id->nsze = fuzz_take(2);
		id->lbaf[0].lbads = fuzz_take8() & 1 ? 9 : 12;
	} else {
		for (unsigned i = 0, n = fuzz_take8() % 20, nsid = 0; i < n; i++) {
			nsid += 1 + fuzz_take8() % 2;
			memcpy(page + i * 4, &nsid, 4);
		}
	}
	patch(page, cmd->cdw10 == NVME_IDENTIFY_CONTROLLER ? 600 : 200);
}

static void carry_out(const struct nvme_sqe *cmd)
{
	if (cmd->opcode == NVME_ADMIN_IDENTIFY)
		identify(cmd);
	if (cmd->opcode == NVME_ADMIN_CREATE_CQ) {
		dev.queue[1] = (struct queue){
			.cq = cmd->prp1, .entries = (cmd->cdw10 >> 16) + 1, .phase = true};
	}
	if (cmd->opcode == NVME_ADMIN_CREATE_SQ)
		dev.queue[1].sq = cmd->prp1;
}

static void post(struct queue *q, struct nvme_cqe e)
{
	struct nvme_cqe *cq = fake_dma(q->cq, q->entries * sizeof(*cq));
	e.status = (uint16_t)((e.status & ~1u) | q->phase);
	cq[q->cq_tail] = e;
	q->cq_tail = (q->cq_tail + 1) % q->entries;
	q->phase ^= q->cq_tail == 0;
}

static void answer(unsigned id, uint16_t status)
{
	struct queue *q = &dev.queue[id];
	if (q->head == q->tail || q->tail >= q->entries)
		return;
	const struct nvme_sqe *sq = fake_dma(q->sq, q->entries * sizeof(*sq));
	const struct nvme_sqe cmd = sq[q->head];
	q->head = (q->head + 1) % q->entries;
	if (id == 0)
		carry_out(&cmd);
	else if (cmd.opcode != NVME_FLUSH)
		(void)fake_dma(cmd.prp1, 4);
	post(q, (struct nvme_cqe){.cid = cmd.cid,
			.sqid = (uint16_t)id,
			.sqhd = (uint16_t)q->head,
			.status = status});
}

static void any_entry(unsigned id)
{
	struct nvme_cqe e = {.cid = (uint16_t)fuzz_take(2),
		.sqid = (uint16_t)(fuzz_take8() % 3),
		.sqhd = fuzz_take8(),
		.status = (uint16_t)fuzz_take(2)};
	if (dev.queue[id].cq != 0)
		post(&dev.queue[id], e);
}

static void tick(void *ctx)
{
	(void)ctx;
	if (!(dev.csts & NVME_CSTS_RDY) || fuzz_at_end() || dev.pci->gone)
		return;
	if (!(fake_config16(dev.pci, 4) & 4) || dev.queue[0].cq == 0)
		return;
	unsigned id = dev.queue[1].sq != 0 && dev.queue[0].head == dev.queue[0].tail;
	switch (fuzz_take8() % 32) {
	default:
		answer(id, 0);
		break;
	case 1:
		answer(id, (uint16_t)fuzz_take(2));
		break;
	case 2:
		any_entry(id);
		break;
	case 3:
		dev.pci->gone = true;
		break;
	case 4:
		dev.csts = fuzz_take8();
		break;
	}
}

/* ---- one run ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_block_begin(data, size, 20000);
	memset(&dev, 0, sizeof(dev));
	dev.pci = fake_pci_add(3 << 3, 0x1b36, 0x0010, NVME_CLASS_CODE);
	struct fake_io io = {read_register, write_register, NULL};
	fake_pci_set_bar(dev.pci, 0, FAKE_BAR_64, BAR, 0x4000, io);
	fake_tick_add(tick, NULL);
	fuzz_block_run(dev.pci);
	return 0;
}

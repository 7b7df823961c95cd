/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NVMe model: queues, PRPs, admin and I/O commands. */
#include <string.h>

#include "fake_nvme_internal.h"

#define SC_INVALID_FIELD 0x0002u /* status fields */
#define SC_INVALID_NSID  0x000bu
#define SC_INVALID_LOG   0x0109u
#define SC_READ_ERROR    0x0281u
#define SC_NO_SUCH       0x0655u

static void *reach(uint64_t addr, uint64_t bytes)
{
	return fake_pci_dma(fake_nvme.pci, addr, bytes);
}

/* ---- doorbells ---- */

void fake_nvme_doorbell(unsigned number, uint32_t value)
{
	unsigned id = number / 2;
	if (id > 1 || !fake_nvme.queue[id].created ||
		(number % 2 == 0 && !fake_nvme.queue[id].has_sq))
		fake_fail("doorbell %u: no such queue", number);
	struct fake_nvme_queue *q = &fake_nvme.queue[id];
	if (number % 2 == 0) {
		if (value >= q->sq_entries)
			fake_fail("tail %u of %u entries", value, q->sq_entries);
		q->sq_tail = value;
		q->rung = true;
		return;
	}
	uint32_t given = (q->cq_tail + q->cq_entries - q->cq_head) % q->cq_entries;
	uint32_t back = (value + q->cq_entries - q->cq_head) % q->cq_entries;
	if (value >= q->cq_entries || back > given)
		fake_fail("completion queue head %u: %u entries of %u given", value, back, given);
	q->cq_head = value;
}

/* ---- memory of a command ---- */

struct walk {
	const struct nvme_sqe *cmd;
	uint64_t left, list;
	unsigned n;
};

/* The next piece: within one page. */
static uint64_t next_piece(struct walk *w, uint64_t *ret_bytes)
{
	uint64_t at = w->cmd->prp1;
	if (w->n == 1 && w->left <= NVME_PAGE_BYTES) {
		at = w->cmd->prp2;
	} else if (w->n > 0) {
		if (w->n == 1)
			w->list = w->cmd->prp2;
		if (w->list % 8 != 0)
			fake_fail("PRP list at 0x%llx", (unsigned long long)w->list);
		/* The last entry of a page would lead to the next list, when more than it is left. */
		if (w->list % NVME_PAGE_BYTES == NVME_PAGE_BYTES - 8 && w->left > NVME_PAGE_BYTES)
			fake_fail("PRP list across its page");
		const uint64_t *entry = reach(w->list, 8);
		at = entry != NULL ? *entry : 0;
		w->list += 8;
	}
	if (w->n == 0 ? at % 4 != 0 : at % NVME_PAGE_BYTES != 0)
		fake_fail("PRP %u is 0x%llx", w->n, (unsigned long long)at);
	uint64_t room = NVME_PAGE_BYTES - at % NVME_PAGE_BYTES;
	*ret_bytes = w->left < room ? w->left : room;
	w->left -= *ret_bytes;
	if (++w->n > fake_nvme.longest_list)
		fake_nvme.longest_list = w->n;
	return at;
}

/* Between the device's data and the memory of a command. */
static void move_data(const struct nvme_sqe *cmd, void *data, uint64_t bytes, bool to_memory)
{
	struct walk w = {.cmd = cmd, .left = bytes};
	uint8_t *at = data;
	while (w.left > 0) {
		uint64_t n, addr = next_piece(&w, &n);
		uint8_t *memory = reach(addr, n);
		if (memory == NULL)
			return;
		if (to_memory)
			memcpy(memory, at, n);
		else
			memcpy(at, memory, n);
		at += n;
	}
}

/* ---- admin commands ---- */

static const struct fake_nvme_ns *find_ns(uint32_t nsid)
{
	for (unsigned i = 0; i < fake_nvme.n_ns; i++) {
		if (fake_nvme.ns[i].nsid == nsid)
			return &fake_nvme.ns[i];
	}
	return NULL;
}

static uint32_t highest_nsid(void)
{
	if (fake_nvme.c.nn != 0 || fake_nvme.n_ns == 0)
		return fake_nvme.c.nn;
	return fake_nvme.ns[fake_nvme.n_ns - 1].nsid;
}

static void pad(char *dst, const char *text, size_t n)
{
	memset(dst, ' ', n);
	memcpy(dst, text, strnlen(text, n));
}

static void tell_controller(struct nvme_identify_controller *id)
{
	pad(id->sn, fake_nvme.n_ns > 0 ? fake_nvme.ns[0].disk->serial : "NONE", sizeof(id->sn));
	pad(id->mn, "Fake NVMe", sizeof(id->mn));
	id->mdts = fake_nvme.c.mdts;
	id->ver = fake_nvme.c.version;
	id->rtd3e = fake_nvme.c.rtd3e;
	id->cntrltype = fake_nvme.c.cntrltype;
	id->sqes = fake_nvme.c.sqes;
	id->cqes = fake_nvme.c.cqes;
	id->nn = highest_nsid();
	id->vwc = fake_nvme.c.vwc;
}

static void tell_namespace(struct nvme_identify_namespace *id, const struct fake_nvme_ns *ns)
{
	unsigned format = NVME_FLBAS_FORMAT(ns->flbas);
	id->nsze = id->ncap = id->nuse = ns->disk->n_sectors;
	id->nlbaf = ns->nlbaf;
	id->flbas = ns->flbas;
	id->nsattr = ns->nsattr | (ns->disk->read_only ? NVME_NSATTR_WRITE_PROTECTED : 0);
	for (unsigned i = 0; i < 64; i++)
		id->lbaf[i] = (struct nvme_lba_format){.lbads = 33, .ms = 77};
	id->lbaf[format].ms = ns->ms;
	id->lbaf[format].lbads = ns->lbads != 0                  ? ns->lbads
				 : ns->disk->sector_bytes == 512 ? 9
								 : 12;
}

static void list_active(uint32_t *ids)
{
	if (fake_nvme.c.n_ids != 0) {
		memcpy(ids, fake_nvme.c.ids, fake_nvme.c.n_ids * 4);
		return;
	}
	for (unsigned i = 0; i < fake_nvme.n_ns; i++)
		ids[i] = fake_nvme.ns[i].nsid;
}

static uint16_t identify(const struct nvme_sqe *cmd)
{
	static _Alignas(8) uint8_t page[NVME_IDENTIFY_BYTES];
	const struct fake_nvme_ns *ns = find_ns(cmd->nsid);
	memset(page, 0, sizeof(page));
	switch (cmd->cdw10) {
	case NVME_IDENTIFY_CONTROLLER:
		tell_controller((void *)page);
		break;
	case NVME_IDENTIFY_NAMESPACE:
		if (cmd->nsid == 0 || cmd->nsid > highest_nsid())
			return SC_INVALID_NSID;
		if (ns != NULL)
			tell_namespace((void *)page, ns);
		break;
	case NVME_IDENTIFY_ACTIVE:
		if (fake_nvme.c.version < NVME_VERSION(1, 1))
			return SC_INVALID_FIELD;
		list_active((void *)page);
		break;
	default:
		fake_fail("Identify %u", cmd->cdw10);
	}
	move_data(cmd, page, sizeof(page), true);
	return 0;
}

static uint16_t log_page(const struct nvme_sqe *cmd)
{
	uint8_t page[NVME_LOG_SMART_BYTES] = {fake_nvme.c.critical_warning};
	if ((cmd->cdw10 & 0xff) != NVME_LOG_SMART || cmd->cdw10 >> 16 != sizeof(page) / 4 - 1 ||
		cmd->nsid != UINT32_MAX)
		fake_fail("Get Log Page %x", cmd->cdw10);
	if (fake_nvme.c.no_smart_log)
		return SC_INVALID_LOG;
	move_data(cmd, page, sizeof(page), true);
	return 0;
}

static void check_queue(const struct nvme_sqe *cmd)
{
	uint32_t entries = (cmd->cdw10 >> 16) + 1;
	if ((cmd->cdw10 & 0xffff) != 1 || entries < 2 ||
		entries > NVME_CAP_MQES(fake_nvme.c.cap) + 1)
		fake_fail("queue %u of %u entries", cmd->cdw10 & 0xffff, entries);
	if (!(cmd->cdw11 & NVME_QUEUE_CONTIGUOUS) || cmd->prp1 == 0 || cmd->prp1 % 4096 != 0)
		fake_fail("queue at 0x%llx", (unsigned long long)cmd->prp1);
	if ((fake_nvme.cc & (NVME_CC_IOSQES | NVME_CC_IOCQES)) != (NVME_CC_IOSQES | NVME_CC_IOCQES))
		fake_fail("queue without entry sizes in CC");
}

static uint16_t create_queue(const struct nvme_sqe *cmd)
{
	struct fake_nvme_queue *q = &fake_nvme.queue[1];
	uint32_t entries = (cmd->cdw10 >> 16) + 1;
	check_queue(cmd);
	if (cmd->opcode == NVME_ADMIN_CREATE_CQ) {
		if (q->created || cmd->cdw11 != NVME_QUEUE_CONTIGUOUS)
			fake_fail("completion queue twice, or with interrupts");
		*q = (struct fake_nvme_queue){
			.created = true, .cq = cmd->prp1, .cq_entries = entries, .phase = true};
		return 0;
	}
	if (!q->created || q->has_sq || cmd->cdw11 >> 16 != 1)
		fake_fail("submission queue without its completion queue");
	q->has_sq = true;
	q->sq = cmd->prp1;
	q->sq_entries = entries;
	return 0;
}

static uint16_t do_admin(const struct nvme_sqe *cmd)
{
	switch (cmd->opcode) {
	case NVME_ADMIN_IDENTIFY:
		return identify(cmd);
	case NVME_ADMIN_GET_LOG_PAGE:
		return log_page(cmd);
	case NVME_ADMIN_SET_FEATURES:
		if (cmd->cdw10 != NVME_FEATURE_N_QUEUES || cmd->cdw11 != 0)
			fake_fail("feature %x", cmd->cdw10);
		return 0;
	case NVME_ADMIN_CREATE_CQ:
	case NVME_ADMIN_CREATE_SQ:
		return create_queue(cmd);
	}
	fake_fail("admin command %x", cmd->opcode);
}

/* ---- I/O commands ---- */

static uint16_t do_io(const struct fake_nvme_taken *t)
{
	const struct nvme_sqe *cmd = &t->cmd;
	struct fake_disk *disk = t->ns->disk;
	if (cmd->opcode == NVME_FLUSH)
		return 0;
	if (cmd->opcode != NVME_READ && cmd->opcode != NVME_WRITE)
		fake_fail("I/O command %x", cmd->opcode);
	uint64_t bytes = (uint64_t)((cmd->cdw12 & 0xffff) + 1) * disk->sector_bytes;
	uint64_t lba = cmd->cdw10 | (uint64_t)cmd->cdw11 << 32;
	uint8_t mdts = fake_nvme.c.mdts;
	if (mdts != 0 && mdts < 20 && bytes > 4096ull << mdts)
		fake_fail("a command of %llu bytes", (unsigned long long)bytes);
	if (cmd->opcode == NVME_WRITE && disk->read_only)
		fake_fail("write to a read-only namespace");
	if (cmd->cdw12 >> 16 != 0 || cmd->mptr != 0)
		fake_fail("protection or metadata: %x", cmd->cdw12);
	uint8_t *at = fake_disk_at(disk, lba * disk->sector_bytes, bytes);
	move_data(cmd, at, bytes, cmd->opcode == NVME_READ);
	return 0;
}

/* ---- taking commands ---- */

static struct fake_nvme_taken *new_taken(unsigned queue, uint16_t cid)
{
	struct fake_nvme_taken *found = NULL;
	for (unsigned i = 0; i < FAKE_NVME_IN_FLIGHT; i++) {
		struct fake_nvme_taken *t = &fake_nvme.taken[i];
		if (!t->used)
			found = t;
		else if (t->queue == queue && t->cmd.cid == cid)
			fake_fail("identifier %u given twice", cid);
	}
	if (found == NULL)
		fake_fail("more commands than the model can hold");
	return found;
}

static void decide(struct fake_nvme_taken *t)
{
	t->ready_us = fake_clock_now_us;
	if (t->queue == 0) {
		if (fake_nvme.n_admin++ == fake_nvme.c.admin_fault_at)
			t->fault = fake_nvme.c.admin_fault;
	} else {
		t->ns = find_ns(t->cmd.nsid);
		if (t->ns == NULL)
			fake_fail("command for namespace %u", t->cmd.nsid);
		struct fake_disk *disk = t->ns->disk;
		if (++disk->n_in_flight > disk->most_in_flight)
			disk->most_in_flight = disk->n_in_flight;
		if (t->cmd.opcode == NVME_FLUSH) {
			disk->n_flushes++;
			t->fault = disk->flush_fault;
		} else {
			t->fault = fake_disk_command(disk);
			t->ready_us = fake_disk_ready_us(disk);
		}
	}
	if (t->fault == FAKE_VANISH)
		fake_nvme.pci->gone = true;
	if (t->fault == FAKE_WANTS_RESET)
		fake_nvme.csts |= NVME_CSTS_CFS;
}

static void take_commands(unsigned id)
{
	struct fake_nvme_queue *q = &fake_nvme.queue[id];
	const struct nvme_sqe *sq = reach(q->sq, q->sq_entries * sizeof(*sq));
	if (sq == NULL)
		return;
	while (q->sq_head != q->sq_tail && !fake_nvme.pci->gone &&
		!(fake_nvme.csts & NVME_CSTS_CFS)) {
		struct fake_nvme_taken *t = new_taken(id, sq[q->sq_head].cid);
		*t = (struct fake_nvme_taken){.used = true, .queue = id, .cmd = sq[q->sq_head]};
		q->sq_head = (q->sq_head + 1) % q->sq_entries;
		if (t->cmd.flags != 0)
			fake_fail("fused command, or SGL: %x", t->cmd.flags);
		fake_nvme.n_taken++;
		decide(t);
	}
}

/* ---- answering ---- */

static void post(unsigned id, const struct nvme_cqe *answer)
{
	struct fake_nvme_queue *q = &fake_nvme.queue[id];
	struct nvme_cqe *cq = reach(q->cq, q->cq_entries * sizeof(*cq));
	if (cq == NULL)
		return;
	if ((q->cq_tail + 1) % q->cq_entries == q->cq_head)
		fake_fail("completion queue %u is full", id);
	cq[q->cq_tail] = *answer;
	cq[q->cq_tail].status |= q->phase;
	q->cq_tail = (q->cq_tail + 1) % q->cq_entries;
	if (q->cq_tail == 0)
		q->phase = !q->phase;
}

static uint16_t carry_out(const struct fake_nvme_taken *t)
{
	if (t->fault == FAKE_IO_ERROR)
		return SC_READ_ERROR;
	uint16_t status = t->queue == 0 ? do_admin(&t->cmd) : do_io(t);
	return t->fault == FAKE_BAD_STATUS ? SC_NO_SUCH : status;
}

static void answer_command(struct fake_nvme_taken *t)
{
	struct nvme_cqe answer = {.cid = t->cmd.cid,
		.status = (uint16_t)(carry_out(t) << 1),
		.sqhd = (uint16_t)fake_nvme.queue[t->queue].sq_head,
		.sqid = (uint16_t)t->queue};
	t->used = false;
	fake_nvme.n_taken--;
	if (t->ns != NULL) {
		t->ns->disk->n_in_flight--;
		answer.sqid += fake_nvme.c.wrong_sqid;
	}
	if (t->fault == FAKE_BAD_TAG)
		answer.cid ^= 0x8000;
	if (t->fault == FAKE_IDLE_TAG)
		answer.cid = fake_nvme.answered ? fake_nvme.last_cid : answer.cid ^ 0x40;
	if (t->fault == FAKE_BAD_INDEX)
		answer.sqhd = (uint16_t)(fake_nvme.queue[t->queue].sq_entries + 5);
	if (t->queue == 1) {
		fake_nvme.last_cid = t->cmd.cid;
		fake_nvme.answered = true;
	}
	post(t->queue, &answer);
	if (t->fault == FAKE_TWICE)
		post(t->queue, &answer);
}

void fake_nvme_work(void)
{
	for (unsigned id = 0; id < 2; id++) {
		if (fake_nvme.queue[id].rung) {
			fake_nvme.queue[id].rung = false;
			take_commands(id);
		}
	}
	unsigned left = fake_nvme.n_taken;
	for (unsigned i = 0; left > 0 && i < FAKE_NVME_IN_FLIGHT; i++) {
		struct fake_nvme_taken *t = &fake_nvme.taken[i];
		if (fake_nvme.pci->gone || (fake_nvme.csts & NVME_CSTS_CFS))
			return;
		left -= t->used;
		if (t->used && t->fault != FAKE_SILENT && t->ready_us <= fake_clock_now_us)
			answer_command(t);
	}
}

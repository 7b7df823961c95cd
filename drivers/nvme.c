/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NVM Express 1.4 over PCIe, and 2.x controllers as far as they do the same.
 *
 * Supported: controllers in any state that firmware or another driver left them in; each active
 * namespace is a disk, its unit the namespace ID; blocks of 512 and 4096 bytes; reads, writes, and
 * flushes where there is a volatile write cache; namespaces and media that say they are write
 * protected. Not: metadata (such formats are passed over, with a line in the log), zones, memory
 * pages above 4 KiB, SGLs, controller memory buffers, interrupts, asynchronous events, retries.
 *
 * Taking over: CC.EN goes off and CSTS.RDY must follow, in the time that CAP.TO and CRTO allow,
 * with bus mastering as it was found: the queues are somebody else's until then. This ends a host
 * memory buffer too, which we do not give it back. Then the admin queue, Identify, and one pair of
 * I/O queues, polled.
 *
 * One request is one command. Slots, 64 or as many as CAP.MQES allows, are what can be in flight;
 * a slot owns one PRP list. The command identifier is the slot's number and a count, so that a
 * second answer to a command is known as such even when the slot is in use again. Addresses are
 * PRPs: only the first piece of memory may start, and only the last may end, inside a page
 * (block_dev.join_align). What comes back is checked: phase, queue, identifier, the head that it
 * reports. While nothing comes back CSTS is looked at ten times a second, so a device that has
 * gone is noticed before the request's deadline.
 *
 * The namespaces of a controller share the queue. A namespace that has nothing in flight always
 * finds a free slot, because the others leave one for it. They also share their end: bus mastering
 * and CC.EN belong to the controller, so stop of one namespace stops all; the others' requests end
 * with ERR_LOST at their next poll, which is logged when there are any.
 *
 * The end: nothing in flight: shutdown notification (CC.SHN), so that the power may go off, then
 * reset. Something in flight, which means that something is wrong: reset alone, because a shutdown
 * would first carry the commands out, into memory that is not ours for long. Bus mastering goes
 * off in any case.
 *
 * Memory: 128 KiB of PRP lists (less where MDTS is below 1 MiB), 20 KiB of queues, 8 KiB to
 * identify.
 *
 * QEMU: -drive if=none,id=d0,format=raw,file=disk.img -device nvme,serial=S,drive=d0 and for the
 * variants mdts=N, logical_block_size=4096,physical_block_size=4096, and for several namespaces
 * -device nvme,id=n0,serial=S -device nvme-ns,bus=n0,nsid=2,drive=d0 with ms=8 for metadata.
 */
#include "nvme.h"

#include <string.h>

#include "deadline.h"
#include "format.h"
#include "log.h"
#include "machine.h"
#include "nvme_ctrl.h"

#define IO_QUEUE          1
#define IO_ENTRIES        128
#define SLOTS_MAX         64 /* a power of two: bits of the command identifier */
#define REQUEST_BYTES_MAX (1u << 20)
#define NAMESPACES_MAX    16
#define HEALTH_US         100000
#define SHUTDOWN_MS_MIN   5000
#define SHUTDOWN_MS_MAX   30000

struct slot {
	bool busy;
	uint16_t cid;
	struct nvme_ns *ns;
	struct block_req *req; /* NULL: a flush */
};

struct nvme_ns {
	struct block_dev block;
	struct nvme *controller;
	uint32_t n_in_flight;
};

struct nvme {
	struct nvme_ctrl c;
	char name[BLOCK_NAME_MAX];
	char serial[BLOCK_ID_MAX];
	struct nvme_queue io;

	uint32_t bytes_max; /* of a command */
	uint64_t *lists;    /* list_entries a slot */
	uint32_t list_entries;
	struct slot slot[SLOTS_MAX];
	uint16_t free_slot[SLOTS_MAX]; /* a stack */
	uint32_t n_slots, n_free;
	uint32_t n_idle; /* namespaces with nothing in flight; n_free is never less */

	bool has_cache, media_read_only;
	struct nvme_ns *ns[NAMESPACES_MAX];
	uint32_t n_ns;
	uint32_t nn;    /* the highest namespace ID */
	int passed_err; /* why a namespace was passed over */

	int flush_status; /* of the last flush; ERR_BUSY: not done */
	uint64_t look_us; /* when to look at the controller's health */
};

static struct nvme_ns *from_block(struct block_dev *dev)
{
	return (struct nvme_ns *)((uint8_t *)dev - offsetof(struct nvme_ns, block));
}

/* ---- handing requests to the device ---- */

/* 4.3 Physical region pages: the first two in the command, or the first and a list of the rest. */
struct prps {
	struct nvme_sqe *cmd;
	uint64_t *list;
	uint32_t n, max;
};

static int add_page(struct prps *p, uint64_t addr)
{
	if (p->n == p->max || (p->n > 0 && addr % NVME_PAGE_BYTES != 0))
		return ERR_BOUNDS;
	if (p->n == 0)
		p->cmd->prp1 = addr;
	else
		p->list[p->n - 1] = addr;
	p->n++;
	return 0;
}

static int add_segment(struct prps *p, const struct block_seg *seg)
{
	uint64_t at = dma_addr(seg->buf);
	for (uint32_t left = seg->bytes; left > 0;) {
		uint32_t room = NVME_PAGE_BYTES - (uint32_t)(at % NVME_PAGE_BYTES);
		uint32_t bytes = left < room ? left : room;
		int err = add_page(p, at);
		if (err != 0)
			return err;
		at += bytes;
		left -= bytes;
	}
	return 0;
}

static int set_prps(
	struct nvme *n, uint32_t slot, const struct block_req *req, struct nvme_sqe *cmd)
{
	struct prps p = {
		.cmd = cmd, .list = &n->lists[slot * n->list_entries], .max = n->list_entries + 1};
	for (uint32_t i = 0; i < req->n_segs; i++) {
		int err = add_segment(&p, &req->seg[i]);
		if (err != 0)
			return err;
	}
	if (p.n == 2)
		cmd->prp2 = p.list[0];
	else if (p.n > 2)
		cmd->prp2 = dma_addr(p.list);
	return 0;
}

/* req: what the command is for, NULL for a flush. */
static int start(struct nvme_ns *ns, struct nvme_sqe *cmd, struct block_req *req)
{
	struct nvme *n = ns->controller;
	if (!n->c.running)
		return ERR_LOST;
	if (ns->n_in_flight > 0 && n->n_free == n->n_idle)
		return ERR_BUSY;
	uint32_t i = n->free_slot[n->n_free - 1];
	struct slot *slot = &n->slot[i];
	int err = req != NULL ? set_prps(n, i, req, cmd) : 0;
	if (err != 0)
		return err;
	n->n_free--;
	if (ns->n_in_flight++ == 0)
		n->n_idle--;
	slot->busy = true;
	slot->cid = (uint16_t)((slot->cid + SLOTS_MAX) & INT16_MAX);
	slot->ns = ns;
	slot->req = req;
	cmd->cid = slot->cid;
	cmd->nsid = ns->block.unit;
	nvme_queue_submit(&n->io, cmd);
	return 0;
}

/* ---- taking them back ---- */

static void log_refusal(const struct slot *slot, uint16_t status)
{
	const struct block_req *req = slot->req;
	const char *what = req == NULL ? "flush" : req->dir == BLOCK_READ ? "read" : "write";
	log_line("disk %s: %s of %u sectors at %llu failed: status type %u code %#x",
		slot->ns->block.name, what, req != NULL ? req->n_sectors : 0,
		(unsigned long long)(req != NULL ? req->lba : 0), NVME_STATUS_SCT(status),
		NVME_STATUS_SC(status));
}

static int finish(struct nvme *n, const struct nvme_cqe *answer)
{
	struct slot *slot = &n->slot[answer->cid % SLOTS_MAX];
	if (!slot->busy || slot->cid != answer->cid)
		return ERR_BAD_ANSWER;
	int status = NVME_STATUS_FIELD(answer->status) == 0 ? 0 : ERR_IO;
	if (status != 0)
		log_refusal(slot, answer->status);
	slot->busy = false;
	n->free_slot[n->n_free++] = answer->cid % SLOTS_MAX;
	if (--slot->ns->n_in_flight == 0)
		n->n_idle++;
	if (slot->req != NULL)
		block_done(&slot->ns->block, slot->req, status);
	else
		n->flush_status = status;
	return 0;
}

static int reap(struct nvme *n)
{
	struct nvme_cqe answer;
	uint32_t n_taken = 0;
	int taken;
	if (!n->c.running)
		return ERR_LOST;
	while ((taken = nvme_queue_take(&n->io, &answer)) == 1) {
		int err = finish(n, &answer);
		if (err != 0)
			return err;
		n_taken++;
	}
	if (taken < 0)
		return taken;
	if (n_taken > 0)
		nvme_queue_release(&n->io);
	if (n_taken > 0 || n->n_free == n->n_slots) {
		n->look_us = clock_us() + HEALTH_US;
	} else if (clock_us() > n->look_us) {
		n->look_us += HEALTH_US;
		return nvme_ctrl_health(&n->c);
	}
	return 0;
}

/* ---- struct block_ops ---- */

static int nvme_submit(struct block_dev *dev, struct block_req *req)
{
	struct nvme_sqe cmd = {.opcode = req->dir == BLOCK_READ ? NVME_READ : NVME_WRITE,
		.cdw10 = (uint32_t)req->lba,
		.cdw11 = (uint32_t)(req->lba >> 32),
		.cdw12 = req->n_sectors - 1};
	return start(from_block(dev), &cmd, req);
}

static int nvme_poll(struct block_dev *dev)
{
	return reap(from_block(dev)->controller);
}

/* Without a volatile write cache a write is durable when it is completed (5.15.2.2, VWC). */
static int nvme_flush(struct block_dev *dev)
{
	struct nvme_ns *ns = from_block(dev);
	struct nvme *n = ns->controller;
	if (!n->has_cache)
		return n->c.running ? 0 : ERR_LOST;
	struct nvme_sqe cmd = {.opcode = NVME_FLUSH};
	n->flush_status = ERR_BUSY;
	int lost = start(ns, &cmd, NULL);
	if (lost != 0)
		return lost;
	int err = WAIT_FOR(
		(lost = reap(n)) != 0 || n->flush_status != ERR_BUSY, BLOCK_FLUSH_TIMEOUT_MS);
	if (lost != 0)
		return lost;
	return err != 0 ? err : n->flush_status;
}

static void nvme_stop(struct block_dev *dev)
{
	struct nvme_ns *ns = from_block(dev);
	struct nvme *n = ns->controller;
	uint32_t n_in_flight = n->n_slots - n->n_free;
	if (n->c.running && n_in_flight > ns->n_in_flight)
		log_line("disk %s: stopped; with it %u requests for other namespaces", dev->name,
			n_in_flight - ns->n_in_flight);
	if (n_in_flight == 0)
		nvme_ctrl_shutdown(&n->c);
	nvme_ctrl_stop(&n->c);
}

static const struct block_ops nvme_ops = {
	.submit = nvme_submit,
	.poll = nvme_poll,
	.flush = nvme_flush,
	.stop = nvme_stop,
};

/* ---- start: the controller ---- */

bool nvme_takes(const struct pci_dev *pci)
{
	return pci->class_code == NVME_CLASS_CODE;
}

static int identify(struct nvme *n, uint32_t cns, uint32_t nsid, void *page)
{
	struct nvme_sqe cmd = {
		.opcode = NVME_ADMIN_IDENTIFY, .nsid = nsid, .prp1 = dma_addr(page), .cdw10 = cns};
	memset(page, 0, NVME_IDENTIFY_BYTES);
	return nvme_ctrl_admin(&n->c, &cmd, NULL);
}

static uint32_t shutdown_ms(uint32_t rtd3e_us)
{
	uint32_t ms = rtd3e_us / 1000;
	if (ms < SHUTDOWN_MS_MIN)
		return SHUTDOWN_MS_MIN;
	return ms < SHUTDOWN_MS_MAX ? ms : SHUTDOWN_MS_MAX;
}

static bool entry_size_fits(uint8_t sizes, uint32_t log2_bytes)
{
	return (sizes & 0xf) <= log2_bytes && log2_bytes <= sizes >> 4;
}

static int read_controller(struct nvme *n, void *page)
{
	const struct nvme_identify_controller *id = page;
	int err = identify(n, NVME_IDENTIFY_CONTROLLER, 0, page);
	if (err != 0)
		return err;
	if (!entry_size_fits(id->sqes, 6) || !entry_size_fits(id->cqes, 4))
		return ERR_BAD_ANSWER;
	if (n->c.version >= NVME_VERSION(1, 4) && id->cntrltype != NVME_CNTRLTYPE_NOT_TOLD &&
		id->cntrltype != NVME_CNTRLTYPE_IO)
		return ERR_UNSUPPORTED;
	n->bytes_max = REQUEST_BYTES_MAX;
	if (id->mdts != 0 && id->mdts < 20 && NVME_PAGE_BYTES << id->mdts < REQUEST_BYTES_MAX)
		n->bytes_max = NVME_PAGE_BYTES << id->mdts;
	n->c.shutdown_ms = shutdown_ms(id->rtd3e);
	n->has_cache = id->vwc & NVME_VWC_PRESENT;
	n->nn = id->nn;
	disks_text(n->serial, sizeof(n->serial), id->sn, sizeof(id->sn));
	char model[sizeof(id->mn) + 1];
	disks_text(model, sizeof(model), id->mn, sizeof(id->mn));
	log_line("disk controller %s: \"%s\", version %u.%u, %s write cache, commands of %u KiB, "
		 "queues of %u",
		n->name, model, n->c.version >> 16, n->c.version >> 8 & 0xff,
		n->has_cache ? "volatile" : "no", n->bytes_max >> 10, NVME_CAP_MQES(n->c.cap) + 1);
	return 0;
}

/* A controller may refuse to tell; then a write will tell. */
static int read_health_log(struct nvme *n, uint8_t *page)
{
	struct nvme_sqe cmd = {.opcode = NVME_ADMIN_GET_LOG_PAGE,
		.nsid = UINT32_MAX,
		.prp1 = dma_addr(page),
		.cdw10 = (NVME_LOG_SMART_BYTES / 4 - 1) << 16 | NVME_LOG_SMART};
	memset(page, 0, NVME_LOG_SMART_BYTES);
	int err = nvme_ctrl_admin(&n->c, &cmd, NULL);
	if (err == 0)
		n->media_read_only = page[0] & NVME_SMART_READ_ONLY;
	return err == ERR_IO ? 0 : err;
}

static int create_queue(struct nvme *n, uint8_t opcode, uint64_t addr, uint32_t completion_queue)
{
	struct nvme_sqe cmd = {.opcode = opcode,
		.prp1 = addr,
		.cdw10 = (n->io.n_entries - 1u) << 16 | IO_QUEUE,
		.cdw11 = completion_queue << 16 | NVME_QUEUE_CONTIGUOUS};
	return nvme_ctrl_admin(&n->c, &cmd, NULL);
}

static int create_queues(struct nvme *n, struct arena *dma)
{
	struct nvme_sqe one_pair = {
		.opcode = NVME_ADMIN_SET_FEATURES, .cdw10 = NVME_FEATURE_N_QUEUES};
	int err = nvme_queue_init(&n->c, dma, IO_QUEUE, IO_ENTRIES, &n->io);
	if (err == 0)
		err = nvme_ctrl_admin(&n->c, &one_pair, NULL);
	if (err == 0)
		err = create_queue(
			n, NVME_ADMIN_CREATE_CQ, dma_addr((const volatile void *)n->io.cq), 0);
	if (err == 0)
		err = create_queue(n, NVME_ADMIN_CREATE_SQ, dma_addr(n->io.sq), IO_QUEUE);
	return err;
}

/* A list has at most as many entries as a command has pages, and is a power of two long: it lies in
 * one page. */
static int make_slots(struct nvme *n, struct arena *dma)
{
	n->n_slots = n->io.n_entries - 1u < SLOTS_MAX ? n->io.n_entries - 1u : SLOTS_MAX;
	n->list_entries = n->bytes_max / NVME_PAGE_BYTES;
	size_t list_bytes = n->list_entries * sizeof(uint64_t);
	n->lists = arena_alloc(dma, n->n_slots * list_bytes, list_bytes);
	if (n->lists == NULL)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n->n_slots; i++) {
		n->slot[i].cid = (uint16_t)i;
		n->free_slot[n->n_free++] = (uint16_t)(n->n_slots - 1 - i);
	}
	return 0;
}

/* ---- start: namespaces ---- */

/* Not an error of the controller: the other namespaces may be good. */
static int pass_over(struct nvme *n, uint32_t nsid, int err, const char *why)
{
	log_line("disk controller %s: namespace %u passed over: %s", n->name, nsid, why);
	n->passed_err = err;
	return 0;
}

static void set_limits(struct nvme_ns *ns)
{
	struct nvme *n = ns->controller;
	struct block_dev *dev = &ns->block;
	dev->max_sectors = n->bytes_max / dev->sector_bytes;
	dev->max_segs = n->list_entries;
	dev->dma_align = 4; /* 4.3: a PRP's offset is in dwords */
	dev->join_align = NVME_PAGE_BYTES;
}

static int add_namespace(struct nvme *n, const struct nvme_identify_namespace *id, uint32_t nsid,
	uint32_t sector_bytes, struct arena *dma)
{
	struct nvme_ns *ns = arena_alloc(dma, sizeof(*ns), 64);
	if (ns == NULL)
		return ERR_NO_MEMORY;
	struct block_dev *dev = &ns->block;
	ns->controller = n;
	dev->ops = &nvme_ops;
	dev->pci_address = n->c.pci.address;
	dev->unit = nsid;
	dev->sector_bytes = sector_bytes;
	dev->n_sectors = id->nsze;
	dev->read_only = n->media_read_only;
	if (n->c.version >= NVME_VERSION(1, 4) && (id->nsattr & NVME_NSATTR_WRITE_PROTECTED))
		dev->read_only = true;
	memcpy(dev->serial, n->serial, sizeof(dev->serial));
	format(dev->name, sizeof(dev->name), "%s ns %u", n->name, nsid);
	set_limits(ns);
	n->ns[n->n_ns++] = ns;
	return 0;
}

static int try_namespace(struct nvme *n, uint32_t nsid, void *page, struct arena *dma)
{
	const struct nvme_identify_namespace *id = page;
	int err = identify(n, NVME_IDENTIFY_NAMESPACE, nsid, page);
	if (err == ERR_IO)
		return pass_over(n, nsid, err, "not identified");
	if (err != 0 || id->nsze == 0)
		return err;
	uint32_t at = NVME_FLBAS_FORMAT(id->flbas);
	if (at > id->nlbaf || at >= sizeof(id->lbaf) / sizeof(id->lbaf[0]))
		return pass_over(n, nsid, ERR_BAD_ANSWER, "its format is not one of its formats");
	const struct nvme_lba_format *f = &id->lbaf[at];
	if (f->ms != 0)
		return pass_over(n, nsid, ERR_UNSUPPORTED, "its format has metadata");
	if (f->lbads != 9 && f->lbads != 12)
		return pass_over(
			n, nsid, ERR_UNSUPPORTED, "its blocks are not of 512 or 4096 bytes");
	return add_namespace(n, id, nsid, 1u << f->lbads, dma);
}

/* Before 1.1 there is no list of active namespaces: then every ID is tried. */
static int list_namespaces(struct nvme *n, uint32_t *ids)
{
	if (n->c.version >= NVME_VERSION(1, 1))
		return identify(n, NVME_IDENTIFY_ACTIVE, 0, ids);
	for (uint32_t i = 0; i < NAMESPACES_MAX && i < n->nn; i++)
		ids[i] = i + 1;
	return 0;
}

static int find_namespaces(struct nvme *n, void *page, struct arena *dma)
{
	uint32_t most = n->n_slots < NAMESPACES_MAX ? n->n_slots : NAMESPACES_MAX;
	uint32_t *ids = arena_alloc(dma, NVME_IDENTIFY_BYTES, NVME_PAGE_BYTES), before = 0;
	if (ids == NULL)
		return ERR_NO_MEMORY;
	int err = list_namespaces(n, ids);
	for (uint32_t i = 0; err == 0 && i < NVME_ACTIVE_IDS && ids[i] != 0; before = ids[i++]) {
		if (ids[i] <= before || ids[i] > NVME_NSID_MAX || ids[i] > n->nn)
			return ERR_BAD_ANSWER;
		if (n->n_ns == most)
			return pass_over(n, ids[i], ERR_NO_MEMORY, "there are too many");
		err = try_namespace(n, ids[i], page, dma);
	}
	return err;
}

/* Each leaves a slot to each of the others. */
static void add_disks(struct nvme *n, struct disks *into)
{
	for (uint32_t i = 0; i < n->n_ns; i++) {
		struct block_dev *dev = &n->ns[i]->block;
		dev->queue_depth = n->n_slots - (n->n_ns - 1);
		int err = disks_add(into, dev);
		if (err == 0)
			n->n_idle++;
		else
			(void)pass_over(n, dev->unit, err, err_text(err));
	}
}

/* ---- start ---- */

static int bring_up(struct nvme *n, const struct pci_dev *pci, struct arena *dma)
{
	void *page = arena_alloc(dma, NVME_IDENTIFY_BYTES, NVME_PAGE_BYTES);
	if (page == NULL)
		return ERR_NO_MEMORY;
	int err = nvme_ctrl_open(&n->c, pci);
	if (err == 0)
		err = nvme_ctrl_enable(&n->c, dma);
	if (err == 0)
		err = read_controller(n, page);
	if (err == 0)
		err = read_health_log(n, page);
	if (err == 0)
		err = create_queues(n, dma);
	if (err == 0)
		err = make_slots(n, dma);
	return err != 0 ? err : find_namespaces(n, page, dma);
}

int nvme_probe(const struct pci_dev *pci, struct arena *dma, struct disks *into)
{
	struct nvme *n = arena_alloc(dma, sizeof(*n), 64);
	if (n == NULL)
		return ERR_NO_MEMORY;
	char name[16];
	format(n->name, sizeof(n->name), "nvme %s", pci_name(pci->address, name));
	int err = bring_up(n, pci, dma);
	if (err == 0)
		add_disks(n, into);
	if (n->n_idle > 0)
		return 0;
	nvme_ctrl_stop(&n->c);
	return err != 0 ? err : n->passed_err;
}

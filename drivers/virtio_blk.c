/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio block device, virtio 1.1 section 5.2, over virtio_pci.c (modern and legacy interface).
 *
 * Supported: reads, writes, flush, GET_ID; logical blocks of 512 and 4096 bytes; SIZE_MAX, SEG_MAX,
 * RO, BLK_SIZE, FLUSH by allow-list, every other feature is declined; indirect descriptors where
 * offered. Not: several queues, the packed ring, discard, zoned devices, interrupts.
 *
 * One request: a header, the caller's memory, a status byte, as one chain of descriptors. With
 * indirect descriptors each slot has a table of its own and takes one entry of the ring; without,
 * each slot has a fixed run of ring entries. So the descriptors of slot i never move, nothing is
 * fragmented, and the id that comes back in the used ring names the slot. Slots: up to 64, as many
 * as the ring permits.
 *
 * What comes back is checked: the number of new used entries, the id, the status byte (set before
 * to a value that no device writes), and for reads the length, where the device counts it. While
 * nothing comes back, the device status is looked at ten times a second, so a device that has gone
 * is noticed before the request's deadline.
 *
 * Memory: 33 KiB of tables, 2 KiB of headers, 10.3 KiB of ring (256 entries).
 *
 * QEMU: -drive if=none,id=d0,format=raw,file=disk.img -device virtio-blk-pci,drive=d0,serial=S and
 * for the variants disable-legacy=on, disable-modern=on, indirect_desc=off, queue-size=N,
 * seg-max-adjust=off, logical_block_size=4096,physical_block_size=4096, iommu_platform=on.
 */
#include "virtio_blk.h"

#include <string.h>

#include "deadline.h"
#include "format.h"
#include "machine.h"
#include "virtio_pci.h"

#define QUEUE_SIZE_MAX    256
#define SLOTS_MAX         64
#define TABLE_DESCS       32 /* of a slot: header, pieces, status */
#define PIECES_MAX        (TABLE_DESCS - 2)
#define SLOTS_WANTED      32 /* without indirect descriptors; the rest is for pieces */
#define REQUEST_BYTES_MAX (1u << 20)
#define GET_ID_MS         5000
#define HEALTH_US         100000

#define STATUS_UNWRITTEN 0xff

#define FEATURES                                                                                   \
	(VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE |  \
		VIRTIO_BLK_F_FLUSH | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_VERSION_1 |                 \
		VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM)

/* What the device reads and writes of a slot, beside the caller's memory. */
struct frame {
	struct virtio_blk_header header;
	volatile uint8_t status;
	uint8_t reserved[15];
};
static_assert(sizeof(struct frame) == 32, "frames do not share a cache line by accident");

struct slot {
	bool busy;
	struct block_req *req; /* NULL: a command of our own */
	uint64_t read_bytes;   /* what the device has to write before the status, at least */
};

struct virtio_blk {
	struct block_dev block;
	struct virtio_pci pci;
	struct virtq q;
	uint16_t avail_idx, used_idx; /* the next ones */

	uint16_t n_slots;
	uint16_t descs_per_slot; /* in the ring: 1 with indirect descriptors */
	uint16_t pieces_max;     /* of a request */
	uint32_t piece_bytes_max;
	struct virtq_desc *tables; /* TABLE_DESCS a slot, or NULL: no indirect descriptors */
	struct frame *frames;
	struct slot slot[SLOTS_MAX];
	uint16_t free_slot[SLOTS_MAX], n_free; /* a stack */

	int command_status; /* of the last command of our own; ERR_BUSY: not done */
	uint64_t look_us;   /* when to look at the device's health */
};

static struct virtio_blk *from_block(struct block_dev *dev)
{
	return (struct virtio_blk *)((uint8_t *)dev - offsetof(struct virtio_blk, block));
}

/* ---- handing requests to the device ---- */

/* A chain under construction: descriptors table[0] to table[n - 1]; the device knows table[0] as
 * base. */
struct chain {
	struct virtq_desc *table;
	uint16_t base, n, max;
};

static int link_piece(struct chain *c, const volatile void *memory, uint32_t bytes, uint16_t flags)
{
	if (c->n == c->max)
		return ERR_BOUNDS;
	if (c->n > 0) {
		struct virtq_desc *before = &c->table[c->n - 1];
		before->flags |= VIRTQ_DESC_F_NEXT;
		before->next = (uint16_t)(c->base + c->n);
	}
	c->table[c->n++] = (struct virtq_desc){dma_addr(memory), bytes, flags, 0};
	return 0;
}

static int link_segments(const struct virtio_blk *v, struct chain *c, const struct block_seg *seg,
	uint32_t n, uint16_t flags)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *at = seg[i].buf;
		for (uint32_t left = seg[i].bytes; left > 0;) {
			uint32_t bytes = left < v->piece_bytes_max ? left : v->piece_bytes_max;
			int err = link_piece(c, at, bytes, flags);
			if (err != 0)
				return err;
			at += bytes;
			left -= bytes;
		}
	}
	return 0;
}

struct operation {
	uint32_t type;
	uint64_t sector;
	const struct block_seg *seg;
	uint32_t n_segs;
};

static bool device_writes(const struct operation *op)
{
	return op->type == VIRTIO_BLK_T_IN || op->type == VIRTIO_BLK_T_GET_ID;
}

static int build_chain(struct virtio_blk *v, uint16_t slot, const struct operation *op)
{
	struct frame *frame = &v->frames[slot];
	uint16_t head = slot * v->descs_per_slot;
	struct chain c = {.table = &v->q.desc[head], .base = head, .max = v->descs_per_slot};
	if (v->tables != NULL)
		c = (struct chain){.table = &v->tables[slot * TABLE_DESCS], .max = TABLE_DESCS};

	frame->header = (struct virtio_blk_header){.type = op->type, .sector = op->sector};
	frame->status = STATUS_UNWRITTEN;
	int err = link_piece(&c, &frame->header, sizeof(frame->header), 0);
	if (err == 0)
		err = link_segments(
			v, &c, op->seg, op->n_segs, device_writes(op) ? VIRTQ_DESC_F_WRITE : 0);
	if (err == 0)
		err = link_piece(&c, &frame->status, 1, VIRTQ_DESC_F_WRITE);
	if (err == 0 && v->tables != NULL)
		v->q.desc[head] = (struct virtq_desc){dma_addr(c.table),
			c.n * (uint32_t)sizeof(struct virtq_desc), VIRTQ_DESC_F_INDIRECT, 0};
	return err;
}

/* 2.6.13 Supplying buffers to the device */
static void publish(struct virtio_blk *v, uint16_t slot)
{
	v->q.avail->ring[v->avail_idx & (v->q.size - 1)] = slot * v->descs_per_slot;
	dma_write_barrier();
	v->avail_idx++;
	v->q.avail->idx = v->avail_idx;
	dma_full_barrier();
	if (!(v->q.used->flags & VIRTQ_USED_F_NO_NOTIFY))
		virtio_pci_notify(&v->pci);
}

static int start(struct virtio_blk *v, const struct operation *op, struct block_req *req)
{
	if (v->n_free == 0)
		return ERR_BUSY;
	uint16_t i = v->free_slot[v->n_free - 1];
	int err = build_chain(v, i, op);
	if (err != 0)
		return err;
	v->n_free--;
	struct slot *slot = &v->slot[i];
	*slot = (struct slot){.busy = true, .req = req};
	if (op->type == VIRTIO_BLK_T_IN)
		slot->read_bytes = (uint64_t)req->n_sectors * v->block.sector_bytes;
	publish(v, i);
	return 0;
}

/* ---- taking them back ---- */

/* Legacy devices are known for wrong lengths (2.6.8.3), and some modern ones count the status byte
 * only. */
static bool is_short(const struct virtio_blk *v, const struct slot *slot, uint32_t len)
{
	return !v->pci.legacy && len > 1 && len < slot->read_bytes;
}

static int status_of(
	const struct virtio_blk *v, const struct slot *slot, uint8_t status, uint32_t len)
{
	switch (status) {
	case VIRTIO_BLK_S_OK:
		return is_short(v, slot, len) ? ERR_BAD_ANSWER : 0;
	case VIRTIO_BLK_S_IOERR:
		return ERR_IO;
	case VIRTIO_BLK_S_UNSUPP:
		return ERR_UNSUPPORTED;
	}
	return ERR_BAD_ANSWER;
}

static int finish(struct virtio_blk *v, uint32_t id, uint32_t len)
{
	uint32_t i = id / v->descs_per_slot;
	if (id % v->descs_per_slot != 0 || i >= v->n_slots || !v->slot[i].busy)
		return ERR_BAD_ANSWER;
	struct slot *slot = &v->slot[i];
	int status = status_of(v, slot, v->frames[i].status, len);
	slot->busy = false;
	v->free_slot[v->n_free++] = (uint16_t)i;
	if (slot->req != NULL)
		block_done(&v->block, slot->req, status);
	else
		v->command_status = status;
	return 0;
}

/* 2.6.14 Receiving used buffers from the device */
static int reap(struct virtio_blk *v)
{
	uint16_t n_new = v->q.used->idx - v->used_idx;
	if (n_new > v->n_slots - v->n_free)
		return ERR_BAD_ANSWER;
	dma_read_barrier();
	for (uint16_t i = 0; i < n_new; i++) {
		const struct virtq_used_elem *e = &v->q.used->ring[v->used_idx & (v->q.size - 1)];
		int err = finish(v, e->id, e->len);
		if (err != 0)
			return err;
		v->used_idx++;
	}
	if (n_new > 0 || v->n_free == v->n_slots) {
		v->look_us = clock_us() + HEALTH_US;
	} else if (clock_us() > v->look_us) {
		v->look_us += HEALTH_US;
		return virtio_pci_health(&v->pci);
	}
	return 0;
}

/* A command of our own, waited for. The queue is empty, or nobody else uses it yet. */
static int command(struct virtio_blk *v, const struct operation *op, uint32_t ms)
{
	v->command_status = ERR_BUSY;
	int lost = start(v, op, NULL);
	if (lost != 0)
		return lost;
	int err = WAIT_FOR((lost = reap(v)) != 0 || v->command_status != ERR_BUSY, ms);
	if (lost != 0)
		return lost;
	return err != 0 ? err : v->command_status;
}

/* ---- struct block_ops ---- */

static int virtio_blk_submit(struct block_dev *dev, struct block_req *req)
{
	struct virtio_blk *v = from_block(dev);
	const struct operation op = {
		.type = req->dir == BLOCK_READ ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT,
		.sector = req->lba * (dev->sector_bytes / VIRTIO_BLK_SECTOR_BYTES),
		.seg = req->seg,
		.n_segs = req->n_segs,
	};
	return start(v, &op, req);
}

static int virtio_blk_poll(struct block_dev *dev)
{
	return reap(from_block(dev));
}

/* A device without FLUSH completes a write when it is durable (5.2.6.2). */
static int virtio_blk_flush(struct block_dev *dev)
{
	struct virtio_blk *v = from_block(dev);
	if (!(v->pci.features & VIRTIO_BLK_F_FLUSH))
		return 0;
	const struct operation op = {.type = VIRTIO_BLK_T_FLUSH};
	int err = command(v, &op, BLOCK_FLUSH_TIMEOUT_MS);
	return err == ERR_UNSUPPORTED ? ERR_IO : err;
}

static void virtio_blk_stop(struct block_dev *dev)
{
	virtio_pci_stop(&from_block(dev)->pci);
}

static const struct block_ops virtio_blk_ops = {
	.submit = virtio_blk_submit,
	.poll = virtio_blk_poll,
	.flush = virtio_blk_flush,
	.stop = virtio_blk_stop,
};

/* ---- start ---- */

bool virtio_blk_takes(const struct pci_dev *pci)
{
	return pci->vendor == VIRTIO_PCI_VENDOR &&
	       (pci->device == VIRTIO_BLK_TRANSITIONAL || pci->device == VIRTIO_BLK_MODERN);
}

/* A field that is there only with its feature. */
static int optional_field(
	struct virtio_blk *v, uint64_t feature, uint32_t offset, uint32_t otherwise, uint32_t *ret)
{
	*ret = otherwise;
	if (!(v->pci.features & feature))
		return 0;
	return virtio_pci_config32(&v->pci, offset, ret);
}

static int read_geometry(struct virtio_blk *v)
{
	struct block_dev *dev = &v->block;
	uint64_t capacity;
	uint32_t block;
	int err = virtio_pci_config64(&v->pci, VIRTIO_BLK_CONFIG_CAPACITY, &capacity);
	if (err == 0)
		err = optional_field(v, VIRTIO_BLK_F_BLK_SIZE, VIRTIO_BLK_CONFIG_BLK_SIZE,
			VIRTIO_BLK_SECTOR_BYTES, &block);
	if (err != 0)
		return err;
	if (block != 512 && block != 4096)
		return ERR_UNSUPPORTED;
	dev->sector_bytes = block;
	dev->n_sectors = capacity / (block / VIRTIO_BLK_SECTOR_BYTES);
	dev->read_only = v->pci.features & VIRTIO_BLK_F_RO;
	dev->dma_align = 4;
	return 0;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/*
 * Segments may have to be cut into pieces of size_max bytes: n segments of together b bytes make at
 * most n + (b - 1) / size_max pieces, which has to be within pieces_max.
 */
static int set_limits(struct virtio_blk *v)
{
	struct block_dev *dev = &v->block;
	uint32_t seg_max, size_max;
	int err = optional_field(v, VIRTIO_BLK_F_SEG_MAX, VIRTIO_BLK_CONFIG_SEG_MAX, 1, &seg_max);
	if (err == 0)
		err = optional_field(v, VIRTIO_BLK_F_SIZE_MAX, VIRTIO_BLK_CONFIG_SIZE_MAX,
			REQUEST_BYTES_MAX, &size_max);
	if (err != 0)
		return err;
	size_max &= ~(dev->sector_bytes - 1);
	if (seg_max == 0 || size_max == 0)
		return ERR_UNSUPPORTED;
	v->piece_bytes_max = smaller(size_max, REQUEST_BYTES_MAX);
	v->pieces_max = (uint16_t)smaller(seg_max, v->pieces_max);

	uint32_t bytes_max = REQUEST_BYTES_MAX;
	dev->max_segs = v->pieces_max;
	if (v->piece_bytes_max < REQUEST_BYTES_MAX) {
		dev->max_segs = (v->pieces_max + 1u) / 2;
		uint64_t fits = (uint64_t)(v->pieces_max - dev->max_segs + 1) * v->piece_bytes_max;
		bytes_max = fits < bytes_max ? (uint32_t)fits : bytes_max;
	}
	dev->max_sectors = bytes_max / dev->sector_bytes;
	dev->queue_depth = v->n_slots;
	return 0;
}

/* How the ring is divided. Without indirect descriptors: depth before pieces. No chain, indirect or
 * not, is longer than the queue (2.6.5.3.1). */
static int divide_ring(struct virtio_blk *v)
{
	if (v->q.size < 3)
		return ERR_UNSUPPORTED;
	if (v->pci.features & VIRTIO_F_INDIRECT_DESC) {
		v->descs_per_slot = 1;
		v->pieces_max = (uint16_t)smaller(PIECES_MAX, v->q.size - 2u);
	} else {
		uint32_t descs = v->q.size / SLOTS_WANTED;
		v->descs_per_slot = (uint16_t)(descs < 3 ? 3 : smaller(descs, TABLE_DESCS));
		v->pieces_max = v->descs_per_slot - 2;
	}
	v->n_slots = (uint16_t)smaller(v->q.size / v->descs_per_slot, SLOTS_MAX);
	return 0;
}

static int make_slots(struct virtio_blk *v, struct arena *dma)
{
	v->frames = arena_alloc(dma, v->n_slots * sizeof(struct frame), 64);
	if (v->frames == NULL)
		return ERR_NO_MEMORY;
	if (v->pci.features & VIRTIO_F_INDIRECT_DESC) {
		size_t bytes = v->n_slots * TABLE_DESCS * sizeof(struct virtq_desc);
		v->tables = arena_alloc(dma, bytes, 64);
		if (v->tables == NULL)
			return ERR_NO_MEMORY;
	}
	for (uint16_t i = 0; i < v->n_slots; i++)
		v->free_slot[v->n_free++] = v->n_slots - 1 - i;
	return 0;
}

/* A device that has no serial number may refuse: the disk is good all the same. */
static int read_serial(struct virtio_blk *v, struct arena *dma)
{
	struct block_seg seg = {arena_alloc(dma, VIRTIO_BLK_ID_BYTES, 64), VIRTIO_BLK_ID_BYTES};
	if (seg.buf == NULL)
		return ERR_NO_MEMORY;
	const struct operation op = {.type = VIRTIO_BLK_T_GET_ID, .seg = &seg, .n_segs = 1};
	int err = command(v, &op, GET_ID_MS);
	if (err == ERR_IO || err == ERR_UNSUPPORTED)
		return 0;
	if (err == 0)
		disks_text(v->block.serial, sizeof(v->block.serial), seg.buf, VIRTIO_BLK_ID_BYTES);
	return err;
}

/* Virtio 1.1, 3.1.1, in its order. */
static int bring_up(struct virtio_blk *v, const struct pci_dev *pci, struct arena *dma)
{
	int err = virtio_pci_open(&v->pci, pci);
	if (err == 0)
		err = virtio_pci_negotiate(&v->pci, FEATURES);
	if (err == 0)
		err = read_geometry(v);
	if (err == 0)
		err = virtio_pci_set_queue(&v->pci, dma, QUEUE_SIZE_MAX, &v->q);
	if (err == 0)
		err = divide_ring(v);
	if (err == 0)
		err = set_limits(v);
	if (err == 0)
		err = make_slots(v, dma);
	if (err != 0)
		return err;
	virtio_pci_start(&v->pci);
	return read_serial(v, dma);
}

int virtio_blk_probe(const struct pci_dev *pci, struct arena *dma, struct disks *into)
{
	struct virtio_blk *v = arena_alloc(dma, sizeof(*v), 64);
	if (v == NULL)
		return ERR_NO_MEMORY;
	char name[16];
	v->block.ops = &virtio_blk_ops;
	v->block.pci_address = pci->address;
	format(v->block.name, sizeof(v->block.name), "virtio-blk %s", pci_name(pci->address, name));
	int err = bring_up(v, pci, dma);
	if (err == 0)
		err = disks_add(into, &v->block);
	if (err != 0)
		virtio_pci_stop(&v->pci);
	return err;
}

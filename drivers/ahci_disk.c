/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SATA disk: who it is, its requests, and what happens when one fails. ahci.c tells the whole. */
#include "ahci_disk.h"

#include <string.h>

#include "log.h"
#include "machine.h"

#define REQUEST_BYTES_MAX (1u << 20)
#define IDENTIFY_MS       10000
#define IDENTIFY_TRIES    2
#define SECTORS_MAX       (1ull << 48)
/* Requests that were in flight when one failed are done again within it, or fail. */
#define AGAIN_MS 30000

static_assert(REQUEST_BYTES_MAX <= 4u << 20, "a piece of a request fits into one PRD");
static_assert(REQUEST_BYTES_MAX / 512 < 65536, "the number of sectors fits into 16 bits");

static struct ahci_disk *from_block(struct block_dev *dev)
{
	return (struct ahci_disk *)((uint8_t *)dev - offsetof(struct ahci_disk, block));
}

/* ---- commands ---- */

static struct ahci_fis simple_fis(uint8_t command)
{
	return (struct ahci_fis){
		.type = AHCI_FIS_H2D, .flags = AHCI_FIS_IS_COMMAND, .command = command};
}

static struct ahci_fis transfer_fis(uint8_t command, uint64_t lba)
{
	struct ahci_fis fis = simple_fis(command);
	fis.device = AHCI_FIS_DEVICE_LBA;
	fis.lba0 = (uint8_t)lba;
	fis.lba1 = (uint8_t)(lba >> 8);
	fis.lba2 = (uint8_t)(lba >> 16);
	fis.lba3 = (uint8_t)(lba >> 24);
	fis.lba4 = (uint8_t)(lba >> 32);
	fis.lba5 = (uint8_t)(lba >> 40);
	return fis;
}

/* ACS-3 7.22 READ DMA EXT, 7.60 WRITE DMA EXT */
static struct ahci_fis dma_fis(const struct block_req *req)
{
	bool reads = req->dir == BLOCK_READ;
	struct ahci_fis fis = transfer_fis(reads ? ATA_READ_DMA_EXT : ATA_WRITE_DMA_EXT, req->lba);
	fis.count = (uint8_t)req->n_sectors;
	fis.count_exp = (uint8_t)(req->n_sectors >> 8);
	return fis;
}

/* ACS-3 7.23 READ FPDMA QUEUED, 7.61 WRITE FPDMA QUEUED: the number of sectors is in features */
static struct ahci_fis queued_fis(const struct block_req *req, uint32_t slot)
{
	bool reads = req->dir == BLOCK_READ;
	struct ahci_fis fis = transfer_fis(reads ? ATA_READ_FPDMA : ATA_WRITE_FPDMA, req->lba);
	fis.features = (uint8_t)req->n_sectors;
	fis.features_exp = (uint8_t)(req->n_sectors >> 8);
	fis.count = (uint8_t)AHCI_FIS_NCQ_TAG(slot);
	return fis;
}

static void fill(struct ahci_disk *d, uint32_t slot, const struct ahci_fis *fis)
{
	const struct ahci_slot *s = &d->slot[slot];
	const struct block_req *req = s->req;
	struct block_seg bounce = {s->bounce, req->n_sectors * d->block.sector_bytes};
	if (s->bounced)
		ahci_port_fill(d->port, slot, fis, &bounce, 1, req->dir);
	else
		ahci_port_fill(d->port, slot, fis, req->seg, req->n_segs, req->dir);
}

/* Between the request's memory, out of the controller's reach, and the slot's. */
static void copy(const struct ahci_slot *s)
{
	uint8_t *at = s->bounce;
	for (uint32_t i = 0; i < s->req->n_segs; i++) {
		const struct block_seg *seg = &s->req->seg[i];
		if (s->req->dir == BLOCK_WRITE)
			memcpy(at, seg->buf, seg->bytes);
		else
			memcpy(seg->buf, at, seg->bytes);
		at += seg->bytes;
	}
}

/* ---- handing requests to the device, and taking them back ---- */

static bool reaches(const struct ahci_disk *d, const struct block_req *req)
{
	for (uint32_t i = 0; i < req->n_segs && !d->port->reaches_all; i++) {
		if ((dma_addr(req->seg[i].buf) + req->seg[i].bytes - 1) >> 32 != 0)
			return false;
	}
	return true;
}

static int ahci_submit(struct block_dev *dev, struct block_req *req)
{
	struct ahci_disk *d = from_block(dev);
	if (d->off)
		return ERR_LOST;
	uint32_t slot = 0;
	while (slot < d->n_slots && d->slot[slot].req != NULL)
		slot++;
	if (slot == d->n_slots)
		return ERR_BUSY;
	d->slot[slot].bounced = !reaches(d, req);
	d->slot[slot].req = req;
	if (d->slot[slot].bounced && req->dir == BLOCK_WRITE)
		copy(&d->slot[slot]);
	d->given |= 1u << slot;
	struct ahci_fis fis = d->queued ? queued_fis(req, slot) : dma_fis(req);
	fill(d, slot, &fis);
	if (d->queued)
		ahci_port_give_queued(d->port, slot);
	else
		ahci_port_give(d->port, slot);
	return 0;
}

static void finish(struct ahci_disk *d, uint32_t slot, int status)
{
	struct block_req *req = d->slot[slot].req;
	if (status == 0 && d->slot[slot].bounced && req->dir == BLOCK_READ)
		copy(&d->slot[slot]);
	d->slot[slot].req = NULL;
	d->given &= ~(1u << slot);
	block_done(&d->block, req, status);
}

/* A controller that does not count leaves 0; that of queued commands is not valid (5.4.1). */
static bool is_short(const struct ahci_disk *d, uint32_t slot)
{
	uint32_t moved = d->port->list[slot].prdbc;
	return moved != 0 && moved < d->slot[slot].req->n_sectors * d->block.sector_bytes;
}

/*
 * An error ends everything that is in flight, whosever it is. The port is restarted, and each
 * request is done once more, alone and not queued, so that the device's answer is about this one.
 */
static int do_again(struct ahci_disk *d)
{
	uint64_t until = clock_us() + AGAIN_MS * 1000ull;
	log_line("%s: error: PxIS %08x, PxTFD %08x, PxSERR %08x; %d requests are done again",
		d->block.name, ahci_port_read(d->port, AHCI_PxIS),
		ahci_port_read(d->port, AHCI_PxTFD), ahci_port_read(d->port, AHCI_PxSERR),
		__builtin_popcount(d->given));
	int lost = ahci_port_restart(d->port);
	for (uint32_t slot = 0; slot < d->n_slots && lost == 0; slot++) {
		if (d->slot[slot].req == NULL)
			continue;
		int status = ERR_IO;
		if (clock_us() < until) {
			struct ahci_fis fis = dma_fis(d->slot[slot].req);
			fill(d, slot, &fis);
			status = ahci_port_run(d->port, slot, BLOCK_TIMEOUT_MS);
		}
		if (status == 0 && is_short(d, slot))
			status = ERR_BAD_ANSWER;
		else if (status != 0 && status != ERR_IO)
			lost = status;
		if (lost == 0)
			finish(d, slot, status);
	}
	return lost;
}

/*
 * What ended without an error has its bits cleared in PxCI and PxSACT; what ended with one stops
 * the port. The order counts: a bit that is seen cleared by an error goes with an error that is
 * seen (some controllers clear PxCI in spite of it).
 */
static int ahci_poll(struct block_dev *dev)
{
	struct ahci_disk *d = from_block(dev);
	if (d->off)
		return ERR_LOST;
	uint32_t waiting = ahci_port_read(d->port, AHCI_PxCI);
	if (d->queued)
		waiting |= ahci_port_read(d->port, AHCI_PxSACT);
	uint32_t is = ahci_port_read(d->port, AHCI_PxIS);
	if (is == UINT32_MAX)
		return ERR_LOST;
	if ((waiting & ~d->given) != 0)
		return ERR_BAD_ANSWER;
	uint32_t done = d->given & ~waiting;
	bool failed = (is & AHCI_PxIS_ERRORS) != 0;
	if (done != 0 && !failed)
		failed = (ahci_port_read(d->port, AHCI_PxTFD) & (AHCI_PxTFD_ERR | AHCI_PxTFD_DF)) !=
			 0;
	if (failed)
		return do_again(d);
	dma_read_barrier();
	for (uint32_t slot = 0; done != 0; slot++, done >>= 1) {
		if (done & 1)
			finish(d, slot, !d->queued && is_short(d, slot) ? ERR_BAD_ANSWER : 0);
	}
	return 0;
}

static int ahci_flush(struct block_dev *dev)
{
	struct ahci_disk *d = from_block(dev);
	if (d->off)
		return ERR_LOST;
	struct ahci_fis fis = simple_fis(ATA_FLUSH_CACHE_EXT);
	fis.device = AHCI_FIS_DEVICE_LBA;
	ahci_port_fill(d->port, 0, &fis, NULL, 0, BLOCK_READ);
	return ahci_port_run(d->port, 0, BLOCK_FLUSH_TIMEOUT_MS);
}

/* ACS-3 7.51: what was written is on the medium and the heads are off it when the disk answers.
 * Without that the loss of power makes it an emergency, which it counts, and which wears it. */
static int ahci_park(struct block_dev *dev)
{
	struct ahci_disk *d = from_block(dev);
	if (d->off)
		return ERR_LOST;
	struct ahci_fis fis = simple_fis(ATA_STANDBY_NOW);
	ahci_port_fill(d->port, 0, &fis, NULL, 0, BLOCK_READ);
	int err = ahci_port_run(d->port, 0, BLOCK_PARK_TIMEOUT_MS);
	if (err == 0)
		d->parked(d);
	return err;
}

static void ahci_stop(struct block_dev *dev)
{
	struct ahci_disk *d = from_block(dev);
	if (!d->off)
		d->stop(d);
}

static const struct block_ops ahci_ops = {
	.submit = ahci_submit,
	.poll = ahci_poll,
	.flush = ahci_flush,
	.park = ahci_park,
	.stop = ahci_stop,
};

/* ---- start ---- */

/* The sum of all 512 bytes is 0, if the device says that it is. */
static bool checksum_is_good(const uint16_t *id)
{
	const uint8_t *byte = (const uint8_t *)id;
	uint8_t sum = 0;
	if ((id[ATA_ID_INTEGRITY] & 0xff) != ATA_ID_CHECKSUM_IS_SET)
		return true;
	for (uint32_t i = 0; i < ATA_ID_WORDS * 2; i++)
		sum = (uint8_t)(sum + byte[i]);
	return sum == 0;
}

static int identify(struct ahci_disk *d, uint16_t *ret_id)
{
	const struct block_seg seg = {ret_id, ATA_ID_WORDS * 2};
	struct ahci_fis fis = simple_fis(ATA_IDENTIFY_DEVICE);
	int err = ERR_IO;
	for (uint32_t i = 0; i < IDENTIFY_TRIES && err == ERR_IO; i++) {
		ahci_port_fill(d->port, 0, &fis, &seg, 1, BLOCK_READ);
		err = ahci_port_run(d->port, 0, IDENTIFY_MS);
	}
	if (err == 0 && !checksum_is_good(ret_id))
		err = ERR_BAD_ANSWER;
	return err;
}

/* Text in words has its first character in the upper byte. */
static void take_serial(struct block_dev *dev, const uint16_t *id)
{
	char text[2 * ATA_ID_SERIAL_WORDS];
	for (uint32_t i = 0; i < ATA_ID_SERIAL_WORDS; i++) {
		text[2 * i] = (char)(id[ATA_ID_SERIAL + i] >> 8);
		text[2 * i + 1] = (char)id[ATA_ID_SERIAL + i];
	}
	disks_text(dev->serial, sizeof(dev->serial), text, sizeof(text));
}

static int is_supported(const struct block_dev *dev, const uint16_t *id)
{
	const char *missing = NULL;
	uint16_t sets = id[ATA_ID_COMMAND_SETS];
	if ((sets & ATA_ID_VALID_MASK) != ATA_ID_VALID || !(sets & ATA_ID_LBA48) ||
		!(sets & ATA_ID_FLUSH_EXT))
		missing = "it has no 48-bit addresses";
	else if (!(id[ATA_ID_CAPABILITIES] & ATA_ID_DMA))
		missing = "it has no DMA";
	else if (id[ATA_ID_SECURITY] & ATA_ID_LOCKED)
		missing = "it is locked by a password";
	if (missing == NULL)
		return 0;
	log_line("%s: cannot be used: %s", dev->name, missing);
	return ERR_UNSUPPORTED;
}

static int take_geometry(struct block_dev *dev, const uint16_t *id)
{
	dev->sector_bytes = 512;
	uint16_t size = id[ATA_ID_SECTOR_SIZE];
	if ((size & ATA_ID_VALID_MASK) == ATA_ID_VALID && (size & ATA_ID_LONG_SECTORS) != 0) {
		uint32_t words = id[ATA_ID_SECTOR_WORDS] | (uint32_t)id[ATA_ID_SECTOR_WORDS + 1]
								   << 16;
		if (words != 4096 / 2)
			return ERR_UNSUPPORTED;
		dev->sector_bytes = 4096;
	}
	for (uint32_t i = 4; i-- > 0;)
		dev->n_sectors = dev->n_sectors << 16 | id[ATA_ID_SECTORS + i];
	if (dev->n_sectors > SECTORS_MAX)
		return ERR_BAD_ANSWER;
	dev->max_sectors = REQUEST_BYTES_MAX / dev->sector_bytes;
	dev->max_segs = AHCI_PRDS;
	dev->dma_align = 4;
	return 0;
}

/* Serial ATA 13.7.2: word 76 is 0 or all ones where there is none */
static void take_queue(struct ahci_disk *d, const uint16_t *id, uint32_t cap)
{
	uint16_t sata = id[ATA_ID_SATA];
	uint32_t n_slots = AHCI_CAP_NCS(cap) + 1;
	d->queued = (cap & AHCI_CAP_SNCQ) != 0 && sata != 0xffff && (sata & ATA_ID_NCQ) != 0;
	d->n_slots = 1;
	if (d->queued) {
		uint32_t depth = (id[ATA_ID_QUEUE_DEPTH] & 0x1fu) + 1;
		d->n_slots = depth < n_slots ? depth : n_slots;
	}
	d->block.queue_depth = d->n_slots;
}

/* All memory may have to be reached, wherever the arena's lies. */
static int take_bounces(struct ahci_disk *d, struct arena *dma)
{
	int err = 0;
	if (d->port->reaches_all)
		return 0;
	d->n_slots = d->n_slots < AHCI_BOUNCES ? d->n_slots : AHCI_BOUNCES;
	d->block.queue_depth = d->n_slots;
	d->block.max_sectors = AHCI_BOUNCE_BYTES / d->block.sector_bytes;
	for (uint32_t i = 0; i < d->n_slots && err == 0; i++) {
		void *memory;
		err = ahci_port_memory(d->port, dma, AHCI_BOUNCE_BYTES, 64, &memory);
		d->slot[i].bounce = memory;
	}
	return err;
}

int ahci_disk_start(struct ahci_disk *d, struct ahci_port *port, struct arena *dma, uint32_t cap)
{
	void *id;
	d->port = port;
	d->block.ops = &ahci_ops;
	int err = ahci_port_start(port, dma, AHCI_CAP_NCS(cap) + 1);
	if (err == 0)
		err = ahci_port_memory(port, dma, ATA_ID_WORDS * 2, 64, &id);
	if (err == 0)
		err = identify(d, id);
	if (err == 0)
		err = is_supported(&d->block, id);
	if (err == 0)
		err = take_geometry(&d->block, id);
	if (err != 0)
		return err;
	take_serial(&d->block, id);
	take_queue(d, id, cap);
	return take_bounces(d, dma);
}

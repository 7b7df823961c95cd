/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device's side of the split virtqueue, and block requests. */
#include <string.h>

#include "fake_virtio_internal.h"

/* ---- taking requests from the queue ---- */

static void *reach(uint64_t addr, uint64_t bytes)
{
	return fake_pci_dma(fake_virtio.pci, addr, bytes);
}

static void add_piece(struct taken *t, const struct virtq_desc *d)
{
	if (t->n_pieces == FAKE_VIRTIO_PIECES)
		fake_fail("chain without end");
	bool writes = d->flags & VIRTQ_DESC_F_WRITE;
	if (t->n_pieces > 0 && t->piece[t->n_pieces - 1].device_writes && !writes)
		fake_fail("device-readable descriptor behind a device-writable one");
	t->piece[t->n_pieces++] = (struct piece){d->addr, d->len, writes};
}

static void follow(struct taken *t, const struct virtq_desc *table, unsigned n, uint16_t at)
{
	for (;;) {
		if (at >= n || t->n_pieces > fake_virtio.queue_size)
			fake_fail("chain leaves its table, or is longer than the queue");
		const struct virtq_desc *d = &table[at];
		if (d->flags & VIRTQ_DESC_F_INDIRECT)
			fake_fail("indirect descriptor inside a chain");
		add_piece(t, d);
		if (!(d->flags & VIRTQ_DESC_F_NEXT))
			return;
		at = d->next;
	}
}

static void collect_chain(struct taken *t)
{
	const struct virtq_desc *ring = reach(fake_virtio.desc, 16ull * fake_virtio.queue_size);
	if (t->head >= fake_virtio.queue_size)
		fake_fail("head %u is outside the queue", t->head);
	const struct virtq_desc *d = &ring[t->head];
	if (!(d->flags & VIRTQ_DESC_F_INDIRECT)) {
		follow(t, ring, fake_virtio.queue_size, t->head);
		return;
	}
	if (!fake_virtio_accepted(VIRTIO_F_INDIRECT_DESC) || d->flags != VIRTQ_DESC_F_INDIRECT)
		fake_fail("indirect descriptor that was not agreed, or with other flags");
	if (d->len == 0 || d->len % 16 != 0)
		fake_fail("indirect table of %u bytes", d->len);
	follow(t, reach(d->addr, d->len), d->len / 16, 0);
}

static uint64_t data_bytes(const struct taken *t)
{
	uint64_t bytes = 0;
	for (unsigned i = 0; i < t->n_pieces; i++)
		bytes += t->piece[i].len;
	return bytes;
}

/* Header and status are cut off the chain; what is between them is checked. */
static void parse_request(struct taken *t)
{
	if (t->n_pieces > fake_virtio.longest_chain)
		fake_virtio.longest_chain = t->n_pieces;
	if (t->n_pieces < 2 || t->piece[0].device_writes || t->piece[0].len != sizeof(t->header))
		fake_fail("request without a header");
	const struct piece status = t->piece[t->n_pieces - 1];
	if (!status.device_writes || status.len != 1)
		fake_fail("request without a status byte");
	memcpy(&t->header, reach(t->piece[0].addr, sizeof(t->header)), sizeof(t->header));
	t->status_addr = status.addr;
	t->n_pieces -= 2;
	memmove(t->piece, t->piece + 1, t->n_pieces * sizeof(t->piece[0]));

	bool wants_write =
		t->header.type == VIRTIO_BLK_T_IN || t->header.type == VIRTIO_BLK_T_GET_ID;
	if (fake_virtio_accepted(VIRTIO_BLK_F_SEG_MAX) ? t->n_pieces > fake_virtio.c.seg_max
						       : t->n_pieces > 1)
		fake_fail("%u segments", t->n_pieces);
	for (unsigned i = 0; i < t->n_pieces; i++) {
		if (t->piece[i].device_writes != wants_write)
			fake_fail("segment for the wrong direction");
		if (fake_virtio_accepted(VIRTIO_BLK_F_SIZE_MAX) &&
			t->piece[i].len > fake_virtio.c.size_max)
			fake_fail("segment of %u bytes", t->piece[i].len);
		if (t->piece[i].len == 0)
			fake_fail("empty segment");
	}
	if (t->header.type == VIRTIO_BLK_T_OUT && fake_virtio.disk->read_only)
		fake_fail("write to a read-only disk");
	if (t->header.type == VIRTIO_BLK_T_FLUSH && !fake_virtio_accepted(VIRTIO_BLK_F_FLUSH))
		fake_fail("flush that was not agreed");
}

static struct taken *new_taken(void)
{
	for (unsigned i = 0; i < FAKE_VIRTIO_IN_FLIGHT; i++) {
		if (!fake_virtio.taken[i].used)
			return &fake_virtio.taken[i];
	}
	fake_fail("more requests than the queue can hold");
}

static void decide_fault(struct taken *t)
{
	struct fake_disk *disk = fake_virtio.disk;
	if (t->header.type == VIRTIO_BLK_T_IN || t->header.type == VIRTIO_BLK_T_OUT) {
		t->fault = fake_disk_command(disk);
		t->ready_us = fake_disk_ready_us(disk);
	} else if (t->header.type == VIRTIO_BLK_T_FLUSH) {
		disk->n_flushes++;
		t->fault = disk->flush_fault;
	}
	if (t->fault == FAKE_VANISH)
		fake_virtio.pci->gone = true;
	if (t->fault == FAKE_WANTS_RESET) {
		fake_virtio.status |= VIRTIO_STATUS_NEEDS_RESET;
		fake_virtio.broken = true;
	}
}

static void take_requests(void)
{
	const struct virtq_avail *avail =
		reach(fake_virtio.avail, 4 + 2ull * fake_virtio.queue_size);
	if (avail == NULL)
		return;
	if (!(avail->flags & VIRTQ_AVAIL_F_NO_INTERRUPT))
		fake_fail("the driver wants interrupts");
	while (fake_virtio.avail_idx != avail->idx && !fake_virtio.broken &&
		!fake_virtio.pci->gone) {
		struct taken *t = new_taken();
		memset(t, 0, offsetof(struct taken, piece));
		t->n_pieces = 0;
		t->used = true;
		t->head = avail->ring[fake_virtio.avail_idx++ % fake_virtio.queue_size];
		for (unsigned i = 0; i < FAKE_VIRTIO_IN_FLIGHT; i++) {
			if (&fake_virtio.taken[i] != t && fake_virtio.taken[i].used &&
				fake_virtio.taken[i].head == t->head)
				fake_fail("head %u given twice", t->head);
		}
		collect_chain(t);
		parse_request(t);
		if (++fake_virtio.disk->n_in_flight > fake_virtio.disk->most_in_flight)
			fake_virtio.disk->most_in_flight = fake_virtio.disk->n_in_flight;
		decide_fault(t);
	}
}

/* ---- answering ---- */

static void push_used(uint32_t id, uint32_t len)
{
	struct virtq_used *used = reach(fake_virtio.used, 4 + 8ull * fake_virtio.queue_size);
	if (used == NULL)
		return;
	used->ring[fake_virtio.used_idx % fake_virtio.queue_size].id = id;
	used->ring[fake_virtio.used_idx % fake_virtio.queue_size].len = len;
	used->idx = ++fake_virtio.used_idx;
}

static bool move_data(const struct taken *t, uint8_t *at, uint64_t limit)
{
	for (unsigned i = 0; i < t->n_pieces && limit > 0; i++) {
		uint64_t n = t->piece[i].len < limit ? t->piece[i].len : limit;
		uint8_t *memory = reach(t->piece[i].addr, n);
		if (memory == NULL)
			return false;
		if (t->piece[i].device_writes)
			memcpy(memory, at, n);
		else
			memcpy(at, memory, n);
		at += n;
		limit -= n;
	}
	return true;
}

/* Carries the request out. Returns its status. */
static uint8_t perform(const struct taken *t, uint64_t *ret_written)
{
	uint64_t bytes = data_bytes(t);
	*ret_written = 0;
	if (t->fault == FAKE_IO_ERROR)
		return VIRTIO_BLK_S_IOERR;
	switch (t->header.type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT: {
		uint8_t *at = fake_disk_at(fake_virtio.disk, t->header.sector * 512, bytes);
		uint64_t done = t->fault == FAKE_SHORT ? bytes / 2 : bytes;
		(void)move_data(t, at, done);
		*ret_written = t->header.type == VIRTIO_BLK_T_IN ? done : 0;
		return VIRTIO_BLK_S_OK;
	}
	case VIRTIO_BLK_T_FLUSH:
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID: {
		uint8_t id[VIRTIO_BLK_ID_BYTES] = {0};
		if (fake_virtio.c.no_serial)
			return VIRTIO_BLK_S_UNSUPP;
		strncpy((char *)id, fake_virtio.disk->serial, sizeof(id));
		(void)move_data(t, id, sizeof(id));
		*ret_written = sizeof(id);
		return VIRTIO_BLK_S_OK;
	}
	}
	return VIRTIO_BLK_S_UNSUPP;
}

/* The next head of the same run of the ring that is not in flight. */
static uint16_t idle_head(const struct taken *t)
{
	for (uint16_t head = 0; head < fake_virtio.queue_size; head++) {
		bool busy = head == t->head;
		for (unsigned i = 0; i < FAKE_VIRTIO_IN_FLIGHT; i++)
			busy = busy ||
			       (fake_virtio.taken[i].used && fake_virtio.taken[i].head == head);
		if (!busy)
			return head;
	}
	fake_fail("nothing is idle");
}

static void answer(struct taken *t)
{
	uint64_t written;
	uint8_t status = perform(t, &written);
	uint8_t *status_byte = reach(t->status_addr, 1);
	if (status_byte == NULL)
		return;
	if (t->fault != FAKE_NO_STATUS)
		*status_byte = t->fault == FAKE_BAD_STATUS ? 0x55 : status;
	uint32_t len = fake_virtio.c.counts_status_only ? 1 : (uint32_t)written + 1;
	t->used = false;
	fake_virtio.disk->n_in_flight--;
	switch (t->fault) {
	case FAKE_BAD_TAG:
		push_used(0x80000000u | t->head, len);
		break;
	case FAKE_IDLE_TAG:
		push_used(idle_head(t), len);
		break;
	case FAKE_BAD_INDEX:
		fake_virtio.used_idx += 1000;
		push_used(t->head, len);
		break;
	case FAKE_TWICE:
		push_used(t->head, len);
		push_used(t->head, len);
		break;
	default:
		push_used(t->head, len);
	}
}

void fake_virtio_tick(void *ctx)
{
	(void)ctx;
	if (!(fake_virtio.status & VIRTIO_STATUS_DRIVER_OK) || fake_virtio.broken ||
		fake_virtio.pci->gone)
		return;
	if (fake_virtio.c.polls_queue) {
		struct virtq_used *used = reach(fake_virtio.used, 4);
		if (used != NULL)
			used->flags = VIRTQ_USED_F_NO_NOTIFY;
		fake_virtio.notified = true;
	}
	if (fake_virtio.notified) {
		fake_virtio.notified = false;
		take_requests();
	}
	unsigned left = fake_virtio.disk->n_in_flight;
	for (unsigned i = 0; left > 0 && !fake_virtio.broken && !fake_virtio.pci->gone; i++) {
		struct taken *t = &fake_virtio.taken[i];
		left -= t->used;
		if (t->used && t->fault != FAKE_SILENT && t->ready_us <= fake_clock_now_us)
			answer(t);
	}
}

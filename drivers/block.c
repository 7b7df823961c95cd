/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is the same for all disks: checks, the list of requests in flight, deadlines, splitting. */
#include "block.h"

#include <stddef.h>

#include "machine.h"

/* Requests that a simple transfer keeps in flight. */
#define SIMPLE_DEPTH 8

/* ---- the list of requests in flight, oldest first ---- */

static void append(struct block_dev *dev, struct block_req *req)
{
	req->next = NULL;
	if (dev->newest != NULL)
		dev->newest->next = req;
	else
		dev->oldest = req;
	dev->newest = req;
	dev->n_in_flight++;
}

static bool take_out(struct block_dev *dev, const struct block_req *req)
{
	struct block_req *before = NULL, *r = dev->oldest;
	while (r != NULL && r != req) {
		before = r;
		r = r->next;
	}
	if (r == NULL)
		return false;
	if (before != NULL)
		before->next = r->next;
	else
		dev->oldest = r->next;
	if (dev->newest == r)
		dev->newest = before;
	dev->n_in_flight--;
	return true;
}

void block_done(struct block_dev *dev, struct block_req *req, int status)
{
	if (!take_out(dev, req)) {
		if (dev->lost == 0)
			dev->lost = ERR_BUG;
		return;
	}
	uint64_t bytes = (uint64_t)req->n_sectors * dev->sector_bytes;
	if (status == 0 && req->dir == BLOCK_READ)
		dev->bytes_read += bytes;
	if (status == 0 && req->dir == BLOCK_WRITE)
		dev->bytes_written += bytes;
	req->status = status > 0 || status == ERR_BUSY ? ERR_BUG : status;
}

/* The device first: as long as it may still write to a request's memory, the request has not
 * ended. */
static void give_up(struct block_dev *dev, int status_of_requests, int lost)
{
	dev->ops->stop(dev);
	if (dev->lost == 0)
		dev->lost = lost;
	while (dev->oldest != NULL)
		block_done(dev, dev->oldest, status_of_requests);
}

/* ---- checks ---- */

void block_allow_writes(struct block_dev *dev, const struct block_extent *extents, uint32_t n)
{
	dev->may_write = extents;
	dev->n_may_write = n;
}

static const struct block_extent *extent_at(const struct block_dev *dev, uint64_t lba)
{
	for (uint32_t i = 0; i < dev->n_may_write; i++) {
		const struct block_extent *e = &dev->may_write[i];
		if (lba >= e->lba && lba - e->lba < e->n_sectors)
			return e;
	}
	return NULL;
}

/* Extents may touch or overlap, so a request may lie in several of them. */
static bool all_writable(const struct block_dev *dev, uint64_t lba, uint64_t n_sectors)
{
	while (n_sectors > 0) {
		const struct block_extent *e = extent_at(dev, lba);
		if (e == NULL)
			return false;
		uint64_t n = e->n_sectors - (lba - e->lba);
		if (n > n_sectors)
			n = n_sectors;
		lba += n;
		n_sectors -= n;
	}
	return true;
}

/* Where pieces meet: the end of the one and the start of the other. */
static bool is_join(const struct block_dev *dev, const struct block_seg *seg)
{
	if (dev->join_align == 0)
		return true;
	uint64_t end = dma_addr(seg[0].buf) + seg[0].bytes;
	return end % dev->join_align == 0 && dma_addr(seg[1].buf) % dev->join_align == 0;
}

static bool segments_fit(const struct block_dev *dev, const struct block_req *req)
{
	uint64_t total = 0;
	if (req->n_segs == 0 || req->n_segs > dev->max_segs)
		return false;
	for (uint32_t i = 0; i < req->n_segs; i++) {
		const struct block_seg *seg = &req->seg[i];
		if (seg->buf == NULL || seg->bytes == 0)
			return false;
		if (dma_addr(seg->buf) % dev->dma_align != 0 || seg->bytes % dev->dma_align != 0)
			return false;
		if (i + 1 < req->n_segs && !is_join(dev, seg))
			return false;
		total += seg->bytes;
	}
	return total == (uint64_t)req->n_sectors * dev->sector_bytes;
}

static int check(const struct block_dev *dev, const struct block_req *req)
{
	if (req->n_sectors == 0 || req->n_sectors > dev->max_sectors)
		return ERR_BOUNDS;
	if (req->lba > dev->n_sectors || req->n_sectors > dev->n_sectors - req->lba)
		return ERR_BOUNDS;
	if (!segments_fit(dev, req))
		return ERR_BOUNDS;
	if (req->dir == BLOCK_READ)
		return 0;
	if (req->dir != BLOCK_WRITE)
		return ERR_BUG;
	if (dev->read_only)
		return ERR_READ_ONLY;
	return all_writable(dev, req->lba, req->n_sectors) ? 0 : ERR_BOUNDS;
}

/* ---- requests ---- */

int block_submit(struct block_dev *dev, struct block_req *req)
{
	req->status = dev->lost != 0 ? dev->lost : check(dev, req);
	if (req->status != 0)
		return req->status;
	req->deadline_us = clock_us() + (uint64_t)BLOCK_TIMEOUT_MS * 1000;
	req->status = ERR_BUSY;
	append(dev, req);
	int err = dev->ops->submit(dev, req);
	if (err != 0) {
		take_out(dev, req);
		req->status = err;
	}
	return err;
}

int block_poll(struct block_dev *dev)
{
	if (dev->lost != 0)
		return dev->lost;
	/* The clock is read before the device is looked at: time that we spent elsewhere is not its
	 * fault. */
	uint64_t now = clock_us();
	int err = dev->ops->poll(dev);
	if (err == 0)
		err = dev->lost;
	if (err != 0) {
		give_up(dev, err, err);
		return err;
	}
	if (dev->oldest != NULL && now > dev->oldest->deadline_us) {
		give_up(dev, ERR_TIMEOUT, ERR_LOST);
		return ERR_TIMEOUT;
	}
	return 0;
}

int block_submit_wait(struct block_dev *dev, struct block_req *req)
{
	for (;;) {
		int err = block_submit(dev, req);
		if (err != ERR_BUSY)
			return err;
		/* A queue that is full of nothing would never have room again. */
		err = dev->n_in_flight > 0 ? block_poll(dev) : ERR_BUG;
		if (err != 0) {
			req->status = err;
			return err;
		}
		cpu_pause();
	}
}

int block_wait(struct block_dev *dev, struct block_req *req)
{
	while (req->status == ERR_BUSY) {
		if (dev->n_in_flight == 0)
			return ERR_BUG;
		int err = block_poll(dev);
		if (err != 0 && req->status == ERR_BUSY)
			return err;
		cpu_pause();
	}
	return req->status;
}

int block_drain(struct block_dev *dev)
{
	while (dev->n_in_flight > 0) {
		int err = block_poll(dev);
		if (err != 0)
			return err;
		cpu_pause();
	}
	return dev->lost;
}

/* ---- simple transfers ---- */

struct simple {
	struct block_req req[SIMPLE_DEPTH];
	struct block_seg seg[SIMPLE_DEPTH];
};

/* After an error the rest is waited for as well: the requests live on our caller's stack. */
static int wait_for_all(struct block_dev *dev, struct simple *s, int first_err)
{
	for (uint32_t i = 0; i < SIMPLE_DEPTH; i++) {
		int err = block_wait(dev, &s->req[i]);
		if (first_err == 0)
			first_err = err;
	}
	return first_err;
}

static int transfer(struct block_dev *dev, enum block_dir dir, uint64_t lba, uint64_t n, void *buf)
{
	struct simple s = {0};
	uint8_t *at = buf;
	int err = 0;
	for (uint32_t i = 0; n > 0 && err == 0; i = (i + 1) % SIMPLE_DEPTH) {
		struct block_req *req = &s.req[i];
		err = block_wait(dev, req);
		if (err != 0)
			break;
		uint32_t n_now = n < dev->max_sectors ? (uint32_t)n : dev->max_sectors;
		s.seg[i] = (struct block_seg){at, n_now * dev->sector_bytes};
		*req = (struct block_req){
			.dir = dir, .lba = lba, .n_sectors = n_now, .seg = &s.seg[i], .n_segs = 1};
		err = block_submit_wait(dev, req);
		at += s.seg[i].bytes;
		lba += n_now;
		n -= n_now;
	}
	return wait_for_all(dev, &s, err);
}

/* Before the first piece is written, so that a bad call writes nothing at all. */
static int check_whole(const struct block_dev *dev, uint64_t lba, uint64_t n_sectors)
{
	if (lba > dev->n_sectors || n_sectors > dev->n_sectors - lba)
		return ERR_BOUNDS;
	return dev->lost;
}

int block_read(struct block_dev *dev, uint64_t lba, uint64_t n_sectors, void *buf)
{
	int err = check_whole(dev, lba, n_sectors);
	return err != 0 ? err : transfer(dev, BLOCK_READ, lba, n_sectors, buf);
}

int block_write(struct block_dev *dev, uint64_t lba, uint64_t n_sectors, const void *buf)
{
	int err = check_whole(dev, lba, n_sectors);
	if (err != 0)
		return err;
	if (dev->read_only)
		return ERR_READ_ONLY;
	if (!all_writable(dev, lba, n_sectors))
		return ERR_BOUNDS;
	return transfer(dev, BLOCK_WRITE, lba, n_sectors, (void *)(uintptr_t)buf);
}

int block_flush(struct block_dev *dev)
{
	int err = block_drain(dev);
	if (err != 0)
		return err;
	err = dev->ops->flush(dev);
	if (err != 0 && err != ERR_IO)
		give_up(dev, err, err == ERR_TIMEOUT ? ERR_LOST : err);
	return err;
}

int block_park(struct block_dev *dev)
{
	int err = block_drain(dev);
	if (err != 0 || dev->ops->park == NULL)
		return err;
	err = dev->ops->park(dev);
	if (err != 0 && err != ERR_IO)
		give_up(dev, err, err == ERR_TIMEOUT ? ERR_LOST : err);
	return err;
}

void block_stop(struct block_dev *dev)
{
	give_up(dev, ERR_LOST, ERR_LOST);
}

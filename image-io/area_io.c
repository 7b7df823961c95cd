/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the image format, which knows one run of bytes, and disks, which know sectors and the
 * extents of a partition or file. A write outside the extents is impossible here, by
 * construction.
 */
#include "area_io.h"

#include <string.h>

#include "log.h"

static int check_extents(const struct block_dev *dev, const struct block_extent *e, uint32_t n)
{
	if (n == 0 || n > AREA_EXTENTS_MAX)
		return ERR_ARGUMENT;
	for (uint32_t i = 0; i < n; i++) {
		if (e[i].n_sectors == 0 || e[i].lba >= dev->n_sectors ||
			e[i].n_sectors > dev->n_sectors - e[i].lba)
			return ERR_BOUNDS;
		if (i + 1 < n && e[i].n_sectors * dev->sector_bytes % IMG_BLOCK_BYTES != 0)
			return ERR_ARGUMENT;
		for (uint32_t j = 0; j < i; j++)
			if (e[i].lba < e[j].lba + e[j].n_sectors &&
				e[j].lba < e[i].lba + e[i].n_sectors)
				return ERR_ARGUMENT;
	}
	return 0;
}

int area_init(struct area *a, struct block_dev *dev, const struct block_extent *extents,
	uint32_t n_extents)
{
	int err = check_extents(dev, extents, n_extents);
	if (err)
		return err;
	memset(a, 0, sizeof(*a));
	a->dev = dev;
	a->extents = extents;
	a->n_extents = n_extents;
	for (uint32_t i = 0; i < n_extents; i++)
		a->bytes += extents[i].n_sectors * dev->sector_bytes;
	a->bytes -= a->bytes % IMG_BLOCK_BYTES;
	return 0;
}

/* The contiguous run at an offset: its first sector and its length in bytes. */
static int run_at(const struct area *a, uint64_t offset, uint64_t *ret_lba, uint64_t *ret_bytes)
{
	for (uint32_t i = 0; i < a->n_extents; i++) {
		uint64_t bytes = a->extents[i].n_sectors * a->dev->sector_bytes;
		if (offset < bytes) {
			*ret_lba = a->extents[i].lba + offset / a->dev->sector_bytes;
			*ret_bytes = bytes - offset;
			return 0;
		}
		offset -= bytes;
	}
	return ERR_BOUNDS;
}

/* A read that the device could not do is asked for once more: many errors pass. Whether it is under
 * way, or waits for room in the queue until the next poll. */
static bool done_again(struct area *a, struct area_request *r)
{
	if (r->req.status != ERR_IO || r->req.dir != BLOCK_READ || r->again)
		return false;
	int err = block_submit(a->dev, &r->req);
	if (err == ERR_BUSY)
		r->req.status = ERR_IO; /* not under way yet */
	if (err == 0)
		log_line("area: %s: a read of %u sectors at %llu failed and is done again",
			a->dev->name, r->req.n_sectors, (unsigned long long)r->req.lba);
	r->again = err != ERR_BUSY;
	return err == 0 || err == ERR_BUSY;
}

/* Moves finished requests' results into their transfers and frees them. */
static void settle(struct area *a)
{
	for (uint32_t i = 0; i < AREA_REQUESTS; i++) {
		struct area_request *r = &a->request[i];
		if (!r->io || r->req.status == ERR_BUSY || done_again(a, r))
			continue;
		struct area_io *io = r->io;
		r->io = NULL;
		io->n_pending--;
		if (r->req.status && io->status == ERR_BUSY)
			io->status = r->req.status;
		if (r->req.status && r->req.dir == BLOCK_WRITE && !a->failed)
			a->failed = r->req.status;
		if (io->n_pending == 0 && io->status == ERR_BUSY)
			io->status = 0;
	}
}

int area_poll(struct area *a)
{
	int err = block_poll(a->dev);
	settle(a);
	if (err && !a->failed)
		a->failed = err;
	return a->failed;
}

static int free_request(struct area *a, struct area_request **ret)
{
	for (;;) {
		for (uint32_t i = 0; i < AREA_REQUESTS; i++)
			if (!a->request[i].io) {
				*ret = &a->request[i];
				return 0;
			}
		int err = area_poll(a);
		if (err)
			return err;
	}
}

/* Where in a segment list we are. */
struct seg_walk {
	const struct block_seg *seg;
	uint32_t n, done_bytes; /* of *seg */
};

/* Takes up to max bytes from the walk into dst; returns how many. */
static uint64_t take_segs(
	struct seg_walk *w, struct block_seg *dst, uint32_t max_segs, uint64_t max, uint32_t *ret_n)
{
	uint64_t taken = 0;
	uint32_t n = 0;
	while (w->n > 0 && taken < max && n < max_segs) {
		uint64_t left = w->seg->bytes - w->done_bytes;
		uint64_t bytes = left < max - taken ? left : max - taken;
		dst[n++] = (struct block_seg){
			.buf = (uint8_t *)w->seg->buf + w->done_bytes, .bytes = (uint32_t)bytes};
		taken += bytes;
		w->done_bytes += (uint32_t)bytes;
		if (w->done_bytes == w->seg->bytes) {
			w->seg++;
			w->n--;
			w->done_bytes = 0;
		}
	}
	*ret_n = n;
	return taken;
}

static int start_one(struct area *a, struct area_io *io, enum block_dir dir, uint64_t lba,
	uint64_t max_bytes, struct seg_walk *walk, uint64_t *ret_bytes)
{
	struct area_request *r;
	int err = free_request(a, &r);
	if (err)
		return err;
	uint64_t limit = (uint64_t)a->dev->max_sectors * a->dev->sector_bytes;
	limit -= limit % IMG_BLOCK_BYTES;
	uint32_t max_segs = a->dev->max_segs < AREA_SEGS ? a->dev->max_segs : AREA_SEGS;
	memset(&r->req, 0, sizeof(r->req));
	r->again = false;
	*ret_bytes = take_segs(
		walk, r->seg, max_segs, limit < max_bytes ? limit : max_bytes, &r->req.n_segs);
	r->req.dir = dir;
	r->req.lba = lba;
	r->req.n_sectors = (uint32_t)(*ret_bytes / a->dev->sector_bytes);
	r->req.seg = r->seg;
	err = block_submit_wait(a->dev, &r->req);
	if (err)
		return err;
	r->io = io;
	io->n_pending++;
	return 0;
}

static int start_all(struct area *a, struct area_io *io, enum block_dir dir, uint64_t offset,
	struct seg_walk walk, uint64_t bytes)
{
	while (bytes > 0) {
		uint64_t lba, run, done;
		int err = run_at(a, offset, &lba, &run);
		if (!err)
			err = start_one(a, io, dir, lba, run < bytes ? run : bytes, &walk, &done);
		if (err)
			return err;
		offset += done;
		bytes -= done;
	}
	return 0;
}

/* One pending count is the caller's until area_end, so that the transfer cannot end early. */
void area_begin(struct area_io *io)
{
	*io = (struct area_io){.status = ERR_BUSY, .n_pending = 1};
}

int area_add(struct area *a, struct area_io *io, enum block_dir dir, uint64_t offset,
	const struct block_seg *segs, uint32_t n_segs)
{
	uint64_t bytes = 0;
	bool whole = true;
	for (uint32_t i = 0; i < n_segs; i++) {
		bytes += segs[i].bytes;
		whole = whole && segs[i].bytes % IMG_BLOCK_BYTES == 0;
	}
	int err = a->failed;
	if (!err && (bytes == 0 || !whole || offset % IMG_BLOCK_BYTES))
		err = ERR_BUG;
	if (!err && (offset > a->bytes || bytes > a->bytes - offset))
		err = ERR_BOUNDS;
	if (!err)
		err = start_all(
			a, io, dir, offset, (struct seg_walk){.seg = segs, .n = n_segs}, bytes);
	if (err && io->status == ERR_BUSY)
		io->status = err;
	if (err && dir == BLOCK_WRITE && !a->failed)
		a->failed = err;
	return err;
}

void area_end(struct area_io *io)
{
	io->n_pending--;
	if (io->n_pending == 0 && io->status == ERR_BUSY)
		io->status = 0;
}

int area_start(struct area *a, struct area_io *io, enum block_dir dir, uint64_t offset,
	const struct block_seg *segs, uint32_t n_segs)
{
	area_begin(io);
	int err = area_add(a, io, dir, offset, segs, n_segs);
	area_end(io);
	return err;
}

/* Whatever else fails: the device may use the memory until the last request has ended. */
int area_wait(struct area *a, struct area_io *io)
{
	while (io->n_pending > 0) {
		int err = area_poll(a);
		if (err && io->n_pending > 0 && a->dev->n_in_flight == 0)
			return ERR_BUG;
	}
	return io->status;
}

int area_drain(struct area *a)
{
	int err;
	do {
		err = block_drain(a->dev);
		settle(a);
	} while (!err && a->dev->n_in_flight > 0); /* what is done again */
	if (err && !a->failed)
		a->failed = err;
	return a->failed;
}

int area_flush(struct area *a)
{
	int err = area_drain(a);
	if (!err)
		return block_flush(a->dev);
	if (!a->dev->lost)
		a->failed = 0;
	return err;
}

int area_transfer(struct area *a, enum block_dir dir, uint64_t offset, void *buf, size_t bytes)
{
	struct area_io io;
	uint8_t *at = buf;
	while (bytes > 0) {
		uint32_t n = bytes < (1u << 30) ? (uint32_t)bytes : 1u << 30;
		struct block_seg seg = {.buf = at, .bytes = n};
		int err = area_start(a, &io, dir, offset, &seg, 1);
		int ended = area_wait(a, &io); /* after an error too: what was started uses io */
		if (err || ended)
			return err ? err : ended;
		at += n;
		offset += n;
		bytes -= n;
	}
	return 0;
}

static int source_read(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	return area_transfer(ctx, BLOCK_READ, offset, buf, bytes);
}

struct img_source area_source(struct area *a)
{
	return (struct img_source){.read = source_read, .ctx = a, .size = a->bytes};
}

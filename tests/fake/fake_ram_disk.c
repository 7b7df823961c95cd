/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is above the drivers is tested on this: it is slow, fails or falls silent when the test
 * says so.
 */
#include "fake_ram_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

static void take_out(struct fake_ram_disk *d, uint32_t i)
{
	d->n_in_flight--;
	memmove(&d->slot[i], &d->slot[i + 1], (d->n_in_flight - i) * sizeof(d->slot[0]));
}

static void transfer(struct fake_ram_disk *d, const struct block_req *req)
{
	uint8_t *at = d->bytes + req->lba * d->dev.sector_bytes;
	for (uint32_t i = 0; i < req->n_segs; i++) {
		if (req->dir == BLOCK_READ)
			memcpy(req->seg[i].buf, at, req->seg[i].bytes);
		else
			memcpy(at, req->seg[i].buf, req->seg[i].bytes);
		at += req->seg[i].bytes;
	}
}

static bool fails(struct fake_ram_disk *d, const struct block_req *req, uint32_t number)
{
	if (req->dir == BLOCK_WRITE)
		return number == d->fail_write;
	bool bad =
		d->bad_lba != 0 && d->bad_lba >= req->lba && d->bad_lba - req->lba < req->n_sectors;
	if (d->fail_read != 0 && number == d->fail_read) {
		d->failed_read = number;
		d->failed_lba = req->lba;
		return true;
	}
	bool again = d->fail_read != 0 && d->failed_read == d->fail_read && !d->fail_read_once &&
		     req->lba == d->failed_lba;
	return bad || again;
}

static void finish(struct fake_ram_disk *d, uint32_t i)
{
	struct block_req *req = d->slot[i].req;
	bool failed = fails(d, req, d->slot[i].number_of_dir);
	take_out(d, i);
	if (!failed || (req->dir == BLOCK_WRITE && d->write_gets_through))
		transfer(d, req);
	block_done(&d->dev, req, failed ? ERR_IO : 0);
}

static int ram_submit(struct block_dev *dev, struct block_req *req)
{
	struct fake_ram_disk *d = (struct fake_ram_disk *)dev;
	if (d->is_stopped)
		fake_fail("a request to a disk that was stopped");
	if (d->n_in_flight == dev->queue_depth)
		return ERR_BUSY;
	if (++d->n_submitted == d->fail_submit)
		return ERR_IO;
	uint32_t n = req->dir == BLOCK_READ ? ++d->n_reads : ++d->n_writes;
	uint32_t i = d->n_in_flight++;
	d->slot[i].req = req;
	d->slot[i].ready_us = fake_clock_now_us + d->latency_us;
	d->slot[i].number = d->n_submitted;
	d->slot[i].number_of_dir = n;
	if (d->n_in_flight > d->n_most_in_flight)
		d->n_most_in_flight = d->n_in_flight;
	return 0;
}

static bool ready(const struct fake_ram_disk *d, uint32_t i)
{
	if (d->silent_from != 0 && d->slot[i].number >= d->silent_from)
		return false;
	return d->slot[i].ready_us <= fake_clock_now_us;
}

static int ram_poll(struct block_dev *dev)
{
	struct fake_ram_disk *d = (struct fake_ram_disk *)dev;
	if (d->lost_from != 0 && d->n_submitted >= d->lost_from)
		return ERR_LOST;
	if (d->newest_first) {
		for (uint32_t i = d->n_in_flight; i-- > 0;)
			if (ready(d, i))
				finish(d, i);
		return 0;
	}
	for (uint32_t i = 0; i < d->n_in_flight;) {
		if (ready(d, i))
			finish(d, i);
		else
			i++;
	}
	return 0;
}

static int ram_flush(struct block_dev *dev)
{
	struct fake_ram_disk *d = (struct fake_ram_disk *)dev;
	if (d->n_in_flight != 0)
		fake_fail("a flush with requests in flight");
	return ++d->n_flushes == d->fail_flush ? ERR_IO : 0;
}

static void ram_stop(struct block_dev *dev)
{
	struct fake_ram_disk *d = (struct fake_ram_disk *)dev;
	d->is_stopped = true;
	d->n_in_flight = 0;
}

static const struct block_ops ram_ops = {ram_submit, ram_poll, ram_flush, ram_stop, NULL};

void fake_ram_disk_init(struct fake_ram_disk *d, uint32_t sector_bytes, uint64_t n_sectors)
{
	memset(d, 0, sizeof(*d));
	d->bytes = calloc(n_sectors, sector_bytes);
	if (d->bytes == NULL)
		fake_fail("no memory for a disk");
	d->dev.ops = &ram_ops;
	strcpy(d->dev.name, "ram");
	d->dev.sector_bytes = sector_bytes;
	d->dev.n_sectors = n_sectors;
	d->dev.max_sectors = 1u << 20;
	d->dev.max_segs = 64;
	d->dev.dma_align = 512;
	d->dev.queue_depth = FAKE_RAM_DISK_DEPTH;
	d->may_write = (struct block_extent){0, n_sectors};
	block_allow_writes(&d->dev, &d->may_write, 1);
}

void fake_ram_disk_free(struct fake_ram_disk *d)
{
	free(d->bytes);
	d->bytes = NULL;
}

void fake_ram_disks_init(struct fake_ram_disk *d, uint32_t n, uint32_t sector_bytes,
	uint64_t n_sectors, struct disks *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; i < n; i++) {
		fake_ram_disk_init(&d[i], sector_bytes, n_sectors);
		snprintf(d[i].dev.name, sizeof(d[i].dev.name), "ram %u", i);
		ret->dev[ret->n++] = &d[i].dev;
	}
}

void fake_ram_disks_free(struct fake_ram_disk *d, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		fake_ram_disk_free(&d[i]);
}

void fake_ram_disk_no_faults(struct fake_ram_disk *d)
{
	d->latency_us = d->bad_lba = 0;
	d->newest_first = d->write_gets_through = false;
	d->fail_read = d->fail_write = d->fail_submit = d->silent_from = d->lost_from = 0;
	d->fail_flush = d->failed_read = 0;
	d->fail_read_once = false;
	d->n_submitted = d->n_reads = d->n_writes = d->n_flushes = d->n_most_in_flight = 0;
}

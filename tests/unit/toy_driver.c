/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The toy driver. */
#include "toy_driver.h"

#include "test.h"

#include <string.h>

#include "machine.h"

struct toy toy;

static void toy_transfer(const struct block_req *req)
{
	uint8_t *at = toy.disk + req->lba * SECTOR;
	for (uint32_t i = 0; i < req->n_segs; i++) {
		if (req->dir == BLOCK_READ)
			memcpy(req->seg[i].buf, at, req->seg[i].bytes);
		else
			memcpy(at, req->seg[i].buf, req->seg[i].bytes);
		at += req->seg[i].bytes;
	}
}

static void toy_finish(int i)
{
	struct block_req *req = toy.slot[i].req;
	int number = toy.slot[i].number;
	bool fails = number == toy.plan.fail_at;
	if (!fails)
		toy_transfer(req);
	toy.slot[i].req = NULL;
	if (toy.reported != NULL)
		block_done(&toy.dev, toy.reported, 0);
	toy.reported = number == toy.plan.twice_at ? req : NULL;
	block_done(&toy.dev, req, fails ? toy.plan.fail_status : 0);
}

static int toy_submit(struct block_dev *dev, struct block_req *req)
{
	assert_ptr_equal(dev, &toy.dev);
	assert_int_equal(toy.n_stops, 0);
	if (toy.plan.always_busy)
		return ERR_BUSY;
	for (int i = 0; i < DEPTH; i++) {
		if (toy.slot[i].req != NULL)
			continue;
		int number = toy.n_submitted++;
		if (number == toy.plan.refuse_at)
			return toy.plan.refuse_err;
		toy.slot[i].req = req;
		toy.slot[i].number = number;
		toy.slot[i].ready_us = number == toy.plan.silent_at
					       ? UINT64_MAX
					       : fake_clock_now_us + toy.plan.latency_us;
		if ((int)dev->n_in_flight > toy.n_most)
			toy.n_most = (int)dev->n_in_flight;
		if (toy.plan.at_submit)
			toy_finish(i);
		return 0;
	}
	return ERR_BUSY;
}

static int toy_next(void)
{
	int next = -1;
	for (int i = 0; i < DEPTH; i++) {
		if (toy.slot[i].req == NULL || toy.slot[i].ready_us > fake_clock_now_us)
			continue;
		if (next < 0 || (toy.slot[i].number < toy.slot[next].number) != toy.plan.backwards)
			next = i;
	}
	return next;
}

static int toy_poll(struct block_dev *dev)
{
	(void)dev;
	assert_int_equal(toy.n_stops, 0);
	if (toy.plan.poll_err != 0)
		return toy.plan.poll_err;
	for (int i = toy_next(); i >= 0; i = toy_next())
		toy_finish(i);
	return 0;
}

static int toy_flush(struct block_dev *dev)
{
	assert_int_equal(dev->n_in_flight, 0);
	toy.n_flushes++;
	return toy.plan.flush_err;
}

static void toy_stop(struct block_dev *dev)
{
	/* The device is stopped before any request ends. */
	if (toy.n_stops == 0 && dev->lost == 0) {
		for (struct block_req *r = dev->oldest; r != NULL; r = r->next)
			assert_int_equal(r->status, ERR_BUSY);
	}
	toy.n_stops++;
}

const struct block_ops toy_ops = {toy_submit, toy_poll, toy_flush, toy_stop, NULL};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only door to a disk. Drivers implement struct block_ops; everybody else calls the block_
 * functions, which check bounds, permission and alignment, split what is too long, and keep
 * deadlines. Requests complete in any order. Nothing here allocates; nothing uses interrupts.
 *
 * Units: lba and n_sectors count the device's own logical sectors (512 or 4096 bytes).
 */
#ifndef DRIVERS_BLOCK_H
#define DRIVERS_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

#define BLOCK_NAME_MAX         40
#define BLOCK_ID_MAX           64
#define BLOCK_TIMEOUT_MS       15000 /* a request that takes longer makes the device ERR_LOST */
#define BLOCK_PARK_TIMEOUT_MS  30000
#define BLOCK_FLUSH_TIMEOUT_MS 60000 /* the same for a flush; kept by the driver */

enum block_dir { BLOCK_READ, BLOCK_WRITE };

/* One piece of memory of a request; identity-mapped, device-addressable. */
struct block_seg {
	void *buf;
	uint32_t bytes; /* a multiple of the device's dma_align; all pieces together: n_sectors */
};

/* The caller's memory; it and its segments stay as they are while status is ERR_BUSY. */
struct block_req {
	enum block_dir dir;
	uint64_t lba;
	uint32_t n_sectors; /* 1 .. dev->max_sectors */
	const struct block_seg *seg;
	uint32_t n_segs; /* 1 .. dev->max_segs */
	int status;      /* ERR_BUSY from submit until done, then 0 or negative; all or nothing */
	void *owner;     /* for the caller */

	/* block.c and the driver */
	uint64_t deadline_us;
	struct block_req *next;
	uint32_t tag;
};

/* A run of sectors that may be written. */
struct block_extent {
	uint64_t lba, n_sectors;
};

struct block_dev;

struct block_ops {
	/* Gives the request to the device. ERR_BUSY: queue full, nothing happened. Called only with
	 * requests that block.c has checked. */
	int (*submit)(struct block_dev *dev, struct block_req *req);
	/* Takes finished requests off the device: for each, block_done(). 0, or negative: device
	 * lost; block.c then calls stop. */
	int (*poll)(struct block_dev *dev);
	/* Everything written so far is durable when it returns 0. Called with an empty queue;
	 * waits, with a deadline. ERR_IO: the device refused, but lives; any other error: device
	 * lost. */
	int (*flush)(struct block_dev *dev);
	/* Afterwards the device does no DMA, ever, and its bus mastering is off. Safe to call
	 * twice, and on a device that is broken. */
	void (*stop)(struct block_dev *dev);
	/* The power is about to go off: as flush, and moving parts come to rest. NULL: nothing
	 * to be done but stop. */
	int (*park)(struct block_dev *dev);
};

/* Embedded in the driver's own struct. Filled by the driver's probe. */
struct block_dev {
	const struct block_ops *ops;
	char name[BLOCK_NAME_MAX]; /* "virtio-blk 00:03.0", "nvme 00:04.0 ns 1", "ahci ..." */
	char serial[BLOCK_ID_MAX]; /* as the device gives it, blanks trimmed; "" when it has none */
	uint32_t pci_address;      /* segment << 16 | bus << 8 | device << 3 | function */
	uint32_t unit;             /* NVMe namespace, AHCI port; 0 where there is only one */
	uint32_t sector_bytes;     /* 512 or 4096 */
	uint64_t n_sectors;
	uint32_t max_sectors; /* of one request */
	uint32_t max_segs;    /* of one request */
	uint32_t dma_align;   /* every seg.buf and every seg.bytes: a multiple of this */
	uint32_t join_align;  /* so are both addresses where two pieces meet; 0: they need not be */
	uint32_t queue_depth; /* requests in flight */
	bool read_only;

	/* block.c */
	const struct block_extent *may_write;
	uint32_t n_may_write;
	struct block_req *oldest, *newest; /* in flight, in the order of submission */
	uint32_t n_in_flight;
	int lost;                           /* 0, or the error that every further request gets */
	uint64_t bytes_read, bytes_written; /* completed */
};

/* Names the only sectors that may be written; until then, and with n 0, every write is ERR_BOUNDS.
 * The list stays the caller's. */
void block_allow_writes(struct block_dev *dev, const struct block_extent *extents, uint32_t n);

/* ERR_BUSY: poll and try again. ERR_BOUNDS: outside the device or the permitted extents, or
 * segments that do not fit; ERR_READ_ONLY; the device's error when it is lost. On any error req is
 * not taken. */
int block_submit(struct block_dev *dev, struct block_req *req) MUST_CHECK;

/* Reaps finished requests (their status changes) and looks at the deadlines: when one has passed
 * the device is stopped, every request in flight ends with ERR_TIMEOUT, which is returned; later
 * calls get ERR_LOST. 0 or the reason it is lost. */
int block_poll(struct block_dev *dev) MUST_CHECK;

/* Submits, polling while the queue is full. */
int block_submit_wait(struct block_dev *dev, struct block_req *req) MUST_CHECK;

/* Polls until this request, or all requests, are done. Returns the request's status, or 0/lost. */
int block_wait(struct block_dev *dev, struct block_req *req) MUST_CHECK;
int block_drain(struct block_dev *dev) MUST_CHECK;

/* Simple transfers of any length, split and waited for. buf: dma_align and contiguous. */
int block_read(struct block_dev *dev, uint64_t lba, uint64_t n_sectors, void *buf) MUST_CHECK;
int block_write(
	struct block_dev *dev, uint64_t lba, uint64_t n_sectors, const void *buf) MUST_CHECK;

/* Drains, then makes everything durable. */
int block_flush(struct block_dev *dev) MUST_CHECK;

/* Drains, then prepares the device for the loss of power; afterwards it may only be stopped. */
int block_park(struct block_dev *dev) MUST_CHECK;

/* Stops the device, then ends every request in flight with ERR_LOST. For good: all later calls
 * fail. */
void block_stop(struct block_dev *dev);

/* For drivers, from poll: this request has ended. A request that is not in flight is a bug: ERR_BUG
 * is then what the device is lost with. */
void block_done(struct block_dev *dev, struct block_req *req, int status);

#endif

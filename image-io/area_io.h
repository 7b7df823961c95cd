/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image area on a block device: offsets of the image format become sectors of a disk by the
 * extent list, long transfers become requests, many of them in flight. Used by writer and loader.
 */
#ifndef IMAGE_IO_AREA_IO_H
#define IMAGE_IO_AREA_IO_H

#include "block.h"
#include "img.h"

#define AREA_REQUESTS    64u
#define AREA_SEGS        32u /* of one request */
#define AREA_EXTENTS_MAX 1024u

/* One transfer of any length: several requests. The caller's; status as in struct block_req. */
struct area_io {
	int status;
	uint32_t n_pending;
};

struct area_request {
	struct block_req req;
	struct block_seg seg[AREA_SEGS];
	struct area_io *io; /* NULL: free */
	bool again;         /* a read that failed once; the second failure counts */
};

struct area {
	struct block_dev *dev;
	const struct block_extent *extents;
	uint32_t n_extents;
	uint64_t bytes; /* whole blocks */
	struct area_request request[AREA_REQUESTS];
	int failed; /* the first error of a write since the last flush, or of the device; sticks */
};

/* Extents must lie inside the device, not overlap, and each hold whole image blocks (but for the
 * last, whose rest is unused). They stay the caller's. ERR_BOUNDS, ERR_ARGUMENT. */
int area_init(struct area *a, struct block_dev *dev, const struct block_extent *extents,
	uint32_t n_extents) MUST_CHECK;

/* Starts a transfer at an offset, both multiples of IMG_BLOCK_BYTES; waits only while all requests
 * are in use. segs are copied, the memory they name is not; each holds whole blocks. On an error
 * io->status has it too, and parts that were started before may still be under way: wait for
 * them. */
int area_start(struct area *a, struct area_io *io, enum block_dir dir, uint64_t offset,
	const struct block_seg *segs, uint32_t n_segs) MUST_CHECK;

/* The same for a transfer of several pieces: begin, any number of adds, end; then it can be waited
 * for. After an error of an add the transfer has that status, and is ended and waited for as
 * usual. */
void area_begin(struct area_io *io);
int area_add(struct area *a, struct area_io *io, enum block_dir dir, uint64_t offset,
	const struct block_seg *segs, uint32_t n_segs) MUST_CHECK;
void area_end(struct area_io *io);

/* Reaps what is finished: io->status changes from ERR_BUSY. 0, or a->failed. */
int area_poll(struct area *a) MUST_CHECK;
/* Until nothing of this transfer is under way, whatever happens to others; its status. */
int area_wait(struct area *a, struct area_io *io) MUST_CHECK;
int area_drain(struct area *a) MUST_CHECK;
/* Drains, then makes everything durable; or tells of a write that failed since the last flush. What
 * is written afterwards is judged anew, unless the device is lost. */
int area_flush(struct area *a) MUST_CHECK;

/* One contiguous buffer, waited for. */
int area_transfer(
	struct area *a, enum block_dir dir, uint64_t offset, void *buf, size_t bytes) MUST_CHECK;

/* The same as the image format wants it. ctx is the area. */
struct img_source area_source(struct area *a);

#endif

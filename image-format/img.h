/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Torpor images: the API. Pure: no hardware, no allocation, no logging; all memory is the caller's.
 * The same sources are built for the freestanding programs and for Linux.
 *
 * Errors: 0, or a negative enum img_err; an error of a source or destination is passed through as
 * it is (they use numbers below -63). Iterators return 1 (one more), 0 (end) or a negative error.
 */
#ifndef IMAGE_FORMAT_IMG_H
#define IMAGE_FORMAT_IMG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "img_layout.h"

#define IMG_MUST_CHECK __attribute__((warn_unused_result))

enum img_err {
	/* Nothing there: boot on quietly. */
	IMG_ERR_NO_AREA = -1,   /* no header copy has our magic */
	IMG_ERR_EMPTY = -2,     /* an area without an image */
	IMG_ERR_SPENT = -3,     /* LAUNCHED or CONSUMED: resumed before */
	IMG_ERR_NOT_FOUND = -4, /* no node or object of that name */

	/* The image is bad: say which field, boot on. struct img_fault has the place. */
	IMG_ERR_HEADER = -10,   /* our magic, but no copy whose hash and fields are good */
	IMG_ERR_VERSION = -11,  /* another major version */
	IMG_ERR_INCOMPAT = -12, /* an incompat bit that we do not know */
	IMG_ERR_ROOT = -13,
	IMG_ERR_INDEX = -14,
	IMG_ERR_DATA = -15,   /* a chunk's content does not have its hash, or LZ4 does not decode */
	IMG_ERR_STREAM = -16, /* a state stream (state.h) is damaged, or lacks what is required */
	IMG_ERR_TRUNCATED = -17, /* the area is smaller than the image says */
	IMG_ERR_MAP = -18,       /* an extent map (extent_map.h) is damaged, or of another disk */

	/* The caller. */
	IMG_ERR_FULL = -30,     /* the area has no room for the image */
	IMG_ERR_WORK = -31,     /* work memory or buffer too small, or a limit of this writer */
	IMG_ERR_ARGUMENT = -32, /* an argument that the contract forbids */
};

/* A short lower-case text without full stop; never NULL. */
const char *img_err_text(int err);

/* Where an image is bad: filled whenever a call that has a place for it returns IMG_ERR_HEADER to
 * IMG_ERR_MAP. */
struct img_fault {
	const char *what; /* "header generation", "index record count", ...: a constant text */
	uint64_t where;   /* byte offset in the area */
	uint64_t found, wanted; /* wanted: of several good values the largest */
};

/* ---- Extents: the area as a list of sector runs on one disk ---- */

struct img_extent {
	uint64_t lba, n_sectors;
};

/* Translates [offset, offset + bytes) of the area, both multiples of sector_bytes, to the disk: the
 * first contiguous run, *ret_lba and *ret_bytes (<= bytes). IMG_ERR_ARGUMENT outside the area. */
int img_extent_map(const struct img_extent *e, uint32_t n, uint32_t sector_bytes, uint64_t offset,
	uint64_t bytes, uint64_t *ret_lba, uint64_t *ret_bytes) IMG_MUST_CHECK;

/* Sum of the extents in bytes; IMG_ERR_ARGUMENT when one is empty, two overlap, or it overflows. */
int img_extent_check(const struct img_extent *e, uint32_t n, uint32_t sector_bytes,
	uint64_t *ret_bytes) IMG_MUST_CHECK;

/* ---- Reading ---- */

/* Reads whole blocks: offset and bytes are multiples of IMG_BLOCK_BYTES, buf is block-aligned. */
struct img_source {
	int (*read)(void *ctx, uint64_t offset, void *buf, size_t bytes);
	void *ctx;
	uint64_t size; /* of the area, bytes */
};

/* Both header copies read and judged; which one counts, and what is wrong with the others. */
struct img_headers {
	struct img_header h;    /* the one that counts */
	uint32_t slot;          /* its place, 0 or 1 */
	int err[IMG_N_HEADERS]; /* per copy: 0 or what is wrong with it */
};

/* block: IMG_BLOCK_BYTES, aligned. IMG_ERR_NO_AREA, _HEADER, _VERSION, _INCOMPAT, _TRUNCATED or the
 * source's. States are not judged here. A copy that cannot be read or whose hash is wrong does not
 * hide a good one; of the others the newest decides, even when it must be refused. *ret_fault tells
 * of a damaged copy also when the other one is good and 0 is returned; what is NULL when there is
 * nothing. */
int img_read_headers(const struct img_source *src, void *block, struct img_headers *ret,
	struct img_fault *ret_fault) IMG_MUST_CHECK;

/* Judges a state: 0 for VALID and LOADING, IMG_ERR_EMPTY, IMG_ERR_SPENT. */
int img_state_check(const struct img_header *h) IMG_MUST_CHECK;

struct img_reader {
	const struct img_source *src;
	struct img_header h;
	struct img_fault fault;
	uint8_t *root; /* in work */
	const struct img_root *dir;
};

/* Reads and checks the root. work: block-aligned, IMG_READER_WORK_MIN or more (the root must fit:
 * else IMG_ERR_WORK); it stays in use as long as the reader. */
#define IMG_READER_WORK_MIN (64u * 1024u)
int img_open(struct img_reader *r, const struct img_source *src, const struct img_header *h,
	void *work, size_t work_bytes) IMG_MUST_CHECK;

uint32_t img_node_count(const struct img_reader *r);
int img_node_at(const struct img_reader *r, uint32_t i, struct img_node_rec *ret) IMG_MUST_CHECK;
int img_object_at(
	const struct img_reader *r, uint32_t i, struct img_object_rec *ret) IMG_MUST_CHECK;
int img_find(const struct img_reader *r, const char *node, const char *object,
	struct img_object_rec *ret) IMG_MUST_CHECK;

/* Walks the chunks of an object; every record is checked against the format, the area and its
 * neighbour before it is given out. block: IMG_INDEX_BLOCK_MAX, block-aligned, the cursor's own. */
struct img_cursor {
	struct img_reader *r;
	struct img_object_rec object;
	uint8_t *block;
	uint32_t next_block, n_in_block, next_in_block;
	uint64_t n_seen, pages_seen, end_of_last;
	uint64_t block_offset;
};
int img_cursor_init(struct img_cursor *c, struct img_reader *r, const struct img_object_rec *object,
	void *block) IMG_MUST_CHECK;
int img_next(struct img_cursor *c, struct img_chunk_rec *ret) IMG_MUST_CHECK;

/* Uncompressed bytes of a chunk, as its record says. */
uint64_t img_chunk_bytes(const struct img_chunk_rec *c, enum img_object_type type);

/* Stored form to content: LZ4 is decoded into dst (which has exactly img_chunk_bytes, and is never
 * written beyond), raw is copied unless dst == stored, fill is spread. No hash check. */
int img_decode(const struct img_chunk_rec *c, enum img_object_type type, const void *stored,
	void *dst) IMG_MUST_CHECK;

/* IMG_ERR_DATA when content is not what the record's hash says. Always 0 for IMG_FILL. */
int img_check_hash(const struct img_chunk_rec *c, enum img_object_type type,
	const void *content) IMG_MUST_CHECK;
uint64_t img_hash(const void *data, size_t bytes); /* XXH64, seed 0 */

/* Content of one chunk of a byte stream, checked. scratch: at least IMG_BYTES_CHUNK_MAX +
 * IMG_BLOCK_BYTES, block-aligned; dst: img_chunk_bytes(). */
int img_read_chunk(struct img_reader *r, const struct img_chunk_rec *c, void *scratch,
	void *dst) IMG_MUST_CHECK;

/* A whole byte stream into buf, checked. scratch: at least IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES,
 * block-aligned; block as for a cursor. IMG_ERR_WORK when cap is too small. */
int img_read_bytes(struct img_reader *r, const struct img_object_rec *object, void *block,
	void *scratch, void *buf, size_t cap, size_t *ret_bytes) IMG_MUST_CHECK;

/* ---- Writing ---- */

/* Where a writer puts bytes. Offsets and sizes are multiples of IMG_BLOCK_BYTES. */
struct img_dest {
	/* A free output buffer of buffer_bytes, block-aligned; waits while all are being written.
	 * NULL: the device has failed (flush will say how). One is asked for at a time. */
	void *(*buffer)(void *ctx);
	/* Starts writing; from the start of a buffer (which is free again when it is done; nobody
	 * looks at it any more) or from memory that does not change before flush returns. Of any
	 * length up to buffer_bytes. May report the error of an earlier write. */
	int (*write)(void *ctx, uint64_t offset, const void *data, size_t bytes);
	/* Waits for all writes, makes them durable. */
	int (*flush)(void *ctx);
	void *ctx;
	size_t buffer_bytes; /* of each buffer; at least IMG_CHUNK_PAGES_MAX pages */
	uint64_t size;       /* of the area; what is beyond the last whole block is not used */
};

struct img_params {
	uint8_t area_uuid[16], image_uuid[16];
	uint64_t created_unix_s;
	uint64_t compat; /* IMG_COMPAT_REUSABLE */
	char label[64];
	uint64_t generation; /* of the newest header copy that is there now; 0 when there is none */
	uint32_t slot;       /* and its place: the new header goes into the other one first */
	uint32_t chunk_pages; /* 1 .. IMG_CHUNK_PAGES_MAX: how many frames go into one LZ4 block */
	/* 0, or used_bytes of the image that is there: the new one is put behind it, and the old
	 * one stays as it is until the commit. */
	uint64_t beside;
};

/* Counters that only grow; a writer program shows progress from them. */
struct img_write_stats {
	uint64_t pages, pages_raw, pages_lz4, pages_fill;
	uint64_t chunks, bytes_stored; /* data only */
};

#define IMG_WRITER_NODES_MAX   32u /* limits of this writer, not of the format */
#define IMG_WRITER_OBJECTS_MAX 256u

/* Everything inside is private to write*.c; it is here so that the caller can make one. */
struct img_writer {
	const struct img_dest *d;
	struct img_headers hs; /* as they are on disk */
	struct img_header h;   /* as it will be committed */
	struct img_write_stats stats;
	uint32_t chunk_pages;
	uint32_t phase;
	bool keeps_old;
	int err; /* the first one; every later call returns it */

	uint64_t pos; /* the next free byte of the area */
	uint8_t *out; /* open buffer; its first byte lies at pos - out_used */
	size_t out_used;
	const uint8_t *raw; /* frames not yet given to the device: more may follow on */
	uint64_t raw_offset;
	size_t raw_bytes;

	/* in work */
	void *lz4;
	uint8_t *header_block, *tail, *root;
	struct img_chunk_rec *index;
	struct img_node_rec *nodes;
	struct img_object_rec *objects;
	struct img_block_rec *blocks;
	uint32_t n_index, n_nodes, n_objects, n_blocks, max_blocks;
	uint64_t end_of_last; /* first + count of the last chunk */
};

/* Bytes of work for an image of so many frames; no more than about 1.2 MiB. */
size_t img_writer_work(uint64_t n_pages_max, const struct img_params *p);
/* Makes the area EMPTY (both header copies, flushed), so that no old header points at data that is
 * being overwritten; with params.beside nothing is written yet. work: block-aligned, of
 * img_writer_work() bytes; it and d stay in use until the commit. The first error sticks: every
 * later call returns it. A save that is not committed leaves nothing behind. */
int img_begin(struct img_writer *w, const struct img_dest *d, const struct img_params *p,
	void *work, size_t work_bytes) IMG_MUST_CHECK;
/* IMG_ERR_ARGUMENT also when there is one of this name: among the nodes; in the node. */
int img_node_begin(struct img_writer *w, const char *name) IMG_MUST_CHECK;
int img_object_begin(
	struct img_writer *w, const char *name, enum img_object_type type) IMG_MUST_CHECK;
/* Frames pfn .. pfn + n, ascending over the whole object. data: n frames, contiguous,
 * block-aligned. Frames of one repeated 64-bit word become fill chunks, the rest LZ4, or raw where
 * LZ4 saves less than 1/16. Raw frames may be written straight from data (see img_dest.write), also
 * after the return. */
int img_pages(struct img_writer *w, uint64_t pfn, uint32_t n, const void *data) IMG_MUST_CHECK;
/* The same for n frames that all hold value in each 64-bit word. */
int img_fill(struct img_writer *w, uint64_t pfn, uint64_t n, uint64_t value) IMG_MUST_CHECK;
int img_bytes(struct img_writer *w, const void *data, size_t bytes) IMG_MUST_CHECK;
int img_object_end(struct img_writer *w) IMG_MUST_CHECK;
int img_node_end(struct img_writer *w) IMG_MUST_CHECK;
/* Root, flush, header, flush: the only step that makes the image exist. Exactly one header copy is
 * written; with params.beside then the other one too, so that the old image never comes back, and
 * an error leaves the old one or the new one. Without it, on an error the area is without an image:
 * when the header itself may have got through, both copies are made EMPTY again, as far as the
 * device still obeys. */
int img_commit(struct img_writer *w) IMG_MUST_CHECK;
const struct img_write_stats *img_stats(const struct img_writer *w);

/* Moves an image to another state: flushes what was read, writes the copy that does not count now,
 * flushes. A state that
 * forbids a resume (EMPTY, LAUNCHED, CONSUMED) is then put into the other copy too, flushed, so
 * that no single lost sector brings a resumable one back. Updates *hs with every copy that is
 * durable: after an error hs says what counts. IMG_ERR_ARGUMENT from EMPTY to anything else.
 * block: IMG_BLOCK_BYTES, aligned. */
int img_set_state(const struct img_dest *d, struct img_headers *hs, enum img_state state,
	uint32_t attempts, void *block) IMG_MUST_CHECK;

/* After a header could not be written while the system that was saved goes on: no image that can be
 * resumed may stay. EMPTY into both copies, whichever fails, each flushed; hs as img_set_state left
 * it. */
void img_retract(const struct img_dest *d, const struct img_headers *hs, void *block);

/* Makes an area: both headers EMPTY with this uuid, flushed. Whatever was there is gone. */
int img_format_area(
	const struct img_dest *d, const uint8_t area_uuid[16], void *block) IMG_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reader for the hibernation images of unmodified Linux kernels (swsusp), x86-64. Pure: no
 * hardware, no allocation, no logging; all memory is the caller's. The same sources are built for
 * the freestanding programs and for Linux. README.md has the facts about the format and where they
 * are from; swsusp_layout.h has the structs.
 *
 * An image is a stream of 4096-byte pages: info page, frame list, data. Swap map pages say where on
 * the disk each page of the stream is stored; a stored page is called a slot here (slot 0 is the
 * info page). Uncompressed, slot n is page n of the stream. Compressed, the stream after the info
 * page is cut into units of 32 pages, and each unit takes the slots that it needs.
 *
 * A loader's order of work:
 *   1. swsusp_read_header: one read; SWSUSP_ERR_NONE means boot on quietly.
 *   2. swsusp_open: walks and checks the map, the info page and the frame list. Nothing but the
 *      caller's work memory has been written yet.
 *   3. swsusp_frames and swsusp_next: check each run of frames against the memory ranges, and
 *      choose memory that the image does not restore. Then move there: copy work_used bytes of the
 *      work memory, swsusp_rebase.
 *   4. Uncompressed: swsusp_plan_next gives runs of disk pages and the frames they go to.
 *      Compressed: read the slots ahead (swsusp_slots, swsusp_next), in order; swsusp_unit_next
 *      frames each unit, swsusp_unit_decode decodes it (in any order, on any processor); the frames
 *      come from swsusp_data_frames, the checksum goes through swsusp_crc, at last
 *      swsusp_crc_check. Frames marked zero are filled with zeros. Frames not listed are left
 *      alone.
 *   5. swsusp_paging_levels on the restored memory.
 *   6. swsusp_consume on the header page, write it, flush, jump.
 *
 * Errors: 0, or a negative enum swsusp_err; an error of the source is passed through as it is (they
 * use numbers from -64 to -127). Iterators return 1 (one more), 0 (end) or a negative error.
 */
#ifndef SWSUSP_SWSUSP_H
#define SWSUSP_SWSUSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "swsusp_layout.h"

#define SWSUSP_MUST_CHECK __attribute__((warn_unused_result))

enum swsusp_err {
	/* Nothing there: boot on quietly. */
	SWSUSP_ERR_NONE = -128,    /* a swap area without an image */
	SWSUSP_ERR_NO_SWAP = -129, /* not even a swap area */

	/* An image, perhaps a good one, of a kind that this reader does not know. struct
	 * swsusp_fault has the name of it. Never touched. */
	SWSUSP_ERR_USERSPACE = -132, /* of uswsusp (s2disk) */
	SWSUSP_ERR_FLAGS = -133,     /* unknown flags, or a combination that no kernel writes */
	SWSUSP_ERR_OLD = -134,       /* saved by a kernel before 5.13 */
	SWSUSP_ERR_32BIT = -135,     /* saved by an i386 kernel */
	SWSUSP_ERR_MAGIC = -136,     /* an unknown restore record */

	/* The image is bad: say which field, boot on. */
	SWSUSP_ERR_HEADER = -140,
	SWSUSP_ERR_MAP = -141,
	SWSUSP_ERR_LOOP = -142, /* the chain of map pages runs into itself */
	SWSUSP_ERR_INFO = -143,
	SWSUSP_ERR_FRAMES = -144, /* the frame list */
	SWSUSP_ERR_UNIT = -145,   /* the length of a compressed unit, or their number */
	SWSUSP_ERR_DATA = -146,   /* a unit that does not decode, or not to its length */
	SWSUSP_ERR_CRC = -147,    /* all of it decodes, to something else */
	SWSUSP_ERR_ENTRY = -148,  /* the image kernel's page tables do not lead to its entry */

	/* The caller. */
	SWSUSP_ERR_WORK = -156,     /* work memory too small: fault has what it takes at most */
	SWSUSP_ERR_ARGUMENT = -157, /* an argument that the contract forbids */
};

/* A short lower-case text without full stop; never NULL. */
const char *swsusp_err_text(int err);

/* What is wrong: filled whenever a call that has a ret_fault returns an error of this library, but
 * for SWSUSP_ERR_NONE, _NO_SWAP and _ARGUMENT. */
struct swsusp_fault {
	const char *what; /* "map entry", "info page count", ...: a constant text */
	uint64_t page;    /* of the disk, where it was found */
	uint64_t found, wanted;
};

/* Reads whole pages of the resume device (the partition; for a swap file the partition that it is
 * on). buf is page-aligned. */
struct swsusp_source {
	int (*read)(void *ctx, uint64_t page, uint32_t n_pages, void *buf);
	void *ctx;
	uint64_t n_pages; /* of the device, 2^40 at most */
};

/* ---- Header ---- */

enum swsusp_codec { SWSUSP_CODEC_RAW, SWSUSP_CODEC_LZO, SWSUSP_CODEC_LZ4 };

struct swsusp_header {
	uint64_t page; /* its place: resume_offset, 0 for a swap partition */
	uint64_t map_page;
	uint32_t flags; /* enum swsusp_flags */
	enum swsusp_codec codec;
	uint32_t crc;       /* 0 for SWSUSP_CODEC_RAW: such an image has no checksum at all */
	uint32_t hw_sig;    /* compare with the FACS when flags has SWSUSP_HW_SIG */
	uint32_t last_page; /* of the swap area */
	uint8_t uuid[16];   /* of the swap area; mkswap makes a new one */
	char label[17];     /* zero terminated */
};

/* Reads and judges the header page into buf (a page, page-aligned), where it stays for
 * swsusp_consume. */
int swsusp_read_header(const struct swsusp_source *src, uint64_t page, void *buf,
	struct swsusp_header *ret, struct swsusp_fault *ret_fault) SWSUSP_MUST_CHECK;

/* Turns a header page with an image into the swap header that it was: what has to be written back,
 * and flushed, before the jump. Everything but the signature stays. SWSUSP_ERR_NONE when there is
 * no image signature, SWSUSP_ERR_HEADER when there is nothing to put back: the page is
 * unchanged. */
int swsusp_consume(void *header_page) SWSUSP_MUST_CHECK;

/* ---- Opening ---- */

struct swsusp_info {
	uint64_t jump_address;      /* virtual, in the kernel's text; not always page-aligned */
	uint64_t jump_address_phys; /* the same distance into its 2 MiB as jump_address */
	uint64_t cr3;               /* page-aligned; goes into r9 */
	uint32_t e820_crc;          /* see swsusp_e820_crc */
	uint64_t num_physpages;     /* frames that the kernel knew */
	uint64_t image_pages;       /* frames with data in the stream */
	uint64_t meta_pages;        /* of the frame list */
	uint64_t pages;             /* of the whole stream */
};

/* How far a compressed stream was cut into units: see swsusp_unit_next. */
struct swsusp_stream {
	uint64_t slot; /* first one of the next unit */
	uint64_t page; /* first page of the next unit; 0 is the first one after the info page */
	uint32_t crc;  /* the caller's: over the units before */
};

struct swsusp_image {
	const struct swsusp_source *src;
	struct swsusp_header header;
	struct swsusp_info info;
	uint64_t n_slots;     /* stored pages of the stream */
	uint64_t n_map_pages; /* map pages, not counted in n_slots */
	uint64_t n_frames;    /* that the image restores: info.image_pages and the zero ones */
	uint64_t n_zero;
	struct swsusp_stream data; /* where the first unit with data begins, if compressed */
	const uint64_t *slot_runs, *frame_runs; /* in work; swsusp_next reads them */
	size_t n_slot_runs, n_frame_runs;
	size_t work_used; /* bytes from work on that stay in use; the rest is free again */
};

/* Reads everything but data: map, info page and frame list, all checked. h: from
 * swsusp_read_header. work: page-aligned, SWSUSP_WORK_MIN or more. A run of disk pages or frames
 * costs 8 bytes; an image of many gigabytes usually fits into a few MiB. On an error *img has no
 * meaning. */
#define SWSUSP_WORK_MIN (512u * 1024u)
int swsusp_open(struct swsusp_image *img, const struct swsusp_source *src,
	const struct swsusp_header *h, void *work, size_t work_bytes,
	struct swsusp_fault *ret_fault) SWSUSP_MUST_CHECK;

/* Work memory that is enough for every image with so many stored pages and frames, even if no two
 * of them are neighbours: 16 bytes a stored page, 8 bytes a frame, and some. */
size_t swsusp_work_max(uint64_t n_slots, uint64_t n_frames);

/* Of an image that is open: work memory that is enough to open it again. */
size_t swsusp_work_needed(const struct swsusp_image *img);

/* After work_used bytes have been copied from the work memory to this place. */
void swsusp_rebase(struct swsusp_image *img, const void *work);

/* ---- Runs of frames and slots ---- */

struct swsusp_run {
	uint64_t first; /* frame number, or page on the disk */
	uint64_t count;
	bool zero; /* frames without data, to be filled with zeros */
};

struct swsusp_cursor {
	const uint64_t *runs;
	size_t n_runs; /* left, without now */
	struct swsusp_run now;
	bool data_only;
};

void swsusp_frames(const struct swsusp_image *img, struct swsusp_cursor *ret); /* all, ascending */
void swsusp_data_frames(
	const struct swsusp_image *img, struct swsusp_cursor *ret); /* not zero ones */
void swsusp_slots(const struct swsusp_image *img, uint64_t first_slot, struct swsusp_cursor *ret);

/* The next run, of max frames or pages at most (max > 0). 1 or 0. */
int swsusp_next(struct swsusp_cursor *c, uint64_t max, struct swsusp_run *ret) SWSUSP_MUST_CHECK;

enum swsusp_frame { SWSUSP_FRAME_NOT_IN_IMAGE, SWSUSP_FRAME_DATA, SWSUSP_FRAME_ZERO };
enum swsusp_frame swsusp_frame_kind(const struct swsusp_image *img, uint64_t pfn);

/* ---- Data of an uncompressed image ---- */

struct swsusp_piece {
	uint64_t disk_page, pfn;
	uint64_t n_pages;
};

struct swsusp_plan {
	struct swsusp_cursor slots, frames;
};

/* All data as contiguous pieces, of max_pages at most, in the order of the disk. */
void swsusp_plan(const struct swsusp_image *img, struct swsusp_plan *ret);
int swsusp_plan_next(
	struct swsusp_plan *p, uint64_t max_pages, struct swsusp_piece *ret) SWSUSP_MUST_CHECK;

/* ---- Data of a compressed image ---- */

struct swsusp_unit {
	uint64_t slot;    /* its first one */
	uint64_t page;    /* its first page in the stream */
	uint32_t n_slots; /* SWSUSP_UNIT_SLOTS_MAX at most */
	uint32_t n_pages; /* SWSUSP_UNIT_PAGES, less in the last unit */
	uint32_t n_meta;  /* so many of its first pages belong to the frame list, not to frames */
	uint32_t stored_bytes; /* without the length before them */
};

/* Takes the next unit off the stream. Begin with a copy of img->data. head: the first 8 bytes of
 * slot s->slot (any address that is a multiple of 8). 1: *ret describes the unit, s stands behind
 * it; 0: the stream is at its end, and so are the slots; else an error. */
int swsusp_unit_next(const struct swsusp_image *img, struct swsusp_stream *s, const void *head,
	struct swsusp_unit *ret, struct swsusp_fault *ret_fault) SWSUSP_MUST_CHECK;

/* stored: the n_slots of the unit, contiguous. dst: n_pages, never written beyond; may be the
 * frames themselves when they are contiguous. */
int swsusp_unit_decode(const struct swsusp_image *img, const struct swsusp_unit *u,
	const void *stored, void *dst, struct swsusp_fault *ret_fault) SWSUSP_MUST_CHECK;

/* Linux's crc32_le without the usual inversions, from 0. The checksum of an image goes over the
 * pages of all units in order: crc = swsusp_crc(crc, pages of a unit), from img->data.crc. Or each
 * unit by itself, in any order (crc_after = swsusp_crc(0, ...)), then joined in order. */
uint32_t swsusp_crc(uint32_t crc, const void *data, size_t bytes);
uint32_t swsusp_crc_join(uint32_t crc_before, uint32_t crc_after, uint64_t bytes_after);

int swsusp_crc_check(const struct swsusp_image *img, uint32_t crc,
	struct swsusp_fault *ret_fault) SWSUSP_MUST_CHECK;

/* ---- Whole images, synchronously ---- */

/* Where all data goes: frames with data, ascending; pages are theirs until the return, which is 0
 * or an error to stop with. progress hears how many slots were read. Either may be NULL. */
struct swsusp_sink {
	int (*frames)(void *ctx, uint64_t pfn, uint64_t n, const void *pages);
	void (*progress)(void *ctx, uint64_t slots);
	void *ctx;
};
/* buffer: as for swsusp_verify. The checksum is known to be right only when this returns 0. */
int swsusp_read_data(const struct swsusp_image *img, void *buffer, const struct swsusp_sink *sink,
	struct swsusp_fault *ret_fault) SWSUSP_MUST_CHECK;

/* Reads all data and checks what can be checked of it: decoding and checksum, if it is compressed.
 * buffer: page-aligned, SWSUSP_BUFFER_BYTES. progress (or NULL) hears how many slots were read. */
#define SWSUSP_BUFFER_BYTES (96u * SWSUSP_PAGE_BYTES)
int swsusp_verify(const struct swsusp_image *img, void *buffer,
	void (*progress)(void *ctx, uint64_t slots), void *ctx,
	struct swsusp_fault *ret_fault) SWSUSP_MUST_CHECK;

/* ---- This machine and that one ---- */

struct swsusp_e820 {
	uint64_t start, size;
	uint32_t type;
};

/* The checksum that the kernel makes of the firmware's memory map: entries sorted by address, as in
 * /sys/firmware/memmap. */
uint32_t swsusp_e820_crc(const struct swsusp_e820 *e, uint32_t n);
/* The same, entry by entry: of n. */
uint32_t swsusp_e820_crc_begin(uint32_t n);
uint32_t swsusp_e820_crc_add(uint32_t crc, const struct swsusp_e820 *e);

/* Restored memory: the frame's contents, or NULL when it cannot be had. */
struct swsusp_memory {
	const void *(*frame)(void *ctx, uint64_t pfn);
	void *ctx;
};

/* Where page tables at cr3, of 4 or 5 levels, put an address; SWSUSP_ERR_ENTRY when it is not
 * mapped or may not be executed. */
int swsusp_translate(const struct swsusp_memory *m, uint64_t cr3, uint32_t levels, uint64_t va,
	uint64_t *ret_phys) SWSUSP_MUST_CHECK;

/* The image kernel's paging mode, which the header does not tell: 4 or 5, whichever leads from
 * jump_address to jump_address_phys. SWSUSP_ERR_ENTRY when neither or both do. */
int swsusp_paging_levels(const struct swsusp_memory *m, const struct swsusp_info *info,
	uint32_t *ret_levels) SWSUSP_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Linux puts on the disk when it hibernates (swsusp), x86-64. Little-endian, natural
 * alignment. The facts are Linux's; the files named are its own, see README.md.
 */
#ifndef SWSUSP_LAYOUT_H
#define SWSUSP_LAYOUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define SWSUSP_PAGE_BYTES 4096u

/* ---- Header page: page resume_offset of the resume device (kernel/power/swap.c) ---- */

#define SWSUSP_SIG_BYTES 10u
#define SWSUSP_SIG       "S1SUSPEND"  /* with its zero: 10 bytes */
#define SWSUSP_SIG_USER  "ULSUSPEND"  /* uswsusp (s2disk): another format in the same place */
#define SWSUSP_SIG_SWAP2 "SWAPSPACE2" /* without a zero */
#define SWSUSP_SIG_SWAP1 "SWAP-SPACE"

enum swsusp_flags {
	SWSUSP_PLATFORM = 1u << 0,   /* saved for ACPI S4, not for a plain power-off */
	SWSUSP_NOCOMPRESS = 1u << 1, /* pages are stored as they are */
	SWSUSP_CRC = 1u << 2,        /* crc is valid */
	SWSUSP_HW_SIG = 1u << 3,     /* hw_sig is valid (from 5.17) */
	SWSUSP_LZ4 = 1u << 4,        /* compressed by LZ4 instead of LZO (from 6.9) */
};
#define SWSUSP_FLAGS_KNOWN 0x1fu

struct swsusp_header_page {
	uint8_t boot[1024];
	uint32_t swap_version; /* 1 */
	uint32_t last_page;    /* of the swap area, in its own numbers */
	uint32_t nr_badpages;
	uint8_t uuid[16];
	char label[16]; /* not always zero terminated */
	uint8_t bad_pages[2988];
	uint32_t hw_sig;   /* of the FACS */
	uint32_t crc;      /* over the uncompressed stream after its first page; see swsusp_crc */
	uint64_t map_page; /* first page of the swap map */
	uint32_t flags;
	char orig_sig[SWSUSP_SIG_BYTES]; /* what sig was before */
	char sig[SWSUSP_SIG_BYTES];
} __attribute__((packed));

static_assert(sizeof(struct swsusp_header_page) == SWSUSP_PAGE_BYTES, "header page");
static_assert(offsetof(struct swsusp_header_page, last_page) == 1028, "last_page");
static_assert(offsetof(struct swsusp_header_page, uuid) == 1036, "uuid");
static_assert(offsetof(struct swsusp_header_page, label) == 1052, "label");
static_assert(offsetof(struct swsusp_header_page, hw_sig) == 4056, "hw_sig");
static_assert(offsetof(struct swsusp_header_page, crc) == 4060, "crc");
static_assert(offsetof(struct swsusp_header_page, map_page) == 4064, "map_page");
static_assert(offsetof(struct swsusp_header_page, flags) == 4072, "flags");
static_assert(offsetof(struct swsusp_header_page, orig_sig) == 4076, "orig_sig");
static_assert(offsetof(struct swsusp_header_page, sig) == 4086, "sig");

/* ---- Swap map: a chain of pages (kernel/power/swap.c) ---- */

#define SWSUSP_MAP_ENTRIES 511u

struct swsusp_map_page {
	uint64_t entry[SWSUSP_MAP_ENTRIES]; /* in stream order; 0: end of the stream */
	uint64_t next;                      /* next map page; 0: this is the last one */
};
static_assert(sizeof(struct swsusp_map_page) == SWSUSP_PAGE_BYTES, "map page");

/* ---- Info page: the first of the stream, never compressed (kernel/power/power.h,
 * arch/x86/power/hibernate.c). x86 puts its restore record where others put the kernel's name.
 * ---- */

#define SWSUSP_MAGIC       0x23456789abcdef02ull /* from 5.13 */
#define SWSUSP_MAGIC_MD5   0x23456789abcdef01ull /* 4.10 to 5.12 */
#define SWSUSP_MAGIC_OLDER 0x0123456789abcdefull /* before */
#define SWSUSP_MAGIC_32BIT 0x12345679ull         /* an i386 kernel */

struct swsusp_info_page {
	uint64_t jump_address;
	uint64_t jump_address_phys;
	uint64_t cr3;
	uint64_t magic;
	uint64_t e820_crc;     /* 32 bits of it */
	uint8_t reserved[360]; /* 0 */
	uint64_t num_physpages;
	uint32_t cpus;        /* 0 */
	uint32_t pad;         /* 0 */
	uint64_t image_pages; /* with data in the stream */
	uint64_t pages;       /* image_pages, those of the frame list, and this one */
	uint64_t size;        /* pages, in bytes */
	uint8_t tail[3656];   /* 0 */
};
static_assert(sizeof(struct swsusp_info_page) == SWSUSP_PAGE_BYTES, "info page");
static_assert(offsetof(struct swsusp_info_page, reserved) == 40, "reserved");
static_assert(offsetof(struct swsusp_info_page, num_physpages) == 400, "num_physpages");
static_assert(offsetof(struct swsusp_info_page, image_pages) == 416, "image_pages");
static_assert(offsetof(struct swsusp_info_page, size) == 432, "size");

/* ---- Frame list: the next pages of the stream (kernel/power/snapshot.c) ---- */

#define SWSUSP_PFNS_PER_PAGE 512u
#define SWSUSP_PFN_ZERO      (1ull << 63) /* the frame was all zero, no data (from 6.6) */
#define SWSUSP_PFN_END       (~0ull)      /* after the last one, unless the page is full */

/* ---- Compressed units: a length, then so many bytes; from a new page on (kernel/power/swap.c)
 * ---- */

#define SWSUSP_UNIT_PAGES      32u /* uncompressed; the last unit of a stream may have less */
#define SWSUSP_UNIT_BYTES      (SWSUSP_UNIT_PAGES * SWSUSP_PAGE_BYTES)
#define SWSUSP_UNIT_HEAD_BYTES 8u
#define SWSUSP_UNIT_STORED_MAX (SWSUSP_UNIT_BYTES + SWSUSP_UNIT_BYTES / 16 + 64 + 3 + 2)
#define SWSUSP_UNIT_SLOTS_MAX                                                                      \
	((SWSUSP_UNIT_HEAD_BYTES + SWSUSP_UNIT_STORED_MAX + SWSUSP_PAGE_BYTES - 1) /               \
		SWSUSP_PAGE_BYTES)
static_assert(SWSUSP_UNIT_SLOTS_MAX == 35, "pages of a unit on disk");

#endif

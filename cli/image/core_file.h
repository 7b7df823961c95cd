/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF64 cores of a machine's memory (as /proc/vmcore is one): reading any, and the pieces of writing
 * one. Pure: of the file only through struct core_source, which may be hostile.
 */
#ifndef CLI_CORE_FILE_H
#define CLI_CORE_FILE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORE_PAGE_BYTES   4096u
#define CORE_SEGMENTS_MAX 65000u                /* below what an ELF header can count */
#define CORE_KERNEL_MAP   0xffffffff80000000ull /* where x86-64 Linux maps its own image */

/* Notes of our own: what else an image holds, so that it can be made again. */
#define CORE_NOTE_NAME   "TORPOR"
#define CORE_NOTE_STREAM 1u /* 32 bytes of a byte stream's name, then the stream */
#define CORE_NOTE_IMAGE  2u /* struct core_image */
struct core_image {
	uint64_t created_unix_s;
	uint64_t compat; /* as in the header */
	char label[64];
};

struct core_source {
	int (*read)(void *ctx, uint64_t offset, void *buf, size_t bytes); /* 0, or an errno */
	void *ctx;
	uint64_t size;
};

struct core_segment {
	uint64_t pfn, n_frames;
	uint64_t offset; /* in the file */
};

struct core_file {
	struct core_segment *segment; /* ascending, none overlaps another */
	uint32_t n_segments;
	uint8_t *notes; /* of all PT_NOTEs */
	size_t note_bytes;
	char error[160]; /* what is wrong, a text for people */
};

/* -1 and c->error. To be closed in any case. A segment of the kernel's own mapping that shows
 * memory which another one holds too is passed over; other overlaps are errors, and so is
 * everything that is not whole frames. */
int core_open(struct core_file *c, const struct core_source *src);
void core_close(struct core_file *c);
uint64_t core_frames(const struct core_file *c);

struct core_note {
	const char *name; /* zero terminated */
	uint32_t type;
	const uint8_t *content;
	size_t bytes;
};

/* The note at *at, and *at behind it. false: there are no more, or what follows is damaged. */
bool core_note_next(const uint8_t *notes, size_t note_bytes, size_t *at, struct core_note *ret);

/* Appends a note; its content is head and then body. Bytes that it takes: core_note_bytes. false:
 * no room. */
struct core_notes {
	uint8_t *buf;
	size_t cap, used;
};
bool core_note_put(struct core_notes *n, const char *name, uint32_t type, const void *head,
	size_t head_bytes, const void *body, size_t body_bytes);
size_t core_note_bytes(const char *name, size_t content_bytes);

/* Header and program headers. */
void core_header_init(Elf64_Ehdr *ret, uint32_t n_program_headers);
Elf64_Phdr core_load(uint64_t pfn, uint64_t n_frames, uint64_t offset, uint64_t virt);

#endif

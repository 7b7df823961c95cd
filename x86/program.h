/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every freestanding program of ours (writer, loader) starts with: a flat binary linked at 0,
 * a header of 32 bytes, a page-aligned room for its parameter block, relocations it applies to
 * itself.
 */
#ifndef X86_PROGRAM_H
#define X86_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#define PROGRAM_PARAMETER_OFFSET 4096u
#define PROGRAM_PARAMETER_BYTES  40960u

struct program_header {
	uint8_t jump[8];       /* code: the entry */
	uint64_t memory_bytes; /* with bss: what must be free and zero behind the file */
	uint64_t file_bytes;
	uint8_t magic[8]; /* "TORPORWR", "TORPORLD" */
};

/* Applies R_X86_64_RELATIVE for the address the program runs at. Safe to repeat. */
void program_relocate(void);

/* Where the program runs: first byte, and the bytes it occupies (file and bss). */
uint8_t *program_base(void);
size_t program_bytes(void);

/* Descriptor tables, stack canary base, SSE, exceptions: what C code and the packages need. */
void program_start_cpu(void);

#endif

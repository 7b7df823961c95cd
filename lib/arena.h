/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of one named lifetime, handed out once and never given back. An arena may consist of
 * several pieces (the 2 MiB frames of the region); one allocation lies in one piece.
 */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_PIECES_MAX 32

struct arena {
	struct arena_piece {
		uint8_t *base;
		size_t size; /* bytes */
		size_t used; /* bytes from base, always <= size */
	} piece[ARENA_PIECES_MAX];
	uint32_t n_pieces;
	/* NULL, or: page-aligned memory beside the pieces, for data that no device reads or writes;
	 * NULL: there is none. */
	void *(*more)(struct arena *a, size_t bytes);
};

void arena_init(struct arena *a);

/* Adds [base, base + size). Pieces that touch are joined where nothing is taken in between. 0,
 * ERR_NO_MEMORY (table full), or ERR_ARGUMENT (it overlaps another piece). */
int arena_add(struct arena *a, void *base, size_t size) __attribute__((warn_unused_result));

/* Zeroed memory, aligned to align (a power of two), or NULL when no piece has room. What alignment
 * skips is lost. */
void *arena_alloc(struct arena *a, size_t bytes, size_t align);

/* The same, all of it below an address. */
void *arena_alloc_below(struct arena *a, size_t bytes, size_t align, uint64_t end);

/* All that is left of the largest piece, from an address aligned to align on (NULL: nothing); the
 * rest of it can go back by arena_trim as long as nothing else was allocated. */
void *arena_alloc_largest(struct arena *a, size_t align, size_t *ret_bytes);
void arena_trim(struct arena *a, void *memory, size_t bytes, size_t kept_bytes);

/* How many times so many bytes could be allocated, unaligned. */
size_t arena_count(const struct arena *a, size_t bytes);

/* Bytes not yet handed out, over all pieces. */
size_t arena_left(const struct arena *a);

#endif

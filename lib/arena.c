/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bump allocation over a few pieces of memory. */
#include "arena.h"

#include <string.h>

#include "err.h"

void arena_init(struct arena *a)
{
	memset(a, 0, sizeof(*a));
}

static uintptr_t piece_end(const struct arena_piece *p)
{
	return (uintptr_t)p->base + p->size;
}

/* Joins piece i with a piece right behind it that nothing was taken from yet. */
static void join_next(struct arena *a, uint32_t i)
{
	for (uint32_t j = 0; j < a->n_pieces; j++) {
		struct arena_piece *next = &a->piece[j];
		if (j == i || next->used != 0 || (uintptr_t)next->base != piece_end(&a->piece[i]))
			continue;
		a->piece[i].size += next->size;
		*next = a->piece[--a->n_pieces];
		return;
	}
}

int arena_add(struct arena *a, void *base, size_t size)
{
	uintptr_t start = (uintptr_t)base;
	if (size == 0)
		return 0;
	if (size > UINTPTR_MAX - start)
		return ERR_ARGUMENT;
	for (uint32_t i = 0; i < a->n_pieces; i++) {
		if (start < piece_end(&a->piece[i]) && (uintptr_t)a->piece[i].base < start + size)
			return ERR_ARGUMENT;
	}
	for (uint32_t i = 0; i < a->n_pieces; i++) {
		if (piece_end(&a->piece[i]) != start)
			continue;
		a->piece[i].size += size;
		join_next(a, i);
		return 0;
	}
	for (uint32_t i = 0; i < a->n_pieces; i++) {
		struct arena_piece *p = &a->piece[i];
		if (p->used != 0 || (uintptr_t)p->base != start + size)
			continue;
		p->base = base;
		p->size += size;
		return 0;
	}
	if (a->n_pieces == ARENA_PIECES_MAX)
		return ERR_NO_MEMORY;
	a->piece[a->n_pieces++] = (struct arena_piece){.base = base, .size = size};
	return 0;
}

void *arena_alloc_below(struct arena *a, size_t bytes, size_t align, uint64_t end)
{
	for (uint32_t i = 0; i < a->n_pieces; i++) {
		struct arena_piece *p = &a->piece[i];
		uintptr_t at = (uintptr_t)p->base + p->used;
		size_t pad = -at & (align - 1);
		size_t left = p->size - p->used;
		if (pad > left || bytes > left - pad || at + pad > end || bytes > end - (at + pad))
			continue;
		void *memory = p->base + p->used + pad;
		p->used += pad + bytes;
		return memset(memory, 0, bytes);
	}
	return NULL;
}

void *arena_alloc(struct arena *a, size_t bytes, size_t align)
{
	return arena_alloc_below(a, bytes, align, UINT64_MAX);
}

void *arena_alloc_largest(struct arena *a, size_t align, size_t *ret_bytes)
{
	*ret_bytes = 0;
	for (uint32_t i = 0; i < a->n_pieces; i++) {
		const struct arena_piece *p = &a->piece[i];
		size_t pad = -((uintptr_t)p->base + p->used) & (align - 1);
		size_t left = p->size - p->used;
		if (left > pad && left - pad > *ret_bytes)
			*ret_bytes = left - pad;
	}
	return *ret_bytes ? arena_alloc(a, *ret_bytes, align) : NULL;
}

void arena_trim(struct arena *a, void *memory, size_t bytes, size_t kept_bytes)
{
	for (uint32_t i = 0; i < a->n_pieces; i++) {
		struct arena_piece *p = &a->piece[i];
		if (kept_bytes <= bytes && p->base + p->used == (uint8_t *)memory + bytes &&
			p->used >= bytes)
			p->used -= bytes - kept_bytes;
	}
}

size_t arena_count(const struct arena *a, size_t bytes)
{
	size_t n = 0;
	for (uint32_t i = 0; i < a->n_pieces; i++)
		n += (a->piece[i].size - a->piece[i].used) / bytes;
	return n;
}

size_t arena_left(const struct arena *a)
{
	size_t left = 0;
	for (uint32_t i = 0; i < a->n_pieces; i++)
		left += a->piece[i].size - a->piece[i].used;
	return left;
}

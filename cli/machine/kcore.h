/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running kernel's memory by virtual address (/proc/kcore), and where its variables lie
 * (/proc/kallsyms). What is read is believed by nobody without a check of its own.
 */
#ifndef CLI_KCORE_H
#define CLI_KCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kcore {
	int fd;         /* -1: there is none */
	uint8_t *heads; /* its ELF program headers */
	uint32_t n_heads;
};

/* False: it cannot be read. kcore_close either way. */
bool kcore_open(struct kcore *k);
void kcore_close(struct kcore *k);

/* False: not all of it lies in one segment, or cannot be read. Memory that the kernel maps but
 * does not show (devices') reads as zeros. */
bool kcore_read(const struct kcore *k, uint64_t address, void *buf, size_t bytes);

/* The physical address, by the segment that holds it; 0: the segment does not say. */
uint64_t kcore_phys(const struct kcore *k, uint64_t address);

/* Pure: the loaded segment that has these bytes, among n program headers of 56 bytes. False:
 * none. */
struct kcore_place {
	uint64_t offset; /* in the file */
	uint64_t phys;   /* 0: not said */
};
bool kcore_place(const uint8_t *heads, uint32_t n, uint64_t address, uint64_t bytes,
	struct kcore_place *ret);

struct symbol {
	const char *name;
	uint64_t address; /* 0: not found, or not shown */
};

/* Fills the addresses, in one pass over all symbols; the first of a name counts. */
void symbols_find(struct symbol *s, uint32_t n);

#endif

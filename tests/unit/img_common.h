/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the image suites share: a made-up machine's memory, and saving and checking it.
 */
#ifndef TESTS_UNIT_IMG_COMMON_H
#define TESTS_UNIT_IMG_COMMON_H

#include "test.h"

#include "fault_disk.h"
#include "img.h"

uint64_t rnd(void); /* xorshift; rnd_seed to repeat */
void rnd_seed(uint64_t seed);

/* Frames with holes between the runs; the n-th frame of the array is frame pfn[n]. */
struct memory {
	uint8_t *data;
	uint64_t *pfn;
	uint32_t n;
};
enum page_kind { PAGE_ZERO, PAGE_PATTERN, PAGE_TEXT, PAGE_RANDOM, PAGE_HALF, PAGE_MIXED };
void page_make(uint8_t *page, enum page_kind kind);
struct memory memory_make(
	uint32_t n, enum page_kind kind); /* PAGE_MIXED: runs of all kinds, holes */
void memory_free(struct memory *m);

struct saver {
	struct img_writer w;
	struct img_params params;
	void *work;
	size_t work_bytes;
};
/* params from what the area's headers say now. */
void saver_init(struct saver *s, struct fault_disk *d, uint32_t chunk_pages);
void saver_free(struct saver *s);

/* A whole save: node "kernel" with "memory" in random calls, and "cpu", a byte stream. 0 or the
 * error. */
int save(struct saver *s, struct fault_disk *d, const struct memory *m, const char *cpu,
	size_t cpu_bytes);

struct loaded {
	struct img_headers hs;
	struct img_fault fault;
	struct img_reader r;
	uint8_t *block, *work, *index, *scratch;
};
void loaded_init(struct loaded *l);
void loaded_free(struct loaded *l);
/* Headers, state, root. */
int load_open(struct loaded *l, const struct img_source *src);
/* A state that is resumed. */
bool resumable(enum img_state state);
/* All of the image, every hash checked; the memory compared with m and the bytes with cpu, when
 * given. */
int load_all(struct loaded *l, const struct img_source *src, const struct memory *m,
	const char *cpu, size_t cpu_bytes);

#endif

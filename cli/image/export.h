/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between export.c (the memory), export_core.c (what an ELF core says of it) and export_out.c (the file). */
#ifndef CLI_EXPORT_H
#define CLI_EXPORT_H

#include <pthread.h>

#include "core_file.h"
#include "crash_info.h"
#include "image_memory.h"

#define EXPORT_CANDIDATES_MAX 64u

struct export_run {
	uint64_t pfn, n, offset; /* offset: in the output */
};

struct export
{
	struct image_memory memory;
	const char *path;       /* of the output */
	int fd;                 /* of it, while it is made */
	struct export_run *run; /* ascending */
	uint32_t n_runs, cap_runs;
	uint64_t join;               /* runs that are so few frames apart become one */
	uint64_t n_frames, n_joined; /* in the image; between them, joined in as zeros */
	uint64_t size;

	/* Frames that begin like VMCOREINFO. */
	pthread_mutex_t lock;
	uint64_t candidate[EXPORT_CANDIDATES_MAX];
	uint32_t n_candidates;

	struct core_notes notes;
	struct crash_info info; /* bytes is 0 when there is none */
	bool has_registers;
};

/* Before the memory: places for everything in the file. -1 after one complaint. */
int export_core_begin(struct export *e);
/* After it: headers and notes. -1 after one complaint. */
int export_core_end(struct export *e);

/* Bytes at a place of the output; 0, or an errno. */
int export_put(struct export *e, uint64_t offset, const void *data, size_t bytes);
/* The run that has this frame; NULL: none. */
const struct export_run *export_run_of(const struct export *e, uint64_t pfn);
/* Where a frame is in the output; 0: nowhere. Runs have their offsets. */
uint64_t export_offset(const struct export *e, uint64_t pfn);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file system as cli/linux/file_sys.h sees it, played: where files lie, and what they are. Their content is
 * real. */
#ifndef TESTS_UNIT_PLAY_FILE_SYS_H
#define TESTS_UNIT_PLAY_FILE_SYS_H

#include "file_sys.h"

#define PLAY_EXTENTS_MAX 2048

struct play_file_sys {
	enum file_fs fs;
	unsigned int flags; /* of every file; changed by file_set_flags */
	int flags_to; /* a descriptor that is told of each change, "i" for immutable, "m"; 0: none */
	int flags_err, fiemap_err, allocate_err;
	bool realtime;
	uint64_t free_bytes;
	uint32_t n; /* extents of every file; 0: one, at play_start, as long as the file */
	struct fiemap_extent extent[PLAY_EXTENTS_MAX];
	uint64_t start;
	uint32_t per_answer;  /* at most so many in one answer of FIEMAP; 0: no limit */
	uint32_t moves_after; /* after so many answers the file lies a block further; 0: never */
	uint32_t n_answers;
	uint64_t allocated;
};

extern struct play_file_sys play;

/* An ext4 with all at one place. */
void play_reset(void);

/* One more extent behind those there are. */
void play_extent(uint64_t start, uint64_t bytes, uint32_t flags);

#endif

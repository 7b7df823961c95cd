/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a restore counted, of either kind of image. */
#ifndef LOADER_RESTORE_STATS_H
#define LOADER_RESTORE_STATS_H

#include <stdint.h>

struct restore_stats {
	uint64_t read_us; /* waiting for the disk; what overlaps with the rest does not count */
	/* The sums over all processors. */
	uint64_t decompress_us; /* LZ4, LZO and fill */
	uint64_t hash_us;
	uint64_t bytes_read, bytes_restored;
	uint64_t begun_us, done_us; /* on the clock */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What torpor make reads: a file, mapped as a whole, of which only the data are looked at, and never much
 * at a time in memory. */
#ifndef CLI_MAKE_INPUT_H
#define CLI_MAKE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

struct make_input {
	int fd;
	const uint8_t *map; /* the image writer may look at frames again later: all of it stays */
	uint64_t bytes;
};

/* "-": standard input. A file that becomes shorter while it is read ends the command. -1 after one
 * complaint; to be closed in any case. */
int make_input_open(struct make_input *in, const char *path);
void make_input_close(struct make_input *in);

/* How far from at on there are data only, or a hole only: *ret_end, at most end. Whether it is a hole,
 * which reads as zeros. */
bool make_input_is_hole(const struct make_input *in, uint64_t at, uint64_t end, uint64_t *ret_end);

/* Memory of what was looked at is given back; it is read again when it is looked at again. */
void make_input_release(const struct make_input *in, uint64_t at, uint64_t bytes);

#endif

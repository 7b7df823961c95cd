/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image format's destination: a ring of output buffers in front of an area, writes in
 * flight. */
#ifndef WRITER_OUTPUT_H
#define WRITER_OUTPUT_H

#include "area_io.h"
#include "arena.h"

#define OUTPUT_BUFFERS      8u
#define OUTPUT_BUFFER_BYTES IMG_BYTES_CHUNK_MAX
#define OUTPUT_FRAME_WRITES 64u

struct output {
	struct area *area;
	struct output_buffer {
		uint8_t *data;
		struct area_io io; /* status ERR_BUSY while the buffer is being written */
	} buffer[OUTPUT_BUFFERS];
	uint32_t n_buffers, next;
	struct area_io frames[OUTPUT_FRAME_WRITES]; /* writes straight from memory */
	uint32_t next_frames;
	uint64_t wait_us;
};

/* Takes as many buffers as the arena has room for, at most OUTPUT_BUFFERS, leaving reserve_bytes.
 * ERR_NO_MEMORY when there are less than two. */
int output_init(
	struct output *o, struct area *area, struct arena *arena, size_t reserve_bytes) MUST_CHECK;
struct img_dest output_dest(struct output *o);

#endif

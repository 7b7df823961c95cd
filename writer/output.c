/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compression and disk overlap through this ring: the image format hands over a block and goes
 * on while up to the queue's depth of them are in flight.
 */
#include "output.h"

#include <string.h>

#include "machine.h"

int output_init(struct output *o, struct area *area, struct arena *arena, size_t reserve_bytes)
{
	memset(o, 0, sizeof(*o));
	o->area = area;
	while (o->n_buffers < OUTPUT_BUFFERS &&
		arena_left(arena) >= reserve_bytes + OUTPUT_BUFFER_BYTES) {
		uint8_t *data = arena_alloc(arena, OUTPUT_BUFFER_BYTES, IMG_BLOCK_BYTES);
		if (!data)
			break;
		o->buffer[o->n_buffers++].data = data;
	}
	return o->n_buffers >= 2 ? 0 : ERR_NO_MEMORY;
}

static int wait_for(struct output *o, struct area_io *io)
{
	if (io->n_pending == 0)
		return 0;
	uint64_t from = clock_us();
	int err = area_wait(o->area, io);
	o->wait_us += clock_us() - from;
	return err;
}

static void *next_buffer(void *ctx)
{
	struct output *o = ctx;
	struct output_buffer *b = &o->buffer[o->next];
	o->next = (o->next + 1) % o->n_buffers;
	return wait_for(o, &b->io) == 0 ? b->data : NULL;
}

static struct area_io *io_for(struct output *o, const void *data, int *ret_err)
{
	for (uint32_t i = 0; i < o->n_buffers; i++) {
		struct output_buffer *b = &o->buffer[i];
		if ((const uint8_t *)data >= b->data &&
			(const uint8_t *)data < b->data + OUTPUT_BUFFER_BYTES)
			return *ret_err = wait_for(o, &b->io), &b->io;
	}
	struct area_io *io = &o->frames[o->next_frames];
	o->next_frames = (o->next_frames + 1) % OUTPUT_FRAME_WRITES;
	*ret_err = wait_for(o, io);
	return io;
}

static int write_data(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	struct output *o = ctx;
	int err;
	struct area_io *io = io_for(o, data, &err);
	if (err)
		return err;
	if (bytes > UINT32_MAX)
		return ERR_BUG;
	struct block_seg seg = {.buf = (void *)(uintptr_t)data, .bytes = (uint32_t)bytes};
	return area_start(o->area, io, BLOCK_WRITE, offset, &seg, 1);
}

static int flush(void *ctx)
{
	struct output *o = ctx;
	uint64_t from = clock_us();
	int err = area_flush(o->area);
	o->wait_us += clock_us() - from;
	return err;
}

struct img_dest output_dest(struct output *o)
{
	return (struct img_dest){.buffer = next_buffer,
		.write = write_data,
		.flush = flush,
		.ctx = o,
		.buffer_bytes = OUTPUT_BUFFER_BYTES,
		.size = o->area->bytes};
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c: buffers are used again when they are free; a whole save with each operation failing. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "fake_ram_disk.h"
#include "machine.h"
#include "output.h"
#include "saved_machine.h"

#define N_SECTORS 24576 /* 12 MiB */

static struct fake_ram_disk disk;
static struct block_extent whole;
static struct area area;
static struct output out;
static struct arena arena;
static uint8_t *memory;
#define MEMORY_BYTES (12u << 20)

static void setup(void)
{
	fake_machine_reset();
	fake_ram_disk_init(&disk, 512, N_SECTORS);
	whole = (struct block_extent){0, N_SECTORS};
	assert_int_equal(area_init(&area, &disk.dev, &whole, 1), 0);
	memory = aligned_alloc(4096, MEMORY_BYTES);
	arena_init(&arena);
}

static void teardown(void)
{
	free(memory);
	fake_ram_disk_free(&disk);
}

FIXTURE(setup, teardown)

static int init(size_t bytes, size_t reserve)
{
	arena_init(&arena);
	assert_int_equal(arena_add(&arena, memory, bytes), 0);
	return output_init(&out, &area, &arena, reserve);
}

TEST(as_many_buffers_as_fit)
{
	assert_int_equal(init(MEMORY_BYTES, 0), 0);
	assert_int_equal(out.n_buffers, OUTPUT_BUFFERS);
	assert_int_equal(init(5 * OUTPUT_BUFFER_BYTES, 1), 0);
	assert_int_equal(out.n_buffers, 4);
	assert_true(arena_left(&arena) >= 1);
	assert_int_equal(init(2 * OUTPUT_BUFFER_BYTES, 0), 0);
	assert_int_equal(init(2 * OUTPUT_BUFFER_BYTES, 1), ERR_NO_MEMORY);
	/* Enough in all, but in pieces that are too small. */
	arena_init(&arena);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(arena_add(&arena, memory + i * (2u << 20), 1000000), 0);
	assert_int_equal(output_init(&out, &area, &arena, 0), ERR_NO_MEMORY);
}

/* The disk takes the bytes when a write completes: a buffer that comes too early spoils them. */
TEST(buffers_come_back_when_free)
{
	assert_int_equal(init(3 * OUTPUT_BUFFER_BYTES, 0), 0);
	struct img_dest d = output_dest(&out);
	assert_int_equal(d.size, N_SECTORS * 512);
	assert_int_equal(d.buffer_bytes, OUTPUT_BUFFER_BYTES);
	disk.latency_us = 500;
	for (uint32_t i = 0; i < 11; i++) {
		uint8_t *b = d.buffer(d.ctx);
		assert_non_null(b);
		memset(b, (int)i + 1, OUTPUT_BUFFER_BYTES);
		assert_int_equal(
			d.write(d.ctx, i * OUTPUT_BUFFER_BYTES, b, OUTPUT_BUFFER_BYTES), 0);
	}
	assert_true(out.wait_us > 0);
	assert_int_equal(d.flush(d.ctx), 0);
	assert_int_equal(disk.n_in_flight, 0);
	assert_int_equal(disk.n_flushes, 1);
	for (uint32_t i = 0; i < 11 * OUTPUT_BUFFER_BYTES; i++)
		if (disk.bytes[i] != i / OUTPUT_BUFFER_BYTES + 1)
			fail_msg("byte %u is spoiled", i);
}

/* More writes straight from memory than there are transfers for. */
TEST(straight_from_memory)
{
	enum { N = 3 * OUTPUT_FRAME_WRITES };
	assert_int_equal(init(2 * OUTPUT_BUFFER_BYTES, 0), 0);
	struct img_dest d = output_dest(&out);
	uint8_t *content = memory + 2 * OUTPUT_BUFFER_BYTES;
	for (uint32_t i = 0; i < N * 8192u; i++)
		content[i] = (uint8_t)(i * 7 + i / 4096);
	disk.latency_us = 300;
	disk.newest_first = true;
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(d.write(d.ctx, i * 8192, content + i * 8192, 8192), 0);
	assert_int_equal(d.flush(d.ctx), 0);
	assert_memory_equal(disk.bytes, content, N * 8192);
}

TEST(errors_are_told)
{
	assert_int_equal(init(2 * OUTPUT_BUFFER_BYTES, 0), 0);
	struct img_dest d = output_dest(&out);
	disk.latency_us = 50;
	disk.fail_write = 1;
	uint8_t *b = d.buffer(d.ctx);
	assert_int_equal(d.write(d.ctx, 0, b, 4096), 0);
	b = d.buffer(d.ctx);
	assert_int_equal(d.write(d.ctx, 4096, b, 4096), 0);
	assert_null(d.buffer(d.ctx)); /* the first buffer's write failed */
	assert_int_equal(d.flush(d.ctx), ERR_IO);
	assert_int_equal(d.write(d.ctx, d.size, memory, 4096), ERR_BOUNDS);
	assert_int_equal(d.flush(d.ctx), ERR_BOUNDS);
}

/* ---- whole saves ---- */

static uint8_t frames[256 * 4096] __attribute__((aligned(4096)));

/* Some compress, some do not, some are zero. */
static const void *content(uint64_t pfn)
{
	uint32_t r = (uint32_t)pfn;
	for (uint32_t i = 0; i < sizeof(frames); i++) {
		uint32_t kind = i / 65536 % 4;
		r = r * 1103515245 + 12345;
		frames[i] = kind == 0 ? 0 : kind == 1 ? (uint8_t)(i / 100) : (uint8_t)(r >> 24);
	}
	return frames;
}

static void machine(struct saved_machine *m)
{
	saved_machine_init(m);
	m->frames[0] = (struct range){0x100, 0x100 + 1024};
	m->n_frames = 1;
	m->content = content;
}

/* 0 when there is an image that a loader would resume. */
static int resumable(void)
{
	static uint8_t block[4096] __attribute__((aligned(4096)));
	struct img_headers h;
	struct img_fault fault;
	fake_ram_disk_no_faults(&disk);
	assert_int_equal(area_init(&area, &disk.dev, &whole, 1), 0);
	struct img_source s = area_source(&area);
	int err = img_read_headers(&s, block, &h, &fault);
	return err ? err : img_state_check(&h.h);
}

static int save(void)
{
	struct saved_machine m;
	machine(&m);
	assert_int_equal(area_init(&area, &disk.dev, &whole, 1), 0);
	return saved_machine_write(&m, &area);
}

TEST(whole_save)
{
	disk.latency_us = 100;
	disk.newest_first = true;
	assert_int_equal(save(), 0);
	assert_int_equal(resumable(), 0);
	assert_int_equal(save(), 0); /* over the first */
	assert_int_equal(resumable(), 0);
}

/* Each write fails once, also those that get through to the disk all the same: when the save is
 * reported as failed the old system goes on, and there must be nothing that could be resumed. */
static void each_write_fails(bool gets_through)
{
	for (uint32_t n = 1;; n++) {
		fake_ram_disk_no_faults(&disk);
		disk.fail_write = n;
		disk.write_gets_through = gets_through;
		disk.latency_us = 20;
		int err = save();
		bool failed = disk.n_writes >= n;
		assert_int_equal(err, failed ? ERR_IO : 0);
		int answer = resumable();
		if (!failed) {
			assert_int_equal(answer, 0);
			assert_true(n > 10);
			return;
		}
		if (answer == 0)
			fail_msg("write %u failed, and the image can be resumed", n);
	}
}

TEST(each_write_fails_once)
{
	each_write_fails(false);
}

TEST(each_write_fails_but_gets_through)
{
	each_write_fails(true);
}

TEST(each_flush_fails)
{
	for (uint32_t n = 1;; n++) {
		fake_ram_disk_no_faults(&disk);
		disk.fail_flush = n;
		int err = save();
		bool failed = disk.n_flushes >= n;
		assert_int_equal(err, failed ? ERR_IO : 0);
		assert_int_equal(resumable() == 0, !failed);
		if (!failed)
			return;
	}
}

/* With the device gone nothing can be taken back; but everything ends, and says so. */
TEST(device_lost_at_each_request)
{
	for (uint32_t n = 1;; n++) {
		teardown();
		setup();
		disk.lost_from = n;
		int err = save();
		if (disk.n_submitted < n) {
			assert_int_equal(err, 0);
			return;
		}
		assert_int_equal(err, ERR_LOST);
		assert_true(disk.is_stopped);
	}
}

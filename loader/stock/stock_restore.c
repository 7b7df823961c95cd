/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading the data of a swsusp image. Uncompressed: pieces that are contiguous on the disk and in
 * memory go straight into their frames, several at a time. Compressed: the stored stream is read
 * ahead in large buffers; each of its units (32 pages) is a job for any processor, decoded straight
 * into its frames where these are contiguous, else by way of a bounce buffer. A unit that crosses
 * into the next buffer is joined there: every buffer has room in front of its data for the tail of
 * the one before. The checksum goes over all units in order: each job makes its own, and they are
 * joined as the jobs are taken back.
 */
#include "stock.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"
#include "machine.h"

#define PAGE_BYTES       4096ull
#define RING_MAX         16u
#define BUFFER_SLOTS     256u
#define TAIL_SLOTS       SWSUSP_UNIT_SLOTS_MAX
#define BUFFER_SLOTS_MIN 64u
#define UNIT_BYTES       (SWSUSP_UNIT_PAGES * PAGE_BYTES)
#define DIRECT_IN_FLIGHT 32u
#define DIRECT_PAGES     256u
#define ARENA_RESERVE    (64u * 1024)
#define UNITS_MAX        64u /* jobs given and not taken back */

struct buffer {
	uint8_t *memory; /* TAIL_SLOTS pages of room, then BUFFER_SLOTS of data */
	struct area_io io;
	uint64_t first_slot; /* of the data */
	uint32_t n_slots;    /* 0: not in use */
	uint32_t n_units;    /* jobs that read from it */
	bool walked;         /* all units that begin in it were given */
};

struct unit_job {
	struct job job;
	struct swsusp_unit u;
	const uint8_t *stored;
	struct buffer *buffer; /* where that is */
	uint32_t n_runs;
	struct swsusp_run run[SWSUSP_UNIT_PAGES]; /* where the data go */
	/* What the job says. */
	int err;
	struct swsusp_fault fault;
	uint32_t crc;
	uint64_t decompress_us, hash_us;
};

static struct {
	struct stock *s;
	struct buffer ring[RING_MAX];
	uint32_t n_ring, first; /* ring[first] is the one being walked through */
	uint32_t buffer_slots;  /* of data in each */
	uint64_t next_slot;     /* to be read */
	uint8_t *bounce[JOBS_WORKERS_MAX];
	struct swsusp_cursor frames;
	struct swsusp_run run; /* of frames: what is left of it */
	struct jobs *jobs;
	struct unit_job unit[UNITS_MAX];
	uint32_t first_unit, n_units; /* a ring */
	uint32_t crc;
	struct restore_stats stats;
} sr;

static void *frame_address(uint64_t pfn)
{
	return (void *)(pfn * PAGE_BYTES);
}

static int say(int err, const struct swsusp_fault *f)
{
	if (f->what)
		log_line("stock: %s: %s in page %llu is %#llx, wanted %#llx", err_any_text(err),
			f->what, (unsigned long long)f->page, (unsigned long long)f->found,
			(unsigned long long)f->wanted);
	return err;
}

static int wait_for(struct area_io *io, uint64_t first_page)
{
	uint64_t from = clock_us();
	int err = area_wait(&sr.s->area, io);
	sr.stats.read_us += clock_us() - from;
	if (err)
		log_line("stock: reading page %llu of the swap device: %s",
			(unsigned long long)first_page, err_any_text(err));
	return err;
}

/* ---- Zero pages ---- */

static void fill_zero_frames(void)
{
	struct swsusp_cursor c;
	struct swsusp_run run;
	uint64_t from = clock_us();
	swsusp_frames(&sr.s->image, &c);
	while (swsusp_next(&c, UINT64_MAX, &run) == 1)
		if (run.zero) {
			memset(frame_address(run.first), 0, run.count * PAGE_BYTES);
			sr.stats.bytes_restored += run.count * PAGE_BYTES;
		}
	sr.stats.decompress_us += clock_us() - from;
}

/* ---- Uncompressed ---- */

static int restore_direct(void)
{
	static struct area_io io[DIRECT_IN_FLIGHT];
	static uint64_t page_of[DIRECT_IN_FLIGHT];
	struct swsusp_plan plan;
	struct swsusp_piece piece;
	uint32_t at = 0;
	int err = 0;
	memset(io, 0, sizeof(io));
	swsusp_plan(&sr.s->image, &plan);
	while (!err && (err = swsusp_plan_next(&plan, DIRECT_PAGES, &piece)) == 1) {
		struct block_seg seg = {.buf = frame_address(piece.pfn),
			.bytes = (uint32_t)(piece.n_pages * PAGE_BYTES)};
		err = wait_for(&io[at], page_of[at]);
		if (!err)
			err = area_start(&sr.s->area, &io[at], BLOCK_READ,
				piece.disk_page * PAGE_BYTES, &seg, 1);
		page_of[at] = piece.disk_page;
		at = (at + 1) % DIRECT_IN_FLIGHT;
		sr.stats.bytes_read += seg.bytes;
		sr.stats.bytes_restored += seg.bytes;
	}
	for (uint32_t i = 0; i < DIRECT_IN_FLIGHT; i++) {
		int wait_err = wait_for(&io[i], page_of[i]);
		err = err ? err : wait_err;
	}
	return err;
}

/* ---- Compressed: reading ahead ---- */

static uint8_t *data_of(const struct buffer *b)
{
	return b->memory + TAIL_SLOTS * PAGE_BYTES;
}

static size_t buffer_bytes(uint32_t slots)
{
	return (TAIL_SLOTS + slots) * PAGE_BYTES;
}

/* Where the region is of small pieces, small buffers. */
static uint32_t choose_slots(const struct arena *arena)
{
	uint32_t slots = BUFFER_SLOTS;
	while (slots > BUFFER_SLOTS_MIN && arena_count(arena, buffer_bytes(slots)) < 4)
		slots /= 2;
	return slots;
}

static int take_buffers(struct arena *arena)
{
	for (uint32_t i = 0; i < sr.jobs->n_workers; i++) {
		sr.bounce[i] = arena_alloc(arena, UNIT_BYTES, PAGE_BYTES);
		if (!sr.bounce[i])
			return ERR_NO_MEMORY;
	}
	sr.buffer_slots = choose_slots(arena);
	size_t bytes = buffer_bytes(sr.buffer_slots);
	while (sr.n_ring < RING_MAX && arena_left(arena) >= ARENA_RESERVE + bytes) {
		uint8_t *memory = arena_alloc(arena, bytes, PAGE_BYTES);
		if (!memory)
			break;
		sr.ring[sr.n_ring++].memory = memory;
	}
	return sr.n_ring >= 2 ? 0 : ERR_NO_MEMORY;
}

/* One buffer's worth of slots: a request for each run of disk pages. */
static int start_buffer(struct buffer *b)
{
	const struct swsusp_image *img = &sr.s->image;
	struct swsusp_cursor c;
	struct swsusp_run run;
	uint64_t left = img->n_slots - sr.next_slot;
	b->first_slot = sr.next_slot;
	b->n_slots = left < sr.buffer_slots ? (uint32_t)left : sr.buffer_slots;
	swsusp_slots(img, sr.next_slot, &c);
	area_begin(&b->io);
	int err = 0;
	for (uint32_t done = 0; !err && done < b->n_slots;) {
		if (swsusp_next(&c, b->n_slots - done, &run) != 1) {
			err = ERR_BUG;
			break;
		}
		struct block_seg seg = {.buf = data_of(b) + done * PAGE_BYTES,
			.bytes = (uint32_t)(run.count * PAGE_BYTES)};
		err = area_add(&sr.s->area, &b->io, BLOCK_READ, run.first * PAGE_BYTES, &seg, 1);
		done += (uint32_t)run.count;
	}
	area_end(&b->io);
	sr.next_slot += b->n_slots;
	sr.stats.bytes_read += b->n_slots * PAGE_BYTES;
	return err;
}

static int read_ahead(void)
{
	for (uint32_t i = 0; i < sr.n_ring; i++) {
		struct buffer *b = &sr.ring[(sr.first + i) % sr.n_ring];
		if (b->n_slots || sr.next_slot == sr.s->image.n_slots)
			continue;
		int err = start_buffer(b);
		if (err)
			return err;
	}
	return 0;
}

/* ---- Compressed: units as jobs, and back ---- */

/* A buffer is free when the last of its units is done. */
static void leave_buffer(struct buffer *b)
{
	if (b->walked && b->n_units == 0) {
		b->walked = false;
		b->n_slots = 0;
	}
}

/* The oldest unit: waits for it, and reads on where it was the last of a buffer. */
static int take_back(void)
{
	struct unit_job *j = &sr.unit[sr.first_unit];
	int err = jobs_wait(sr.jobs, &j->job);
	if (err) {
		log_line("stock: another processor does not finish its work");
		return err;
	}
	if (j->err)
		return say(j->err, &j->fault);
	sr.crc = swsusp_crc_join(sr.crc, j->crc, j->u.n_pages * PAGE_BYTES);
	sr.stats.decompress_us += j->decompress_us;
	sr.stats.hash_us += j->hash_us;
	sr.stats.bytes_restored += (j->u.n_pages - j->u.n_meta) * PAGE_BYTES;
	sr.first_unit = (sr.first_unit + 1) % UNITS_MAX;
	sr.n_units--;
	j->buffer->n_units--;
	leave_buffer(j->buffer);
	return read_ahead();
}

/* Does what else there is to do while the disk works. */
static int wait_for_buffer(struct buffer *b)
{
	while (area_poll(&sr.s->area) == 0 && b->io.status == ERR_BUSY && jobs_help(sr.jobs, 0))
		;
	return wait_for(&b->io, b->first_slot);
}

static const uint8_t *place_of(const struct buffer *b, uint64_t slot)
{
	/* The slots before the buffer's own are the tail of the one before. */
	return data_of(b) + ((int64_t)slot - (int64_t)b->first_slot) * (int64_t)PAGE_BYTES;
}

/* The stored slots from `slot` on as contiguous memory: *ret_n of them, up to the end of the
 * buffer. When fewer than wanted are there, the next buffer follows with these put in front of
 * it. */
static int stored_at(uint64_t slot, uint32_t wanted, const uint8_t **ret_at, uint32_t *ret_n)
{
	struct buffer *b = &sr.ring[sr.first];
	uint64_t end = b->first_slot + b->n_slots;
	uint32_t have = (uint32_t)(end - slot);
	if (have >= wanted || end == sr.s->image.n_slots) {
		*ret_at = place_of(b, slot);
		*ret_n = have;
		return 0;
	}
	struct buffer *next = &sr.ring[(sr.first + 1) % sr.n_ring];
	int err = 0;
	while (!err && (next->walked || next->n_slots == 0))
		err = sr.n_units ? take_back() : ERR_BUG;
	if (!err)
		err = wait_for_buffer(next);
	if (err)
		return err;
	if (have > TAIL_SLOTS || next->first_slot != end)
		return ERR_BUG;
	memcpy(data_of(next) - have * PAGE_BYTES, place_of(b, slot), have * PAGE_BYTES);
	*ret_at = place_of(next, slot);
	*ret_n = have + next->n_slots;
	b->walked = true;
	leave_buffer(b);
	sr.first = (sr.first + 1) % sr.n_ring;
	return read_ahead();
}

/* ---- The job: on any processor; touches nothing but itself, its worker's bounce buffer, its
 * frames ---- */

static void spread(const struct unit_job *j, const uint8_t *pages)
{
	for (uint32_t i = 0; i < j->n_runs; i++) {
		memcpy(frame_address(j->run[i].first), pages, j->run[i].count * PAGE_BYTES);
		pages += j->run[i].count * PAGE_BYTES;
	}
}

static void decode_unit(struct job *job, uint32_t worker)
{
	struct unit_job *j = (struct unit_job *)job; /* its first member */
	const struct swsusp_unit *u = &j->u;
	bool direct = u->n_meta == 0 && j->n_runs == 1;
	uint8_t *to = direct ? frame_address(j->run[0].first) : sr.bounce[worker];
	uint64_t from = clock_us();
	j->err = swsusp_unit_decode(&sr.s->image, u, j->stored, to, &j->fault);
	uint64_t decoded = clock_us();
	if (j->err)
		return;
	j->crc = swsusp_crc(0, to, u->n_pages * PAGE_BYTES);
	uint64_t hashed = clock_us();
	if (!direct)
		spread(j, to + u->n_meta * PAGE_BYTES);
	j->decompress_us = decoded - from + (clock_us() - hashed);
	j->hash_us = hashed - decoded;
}

/* ---- Compressed: walking through the units ---- */

/* The frames that the unit's data go to. */
static int take_frames(struct unit_job *j)
{
	uint64_t left = j->u.n_pages - j->u.n_meta;
	for (j->n_runs = 0; left > 0; j->n_runs++) {
		if (sr.run.count == 0 && swsusp_next(&sr.frames, UINT64_MAX, &sr.run) != 1)
			return ERR_BUG; /* swsusp_open has counted them */
		uint64_t n = sr.run.count < left ? sr.run.count : left;
		j->run[j->n_runs] = (struct swsusp_run){.first = sr.run.first, .count = n};
		sr.run.first += n;
		sr.run.count -= n;
		left -= n;
	}
	return 0;
}

/* 1: there was another one, and it was given. */
static int give_unit(struct swsusp_stream *stream)
{
	struct unit_job *j = &sr.unit[(sr.first_unit + sr.n_units) % UNITS_MAX];
	struct swsusp_fault fault = {.what = NULL};
	uint32_t n = 0;
	int err = 0;
	*j = (struct unit_job){.job.run = decode_unit};
	j->stored = sr.bounce[0]; /* behind the last slot nothing of it is looked at */
	if (stream->slot != sr.s->image.n_slots)
		err = stored_at(stream->slot, TAIL_SLOTS, &j->stored, &n);
	if (err)
		return err;
	int more = swsusp_unit_next(&sr.s->image, stream, j->stored, &j->u, &fault);
	if (more != 1)
		return more ? say(more, &fault) : 0;
	if (j->u.n_slots > n)
		return ERR_BUG; /* swsusp_unit_next has checked it against the stream's end */
	err = take_frames(j);
	if (err)
		return err;
	j->buffer = &sr.ring[sr.first];
	j->buffer->n_units++;
	sr.n_units++;
	jobs_give(sr.jobs, &j->job);
	return 1;
}

static int restore_units(struct swsusp_stream *stream)
{
	int more = 1;
	while (more == 1) {
		int err = sr.n_units == UNITS_MAX ? take_back() : 0;
		more = err ? err : give_unit(stream);
	}
	while (more == 0 && sr.n_units > 0)
		more = take_back();
	return more;
}

static int restore_compressed(struct arena *arena)
{
	struct swsusp_stream stream = sr.s->image.data;
	struct swsusp_fault fault = {.what = NULL};
	sr.crc = stream.crc;
	int err = take_buffers(arena);
	swsusp_data_frames(&sr.s->image, &sr.frames);
	sr.next_slot = stream.slot;
	if (!err)
		err = read_ahead();
	if (!err && sr.ring[0].n_slots)
		err = wait_for_buffer(&sr.ring[0]);
	if (!err)
		err = restore_units(&stream);
	if (err)
		return err;
	err = swsusp_crc_check(&sr.s->image, sr.crc, &fault);
	return err ? say(err, &fault) : 0;
}

int stock_restore(
	struct stock *s, struct arena *arena, struct jobs *jobs, struct restore_stats *ret)
{
	memset(&sr, 0, sizeof(sr));
	sr.jobs = jobs;
	sr.s = s;
	int err =
		s->header.codec == SWSUSP_CODEC_RAW ? restore_direct() : restore_compressed(arena);
	if (!err)
		fill_zero_frames();
	*ret = sr.stats;
	return err;
}

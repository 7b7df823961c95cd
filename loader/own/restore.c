/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading runs ahead of decoding: a ring of slots, each one read of up to SLOT_BYTES (about 1 MiB).
 * A slot holds neighbouring LZ4 chunks in its buffer, or its read goes straight into the frames of
 * neighbouring raw chunks, or it is a piece of a fill, which needs no read. A slot that was read is
 * a job: any processor decompresses and hashes it. Slots are given and taken back in the order they
 * were started, and the disk works on the next ones meanwhile.
 */
#include "restore.h"

#include <stdbool.h>

#include "log.h"
#include "machine.h"

#define SLOTS       48u
#define BUFFERS_MAX 16u
#define SLOT_BYTES                                                                                 \
	(IMG_STORED_MAX + IMG_BLOCK_BYTES) /* an unaligned LZ4 chunk of any length fits */
#define SLOT_CHUNKS   64u
#define FILL_PAGES    4096u
#define ARENA_RESERVE (64u * 1024)

struct slot {
	struct job job;
	struct area_io io;
	uint8_t *buffer;     /* NULL: not LZ4 */
	uint64_t start, end; /* of the read, in the area */
	uint32_t n_chunks, n_segs;
	struct img_chunk_rec chunk[SLOT_CHUNKS];
	struct block_seg seg[AREA_SEGS];
	/* What the job says. */
	int err;
	uint32_t failed; /* chunk */
	uint64_t decompress_us, hash_us;
};

static struct {
	struct image *im;
	struct area *area;
	struct img_cursor cursor;
	struct img_chunk_rec ahead; /* the next chunk of the cursor */
	bool have_ahead;
	struct slot slot[SLOTS];
	uint8_t *buffer[BUFFERS_MAX]; /* that no slot has */
	uint32_t n_buffers;
	uint32_t first;           /* a ring: first come n_given whose jobs were given, ... */
	uint32_t n_given, n_busy; /* ... then those that are being read, together n_busy */
	struct jobs *jobs;
	struct restore_stats stats;
} rs;

static void *frame_address(uint64_t pfn)
{
	return (void *)(pfn << 12);
}

static int take_buffers(struct arena *arena)
{
	rs.n_buffers = 0;
	while (rs.n_buffers < BUFFERS_MAX && arena_left(arena) >= ARENA_RESERVE + SLOT_BYTES) {
		uint8_t *buffer = arena_alloc(arena, SLOT_BYTES, IMG_BLOCK_BYTES);
		if (!buffer)
			break;
		rs.buffer[rs.n_buffers++] = buffer;
	}
	return rs.n_buffers >= 2 ? 0 : ERR_NO_MEMORY;
}

static int advance(void)
{
	int err = img_next(&rs.cursor, &rs.ahead);
	rs.have_ahead = err == 1;
	return err == 1 ? 0 : err;
}

static uint64_t block_down(uint64_t offset)
{
	return offset & ~(uint64_t)(IMG_BLOCK_BYTES - 1);
}

static uint64_t block_up(uint64_t offset)
{
	return block_down(offset + IMG_BLOCK_BYTES - 1);
}

/* A raw chunk's frames join the last segment when they follow it. */
static bool add_frames(struct slot *s, const struct img_chunk_rec *c)
{
	uint8_t *to = frame_address(c->first);
	struct block_seg *last = s->n_segs ? &s->seg[s->n_segs - 1] : NULL;
	if (last && (uint8_t *)last->buf + last->bytes == to) {
		last->bytes += c->stored_bytes;
		return true;
	}
	if (s->n_segs == AREA_SEGS)
		return false;
	s->seg[s->n_segs++] = (struct block_seg){.buf = to, .bytes = c->stored_bytes};
	return true;
}

/* Does this chunk belong into the slot's read? Adds it when it does. */
static bool add_chunk(struct slot *s, const struct img_chunk_rec *c)
{
	if (s->n_chunks == SLOT_CHUNKS)
		return false;
	uint64_t start = block_down(c->offset), end = block_up(c->offset + c->stored_bytes);
	if (s->n_chunks == 0) {
		s->start = start;
	} else if (c->codec != s->chunk[0].codec || c->offset < s->start || start > s->end ||
		   (c->codec == IMG_RAW && start != s->end)) {
		return false;
	}
	if (end - s->start > SLOT_BYTES)
		return false;
	if (c->codec == IMG_RAW && !add_frames(s, c))
		return false;
	if (end > s->end || s->n_chunks == 0)
		s->end = end;
	s->chunk[s->n_chunks++] = *c;
	return true;
}

/* A piece of a fill that is not too long for a job. */
static int start_fill(struct slot *s)
{
	struct img_chunk_rec *c = &rs.ahead;
	s->chunk[0] = *c;
	s->n_chunks = 1;
	s->io = (struct area_io){.status = 0};
	if (c->count <= FILL_PAGES)
		return advance();
	s->chunk[0].count = FILL_PAGES;
	c->first += FILL_PAGES;
	c->count -= FILL_PAGES;
	return 0;
}

static int start_slot(struct slot *s)
{
	s->n_chunks = s->n_segs = 0;
	s->buffer = NULL;
	if (rs.ahead.codec == IMG_FILL)
		return start_fill(s);
	if (rs.ahead.codec == IMG_LZ4)
		s->buffer = rs.buffer[--rs.n_buffers];
	while (rs.have_ahead && rs.ahead.codec != IMG_FILL && add_chunk(s, &rs.ahead)) {
		int err = advance();
		if (err)
			return err;
	}
	if (s->n_chunks == 0)
		return ERR_BUG; /* every chunk fits an empty slot */
	struct block_seg whole = {.buf = s->buffer, .bytes = (uint32_t)(s->end - s->start)};
	bool raw = s->chunk[0].codec == IMG_RAW;
	rs.stats.bytes_read += s->end - s->start;
	return area_start(
		rs.area, &s->io, BLOCK_READ, s->start, raw ? s->seg : &whole, raw ? s->n_segs : 1);
}

/* ---- The job: on any processor; touches nothing but the slot and its frames ---- */

static bool holds(const uint64_t *frame, uint64_t value)
{
	for (uint32_t i = 0; i < IMG_PAGE_BYTES / sizeof(*frame); i++)
		if (frame[i] != value)
			return false;
	return true;
}

/* A frame that holds the value already is left alone: in a virtual machine memory that was never
 * written costs the host nothing, and the first write to it more than anything else here. */
static int spread(const struct img_chunk_rec *fill)
{
	struct img_chunk_rec page = *fill;
	page.count = 1;
	for (uint32_t i = 0; i < fill->count; i++, page.first++) {
		int err = holds(frame_address(page.first), fill->value)
				  ? 0
				  : img_decode(&page, IMG_PAGES, NULL, frame_address(page.first));
		if (err)
			return err;
	}
	return 0;
}

static int finish_chunk(struct slot *s, const struct img_chunk_rec *c)
{
	void *to = frame_address(c->first);
	uint64_t from = clock_us();
	int err = 0;
	if (c->codec == IMG_FILL)
		err = spread(c);
	else if (c->codec == IMG_LZ4)
		err = img_decode(c, IMG_PAGES, s->buffer + (c->offset - s->start), to);
	uint64_t decoded = clock_us();
	if (!err && c->codec != IMG_FILL)
		err = img_check_hash(c, IMG_PAGES, to);
	s->decompress_us += decoded - from;
	s->hash_us += clock_us() - decoded;
	return err;
}

static void finish_slot(struct job *job, uint32_t worker)
{
	struct slot *s = (struct slot *)job; /* its first member */
	(void)worker;
	s->err = 0;
	s->decompress_us = s->hash_us = 0;
	for (uint32_t i = 0; !s->err && i < s->n_chunks; i++) {
		s->err = finish_chunk(s, &s->chunk[i]);
		s->failed = i;
	}
}

/* ---- The owner of the ring ---- */

static int give_slot(struct slot *s)
{
	uint64_t from = clock_us();
	int err = area_wait(rs.area, &s->io);
	rs.stats.read_us += clock_us() - from;
	if (err) {
		log_line("restore: reading %llu bytes at byte %llu of the area: %s",
			(unsigned long long)(s->end - s->start), (unsigned long long)s->start,
			err_text(err));
		return err;
	}
	s->job.run = finish_slot;
	jobs_give(rs.jobs, &s->job);
	rs.n_given++;
	return 0;
}

static void say_what_failed(const struct slot *s)
{
	static const char *const codec_names[] = {
		[IMG_RAW] = "raw", [IMG_LZ4] = "LZ4", [IMG_FILL] = "fill"};
	const struct img_chunk_rec *c = &s->chunk[s->failed];
	log_line("restore: frames %#llx-%#llx, %s at byte %llu of the area: %s",
		(unsigned long long)c->first << 12, (unsigned long long)(c->first + c->count) << 12,
		codec_names[c->codec], (unsigned long long)c->offset, img_err_text(s->err));
}

static int take_back(struct slot *s)
{
	int err = jobs_wait(rs.jobs, &s->job);
	if (err) {
		log_line("restore: another processor does not finish its work");
		return err;
	}
	rs.stats.decompress_us += s->decompress_us;
	rs.stats.hash_us += s->hash_us;
	for (uint32_t i = 0; i < s->n_chunks; i++)
		rs.stats.bytes_restored += img_chunk_bytes(&s->chunk[i], IMG_PAGES);
	if (s->err)
		say_what_failed(s);
	if (s->buffer)
		rs.buffer[rs.n_buffers++] = s->buffer;
	rs.first = (rs.first + 1) % SLOTS;
	rs.n_given--;
	rs.n_busy--;
	return s->err;
}

static struct slot *slot_at(uint32_t i)
{
	return &rs.slot[(rs.first + i) % SLOTS];
}

/* One step: what keeps the disk busy first, then what keeps the others busy, then work of one's
 * own. */
static int step(void)
{
	if (rs.n_given && job_is_done(&slot_at(0)->job))
		return take_back(slot_at(0));
	if (rs.have_ahead && rs.n_busy < SLOTS && (rs.ahead.codec != IMG_LZ4 || rs.n_buffers > 0))
		return start_slot(slot_at(rs.n_busy++));
	bool reading = rs.n_given < rs.n_busy;
	if (reading) {
		int err = area_poll(rs.area);
		if (err || slot_at(rs.n_given)->io.status != ERR_BUSY)
			return give_slot(slot_at(rs.n_given));
	}
	if (jobs_help(rs.jobs, 0))
		return 0;
	return reading ? give_slot(slot_at(rs.n_given)) : take_back(slot_at(0));
}

static int run(void)
{
	int err = advance();
	while (!err && (rs.have_ahead || rs.n_busy))
		err = step();
	return err;
}

int restore_memory(struct image *im, struct area *area, struct arena *arena, struct jobs *jobs,
	struct restore_stats *ret)
{
	rs.jobs = jobs;
	rs.im = im;
	rs.area = area;
	rs.first = rs.n_given = rs.n_busy = 0;
	rs.stats = (struct restore_stats){0};
	int err = take_buffers(arena);
	if (!err)
		err = img_cursor_init(&rs.cursor, &im->reader, &im->memory, im->index_block);
	if (!err)
		err = run();
	*ret = rs.stats;
	return err;
}

/*
 * Loading the data of a swsusp image. Uncompressed: pieces that are contiguous on the disk and in memory
 * go straight into their frames, several at a time. Compressed: the stored stream is read ahead in
 * large buffers; its units (32 pages each) are decoded in order, straight into the frames where these
 * are contiguous, else by way of a bounce buffer. A unit that crosses into the next buffer is joined
 * there: every buffer has room in front of its data for the tail of the one before.
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
#define BUFFER_BYTES     ((TAIL_SLOTS + BUFFER_SLOTS) * PAGE_BYTES)
#define UNIT_BYTES       (SWSUSP_UNIT_PAGES * PAGE_BYTES)
#define DIRECT_IN_FLIGHT 32u
#define DIRECT_PAGES     256u
#define ARENA_RESERVE    (64u * 1024)

struct buffer {
	uint8_t *memory; /* TAIL_SLOTS pages of room, then BUFFER_SLOTS of data */
	struct area_io io;
	uint64_t first_slot; /* of the data */
	uint32_t n_slots;    /* 0: not in use */
};

static struct {
	struct stock *s;
	struct buffer ring[RING_MAX];
	uint32_t n_ring, first; /* ring[first] is the one being decoded */
	uint64_t next_slot;     /* to be read */
	uint8_t *bounce;
	struct swsusp_cursor frames;
	struct swsusp_run run; /* of frames: what is left of it */
	struct restore_stats stats;
} sr;

static void *frame_address(uint64_t pfn)
{
	return (void *)(pfn * PAGE_BYTES);
}

static int say(int err, const struct swsusp_fault *f)
{
	if (f->what)
		log_line("stock: %s: %s in page %llu is %#llx, wanted %#llx", loader_err_text(err),
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
			(unsigned long long)first_page, loader_err_text(err));
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

static int take_buffers(struct arena *arena)
{
	sr.bounce = arena_alloc(arena, UNIT_BYTES, PAGE_BYTES);
	while (sr.bounce && sr.n_ring < RING_MAX &&
		arena_left(arena) >= ARENA_RESERVE + BUFFER_BYTES) {
		uint8_t *memory = arena_alloc(arena, BUFFER_BYTES, PAGE_BYTES);
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
	b->n_slots = left < BUFFER_SLOTS ? (uint32_t)left : BUFFER_SLOTS;
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

/* The stored slots from `slot` on as contiguous memory: *ret_n of them, up to the end of the buffer.
 * When fewer than wanted are there, the next buffer follows with these put in front of it. */
static int stored_at(uint64_t slot, uint32_t wanted, uint8_t **ret_at, uint32_t *ret_n)
{
	struct buffer *b = &sr.ring[sr.first];
	uint64_t end = b->first_slot + b->n_slots;
	uint32_t have = (uint32_t)(end - slot);
	if (have >= wanted || end == sr.s->image.n_slots) {
		/* The slots before the buffer's own are the tail of the one before. */
		*ret_at =
			data_of(b) + ((int64_t)slot - (int64_t)b->first_slot) * (int64_t)PAGE_BYTES;
		*ret_n = have;
		return 0;
	}
	struct buffer *next = &sr.ring[(sr.first + 1) % sr.n_ring];
	if (have > TAIL_SLOTS || next->n_slots == 0)
		return ERR_BUG;
	memcpy(data_of(next) - have * PAGE_BYTES,
		data_of(b) + ((int64_t)slot - (int64_t)b->first_slot) * (int64_t)PAGE_BYTES,
		have * PAGE_BYTES);
	b->n_slots = 0;
	sr.first = (sr.first + 1) % sr.n_ring;
	int err = read_ahead();
	if (!err)
		err = wait_for(&next->io, next->first_slot);
	*ret_at = data_of(next) - have * PAGE_BYTES;
	*ret_n = have + next->n_slots;
	return err;
}

/* ---- Compressed: decoding ---- */

/* The next frames that data go to: at most max of them, contiguous. */
static int next_frames(uint64_t max, struct swsusp_run *ret)
{
	if (sr.run.count == 0 && swsusp_next(&sr.frames, UINT64_MAX, &sr.run) != 1)
		return ERR_BUG; /* swsusp_open has counted them */
	*ret = sr.run;
	if (ret->count > max)
		ret->count = max;
	sr.run.first += ret->count;
	sr.run.count -= ret->count;
	return 0;
}

static bool fits_next_run(uint32_t n_pages)
{
	if (sr.run.count == 0 && swsusp_next(&sr.frames, UINT64_MAX, &sr.run) != 1)
		return false;
	return sr.run.count >= n_pages;
}

static int spread(const uint8_t *pages, uint32_t n_pages)
{
	while (n_pages > 0) {
		struct swsusp_run run;
		int err = next_frames(n_pages, &run);
		if (err)
			return err;
		memcpy(frame_address(run.first), pages, run.count * PAGE_BYTES);
		pages += run.count * PAGE_BYTES;
		n_pages -= (uint32_t)run.count;
	}
	return 0;
}

static int restore_unit(const struct swsusp_unit *u, const uint8_t *stored, uint32_t *crc)
{
	struct swsusp_fault fault = {.what = NULL};
	uint32_t n_data = u->n_pages - u->n_meta;
	bool direct = u->n_meta == 0 && fits_next_run(u->n_pages);
	uint8_t *to = direct ? frame_address(sr.run.first) : sr.bounce;
	uint64_t from = clock_us();
	int err = swsusp_unit_decode(&sr.s->image, u, stored, to, &fault);
	uint64_t decoded = clock_us();
	if (err)
		return say(err, &fault);
	*crc = swsusp_crc(*crc, to, u->n_pages * PAGE_BYTES);
	uint64_t hashed = clock_us();
	struct swsusp_run run;
	err = direct ? next_frames(n_data, &run)
		     : spread(sr.bounce + u->n_meta * PAGE_BYTES, n_data);
	sr.stats.decompress_us += decoded - from + (clock_us() - hashed);
	sr.stats.hash_us += hashed - decoded;
	sr.stats.bytes_restored += n_data * PAGE_BYTES;
	return err;
}

static int next_unit(struct swsusp_stream *stream, uint32_t *crc)
{
	struct swsusp_fault fault = {.what = NULL};
	struct swsusp_unit u;
	uint8_t *stored = sr.bounce; /* behind the last slot nothing of it is looked at */
	uint32_t n = 0;
	int err = 0;
	if (stream->slot != sr.s->image.n_slots)
		err = stored_at(stream->slot, TAIL_SLOTS, &stored, &n);
	if (err)
		return err;
	int more = swsusp_unit_next(&sr.s->image, stream, stored, &u, &fault);
	if (more != 1)
		return more ? say(more, &fault) : 0;
	if (u.n_slots > n)
		return ERR_BUG; /* swsusp_unit_next has checked it against the stream's end */
	err = restore_unit(&u, stored, crc);
	return err ? err : 1;
}

static int restore_compressed(struct arena *arena)
{
	struct swsusp_stream stream = sr.s->image.data;
	struct swsusp_fault fault = {.what = NULL};
	uint32_t crc = stream.crc;
	int err = take_buffers(arena);
	swsusp_data_frames(&sr.s->image, &sr.frames);
	sr.next_slot = stream.slot;
	if (!err)
		err = read_ahead();
	if (!err && sr.ring[0].n_slots)
		err = wait_for(&sr.ring[0].io, sr.ring[0].first_slot);
	int more = 1;
	while (!err && more == 1) {
		more = next_unit(&stream, &crc);
		err = more < 0 ? more : 0;
	}
	if (err)
		return err;
	err = swsusp_crc_check(&sr.s->image, crc, &fault);
	return err ? say(err, &fault) : 0;
}

int stock_restore(struct stock *s, struct arena *arena, struct restore_stats *ret)
{
	memset(&sr, 0, sizeof(sr));
	sr.s = s;
	int err =
		s->header.codec == SWSUSP_CODEC_RAW ? restore_direct() : restore_compressed(arena);
	if (!err)
		fill_zero_frames();
	*ret = sr.stats;
	return err;
}

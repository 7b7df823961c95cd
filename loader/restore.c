/*
 * Reading runs ahead of decoding: a ring of slots, each one read of up to SLOT_BYTES (about 1
 * MiB). A slot either has a buffer and holds neighbouring LZ4 chunks, or it has none and its read
 * goes straight into the frames of neighbouring raw chunks. Slots are finished in the order they
 * were started, so that the disk works on the next ones while this one is decompressed and
 * hashed. Fills need no read.
 */
#include "restore.h"

#include <stdbool.h>

#include "log.h"
#include "machine.h"

#define SLOTS_MAX 16u
#define SLOT_BYTES                                                                                 \
	(IMG_STORED_MAX + IMG_BLOCK_BYTES) /* an unaligned LZ4 chunk of any length fits */
#define SLOT_CHUNKS   64u
#define ARENA_RESERVE (64u * 1024)

struct slot {
	struct area_io io;
	uint8_t *buffer;
	uint64_t start, end; /* of the read, in the area */
	uint32_t n_chunks, n_segs;
	struct img_chunk_rec chunk[SLOT_CHUNKS];
	struct block_seg seg[AREA_SEGS];
};

static struct {
	struct image *im;
	struct area *area;
	struct img_cursor cursor;
	struct img_chunk_rec ahead; /* the next chunk of the cursor */
	bool have_ahead;
	struct slot slot[SLOTS_MAX];
	uint32_t n_slots, first, n_busy; /* a ring of busy slots */
	struct restore_stats stats;
} rs;

static void *frame_address(uint64_t pfn)
{
	return (void *)(pfn << 12);
}

static int take_buffers(struct arena *arena)
{
	rs.n_slots = 0;
	while (rs.n_slots < SLOTS_MAX && arena_left(arena) >= ARENA_RESERVE + SLOT_BYTES) {
		uint8_t *buffer = arena_alloc(arena, SLOT_BYTES, IMG_BLOCK_BYTES);
		if (!buffer)
			break;
		rs.slot[rs.n_slots++].buffer = buffer;
	}
	return rs.n_slots >= 2 ? 0 : ERR_NO_MEMORY;
}

static bool holds(const uint64_t *frame, uint64_t value)
{
	for (uint32_t i = 0; i < IMG_PAGE_BYTES / sizeof(*frame); i++)
		if (frame[i] != value)
			return false;
	return true;
}

/* A frame that holds the value already is left alone: in a virtual machine memory that was never written
 * costs the host nothing, and the first write to it more than anything else here. */
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

/* Makes rs.ahead the next chunk that has something to read; fills are spread on the way. */
static int advance(void)
{
	rs.have_ahead = false;
	for (;;) {
		int err = img_next(&rs.cursor, &rs.ahead);
		if (err != 1)
			return err;
		if (rs.ahead.codec != IMG_FILL) {
			rs.have_ahead = true;
			return 0;
		}
		uint64_t from = clock_us();
		err = spread(&rs.ahead);
		rs.stats.decompress_us += clock_us() - from;
		if (err)
			return err;
		rs.stats.bytes_restored += img_chunk_bytes(&rs.ahead, IMG_PAGES);
	}
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

static int start_slot(struct slot *s)
{
	s->n_chunks = s->n_segs = 0;
	while (rs.have_ahead && add_chunk(s, &rs.ahead)) {
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

static int finish_chunk(const struct slot *s, const struct img_chunk_rec *c)
{
	void *to = frame_address(c->first);
	uint64_t from = clock_us();
	int err = 0;
	if (c->codec == IMG_LZ4)
		err = img_decode(c, IMG_PAGES, s->buffer + (c->offset - s->start), to);
	uint64_t decoded = clock_us();
	if (!err)
		err = img_check_hash(c, IMG_PAGES, to);
	rs.stats.decompress_us += decoded - from;
	rs.stats.hash_us += clock_us() - decoded;
	if (err)
		log_line("restore: frames %#llx-%#llx, %s at byte %llu of the area: %s",
			(unsigned long long)c->first << 12,
			(unsigned long long)(c->first + c->count) << 12,
			c->codec == IMG_LZ4 ? "LZ4" : "raw", (unsigned long long)c->offset,
			img_err_text(err));
	rs.stats.bytes_restored += img_chunk_bytes(c, IMG_PAGES);
	return err;
}

static int finish_slot(struct slot *s)
{
	uint64_t from = clock_us();
	int err = area_wait(rs.area, &s->io);
	rs.stats.read_us += clock_us() - from;
	if (err)
		log_line("restore: reading %llu bytes at byte %llu of the area: %s",
			(unsigned long long)(s->end - s->start), (unsigned long long)s->start,
			err_text(err));
	for (uint32_t i = 0; !err && i < s->n_chunks; i++)
		err = finish_chunk(s, &s->chunk[i]);
	return err;
}

static int run(void)
{
	int err = advance();
	while (!err && (rs.have_ahead || rs.n_busy)) {
		while (!err && rs.have_ahead && rs.n_busy < rs.n_slots) {
			err = start_slot(&rs.slot[(rs.first + rs.n_busy) % rs.n_slots]);
			rs.n_busy++;
		}
		if (err)
			return err;
		err = finish_slot(&rs.slot[rs.first]);
		rs.first = (rs.first + 1) % rs.n_slots;
		rs.n_busy--;
	}
	return err;
}

int restore_memory(
	struct image *im, struct area *area, struct arena *arena, struct restore_stats *ret)
{
	rs.im = im;
	rs.area = area;
	rs.first = rs.n_busy = 0;
	rs.stats = (struct restore_stats){0};
	int err = take_buffers(arena);
	if (!err)
		err = img_cursor_init(&rs.cursor, &im->reader, &im->memory, im->index_block);
	if (!err)
		err = run();
	*ret = rs.stats;
	return err;
}

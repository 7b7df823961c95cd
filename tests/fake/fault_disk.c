/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Losing power is the one fault that no code can catch. All that was written is recorded, so
 * that a test can stop the world after each write, with any part of what was not flushed.
 */
#include "fault_disk.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR       512u
#define SUBSETS_FEW  8u  /* up to this many unflushed writes every subset is tried */
#define SUBSETS_SOME 24u /* of more: this many at random */

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

void fault_disk_init(struct fault_disk *d, uint64_t size)
{
	memset(d, 0, sizeof(*d));
	d->size = size;
	d->base = must(calloc(1, size));
	d->now = must(calloc(1, size));
	d->buffer_held = -1;
	d->buffer_bytes = IMG_CHUNK_PAGES_MAX * IMG_PAGE_BYTES;
	for (int i = 0; i < FAULT_DISK_N_BUFFERS; i++)
		d->buffer[i] = must(aligned_alloc(IMG_BLOCK_BYTES, d->buffer_bytes));
}

static void forget_events(struct fault_disk *d)
{
	for (size_t i = 0; i < d->n_events; i++)
		free(d->events[i].data);
	d->n_events = 0;
}

void fault_disk_free(struct fault_disk *d)
{
	forget_events(d);
	free(d->events);
	free(d->base);
	free(d->now);
	for (int i = 0; i < FAULT_DISK_N_BUFFERS; i++)
		free(d->buffer[i]);
}

void fault_disk_mark(struct fault_disk *d)
{
	forget_events(d);
	memcpy(d->base, d->now, d->size);
	d->buffer_held = -1;
	d->n_reads = d->n_writes = d->n_flushes = 0;
	d->fail_read = d->fail_write = d->fail_flush = d->fail_once = 0;
}

static int fails(const struct fault_disk *d, uint32_t number, uint32_t fail)
{
	if (fail == 0)
		return 0;
	return d->fail_once ? number == fail : number >= fail;
}

static int in_area(struct fault_disk *d, uint64_t offset, size_t bytes)
{
	if (bytes != 0 && offset % IMG_BLOCK_BYTES == 0 && bytes % IMG_BLOCK_BYTES == 0 &&
		offset <= d->size && bytes <= d->size - offset)
		return 1;
	d->n_violations++;
	return 0;
}

static int disk_read(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	struct fault_disk *d = ctx;

	if (fails(d, ++d->n_reads, d->fail_read) || !in_area(d, offset, bytes))
		return FAULT_DISK_ERR;
	if ((uintptr_t)buf % IMG_BLOCK_BYTES)
		d->n_violations++;
	memcpy(buf, d->now + offset, bytes);
	return 0;
}

static void *disk_buffer(void *ctx)
{
	struct fault_disk *d = ctx;

	if (d->buffer_held >= 0)
		d->n_violations++;
	d->buffer_held = (int)(d->next_buffer++ % FAULT_DISK_N_BUFFERS);
	memset(d->buffer[d->buffer_held], 0xb5, d->buffer_bytes);
	return d->buffer[d->buffer_held];
}

static struct fault_event *add_event(struct fault_disk *d)
{
	if (d->n_events == d->max_events) {
		d->max_events = d->max_events ? 2 * d->max_events : 64;
		d->events = must(realloc(d->events, d->max_events * sizeof(*d->events)));
	}
	d->events[d->n_events] = (struct fault_event){0};
	return &d->events[d->n_events++];
}

/* A buffer that was given away is spoiled at once: whoever still reads it finds out. */
static int take_buffer(struct fault_disk *d, const void *data)
{
	if (d->buffer_held < 0 || data != d->buffer[d->buffer_held])
		return 0;
	memset(d->buffer[d->buffer_held], 0xa5, d->buffer_bytes);
	d->buffer_held = -1;
	return 1;
}

static int disk_write(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	struct fault_disk *d = ctx;
	struct fault_event *e;

	if (!in_area(d, offset, bytes))
		return FAULT_DISK_ERR;
	if (fails(d, ++d->n_writes, d->fail_write)) {
		take_buffer(d, data);
		return FAULT_DISK_ERR;
	}
	e = add_event(d);
	e->offset = offset;
	e->bytes = bytes;
	e->data = must(malloc(bytes));
	memcpy(e->data, data, bytes);
	memcpy(d->now + offset, data, bytes);
	e->memory = take_buffer(d, data) ? NULL : data;
	return 0;
}

static int disk_flush(void *ctx)
{
	struct fault_disk *d = ctx;

	if (fails(d, ++d->n_flushes, d->fail_flush))
		return FAULT_DISK_ERR;
	for (size_t i = d->n_events; i-- > 0 && d->events[i].bytes != 0;) {
		const struct fault_event *e = &d->events[i];

		if (e->memory && memcmp(e->memory, e->data, e->bytes) != 0)
			d->n_violations++;
	}
	add_event(d);
	return 0;
}

struct img_source fault_disk_source(struct fault_disk *d)
{
	return (struct img_source){.read = disk_read, .ctx = d, .size = d->size};
}

struct img_dest fault_disk_dest(struct fault_disk *d)
{
	return (struct img_dest){.buffer = disk_buffer,
		.write = disk_write,
		.flush = disk_flush,
		.ctx = d,
		.buffer_bytes = d->buffer_bytes,
		.size = d->size};
}

/* ---- power cuts ---- */

static int view_read(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	const struct fault_view *v = ctx;

	if (offset > v->size || bytes > v->size - offset)
		return FAULT_DISK_ERR;
	memcpy(buf, v->image + offset, bytes);
	return 0;
}

struct img_source fault_view_source(struct fault_view *v)
{
	return (struct img_source){.read = view_read, .ctx = v, .size = v->size};
}

size_t fault_disk_first_flush(const struct fault_disk *d)
{
	size_t i = 0;

	while (i < d->n_events && d->events[i].bytes == 0)
		i++;
	while (i < d->n_events && d->events[i].bytes != 0)
		i++;
	if (i == d->n_events)
		abort();
	return i + 1;
}

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

struct cuts {
	const struct fault_disk *d;
	void (*check)(void *ctx, const struct fault_cut *cut);
	void *ctx;
	uint8_t *durable, *image;
	size_t first, end; /* events that are not durable */
};

static void apply(uint8_t *image, const struct fault_event *e)
{
	memcpy(image + e->offset, e->data, e->bytes);
}

static void tell(struct cuts *c, const char *how, uint64_t variant)
{
	struct fault_cut cut = {.event = c->end, .how = how, .variant = variant, .image = c->image};

	c->check(c->ctx, &cut);
}

static void try_subset(struct cuts *c, const char *how, uint64_t subset)
{
	memcpy(c->image, c->durable, c->d->size);
	for (size_t i = c->first; i < c->end; i++) {
		if (subset >> ((i - c->first) % 64) & 1)
			apply(c->image, &c->d->events[i]);
	}
	tell(c, how, subset);
}

/* The newest write, sector by sector at random; garbage: or not even old content. */
static void try_torn(struct cuts *c, const char *how, uint64_t seed, int garbage)
{
	const struct fault_event *e = &c->d->events[c->end - 1];

	memcpy(c->image, c->durable, c->d->size);
	for (size_t i = c->first; i + 1 < c->end; i++)
		apply(c->image, &c->d->events[i]);
	for (size_t at = 0; at < e->bytes; at += SECTOR) {
		uint64_t coin = mix(seed + at);

		if (garbage && (coin & 6) == 0)
			memset(c->image + e->offset + at, (int)(coin >> 8), SECTOR);
		else if (coin & 1)
			memcpy(c->image + e->offset + at, e->data + at, SECTOR);
	}
	tell(c, how, seed);
}

static void try_garbage_sector(struct cuts *c)
{
	const struct fault_event *e = &c->d->events[c->end - 1];

	memcpy(c->image, c->durable, c->d->size);
	for (size_t i = c->first; i < c->end; i++)
		apply(c->image, &c->d->events[i]);
	memset(c->image + e->offset, 0x5a, SECTOR);
	tell(c, "first sector garbage", 0);
}

static uint64_t cuts_here(struct cuts *c)
{
	size_t pending = c->end - c->first;

	if (pending <= SUBSETS_FEW) {
		for (uint64_t subset = 0; subset < 1ull << pending; subset++)
			try_subset(c, "subset", subset);
	} else {
		try_subset(c, "nothing kept", 0);
		try_subset(c, "all kept", ~0ull);
		for (uint64_t i = 0; i < SUBSETS_SOME; i++)
			try_subset(c, "random subset", mix(c->end * 1000 + i));
	}
	if (pending == 0)
		return 0;
	try_garbage_sector(c);
	for (uint64_t seed = 1; seed <= 4; seed++) {
		try_torn(c, "torn", seed, 0);
		try_torn(c, "torn with garbage", seed, 1);
	}
	return 0;
}

/* ---- all of them ---- */

#define SUBSETS_MAX 16u /* unflushed writes */

static void refuse_overlap(const struct cuts *c)
{
	for (size_t i = c->first; i < c->end; i++) {
		const struct fault_event *a = &c->d->events[i];

		for (size_t k = c->first; k < i; k++) {
			const struct fault_event *b = &c->d->events[k];

			if (a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes)
				abort();
		}
	}
}

enum tear { TEAR_PREFIX, TEAR_LOST, TEAR_GARBAGE };

/* One sector of the newest write; others: of the unflushed ones before it, all or none. */
static void try_tear(struct cuts *c, enum tear tear, size_t sector, int others)
{
	static const char *const how[] = {"cut off", "a sector lost", "a sector garbage"};
	const struct fault_event *e = &c->d->events[c->end - 1];
	size_t at = sector * SECTOR;

	memcpy(c->image, c->durable, c->d->size);
	for (size_t i = c->first; others && i + 1 < c->end; i++)
		apply(c->image, &c->d->events[i]);
	if (tear == TEAR_PREFIX) {
		memcpy(c->image + e->offset, e->data, at);
	} else {
		apply(c->image, e);
		if (tear == TEAR_LOST)
			memcpy(c->image + e->offset + at, c->durable + e->offset + at, SECTOR);
		else
			memset(c->image + e->offset + at, 0x5a, SECTOR);
	}
	tell(c, how[tear], sector);
}

static uint64_t all_cuts_here(struct cuts *c)
{
	size_t pending = c->end - c->first, sectors;
	uint64_t n = 0;

	if (pending > SUBSETS_MAX)
		abort();
	refuse_overlap(c);
	for (; n < 1ull << pending; n++)
		try_subset(c, "subset", n);
	if (pending == 0)
		return n;
	sectors = c->d->events[c->end - 1].bytes / SECTOR;
	for (size_t sector = 0; sector < sectors; sector++) {
		for (int tear = TEAR_PREFIX; tear <= TEAR_GARBAGE; tear++) {
			try_tear(c, (enum tear)tear, sector, 0);
			try_tear(c, (enum tear)tear, sector, 1);
			n += 2;
		}
	}
	return n;
}

static void each_event(struct cuts *c, uint64_t (*here)(struct cuts *c), uint64_t *ret_n)
{
	const struct fault_disk *d = c->d;

	c->durable = must(malloc(d->size));
	c->image = must(malloc(d->size));
	memcpy(c->durable, d->base, d->size);
	for (c->end = 0; c->end <= d->n_events; c->end++) {
		if (c->end > 0 && d->events[c->end - 1].bytes == 0) {
			for (; c->first + 1 < c->end; c->first++)
				apply(c->durable, &d->events[c->first]);
			c->first = c->end;
		}
		*ret_n += here(c);
	}
	free(c->durable);
	free(c->image);
}

void fault_disk_each_cut(const struct fault_disk *d,
	void (*check)(void *ctx, const struct fault_cut *cut), void *ctx)
{
	struct cuts c = {.d = d, .check = check, .ctx = ctx};
	uint64_t n = 0;

	each_event(&c, cuts_here, &n);
}

uint64_t fault_disk_all_cuts(const struct fault_disk *d,
	void (*check)(void *ctx, const struct fault_cut *cut), void *ctx)
{
	struct cuts c = {.d = d, .check = check, .ctx = ctx};
	uint64_t n = 0;

	each_event(&c, all_cuts_here, &n);
	return n;
}

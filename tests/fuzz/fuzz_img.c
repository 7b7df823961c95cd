/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image reader on any area. Hashes would keep every change of the input from getting anywhere,
 * so this program has its own img_hash, which is always 0: in the input every hash field must be 0.
 *
 * Input: pieces of 512 bytes. Header copy 0 and 1, then the beginnings of the blocks from
 * IMG_DATA_START on; the rest of each block is zero.
 */
#include <sanitizer/asan_interface.h>
#include <string.h>

#include "fuzz.h"
#include "img.h"

#define PIECE 512u

struct area {
	const uint8_t *input;
	size_t bytes;
	uint64_t size;
	uint8_t written[IMG_N_HEADERS][IMG_BLOCK_BYTES]; /* by img_set_state */
	int has_written[IMG_N_HEADERS];
};

uint64_t img_hash(const void *data, size_t bytes)
{
	FUZZ_CHECK(!__asan_region_is_poisoned((void *)(uintptr_t)data, bytes));
	return 0;
}

/* One block, as it is in the area. */
static void read_block(const struct area *a, uint64_t block, uint8_t *buf)
{
	uint64_t piece = block;

	memset(buf, 0, IMG_BLOCK_BYTES);
	if (block < IMG_N_HEADERS && a->has_written[block]) {
		memcpy(buf, a->written[block], IMG_BLOCK_BYTES);
		return;
	}
	if (block >= IMG_DATA_START / IMG_BLOCK_BYTES)
		piece = block - IMG_DATA_START / IMG_BLOCK_BYTES + IMG_N_HEADERS;
	else if (block >= IMG_N_HEADERS)
		return;
	if (piece < a->bytes / PIECE)
		memcpy(buf, a->input + piece * PIECE, PIECE);
}

static int area_read(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	const struct area *a = ctx;

	FUZZ_CHECK(offset % IMG_BLOCK_BYTES == 0 && bytes % IMG_BLOCK_BYTES == 0 && bytes != 0);
	FUZZ_CHECK(offset <= a->size && bytes <= a->size - offset);
	for (size_t i = 0; i < bytes; i += IMG_BLOCK_BYTES)
		read_block(a, (offset + i) / IMG_BLOCK_BYTES, (uint8_t *)buf + i);
	return 0;
}

static int header_write(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	struct area *a = ctx;

	FUZZ_CHECK(bytes == IMG_BLOCK_BYTES);
	FUZZ_CHECK(offset == 0 || offset == IMG_HEADER_STRIDE);
	memcpy(a->written[offset / IMG_HEADER_STRIDE], data, bytes);
	a->has_written[offset / IMG_HEADER_STRIDE] = 1;
	return 0;
}

static int header_flush(void *ctx)
{
	(void)ctx;
	return 0;
}

static void *blocks(size_t bytes)
{
	void *p = aligned_alloc(IMG_BLOCK_BYTES, bytes);

	FUZZ_CHECK(p != NULL);
	return p;
}

static void check_fault(int err, const struct img_fault *f)
{
	if (err <= IMG_ERR_HEADER && err >= IMG_ERR_TRUNCATED)
		FUZZ_CHECK(f->what && f->what[0]);
}

/* Content in memory of exactly its size: one byte beyond is seen. */
static void decode_chunk(struct img_reader *r, const struct img_chunk_rec *c)
{
	uint64_t bytes = img_chunk_bytes(c, IMG_PAGES);
	uint8_t *content, *stored = NULL;
	int err;

	if (bytes > IMG_BYTES_CHUNK_MAX)
		return; /* a long fill */
	content = malloc(bytes);
	FUZZ_CHECK(content != NULL);
	if (c->codec != IMG_FILL) {
		uint64_t start = c->offset & ~4095ull;
		uint64_t end = (c->offset + c->stored_bytes + 4095) & ~4095ull;
		uint8_t *read = blocks(end - start);

		FUZZ_CHECK(area_read(r->src->ctx, start, read, end - start) == 0);
		stored = malloc(c->stored_bytes);
		FUZZ_CHECK(stored != NULL);
		memcpy(stored, read + (c->offset - start), c->stored_bytes);
		free(read);
	}
	err = img_decode(c, IMG_PAGES, stored, content);
	FUZZ_CHECK(err == 0 || (err == IMG_ERR_DATA && c->codec == IMG_LZ4));
	if (err == 0)
		(void)!img_check_hash(c, IMG_PAGES, content);
	free(stored);
	free(content);
}

static void walk_pages(struct img_reader *r, const struct img_object_rec *o, void *index)
{
	uint64_t pages = 0, end = 0, n = 0;
	struct img_cursor cur;
	struct img_chunk_rec c;
	int err;

	FUZZ_CHECK(img_cursor_init(&cur, r, o, index) == 0);
	while ((err = img_next(&cur, &c)) > 0) {
		FUZZ_CHECK(c.first >= end && c.count > 0);
		end = c.first + c.count;
		FUZZ_CHECK(end <= IMG_PFN_LIMIT);
		pages += c.count;
		FUZZ_CHECK(pages <= o->length && n++ < o->n_chunks);
		if (n < 64)
			decode_chunk(r, &c);
	}
	if (err == 0)
		FUZZ_CHECK(pages == o->length && n == o->n_chunks);
	check_fault(err, &r->fault);
}

static void walk_bytes(struct img_reader *r, const struct img_object_rec *o, void *index)
{
	size_t cap = o->length < 1u << 20 ? o->length : 1u << 20, n = 0;
	uint8_t *buf = malloc(cap + !cap), *scratch = blocks(IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES);
	int err = img_read_bytes(r, o, index, scratch, buf, cap, &n);

	if (err == 0)
		FUZZ_CHECK(n == o->length);
	check_fault(err, &r->fault);
	free(buf);
	free(scratch);
}

static void walk_image(const struct img_source *src, const struct img_header *h)
{
	uint8_t *work = blocks(IMG_READER_WORK_MIN), *index = blocks(IMG_INDEX_BLOCK_MAX);
	struct img_object_rec o;
	struct img_node_rec node;
	struct img_reader r;
	int err = img_open(&r, src, h, work, IMG_READER_WORK_MIN);

	check_fault(err, &r.fault);
	for (uint32_t i = 0; err == 0 && i < 16 && img_object_at(&r, i, &o) == 0; i++) {
		if (o.type == IMG_PAGES)
			walk_pages(&r, &o, index);
		else
			walk_bytes(&r, &o, index);
	}
	for (uint32_t i = 0; err == 0 && i < 16 && img_node_at(&r, i, &node) == 0; i++) {
		FUZZ_CHECK(memchr(node.name, 0, sizeof(node.name)) != NULL);
		(void)!img_find(&r, node.name, "memory", &o);
	}
	free(index);
	free(work);
}

/* A loader's moves; each is what a reader sees next. */
static void move_states(
	struct area *a, const struct img_source *src, struct img_headers *hs, void *block)
{
	static const enum img_state moves[] = {IMG_LOADING, IMG_LAUNCHED, IMG_CONSUMED, IMG_EMPTY};
	struct img_dest d = {
		.write = header_write, .flush = header_flush, .ctx = a, .size = a->size};
	struct img_headers again;
	struct img_fault fault;

	if (hs->h.state == IMG_EMPTY || hs->h.generation > 1ull << 62)
		return;
	for (uint32_t i = 0; i < 4; i++) {
		FUZZ_CHECK(img_set_state(&d, hs, moves[i], i, block) == 0);
		/* The seal is as void as every hash here: a copy is good when its field is 0. */
		FUZZ_CHECK(img_read_headers(src, block, &again, &fault) == 0);
		FUZZ_CHECK(again.h.state == moves[i] && again.slot == hs->slot);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct area *a;
	struct img_source src = {.read = area_read};
	struct img_headers hs;
	struct img_fault fault;
	void *block;
	int err;

	if (bytes < IMG_N_HEADERS * PIECE)
		return 0;
	a = calloc(1, sizeof(*a));
	FUZZ_CHECK(a != NULL);
	block = blocks(IMG_BLOCK_BYTES);
	a->input = data;
	a->bytes = bytes;
	a->size = IMG_DATA_START + (bytes / PIECE - IMG_N_HEADERS) * IMG_BLOCK_BYTES;
	src.ctx = a;
	src.size = a->size;
	err = img_read_headers(&src, block, &hs, &fault);
	check_fault(err, &fault);
	if (err == 0) {
		walk_image(&src, &hs.h);
		move_states(a, &src, &hs, block);
	}
	free(block);
	free(a);
	return 0;
}

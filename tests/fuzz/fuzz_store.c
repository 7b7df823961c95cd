/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store over any area: opened, listed, added to and taken from; what it wrote must be there
 * afterwards, and what was there before must stay. As in fuzz_img.c all hashes are 0, and the input is
 * pieces of 512 bytes: the two headers, then the beginnings of blocks from IMG_DATA_START on.
 */
#include <string.h>

#include "fuzz.h"
#include "store.h"

#define PIECE     512u
#define AREA      (256u << 10)
#define PUT_BYTES 9000u

static uint8_t area[AREA];
static uint8_t buffer[IMG_BYTES_CHUNK_MAX] __attribute__((aligned(IMG_BLOCK_BYTES)));

uint64_t img_hash(const void *data, size_t bytes)
{
	(void)data;
	(void)bytes;
	return 0;
}

static int area_read(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	(void)ctx;
	FUZZ_CHECK(offset % IMG_BLOCK_BYTES == 0 && bytes % IMG_BLOCK_BYTES == 0);
	FUZZ_CHECK(offset <= AREA && bytes <= AREA - offset);
	memcpy(buf, area + offset, bytes);
	return 0;
}

static void *area_buffer(void *ctx)
{
	(void)ctx;
	return buffer;
}

static int area_write(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	(void)ctx;
	FUZZ_CHECK(offset % IMG_BLOCK_BYTES == 0 && bytes % IMG_BLOCK_BYTES == 0);
	FUZZ_CHECK(offset <= AREA && bytes <= AREA - offset);
	FUZZ_CHECK(offset >= IMG_DATA_START ||
		   (bytes == IMG_BLOCK_BYTES && offset <= IMG_HEADER_STRIDE));
	memcpy(area + offset, data, bytes);
	return 0;
}

static int area_flush(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct img_source src = {.read = area_read, .size = AREA};
static const struct img_dest dest = {.buffer = area_buffer,
	.write = area_write,
	.flush = area_flush,
	.buffer_bytes = sizeof(buffer),
	.size = AREA};

static void lay_out(const uint8_t *data, size_t bytes)
{
	memset(area, 0, sizeof(area));
	for (size_t i = 0; i < bytes / PIECE; i++) {
		size_t at =
			i < 2 ? i * IMG_HEADER_STRIDE : IMG_DATA_START + (i - 2) * IMG_BLOCK_BYTES;

		if (at < AREA)
			memcpy(area + at, data + i * PIECE, PIECE);
	}
}

static uint32_t n_named(const struct store *s, const char *name)
{
	struct img_node_rec n;
	uint32_t found = 0;

	for (uint32_t i = 0; store_at(s, i, &n) == 0; i++)
		found += strcmp(n.name, name) == 0;
	return found;
}

static void check_content(struct store *s, const uint8_t *want)
{
	static uint8_t block[IMG_INDEX_BLOCK_MAX] __attribute__((aligned(IMG_BLOCK_BYTES)));
	static uint8_t scratch[IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES]
		__attribute__((aligned(IMG_BLOCK_BYTES)));
	static uint8_t back[PUT_BYTES];
	struct img_object_rec o;
	size_t n;

	FUZZ_CHECK(store_find(s, "put", "data", &o) == 0);
	FUZZ_CHECK(img_read_bytes(&s->r, &o, block, scratch, back, sizeof(back), &n) == 0);
	FUZZ_CHECK(n == PUT_BYTES && memcmp(back, want, n) == 0);
}

static int put(struct store *s, const uint8_t *data)
{
	int err = store_prepare(s, "put");

	if (!err)
		err = store_object(s, "data", IMG_BYTES);
	if (!err)
		err = store_bytes(s, data, PUT_BYTES);
	if (err) {
		store_discard(s);
		return err;
	}
	return store_finish(s, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint8_t content[PUT_BYTES];
	static void *work;
	struct img_node_rec first;
	struct store s;
	uint64_t n_free;
	uint32_t others;

	if (!work)
		work = aligned_alloc(IMG_BLOCK_BYTES, store_work(AREA));
	FUZZ_CHECK(work != NULL);
	lay_out(data, bytes);
	for (size_t i = 0; i < PUT_BYTES; i++)
		content[i] = (uint8_t)(i / 3 + (bytes ? data[i % bytes] : 0));
	if (store_open(&s, &src, &dest, work, store_work(AREA)))
		return 0;
	others = store_count(&s) - n_named(&s, "put");
	(void)!store_free(&s, &n_free);
	if (put(&s, content) == 0) {
		FUZZ_CHECK(store_open(&s, &src, &dest, work, store_work(AREA)) == 0);
		FUZZ_CHECK(store_count(&s) == others + 1 && n_named(&s, "put") == 1);
		check_content(&s, content);
	}
	if (store_at(&s, 0, &first) == 0 && store_drop(&s, first.name, 2) == 0)
		FUZZ_CHECK(!store_has(&s, first.name));
	return 0;
}

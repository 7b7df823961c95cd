/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's writer, retold from the kernel's source and not from ours: the only opinion
 * besides ours on what such an image is.
 */
#include "swsusp_builder.h"

#include <lz4.h>
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>

#define UNIT_PAGES  32u
#define MAP_ENTRIES 511u
#define FIRST_FRAME 0x1000u
#define TEXT        0xffffffff81000000ull

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static void put(void *page, uint32_t offset, uint64_t value, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		((uint8_t *)page)[offset + i] = (uint8_t)(value >> 8 * i);
}

uint8_t *swb_page(const struct swb_image *b, uint64_t page)
{
	if (page >= b->disk_pages)
		abort();
	return b->disk + page * SWB_PAGE;
}

static uint32_t crc_of_byte(uint32_t x)
{
	for (uint32_t bit = 0; bit < 8; bit++)
		x = x >> 1 ^ (x & 1 ? 0xedb88320u : 0);
	return x;
}

uint32_t swb_crc(uint32_t crc, const void *data, uint64_t bytes)
{
	const uint8_t *p = data;
	uint32_t table[256];

	for (uint32_t i = 0; i < 256; i++)
		table[i] = crc_of_byte(i);
	for (uint64_t i = 0; i < bytes; i++)
		crc = crc >> 8 ^ table[(crc ^ p[i]) & 255];
	return crc;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 31) * 0x7fb5d329728ea185ull;
	x = (x ^ x >> 27) * 0x81dadef4bc2dd44dull;
	return x ^ x >> 33;
}

/* 64 frames of one kind, then of the next: whole units that do not compress at all come up. */
void swb_content(uint64_t pfn, void *page)
{
	uint64_t *words = page;

	for (uint32_t i = 0; i < SWB_PAGE / 8; i++) {
		switch (pfn / 64 % 4) {
		case 0:
			words[i] = pfn;
			break;
		case 1:
			words[i] = mix(pfn * 512 + i);
			break;
		case 2:
			words[i] = mix(i % 37) + pfn;
			break;
		default:
			words[i] = i % 64 < 32 ? mix(pfn * 512 + i) : 0x2020202020202020ull;
		}
	}
}

/* ---- frames ---- */

static void make_frames(struct swb_image *b)
{
	uint64_t every = b->p.data_every ? b->p.data_every : 1;
	uint64_t pfn = FIRST_FRAME, n_data = 0;

	b->frames = must(calloc(b->p.n_data * (every + 1) + 2, sizeof(uint64_t)));
	while (n_data < b->p.n_data) {
		uint64_t i = b->n_frames;
		bool zero = i > 1 && ((b->p.zero_every && i % b->p.zero_every == 0) || i % every);

		b->frames[b->n_frames++] = pfn | (zero ? SWB_ZERO : 0);
		n_data += !zero;
		pfn += b->p.gap_every && b->n_frames % b->p.gap_every == 0 ? 1 + pfn % 7 : 1;
	}
	b->n_meta = (b->n_frames + 511) / 512;
	b->n_pages = 1 + b->n_meta + b->p.n_data;
}

static void fill_list_page(const struct swb_image *b, uint64_t index, void *page)
{
	for (uint32_t i = 0; i < 512; i++) {
		uint64_t k = index * 512 + i;

		put(page, i * 8, k < b->n_frames ? b->frames[k] : k == b->n_frames ? ~0ull : 0, 8);
	}
}

/* The stream without its first page. */
static uint8_t *make_stream(const struct swb_image *b)
{
	uint8_t *stream = must(calloc(b->n_pages - 1, SWB_PAGE)), *at = stream;

	for (uint64_t i = 0; i < b->n_meta; i++, at += SWB_PAGE)
		fill_list_page(b, i, at);
	for (uint64_t i = 0; i < b->n_frames; i++) {
		if (b->frames[i] & SWB_ZERO)
			continue;
		swb_content(b->frames[i], at);
		at += SWB_PAGE;
	}
	return stream;
}

/* ---- the disk ---- */

static uint64_t take_page(struct swb_image *b)
{
	return b->free_pages[b->n_free++];
}

static void make_disk(struct swb_image *b)
{
	uint64_t n = b->n_pages + b->n_pages / 8 + 64, k = 0;

	b->disk_pages = n + n / 256 + 16 + b->p.header_page;
	b->disk = must(aligned_alloc(SWB_PAGE, b->disk_pages * SWB_PAGE));
	memset(b->disk, 0xee, b->disk_pages * SWB_PAGE);
	b->free_pages = must(calloc(b->disk_pages, sizeof(uint64_t)));
	for (uint64_t i = 1; i < b->disk_pages; i++) {
		if (i != b->p.header_page)
			b->free_pages[k++] = i;
	}
	for (uint64_t i = k; b->p.scatter && i-- > 1;) {
		uint64_t j = mix(i) % (i + 1), swap = b->free_pages[i];

		b->free_pages[i] = b->free_pages[j];
		b->free_pages[j] = swap;
	}
	b->slots = must(calloc(b->disk_pages, sizeof(uint64_t)));
	b->maps = must(calloc(b->disk_pages, sizeof(uint64_t)));
	b->units = must(calloc(b->disk_pages, sizeof(uint64_t)));
}

static void new_map_page(struct swb_image *b)
{
	b->maps[b->n_maps] = take_page(b);
	memset(swb_page(b, b->maps[b->n_maps]), 0, SWB_PAGE);
	b->n_maps++;
}

static void store(struct swb_image *b, const void *page)
{
	uint64_t where = take_page(b), k = b->n_slots % MAP_ENTRIES;
	uint8_t *map = swb_page(b, b->maps[b->n_maps - 1]);

	memcpy(swb_page(b, where), page, SWB_PAGE);
	put(map, (uint32_t)k * 8, where, 8);
	b->slots[b->n_slots++] = where;
	if (k + 1 == MAP_ENTRIES) {
		new_map_page(b);
		put(map, MAP_ENTRIES * 8, b->maps[b->n_maps - 1], 8);
	}
}

static void store_info(struct swb_image *b)
{
	uint8_t page[SWB_PAGE] = {0};
	uint64_t entry = b->frames[0] * SWB_PAGE + 16;

	put(page, 0, TEXT + entry % (2u << 20), 8);
	put(page, 8, entry, 8);
	put(page, 16, b->frames[1] * SWB_PAGE, 8);
	put(page, 24, 0x23456789abcdef02ull, 8);
	put(page, 32, SWB_E820_CRC, 8);
	put(page, 400, b->n_frames + 1000, 8);
	put(page, 416, b->p.n_data, 8);
	put(page, 424, b->n_pages, 8);
	put(page, 432, b->n_pages * SWB_PAGE, 8);
	store(b, page);
}

static uint64_t compress(enum swb_codec codec, const void *src, uint64_t bytes, void *dst)
{
	static uint8_t work[LZO1X_1_MEM_COMPRESS] __attribute__((aligned(16)));
	lzo_uint n = 0;

	if (codec == SWB_LZ4)
		return (uint64_t)LZ4_compress_default(
			src, dst, (int)bytes, LZ4_compressBound((int)bytes));
	if (lzo1x_1_compress(src, bytes, dst, &n, work) != LZO_E_OK)
		abort();
	return n;
}

static void store_units(struct swb_image *b, const uint8_t *stream)
{
	static uint8_t buf[40 * SWB_PAGE];

	for (uint64_t at = 0; at < b->n_pages - 1; at += UNIT_PAGES) {
		uint64_t n = b->n_pages - 1 - at < UNIT_PAGES ? b->n_pages - 1 - at : UNIT_PAGES;
		uint64_t stored;

		b->units[b->n_units++] = b->n_slots;
		stored = compress(b->p.codec, stream + at * SWB_PAGE, n * SWB_PAGE, buf + 8);
		put(buf, 0, stored, 8);
		for (uint64_t i = 0; i < 8 + stored; i += SWB_PAGE)
			store(b, buf + i);
	}
	b->crc = swb_crc(0, stream, (b->n_pages - 1) * SWB_PAGE);
}

static void write_header(struct swb_image *b)
{
	static const uint32_t codec_flags[] = {[SWB_RAW] = 2, [SWB_LZO] = 4, [SWB_LZ4] = 20};
	uint8_t *h = swb_page(b, b->p.header_page);

	memset(h, 0, SWB_PAGE);
	put(h, 1024, 1, 4);
	put(h, 1028, b->disk_pages - 1, 4);
	memcpy(h + 1036, "sixteen uu bytes", 16);
	memcpy(h + 1052, "a label", 8);
	put(h, 4060, b->crc, 4);
	put(h, 4064, b->maps[0], 8);
	put(h, 4072, codec_flags[b->p.codec] | (b->p.platform ? 1 : 0), 4);
	memcpy(h + 4076, "SWAPSPACE2", 10);
	memcpy(h + 4086, "S1SUSPEND", 10);
}

void swb_build(struct swb_image *b, const struct swb_params *p)
{
	uint8_t *stream;

	memset(b, 0, sizeof(*b));
	b->p = *p;
	make_frames(b);
	make_disk(b);
	stream = make_stream(b);
	new_map_page(b);
	store_info(b);
	if (p->codec == SWB_RAW) {
		for (uint64_t i = 0; i < b->n_pages - 1; i++)
			store(b, stream + i * SWB_PAGE);
	} else {
		store_units(b, stream);
	}
	write_header(b);
	free(stream);
}

void swb_free(struct swb_image *b)
{
	free(b->disk);
	free(b->frames);
	free(b->slots);
	free(b->maps);
	free(b->units);
	free(b->free_pages);
	memset(b, 0, sizeof(*b));
}

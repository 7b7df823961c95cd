/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux's hibernation images, damaged: chains with loops, pages used twice, truncated and changed data,
 * too little memory, disks that fail. Wrong fields are in test_swsusp_fields.c. */
#include "test.h"

#include "swsusp_common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct swb_params plain = {
	.codec = SWB_RAW, .n_data = 2000, .zero_every = 7, .gap_every = 50};

/* Fields of a header in a swap file: its pages may lie anywhere, but not on the header. */
TEST(swap_file)
{
	struct swb_params p = plain;
	struct swb_image b;
	struct opened o;
	uint64_t header = 300;

	p.header_page = header;
	swb_build(&b, &p);
	memset(swb_page(&b, header) + 1028, 0,
		4); /* last_page counts in the file, not on the disk */
	swb_page(&b, header)[1028] = 20;
	opened_init(&o, &b, 1u << 20);
	assert_int_equal(opened_open(&o), 0);
	memcpy(swb_page(&b, b.maps[1]) + 80, &header, 8);
	fail_with(&o, opened_open(&o), SWSUSP_ERR_MAP, "map entry", "entry on the header");
	opened_free(&o);
	swb_free(&b);
}

/* ---- chains ---- */

/* Every map page's next leads to every map page. */
TEST(loops)
{
	for (uint32_t scatter = 0; scatter < 2; scatter++) {
		struct swb_params p = plain;
		struct swb_image b;

		p.n_data = 4000;
		p.scatter = scatter;
		swb_build(&b, &p);
		for (uint64_t from = 0; from + 1 < b.n_maps; from++) {
			for (uint64_t to = 0; to < b.n_maps; to++) {
				uint8_t *next = swb_page(&b, b.maps[from]) + 511 * 8;
				uint64_t saved;
				struct opened o;
				int wanted = to <= from       ? SWSUSP_ERR_LOOP
					     : to == from + 1 ? 0
							      : SWSUSP_ERR_MAP;

				memcpy(&saved, next, 8);
				memcpy(next, &b.maps[to], 8);
				opened_init(&o, &b, 1u << 20);
				fail_with(
					&o, opened_open(&o), wanted, wanted ? "map" : NULL, "loop");
				opened_free(&o);
				memcpy(next, &saved, 8);
			}
		}
		swb_free(&b);
	}
}

/* A chain that is fresh all the way, but longer than the image. */
TEST(long_chain)
{
	struct swb_params p = plain;
	struct swb_image b;
	struct opened o;
	uint8_t *last;
	uint64_t n;

	p.n_data = 511 - 2;
	p.zero_every = 0;
	swb_build(&b, &p);
	assert_int_equal(b.n_maps, 2);
	last = swb_page(&b, b.maps[1]);
	n = b.free_pages[b.n_free];
	memcpy(last, &n, 8);
	opened_init(&o, &b, 1u << 20);
	fail_with(&o, opened_open(&o), SWSUSP_ERR_MAP, "map entries, more", "long chain");
	opened_free(&o);
	swb_free(&b);
}

/* Two pages swapped is not seen in an uncompressed image; one page twice is. */
TEST(page_twice)
{
	struct swb_params p = plain;
	struct swb_image b;

	for (uint32_t scatter = 0; scatter < 2; scatter++) {
		p.scatter = scatter;
		swb_build(&b, &p);
		for (uint64_t i = 1; i < b.n_slots; i += 97) {
			uint8_t *entry = swb_page(&b, b.maps[i / 511]) + i % 511 * 8;
			uint64_t other[] = {b.slots[i - 1], b.slots[(i + 1234) % b.n_slots],
				b.maps[b.n_maps - 1]};

			for (uint32_t k = 0; k < 3; k++) {
				uint64_t saved;
				struct opened o;

				memcpy(&saved, entry, 8);
				memcpy(entry, &other[k], 8);
				opened_init(&o, &b, 1u << 20);
				fail_with(&o, opened_open(&o), SWSUSP_ERR_MAP,
					"map entry, used twice", "page twice");
				opened_free(&o);
				memcpy(entry, &saved, 8);
			}
		}
		swb_free(&b);
	}
}

/* ---- compressed data ---- */

static int open_and_verify(struct opened *o)
{
	void *buffer = aligned_alloc(SWB_PAGE, SWSUSP_BUFFER_BYTES);
	int err = opened_open(o);

	assert_non_null(buffer);
	if (!err)
		err = swsusp_verify(&o->img, buffer, NULL, NULL, &o->fault);
	free(buffer);
	return err;
}

static void expect(const struct swb_image *b, int wanted, const char *what, const char *name)
{
	struct opened o;

	opened_init(&o, b, 1u << 20);
	fail_with(&o, open_and_verify(&o), wanted, what, name);
	opened_free(&o);
}

static uint8_t *unit_of(const struct swb_image *b, uint64_t unit)
{
	return swb_page(b, b->slots[b->units[unit]]);
}

TEST(unit_lengths)
{
	struct swb_params p = plain;
	struct swb_image b;

	for (p.codec = SWB_LZO; p.codec <= SWB_LZ4; p.codec++) {
		swb_build(&b, &p);
		for (uint64_t unit = 0; unit < b.n_units; unit += b.n_units - 1) {
			uint64_t bad[] = {0, 139334, 1u << 20, 1ull << 32, 1ull << 63, ~0ull};
			uint64_t saved, shorter;
			uint8_t *head = unit_of(&b, unit);

			memcpy(&saved, head, 8);
			for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
				memcpy(head, &bad[i], 8);
				expect(&b, SWSUSP_ERR_UNIT, "unit length", "unit length");
			}
			for (shorter = saved - 1; shorter + 50 > saved; shorter -= 7) {
				memcpy(head, &shorter, 8);
				expect(&b, SWSUSP_ERR_DATA, "unit data", "truncated unit");
			}
			shorter = saved + 1;
			memcpy(head, &shorter, 8);
			expect(&b, SWSUSP_ERR_DATA, "unit data", "a unit with a byte more");
			memcpy(head, &saved, 8);
		}
		expect(&b, 0, NULL, "put right again");
		swb_free(&b);
	}
}

/* The last entry of the map missing, all entries of the last unit missing, one entry more. */
TEST(unit_count)
{
	struct swb_params p = plain;
	struct swb_image b;
	uint64_t zero = 0, more;
	uint8_t *entry;

	p.codec = SWB_LZO;
	swb_build(&b, &p);
	entry = swb_page(&b, b.maps[b.n_maps - 1]) + (b.n_slots - 1) % 511 * 8;
	memcpy(entry, &zero, 8);
	expect(&b, SWSUSP_ERR_UNIT, "unit", "last entry missing");
	memcpy(entry, &b.slots[b.n_slots - 1], 8);
	more = b.free_pages[b.n_free];
	memcpy(entry + 8, &more, 8);
	expect(&b, SWSUSP_ERR_UNIT, "stored pages after", "one entry more");
	memset(entry + 8, 0, 8);
	assert_true(b.n_slots - b.units[b.n_units - 1] <= (b.n_slots - 1) % 511);
	for (uint64_t i = b.units[b.n_units - 1]; i < b.n_slots; i++, entry -= 8)
		memset(entry, 0, 8);
	expect(&b, SWSUSP_ERR_UNIT, "units end before", "last unit missing");
	swb_free(&b);
}

/* Any byte of the stored data changed: it does not decode, or the frame list is bad, or the checksum
 * says so. A few changes mean the same data. */
TEST(changed_bytes)
{
	struct swb_params p = {.n_data = 300, .zero_every = 9};
	struct swb_image b;
	uint32_t n_crc = 0, n_data = 0, n_same = 0, n = 0;

	for (p.codec = SWB_LZO; p.codec <= SWB_LZ4; p.codec++) {
		swb_build(&b, &p);
		for (uint64_t unit = 0; unit < b.n_units; unit++) {
			uint64_t stored;

			memcpy(&stored, unit_of(&b, unit), 8);
			for (uint64_t at = 8; at < 8 + stored; at += 1 + stored / 40) {
				uint64_t slot = b.units[unit] + at / SWB_PAGE;
				uint8_t *byte = swb_page(&b, b.slots[slot]) + at % SWB_PAGE;
				struct opened o;
				int err;

				*byte ^= (uint8_t)(1 + at % 255);
				opened_init(&o, &b, 1u << 20);
				err = open_and_verify(&o);
				assert_true(err <= 0 && err > SWSUSP_ERR_WORK);
				n++;
				n_crc += err == SWSUSP_ERR_CRC;
				n_data += err == SWSUSP_ERR_DATA;
				n_same += err == 0;
				opened_free(&o);
				*byte ^= (uint8_t)(1 + at % 255);
			}
		}
		swb_free(&b);
	}
	assert_true(n > 400 && n_crc > 50 && n_data > 50 && n_same < n / 20);
}

TEST(wrong_crc)
{
	struct swb_params p = plain;
	struct swb_image b;

	for (p.codec = SWB_LZO; p.codec <= SWB_LZ4; p.codec++) {
		swb_build(&b, &p);
		swb_page(&b, 0)[4060] ^= 1;
		expect(&b, SWSUSP_ERR_CRC, "checksum of the image", "checksum");
		swb_free(&b);
	}
}

/* A compressed image taken for the other codec. */
TEST(wrong_codec)
{
	struct swb_params p = plain;
	struct swb_image b;

	for (p.codec = SWB_LZO; p.codec <= SWB_LZ4; p.codec++) {
		swb_build(&b, &p);
		swb_page(&b, 0)[4072] ^= 16;
		expect(&b, SWSUSP_ERR_DATA, "unit data", "codec");
		swb_page(&b, 0)[4072] = 2;
		expect(&b, SWSUSP_ERR_MAP, "map entries, less", "codec");
		swb_free(&b);
	}
}

/* The other width of a kernel, the other pages of a disk. */
TEST(foreign)
{
	struct swb_image b;
	uint32_t record[8] = {0xc1000000, 0x1000000, 0x1500000, 0x12345679, 1};

	swb_build(&b, &plain);
	memcpy(swb_page(&b, b.slots[0]), record, sizeof(record));
	expect(&b, SWSUSP_ERR_32BIT, "info page restore record of a 32-bit", "32 bit");
	memset(swb_page(&b, 0), 0, SWB_PAGE);
	expect(&b, SWSUSP_ERR_NO_SWAP, NULL, "zeros");
	memset(swb_page(&b, 0), 0xff, SWB_PAGE);
	expect(&b, SWSUSP_ERR_NO_SWAP, NULL, "ones");
	memcpy(swb_page(&b, 0) + 4086, "SWAPSPACE2", 10);
	expect(&b, SWSUSP_ERR_NONE, NULL, "swap");
	memcpy(swb_page(&b, 0) + 4086, "SWAP-SPACE", 10);
	expect(&b, SWSUSP_ERR_NONE, NULL, "old swap");
	swb_free(&b);
}

/* ---- the caller, and the disk ---- */

/* One run a page and one run a frame: the most memory that an image can need. */
static void worst_image(struct swb_image *b, enum swb_codec codec)
{
	struct swb_params p = {
		.codec = codec, .n_data = 40000, .gap_every = 1, .zero_every = 3, .scatter = true};

	swb_build(b, &p);
}

TEST(work)
{
	for (uint32_t codec = SWB_RAW; codec <= SWB_LZ4; codec++) {
		struct swb_image b;
		struct opened o;
		size_t enough, too_small = 0;

		worst_image(&b, (enum swb_codec)codec);
		enough = swsusp_work_max(b.n_slots, b.n_frames);
		opened_init(&o, &b, enough);
		assert_int_equal(opened_open(&o), 0);
		assert_true(o.img.work_used <= enough);
		opened_free(&o);
		for (size_t bytes = SWSUSP_WORK_MIN; bytes < enough; bytes += 64 * SWB_PAGE) {
			int err;

			opened_init(&o, &b, bytes);
			err = opened_open(&o);
			if (err) {
				assert_int_equal(err, SWSUSP_ERR_WORK);
				assert_int_equal(o.fault.found, bytes);
				assert_true(o.fault.wanted > bytes);
				too_small = bytes;
			}
			opened_free(&o);
		}
		assert_true(too_small >= SWSUSP_WORK_MIN);
		opened_init(&o, &b, SWSUSP_WORK_MIN - 1 + SWB_PAGE);
		o.work_bytes = SWSUSP_WORK_MIN - 1;
		assert_int_equal(opened_open(&o), SWSUSP_ERR_WORK);
		opened_free(&o);
		swb_free(&b);
	}
}

/* What the fault of a too small work memory asks for is enough. */
TEST(work_as_told)
{
	for (uint32_t codec = SWB_RAW; codec <= SWB_LZ4; codec++) {
		struct swb_image b;
		struct opened o;
		size_t wanted;

		worst_image(&b, (enum swb_codec)codec);
		opened_init(&o, &b, SWSUSP_WORK_MIN);
		assert_int_equal(opened_open(&o), SWSUSP_ERR_WORK);
		wanted = o.fault.wanted;
		opened_free(&o);
		opened_init(&o, &b, wanted);
		assert_int_equal(opened_open(&o), 0);
		opened_free(&o);
		swb_free(&b);
	}
}

TEST(arguments)
{
	struct swb_image b;
	struct opened o;

	swb_build(&b, &plain);
	opened_init(&o, &b, 1u << 20);
	assert_int_equal(opened_open(&o), 0);
	assert_int_equal(
		swsusp_open(&o.img, &o.src, &o.header, o.work + 8, o.work_bytes - 8, &o.fault),
		SWSUSP_ERR_ARGUMENT);
	o.src.n_pages = 0;
	assert_int_equal(opened_open(&o), SWSUSP_ERR_ARGUMENT);
	o.src.n_pages = (1ull << 40) + 1;
	assert_int_equal(opened_open(&o), SWSUSP_ERR_ARGUMENT);
	opened_free(&o);
	swb_free(&b);
}

/* Each read fails once: its error comes through. */
TEST(read_errors)
{
	struct swb_params p = plain;
	struct swb_image b;

	p.n_data = 600;
	for (p.codec = SWB_RAW; p.codec <= SWB_LZ4; p.codec++) {
		uint64_t n_reads;
		struct opened o;

		swb_build(&b, &p);
		opened_init(&o, &b, 1u << 20);
		assert_int_equal(open_and_verify(&o), 0);
		n_reads = o.n_reads;
		opened_free(&o);
		for (uint64_t i = 1; i <= n_reads; i++) {
			opened_init(&o, &b, 1u << 20);
			o.fail_at = i;
			assert_int_equal(open_and_verify(&o), FAKE_IO_ERROR);
			opened_free(&o);
		}
		swb_free(&b);
	}
}

/* A disk that ends within the image: nothing behind its end is read. */
TEST(short_disk)
{
	struct swb_image b;
	struct opened o;
	uint64_t all;

	swb_build(&b, &plain);
	all = b.free_pages[b.n_free - 1] + 1; /* with the last page used */
	for (uint64_t n = 1; n <= all; n += n < 10 ? 1 : 61) {
		opened_init(&o, &b, 1u << 20);
		o.src.n_pages = b.disk_pages = n;
		fail_with(&o, opened_open(&o), n < all ? SWSUSP_ERR_MAP : 0, n < all ? "map" : NULL,
			"short disk");
		opened_free(&o);
	}
	swb_free(&b);
}

TEST(err_text)
{
	for (int err = SWSUSP_ERR_NONE; err >= SWSUSP_ERR_ARGUMENT; err--)
		assert_non_null(swsusp_err_text(err));
	assert_string_equal(swsusp_err_text(0), "no error");
	assert_string_equal(
		swsusp_err_text(SWSUSP_ERR_CRC), "image data do not have their checksum");
	assert_string_equal(swsusp_err_text(12345), "unknown error");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of facts: round trip, every byte of it damaged, every length, an older and a newer head. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "facts.h"

static uint8_t file[FACTS_FILE_BYTES];

static const struct facts some = {
	.kernel_release = "6.1.0-56-amd64",
	.boot_id = {1, 2, 3},
	.boot_id_phys = 0x2f00010,
	.jump_address = 0xffffffff81a00010,
	.jump_address_phys = 0x23200010,
	.map_known = FACTS_MAP_CERTAIN,
	.map_crc = 0x467f41e1,
	.rsdp = 0xf59e0,
	.swap_uuid = {9, 8, 7},
};
static const struct memory_range map[] = {{0, 0x9fc00, 1, 0}, {0x9fc00, 0xa0000, 2, 0},
	{0x100000, 0x1ffe0000, 1, 0}, {0x1ffe0000, 0x20000000, 20, 0}};
static const struct saved_table tables[] = {
	{"DSDT", 0x1ffe0040, 0x1b2c, 1, 0x1234}, {"FACS", 0x1ffe0000, 64, 0, 0}};

static size_t make(void)
{
	struct state_writer w;
	size_t bytes = 0;

	memset(file, 0xee, sizeof(file));
	state_begin(&w, file + sizeof(struct facts_head), FACTS_STREAM_MAX);
	state_put(&w, &facts_desc, &some, 1);
	state_put(&w, &saved_memory_desc, map, 4);
	state_put(&w, &saved_table_desc, tables, 2);
	assert_int_equal(state_finish(&w, &bytes), 0);
	assert_int_equal(facts_seal(file, bytes), 0);
	return bytes;
}

TEST(round_trip)
{
	struct state_reader r;
	struct memory_range m[8];
	struct saved_table t[8];
	struct facts f;
	uint32_t n;
	size_t bytes = make();

	assert_int_equal(facts_open(file, sizeof(file), &r), 0);
	assert_int_equal(state_get(&r, &facts_desc, &f, 1, &n), 0);
	assert_memory_equal(&f, &some, sizeof(f));
	assert_int_equal(state_get(&r, &saved_memory_desc, m, 8, &n), 0);
	assert_int_equal(n, 4);
	assert_memory_equal(m, map, sizeof(map));
	assert_int_equal(state_get(&r, &saved_table_desc, t, 8, &n), 0);
	assert_int_equal(n, 2);
	assert_memory_equal(t, tables, sizeof(tables));
	for (size_t i = sizeof(struct facts_head) + bytes; i < sizeof(file); i++)
		assert_int_equal(file[i], 0);
	/* What GRUB or the firmware hands over may be longer. */
	assert_int_equal(facts_open(file, sizeof(file) + 4096, &r), 0);
}

TEST(no_facts)
{
	struct state_reader r;

	assert_int_equal(facts_seal(file, 0), 0);
	assert_int_equal(facts_open(file, sizeof(file), &r), IMG_ERR_NOT_FOUND);
	memset(file, 0, sizeof(file));
	assert_int_equal(facts_open(file, sizeof(file), &r), IMG_ERR_NOT_FOUND);
	assert_int_equal(facts_open(file, 0, &r), IMG_ERR_HEADER);
	assert_int_equal(facts_seal(file, FACTS_STREAM_MAX + 1), IMG_ERR_WORK);
}

TEST(every_byte_counts)
{
	struct state_reader r;
	size_t end = sizeof(struct facts_head) + make();

	for (size_t i = 0; i < end; i++) {
		file[i] ^= 0x10;
		assert_int_equal(facts_open(file, sizeof(file), &r), IMG_ERR_HEADER);
		file[i] ^= 0x10;
	}
	assert_int_equal(facts_open(file, sizeof(file), &r), 0);
}

TEST(every_length)
{
	struct state_reader r;
	size_t end = sizeof(struct facts_head) + make();

	for (size_t n = 0; n < end; n++) {
		uint8_t *part = malloc(n + 1); /* the sanitizer sees what is read behind it */

		memcpy(part, file, n);
		assert_int_equal(facts_open(part, n, &r), IMG_ERR_HEADER);
		free(part);
	}
	assert_int_equal(facts_open(file, end, &r), 0);
}

TEST(a_newer_head)
{
	struct state_reader r;
	struct facts_head h;

	make();
	memcpy(&h, file, sizeof(h));
	h.version++;
	h.check = img_hash(&h, offsetof(struct facts_head, check));
	memcpy(file, &h, sizeof(h));
	assert_int_equal(facts_open(file, sizeof(file), &r), IMG_ERR_VERSION);
}

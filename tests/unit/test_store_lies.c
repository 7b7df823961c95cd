/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store: areas that lie, or are damaged. */
#include "test.h"

#include "store_common.h"

#include <string.h>

/* Both headers get these, and all hashes again. */
static void set_headers(
	struct setup *t, uint16_t version_minor, enum img_state state, uint64_t compat)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct img_header *h = (void *)(t->d.now + i * IMG_HEADER_STRIDE);

		h->version_minor = version_minor;
		h->state = state;
		h->compat = compat;
		h->root_hash = img_hash(t->d.now + h->root_offset, h->root_bytes);
		h->hash = img_hash(h, offsetof(struct img_header, hash));
	}
}

/* A damaged node keeps others from being added (what is free is not known), until it is dropped. */
TEST(damaged_index)
{
	struct setup t;
	struct img_object_rec o;
	struct img_block_rec *b;
	struct img_header *h;
	uint64_t n;

	set_up(&t);
	assert_int_equal(put(&t, 'A', 40000), 0);
	assert_int_equal(put(&t, 'B', 40000), 0);
	h = (void *)t.d.now;
	b = (void *)(t.d.now + h->root_offset + 32 + 2 * 48 + 2 * 64);
	t.d.now[b->offset] ^= 1;
	assert_int_equal(reopen(&t), 0);
	assert_int_equal(get(&t, 'A'), IMG_ERR_INDEX);
	assert_int_equal(get(&t, 'B'), 0);
	assert_int_equal(put(&t, 'C', 10), IMG_ERR_INDEX);
	assert_string_equal(t.s.fault.what, "index block hash");
	assert_int_equal(store_free(&t.s, &n), IMG_ERR_INDEX);
	assert_int_equal(drop(&t, 'A'), 0);
	assert_int_equal(put(&t, 'C', 10), 0);
	expect(&t, "BC");
	assert_int_equal(store_find(&t.s, "B", "no such object", &o), IMG_ERR_NOT_FOUND);
	tear_down(&t);
}

/* One node is dropped while another one's index cannot be read: that one may be read again later. */
TEST(drop_beside_damage)
{
	for (uint32_t damaged = 0; damaged < 2; damaged++) {
		char dropped = damaged ? 'A' : 'B', left[2] = {damaged ? 'B' : 'A'};
		struct setup t;
		struct img_block_rec *b;
		struct img_header *h;
		uint64_t at;

		set_up(&t);
		assert_int_equal(put(&t, 'A', 40000), 0);
		assert_int_equal(put(&t, 'B', 40000), 0);
		h = (void *)t.d.now;
		b = (void *)(t.d.now + h->root_offset + 32 + 2 * 48 + 2 * 64);
		at = b[damaged].offset;
		t.d.now[at] ^= 1;
		assert_int_equal(reopen(&t), 0);
		assert_int_equal(drop(&t, dropped), 0);
		t.d.now[at] ^= 1;
		expect(&t, left);
		assert_int_equal(put(&t, 'C', 40000), 0);
		assert_int_equal(drop(&t, left[0]), 0);
		expect(&t, "C");
		tear_down(&t);
	}
}

TEST(other_versions)
{
	struct setup t;

	set_up(&t);
	assert_int_equal(put(&t, 'A', 40000), 0);
	set_headers(&t, 9, IMG_VALID, 0);
	expect(&t, "A"); /* may be read */
	assert_int_equal(put(&t, 'B', 10), IMG_ERR_VERSION);
	assert_int_equal(drop(&t, 'A'), IMG_ERR_VERSION);
	set_headers(&t, 0, IMG_VALID, 1ull << 63);
	expect(&t, "A");
	assert_int_equal(put(&t, 'B', 10), IMG_ERR_VERSION);
	assert_string_equal(t.s.fault.what, "header compat bits");
	set_headers(&t, 0, IMG_LAUNCHED, 0);
	assert_int_equal(reopen(&t), 0);
	assert_int_equal(put(&t, 'B', 10), IMG_ERR_ARGUMENT); /* not a store */
	tear_down(&t);
}

/* Two nodes of one name: the first counts, even where only the second has what is asked for. */
TEST(one_name_twice)
{
	struct setup t;
	struct img_object_rec o;
	struct img_header *h;

	set_up(&t);
	assert_int_equal(store_prepare(&t.s, "A"), 0);
	assert_int_equal(store_finish(&t.s, NOW), 0);
	assert_int_equal(put(&t, 'B', 40000), 0);
	h = (void *)t.d.now;
	t.d.now[h->root_offset + sizeof(struct img_root) + sizeof(struct img_node_rec)] = 'A';
	set_headers(&t, 0, IMG_VALID, 0);
	assert_int_equal(reopen(&t), 0);
	assert_string_equal(list(&t), "AA");
	assert_int_equal(store_find(&t.s, "A", "data", &o), IMG_ERR_NOT_FOUND);
	assert_int_equal(drop(&t, 'A'), 0);
	expect(&t, "");
	tear_down(&t);
}

/* Any byte of headers, root and index: refused, or the same list with the same contents, or a node
 * whose content is refused; never a wrong byte. */
TEST(every_byte)
{
	struct setup t;
	struct img_header h;
	uint32_t refused = 0, same = 0;

	set_up(&t);
	assert_int_equal(put(&t, 'A', 9000), 0);
	assert_int_equal(put(&t, 'b', 9000), 0);
	memcpy(&h, t.d.now, sizeof(h));
	for (uint64_t at = 0; at < h.used_bytes; at++) {
		int err;

		if (at % IMG_BLOCK_BYTES >= 512 && at < IMG_DATA_START)
			continue;
		t.d.now[at] ^= 0x81;
		err = reopen(&t);
		if (!err)
			assert_string_equal(list(&t), "Ab");
		if (!err)
			err = get(&t, 'A');
		if (!err)
			err = get(&t, 'b');
		err ? refused++ : same++;
		t.d.now[at] ^= 0x81;
	}
	assert_true(refused > 9000 && same > 1024);
	tear_down(&t);
}

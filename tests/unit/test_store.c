/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: nodes added, replaced and dropped with the others staying as they are; power lost and
 * devices failing at every write and flush.
 */
#include "test.h"

#include "store_common.h"

#include <stdlib.h>
#include <string.h>

TEST(put_and_drop)
{
	struct setup t;
	uint64_t all;

	set_up(&t);
	expect(&t, "");
	all = free_bytes(&t);
	assert_int_equal(all, AREA - IMG_DATA_START);
	assert_int_equal(put(&t, 'A', 100000), 0);
	assert_int_equal(put(&t, 'b', 300000), 0);
	assert_int_equal(put(&t, 'C', 1), 0);
	assert_int_equal(put(&t, 'd', 0), 0);
	expect(&t, "AbCd");
	assert_int_equal(drop(&t, 'x'), IMG_ERR_NOT_FOUND);
	assert_int_equal(drop(&t, 'b'), 0);
	expect(&t, "ACd");
	assert_int_equal(put(&t, 'b', 200000), 0);
	assert_int_equal(put(&t, 'A', 200000), 0); /* replaced */
	expect(&t, "CdbA");
	for (const char *c = "AbCd"; *c; c++)
		assert_int_equal(drop(&t, *c), 0);
	expect(&t, "");
	assert_int_equal(free_bytes(&t), all - IMG_BLOCK_BYTES); /* the root */
	tear_down(&t);
}

/* Several objects, pages too, in any order of reading. */
TEST(pages)
{
	struct setup t;
	struct memory m = memory_make(120, PAGE_MIXED);
	struct img_object_rec o;
	struct img_cursor cur;
	struct img_chunk_rec c;
	uint32_t at = 0;

	set_up(&t);
	assert_int_equal(store_prepare(&t.s, "vm"), 0);
	assert_int_equal(store_object(&t.s, "config", IMG_BYTES), 0);
	assert_int_equal(store_bytes(&t.s, "cpus=2", 6), 0);
	assert_int_equal(store_object(&t.s, "memory", IMG_PAGES), 0);
	for (uint32_t i = 0, n; i < m.n; i += n) {
		for (n = 1; i + n < m.n && m.pfn[i + n] == m.pfn[i] + n;)
			n++;
		assert_int_equal(
			store_pages(&t.s, m.pfn[i], n, m.data + (size_t)i * IMG_PAGE_BYTES), 0);
	}
	assert_int_equal(store_finish(&t.s, NOW), 0);
	assert_int_equal(put(&t, 'b', 5000), 0);

	assert_int_equal(reopen(&t), 0);
	assert_int_equal(store_find(&t.s, "vm", "memory", &o), 0);
	assert_int_equal(o.length, m.n);
	assert_int_equal(img_cursor_init(&cur, &t.s.r, &o, t.block), 0);
	while (img_next(&cur, &c) > 0) {
		uint8_t *pages = malloc((size_t)c.count * IMG_PAGE_BYTES);

		assert_non_null(pages);
		assert_int_equal(img_decode(&c, IMG_PAGES,
					 c.codec == IMG_FILL ? NULL : t.d.now + c.offset, pages),
			0);
		assert_int_equal(img_check_hash(&c, IMG_PAGES, pages), 0);
		for (uint32_t i = 0; i < c.count; i++, at++) {
			assert_int_equal(c.first + i, m.pfn[at]);
			assert_memory_equal(pages + (size_t)i * IMG_PAGE_BYTES,
				m.data + (size_t)at * IMG_PAGE_BYTES, IMG_PAGE_BYTES);
		}
		free(pages);
	}
	assert_int_equal(at, m.n);
	assert_int_equal(store_find(&t.s, "vm", "config", &o), 0);
	assert_int_equal(o.length, 6);
	memory_free(&m);
	tear_down(&t);
}

TEST(discard_and_misuse)
{
	struct setup t;

	set_up(&t);
	assert_int_equal(store_prepare(&t.s, ""), IMG_ERR_ARGUMENT);
	assert_int_equal(store_prepare(&t.s, "a b"), IMG_ERR_ARGUMENT);
	assert_int_equal(store_prepare(&t.s, "1234567890123456789012345678901x"), IMG_ERR_ARGUMENT);
	assert_int_equal(store_prepare(&t.s, "123456789012345678901234567890x"), 0);
	assert_int_equal(store_object(&t.s, "o\n", IMG_BYTES), IMG_ERR_ARGUMENT);
	assert_int_equal(store_finish(&t.s, NOW), IMG_ERR_ARGUMENT); /* the first error sticks */
	assert_int_equal(put(&t, 'A', 50000), 0);
	assert_int_equal(store_prepare(&t.s, "B"), 0);
	assert_int_equal(store_prepare(&t.s, "C"), IMG_ERR_ARGUMENT);
	assert_int_equal(store_drop(&t.s, "A", NOW), IMG_ERR_ARGUMENT);
	assert_int_equal(store_bytes(&t.s, "x", 1), IMG_ERR_ARGUMENT);
	assert_int_equal(store_object(&t.s, "data", IMG_BYTES), IMG_ERR_ARGUMENT);
	store_discard(&t.s);
	assert_int_equal(store_finish(&t.s, NOW), IMG_ERR_ARGUMENT);
	assert_int_equal(store_prepare(&t.s, "B"), 0);
	assert_int_equal(store_object(&t.s, "data", IMG_BYTES), 0);
	assert_int_equal(store_pages(&t.s, 0, 1, t.bytes), IMG_ERR_ARGUMENT);
	store_discard(&t.s);
	assert_int_equal(store_prepare(&t.s, "B"), 0);
	assert_int_equal(store_object(&t.s, "data", IMG_BYTES), 0);
	assert_int_equal(store_object(&t.s, "data", IMG_PAGES), IMG_ERR_ARGUMENT); /* twice */
	store_discard(&t.s);
	assert_int_equal(store_prepare(&t.s, "B"), 0);
	assert_int_equal(store_object(&t.s, "pages", IMG_PAGES), 0);
	assert_int_equal(store_pages(&t.s, 5, 1, t.bytes), 0);
	assert_int_equal(store_pages(&t.s, 5, 1, t.bytes), IMG_ERR_ARGUMENT);
	store_discard(&t.s);
	expect(&t, "A");
	assert_int_equal(store_open(&t.s, &t.src, NULL, t.work, store_work(AREA)), 0);
	assert_int_equal(store_prepare(&t.s, "B"), IMG_ERR_ARGUMENT); /* only for reading */
	tear_down(&t);
}

/* Full: what was there stays; room in pieces is used. */
TEST(full_and_fragmented)
{
	struct setup t;
	uint64_t left;

	set_up(&t);
	assert_int_equal(put(&t, 'A', AREA), IMG_ERR_FULL);
	expect(&t, "");
	for (char c = 'A'; c <= 'J'; c++)
		assert_int_equal(put(&t, c, 90000), 0);
	expect(&t, "ABCDEFGHIJ");
	assert_int_equal(put(&t, 'K', 90000), IMG_ERR_FULL);
	expect(&t, "ABCDEFGHIJ");
	for (char c = 'A'; c <= 'J'; c += 2)
		assert_int_equal(drop(&t, c), 0);
	expect(&t, "BDFHJ");
	left = free_bytes(&t);
	assert_true(left > 400000);
	assert_int_equal(put(&t, 'Z', 400000), 0); /* in no single hole */
	expect(&t, "BDFHJZ");
	assert_true(free_bytes(&t) < left - 400000);
	tear_down(&t);
}

/* An area of exactly these blocks after the start: one byte takes three of them. */
static void open_small(struct setup *t, uint32_t n_blocks)
{
	static const uint8_t uuid[16] = "small";

	t->src.size = t->dest.size = IMG_DATA_START + n_blocks * IMG_BLOCK_BYTES;
	assert_int_equal(img_format_area(&t->dest, uuid, t->block), 0);
	assert_int_equal(reopen(t), 0);
}

/* However full it is, what was put can be taken out again: that needs a block for the new root. */
TEST(full_to_the_last_block)
{
	struct setup t;

	set_up(&t);
	open_small(&t, 3);
	assert_int_equal(put(&t, 'A', 1), IMG_ERR_FULL);
	expect(&t, "");
	open_small(&t, 4);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(put(&t, 'A', 1), 0);
		expect(&t, "A");
		assert_int_equal(put(&t, 'B', 1), IMG_ERR_FULL);
		assert_int_equal(drop(&t, 'A'), 0);
		expect(&t, "");
	}
	tear_down(&t);
}

/* 600 changes at random against a list of what must be there. */
TEST(at_random)
{
	struct setup t;
	char names[27] = "";
	uint64_t dice = 1;

	set_up(&t);
	for (uint32_t i = 0; i < 600; i++) {
		char c, *at;
		int err;

		dice = dice * 6364136223846793005ull + 1442695040888963407ull;
		c = (char)((dice >> 40) % 2 ? 'A' + (dice >> 33) % 8 : 'a' + (dice >> 33) % 8);
		at = strchr(names, c);
		err = dice >> 62 ? put(&t, c, (dice >> 20) % 150000) : drop(&t, c);
		if (err == IMG_ERR_FULL || err == IMG_ERR_NOT_FOUND)
			continue;
		assert_int_equal(err, 0);
		if (at)
			memmove(at, at + 1, strlen(at));
		if (dice >> 62)
			strncat(names, &c, 1);
		if (i % 20 == 0)
			expect(&t, names);
	}
	expect(&t, names);
	tear_down(&t);
}

/* ---- power cuts ---- */

static void check_cut(void *ctx, const struct fault_cut *cut)
{
	struct setup *t = ctx;
	const char *names;

	t->view.image = cut->image;
	if (reopen(t))
		fail_msg("event %zu (%s %llx): cannot be opened", cut->event, cut->how,
			(unsigned long long)cut->variant);
	names = list(t);
	if (!strcmp(names, t->before))
		t->n_before++;
	else if (!strcmp(names, t->after))
		t->n_after++;
	else
		fail_msg("event %zu (%s): the list is %s", cut->event, cut->how, names);
	for (; *names; names++)
		assert_int_equal(get(t, *names), 0);
	if (cut->event == t->d.n_events)
		assert_string_equal(list(t), t->after);
}

static uint64_t cut(struct setup *t, const char *after)
{
	static char before[64];
	uint64_t n;

	t->view.image = t->d.now;
	strcpy(before, t->before);
	t->after = after;
	t->n_before = t->n_after = 0;
	n = fault_disk_all_cuts(&t->d, check_cut, t);
	assert_int_equal(n, t->n_before + t->n_after);
	assert_true(t->n_before > 0 && t->n_after > 0);
	t->view.image = t->d.now;
	fault_disk_mark(&t->d);
	expect(t, after);
	return n;
}

TEST(power_cuts)
{
	struct setup t;
	uint64_t n = 0;

	set_up(&t);
	t.before = "";
	assert_int_equal(put(&t, 'A', 40000), 0); /* the first one of all */
	n += cut(&t, "A");
	t.before = "A";
	assert_int_equal(put(&t, 'b', 100000), 0);
	n += cut(&t, "Ab");
	assert_int_equal(put(&t, 'C', 200000), 0);
	fault_disk_mark(&t.d);
	t.before = "AbC";
	assert_int_equal(drop(&t, 'A'), 0);
	n += cut(&t, "bC");
	t.before = "bC";
	assert_int_equal(put(&t, 'D', 60000), 0); /* where A was, among other places */
	n += cut(&t, "bCD");
	t.before = "bCD";
	assert_int_equal(put(&t, 'b', 30000), 0); /* replaced, at the end of the list */
	n += cut(&t, "CDb");
	print_message("note: 4 puts and a drop: %llu power cuts\n", (unsigned long long)n);
	tear_down(&t);
}

/* Power lost in a put, then another put over what was left, cut too. */
static void check_then_put(void *ctx, const struct fault_cut *c)
{
	struct setup *t = ctx, u;
	const char *before;
	char names[8];

	if (c->variant % 41 != 0)
		return;
	set_up(&u);
	memcpy(u.d.now, c->image, AREA);
	fault_disk_mark(&u.d);
	assert_int_equal(reopen(&u), 0);
	before = list(&u);
	strcpy(names, before);
	u.before = strcmp(names, "A") ? "AB" : "A";
	assert_string_equal(u.before, names);
	assert_int_equal(put(&u, 'E', 50000), 0);
	t->n_after += cut(&u, strcmp(names, "A") ? "ABE" : "AE");
	t->n_before++;
	tear_down(&u);
}

TEST(power_cut_twice)
{
	struct setup t;

	set_up(&t);
	assert_int_equal(put(&t, 'A', 40000), 0);
	fault_disk_mark(&t.d);
	assert_int_equal(put(&t, 'B', 30000), 0);
	(void)fault_disk_all_cuts(&t.d, check_then_put, &t);
	assert_true(t.n_before > 10);
	print_message(
		"note: %llu interrupted puts, each with another one after it: %llu power cuts\n",
		(unsigned long long)t.n_before, (unsigned long long)t.n_after);
	tear_down(&t);
}

/* Either header sector is lost after any change: the list is there all the same. */
TEST(lost_header)
{
	for (uint32_t slot = 0; slot < 2; slot++) {
		struct setup t;

		set_up(&t);
		assert_int_equal(put(&t, 'A', 40000), 0);
		assert_int_equal(put(&t, 'B', 40000), 0);
		assert_int_equal(drop(&t, 'A'), 0);
		memset(t.d.now + slot * IMG_HEADER_STRIDE, 0x5a, 512);
		expect(&t, "B");
		assert_int_equal(put(&t, 'C', 40000), 0);
		memset(t.d.now + (slot ^ 1) * IMG_HEADER_STRIDE, 0x5a, 512);
		expect(&t, "BC");
		tear_down(&t);
	}
}

/* Each write and flush fails in turn: old or new, whole. */
TEST(failing_device)
{
	uint32_t n_failed = 0;

	for (uint32_t i = 1; i < 30; i++) {
		struct setup t;
		int err;

		set_up(&t);
		assert_int_equal(put(&t, 'A', 40000), 0);
		fault_disk_mark(&t.d);
		*(i % 2 ? &t.d.fail_write : &t.d.fail_flush) = (i + 1) / 2;
		err = put(&t, 'B', 150000);
		assert_true(err == 0 || err == FAULT_DISK_ERR);
		assert_true(err == 0 || i < 28); /* all of its writes and flushes had their turn */
		n_failed += err != 0;
		fault_disk_mark(&t.d);
		assert_int_equal(reopen(&t), 0);
		if (!err || store_has(&t.s, "B"))
			expect(&t, "AB");
		else
			expect(&t, "A");
		assert_int_equal(put(&t, 'C', 10000), 0);
		tear_down(&t);
	}
	assert_true(n_failed > 4);
}

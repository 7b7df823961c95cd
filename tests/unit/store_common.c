/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The suites of the store fill it with nodes that can be told apart at a glance. */
#include "store_common.h"

#include <stdlib.h>
#include <string.h>

static void *blocks(size_t bytes)
{
	void *p = aligned_alloc(IMG_BLOCK_BYTES, bytes);

	assert_non_null(p);
	return p;
}

int reopen(struct setup *t)
{
	return store_open(&t->s, &t->src, &t->dest, t->work, store_work(AREA));
}

void set_up(struct setup *t)
{
	static const uint8_t uuid[16] = "store in a test";

	memset(t, 0, sizeof(*t));
	fault_disk_init(&t->d, AREA);
	t->dest = fault_disk_dest(&t->d);
	t->view = (struct fault_view){t->d.now, AREA};
	t->src = fault_view_source(&t->view);
	t->work = blocks(store_work(AREA));
	t->block = blocks(IMG_INDEX_BLOCK_MAX);
	t->scratch = blocks(IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES);
	t->bytes = malloc(2 * AREA);
	assert_non_null(t->bytes);
	assert_int_equal(img_format_area(&t->dest, uuid, t->block), 0);
	fault_disk_mark(&t->d);
	assert_int_equal(reopen(t), 0);
}

void tear_down(struct setup *t)
{
	assert_int_equal(t->d.n_violations, 0);
	free(t->work);
	free(t->block);
	free(t->scratch);
	free(t->bytes);
	fault_disk_free(&t->d);
}

void content(char name, uint8_t *ret, size_t n)
{
	rnd_seed((uint64_t)name);
	for (size_t i = 0; i < n; i++)
		ret[i] = name >= 'a' ? (uint8_t)(name + i / 50 % 7) : (uint8_t)rnd();
}

int put(struct setup *t, char name, size_t n)
{
	char text[2] = {name, 0};
	int err = store_prepare(&t->s, text);

	if (err)
		return err;
	content(name, t->bytes, n);
	err = store_object(&t->s, "data", IMG_BYTES);
	for (size_t at = 0; !err && at < n; at += 70001)
		err = store_bytes(&t->s, t->bytes + at, n - at < 70001 ? n - at : 70001);
	if (err) {
		store_discard(&t->s);
		return err;
	}
	return store_finish(&t->s, NOW);
}

int drop(struct setup *t, char name)
{
	return store_drop(&t->s, (char[2]){name}, NOW);
}

int get(struct setup *t, char name)
{
	char text[2] = {name, 0};
	struct img_object_rec o;
	size_t n = 0;
	uint8_t *want;
	int err = store_find(&t->s, text, "data", &o);

	if (err)
		return err;
	err = img_read_bytes(&t->s.r, &o, t->block, t->scratch, t->bytes, AREA, &n);
	if (err)
		return err;
	want = malloc(n + 1);
	assert_non_null(want);
	content(name, want, n);
	assert_memory_equal(t->bytes, want, n);
	free(want);
	return 0;
}

const char *list(struct setup *t)
{
	static char names[64];
	struct img_node_rec n;
	uint32_t i;

	for (i = 0; store_at(&t->s, i, &n) == 0; i++)
		names[i] = n.name[0];
	assert_int_equal(i, store_count(&t->s));
	names[i] = 0;
	return names;
}

void expect(struct setup *t, const char *names)
{
	assert_int_equal(reopen(t), 0);
	assert_string_equal(list(t), names);
	for (; *names; names++)
		assert_int_equal(get(t, *names), 0);
}

uint64_t free_bytes(struct setup *t)
{
	uint64_t n;

	assert_int_equal(store_free(&t->s, &n), 0);
	return n;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Without chance, on a small image: power lost at every point of a save and of every change of
 * state, with every subset of what was not flushed; every byte of headers, root, index and data
 * changed; every length. The numbers are counted and printed.
 */
#include "test.h"

#include "img_common.h"

#include <stdlib.h>
#include <string.h>

#define CPU_OLD "the old registers"
#define CPU_NEW "and the new ones"
#define AREA    (512u << 10)

struct setup {
	struct fault_disk d;
	struct img_source src;
	struct img_dest dest;
	struct loaded l;
	struct memory old, new;
	uint8_t uuid_old[16], uuid_new[16];
	struct fault_view view; /* what src reads */
	enum img_state from, to;
	size_t durable; /* events until the first flush is done */
	uint64_t n_old, n_none, n_new;
};

/* Two long runs of noise, each a write of its own, with frames between that are compressed or one
 * value. */
static struct memory small_memory(uint64_t seed)
{
	struct memory m = memory_make(40, PAGE_ZERO);

	rnd_seed(seed);
	for (uint32_t i = 0; i < m.n; i++) {
		m.pfn[i] = 3 + i;
		if ((i >= 4 && i < 20) || i >= 24)
			page_make(m.data + (size_t)i * IMG_PAGE_BYTES, PAGE_RANDOM);
		else if (i % 2)
			page_make(m.data + (size_t)i * IMG_PAGE_BYTES, PAGE_TEXT);
	}
	return m;
}

static void set_up(struct setup *t)
{
	memset(t, 0, sizeof(*t));
	fault_disk_init(&t->d, AREA);
	t->dest = fault_disk_dest(&t->d);
	t->view = (struct fault_view){t->d.now, AREA};
	t->src = fault_view_source(&t->view);
	loaded_init(&t->l);
	t->old = small_memory(1);
	t->new = small_memory(2);
}

static void tear_down(struct setup *t)
{
	assert_int_equal(t->d.n_violations, 0);
	memory_free(&t->old);
	memory_free(&t->new);
	loaded_free(&t->l);
	fault_disk_free(&t->d);
}

static void save_one(struct setup *t, const struct memory *m, const char *cpu, uint8_t uuid[16])
{
	struct saver s;

	rnd_seed(m == &t->old ? 3 : 4); /* the same calls every time, uuids that differ */
	saver_init(&s, &t->d, 16);
	memcpy(uuid, s.params.image_uuid, 16);
	assert_int_equal(save(&s, &t->d, m, cpu, strlen(cpu)), 0);
	saver_free(&s);
}

static void save_old(struct setup *t, enum img_state state)
{
	save_one(t, &t->old, CPU_OLD, t->uuid_old);
	assert_int_equal(load_open(&t->l, &t->src), 0);
	for (enum img_state s = IMG_LOADING; s <= state; s++)
		assert_int_equal(img_set_state(&t->dest, &t->l.hs, s, 1, t->l.block), 0);
	fault_disk_mark(&t->d);
}

static int load_old(struct setup *t)
{
	return load_all(&t->l, &t->src, &t->old, CPU_OLD, strlen(CPU_OLD));
}

/* ---- power cuts ---- */

static void check_save(void *ctx, const struct fault_cut *cut)
{
	struct setup *t = ctx;
	int err;

	t->view.image = cut->image;
	err = load_open(&t->l, &t->src);
	if (err == IMG_ERR_NO_AREA || err == IMG_ERR_EMPTY || err == IMG_ERR_SPENT ||
		err == IMG_ERR_HEADER) {
		t->n_none++;
		if (cut->event == t->d.n_events)
			fail_msg("%s %llx: the flushed image is gone", cut->how,
				(unsigned long long)cut->variant);
		return;
	}
	if (!err && memcmp(t->l.hs.h.image_uuid, t->uuid_new, 16) == 0) {
		err = load_all(&t->l, &t->src, &t->new, CPU_NEW, strlen(CPU_NEW));
		t->n_new++;
	} else if (!err) {
		/* Once both headers are EMPTY and durable, nothing brings it back. */
		if (!resumable(t->from) || cut->event > t->durable)
			err = 1;
		else
			err = load_old(t);
		t->n_old++;
	}
	if (err)
		fail_msg("event %zu (%s %llx): accepted, then error %d", cut->event, cut->how,
			(unsigned long long)cut->variant, err);
}

TEST(power_cut_in_save)
{
	static const enum img_state befores[] = {
		IMG_EMPTY, IMG_VALID, IMG_LOADING, IMG_LAUNCHED, IMG_CONSUMED};

	for (size_t i = 0; i < sizeof(befores) / sizeof(befores[0]); i++) {
		struct setup t;
		uint64_t n;

		set_up(&t);
		t.from = befores[i];
		if (t.from != IMG_EMPTY)
			save_old(&t, t.from);
		save_one(&t, &t.new, CPU_NEW, t.uuid_new);
		t.durable = fault_disk_first_flush(&t.d);
		n = fault_disk_all_cuts(&t.d, check_save, &t);
		assert_int_equal(n, t.n_old + t.n_none + t.n_new);
		assert_true(t.n_none > 0 && t.n_new > 0 && (t.n_old > 0) == resumable(t.from));
		print_message(
			"note: a save of %zu writes and flushes over state %d: %llu power cuts: "
			"old image %llu, none %llu, new image %llu\n",
			t.d.n_events, t.from, (unsigned long long)n, (unsigned long long)t.n_old,
			(unsigned long long)t.n_none, (unsigned long long)t.n_new);
		tear_down(&t);
	}
}

static void check_state(void *ctx, const struct fault_cut *cut)
{
	struct setup *t = ctx;
	enum img_state now;

	t->view.image = cut->image;
	assert_int_equal(img_read_headers(&t->src, t->l.block, &t->l.hs, &t->l.fault), 0);
	now = t->l.hs.h.state;
	if (now == t->to)
		t->n_new++;
	else if (now == t->from && cut->event < t->d.n_events)
		t->n_old++;
	else
		fail_msg("event %zu (%s): state %d", cut->event, cut->how, now);
	/* Once the first flush of a launch is done, nothing brings a resumable state back. */
	if (!resumable(t->to) && cut->event >= t->durable)
		assert_false(resumable(now));
	if (resumable(now))
		assert_int_equal(load_old(t), 0);
}

static uint64_t cut_a_move(struct setup *t, enum img_state to, uint32_t attempts)
{
	struct img_headers hs;
	uint64_t n;

	t->view.image = t->d.now;
	assert_int_equal(img_read_headers(&t->src, t->l.block, &hs, &t->l.fault), 0);
	t->from = hs.h.state;
	t->to = to;
	fault_disk_mark(&t->d);
	assert_int_equal(img_set_state(&t->dest, &hs, to, attempts, t->l.block), 0);
	t->durable = fault_disk_first_flush(&t->d);
	n = fault_disk_all_cuts(&t->d, check_state, t);
	assert_int_equal(n, t->n_old + t->n_new);
	assert_true(t->n_new > 0 && (t->n_old > 0 || t->from == to));
	return n;
}

/* Every change of state that img_set_state allows. */
TEST(power_cut_in_state_change)
{
	uint64_t n = 0, n_moves = 0;

	for (enum img_state from = IMG_VALID; from <= IMG_CONSUMED; from++) {
		for (enum img_state to = IMG_EMPTY; to <= IMG_CONSUMED; to++) {
			struct setup t;

			set_up(&t);
			save_old(&t, from);
			n += cut_a_move(&t, to, 2);
			n_moves++;
			tear_down(&t);
		}
	}
	print_message("note: %llu changes of state: %llu power cuts\n", (unsigned long long)n_moves,
		(unsigned long long)n);
}

/* ---- damage ---- */

/* What changing the byte at this place must lead to: 0 (the image is read all the same), or the
 * error; *ret_what: the fault's name, NULL: none. */
static int wanted(const struct loaded *good, uint64_t at, const char **ret_what)
{
	const struct img_header *h = &good->hs.h;
	const struct img_root *dir = good->r.dir;
	const struct img_block_rec *b =
		(const void *)((const uint8_t *)dir + h->root_bytes - dir->n_blocks * sizeof(*b));

	*ret_what = NULL;
	if (at >= h->root_offset && at < h->root_offset + h->root_bytes) {
		*ret_what = "root hash";
		return IMG_ERR_ROOT;
	}
	for (uint32_t i = 0; i < dir->n_blocks; i++) {
		if (at >= b[i].offset &&
			at < b[i].offset + b[i].n_chunks * sizeof(struct img_chunk_rec)) {
			*ret_what = "index block hash";
			return IMG_ERR_INDEX;
		}
	}
	return at < IMG_DATA_START ? 0 : IMG_ERR_DATA;
}

/* n_masks: with how many of the masks. */
static void flip(struct setup *t, uint64_t at, uint32_t n_masks, const struct loaded *good)
{
	static const uint8_t masks[] = {1, 0x80, 2, 4, 8, 0x10, 0x20, 0x40, 0xff};

	for (uint32_t i = 0; i < n_masks; i++) {
		const char *what;
		int err, want;

		want = wanted(good, at, &what);
		t->d.now[at] ^= masks[i];
		err = load_old(t);
		/* A byte of padding or an LZ4 block that decodes to the same all the same. */
		if (err != want && !(want == IMG_ERR_DATA && err == 0))
			fail_msg("byte %llu ^ %02x: error %d, expected %d", (unsigned long long)at,
				masks[i], err, want);
		if (err && what)
			assert_string_equal(t->l.fault.what, what);
		t->d.now[at] ^= masks[i];
		err ? t->n_none++ : t->n_old++;
	}
}

/* The image is LOADING, VALID in the other copy: either header alone is enough. */
TEST(every_byte)
{
	struct loaded good;
	struct setup t;

	set_up(&t);
	t.old.n = 6;
	save_old(&t, IMG_LOADING);
	loaded_init(&good);
	assert_int_equal(load_open(&good, &t.src), 0);
	for (uint64_t at = 0; at < good.hs.h.used_bytes; at++) {
		const char *what;

		if (at % IMG_BLOCK_BYTES < 512 && at < IMG_DATA_START)
			flip(&t, at, 2, &good);
		else if (wanted(&good, at, &what) != IMG_ERR_DATA && at >= IMG_DATA_START)
			flip(&t, at, 9, &good);
		else
			flip(&t, at, 1, &good);
	}
	print_message("note: %llu changed bytes: refused %llu, the same image %llu\n",
		(unsigned long long)(t.n_none + t.n_old), (unsigned long long)t.n_none,
		(unsigned long long)t.n_old);
	loaded_free(&good);
	tear_down(&t);
}

/* A changed byte in the header that counts: the other one does; in both: damaged, or no area. */
TEST(every_byte_of_headers)
{
	uint64_t n = 0;
	struct setup t;

	set_up(&t);
	save_old(&t, IMG_LOADING);
	for (uint32_t at = 0; at < sizeof(struct img_header); at++) {
		for (uint32_t mask = 1; mask < 256; mask++) {
			uint32_t slot;
			int want = at < 8 ? IMG_ERR_NO_AREA : IMG_ERR_HEADER;

			assert_int_equal(load_open(&t.l, &t.src), 0);
			slot = t.l.hs.slot;
			assert_int_equal(t.l.hs.h.state, IMG_LOADING);
			t.d.now[slot * IMG_HEADER_STRIDE + at] ^= mask;
			assert_int_equal(load_open(&t.l, &t.src), 0);
			assert_int_equal(t.l.hs.h.state, IMG_VALID);
			assert_int_equal(t.l.hs.err[slot], want);
			t.d.now[(slot ^ 1) * IMG_HEADER_STRIDE + at] ^= mask;
			assert_int_equal(load_open(&t.l, &t.src), want);
			t.d.now[slot * IMG_HEADER_STRIDE + at] ^= mask;
			t.d.now[(slot ^ 1) * IMG_HEADER_STRIDE + at] ^= mask;
			n += 2;
		}
	}
	print_message("note: %llu changes of header bytes, of one copy and of both\n",
		(unsigned long long)n);
	tear_down(&t);
}

/* Every length in bytes: too short for a header copy, for both, for the image. */
TEST(every_length)
{
	struct setup t;
	uint64_t used;

	set_up(&t);
	save_old(&t, IMG_VALID);
	assert_int_equal(load_open(&t.l, &t.src), 0);
	assert_int_equal(t.l.hs.slot, 1); /* copy 0 is EMPTY */
	used = t.l.hs.h.used_bytes;
	for (uint64_t size = 0; size <= used; size++) {
		int want = IMG_ERR_TRUNCATED;

		if (size < 2 * IMG_BLOCK_BYTES)
			want = size < IMG_BLOCK_BYTES ? IMG_ERR_NO_AREA : IMG_ERR_EMPTY;

		t.src.size = size;
		assert_int_equal(load_open(&t.l, &t.src), size == used ? 0 : want);
		if (want == IMG_ERR_TRUNCATED && size < used)
			assert_string_equal(t.l.fault.what, "header used bytes");
	}
	print_message("note: %llu lengths\n", (unsigned long long)used + 1);
	tear_down(&t);
}

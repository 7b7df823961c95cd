/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power lost, and devices that fail, at every single write and flush of a save and of a change of
 * state: a reader sees the old image, none, or the new one, whole. Nothing else, and nothing that
 * was spent.
 */
#include "test.h"

#include "img_common.h"

#include <stdlib.h>
#include <string.h>

#define CPU_OLD "the old registers"
#define CPU_NEW "and the new ones"
#define AREA    (3u << 20)

struct setup {
	struct fault_disk d;
	struct img_dest dest;
	struct img_source src;
	struct loaded l;
	struct memory old, new;
	uint8_t uuid_old[16], uuid_new[16];
	uint64_t beside;        /* for the next save */
	struct fault_view view; /* what src reads */
	uint32_t n_old, n_none, n_new, n_cuts;
	bool old_may_resume;
	enum img_state from, to; /* change of state */
	size_t first_flush;      /* events until the first flush is done */
};

/* Runs that are stored raw, each a write of its own, and now and then one that is compressed. */
static struct memory memory_in_runs(uint32_t n)
{
	struct memory m = memory_make(n, PAGE_ZERO);

	for (uint32_t i = 0; i < n; i++) {
		m.pfn[i] = i;
		if (i % 17 != 16)
			page_make(m.data + (size_t)i * IMG_PAGE_BYTES,
				i / 17 % 6 == 5 ? PAGE_HALF : PAGE_RANDOM);
	}
	return m;
}

static void set_up(struct setup *t)
{
	memset(t, 0, sizeof(*t));
	rnd_seed(7);
	fault_disk_init(&t->d, AREA);
	t->dest = fault_disk_dest(&t->d);
	t->view = (struct fault_view){t->d.now, AREA};
	t->src = fault_view_source(&t->view);
	loaded_init(&t->l);
	t->old = memory_in_runs(300);
	t->new = memory_in_runs(400);
}

static void tear_down(struct setup *t)
{
	memory_free(&t->old);
	memory_free(&t->new);
	loaded_free(&t->l);
	fault_disk_free(&t->d);
}

static int save_one(struct setup *t, const struct memory *m, const char *cpu, uint8_t uuid[16])
{
	struct saver s;
	int err;

	rnd_seed(m->n); /* the same calls every time */
	saver_init(&s, &t->d, 16);
	s.params.beside = t->beside;
	memcpy(uuid, s.params.image_uuid, 16);
	t->d.n_reads = t->d.n_writes = t->d.n_flushes = 0;
	err = save(&s, &t->d, m, cpu, strlen(cpu));
	saver_free(&s);
	return err;
}

static void save_old(struct setup *t, enum img_state state)
{
	assert_int_equal(save_one(t, &t->old, CPU_OLD, t->uuid_old), 0);
	assert_int_equal(load_open(&t->l, &t->src), 0);
	if (state != IMG_VALID)
		assert_int_equal(img_set_state(&t->dest, &t->l.hs, IMG_LOADING, 1, t->l.block), 0);
	if (state == IMG_LAUNCHED)
		assert_int_equal(img_set_state(&t->dest, &t->l.hs, IMG_LAUNCHED, 1, t->l.block), 0);
	t->old_may_resume = state != IMG_LAUNCHED;
	fault_disk_mark(&t->d);
}

/* ---- a save ---- */

static void check_save(void *ctx, const struct fault_cut *cut)
{
	struct setup *t = ctx;
	int err;

	t->n_cuts++;
	t->view.image = cut->image;
	err = load_open(&t->l, &t->src);
	if (err) {
		assert_true(err == IMG_ERR_NO_AREA || err == IMG_ERR_EMPTY ||
			    err == IMG_ERR_SPENT || err == IMG_ERR_HEADER);
		assert_true(cut->event < t->d.n_events); /* what was flushed is there */
		t->n_none++;
		return;
	}
	if (memcmp(t->l.hs.h.image_uuid, t->uuid_new, 16) == 0) {
		err = load_all(&t->l, &t->src, &t->new, CPU_NEW, strlen(CPU_NEW));
		t->n_new++;
	} else {
		if (!t->old_may_resume || cut->event > t->first_flush)
			fail_msg("the old image is back after event %zu (%s %llx)", cut->event,
				cut->how, (unsigned long long)cut->variant);
		err = load_all(&t->l, &t->src, &t->old, CPU_OLD, strlen(CPU_OLD));
		t->n_old++;
	}
	if (err)
		fail_msg("event %zu (%s %llx): accepted, then error %d", cut->event, cut->how,
			(unsigned long long)cut->variant, err);
}

static void cut_a_save(struct setup *t)
{
	assert_int_equal(save_one(t, &t->new, CPU_NEW, t->uuid_new), 0);
	assert_int_equal(t->d.n_violations, 0);
	assert_int_equal(t->d.n_flushes, 5);
	t->first_flush = fault_disk_first_flush(&t->d);
	fault_disk_each_cut(&t->d, check_save, t);
	assert_true(t->n_none > 0 && t->n_new > 0);
	assert_true(t->n_cuts > 500);
}

TEST(save_on_blank_area)
{
	struct setup t;

	set_up(&t);
	cut_a_save(&t);
	assert_int_equal(t.n_old, 0);
	tear_down(&t);
}

TEST(save_over_image)
{
	static const enum img_state states[] = {IMG_VALID, IMG_LOADING, IMG_LAUNCHED};

	for (uint32_t i = 0; i < 3; i++) {
		struct setup t;

		set_up(&t);
		save_old(&t, states[i]);
		cut_a_save(&t);
		assert_true(states[i] == IMG_LAUNCHED ? t.n_old == 0 : t.n_old > 0);
		tear_down(&t);
	}
}

static void check_beside(void *ctx, const struct fault_cut *cut)
{
	struct setup *t = ctx;
	bool is_new;
	int err;

	t->n_cuts++;
	t->view.image = cut->image;
	err = load_open(&t->l, &t->src);
	is_new = !err && memcmp(t->l.hs.h.image_uuid, t->uuid_new, 16) == 0;
	if (!err)
		err = load_all(&t->l, &t->src, is_new ? &t->new : &t->old,
			is_new ? CPU_NEW : CPU_OLD, strlen(is_new ? CPU_NEW : CPU_OLD));
	if (err || (!is_new && cut->event == t->d.n_events))
		fail_msg("event %zu (%s %llx): error %d, %s", cut->event, cut->how,
			(unsigned long long)cut->variant, err, is_new ? "new" : "old");
	is_new ? t->n_new++ : t->n_old++;
}

/* Behind the old image: at any moment it is there, or the new one, whole. */
TEST(save_beside_image)
{
	struct setup t;

	set_up(&t);
	save_old(&t, IMG_VALID);
	t.beside = t.l.hs.h.used_bytes;
	assert_int_equal(save_one(&t, &t.new, CPU_NEW, t.uuid_new), 0);
	assert_int_equal(t.d.n_violations, 0);
	fault_disk_each_cut(&t.d, check_beside, &t);
	assert_true(t.n_old > 100 && t.n_new > 0);

	/* Both copies say so: neither alone brings the old one back. */
	for (uint32_t i = 0; i < IMG_N_HEADERS; i++) {
		uint8_t *copy = t.d.now + i * IMG_HEADER_STRIDE, sound = copy[100];

		copy[100] ^= 1;
		t.view.image = t.d.now;
		assert_int_equal(load_open(&t.l, &t.src), 0);
		assert_memory_equal(t.l.hs.h.image_uuid, t.uuid_new, 16);
		copy[100] = sound;
	}
	tear_down(&t);
}

/* A device that fails at any write or flush of it: the number of the first that does not matter. */
static uint32_t fail_beside(struct setup *t, uint32_t *fail)
{
	uint32_t n = 0;
	int err;

	do {
		memcpy(t->d.now, t->d.base, AREA);
		fault_disk_mark(&t->d);
		*fail = ++n;
		err = save_one(t, &t->new, CPU_NEW, t->uuid_new);
		t->view.image = t->d.now;
		assert_int_equal(load_open(&t->l, &t->src), 0);
	} while (err);
	return n;
}

TEST(failing_beside)
{
	struct setup t;

	set_up(&t);
	save_old(&t, IMG_VALID);
	t.beside = t.l.hs.h.used_bytes;
	assert_true(fail_beside(&t, &t.d.fail_write) > 10);
	assert_int_equal(fail_beside(&t, &t.d.fail_flush), 4); /* data, header, header */
	tear_down(&t);
}

/* Two saves without a resume between, cut in the second, then a third over what was left. */
static void check_then_save(void *ctx, const struct fault_cut *cut)
{
	struct setup *t = ctx, u;

	if (cut->variant % 5 != 0)
		return;
	set_up(&u);
	memcpy(u.d.now, cut->image, AREA);
	fault_disk_mark(&u.d);
	assert_int_equal(save_one(&u, &u.new, CPU_NEW, u.uuid_new), 0);
	assert_int_equal(load_all(&u.l, &u.src, &u.new, CPU_NEW, strlen(CPU_NEW)), 0);
	t->n_cuts++;
	tear_down(&u);
}

TEST(save_after_cut)
{
	struct setup t;

	set_up(&t);
	save_old(&t, IMG_VALID);
	assert_int_equal(save_one(&t, &t.new, CPU_NEW, t.uuid_new), 0);
	fault_disk_each_cut(&t.d, check_then_save, &t);
	assert_true(t.n_cuts > 20);
	tear_down(&t);
}

/* ---- a change of state ---- */

static void check_state(void *ctx, const struct fault_cut *cut)
{
	struct setup *t = ctx;
	enum img_state now;

	t->n_cuts++;
	t->view.image = cut->image;
	assert_int_equal(img_read_headers(&t->src, t->l.block, &t->l.hs, &t->l.fault), 0);
	now = t->l.hs.h.state;
	if (now != t->from && now != t->to)
		fail_msg("event %zu (%s): state %d", cut->event, cut->how, now);
	/* Once the first flush of a launch is done, nothing brings a resumable state back. */
	if (!resumable(t->to) && cut->event >= t->first_flush)
		assert_false(resumable(now));
	if (cut->event == t->d.n_events)
		assert_int_equal(now, t->to);
	if (resumable(now))
		assert_int_equal(load_all(&t->l, &t->src, &t->old, CPU_OLD, strlen(CPU_OLD)), 0);
}

static void move(struct setup *t, enum img_state to, uint32_t attempts)
{
	struct img_headers hs;

	t->view.image = t->d.now;
	assert_int_equal(img_read_headers(&t->src, t->l.block, &hs, &t->l.fault), 0);
	t->from = hs.h.state;
	t->to = to;
	fault_disk_mark(&t->d);
	assert_int_equal(img_set_state(&t->dest, &hs, to, attempts, t->l.block), 0);
	assert_int_equal(t->d.n_flushes, resumable(to) ? 2 : 3);
	t->first_flush = fault_disk_first_flush(&t->d);
	fault_disk_each_cut(&t->d, check_state, t);
}

TEST(every_move)
{
	struct setup t;

	set_up(&t);
	save_old(&t, IMG_VALID);
	move(&t, IMG_LOADING, 1);
	move(&t, IMG_LOADING, 2);
	move(&t, IMG_LAUNCHED, 2);
	move(&t, IMG_CONSUMED, 2);
	move(&t, IMG_EMPTY, 0);
	assert_int_equal(t.d.n_violations, 0);
	tear_down(&t);

	set_up(&t);
	save_old(&t, IMG_VALID);
	move(&t, IMG_EMPTY, 0);
	tear_down(&t);
}

static void check_still_there(void *ctx, const struct fault_cut *cut)
{
	struct setup *t = ctx;

	t->n_cuts++;
	t->view.image = cut->image;
	if (load_open(&t->l, &t->src) ||
		load_all(&t->l, &t->src, &t->old, CPU_OLD, strlen(CPU_OLD)))
		fail_msg("event %zu (%s %llx): the image is lost", cut->event, cut->how,
			(unsigned long long)cut->variant);
}

/* A loader that is reset before its flush leaves LOADING in the disk's cache, over EMPTY on the disk. The
 * next one reads it, and writes over the other copy: the only one that is durable. */
TEST(reset_before_flush)
{
	struct setup t;

	set_up(&t);
	save_old(&t, IMG_VALID);
	for (uint32_t attempt = 1; attempt <= 2; attempt++) {
		t.d.fail_flush = attempt == 1 ? 2 : 0;
		t.view.image = t.d.now;
		assert_int_equal(load_open(&t.l, &t.src), 0);
		assert_int_equal(t.l.hs.h.attempts, attempt - 1);
		assert_int_equal(img_set_state(&t.dest, &t.l.hs, IMG_LOADING, attempt, t.l.block),
			attempt == 1 ? FAULT_DISK_ERR : 0);
	}
	fault_disk_all_cuts(&t.d, check_still_there, &t);
	assert_true(t.n_cuts > 20);
	tear_down(&t);
}

/* A snapshot that cannot be marked is taken back, one failure or not, whichever copy it hits. */
TEST(retract)
{
	for (uint32_t i = 0; i < 5; i++) {
		struct setup t;
		struct img_headers hs;

		set_up(&t);
		save_old(&t, IMG_VALID);
		assert_int_equal(load_open(&t.l, &t.src), 0);
		hs = t.l.hs;
		t.d.fail_once = 1;
		t.d.fail_write = i % 2 ? (i + 1) / 2 : 0;
		t.d.fail_flush = i % 2 ? 0 : i / 2 + 1;
		assert_int_equal(
			img_set_state(&t.dest, &hs, IMG_LAUNCHED, 0, t.l.block), FAULT_DISK_ERR);
		img_retract(&t.dest, &hs, t.l.block);
		assert_int_equal(load_open(&t.l, &t.src), IMG_ERR_EMPTY);
		tear_down(&t);
	}
}

/* ---- devices that fail ---- */

/* A failing save leaves nothing that can be resumed, wherever it fails: also when it was the flush
 * after the header. */
static void try_failures(uint32_t *fail, uint32_t n, struct setup *t, bool once)
{
	for (uint32_t i = 1; i <= n; i++) {
		uint8_t blank[16];
		int err;

		memcpy(t->d.now, t->d.base, AREA);
		fault_disk_mark(&t->d);
		*fail = i;
		t->d.fail_once = once;
		t->view.image = t->d.now;
		assert_int_equal(save_one(t, &t->new, CPU_NEW, blank), FAULT_DISK_ERR);
		err = load_open(&t->l, &t->src);
		if (i == 1)
			assert_int_equal(err, 0); /* nothing was written: the old image */
		else
			assert_int_equal(err, IMG_ERR_EMPTY);
		memcpy(t->d.now, t->d.base, AREA);
	}
}

TEST(failing_device)
{
	struct setup t;
	uint32_t n_writes, n_flushes;

	set_up(&t);
	save_old(&t, IMG_VALID);
	assert_int_equal(save_one(&t, &t.new, CPU_NEW, t.uuid_new), 0);
	n_writes = t.d.n_writes;
	n_flushes = t.d.n_flushes;
	assert_true(n_writes >= 5 && n_flushes == 5);
	memcpy(t.d.now, t.d.base, AREA);
	for (int once = 0; once < 2; once++) {
		try_failures(&t.d.fail_write, n_writes, &t, once);
		try_failures(&t.d.fail_flush, n_flushes, &t, once);
	}
	tear_down(&t);
}

static void *no_buffer(void *ctx)
{
	(void)ctx;
	return NULL;
}

TEST(no_buffer)
{
	struct setup t;
	struct saver s;

	set_up(&t);
	t.dest.buffer = no_buffer;
	for (int device_says = 0; device_says < 2; device_says++) {
		saver_init(&s, &t.d, 4);
		fault_disk_mark(&t.d);
		t.d.fail_flush = device_says ? 4 : 0;
		assert_int_equal(img_begin(&s.w, &t.dest, &s.params, s.work, s.work_bytes), 0);
		assert_int_equal(img_node_begin(&s.w, "n"), 0);
		assert_int_equal(img_object_begin(&s.w, "o", IMG_BYTES), 0);
		assert_int_equal(
			img_bytes(&s.w, "x", 1), device_says ? FAULT_DISK_ERR : IMG_ERR_WORK);
		assert_int_equal(img_commit(&s.w), device_says ? FAULT_DISK_ERR : IMG_ERR_WORK);
		t.d.fail_flush = 0;
		assert_int_equal(load_open(&t.l, &t.src), IMG_ERR_EMPTY);
		saver_free(&s);
	}
	tear_down(&t);
}

/* A launch whose second copy fails: reported, and what counts is known to the caller. */
TEST(failing_state_change)
{
	for (uint32_t i = 1; i <= 4; i++) { /* the first flush is of what was there before */
		struct setup t;
		struct img_headers hs;

		set_up(&t);
		save_old(&t, IMG_LOADING);
		assert_int_equal(load_open(&t.l, &t.src), 0);
		hs = t.l.hs;
		t.d.fail_write = i % 2 ? (i + 1) / 2 : 0;
		t.d.fail_flush = i % 2 ? 0 : i / 2 + 1;
		assert_int_equal(
			img_set_state(&t.dest, &hs, IMG_LAUNCHED, 1, t.l.block), FAULT_DISK_ERR);
		assert_int_equal(hs.h.state, i < 3 ? IMG_LOADING : IMG_LAUNCHED);
		assert_int_equal(load_open(&t.l, &t.src), i < 2 ? 0 : IMG_ERR_SPENT);
		if (i == 1 || i == 3)
			assert_int_equal(hs.slot, t.l.hs.slot);
		tear_down(&t);
	}
}

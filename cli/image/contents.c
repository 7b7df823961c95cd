/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verifying an image is bound by the disk or by hashing, whichever is slower: a window is read
 * and decoded by several threads while the next one is on its way.
 */
#include "contents.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define WINDOW_BYTES (4u << 20) /* read at a time; a chunk and its ragged ends fit several times */
#define BATCH_CHUNKS 1024u
#define THREADS_MIN  4 /* so many reads are under way, however few processors there are */
#define THREADS_MAX  16

/* A piece of work: chunks whose stored bytes lie close together. */
struct batch {
	uint64_t number, start; /* start: of the stored bytes in the area */
	size_t bytes;
	uint32_t n;
	struct img_chunk_rec chunk[BATCH_CHUNKS];
};

struct walk {
	struct image_view *view;
	const struct img_object_rec *object;
	const char *name;
	const struct contents_visitor *visitor;
	struct progress *progress;

	pthread_mutex_t lock; /* over what follows, and the view's reader */
	struct img_cursor cursor;
	struct img_chunk_rec next; /* taken from the cursor, not yet in a batch */
	bool have_next, at_end;
	uint64_t n_batches;
	struct contents_sums sums;
	/* The failure of the lowest batch: that of the first bad chunk. */
	uint64_t failed_batch; /* UINT64_MAX: none */
	int err;
	bool in_visitor, in_index;
	struct img_chunk_rec failed_chunk;
	struct image_file failed_file;
};

struct worker {
	struct walk *walk;
	pthread_t thread;
	struct image_file file; /* a copy: with its own place for errors */
	struct batch batch;
	uint8_t *window, *content;
};

/* ---- Taking work: under the lock ---- */

static uint64_t block_down(uint64_t offset)
{
	return offset & ~(uint64_t)(IMG_BLOCK_BYTES - 1);
}

static uint64_t stored_end(const struct img_chunk_rec *c)
{
	return block_down(c->offset + c->stored_bytes + IMG_BLOCK_BYTES - 1);
}

/* false: it does not fit into this batch. */
static bool batch_add(struct batch *b, const struct img_chunk_rec *c)
{
	if (b->n == BATCH_CHUNKS)
		return false;
	if (c->codec != IMG_FILL) {
		uint64_t start = block_down(c->offset), end = stored_end(c);

		if (!b->bytes)
			b->start = start;
		if (start < b->start || end - b->start > WINDOW_BYTES)
			return false;
		if (end - b->start > b->bytes)
			b->bytes = (size_t)(end - b->start);
	}
	b->chunk[b->n++] = *c;
	return true;
}

static void fail(struct walk *w, uint64_t batch, int err, const struct img_chunk_rec *c)
{
	if (batch > w->failed_batch)
		return;
	w->failed_batch = batch;
	w->err = err;
	w->in_index = !c;
	w->in_visitor = false;
	if (c)
		w->failed_chunk = *c;
}

static bool next_chunk(struct walk *w)
{
	int more;

	if (w->have_next)
		return true;
	if (w->at_end)
		return false;
	more = img_next(&w->cursor, &w->next);
	w->have_next = more > 0;
	w->at_end = more <= 0;
	if (more < 0)
		fail(w, w->n_batches, more, NULL);
	return w->have_next;
}

/* false: there is no more work, or it has become pointless. */
static bool take_batch(struct walk *w, struct batch *b)
{
	b->n = 0;
	b->bytes = 0;
	if (w->failed_batch != UINT64_MAX)
		return false;
	while (next_chunk(w) && batch_add(b, &w->next))
		w->have_next = false;
	b->number = w->n_batches++;
	return b->n > 0;
}

/* ---- Doing it ---- */

static int check_chunk(struct worker *t, const struct img_chunk_rec *c, const void **ret_content)
{
	enum img_object_type type = (enum img_object_type)t->walk->object->type;
	const uint8_t *stored = t->window + (c->offset - t->batch.start);
	int err = 0;

	*ret_content = c->codec == IMG_RAW ? stored : t->content;
	if (c->codec != IMG_RAW)
		err = img_decode(c, type, stored, t->content);
	return err ? err : img_check_hash(c, type, *ret_content);
}

static int visit(struct worker *t, const struct img_chunk_rec *c, const void *content)
{
	const struct contents_visitor *v = t->walk->visitor;

	return v && v->chunk ? v->chunk(v->ctx, c, content) : 0;
}

static void report(struct worker *t, int err, const struct img_chunk_rec *c, bool in_visitor)
{
	struct walk *w = t->walk;

	pthread_mutex_lock(&w->lock);
	if (t->batch.number < w->failed_batch) {
		fail(w, t->batch.number, err, c);
		w->in_visitor = in_visitor;
		w->failed_file = t->file;
	}
	pthread_mutex_unlock(&w->lock);
}

static bool do_batch(struct worker *t)
{
	struct batch *b = &t->batch;
	int err = b->bytes ? t->file.source.read(&t->file, b->start, t->window, b->bytes) : 0;

	if (err) {
		report(t, err, &b->chunk[0], false);
		return false;
	}
	for (uint32_t i = 0; i < b->n; i++) {
		const void *content = NULL;

		if (b->chunk[i].codec != IMG_FILL)
			err = check_chunk(t, &b->chunk[i], &content);
		if (err) {
			report(t, err, &b->chunk[i], false);
			return false;
		}
		err = visit(t, &b->chunk[i], content);
		if (err) {
			report(t, err, &b->chunk[i], true);
			return false;
		}
	}
	return true;
}

static void add_up(struct walk *w, const struct batch *b)
{
	w->sums.chunks += b->n;
	w->sums.bytes_read += b->bytes;
	for (uint32_t i = 0; i < b->n; i++)
		w->sums.bytes +=
			img_chunk_bytes(&b->chunk[i], (enum img_object_type)w->object->type);
	if (w->progress)
		progress_show(w->progress, w->sums.bytes_read);
}

static void *work(void *ctx)
{
	struct worker *t = ctx;
	struct walk *w = t->walk;
	bool good = true;

	while (good) {
		pthread_mutex_lock(&w->lock);
		good = take_batch(w, &t->batch);
		pthread_mutex_unlock(&w->lock);
		good = good && do_batch(t);
		pthread_mutex_lock(&w->lock);
		if (good)
			add_up(w, &t->batch);
		pthread_mutex_unlock(&w->lock);
	}
	return NULL;
}

/* ---- Threads ---- */

static struct worker *worker_new(struct walk *w)
{
	struct worker *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->walk = w;
	t->file = w->view->file;
	t->window = aligned_alloc(IMG_BLOCK_BYTES, WINDOW_BYTES);
	t->content = aligned_alloc(IMG_BLOCK_BYTES, IMG_BYTES_CHUNK_MAX);
	if (t->window && t->content)
		return t;
	free(t->window);
	free(t->content);
	free(t);
	return NULL;
}

static void worker_free(struct worker *t)
{
	free(t->window);
	free(t->content);
	free(t);
}

static int thread_count(const struct walk *w)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (w->object->n_chunks < BATCH_CHUNKS / 8)
		return 1; /* a small stream */
	return n < THREADS_MIN ? THREADS_MIN : n > THREADS_MAX ? THREADS_MAX : (int)n;
}

/* This thread is one of them: it works also when no other can be had. */
static int work_together(struct walk *w)
{
	struct worker *t[THREADS_MAX], *own = worker_new(w);
	int n = 0, wanted = thread_count(w) - 1;

	if (!own)
		return complain("out of memory");
	while (n < wanted && (t[n] = worker_new(w))) {
		if (pthread_create(&t[n]->thread, NULL, work, t[n])) {
			worker_free(t[n]);
			break;
		}
		n++;
	}
	work(own);
	worker_free(own);
	for (int i = 0; i < n; i++) {
		pthread_join(t[i]->thread, NULL);
		worker_free(t[i]);
	}
	return 0;
}

static int complain_about(struct walk *w)
{
	const struct img_chunk_rec *c = &w->failed_chunk;
	const char *unit = w->object->type == IMG_PAGES ? "frames" : "bytes";

	if (w->progress)
		progress_end(w->progress);
	if (w->in_index)
		return image_complain(&w->view->file, w->err, &w->view->reader.fault);
	if (w->in_visitor)
		return complain("%s: %s", w->visitor->name, strerror(w->err));
	if (w->err == IMAGE_IO_ERR)
		return image_complain(&w->failed_file, w->err, NULL);
	return complain_as(image_status(w->err),
		"%s: %s: %s %" PRIu64 " to %" PRIu64 ", stored at byte %" PRIu64 ": %s",
		w->view->file.path, w->name, unit, c->first, c->first + c->count - 1,
		w->view->file.base + c->offset, img_err_text(w->err));
}

int contents_walk(struct image_view *v, const struct img_object_rec *object, const char *name,
	const struct contents_visitor *visitor, struct contents_sums *sums, struct progress *p)
{
	struct walk *w = calloc(1, sizeof(*w));
	int err = w ? img_cursor_init(&w->cursor, &v->reader, object, v->block) : IMG_ERR_WORK;

	if (err) {
		free(w);
		return image_complain(&v->file, err, &v->reader.fault);
	}
	w->view = v;
	w->object = object;
	w->name = name;
	w->visitor = visitor;
	w->progress = p;
	w->sums = *sums;
	w->failed_batch = UINT64_MAX;
	pthread_mutex_init(&w->lock, NULL);
	err = work_together(w);
	if (!err && w->failed_batch != UINT64_MAX)
		err = complain_about(w);
	pthread_mutex_destroy(&w->lock);
	*sums = w->sums;
	free(w);
	return err;
}

/* torpor verify: reads an image as a loader would, and checks every hash. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "image_view.h"
#include "now.h"
#include "saved_state.h"
#include "say.h"
#include "stock_image.h"

#define WINDOW_BYTES (8u << 20) /* read at a time; a chunk and its ragged ends fit several times */

struct verifier {
	struct image_view view;
	uint8_t *window, *content;
	uint64_t window_start;
	size_t window_bytes;
	uint64_t bytes_read, bytes_checked, chunks;
	uint64_t percent; /* last shown */
};

/* ---- Chunks ---- */

/* The stored form of a chunk, in the window. The records are checked: it lies inside the image. */
static int stored_form(
	struct verifier *v, const struct img_chunk_rec *c, const uint8_t **ret_stored)
{
	uint64_t start = c->offset & ~(uint64_t)(IMG_BLOCK_BYTES - 1);
	uint64_t end = c->offset + c->stored_bytes;
	uint64_t left = v->view.headers.h.used_bytes - start;
	int err;

	if (start < v->window_start || end > v->window_start + v->window_bytes) {
		v->window_bytes = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
		v->window_start = start;
		err = v->view.file.source.read(&v->view.file, start, v->window, v->window_bytes);
		if (err) {
			v->window_bytes = 0;
			return image_complain(&v->view.file, err, NULL);
		}
		v->bytes_read += v->window_bytes;
	}
	*ret_stored = v->window + (c->offset - v->window_start);
	return 0;
}

static int verify_chunk(struct verifier *v, const struct img_chunk_rec *c,
	enum img_object_type type, const char *name)
{
	const uint8_t *content, *stored = NULL;
	int err = 0;

	v->chunks++;
	v->bytes_checked += img_chunk_bytes(c, type);
	if (c->codec == IMG_FILL)
		return 0;
	if (stored_form(v, c, &stored))
		return -1;
	content = c->codec == IMG_RAW ? stored : v->content;
	if (content != stored)
		err = img_decode(c, type, stored, v->content);
	if (!err)
		err = img_check_hash(c, type, content);
	if (err)
		return complain("%s: %s: %s %" PRIu64 " to %" PRIu64 ", stored at byte %" PRIu64
				": %s",
			v->view.file.path, name, type == IMG_PAGES ? "frames" : "bytes", c->first,
			c->first + c->count - 1, c->offset, img_err_text(err));
	return 0;
}

static void show_progress(struct verifier *v, uint64_t offset)
{
	uint64_t percent = offset * 100 / v->view.headers.h.used_bytes;

	if (percent == v->percent || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%3" PRIu64 " %%", percent);
	v->percent = percent;
}

static void end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r      \r");
}

/* ---- Objects ---- */

static int verify_chunks(struct verifier *v, const struct img_object_rec *object, const char *name)
{
	enum img_object_type type = (enum img_object_type)object->type;
	struct img_cursor cursor;
	struct img_chunk_rec c;
	int more = img_cursor_init(&cursor, &v->view.reader, object, v->view.block);

	while (!more && (more = img_next(&cursor, &c)) > 0) {
		if (verify_chunk(v, &c, type, name))
			return -1;
		if (c.codec != IMG_FILL)
			show_progress(v, c.offset);
		more = 0;
	}
	return more ? image_complain(&v->view.file, more, &v->view.reader.fault) : 0;
}

static bool is_state_stream(const struct img_node_rec *node, const struct img_object_rec *object)
{
	return object->type == IMG_BYTES && !strcmp(node->name, SAVED_NODE) &&
	       (!strcmp(object->name, SAVED_CPU) || !strcmp(object->name, SAVED_PLATFORM) ||
		       !strcmp(object->name, SAVED_LEDGER));
}

static int verify_object(
	struct verifier *v, const struct img_node_rec *node, const struct img_object_rec *object)
{
	char name[2 * IMG_NAME_BYTES + 2];
	struct state_reader reader;
	void *buf = NULL;
	int err;

	snprintf(name, sizeof(name), "%.*s/%.*s", IMG_NAME_BYTES, node->name, IMG_NAME_BYTES,
		object->name);
	err = verify_chunks(v, object, name);
	if (!err && is_state_stream(node, object))
		err = image_view_stream(&v->view, name, object, &reader, &buf);
	free(buf);
	return err;
}

static int verify_node(struct verifier *v, uint32_t i)
{
	struct img_object_rec object;
	struct img_node_rec node;
	int err = img_node_at(&v->view.reader, i, &node);

	for (uint32_t j = 0; !err && j < node.n_objects; j++) {
		err = img_object_at(&v->view.reader, node.first_object + j, &object);
		if (!err && verify_object(v, &node, &object))
			return -1;
	}
	return err ? image_complain(&v->view.file, err, &v->view.reader.fault) : 0;
}

static int verify(struct verifier *v, const char *path)
{
	int err = image_view_open(&v->view, path);

	if (!err && v->view.headers.h.state == IMG_EMPTY)
		err = image_complain(&v->view.file, IMG_ERR_EMPTY, NULL);
	if (!err)
		err = image_view_root(&v->view);
	v->window = image_buffer(WINDOW_BYTES);
	v->content = image_buffer(IMG_BYTES_CHUNK_MAX);
	if (!v->window || !v->content)
		err = -1;
	for (uint32_t i = 0; !err && i < img_node_count(&v->view.reader); i++)
		err = verify_node(v, i);
	end_progress();
	return err;
}

static void print_sum(const struct verifier *v, uint64_t us)
{
	char read[SAY_SIZE_BYTES], checked[SAY_SIZE_BYTES];

	printf("%s: good: %" PRIu64 " chunks, %s read in %.2f s (%.0f MB/s), %s of content "
	       "(%.0f MB/s)\n",
		v->view.file.path, v->chunks, say_size(read, v->bytes_read), (double)us / 1e6,
		mb_per_s(v->bytes_read, us), say_size(checked, v->bytes_checked),
		mb_per_s(v->bytes_checked, us));
}

int verify_main(int argc, char **argv)
{
	static struct verifier v;
	struct look_options o;
	uint64_t start = now_us();
	int err;

	if (look_options(argc, argv, NULL, &o))
		return STATUS_USAGE;
	err = stock_verify(o.path, o.page);
	if (err != STATUS_NOT_STOCK)
		return err;
	memset(&v, 0, sizeof(v));
	err = verify(&v, o.path);
	if (!err)
		print_sum(&v, now_us() - start);
	free(v.window);
	free(v.content);
	image_view_close(&v.view);
	return err ? STATUS_FAILED : STATUS_OK;
}

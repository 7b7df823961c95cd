/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor verify: reads an image as a loader would, and the store behind it, and checks every hash. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "contents.h"
#include "device_tag.h"
#include "json.h"
#include "kept.h"
#include "look.h"
#include "now.h"
#include "saved_state.h"
#include "say.h"
#include "stock_image.h"
#include "verb.h"

/* The image, or the store: both are areas. */
struct verifier {
	struct image_view view;
	struct contents_sums sums;
	struct progress progress;
	uint64_t begun_us, us; /* us: how long it took */
};

/* Where results go: to people, or into an object. */
static json_t *json;

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
	err = contents_walk(&v->view, object, name, NULL, &v->sums, &v->progress);
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

static int verify_nodes(struct verifier *v)
{
	int err = 0;

	v->begun_us = now_us();
	progress_begin(&v->progress, v->view.headers.h.used_bytes);
	for (uint32_t i = 0; !err && i < img_node_count(&v->view.reader); i++)
		err = verify_node(v, i);
	progress_end(&v->progress);
	v->us = now_us() - v->begun_us;
	return err;
}

static json_t *sum_of(uint64_t bytes_read, uint64_t bytes, uint64_t us)
{
	json_t *sum = json_object();

	json_enter(sum, "bytes_read", json_number(bytes_read));
	json_enter(sum, "content_bytes", json_number(bytes));
	json_enter(sum, "microseconds", json_number(us));
	return sum;
}

static json_t *sum_of_area(const struct verifier *v)
{
	json_t *sum = sum_of(v->sums.bytes_read, v->sums.bytes, v->us);

	json_enter(sum, "chunks", json_number(v->sums.chunks));
	return sum;
}

static void print_sum(const struct verifier *v, const char *what)
{
	char read[SAY_SIZE_BYTES], checked[SAY_SIZE_BYTES];

	say("%s: %sgood: %" PRIu64 " chunks, %s read in %.2f s (%.0f MB/s), %s of content "
	    "(%.0f MB/s)\n",
		v->view.file.path, what, v->sums.chunks, say_size(read, v->sums.bytes_read),
		(double)v->us / 1e6, mb_per_s(v->sums.bytes_read, v->us),
		say_size(checked, v->sums.bytes), mb_per_s(v->sums.bytes, v->us));
}

static int verify_image(struct verifier *v)
{
	if (image_view_check_filled(&v->view) || image_view_root(&v->view) || verify_nodes(v))
		return -1;
	if (json)
		json_enter(json, "image", sum_of_area(v));
	else
		print_sum(v, "");
	return image_check_copies(&v->view.file, &v->view.headers, &v->view.fault);
}

/* The store's nodes through a view of their own. */
static int verify_kept(const struct kept *k)
{
	struct verifier v = {
		.view = {.file = k->part, .headers = k->store.hs, .reader = k->store.r}};
	char what[64];
	int err = 0;

	v.view.reader.src = &v.view.file.source;
	v.view.file.source.ctx = &v.view.file;
	v.view.block = image_buffer(IMG_INDEX_BLOCK_MAX);
	if (!v.view.block)
		return -1;
	snprintf(what, sizeof(what), "store, %" PRIu32 " kept: ", store_count(&k->store));
	if (store_count(&k->store))
		err = verify_nodes(&v);
	if (!err && json)
		json_enter(json, "store", sum_of_area(&v));
	else if (!err && store_count(&k->store))
		print_sum(&v, what);
	free(v.view.block);
	return err ? err : kept_check_copies(k);
}

static int verify_store(const struct image_file *file)
{
	struct kept k;
	int err = kept_look(&k, file);

	if (err)
		return err > 0 ? 0 : -1;
	err = verify_kept(&k);
	kept_close(&k);
	return err;
}

/* Both, whatever is wrong with one of them. */
static enum exit_status verify(struct verifier *v, const char *path)
{
	enum exit_status image = STATUS_OK, store = STATUS_OK;

	if (image_view_open(&v->view, path))
		return failure_status();
	if (verify_image(v))
		image = failure_status();
	if (verify_store(&v->view.file))
		store = failure_status();
	return store > image ? store : image;
}

static void print_stock(const char *path, const struct stock_sum *s)
{
	char read[SAY_SIZE_BYTES], memory[SAY_SIZE_BYTES];

	say("%s: %s: %s read in %.2f s (%.0f MB/s), %s of memory (%.0f MB/s)\n", path,
		s->has_checksum ? "good" : "readable (an uncompressed image has no checksum)",
		say_size(read, s->bytes_read), (double)s->us / 1e6, mb_per_s(s->bytes_read, s->us),
		say_size(memory, s->bytes), mb_per_s(s->bytes, s->us));
}

static int verify_stock(const struct look_options *o)
{
	struct stock_sum sum;
	int status = stock_verify(o->path, o->page, &sum);

	if (status == STATUS_OK && json)
		json_enter(json, "image", sum_of(sum.bytes_read, sum.bytes, sum.us));
	else if (status == STATUS_OK)
		print_stock(o->path, &sum);
	return status;
}

static int verify_any(const struct look_options *o)
{
	static struct verifier v;
	int status = verify_stock(o);

	if (json && status != STATUS_NOT_STOCK)
		json_enter(json, "kind", json_string("swap"));
	if (status != STATUS_NOT_STOCK)
		return status;
	memset(&v, 0, sizeof(v));
	status = (int)verify(&v, o->path);
	if (json && v.view.headers.h.generation)
		json_enter(json, "kind", json_string("area"));
	image_view_close(&v.view);
	return status;
}

int verify_main(int argc, char **argv)
{
	struct look_options o;
	int status;

	if (look_options(&verify_verb, argc, argv, &o))
		return STATUS_USAGE;
	json = o.json ? json_object() : NULL;
	if (json)
		json_enter(json, "path", json_text(o.path, SIZE_MAX));
	o.path = device_tag_path(o.path);
	status = o.path ? verify_any(&o) : (int)failure_status();
	return json ? (int)json_print(json, (enum exit_status)status) : status;
}

const struct verb verify_verb = {
	.name = "verify",
	.run = verify_main,
	.summary = "read a whole image, and what is kept behind it, and check every hash",
	.forms = {"verify [--offset PAGES] [--quiet] [--json] FILE-OR-DEVICE"},
	.least = 1,
	.most = 1,
	.options =
		{{'p', "--offset PAGES",
			 "the image is in a swap file, which begins at this page of the partition",
			 0},
			{'j', "--json", "the result for programs, see torpor(8)", 0},
			{'q', "-q, --quiet", "no progress, no summary", 0}},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor verify: reads an image as a loader would, and the store behind it, and checks every hash. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "contents.h"
#include "device_tag.h"
#include "kept.h"
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
	uint64_t begun_us;
};

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
	return err;
}

static void print_sum(const struct verifier *v, const char *what)
{
	char read[SAY_SIZE_BYTES], checked[SAY_SIZE_BYTES];
	uint64_t us = now_us() - v->begun_us;

	say("%s: %sgood: %" PRIu64 " chunks, %s read in %.2f s (%.0f MB/s), %s of content "
	    "(%.0f MB/s)\n",
		v->view.file.path, what, v->sums.chunks, say_size(read, v->sums.bytes_read),
		(double)us / 1e6, mb_per_s(v->sums.bytes_read, us),
		say_size(checked, v->sums.bytes), mb_per_s(v->sums.bytes, us));
}

static int verify_image(struct verifier *v)
{
	if (image_view_check_filled(&v->view) || image_view_root(&v->view) || verify_nodes(v))
		return -1;
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
	if (!err && store_count(&k->store))
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

int verify_main(int argc, char **argv)
{
	static struct verifier v;
	struct look_options o;
	int status;

	if (look_options(&verify_verb, argc, argv, &o))
		return STATUS_USAGE;
	o.path = device_tag_path(o.path);
	if (!o.path)
		return failure_status();
	status = stock_verify(o.path, o.page);
	if (status != STATUS_NOT_STOCK)
		return status;
	memset(&v, 0, sizeof(v));
	status = verify(&v, o.path);
	image_view_close(&v.view);
	return status;
}

const struct verb verify_verb = {
	.name = "verify",
	.run = verify_main,
	.summary = "read a whole image, and what is kept behind it, and check every hash",
	.forms = {"verify [--offset PAGES] [--quiet] FILE-OR-DEVICE"},
	.least = 1,
	.most = 1,
	.options =
		{{'p', "--offset PAGES",
			 "the image is in a swap file, which begins at this page of the partition",
			 0},
			{'q', "-q, --quiet", "no progress, no summary", 0}},
};

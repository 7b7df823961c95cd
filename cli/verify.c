/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor verify: reads an image as a loader would, and checks every hash. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "contents.h"
#include "now.h"
#include "saved_state.h"
#include "say.h"
#include "stock_image.h"

struct verifier {
	struct image_view view;
	struct contents_sums sums;
	struct progress progress;
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

static int verify(struct verifier *v, const char *path)
{
	int err = image_view_open(&v->view, path);

	if (!err && v->view.headers.h.state == IMG_EMPTY)
		err = image_complain(&v->view.file, IMG_ERR_EMPTY, NULL);
	if (!err)
		err = image_view_root(&v->view);
	progress_begin(&v->progress, err ? 0 : v->view.headers.h.used_bytes);
	for (uint32_t i = 0; !err && i < img_node_count(&v->view.reader); i++)
		err = verify_node(v, i);
	progress_end(&v->progress);
	return err;
}

static void print_sum(const struct verifier *v, uint64_t us)
{
	char read[SAY_SIZE_BYTES], checked[SAY_SIZE_BYTES];

	printf("%s: good: %" PRIu64 " chunks, %s read in %.2f s (%.0f MB/s), %s of content "
	       "(%.0f MB/s)\n",
		v->view.file.path, v->sums.chunks, say_size(read, v->sums.bytes_read),
		(double)us / 1e6, mb_per_s(v->sums.bytes_read, us),
		say_size(checked, v->sums.bytes), mb_per_s(v->sums.bytes, us));
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
	image_view_close(&v.view);
	return err ? STATUS_FAILED : STATUS_OK;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The date of a kept file: the format's node records have no room for one, and need none. */
#include "kept_about.h"

#include <stdlib.h>
#include <string.h>

#include "state.h"

#define ABOUT_BYTES_MAX 4096u

static const struct state_field about_fields[] = {
	STATE_FIELD(struct kept_about, STATE_U, kept_unix_s, 0),
};
static const struct state_desc about_desc = {
	.name = "kept",
	.version = 1,
	.size = sizeof(struct kept_about),
	.n_fields = sizeof(about_fields) / sizeof(*about_fields),
	.fields = about_fields,
};

int kept_about_put(struct store *s, const struct kept_about *about)
{
	uint8_t buf[ABOUT_BYTES_MAX];
	struct state_writer w;
	size_t n;
	int err;

	state_begin(&w, buf, sizeof(buf));
	state_put(&w, &about_desc, about, 1);
	err = state_finish(&w, &n);
	if (!err)
		err = store_object(s, KEPT_ABOUT, IMG_BYTES);
	return err ? err : store_bytes(s, buf, n);
}

static int find(const struct kept *k, const struct img_node_rec *node, const char *name,
	struct img_object_rec *ret)
{
	char copy[IMG_NAME_BYTES];

	memcpy(copy, node->name, sizeof(copy));
	copy[sizeof(copy) - 1] = 0;
	return store_find(&k->store, copy, name, ret) || ret->type != IMG_BYTES ? -1 : 0;
}

static int read_stream(
	const struct kept *k, const struct img_object_rec *o, uint8_t *work, struct kept_about *ret)
{
	uint8_t *block = work, *scratch = work + IMG_INDEX_BLOCK_MAX;
	uint8_t buf[ABOUT_BYTES_MAX];
	struct img_reader r = k->store.r; /* a place for its faults */
	struct state_reader reader;
	uint32_t n_found;
	size_t n;

	if (img_read_bytes(&r, o, block, scratch, buf, sizeof(buf), &n) ||
		state_open(&reader, buf, n))
		return -1;
	return state_get(&reader, &about_desc, ret, 1, &n_found);
}

void kept_about_get(const struct kept *k, const struct img_node_rec *node, struct kept_about *ret)
{
	struct img_object_rec o;
	uint8_t *work;

	memset(ret, 0, sizeof(*ret));
	if (find(k, node, KEPT_ABOUT, &o) || o.length > ABOUT_BYTES_MAX)
		return;
	work = image_buffer(IMG_INDEX_BLOCK_MAX + IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES);
	if (!work || read_stream(k, &o, work, ret))
		memset(ret, 0, sizeof(*ret));
	free(work);
}

uint64_t kept_data_bytes(const struct kept *k, const struct img_node_rec *node)
{
	struct img_object_rec o;

	return find(k, node, KEPT_DATA, &o) ? 0 : o.length;
}

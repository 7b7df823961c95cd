/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The schema is in torpor(8), "JSON"; a field is added there when it is added here. */
#include "image_json.h"

#include <stdlib.h>
#include <string.h>

#include "state_json.h"
#include "uuid.h"

#define BEGINS_BYTES 32u /* shown of a stream that is not a state stream */

/* ---- The header ---- */

json_t *image_json_copies(
	const struct image_file *f, const struct img_headers *hs, const struct img_fault *fault)
{
	char text[IMAGE_TROUBLE_BYTES];
	const char *trouble = image_copy_trouble(text, f, hs, fault);
	json_t *copies = json_array();

	for (uint32_t i = 0; i < IMG_N_HEADERS; i++) {
		json_t *copy = json_object();
		bool bad = i != hs->slot && trouble;

		json_enter(copy, "offset", json_number(f->base + (uint64_t)i * IMG_HEADER_STRIDE));
		json_enter(copy, "good", json_boolean(!bad));
		json_enter(copy, "damage", bad ? json_text(trouble, sizeof(text)) : json_null());
		json_add(copies, copy);
	}
	return copies;
}

static json_t *image_of(const struct image_view *v)
{
	const struct img_header *h = &v->headers.h;
	json_t *image = json_object();
	char uuid[UUID_TEXT_BYTES];

	json_enter(image, "uuid", json_string(uuid_text(uuid, h->image_uuid)));
	json_enter(image, "created_unix_s", json_number(h->created_unix_s));
	json_enter(image, "label", json_text(h->label, sizeof(h->label)));
	json_enter(image, "used_bytes", json_number(h->used_bytes));
	json_enter(image, "attempts", json_number(h->attempts));
	json_enter(image, "reusable", json_boolean(h->compat & IMG_COMPAT_REUSABLE));
	json_enter(image, "may_be_resumed",
		json_boolean(!img_state_check(h) && !image_lacks_state(&v->file, &v->headers)));
	return image;
}

void image_json_header(json_t *object, const struct image_view *v)
{
	static const char *const states[] = {"EMPTY", "VALID", "LOADING", "LAUNCHED", "CONSUMED"};
	const struct img_header *h = &v->headers.h;
	char uuid[UUID_TEXT_BYTES], format[16];
	bool unknown = h->state == IMG_EMPTY && v->headers.err[v->headers.slot ^ 1];

	snprintf(format, sizeof(format), "%u.%u", h->version_major, h->version_minor);
	json_enter(object, "format", json_string(format));
	json_enter(object, "area_uuid", json_string(uuid_text(uuid, h->area_uuid)));
	json_enter(object, "area_bytes", json_number(h->area_bytes));
	json_enter(object, "state", unknown ? json_null() : json_string(states[h->state]));
	json_enter(object, "generation", json_number(h->generation));
	json_enter(object, "header_copies", image_json_copies(&v->file, &v->headers, &v->fault));
	json_enter(object, "image", h->state == IMG_EMPTY ? json_null() : image_of(v));
}

/* ---- Objects ---- */

/* Its state, or how it begins. */
static int enter_stream(
	json_t *object, struct image_view *v, const char *name, const struct img_object_rec *o)
{
	struct state_reader reader;
	void *buf = NULL;
	size_t n;
	int err = image_view_bytes(v, o, &buf, &n);

	if (!err && (n < 8 || memcmp(buf, IMG_STREAM_MAGIC, 8)))
		json_enter(object, "begins", json_bytes(buf, n < BEGINS_BYTES ? n : BEGINS_BYTES));
	else if (!err && state_open(&reader, buf, n))
		err = complain_as(STATUS_DAMAGED, "%s: %s: not a good state stream: %s",
			v->file.path, name, reader.what ? reader.what : "damaged");
	else if (!err)
		json_enter(object, "state", state_json(&reader));
	free(buf);
	return err;
}

static int enter_codecs(json_t *object, struct image_view *v, const struct img_object_rec *o)
{
	struct image_codec_sum sum[IMAGE_CODECS];
	json_t *codecs = json_object();
	int err = image_view_codecs(v, o, sum);

	for (uint32_t i = 0; !err && i < IMAGE_CODECS; i++) {
		json_t *one = json_object();

		json_enter(one, "chunks", json_number(sum[i].chunks));
		json_enter(one, "bytes", json_number(sum[i].bytes));
		json_enter(one, "stored_bytes", json_number(sum[i].stored));
		json_enter(codecs, image_codec_names[i], one);
	}
	json_enter(object, "codecs", codecs);
	return err;
}

json_t *image_json_object(struct image_view *v, const char *name, const struct img_object_rec *o,
	enum json_detail detail, int *ret_err)
{
	bool pages = o->type == IMG_PAGES;
	json_t *object = json_object();

	json_enter(object, "name", json_text(o->name, sizeof(o->name)));
	json_enter(object, "type", json_string(pages ? "pages" : "bytes"));
	json_enter(object, pages ? "frames" : "bytes", json_number(o->length));
	json_enter(object, "chunks", json_number(o->n_chunks));
	json_enter(object, "index_blocks", json_number(o->n_blocks));
	*ret_err = 0;
	if (detail == JSON_CODECS)
		*ret_err = enter_codecs(object, v, o);
	else if (!pages)
		*ret_err = enter_stream(object, v, name, o);
	return object;
}

static json_t *node_of(struct image_view *v, const struct img_node_rec *node,
	enum json_detail detail, int *ret_err)
{
	json_t *one = json_object(), *objects = json_array();
	char name[2 * IMG_NAME_BYTES + 2];
	struct img_object_rec o;

	for (uint32_t i = 0; !*ret_err && i < node->n_objects; i++) {
		int err = img_object_at(&v->reader, node->first_object + i, &o);

		if (err) {
			*ret_err = image_complain(&v->file, err, &v->reader.fault);
			break;
		}
		snprintf(name, sizeof(name), "%.*s/%.*s", IMG_NAME_BYTES, node->name,
			IMG_NAME_BYTES, o.name);
		json_add(objects, image_json_object(v, name, &o, detail, ret_err));
	}
	json_enter(one, "name", json_text(node->name, sizeof(node->name)));
	json_enter(one, "objects", objects);
	return one;
}

json_t *image_json_nodes(struct image_view *v, enum json_detail detail, int *ret_err)
{
	json_t *nodes = json_array();
	struct img_node_rec node;

	*ret_err = v->headers.h.state == IMG_EMPTY ? 0 : image_view_root(v);
	if (*ret_err || v->headers.h.state == IMG_EMPTY)
		return nodes;
	for (uint32_t i = 0; !*ret_err && i < img_node_count(&v->reader); i++) {
		int err = img_node_at(&v->reader, i, &node);

		if (err)
			*ret_err = image_complain(&v->file, err, &v->reader.fault);
		else
			json_add(nodes, node_of(v, &node, detail, ret_err));
	}
	return nodes;
}

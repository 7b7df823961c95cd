/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torpor dump: an image's nodes and objects as YAML, state streams from their own tables alone:
 * nothing here knows what a stream is about, or its version.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "device_tag.h"
#include "image_json.h"
#include "image_view.h"
#include "say.h"
#include "uuid.h"
#include "verb.h"

#define BEGINS_BYTES 32 /* shown of a stream that is not a state stream */

/* ---- YAML ---- */

struct yaml {
	const char *indent;
	bool at_line; /* the next character begins a line */
};

/* state_dump's text, moved to the right. */
static void put_indented(void *ctx, const char *text, size_t len)
{
	struct yaml *y = ctx;

	for (size_t i = 0; i < len; i++) {
		if (y->at_line)
			fputs(y->indent, stdout);
		putchar(text[i]);
		y->at_line = text[i] == '\n';
	}
}

/* A name or a label: printable ASCII, checked by the reader. */
static void print_quoted(const char *text, size_t max)
{
	putchar('"');
	for (size_t i = 0; i < max && text[i]; i++) {
		if (text[i] == '"' || text[i] == '\\')
			putchar('\\');
		putchar(text[i]);
	}
	putchar('"');
}

/* ---- The header ---- */

static void print_header(const struct image_view *v)
{
	static const char *const states[] = {"EMPTY", "VALID", "LOADING", "LAUNCHED", "CONSUMED"};
	const struct img_header *h = &v->headers.h;
	char uuid[UUID_TEXT_BYTES];

	say("format: \"%u.%u\"\n", h->version_major, h->version_minor);
	say("state: %s\n", states[h->state]);
	say("attempts: %" PRIu32 "\n", h->attempts);
	say("generation: %" PRIu64 "\n", h->generation);
	say("area_uuid: \"%s\"\n", uuid_text(uuid, h->area_uuid));
	say("area_bytes: %" PRIu64 "\n", h->area_bytes);
	if (h->state == IMG_EMPTY)
		return;
	say("image_uuid: \"%s\"\n", uuid_text(uuid, h->image_uuid));
	say("created_unix_s: %" PRIu64 "\n", h->created_unix_s);
	say("used_bytes: %" PRIu64 "\n", h->used_bytes);
	say("label: ");
	print_quoted(h->label, sizeof(h->label));
	putchar('\n');
}

/* ---- Objects ---- */

/* The first bytes of a byte stream, from as many chunks as that takes. */
static int read_begin(struct image_view *v, const struct img_object_rec *o,
	uint8_t ret_begin[BEGINS_BYTES], size_t *ret_n)
{
	uint8_t *scratch = image_buffer(2 * IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES);
	uint8_t *content = scratch + IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES;
	struct img_cursor cursor;
	struct img_chunk_rec c;
	int err;

	*ret_n = 0;
	if (!scratch)
		return -1;
	err = img_cursor_init(&cursor, &v->reader, o, v->block);
	while (!err && *ret_n < BEGINS_BYTES && (err = img_next(&cursor, &c)) > 0) {
		size_t n = BEGINS_BYTES - *ret_n;

		err = img_read_chunk(&v->reader, &c, scratch, content);
		n = n < c.count ? n : c.count;
		memcpy(ret_begin + *ret_n, content, n);
		*ret_n += n;
	}
	free(scratch);
	return err ? image_complain(&v->file, err, &v->reader.fault) : 0;
}

static int print_state(
	struct image_view *v, const char *name, const struct img_object_rec *o, const char *indent)
{
	struct yaml y = {.indent = indent, .at_line = true};
	struct state_reader reader;
	void *buf = NULL;
	int err = image_view_stream(v, name, o, &reader, &buf);

	if (!err)
		state_dump(&reader, put_indented, &y);
	free(buf);
	return err;
}

static void print_begin(const char *indent, const uint8_t *begin, size_t n)
{
	say("%sbegins: \"", indent);
	for (size_t i = 0; i < n; i++)
		say("%02x", begin[i]);
	say("\"\n");
}

#define INDENT "        "

/* alone: only the stream itself, from the left margin. */
enum how { IN_LIST, ALONE };

static int print_bytes(
	struct image_view *v, const char *name, const struct img_object_rec *o, enum how how)
{
	uint8_t begin[BEGINS_BYTES];
	size_t n = 0;
	const char *indent = how == ALONE ? "" : INDENT;

	if (read_begin(v, o, begin, &n))
		return -1;
	if (how == IN_LIST)
		say(INDENT "bytes: %" PRIu64 "\n", o->length);
	if (n < 8 || memcmp(begin, IMG_STREAM_MAGIC, 8) != 0) {
		print_begin(indent, begin, n);
		return 0;
	}
	if (how == ALONE)
		return print_state(v, name, o, "");
	say(INDENT "state:\n");
	return print_state(v, name, o, INDENT "  ");
}

static int print_object(
	struct image_view *v, const char *name, const struct img_object_rec *o, enum how how)
{
	bool pages = o->type == IMG_PAGES;

	if (how == IN_LIST) {
		say("      - name: ");
		print_quoted(o->name, sizeof(o->name));
		say("\n" INDENT "type: %s\n", pages ? "pages" : "bytes");
		say(INDENT "chunks: %" PRIu64 "\n", o->n_chunks);
	}
	if (pages) {
		say("%sframes: %" PRIu64 "\n", how == ALONE ? "" : INDENT, o->length);
		return 0;
	}
	return print_bytes(v, name, o, how);
}

static int print_objects(struct image_view *v, const struct img_node_rec *node)
{
	struct img_object_rec o;
	char name[2 * IMG_NAME_BYTES + 2];

	say("    objects:%s\n", node->n_objects ? "" : " []");
	for (uint32_t i = 0; i < node->n_objects; i++) {
		int err = img_object_at(&v->reader, node->first_object + i, &o);

		if (err)
			return image_complain(&v->file, err, &v->reader.fault);
		snprintf(name, sizeof(name), "%.*s/%.*s", IMG_NAME_BYTES, node->name,
			IMG_NAME_BYTES, o.name);
		if (print_object(v, name, &o, IN_LIST))
			return -1;
	}
	return 0;
}

static int print_nodes(struct image_view *v)
{
	uint32_t n = img_node_count(&v->reader);
	struct img_node_rec node;

	say("nodes:%s\n", n ? "" : " []");
	for (uint32_t i = 0; i < n; i++) {
		int err = img_node_at(&v->reader, i, &node);

		if (err)
			return image_complain(&v->file, err, &v->reader.fault);
		say("  - name: ");
		print_quoted(node.name, sizeof(node.name));
		putchar('\n');
		if (print_objects(v, &node))
			return -1;
	}
	return 0;
}

/* ---- One stream ---- */

/* "node/object", or the first object of that name. Names may hold slashes. */
static bool is_named(
	const struct img_node_rec *node, const struct img_object_rec *o, const char *wanted)
{
	size_t n = strlen(node->name);

	if (!strcmp(o->name, wanted))
		return true;
	return !strncmp(wanted, node->name, n) && wanted[n] == '/' &&
	       !strcmp(wanted + n + 1, o->name);
}

/* 0: found; -1 after a complaint. */
static int find_named(struct image_view *v, const char *wanted, struct img_object_rec *ret)
{
	struct img_node_rec node;

	for (uint32_t i = 0; img_node_at(&v->reader, i, &node) == 0; i++)
		for (uint32_t k = 0; k < node.n_objects; k++)
			if (img_object_at(&v->reader, node.first_object + k, ret) == 0 &&
				is_named(&node, ret, wanted))
				return 0;
	return complain_as(STATUS_MISSING, "%s: no object %s", v->file.path, wanted);
}

static int print_named(struct image_view *v, const char *wanted)
{
	struct img_object_rec o;

	return find_named(v, wanted, &o) ? -1 : print_object(v, wanted, &o, ALONE);
}

/* ---- For programs ---- */

static int enter_named(json_t *object, struct image_view *v, const char *wanted)
{
	struct img_object_rec o;
	json_t *one;
	int err;

	if (image_view_root(v) || find_named(v, wanted, &o))
		return -1;
	one = image_json_object(v, wanted, &o, JSON_STREAMS, &err);
	json_enter(object, "object", one);
	return err;
}

static int enter_image(json_t *object, struct image_view *v, const char *path, const char *stream)
{
	json_t *nodes;
	int err;

	if (image_view_open(v, path))
		return -1;
	image_json_header(object, v);
	if (image_view_check_filled(v))
		return -1;
	if (stream)
		return enter_named(object, v, stream);
	nodes = image_json_nodes(v, JSON_STREAMS, &err);
	json_enter(object, "nodes", nodes);
	return err;
}

static enum exit_status dump_json(struct image_view *v, const char *path, const char *stream)
{
	json_t *object = json_object();
	int err;

	json_enter(object, "path", json_text(path, SIZE_MAX));
	err = enter_image(object, v, path, stream);
	return json_print(object, err ? failure_status() : STATUS_OK);
}

static int dump(struct image_view *v, const char *path, const char *stream)
{
	if (image_view_open(v, path))
		return -1;
	if (!stream)
		print_header(v);
	if (image_view_check_filled(v) || image_view_root(v))
		return -1;
	return stream ? print_named(v, stream) : print_nodes(v);
}

static int take_option(void *ctx, int letter, const char *arg)
{
	(void)letter;
	(void)arg;
	*(bool *)ctx = true;
	return 0;
}

int dump_main(int argc, char **argv)
{
	struct image_view v = {.file.fd = -1};
	bool json = false;
	int at = verb_options(&dump_verb, argc, argv, take_option, &json);
	enum exit_status status = STATUS_OK;
	const char *path;

	if (at < 0)
		return STATUS_USAGE;
	path = device_tag_path(argv[at]);
	if (!path)
		status = json ? json_print(json_object(), failure_status()) : failure_status();
	else if (json)
		status = dump_json(&v, path, argv[at + 1]);
	else if (dump(&v, path, argv[at + 1]))
		status = failure_status();
	image_view_close(&v);
	return (int)status;
}

const struct verb dump_verb = {
	.name = "dump",
	.run = dump_main,
	.summary = "an area's nodes, objects and state streams, as YAML",
	.forms = {"dump [--json] FILE-OR-DEVICE [STREAM]"},
	.text = "State streams are shown by the tables that they were written with. STREAM (NODE/OBJECT, for "
		"example kernel/cpu): only this one.",
	.least = 1,
	.most = 2,
	.options = {{'j', "--json", "for programs, see torpor(8)", 0}},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor info: what is in an image area, readable. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "device_tag.h"
#include "image_view.h"
#include "info_json.h"
#include "kept.h"
#include "look.h"
#include "saved_state.h"
#include "say.h"
#include "stock_image.h"
#include "uuid.h"
#include "verb.h"

/* ---- The header ---- */

static void print_state(const struct image_view *v)
{
	const struct img_header *h = &v->headers.h;
	uint32_t other = v->headers.slot ^ 1;
	bool reusable = h->compat & IMG_COMPAT_REUSABLE;

	say("%-12s", "state");
	if (!img_state_check(h) && image_lacks_state(&v->file, &v->headers)) {
		say("VALID, but without the state of a processor: it cannot be resumed\n");
		return;
	}
	switch (h->state) {
	case IMG_EMPTY:
		if (v->headers.err[other])
			say("NOT KNOWN: header copy %" PRIu32 " says EMPTY, copy %" PRIu32
			    " is damaged\n",
				v->headers.slot, other);
		else
			say("EMPTY: no image\n");
		break;
	case IMG_VALID:
		say("VALID: may be resumed%s\n", reusable ? ", any number of times" : "");
		break;
	case IMG_LOADING:
		say("LOADING: may be resumed%s, tried %" PRIu32 " times\n",
			reusable ? ", any number of times" : "", h->attempts);
		break;
	case IMG_LAUNCHED:
		say("LAUNCHED: resumed before, or a snapshot of a system that went on\n");
		break;
	default:
		say("CONSUMED: resumed before\n");
	}
}

static void print_copies(const struct image_view *v)
{
	char text[IMAGE_TROUBLE_BYTES];
	const char *trouble = image_copy_trouble(text, &v->file, &v->headers, &v->fault);

	say("%-12s%" PRIu64 ", header copy %u; ", "generation", v->headers.h.generation,
		v->headers.slot);
	if (trouble)
		say("%s\n", trouble);
	else
		say("copy %u is good\n", v->headers.slot ^ 1);
}

static void print_header(const struct image_view *v)
{
	const struct img_header *h = &v->headers.h;
	time_t created = (time_t)h->created_unix_s;
	char size[SAY_SIZE_BYTES], date[64], uuid[UUID_TEXT_BYTES];
	struct tm tm;

	say("%-12s%s, %s, format %u.%u\n", "area", v->file.path, say_size(size, h->area_bytes),
		h->version_major, h->version_minor);
	say("%-12s%s\n", "area uuid", uuid_text(uuid, h->area_uuid));
	print_state(v);
	print_copies(v);
	if (h->state == IMG_EMPTY)
		return;
	say("%-12s%s\n", "image uuid", uuid_text(uuid, h->image_uuid));
	if (localtime_r(&created, &tm) && strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S %z", &tm))
		say("%-12s%s\n", "created", date);
	say("%-12s%.*s\n", "label", (int)sizeof(h->label), h->label);
	say("%-12s%s\n", "used", say_size(size, h->used_bytes));
}

/* What is kept behind the area, when there is a store. */
static int print_store(const struct image_file *file)
{
	struct kept k;
	char size[SAY_SIZE_BYTES];
	int err = kept_look(&k, file);

	if (err)
		return err > 0 ? 0 : -1;
	say("%-12s%" PRIu32 " kept (torpor keep list), %s in all\n", "store", store_count(&k.store),
		say_size(size, k.part.size));
	err = kept_check_copies(&k);
	kept_close(&k);
	return err;
}

/* ---- Objects ---- */

static int print_object(struct image_view *v, const char *name, const struct img_object_rec *object)
{
	struct image_codec_sum sum[IMAGE_CODECS];
	bool pages = object->type == IMG_PAGES;
	char size[SAY_SIZE_BYTES], stored[SAY_SIZE_BYTES];

	if (image_view_codecs(v, object, sum))
		return -1;
	say("%-20s%s, %s, %" PRIu64 " chunks, %" PRIu32 " index blocks\n", name,
		pages ? "pages" : "bytes",
		say_size(size, pages ? object->length * IMG_PAGE_BYTES : object->length),
		object->n_chunks, object->n_blocks);
	for (uint32_t i = 0; i < IMAGE_CODECS; i++)
		if (sum[i].chunks)
			say("    %-16s%" PRIu64 " chunks, %s stored as %s\n", image_codec_names[i],
				sum[i].chunks, say_size(size, sum[i].bytes),
				say_size(stored, sum[i].stored));
	return 0;
}

static void put_text(void *ctx, const char *text, size_t len)
{
	fwrite(text, 1, len, ctx);
}

static int print_stream(struct image_view *v, const char *name, const struct img_object_rec *object)
{
	struct state_reader reader;
	void *buf = NULL;
	int err = 0;

	if (object->type == IMG_BYTES) {
		err = image_view_stream(v, name, object, &reader, &buf);
		if (!err) {
			say("--- # %s\n", name);
			state_dump(&reader, put_text, stdout);
		}
	}
	free(buf);
	return err;
}

typedef int (*object_printer)(
	struct image_view *v, const char *name, const struct img_object_rec *object);

static int print_node(struct image_view *v, uint32_t i, object_printer print)
{
	struct img_object_rec object;
	struct img_node_rec node;
	char name[2 * IMG_NAME_BYTES + 2];
	int err = img_node_at(&v->reader, i, &node);

	for (uint32_t j = 0; !err && j < node.n_objects; j++) {
		err = img_object_at(&v->reader, node.first_object + j, &object);
		if (err)
			break;
		snprintf(name, sizeof(name), "%.*s/%.*s", IMG_NAME_BYTES, node.name, IMG_NAME_BYTES,
			object.name);
		if (print(v, name, &object))
			return -1;
	}
	return err ? image_complain(&v->file, err, &v->reader.fault) : 0;
}

static int print_image(struct image_view *v, object_printer print)
{
	if (v->headers.h.state == IMG_EMPTY)
		return 0;
	if (image_view_root(v))
		return -1;
	for (uint32_t i = 0; i < img_node_count(&v->reader); i++)
		if (print_node(v, i, print))
			return -1;
	return 0;
}

/* ---- What was mounted ---- */

static void print_filesystem(const struct saved_filesystem *f)
{
	say("file system %s (%s, %s, %s): %s%s\n", f->mount_point, f->type, f->device,
		f->writable ? "writable" : "read-only",
		f->reason[0] ? "not compared before a resume: " : "compared before a resume",
		f->reason);
}

static int print_filesystems(struct image_view *v)
{
	static struct saved_filesystem f[SAVED_FILESYSTEMS_MAX];
	uint32_t n;
	int err = image_view_filesystems(v, f, &n);

	for (uint32_t i = 0; i < n; i++)
		print_filesystem(&f[i]);
	return err;
}

/* Everything that can be shown is; what is damaged is told, and decides the answer. */
static enum exit_status show(struct image_view *v, bool yaml)
{
	enum exit_status status = STATUS_OK;

	if (!yaml)
		print_header(v);
	if (image_check_copies(&v->file, &v->headers, &v->fault))
		status = failure_status();
	if (!yaml && print_store(&v->file))
		status = failure_status();
	if (print_image(v, yaml ? print_stream : print_object) || (!yaml && print_filesystems(v)))
		status = failure_status();
	return status;
}

static enum exit_status info(const struct look_options *o)
{
	struct image_view v;
	enum exit_status status =
		image_view_open(&v, o->path) ? failure_status() : show(&v, o->yaml);

	image_view_close(&v);
	return status;
}

int info_main(int argc, char **argv)
{
	struct look_options o;
	int status;

	if (look_options(&info_verb, argc, argv, &o))
		return STATUS_USAGE;
	if (o.yaml && o.page) {
		complain("info: --yaml is of areas, --offset of swap files");
		return STATUS_USAGE;
	}
	o.path = device_tag_path(o.path);
	if (!o.path)
		return (int)(o.json ? json_print(json_object(), failure_status())
				    : failure_status());
	if (o.json)
		return info_json(&o);
	status = o.yaml ? STATUS_NOT_STOCK : stock_info(o.path, o.page);
	return status == STATUS_NOT_STOCK ? (int)info(&o) : status;
}

const struct verb info_verb = {
	.name = "info",
	.run = info_main,
	.summary = "show what is in an area, or in a swap area",
	.forms = {"info [--yaml | --json] [--offset PAGES] FILE-OR-DEVICE"},
	.least = 1,
	.most = 1,
	.options = {{'y', "--yaml", "an area's state streams, as YAML", 1},
		{'j', "--json", "all of it for programs, see torpor(8)", 1},
		{'p', "--offset PAGES",
			"the image is in a swap file, which begins at this page of the partition",
			0}},
};

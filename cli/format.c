/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor format: makes an empty image area, and a store behind it. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "device_tag.h"
#include "kept.h"
#include "number.h"
#include "say.h"
#include "target_area.h"
#include "uuid.h"
#include "verb.h"

static int parse_keep(const char *text, uint64_t *ret_bytes)
{
	return number_size(text, ret_bytes) && *ret_bytes
		       ? 0
		       : complain("format: --keep %s: not a size (512M, 4G)", text);
}

static int make(struct target *t, struct image_file *f, enum area_policy policy,
	uint64_t keep_bytes, struct img_headers *ret)
{
	if (keep_bytes && t->is_file)
		return complain("%s is a file: a store needs a partition", f->path);
	if (keep_bytes && kept_check_size(f, keep_bytes))
		return -1;
	if (policy == AREA_KEEP && kept_in_the_way(f, ": --force removes them"))
		return -1;
	if (area_format(t, f, policy, ret))
		return -1;
	return keep_bytes ? kept_make(f, keep_bytes, ret) : 0;
}

static int format(const char *path, enum area_policy policy, uint64_t keep_bytes)
{
	struct image_file file = {.fd = -1};
	struct img_headers headers;
	struct target t;
	char size[SAY_SIZE_BYTES], uuid[UUID_TEXT_BYTES];
	int err = -1;

	if (target_find_path(&t, path) || target_check_free(&t))
		return -1;
	area_identify(&t);
	if (!target_open(&t) && !image_attach(&file, path, t.fd, target_area_bytes(&t)))
		err = make(&t, &file, policy, keep_bytes, &headers);
	if (!err)
		say("%s: empty area of %s, uuid %s\n", path, say_size(size, headers.h.area_bytes),
			uuid_text(uuid, headers.h.area_uuid));
	if (!err && keep_bytes)
		say("%s: store of %s\n", path, say_size(size, file.size - headers.h.area_bytes));
	image_close(&file);
	target_close(&t);
	return err;
}

struct options {
	enum area_policy policy;
	uint64_t keep_bytes;
};

static int take_option(void *ctx, int letter, const char *arg)
{
	struct options *o = ctx;

	if (letter == 'k')
		return parse_keep(arg, &o->keep_bytes);
	o->policy = AREA_OVERWRITE;
	return 0;
}

int format_main(int argc, char **argv)
{
	struct options o = {.policy = AREA_KEEP};
	int at = verb_options(&format_verb, argc, argv, take_option, &o);
	const char *path;

	if (at < 0)
		return STATUS_USAGE;
	path = device_tag_path(argv[at]);
	return !path || format(path, o.policy, o.keep_bytes) ? failure_status() : STATUS_OK;
}

const struct verb format_verb = {
	.name = "format",
	.run = format_main,
	.summary = "make an empty image area on a disk or partition",
	.forms = {"format [--force] [--keep SIZE] DEVICE"},
	.least = 1,
	.most = 1,
	.options = {{'f', "--force", "whatever it holds", 0},
		{'k', "--keep SIZE",
			"leave SIZE (512M, 4G) behind the area for a store of files (torpor keep)",
			0}},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* info for programs: the same as for people, in one object, of areas and of swap areas. */
#include "info_json.h"

#include <string.h>

#include "image_json.h"
#include "kept.h"
#include "stock_json.h"

static json_t *filesystem_of(const struct saved_filesystem *f)
{
	json_t *one = json_object();

	json_enter(one, "mount_point", json_text(f->mount_point, sizeof(f->mount_point)));
	json_enter(one, "type", json_text(f->type, sizeof(f->type)));
	json_enter(one, "device", json_text(f->device, sizeof(f->device)));
	json_enter(one, "writable", json_boolean(f->writable));
	json_enter(one, "compared", json_boolean(!f->reason[0]));
	json_enter(one, "reason",
		f->reason[0] ? json_text(f->reason, sizeof(f->reason)) : json_null());
	return one;
}

static int enter_filesystems(json_t *object, struct image_view *v)
{
	static struct saved_filesystem f[SAVED_FILESYSTEMS_MAX];
	json_t *all = json_array();
	uint32_t n;
	int err = image_view_filesystems(v, f, &n);

	for (uint32_t i = 0; i < n; i++)
		json_add(all, filesystem_of(&f[i]));
	json_enter(object, "filesystems", all);
	return err;
}

static int enter_store(json_t *object, const struct image_file *file)
{
	struct kept k;
	json_t *store;
	int err = kept_look(&k, file);

	if (err) {
		json_enter(object, "store", json_null());
		return err > 0 ? 0 : -1;
	}
	store = json_object();
	json_enter(store, "kept", json_number(store_count(&k.store)));
	json_enter(store, "bytes", json_number(k.part.size));
	json_enter(store, "header_copies",
		image_json_copies(&k.part, &k.store.hs, &k.store.copy_fault));
	json_enter(object, "store", store);
	err = kept_check_copies(&k);
	kept_close(&k);
	return err;
}

static enum exit_status enter_area(json_t *object, struct image_view *v)
{
	enum exit_status status = STATUS_OK;
	json_t *nodes;
	int err;

	json_enter(object, "kind", json_string("area"));
	image_json_header(object, v);
	if (image_check_copies(&v->file, &v->headers, &v->fault))
		status = failure_status();
	if (enter_store(object, &v->file))
		status = failure_status();
	nodes = image_json_nodes(v, JSON_CODECS, &err);
	json_enter(object, "nodes", nodes);
	if (err || enter_filesystems(object, v))
		status = failure_status();
	return status;
}

static enum exit_status enter_own(json_t *object, const char *path)
{
	struct image_view v;
	enum exit_status status =
		image_view_open(&v, path) ? failure_status() : enter_area(object, &v);

	image_view_close(&v);
	return status;
}

int info_json(const struct look_options *o)
{
	json_t *object = json_object();
	int status;

	json_enter(object, "path", json_text(o->path, SIZE_MAX));
	status = stock_json(object, o->path, o->page);
	if (status == STATUS_NOT_STOCK)
		status = (int)enter_own(object, o->path);
	return (int)json_print(object, (enum exit_status)status);
}

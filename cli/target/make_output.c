/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An old image must outlive every way in which making a new one can fail, as far as there is room for both. */
#define _GNU_SOURCE
#include "make_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kept.h"
#include "say.h"
#include "spool.h"
#include "target_area.h"

static int read_headers(struct image_file *f, struct img_headers *ret, struct img_fault *ret_fault)
{
	void *block = image_buffer(IMG_BLOCK_BYTES);
	int err = block ? img_read_headers(&f->source, block, ret, ret_fault) : IMG_ERR_WORK;

	free(block);
	return err ? image_complain(f, err, ret_fault) : 0;
}

/* ---- A new file, or one without a name ---- */

static int make_area(struct make_output *o, int fd, uint64_t bytes)
{
	struct img_fault fault;

	if (ftruncate(fd, (off_t)bytes))
		return complain("%s: no room for %llu bytes: %s", o->path,
			(unsigned long long)bytes, strerror(errno));
	if (image_attach(&o->area, o->path, fd, bytes) || area_make(&o->area))
		return -1;
	return read_headers(&o->area, &o->headers, &fault);
}

static int new_file(struct make_output *o, enum out_how how, uint64_t bytes, int source)
{
	if (out_file_begin(&o->out, o->path, how, "--force", source))
		return -1;
	o->is_file = true;
	return make_area(o, o->out.fd, bytes);
}

static int to_standard_output(struct make_output *o, uint64_t bytes)
{
	if (spool_check_output())
		return -1;
	o->spool = spool_open();
	return o->spool < 0 ? -1 : make_area(o, o->spool, bytes);
}

/* ---- What is there ---- */

static int check_overwrite(const struct make_output *o, const struct image_file *f,
	const struct img_fault *fault, enum make_how how)
{
	if (how == MAKE_OVERWRITE)
		return 0;
	if (!img_state_check(&o->headers.h))
		return complain("%s holds an image%s: --force overwrites it", o->path,
			image_lacks_state(f, &o->headers) ? "" : " that may be resumed");
	if (o->headers.h.state == IMG_EMPTY && image_check_copies(f, &o->headers, fault))
		return complain_as(
			STATUS_DAMAGED, "%s may hold an image: --force overwrites it", o->path);
	return 0;
}

static int open_target(struct make_output *o, enum make_how how)
{
	struct img_fault fault;
	struct target *t = &o->target;

	o->in_place = true;
	if (target_find_path(t, o->path) || target_check_free(t))
		return -1;
	area_identify(t);
	if (target_open(t) || image_attach(&o->area, t->path, t->fd, target_area_bytes(t)))
		return -1;
	if (area_open(t, &o->area, AREA_KEEP, &o->headers) ||
		read_headers(&o->area, &o->headers, &fault))
		return -1;
	return check_overwrite(o, &o->area, &fault, how);
}

static bool has_store(const struct image_file *f)
{
	struct kept k;
	int err = kept_look(&k, f);

	if (!err)
		kept_close(&k);
	return err <= 0; /* also one that cannot be read */
}

/* The file stays open, and locked, until the new one has its name. */
static int replace_file(struct make_output *o, uint64_t bytes, int source)
{
	uint64_t old = o->headers.h.area_bytes;

	if (has_store(&o->old)) {
		o->in_place = true;
		o->area = o->old;
		o->area.source.ctx = o->area.dest.ctx = &o->area;
		o->old = (struct image_file){.fd = -1};
		return 0;
	}
	o->old_area_bytes = old < o->old.size ? old : o->old.size;
	return new_file(
		o, OUT_REPLACE, bytes > o->old_area_bytes ? bytes : o->old_area_bytes, source);
}

static int open_file(struct make_output *o, enum make_how how, uint64_t bytes, int source)
{
	struct img_fault fault;
	int fd = open(o->path, O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == EPERM) /* immutable: one that setup made */
		return open_target(o, how);
	if (fd < 0)
		return complain("%s: %s", o->path, strerror(errno));
	if (image_open_fd(&o->old, o->path, fd) || read_headers(&o->old, &o->headers, &fault) ||
		check_overwrite(o, &o->old, &fault, how))
		return -1;
	return replace_file(o, bytes, source);
}

/* ---- Opening ---- */

int make_output_open(struct make_output *o, const char *path, enum make_how how,
	uint64_t bytes_at_most, int source)
{
	struct stat st, in;
	int err;

	*o = (struct make_output){.path = path, .spool = -1};
	o->area.fd = o->old.fd = o->target.fd = o->out.fd = -1;
	if (spool_is_standard(path))
		return to_standard_output(o, bytes_at_most);
	if (stat(path, &st)) {
		if (errno != ENOENT)
			return complain("%s: %s", path, strerror(errno));
		return new_file(o, OUT_NEW, bytes_at_most, source);
	}
	if (!fstat(source, &in) && st.st_dev == in.st_dev && st.st_ino == in.st_ino)
		return complain("%s is the input itself", path);
	err = S_ISREG(st.st_mode) ? open_file(o, how, bytes_at_most, source) : open_target(o, how);
	/* Behind the area's end may be a store. */
	if (!err && o->headers.h.area_bytes < o->area.dest.size)
		o->area.dest.size = o->headers.h.area_bytes;
	return err;
}

int make_output_place(const struct make_output *o, uint64_t image_end, uint64_t *ret_beside)
{
	uint64_t room = o->area.dest.size, old = o->headers.h.used_bytes;
	char size[SAY_SIZE_BYTES], has[SAY_SIZE_BYTES];

	*ret_beside = 0;
	if (image_end > room)
		return complain("%s: the image takes %s, the area has %s: nothing was changed",
			o->path, say_size(size, image_end), say_size(has, room));
	if (!o->in_place || img_state_check(&o->headers.h))
		return 0;
	if (old <= room && image_end - IMG_DATA_START <= room - old)
		*ret_beside = old;
	else
		complain("%s: not enough room for both: the old image is overwritten from now on",
			o->path);
	return 0;
}

/* ---- Closing ---- */

static int end_file(struct make_output *o, uint64_t used_bytes, int err)
{
	uint64_t bytes = used_bytes > o->old_area_bytes ? used_bytes : o->old_area_bytes;

	if (!err && ftruncate(o->out.fd, (off_t)bytes))
		err = complain("%s: %s", o->path, strerror(errno));
	return out_file_end(&o->out, err);
}

static int end_spool(struct make_output *o, uint64_t used_bytes, int err)
{
	if (!err && ftruncate(o->spool, (off_t)used_bytes))
		err = complain("%s: %s", o->path, strerror(errno));
	return err ? -1 : spool_output(o->spool);
}

int make_output_close(struct make_output *o, uint64_t used_bytes, int err)
{
	image_close(&o->area);
	if (o->is_file)
		err = end_file(o, used_bytes, err);
	if (o->spool >= 0) {
		err = end_spool(o, used_bytes, err);
		close(o->spool);
	}
	image_close(&o->old);
	target_close(&o->target);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening an image for info, verify, dump and export: headers, root, streams, each with its complaint. */
#include "image_view.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

int image_view_open(struct image_view *v, const char *path)
{
	int err;

	memset(v, 0, sizeof(*v));
	v->file.fd = -1;
	if (image_open(&v->file, path))
		return -1;
	v->block = image_buffer(IMG_INDEX_BLOCK_MAX);
	if (!v->block)
		return -1;
	err = img_read_headers(&v->file.source, v->block, &v->headers, &v->fault);
	return err ? image_complain(&v->file, err, &v->fault) : 0;
}

int image_view_check_filled(const struct image_view *v)
{
	if (v->headers.h.state != IMG_EMPTY)
		return 0;
	return image_check_copies(&v->file, &v->headers, &v->fault)
		       ? -1
		       : image_complain(&v->file, IMG_ERR_EMPTY, NULL);
}

int image_view_root(struct image_view *v)
{
	size_t bytes = IMG_ROOT_MAX;
	int err;

	v->root = image_buffer(bytes);
	if (!v->root)
		return -1;
	err = img_open(&v->reader, &v->file.source, &v->headers.h, v->root, bytes);
	return err ? image_complain(&v->file, err, &v->reader.fault) : 0;
}

void image_view_close(struct image_view *v)
{
	free(v->root);
	free(v->block);
	v->root = v->block = NULL;
	image_close(&v->file);
}

const char *const image_codec_names[IMAGE_CODECS] = {"raw", "lz4", "fill"};

int image_view_codecs(struct image_view *v, const struct img_object_rec *object,
	struct image_codec_sum ret_sum[IMAGE_CODECS])
{
	struct img_cursor cursor;
	struct img_chunk_rec c;
	int more = img_cursor_init(&cursor, &v->reader, object, v->block);

	memset(ret_sum, 0, IMAGE_CODECS * sizeof(*ret_sum));
	while (!more && (more = img_next(&cursor, &c)) > 0) {
		more = 0;
		ret_sum[c.codec].chunks++;
		ret_sum[c.codec].bytes += img_chunk_bytes(&c, (enum img_object_type)object->type);
		ret_sum[c.codec].stored += c.stored_bytes;
	}
	return more ? image_complain(&v->file, more, &v->reader.fault) : 0;
}

#define STREAM_MAX (16u << 20)

int image_view_bytes(struct image_view *v, const struct img_object_rec *object, void **ret_buf,
	size_t *ret_bytes)
{
	void *scratch = image_buffer(IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES);
	int err = IMG_ERR_WORK;

	*ret_bytes = 0;
	*ret_buf = object->length <= STREAM_MAX ? malloc(object->length + 1) : NULL;
	if (scratch && *ret_buf)
		err = img_read_bytes(
			&v->reader, object, v->block, scratch, *ret_buf, object->length, ret_bytes);
	free(scratch);
	return err ? image_complain(&v->file, err, &v->reader.fault) : 0;
}

int image_view_stream(struct image_view *v, const char *object_name,
	const struct img_object_rec *object, struct state_reader *ret, void **ret_buf)
{
	size_t bytes;

	if (image_view_bytes(v, object, ret_buf, &bytes))
		return -1;
	if (state_open(ret, *ret_buf, bytes))
		return complain_as(STATUS_DAMAGED, "%s: %s: not a good state stream: %s",
			v->file.path, object_name, ret->what ? ret->what : "damaged");
	return 0;
}

int image_view_filesystems(
	struct image_view *v, struct saved_filesystem ret[SAVED_FILESYSTEMS_MAX], uint32_t *ret_n)
{
	struct img_object_rec object;
	struct state_reader reader;
	void *buf = NULL;
	int err;

	*ret_n = 0;
	if (v->headers.h.state == IMG_EMPTY ||
		img_find(&v->reader, SAVED_NODE, SAVED_FILESYSTEMS, &object))
		return 0;
	err = image_view_stream(v, SAVED_FILESYSTEMS, &object, &reader, &buf);
	if (!err) {
		err = state_get(&reader, &saved_filesystem_desc, ret, SAVED_FILESYSTEMS_MAX, ret_n);
		if (err) {
			*ret_n = 0;
			err = complain_as(image_status(err), "%s: %s: %s", v->file.path,
				SAVED_FILESYSTEMS, img_err_text(err));
		}
	}
	free(buf);
	return err;
}

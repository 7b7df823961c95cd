/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image opened for looking at it. */
#ifndef CLI_IMAGE_VIEW_H
#define CLI_IMAGE_VIEW_H

#include "image_io.h"
#include "saved_state.h"
#include "state.h"

struct image_view {
	struct image_file file;
	struct img_headers headers;
	struct img_fault
		fault; /* of a header copy that does not count; what is NULL when both are good */
	struct img_reader reader;
	uint8_t *root, *block; /* block: for a cursor */
};

/* The headers. -1 after one complaint. */
int image_view_open(struct image_view *v, const char *path);
/* Complains (-1): there is no image, because the area is EMPTY, or, perhaps, because the newer header copy
 * is damaged. 0: there is one. */
int image_view_check_filled(const struct image_view *v);
/* The root; only when there is an image (state other than IMG_EMPTY). -1 after one complaint. */
int image_view_root(struct image_view *v);
void image_view_close(struct image_view *v);

/* How the chunks of an object are stored, by codec (enum img_codec). -1 after one complaint. */
#define IMAGE_CODECS 3
extern const char *const image_codec_names[IMAGE_CODECS];
struct image_codec_sum {
	uint64_t chunks, bytes, stored; /* bytes: of content */
};
int image_view_codecs(struct image_view *v, const struct img_object_rec *object,
	struct image_codec_sum ret_sum[IMAGE_CODECS]);

/* What was mounted, of an image whose root is read; *ret_n is 0 where the image does not say. -1 after one
 * complaint. */
int image_view_filesystems(
	struct image_view *v, struct saved_filesystem ret[SAVED_FILESYSTEMS_MAX], uint32_t *ret_n);

/* A whole byte stream. *ret_buf is to be freed, also after an error. -1 after one complaint. */
int image_view_bytes(struct image_view *v, const struct img_object_rec *object, void **ret_buf,
	size_t *ret_bytes);

/* A whole state stream of an object, opened. *ret_buf is to be freed, also after an error. */
int image_view_stream(struct image_view *v, const char *object_name,
	const struct img_object_rec *object, struct state_reader *ret, void **ret_buf);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image as JSON: what info and dump show of one. */
#ifndef CLI_IMAGE_JSON_H
#define CLI_IMAGE_JSON_H

#include "image_view.h"
#include "json.h"

/* Both header copies, the state, and what the header says of the image, entered into an object. */
void image_json_header(json_t *object, const struct image_view *v);

/* An area's two header copies: [{"offset": 0, "good": true, "damage": null}, ...]. */
json_t *image_json_copies(
	const struct image_file *f, const struct img_headers *hs, const struct img_fault *fault);

/* Nodes, their objects, and of each object how it is stored (JSON_CODECS) or what is in a stream
 * (JSON_STREAMS). [] when there is no image. After an error, with one complaint, *ret_err is -1, and what was
 * found before it is in the answer. */
enum json_detail { JSON_CODECS, JSON_STREAMS };
json_t *image_json_nodes(struct image_view *v, enum json_detail detail, int *ret_err);

/* One object that was found. */
json_t *image_json_object(struct image_view *v, const char *name, const struct img_object_rec *o,
	enum json_detail detail, int *ret_err);

#endif

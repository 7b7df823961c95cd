/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a kept file beside its content: a state stream of its own in its node (FORMAT.md,
 * section 8). Files that were kept before there was one have none. */
#ifndef CLI_KEPT_ABOUT_H
#define CLI_KEPT_ABOUT_H

#include "kept.h"

#define KEPT_DATA  "data"  /* the content: a byte stream */
#define KEPT_ABOUT "about" /* the state stream */

struct kept_about {
	uint64_t kept_unix_s; /* when it was put there; 0: not known */
};

/* Into the node that is being made. 0, or an error of the store. */
int kept_about_put(struct store *s, const struct kept_about *about);

/* Of a node; all zero where there is none, or it cannot be read. */
void kept_about_get(const struct kept *k, const struct img_node_rec *node, struct kept_about *ret);

/* Bytes of its content. */
uint64_t kept_data_bytes(const struct kept *k, const struct img_node_rec *node);

#endif

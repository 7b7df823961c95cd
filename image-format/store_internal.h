/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between store.c, store_put.c and store_space.c only.
 */
#ifndef IMAGE_FORMAT_STORE_INTERNAL_H
#define IMAGE_FORMAT_STORE_INTERNAL_H

#include <string.h>

#include "img_internal.h"
#include "store.h"

enum store_phase { STORE_IDLE, STORE_NODE, STORE_PAGES, STORE_BYTES };

static inline bool store_is_named_(const struct img_node_rec *n, const char *name)
{
	return strncmp(n->name, name, IMG_NAME_BYTES) == 0;
}

/* store_at, for those that store.c is built upon. */
static inline int store_node_(const struct store *s, uint32_t i, struct img_node_rec *ret)
{
	return s->has_root ? img_node_at(&s->r, i, ret) : IMG_ERR_NOT_FOUND;
}

/* Marks everything that the root names, so that nothing of it is overwritten. Index blocks that
 * cannot be read are an error; but not where a node is to be dropped (NULL: none): then what it has
 * itself may be overwritten, and what another one has lies somewhere below used_bytes. */
int store_map_(struct store *s, const char *dropped) IMG_MUST_CHECK;
/* Takes a run of blocks for bytes. IMG_ERR_FULL when no free run is that long. */
int store_take_(struct store *s, uint64_t bytes, uint64_t *ret_offset) IMG_MUST_CHECK;
/* End of the last block that is taken. */
uint64_t store_end_(const struct store *s);
uint64_t store_n_free_(const struct store *s);

/* Makes a root of all nodes but `without`, and of the node being made when there is one; writes it,
 * and the headers. */
int store_commit_(struct store *s, const char *without, uint64_t now_unix_s) IMG_MUST_CHECK;
/* May this area be changed by this version? Makes both header copies say the same. */
int store_may_change_(struct store *s) IMG_MUST_CHECK;

#endif

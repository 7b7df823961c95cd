/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store on a fault disk, and nodes of one letter, for the suites of store*.c. */
#ifndef TESTS_UNIT_STORE_COMMON_H
#define TESTS_UNIT_STORE_COMMON_H

#include "img_common.h"
#include "store.h"

#define AREA (1u << 20)
#define NOW  1767225600u

struct setup {
	struct fault_disk d;
	struct img_source src;
	struct img_dest dest;
	struct store s;
	void *work;
	uint8_t *block, *scratch, *bytes;
	struct fault_view view; /* what src reads */
	const char *before, *after;
	uint64_t n_before, n_after;
};

/* An empty store, opened. */
void set_up(struct setup *t);
void tear_down(struct setup *t);
int reopen(struct setup *t);

/* What a name's content is: noise for capital letters, text for the others; n bytes. */
void content(char name, uint8_t *ret, size_t n);

int put(struct setup *t, char name, size_t n);
int drop(struct setup *t, char name);
/* The whole content, compared. */
int get(struct setup *t, char name);

/* The names in order, one letter each. */
const char *list(struct setup *t);
/* Exactly these, whole. */
void expect(struct setup *t, const char *names);
uint64_t free_bytes(struct setup *t);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs that look at an image have in common on their command lines: info, verify, export. */
#ifndef CLI_LOOK_H
#define CLI_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "verb.h"

struct look_options {
	const char *path;
	uint64_t page;
	bool yaml, json;
};

/* -1 after one complaint. */
int look_options(const struct verb *v, int argc, char **argv, struct look_options *ret);

/* --offset's argument: a page of a device. -1 after one complaint. */
int look_offset(const char *text, uint64_t *ret_page);

#endif

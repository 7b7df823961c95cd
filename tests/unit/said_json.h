/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a verb says with --json, read by two readers that know nothing of the writer. */
#ifndef TESTS_UNIT_SAID_JSON_H
#define TESTS_UNIT_SAID_JSON_H

#include <jansson.h>

/* Runs command(words) and asserts its exit status, that stdout is one JSON object of ASCII characters, for Python too,
 * without a key twice, and that it has version 1 and that status. To be given back by json_decref. */
json_t *said_json(int (*command)(int argc, char **argv), const char *const *words, int status);

/* "image.uuid", "sections.0.title": what is there; fails when nothing is. */
json_t *json_at(json_t *object, const char *path);
const char *json_text_at(json_t *object, const char *path);
json_int_t json_int_at(json_t *object, const char *path);

#endif

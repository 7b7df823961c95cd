/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For programs: valid JSON for every name that a disk may hold. */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "say.h"

#define EXACT_MAX (1ull << 53)

static int incomplete; /* something could not be made */

static json_t *made(json_t *value)
{
	if (!value)
		incomplete = 1;
	return value;
}

json_t *json_text(const char *text, size_t max)
{
	size_t n = strnlen(text, max);
	char *copy = strndup(text, n), *valid = malloc(ESCAPE_BYTES(n));
	json_t *value = NULL;

	if (copy && valid)
		value = json_string(escape_invalid(valid, ESCAPE_BYTES(n), copy));
	free(copy);
	free(valid);
	return made(value);
}

json_t *json_hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return made(json_string(text));
}

json_t *json_bytes(const uint8_t *bytes, size_t n)
{
	char *text = malloc(2 * n + 1);
	json_t *value;

	if (!text)
		return made(NULL);
	*text = 0;
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	value = json_string(text);
	free(text);
	return made(value);
}

json_t *json_number(uint64_t value)
{
	char text[24];

	if (value <= EXACT_MAX)
		return made(json_integer((json_int_t)value));
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return made(json_string(text));
}

void json_enter(json_t *object, const char *key, json_t *value)
{
	if (!object || !value || json_object_set_new(object, key, value))
		incomplete = 1;
}

void json_add(json_t *array, json_t *value)
{
	if (!array || !value || json_array_append_new(array, value))
		incomplete = 1;
}

enum exit_status json_print(json_t *object, enum exit_status status)
{
	json_enter(object, "error",
		status == STATUS_OK || status == STATUS_NOT_RESUMED
			? json_null()
			: json_text(last_complaint(), SIZE_MAX));
	json_enter(object, "exit_status", json_integer(status));
	json_enter(object, "version", json_integer(JSON_VERSION));
	if (incomplete || json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII))
		status = (complain("out of memory for JSON"), STATUS_FAILED);
	else
		putchar('\n');
	json_decref(object);
	return status;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* That --json is JSON is not for its writer to judge: Python's reader and libjansson's do. */
#include "said_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#define WORDS_MAX 12

/* What it writes to stdout, in memory that the next call uses again. */
static const char *run(
	int (*command)(int argc, char **argv), const char *const *words, int *ret_status)
{
	static char text[1 << 20];
	char *argv[WORDS_MAX + 1] = {NULL};
	FILE *f = tmpfile();
	int argc = 0, before = dup(STDOUT_FILENO);
	size_t n;

	assert_non_null(f);
	for (; words[argc]; argc++)
		argv[argc] = strdup(words[argc]);
	fflush(stdout);
	assert_int_equal(dup2(fileno(f), STDOUT_FILENO), STDOUT_FILENO);
	*ret_status = command(argc, argv);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	fclose(f);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return text;
}

static void check_by_python(const char *text)
{
	FILE *f = popen("/usr/bin/python3 -c 'import json, sys; json.loads(sys.stdin.buffer.read()"
			".decode(\"ascii\"))'",
		"w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(pclose(f), 0);
}

json_t *said_json(int (*command)(int argc, char **argv), const char *const *words, int status)
{
	json_error_t error;
	int found;
	const char *text = run(command, words, &found);
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!object)
		fail_msg("%s, line %d, in: %s", error.text, error.line, text);
	assert_int_equal(found, status);
	for (const char *c = text; *c; c++)
		assert_true((*c >= ' ' && *c <= '~') || *c == '\n');
	check_by_python(text);
	assert_int_equal(json_int_at(object, "version"), 1);
	assert_int_equal(json_int_at(object, "exit_status"), status);
	return object;
}

json_t *json_at(json_t *object, const char *path)
{
	char key[64];

	for (const char *at = path; object && *at;) {
		size_t n = strcspn(at, ".");

		snprintf(key, sizeof(key), "%.*s", (int)n, at);
		object = json_is_array(object) ? json_array_get(object, strtoul(key, NULL, 10))
					       : json_object_get(object, key);
		at += n + (at[n] == '.');
	}
	if (!object)
		fail_msg("there is no %s", path);
	return object;
}

const char *json_text_at(json_t *object, const char *path)
{
	assert_true(json_is_string(json_at(object, path)));
	return json_string_value(json_at(object, path));
}

json_int_t json_int_at(json_t *object, const char *path)
{
	assert_true(json_is_integer(json_at(object, path)));
	return json_integer_value(json_at(object, path));
}

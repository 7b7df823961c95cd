/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that others wrote, on a terminal: every byte, alone and in characters of UTF-8. */
#define _GNU_SOURCE

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "say.h"

TEST(table)
{
	static const struct {
		const char *text, *shown, *valid;
	} cases[] = {
		{"", "", ""},
		{"vm-1 \"a\" \\x1b", "vm-1 \"a\" \\x1b", "vm-1 \"a\" \\x1b"},
		{"a\033[2Jb", "a\\x1b[2Jb", "a\033[2Jb"},
		{"one\ntwo\tthree\r\a\177", "one\\ntwo\\tthree\\x0d\\x07\\x7f",
			"one\ntwo\tthree\r\a\177"},
		{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
			"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
			"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\xc2\x9b"
		 "2J",
			"\\u009b2J",
			"\xc2\x9b"
			"2J"}, /* CSI as one character */
		{"\xe2\x80\xae"
		 "gpj",
			"\\u202egpj",
			"\xe2\x80\xae"
			"gpj"},
		{"\xe2\x80\xa8\xe2\x81\xa6\xef\xbb\xbf", "\\u2028\\u2066\\ufeff",
			"\xe2\x80\xa8\xe2\x81\xa6\xef\xbb\xbf"},
		/* Not UTF-8: alone, cut short, too long a form, a surrogate, beyond the end. */
		{"\xff\x80 \xc3", "\\xff\\x80 \\xc3", "\\xff\\x80 \\xc3"},
		{"\xe2\x82", "\\xe2\\x82", "\\xe2\\x82"},
		{"\xc0\x9b\xe0\x80\x9b", "\\xc0\\x9b\\xe0\\x80\\x9b", "\\xc0\\x9b\\xe0\\x80\\x9b"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80"},
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80"},
	};
	char dst[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_string_equal(escape_text(dst, sizeof(dst), cases[i].text), cases[i].shown);
		assert_string_equal(
			escape_invalid(dst, sizeof(dst), cases[i].text), cases[i].valid);
	}
}

/* No byte of any kind comes through that a terminal could take for a command, and it always fits. */
TEST(every_pair)
{
	for (unsigned int a = 1; a < 256; a++)
		for (unsigned int b = 1; b < 256; b++) {
			const char text[] = {(char)a, (char)b, 0};
			char dst[ESCAPE_BYTES(2)];

			escape_text(dst, sizeof(dst), text);
			assert_true(*dst);
			for (const char *c = dst; *c; c++)
				assert_true((uint8_t)*c >= ' ' && *c != 0x7f);
			assert_false((uint8_t)dst[0] == 0xc2 && (uint8_t)dst[1] < 0xa0);
		}
}

/* Cut between escapes, never in one, and never beyond the end. */
TEST(short_room)
{
	char dst[32];

	for (size_t cap = 0; cap < 16; cap++) {
		memset(dst, '#', sizeof(dst));
		escape_text(dst, cap,
			"a\033\xc2\x9b"
			"b");
		assert_int_equal(dst[cap], '#');
		if (cap)
			assert_int_equal(strlen(dst), cap <= 1    ? 0
						      : cap <= 5  ? 1
						      : cap <= 11 ? 5
						      : cap == 12 ? 11
								  : 12);
	}
}

static char *said(void (*speak)(FILE *out))
{
	static char *text;
	size_t n;
	FILE *out;

	free(text);
	text = NULL;
	out = open_memstream(&text, &n);
	assert_non_null(out);
	speak(out);
	fclose(out);
	return text;
}

static void speak_names(FILE *out)
{
	say_to(out, "\nstate %s\n", "x\nstate VALID\033c");
	say_to(out, "%s", "\n");
	say_to(out, "\n");
	say_to(out, "a%s\n\n", "");
}

TEST(lines)
{
	assert_string_equal(said(speak_names), "\nstate x\\nstate VALID\\x1bc\n\\n\na\n\n");
}

/* What complain prints is one line; what it keeps is as it was, to be escaped where it is shown. */
TEST(complaints)
{
	char file[] = P_tmpdir "/torpor-say-XXXXXX", text[256] = "";
	int out = mkstemp(file), before = dup(STDERR_FILENO);

	unlink(file);
	dup2(out, STDERR_FILENO);
	assert_int_equal(complain("cannot open %s", "a\nb\033[31m"), -1);
	assert_int_equal(failure_status(), STATUS_FAILED);
	assert_int_equal(complain_as(STATUS_DAMAGED, "%s", "\xff"), -1);
	assert_int_equal(failure_status(), STATUS_DAMAGED);
	dup2(before, STDERR_FILENO);
	assert_true(pread(out, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "torpor: cannot open a\\nb\\x1b[31m\ntorpor: \\xff\n");
	close(out);
	close(before);
}

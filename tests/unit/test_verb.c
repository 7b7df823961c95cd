/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verb's table: how its options are read, and what is said and completed from it. */
#define _GNU_SOURCE
#include "test.h"
#include "verb.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

static int run(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static const struct verb press = {
	.name = "press",
	.run = run,
	.summary = "press what is there",
	.forms = {"press start NAME --in AREA", "press stop"},
	.text = "Words that are many enough for more than one line of eighty columns, so that they have to be "
		"broken between two of them.",
	.least = 1,
	.most = 2,
	.options = {{'i', "--in AREA", "where", 0},
		{'h', "--how hard|soft", "how it is pressed", 0}, {'o', "-o FILE", "output", 0},
		{'v', "-v, --verbose", "say more", 0}, {'a', "--all", "all", 1},
		{'n', "--none", "none", 1}},
};
static const struct verb other = {
	.name = "other", .run = run, .summary = "else", .forms = {"other"}};

static char taken[256];

static int take(void *ctx, int letter, const char *arg)
{
	size_t n = strlen(taken);

	assert_ptr_equal(ctx, taken);
	snprintf(taken + n, sizeof(taken) - n, "%c=%s ", letter, arg ? arg : "-");
	return arg && !strcmp(arg, "refused") ? complain("press: refused") : 0;
}

/* The index of the first argument, as verb_options says. */
static int options(const char *words, char **argv)
{
	static char text[256];
	int argc = 0;

	strcpy(text, words);
	*taken = 0;
	for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	return verb_options(&press, argc, argv, take, taken);
}

static void bad(const char *words, const char *why)
{
	char *argv[16];

	complain_how(COMPLAIN_SILENTLY);
	assert_int_equal(options(words, argv), -1);
	complain_how(COMPLAIN_ALOUD);
	assert_string_equal(last_complaint(), why);
}

TEST(takes_options_anywhere)
{
	char *argv[16];

	assert_int_equal(options("press a --in x -v b -ofile --how=soft", argv), 6);
	assert_string_equal(taken, "i=x v=- o=file h=soft ");
	assert_string_equal(argv[6], "a");
	assert_string_equal(argv[7], "b");
	/* Again, as if nothing had been; what follows -- is no option; - is an argument. */
	assert_int_equal(options("press --verbose --verb -- --in", argv), 4);
	assert_string_equal(taken, "v=- v=- ");
	assert_string_equal(argv[4], "--in");
	assert_int_equal(options("press -", argv), 1);
}

TEST(refuses)
{
	bad("press a --on", "press: --on: no such option (see torpor press --help)");
	bad("press a -x", "press: -x: no such option (see torpor press --help)");
	bad("press a -i x", "press: -i: no such option (see torpor press --help)");
	bad("press a --in", "press: --in wants AREA");
	bad("press a -o", "press: -o wants FILE");
	bad("press a --all=1", "press: --all takes no argument");
	bad("press a --all --none", "press: --all and --none exclude each other");
	bad("press a --none --all", "press: --all and --none exclude each other");
	bad("press a --in x --in y", "press: --in is given twice");
	bad("press a -o x -o x", "press: -o is given twice");
	bad("press a b c", "press: c is one argument too many");
	bad("press -v", "press: too few arguments: torpor press start NAME --in AREA");
	bad("press a --in refused", "press: refused");
}

TEST(refuses_empty_words)
{
	char *none[] = {"press", "", NULL}, *second[] = {"press", "a", "", NULL};
	char *area[] = {"press", "a", "--in", "", NULL}, *out[] = {"press", "a", "-o", "", NULL};
	char *joined[] = {"press", "a", "--in=", NULL};

	complain_how(COMPLAIN_SILENTLY);
	assert_int_equal(verb_options(&press, 2, none, take, taken), -1);
	assert_string_equal(last_complaint(), "press: an argument is empty");
	assert_int_equal(verb_options(&press, 3, second, take, taken), -1);
	assert_string_equal(last_complaint(), "press: an argument is empty");
	assert_int_equal(verb_options(&press, 4, area, take, taken), -1);
	assert_string_equal(last_complaint(), "press: --in wants AREA");
	assert_int_equal(verb_options(&press, 3, joined, take, taken), -1);
	assert_string_equal(last_complaint(), "press: --in wants AREA");
	assert_int_equal(verb_options(&press, 4, out, take, taken), -1);
	assert_string_equal(last_complaint(), "press: -o wants FILE");
	complain_how(COMPLAIN_ALOUD);
}

TEST(specs)
{
	struct verb_spec s;

	verb_spec(&press.options[0], &s);
	assert_string_equal(s.name, "in");
	assert_int_equal(s.letter, 0);
	assert_string_equal(s.arg, "AREA");
	verb_spec(&press.options[2], &s);
	assert_string_equal(s.name, "");
	assert_int_equal(s.letter, 'o');
	assert_string_equal(s.arg, "FILE");
	verb_spec(&press.options[3], &s);
	assert_string_equal(s.name, "verbose");
	assert_int_equal(s.letter, 'v');
	assert_null(s.arg);
}

TEST(help_is_for_80_columns)
{
	char *text, *save = NULL;
	size_t n, at;
	FILE *f = open_memstream(&text, &n);

	help_verb(f, &press);
	help_all(f, (const struct verb *const[]){&press, &other, NULL});
	fclose(f);
	assert_non_null(strstr(
		text, "usage: torpor press start NAME --in AREA\n       torpor press stop\n"));
	assert_non_null(strstr(text, "\n  -v, --verbose         say more\n"));
	assert_non_null(strstr(text, "\n  press       press what is there\n  other       else\n"));
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		at = strlen(line);
		assert_true(at <= 80);
		assert_true(line[at - 1] != ' ');
	}
	free(text);
}

/* What bash would offer for these words, sorted, on one line. */
static void completes(const char *words, const char *offered)
{
	char line[256] = "", *script;
	size_t n;
	FILE *f = open_memstream(&script, &n), *p;

	fputs("compopt() { :; }\n", f); /* works only while bash completes */
	completion_bash(f, (const struct verb *const[]){&press, &other, NULL});
	fprintf(f, "COMP_WORDS=(torpor %s)\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n", words);
	fputs("_torpor\necho ${COMPREPLY[@]}\n", f);
	fclose(f);
	assert_int_equal(setenv("SCRIPT", script, 1), 0);
	p = popen("exec bash -c \"$SCRIPT\"", "r");
	assert_non_null(p);
	(void)!fgets(line, sizeof(line), p);
	assert_int_equal(pclose(p), 0);
	line[strcspn(line, "\n")] = 0;
	assert_string_equal(line, offered);
	free(script);
}

TEST(completion)
{
	completes("''", "press other --help --version");
	completes("pr", "press");
	completes("press st", "start stop");
	completes("press --h", "--how --help");
	completes("press --how ''", "hard soft");
	completes("press -o /proc/sel", "/proc/self");
	completes("help o", "other");
}

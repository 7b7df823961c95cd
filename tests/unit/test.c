/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main of every unit suite: gives the tests that entered themselves (test.h) to cmocka. */
#include "environment.h"
#include "test.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const void *tests_param;

static struct test *first;
static unsigned n_tests;
static struct fixture around;

/* Constructors run in whatever order the compiler left them: the source's is made here. */
static bool comes_before(const struct test *a, const struct test *b)
{
	int files = strcmp(a->file, b->file);
	return files ? files < 0 : a->line < b->line;
}

void tests_add(struct test *test)
{
	struct test **at = &first;
	while (*at && !comes_before(test, *at))
		at = &(*at)->next;
	test->next = *at;
	*at = test;
	n_tests++;
}

void tests_around(void (*before)(void), void (*after)(void))
{
	around = (struct fixture){before, after};
}

static int call(void (*function)(void))
{
	if (function)
		function();
	return 0;
}

static int set_up(void **state)
{
	const struct test *t = *state;
	tests_param = t->param;
	return call(t->fixture->setup);
}

static int tear_down(void **state)
{
	const struct test *t = *state;
	return call(t->fixture->teardown);
}

static void run(void **state)
{
	const struct test *t = *state;
	t->run();
}

static int set_up_all(void **state)
{
	(void)state;
	return call(around.setup);
}

static int tear_down_all(void **state)
{
	(void)state;
	return call(around.teardown);
}

/* No test is no result: a pattern that nothing matches is a mistake. */
static bool any_is(const char *pattern)
{
	for (const struct test *t = first; t; t = t->next)
		if (!fnmatch(pattern, t->name, 0))
			return true;
	fprintf(stderr, "no test is named %s\n", pattern);
	return false;
}

/* A pattern (with * and ?) as the argument: only the tests that match it. */
int main(int argc, char **argv)
{
	environment_plain();
	if (argc > 1 && !any_is(argv[1]))
		return 2;
	const char *slash = strrchr(argv[0], '/');
	struct CMUnitTest *tests = calloc(n_tests + 1, sizeof(*tests)), *to = tests;
	if (!tests)
		return 1;
	for (struct test *t = first; t; t = t->next)
		*to++ = (struct CMUnitTest){t->name, run, set_up, tear_down, t};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	int failed = _cmocka_run_group_tests(
		slash ? slash + 1 : argv[0], tests, n_tests, set_up_all, tear_down_all);
	free(tests);
	return failed != 0;
}

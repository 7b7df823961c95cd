/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test registers itself:
 *
 *	static void setup(void) ...
 *	FIXTURE(setup, teardown)	before and after each test of this file; either may be NULL
 *
 *	TEST(bars)
 *	{
 *		assert_int_equal(...);
 *	}
 *
 * It runs in the order of the source, and cmocka is what runs it and what the assertions are from.
 * test.c has the main of every suite.
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct fixture {
	void (*setup)(void), (*teardown)(void); /* fail by an assertion */
};

struct test {
	const char *file;
	int line;
	const char *name;
	void (*run)(void);
	const struct fixture *fixture;
	const void *param; /* tests_param while it runs */
	struct test *next;
};

/* Enters a test, for the life of the program. Among those of one line the first entered runs first. */
void tests_add(struct test *test);

/* What cmocka had as assert_in_range before its version 2 deprecated that. */
#define assert_within(value_, least_, most_)                                                       \
	assert_true((value_) >= (least_) && (value_) <= (most_))

/* Before the first test and after the last one. */
void tests_around(void (*before)(void), void (*after)(void));

/* For one case over many inputs: what the running test was entered with. */
extern const void *tests_param;

/* The one of the file, where FIXTURE gives none. */
static const struct fixture tests_fixture __attribute__((unused));
#define FIXTURE(setup_, teardown_) static const struct fixture tests_fixture = {setup_, teardown_};

#define TEST_ENTRY(name_, fixture_)                                                                \
	static void test_##name_(void);                                                            \
	__attribute__((constructor)) static void enter_##name_(void)                               \
	{                                                                                          \
		static struct test t = {                                                           \
			__FILE__, __LINE__, #name_, test_##name_, fixture_, NULL, NULL};           \
		tests_add(&t);                                                                     \
	}                                                                                          \
	static void test_##name_(void)

#define TEST(name_) TEST_ENTRY(name_, &tests_fixture)

/* With a fixture of its own, or none (NULL, NULL), in a file that has another. */
#define TEST_WITH(name_, setup_, teardown_)                                                        \
	static const struct fixture fixture_##name_ = {setup_, teardown_};                         \
	TEST_ENTRY(name_, &fixture_##name_)

/* tests_around for this suite. */
#define AROUND_ALL(before_, after_)                                                                \
	__attribute__((constructor)) static void around_all(void)                                  \
	{                                                                                          \
		tests_around(before_, after_);                                                     \
	}

#endif

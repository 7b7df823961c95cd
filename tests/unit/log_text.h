/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of the code under test, to be searched: what a refusal says is part of what it must
 * do. */
#ifndef TESTS_UNIT_LOG_TEXT_H
#define TESTS_UNIT_LOG_TEXT_H

#include <stdbool.h>

/* Forgets all lines; from here on lines are kept. */
void log_text_start(void);

bool log_text_has(const char *part_of_a_line);

/* Fails the test, and prints the log, when no line has this in it. */
void assert_logged(const char *part_of_a_line);

#endif

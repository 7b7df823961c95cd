/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that others wrote (names in an image, of files, of programs) made harmless for a terminal, a log
 * and one line: the one place where that is done. say and complain do it for everything that they print.
 */
#ifndef CLI_ESCAPE_H
#define CLI_ESCAPE_H

#include <stddef.h>

/* A whole zero-terminated copy, cut where dst ends; an escape is never cut. Control characters
 * become \n, \t, \x1b; those of Unicode, and what turns the direction of writing, \u202e; what is not
 * UTF-8 \xff. Does not depend on the locale. Returns dst. */
const char *escape_text(char *dst, size_t cap, const char *text);

/* Only what is not UTF-8 becomes \xff: for who escapes control characters itself (JSON). */
const char *escape_invalid(char *dst, size_t cap, const char *text);

/* Bytes of dst that are enough for n bytes of text. */
#define ESCAPE_BYTES(n_) (4 * (n_) + 1)

#endif

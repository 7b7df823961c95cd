/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that people type, and that our own files have. */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* All of the text is one. base 0: decimal, hexadecimal with 0x, octal with 0. False: it is none (no sign, no blanks),
 * or too large. */
bool number_parse(const char *text, int base, uint64_t *ret);

/* Bytes: a decimal number, with K, M, G or T behind it (of 1024, either case). False: it is none, or 2^63 or more. */
bool number_size(const char *text, uint64_t *ret_bytes);

#endif

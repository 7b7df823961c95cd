/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <stddef.h>

/* Runs a program to its end. argv: its path or name first, NULL last. ret_text: what it prints on both of its
 * streams, cut at cap. Its exit status (127: there is none of that name), or 128 and the signal that ended it; -1
 * after one complaint. */
int run_program(const char *const *argv, char *ret_text, size_t cap);

#endif

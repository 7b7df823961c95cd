/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pipes where a file is needed: "-" is standard input or output, and what must be read or written in
 * another order than from beginning to end lies in a file without a name meanwhile, in the folder that
 * TMPDIR names, or /var/tmp.
 */
#ifndef CLI_SPOOL_H
#define CLI_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "-": standard input or output is meant. */
bool spool_is_standard(const char *path);

/* A new file without a name, for reading and writing; -1 after one complaint. */
int spool_open(void);

/* Standard input as a file that can be mapped: itself when it is one that is read from its beginning,
 * else a copy with holes where it has zeros. A descriptor to be closed; -1 after one complaint. */
int spool_input(void);

/* Complains (-1) when standard output is a terminal. */
int spool_check_output(void);

/* All of the file to standard output, holes as zeros. -1 after one complaint. */
int spool_output(int fd);

/* All of it; 0, or an errno. */
int spool_write(int fd, const void *data, size_t bytes);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: whole lines, each a greppable fact with addresses and sizes. Every line goes to all
 * sinks (serial port, screen) at once and into a ring that survives the jump, so that the resumed
 * Linux can show what the loader did. Before log_init lines reach the sinks only.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>
#include <stddef.h>

#define LOG_LINE_MAX  240 /* longer lines are cut, with "..." at the end */
#define LOG_SINKS_MAX 4

/* line has no newline; the sink adds what its device needs. */
typedef void (*log_sink)(const char *line, size_t len);

/* Lines are kept in buf, newline after each; when it is full the oldest whole lines are dropped. */
void log_init(char *buf, size_t bytes);
void log_add_sink(log_sink sink); /* ignored beyond LOG_SINKS_MAX */
void log_drop_sinks(void);        /* before the machine is handed over */

void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The kept lines, oldest first, copied to dst (at most cap bytes, the newest are kept when it is
 * too small). Returns the number of bytes copied; no terminating zero. */
size_t log_copy(char *dst, size_t cap);

#endif

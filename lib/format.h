/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formatted text without a C library. The subset of C11 7.21.6.1 that the project uses:
 * flags - 0 # (of x) and width; precision for %s (also .*); length hh h l ll z; d i u x X c s p %.
 * No floating point, no %n.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf/snprintf: writes at most cap bytes with a terminating zero (when cap > 0), returns
 * the length that the whole text has. From an unknown conversion on, the format is copied as it
 * stands: the arguments behind it cannot be told apart any more. */
int format_v(char *dst, size_t cap, const char *fmt, va_list args);
int format(char *dst, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif

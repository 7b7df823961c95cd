/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files of /proc, /sys and /dev. Every path goes through sys_root, so that all that
 * reads the system can be run on a copy of its files.
 */
#ifndef CLI_SYSFILES_H
#define CLI_SYSFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SYS_PATH_MAX 1024

extern const char *sys_root; /* "" on a living system */

#define SYS_FORMAT(n) __attribute__((format(printf, n, n + 1)))

/* sys_root and the path; false when it is longer than SYS_PATH_MAX. */
bool sys_path(char ret_path[SYS_PATH_MAX], const char *fmt, ...) SYS_FORMAT(2);

bool sys_exists(const char *fmt, ...) SYS_FORMAT(1);

/* The whole file with a zero after it, at most cap - 1 bytes; white space at the end is
 * dropped. The length, or -errno. */
int sys_read_text(char *buf, size_t cap, const char *fmt, ...) SYS_FORMAT(3);

/* A number: decimal, or hexadecimal with 0x. 0, or -errno (-EINVAL: something else is in the
 * file). */
int sys_read_u64(uint64_t *ret_value, const char *fmt, ...) SYS_FORMAT(2);

/* n bytes at an offset; the number read, or -errno. */
int sys_read_at(const char *path, uint64_t offset, void *buf, size_t n);

/* All of a file, at most cap bytes, however small the pieces are that it is read in (sysfs gives
 * a page at a time). The number read, or -errno. */
long sys_read_all(const char *path, void *buf, size_t cap);

/* Writes into a file that is there, in one call, such as a setting of the kernel's. 0 or -errno. */
int sys_write_text(const char *path, const char *text);
int sys_write_u64(const char *path, uint64_t value);

/* The last part of what a symbolic link points to; false when there is no such link. */
bool sys_link_name(char *buf, size_t cap, const char *fmt, ...) SYS_FORMAT(3);

/* The path without links, and without sys_root. */
bool sys_real_path(char ret_path[SYS_PATH_MAX], const char *fmt, ...) SYS_FORMAT(2);

/* A stream; NULL with errno. */
FILE *sys_open(const char *path);

/* Calls found for every name in a folder except "." and "..". A non-zero answer ends it and is
 * returned. -errno when the folder cannot be read. */
int sys_each(const char *path, int (*found)(const char *name, void *ctx), void *ctx);

#endif

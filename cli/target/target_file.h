/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file as a target: the area is its blocks, beneath the file system that it is on. Everything that
 * could move them, or keep them from being what the disk has, is refused by name.
 */
#ifndef CLI_TARGET_FILE_H
#define CLI_TARGET_FILE_H

#include "image_io.h"
#include "target.h"

/* target_find for a file. -1 after one complaint. */
int target_find_file(struct target *t, const char *path);

/* Whether it lies where it lay when it was found. -1 after one complaint. */
int target_file_check(const struct target *t);

/* What target_check_free, target_open and target_close do for files. */
int target_file_check_free(const struct target *t);
int target_file_open(struct target *t);
void target_file_close(struct target *t);

/* Immutable: nobody can remove, change or move it, not even root. 0 or -errno. */
enum file_lock { FILE_UNLOCK, FILE_LOCK };
int target_file_lock(int fd, enum file_lock lock, bool *ret_was_locked);

/* The loader's words: area=file:..., and target_whose where it is needed. uuid: of the area; zero: not known. */
#define TARGET_ARGS_BYTES 256
void target_file_args(const struct target *t, const uint8_t uuid[16], char ret[TARGET_ARGS_BYTES]);

/* The extent map in the area: made, or compared with where the file lies. f: the area, with these
 * headers. -1 after one complaint. */
int target_file_map_write(
	const struct target *t, struct image_file *f, const struct img_headers *headers);
int target_file_map_check(
	const struct target *t, struct image_file *f, const struct img_headers *headers);

#endif

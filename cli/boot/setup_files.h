/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What setup writes: whole files, replaced in one step and flushed, and recorded. With dry_run it
 * only says what it would do. Every call returns -1 after one complaint.
 */
#ifndef CLI_SETUP_FILES_H
#define CLI_SETUP_FILES_H

#include <sys/types.h>

#include "setup_record.h"

struct changes {
	bool dry_run;
	struct setup_record *record;
	uint32_t n; /* changes made, or said */
	bool record_told;
};

/* Before a change: the record, with what is going to be made, is on the disk. Whatever ends setup after
 * that, `setup --remove` finds what was done. All calls below that make something do it by themselves. */
int change_intend(struct changes *c);

/* What setup was about to write when it was ended, before there was a record: goes away. */
void change_forget_beginning(void);

/* Files are written under another name first. Of a whole path; and removing what an earlier run has left. */
#define FRESH_PATH_MAX (SYS_PATH_MAX + 16)
void fresh_name(const char *full, char ret[FRESH_PATH_MAX]);
void fresh_forget(const char *path);

/* One more change: the line that says so. */
void change_tell(struct changes *c, const char *fmt, ...) SYS_FORMAT(2);

/* The content of a file; NULL with errno. One zero follows it. To be freed. */
char *file_content(const char *path, size_t *ret_bytes);

/* Makes a folder, and those above it, as far as they are missing; records what it made. */
int change_folder(struct changes *c, const char *path);

/* Writes a file unless it is like that already; records it. */
int change_file(
	struct changes *c, const char *path, const void *content, size_t bytes, mode_t mode);

/* The same for a file that others own too: not recorded, its mode stays. content NULL: removes it. */
int change_shared_file(struct changes *c, const char *path, const char *content);

/* A file whose bytes are overwritten in their place later on: makes it, all of it on the disk,
 * unless one of that size is there. Not recorded. */
int change_room(struct changes *c, const char *path, const void *content, size_t bytes);

/* Removes all recorded files, then the recorded folders that are empty; forgets them. */
int change_undo(struct changes *c);

/* Writes the record, or removes it (record->how is SETUP_NONE). */
int change_save_record(struct changes *c);

/* Overwrites the bytes of a file in their place: GRUB, which writes to the very same blocks, must
 * find them there. */
int file_overwrite(const char *path, const void *content, size_t bytes);

#endif

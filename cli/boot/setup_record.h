/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `torpor setup` has done, so that it can be undone and compared: "key=value" lines in
 * /var/lib/torpor/setup.
 */
#ifndef CLI_SETUP_RECORD_H
#define CLI_SETUP_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "sysfiles.h"

#define RECORD_FOLDER "/var/lib/torpor"
#define RECORD_PATH   RECORD_FOLDER "/setup"

#define RECORD_FILES_MAX   12
#define RECORD_FOLDERS_MAX 12
#define RECORD_OTHERS_MAX  8
#define RECORD_ARGS_BYTES  512

enum setup_how { SETUP_NONE, SETUP_GRUB, SETUP_EFI_ENTRY };

struct record_file {
	char path[SYS_PATH_MAX];
	uint64_t hash; /* of what was installed: content_hash */
};

struct setup_record {
	enum setup_how how;
	char device[SYS_PATH_MAX]; /* of the swap area, or image */
	char file[SYS_PATH_MAX];   /* the swap file, or "" */
	uint64_t offset_pages;
	char image
		[SYS_PATH_MAX]; /* a file for Torpor's own images, instead of a swap area; or "" */
	bool image_made;        /* by us */
	char program[SYS_PATH_MAX];     /* that the sleep hook runs; or "" */
	char facts[SYS_PATH_MAX];       /* the file that arm tells the loader by; or "" */
	char args[RECORD_ARGS_BYTES];   /* the loader's command line */
	bool custom_was;                /* there was a custom.cfg before */
	char grub_folder[SYS_PATH_MAX]; /* "": not GRUB */
	int entry;                      /* number of the EFI boot entry, -1: none */
	/* One is being made: whatever has our label is ours, but for these. */
	bool entry_pending;
	uint32_t n_others;
	int others[RECORD_OTHERS_MAX];
	uint32_t n_files, n_folders; /* made by us, in that order */
	struct record_file files[RECORD_FILES_MAX];
	char folders[RECORD_FOLDERS_MAX][SYS_PATH_MAX];
};

/* False when the text is not a whole record: the line, from 1, where it ceases to be one. */
bool record_parse(const char *text, struct setup_record *ret, uint32_t *ret_line);

/* 0, or -1 when it does not fit, or a path is more than a line. */
int record_format(const struct setup_record *r, char *dst, size_t cap);

/* 1: read; 0: nothing is set up; -1 after one complaint. */
int record_load(struct setup_record *ret);

/* Adds it unless it is there; a file's hash is set anew. -1: no room. */
int record_add_file(struct setup_record *r, const char *path, uint64_t hash);
int record_add_folder(struct setup_record *r, const char *path);

uint64_t content_hash(const void *content, size_t bytes);

#endif

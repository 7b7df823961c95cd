/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of facts on the disk: made by setup, overwritten by arm, read by the loader. It is
 * where the loader's way in can read it: below GRUB's folder, or on the EFI system partition.
 */
#ifndef CLI_FACTS_FILE_H
#define CLI_FACTS_FILE_H

#include "setup_files.h"

/* Makes it with "no facts" in it, and records it. esp: as the user named it, or NULL. Without
 * an EFI system partition there is none, which is said. -1 after one complaint. */
int facts_file_set_up(struct changes *c, const char *esp);
int facts_file_undo(struct changes *c);

/* Overwrites it with FACTS_FILE_BYTES, to the disk. -1 after one complaint. */
int facts_file_write(const struct setup_record *r, const void *file);

/* The same with "no facts", unless it holds none. */
int facts_file_clear(const struct setup_record *r);

/* NULL: it is there and can hold facts; else why not. */
const char *facts_file_trouble(const struct setup_record *r);

#endif

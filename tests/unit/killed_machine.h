/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine on which torpor is ended at every system call: cli_machine's, with efibootmgr as a script that is
 * ended in the middle, too, nothing that flushes, and a picture of all files to compare.
 */
#ifndef TESTS_UNIT_KILLED_MACHINE_H
#define TESTS_UNIT_KILLED_MACHINE_H

#include "cli_machine.h"

/* Before all tests: gigabytes are written, to memory if that is possible. */
void killed_machine_place(void);

/* Made anew, as before any setup. tree_teardown ends it. */
void killed_machine(void);

/* Started by UEFI, with an EFI system partition; efibootmgr's variables are files. */
void killed_efi(void);

/* machine_run to its end, in a process of its own: its exit status, -1 when a signal ended it. */
int killed_run_whole(const char *words);

/* The body for killed_at: machine_run(words). */
int killed_run(void *words);

struct picture {
	char text[65536];
	size_t n;
};

/* Every file's path, mode and content; what a shell script is about to rename has a name that begins with a dot. */
struct picture picture_take(void);

/* Fails with the first line in which they differ. */
void picture_assert_same(const struct picture *a, const struct picture *b, const char *what);

#endif

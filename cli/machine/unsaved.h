/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that the running kernel uses and that its own hibernation does not save: a session that no resume
 * brings back, Torpor's or the kernel's.
 */
#ifndef CLI_UNSAVED_H
#define CLI_UNSAVED_H

/* 0: none is known; -1 after one complaint that names it and the way out. */
int unsaved_check(void);

/* Before a hibernation: what the check found by now holds for this boot, however memory that is in no image
 * looks after a resume. */
void unsaved_remember(void);

#endif

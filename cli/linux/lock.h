/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One of us at a time changes what the next boot does: setup, arm, disarm, save. */
#ifndef CLI_LOCK_H
#define CLI_LOCK_H

/* The sleep hook has no second chance: it waits for whoever is at work, as long as LOCK_WAIT_MS. */
enum lock_how { LOCK_NOW, LOCK_WAIT };
#define LOCK_WAIT_MS 10000

/* verb: for the message that others get meanwhile. 0; -1 after one complaint, which names who is at work,
 * or why there is no lock to be had. */
int lock_take(const char *verb, enum lock_how how);
void lock_drop(void);

/* Around a program that is run: it holds the lock too, and goes on to, should we be ended meanwhile. */
void lock_lend(void);
void lock_return(void);

#endif

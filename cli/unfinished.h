/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file that a command is making: a signal that ends the command removes it. One at a time. */
#ifndef CLI_UNFINISHED_H
#define CLI_UNFINISHED_H

/* path stays the caller's, until NULL is given: it is finished, or removed. */
void unfinished_is(const char *path);

/* For a signal handler that ends the command. */
void unfinished_remove(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a command is making, or needs only while it runs: a signal that ends the command removes them; and what
 * else it is to put back. */
#ifndef CLI_UNFINISHED_H
#define CLI_UNFINISHED_H

/* A path stays the caller's, until it is ended: finished, or removed. Four at a time. */
void unfinished_begin(const char *path);
void unfinished_end(const char *path);

/* For the one file that a command makes: NULL ends it. */
void unfinished_is(const char *path);

/* Something else to be undone then, by calls that a signal handler may make; NULL: not any more. One at a time. */
void unfinished_undo(void (*what)(void));

/* For a signal handler that ends the command. */
void unfinished_remove(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of /proc, a line at a time; each has one parser (proc_text.h) and one reader. */
#ifndef CLI_PROC_LINES_H
#define CLI_PROC_LINES_H

#include <stdio.h>

#include "proc_text.h"

struct proc_lines {
	FILE *file; /* NULL: no lines */
	char *text;
	size_t room;
};

/* False, with errno, when there is no such file: then it has no lines. To be closed in any case. */
bool proc_lines_open(struct proc_lines *l, const char *path);
void proc_lines_close(struct proc_lines *l);

/* The next line, however long, without its end; NULL: there are no more. Good until the next call. */
const char *proc_lines_next(struct proc_lines *l);

/* The next one of /proc/iomem, /proc/self/mountinfo, /proc/swaps; headings, and what is malformed, are passed
 * over. False: there are no more. */
bool proc_lines_iomem(struct proc_lines *l, struct span *ret_span, const char **ret_name);
bool proc_lines_mount(struct proc_lines *l, struct mount_line *ret);
bool proc_lines_swap(struct proc_lines *l, struct swap_line *ret);

#endif

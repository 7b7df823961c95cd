/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that a command makes: it appears under its name when it is whole, or not at all. */
#ifndef CLI_OUT_FILE_H
#define CLI_OUT_FILE_H

#include <stdbool.h>

struct out_file {
	char *path, *part; /* part: its name until then, if it needs one */
	int fd;            /* for reading and writing; -1 */
	bool may_replace, nameless;
};

/* OUT_NAMED: as on a file system that has no files without a name, for tests. */
enum out_way { OUT_NAMELESS, OUT_NAMED };
extern enum out_way out_way_at_most;

/* OUT_NEW: nothing may be there. Only files are replaced, and never the one that source is open on.
 * option: what would overwrite what is there, for the message. -1 after one complaint; needs no end
 * then. */
enum out_how { OUT_NEW, OUT_REPLACE };
int out_file_begin(
	struct out_file *o, const char *path, enum out_how how, const char *option, int source);

/* Flushes it and gives it its name, or, when err is not 0, removes it. -1 for err and after one
 * complaint. */
int out_file_end(struct out_file *o, int err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bar on a terminal while something long goes on, on one line of whatever width that has. Nothing where
 * stderr is no terminal that we write to in the foreground, where TERM is dumb, or after --quiet. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
	uint64_t total, begun_us, shown_us; /* shown_us: 0: nothing was shown yet */
	int is_terminal;
	size_t shown_chars;
};

/* total: bytes; 0: not known, then only what is done and the speed are shown. */
void progress_begin(struct progress *p, uint64_t total);
void progress_show(struct progress *p, uint64_t done);
/* Takes the bar away, before a result or a complaint is printed. */
void progress_end(struct progress *p);

/* The bar's text, no longer than width: "[=====     ]  50 %, 812 MB/s, 3 s left", "50 %, 812 MB/s", "50 %",
 * or "". dst has PROGRESS_LINE_BYTES. */
#define PROGRESS_LINE_BYTES 80
void progress_line(char *dst, size_t width, uint64_t done, uint64_t total, uint64_t us);

#endif

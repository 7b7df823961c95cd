/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line that is longer than the terminal is wide scrolls it at every step: so it is measured each time. */
#define _GNU_SOURCE
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "now.h"
#include "say.h"

#define BAR_CHARS     30u
#define BAR_CHARS_MIN 6u
#define EVERY_US      100000u
#define WIDTH_UNKNOWN 80u

static int may_show(void)
{
	const char *term = getenv("TERM");

	return !say_is_quiet() && isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") &&
	       tcgetpgrp(STDERR_FILENO) == getpgrp();
}

void progress_begin(struct progress *p, uint64_t total)
{
	*p = (struct progress){.total = total, .begun_us = now_us(), .is_terminal = may_show()};
}

/* n characters wide; the caller knows that it fits. */
static void put_bar(char *dst, size_t n, double part, const char *tail)
{
	*dst++ = '[';
	memset(dst, ' ', n);
	memset(dst, '=', (size_t)(part * (double)n));
	strcpy(stpcpy(dst + n, "] "), tail);
}

void progress_line(char *dst, size_t width, uint64_t done, uint64_t total, uint64_t us)
{
	double speed = mb_per_s(done, us), part = !total         ? 0
						  : done < total ? (double)done / (double)total
								 : 1;
	char full[PROGRESS_LINE_BYTES], brief[PROGRESS_LINE_BYTES], size[SAY_SIZE_BYTES];
	size_t n, frame = 3; /* [ ] and a blank */

	if (total) {
		snprintf(full, sizeof(full), "%3.0f %%, %.0f MB/s, %.0f s left", part * 100, speed,
			part > 0 ? (double)us / 1e6 * (1 - part) / part : 0);
		snprintf(brief, sizeof(brief), "%.0f %%", part * 100);
	} else {
		snprintf(full, sizeof(full), "%s, %.0f MB/s", say_size(size, done), speed);
		snprintf(brief, sizeof(brief), "%.0f MB/s", speed);
	}
	n = strlen(full);
	if (width >= PROGRESS_LINE_BYTES)
		width = PROGRESS_LINE_BYTES - 1;
	*dst = 0;
	if (total && width >= n + frame + BAR_CHARS_MIN)
		put_bar(dst, width - n - frame < BAR_CHARS ? width - n - frame : BAR_CHARS, part,
			full);
	else if (width >= n)
		strcpy(dst, full + strspn(full, " "));
	else if (width >= strlen(brief))
		strcpy(dst, brief);
}

/* The last column stays free: terminals differ in what they do after it. */
static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return WIDTH_UNKNOWN - 1;
	return size.ws_col - 1u;
}

/* Over what was there before, as far as it is still on one line. */
static void put(struct progress *p, const char *line, size_t width)
{
	size_t n = strlen(line), over = p->shown_chars < width ? p->shown_chars : width;

	fprintf(stderr, "\r%s%*s", line, (int)(over > n ? over - n : 0), "");
	p->shown_chars = n;
}

void progress_show(struct progress *p, uint64_t done)
{
	uint64_t now = p->is_terminal ? now_us() : 0;
	size_t width;
	char line[PROGRESS_LINE_BYTES];

	if (!p->is_terminal || now - (p->shown_us ? p->shown_us : p->begun_us) < EVERY_US)
		return;
	width = terminal_width();
	progress_line(line, width, done, p->total, now - p->begun_us);
	put(p, line, width);
	p->shown_us = now;
}

void progress_end(struct progress *p)
{
	if (p->shown_us) {
		put(p, "", terminal_width());
		fputc('\r', stderr);
	}
	p->shown_us = 0;
}

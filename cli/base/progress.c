/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "now.h"
#include "say.h"

#define BAR_CHARS 30u
#define EVERY_US  100000u

void progress_begin(struct progress *p, uint64_t total)
{
	*p = (struct progress){
		.total = total, .begun_us = now_us(), .is_terminal = isatty(STDERR_FILENO)};
}

void progress_line(char *dst, uint64_t done, uint64_t total, uint64_t us)
{
	double speed = mb_per_s(done, us), part;
	char bar[BAR_CHARS + 1];

	if (!total) {
		snprintf(dst, PROGRESS_LINE_BYTES, "%.0f MB/s", speed);
		return;
	}
	part = done < total ? (double)done / (double)total : 1;
	memset(bar, ' ', BAR_CHARS);
	memset(bar, '=', (size_t)(part * BAR_CHARS));
	bar[BAR_CHARS] = 0;
	snprintf(dst, PROGRESS_LINE_BYTES, "[%s] %3.0f %%, %.0f MB/s, %.0f s left", bar, part * 100,
		speed, part > 0 ? (double)us / 1e6 * (1 - part) / part : 0);
}

void progress_show(struct progress *p, uint64_t done)
{
	uint64_t now = p->is_terminal ? now_us() : 0;
	char line[PROGRESS_LINE_BYTES];

	if (!p->is_terminal || now - (p->shown_us ? p->shown_us : p->begun_us) < EVERY_US)
		return;
	progress_line(line, done, p->total, now - p->begun_us);
	fprintf(stderr, "\r%-*s", PROGRESS_LINE_BYTES - 1, line);
	p->shown_us = now;
}

void progress_end(struct progress *p)
{
	if (p->shown_us)
		fprintf(stderr, "\r%*s\r", PROGRESS_LINE_BYTES - 1, "");
	p->shown_us = 0;
}

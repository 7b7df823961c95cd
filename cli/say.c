/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char last[512];
static enum complaining complaining;

int say_begin(void)
{
	/* The lowest free number is taken; nothing can be written to a folder. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_RDONLY | O_DIRECTORY) != fd)
			return -1;
	return 0;
}

int say_end(void)
{
	int lost = ferror(stdout), why = fflush(stdout) ? errno : 0;

	if (!lost && !why)
		return 0;
	return complain(
		"standard output cannot be written%s%s", why ? ": " : "", why ? strerror(why) : "");
}

int complain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(last, sizeof(last), fmt, args);
	va_end(args);
	if (complaining == COMPLAIN_SILENTLY)
		return -1;
	fflush(stdout);
	fprintf(stderr, "torpor: %s\n", last);
	return -1;
}

void complain_how(enum complaining how)
{
	complaining = how;
}

const char *last_complaint(void)
{
	return last;
}

const char *say_size(char *dst, uint64_t bytes)
{
	static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB"};
	double value = bytes / 1024.0;
	unsigned int i = 0;

	if (bytes < 10240)
		snprintf(dst, SAY_SIZE_BYTES, "%llu bytes", (unsigned long long)bytes);
	else {
		while (value >= 10240 && i + 1 < sizeof(unit) / sizeof(*unit)) {
			value /= 1024;
			i++;
		}
		snprintf(dst, SAY_SIZE_BYTES, "%.1f %s", value, unit[i]);
	}
	return dst;
}

double mb_per_s(uint64_t bytes, uint64_t us)
{
	return us ? (double)bytes / (double)us : 0;
}

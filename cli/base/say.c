/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One place for every line a person reads, so that texts from disks, firmware and the kernel
 * cannot play with a terminal, and the last complaint can be handed on.
 */
#define _GNU_SOURCE
/* All output for people goes through here: complete, on one line each, and harmless for a terminal. */
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"

static char last[4096];
static enum exit_status last_status = STATUS_FAILED;
static unsigned int silent; /* how many want silence */
static int quiet;

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

/* ---- Results ---- */

/* Without the memory for a line nothing else goes on either. */
static void say_args(FILE *out, const char *fmt, va_list args)
{
	size_t before = strspn(fmt, "\n"), n = strlen(fmt), after = 0, cap;
	char *text, *shown;

	while (after < n - before && fmt[n - 1 - after] == '\n')
		after++;
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	n = strlen(text);
	cap = ESCAPE_BYTES(n);
	shown = malloc(cap);
	if (!shown)
		abort();
	text[n - after] = 0;
	escape_text(shown, cap, text + before);
	fprintf(out, "%.*s%s%.*s", (int)before, fmt, shown, (int)after, fmt + strlen(fmt) - after);
	free(shown);
	free(text);
}

void say(const char *fmt, ...)
{
	va_list args;

	if (quiet)
		return;
	va_start(args, fmt);
	say_args(stdout, fmt, args);
	va_end(args);
}

void say_quietly(void)
{
	quiet = 1;
}

int say_is_quiet(void)
{
	return quiet;
}

void say_to(FILE *out, const char *fmt, ...)
{
	va_list args;

	if (quiet)
		return;
	va_start(args, fmt);
	say_args(out, fmt, args);
	va_end(args);
}

/* ---- Problems ---- */

static int complain_args(enum exit_status status, const char *fmt, va_list args)
{
	char shown[ESCAPE_BYTES(sizeof(last))];

	vsnprintf(last, sizeof(last), fmt, args);
	last_status = status;
	if (silent)
		return -1;
	fflush(stdout);
	fprintf(stderr, "torpor: %s\n", escape_text(shown, sizeof(shown), last));
	return -1;
}

int complain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain_args(STATUS_FAILED, fmt, args);
	va_end(args);
	return -1;
}

int complain_as(enum exit_status status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain_args(status, fmt, args);
	va_end(args);
	return -1;
}

enum exit_status open_status(int err)
{
	return err == ENOENT || err == ENOTDIR || err == ENXIO || err == ENODEV ? STATUS_MISSING
										: STATUS_FAILED;
}

enum exit_status failure_status(void)
{
	return last_status;
}

void complain_how(enum complaining how)
{
	if (how == COMPLAIN_SILENTLY)
		silent++;
	else if (silent)
		silent--;
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

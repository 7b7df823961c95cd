/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines to the sinks, and into a ring of whole lines. */
#include "log.h"

#include <stdint.h>
#include <string.h>

#include "format.h"

static struct {
	char *buf;
	size_t cap;
	size_t start; /* of the oldest line, < cap */
	size_t used;  /* bytes from start on, wrapping; always whole lines */
	log_sink sink[LOG_SINKS_MAX];
	uint32_t n_sinks;
} ring;

void log_init(char *buf, size_t bytes)
{
	ring.buf = buf;
	ring.cap = bytes;
	ring.start = 0;
	ring.used = 0;
}

void log_add_sink(log_sink sink)
{
	if (ring.n_sinks < LOG_SINKS_MAX)
		ring.sink[ring.n_sinks++] = sink;
}

void log_drop_sinks(void)
{
	ring.n_sinks = 0;
}

/* The i-th kept byte, i <= used < 2 * cap. */
static size_t place(size_t i)
{
	size_t at = ring.start + i;
	return at < ring.cap ? at : at - ring.cap;
}

/* Bytes of the line that begins at the i-th kept byte, newline included. */
static size_t line_bytes(size_t i)
{
	size_t n = 0;
	while (ring.buf[place(i + n)] != '\n')
		n++;
	return n + 1;
}

static void keep(const char *line, size_t len)
{
	if (len >= ring.cap)
		return;
	while (ring.cap - ring.used < len + 1) {
		size_t oldest = line_bytes(0);
		ring.start = place(oldest);
		ring.used -= oldest;
	}
	for (size_t i = 0; i < len; i++)
		ring.buf[place(ring.used + i)] = line[i];
	ring.buf[place(ring.used + len)] = '\n';
	ring.used += len + 1;
}

/* Texts of devices and images are quoted in lines: they must not end one, nor move the cursor. */
static void blank_controls(char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
}

void log_line(const char *fmt, ...)
{
	va_list args;
	char line[LOG_LINE_MAX + 1];
	va_start(args, fmt);
	int n = format_v(line, sizeof(line), fmt, args);
	va_end(args);
	size_t len = (size_t)n;
	if (len > LOG_LINE_MAX) {
		len = LOG_LINE_MAX;
		memcpy(line + len - 3, "...", 3);
	}
	blank_controls(line, len);
	for (uint32_t i = 0; i < ring.n_sinks; i++)
		ring.sink[i](line, len);
	keep(line, len);
}

size_t log_copy(char *dst, size_t cap)
{
	size_t skip = 0;
	while (ring.used - skip > cap)
		skip += line_bytes(skip);
	for (size_t i = skip; i < ring.used; i++)
		dst[i - skip] = ring.buf[place(i)];
	return ring.used - skip;
}

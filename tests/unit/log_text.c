/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log goes to sinks; this one keeps it, so that a test can ask what was said. */
#include "log_text.h"

#include "test.h"

#include <string.h>

#include "log.h"

static char text[65536]; /* lines with a newline after each */
static size_t used;

static void keep(const char *line, size_t len)
{
	if (len + 2 > sizeof(text) - used)
		return;
	memcpy(text + used, line, len);
	used += len;
	text[used++] = '\n';
	text[used] = 0;
}

void log_text_start(void)
{
	used = 0;
	text[0] = 0;
	log_drop_sinks();
	log_add_sink(keep);
}

bool log_text_has(const char *part_of_a_line)
{
	return strstr(text, part_of_a_line) != NULL;
}

void assert_logged(const char *part_of_a_line)
{
	if (!log_text_has(part_of_a_line))
		fail_msg("not in the log: \"%s\"; the log is:\n%s", part_of_a_line, text);
}

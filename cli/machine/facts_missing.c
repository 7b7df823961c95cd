/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What could not be found out is a fact, too: arm and status say it. Each collector of facts calls this, and
 * facts_collect.c calls the collectors. */
#include "facts_collect.h"

#include <stdarg.h>
#include <stdio.h>

void facts_missing(struct all_facts *a, const char *fmt, ...)
{
	va_list args;

	if (a->n_missing == FACTS_MISSING_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(a->missing[a->n_missing++], FACTS_MISSING_BYTES, fmt, args);
	va_end(args);
}

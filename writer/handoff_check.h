/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is the handoff block one that the writer can work with? Pure: tests and the fuzzer call it
 * too. */
#ifndef WRITER_HANDOFF_CHECK_H
#define WRITER_HANDOFF_CHECK_H

#include "err.h"
#include "handoff.h"

/* base: where the program runs; must be region[0]. On ERR_ARGUMENT *ret_what names the field. */
int handoff_check(const struct handoff *h, uint64_t base, const char **ret_what) MUST_CHECK;

#endif

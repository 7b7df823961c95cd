/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that is stopped at one of its system calls that change a file, its children's included, and
 * killed there.
 */
#ifndef TESTS_UNIT_KILLED_H
#define TESTS_UNIT_KILLED_H

#include <stdbool.h>
#include <stdint.h>

struct killed {
	uint32_t n;    /* calls that change a file, until the end or the kill */
	bool to_end;   /* it was not killed: there were fewer */
	int status;    /* its exit status, when it came to its end */
	char call[80]; /* at which it was killed; for messages */
};

/* Runs body(ctx) in a process group of its own, its output thrown away; ends it by this signal at the n-th
 * call (from 1; 0: never). SIGKILL comes before the call is done, other signals right after it. */
void killed_at(int (*body)(void *ctx), void *ctx, uint32_t n, int signal, struct killed *ret);

#endif

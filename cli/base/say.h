/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command says: results on stdout, one line a problem on stderr. */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include <stdint.h>
#include <stdio.h>

#include "exit_status.h"

/* First of all: makes sure that descriptors 0 to 2 are in use, else a disk would get the number that
 * messages go to. -1 when that cannot be. */
int say_begin(void);

/* Last of all: -1 after a complaint when not all results reached stdout. */
int say_end(void);

/* A piece of a result, on stdout or out. Newlines at the beginning and the end of fmt are written; every
 * other control character came with a name, and is escaped (escape.h). */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_to(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --quiet: from now on say and say_to print nothing, and there is no progress bar. */
void say_quietly(void);
int say_is_quiet(void);

/* "torpor: ..." on stderr, one line, control characters escaped. Returns -1, so that a check can end
 * with it. complain_as: what the command ends with when this is its last complaint. */
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int complain_as(enum exit_status status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Of an errno of opening something: STATUS_MISSING when it is not there. */
enum exit_status open_status(int err);

/* Of the last complaint: STATUS_FAILED unless complain_as named another one. */
enum exit_status failure_status(void);

/* The text of the last complaint, without "torpor: "; "" when there was none. */
const char *last_complaint(void);

/* Silent: complaints are only kept for last_complaint. Each COMPLAIN_SILENTLY is ended by a COMPLAIN_ALOUD: what is
 * asked silently may ask others so in its turn. */
enum complaining { COMPLAIN_ALOUD, COMPLAIN_SILENTLY };
void complain_how(enum complaining how);

/* "312.4 MiB"; dst has at least SAY_SIZE_BYTES. Returns dst. */
#define SAY_SIZE_BYTES 32
const char *say_size(char *dst, uint64_t bytes);

/* Bytes in microseconds as MB/s (10^6), 0 when no time has passed. */
double mb_per_s(uint64_t bytes, uint64_t us);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command says: results on stdout, one line a problem on stderr. */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include <stdint.h>

/* First of all: makes sure that descriptors 0 to 2 are in use, else a disk would get the number that
 * messages go to. -1 when that cannot be. */
int say_begin(void);

/* Last of all: -1 after a complaint when not all results reached stdout. */
int say_end(void);

/* "torpor: ..." on stderr. Returns -1, so that a check can end with it. */
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The text of the last complaint, without "torpor: "; "" when there was none. */
const char *last_complaint(void);

/* Silent: complaints are only kept for last_complaint. */
enum complaining { COMPLAIN_ALOUD, COMPLAIN_SILENTLY };
void complain_how(enum complaining how);

/* "312.4 MiB"; dst has at least SAY_SIZE_BYTES. Returns dst. */
#define SAY_SIZE_BYTES 32
const char *say_size(char *dst, uint64_t bytes);

/* Bytes in microseconds as MB/s (10^6), 0 when no time has passed. */
double mb_per_s(uint64_t bytes, uint64_t us);

#endif

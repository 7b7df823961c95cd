/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What writer and loader left in the mailbox, for people. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "mailbox.h"

/* Makes the mailbox as the writer expects it. */
void mailbox_prepare(struct mailbox *m, uint64_t nonce);

/* Prints the outcome: what happened on out, or one complaint. 0 when the system was saved, and
 * went on or was resumed; -1 when it was not saved, or nobody reported. */
int report_outcome(const struct mailbox *m, uint64_t nonce, FILE *out);

/* Whether the loader brought this system back. */
bool report_is_resumed(const struct mailbox *m, uint64_t nonce);

/* The logs of writer and loader, line by line. */
void report_logs(const struct mailbox *m, uint64_t nonce, FILE *out);

#endif

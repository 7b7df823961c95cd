/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What arm, disarm and status do about facts for the loader. */
#ifndef CLI_FACTS_ARM_H
#define CLI_FACTS_ARM_H

#include "setup_record.h"

enum facts_say { FACTS_SHORT, FACTS_VERBOSE };

/* Collects and writes them; says so, in one line, or with a line for each thing that is not
 * known. What cannot be written is said and no failure: the loader has the kernel's own rule.
 * -1 after one complaint: a resume of this boot would surely fail. */
int facts_arm(const struct setup_record *r, enum facts_say how);

/* For a loader that is started whatever arm says: the facts of this boot, with the order not to resume it, and
 * why. -1 after one complaint: they cannot be written, or the loader would not believe them. */
int facts_refuse(const struct setup_record *r, const char *why);

/* The file holds "no facts" from now on. -1 after one complaint. */
int facts_disarm(const struct setup_record *r);

/* For status: whether they would be complete, and in how many words why not. */
#define FACTS_STATUS_BYTES 256
bool facts_status(const struct setup_record *r, char ret_text[FACTS_STATUS_BYTES]);

#endif

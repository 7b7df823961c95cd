/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a hibernation goes while /sys/power/resume names nothing: whoever starts it chooses among the
 * swap areas in use, each by a rule of its own.
 */
#ifndef CLI_HIBERNATION_TARGET_H
#define CLI_HIBERNATION_TARGET_H

#include "proc_text.h"

enum hibernator {
	HIBERNATOR_KERNEL, /* echo disk > /sys/power/state */
	HIBERNATOR_SYSTEMD,
};

/* Who does it on this machine, when nobody does it by hand. */
enum hibernator hibernator_here(void);

/* Of the systemd that is installed; 0: not known. */
unsigned int systemd_version(void);

/* The area that it takes, and why, in words for people. False: there is none for it. */
bool hibernation_target(enum hibernator who, struct swap_line *ret, const char **ret_reason);

/* The rule alone: index in v, which is in the order of /proc/swaps; -1: none. version: systemd's, 0: not
 * known. */
int hibernation_pick(
	const struct swap_line *v, uint32_t n, enum hibernator who, unsigned int version);

#endif

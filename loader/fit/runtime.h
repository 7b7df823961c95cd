/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EFI runtime services: the memory that a saved kernel calls them in, and what the firmware has
 * now. */
#ifndef LOADER_RUNTIME_H
#define LOADER_RUNTIME_H

#include "boot_info.h"
#include "err.h"
#include "saved_state.h"

/* Ranges of code and data at the save must be the same pages now, both ways; however the firmware,
 * or Linux when it joins neighbours, cut them. Other types (registers) that moved are told only. A
 * list without code is one of a kernel that does not call them, or of one who could not look:
 * nothing to compare. who: begins the log lines. ERR_PLATFORM. */
int runtime_check(const struct runtime_range *was, uint32_t n, const struct boot_info *bi,
	const char *who) MUST_CHECK;

#endif

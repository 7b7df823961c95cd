/* SPDX-License-Identifier: GPL-2.0-or-later */
/* efibootmgr: as a program, so that its ways with firmware are not ours. Tests play it. */
#include <string.h>

#include "lock.h"
#include "run.h"
#include "say.h"
#include "setup.h"

int efibootmgr(const char *const *argv, char *ret_text, size_t cap)
{
	int status;

	lock_lend();
	status = run_program(argv, ret_text, cap);
	lock_return();
	if (status == 127)
		return complain("efibootmgr is not installed");
	if (status > 0)
		return complain("efibootmgr failed: %.*s", (int)strcspn(ret_text, "\n"), ret_text);
	return status;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The platform as the firmware describes it, against what it was at the save: one rule for both
 * kinds of images, so that neither is accepted where the other is refused.
 */
#include "platform.h"

#include "log.h"

int platform_check_facs(uint32_t saved, uint32_t now, int hypervisor, int strict, const char *who)
{
	if (saved == now)
		return 0;
	int refuse = hypervisor || strict;
	log_line("%s: the hardware is not what it was: FACS signature was %#x, is %#x%s", who,
		saved, now, refuse ? "" : "; success is doubtful (strict=1 refuses)");
	return refuse ? ERR_PLATFORM : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Would the loader take the image that is about to be saved, on this machine as it is now? Answered by the
 * loader's own check (loader/own/plan.c), against this boot's firmware.
 */
#ifndef CLI_RESUMABLE_H
#define CLI_RESUMABLE_H

#include <stdbool.h>

#include "handoff.h"

/* h: as the writer will get it; n_region 0 and mailbox 0: not known yet. uefi: this boot's firmware is UEFI,
 * as the loader will find it. -1 after one complaint that names the reason. */
int resumable_check(const struct handoff *h, bool uefi);

#endif

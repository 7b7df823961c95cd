/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The toy changes between 4- and 5-level paging, both ways, with tables above 4 GiB: what no
 * firmware in QEMU and no kernel there gives the loader to do. */
#ifndef TOY_LEVELS_H
#define TOY_LEVELS_H

#include "boot_info.h"
#include "err.h"

/* Says "toy: levels: PASSED", or what is wrong (the error: ERR_BUG). The machine must have
 * memory above 4 GiB and 5-level paging. */
int levels_run(const struct boot_info *bi) MUST_CHECK;

#endif

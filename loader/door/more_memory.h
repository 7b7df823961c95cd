/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for the first run of the loader, beyond what the front door gave it. */
#ifndef LOADER_MORE_MEMORY_H
#define LOADER_MORE_MEMORY_H

#include "boot_info.h"
#include "ranges.h"

/* RAM of this boot, outside busy (frames), from 1 MiB on; the highest below 4 GiB, else the
 * highest. The address, page-aligned, of bytes rounded up to pages; 0: there is none. */
uint64_t more_memory(const struct boot_info *bi, const struct ranges *busy, uint64_t bytes);

#endif

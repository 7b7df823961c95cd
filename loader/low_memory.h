/* Memory below 1 MiB for other processors to begin in. */
#ifndef LOADER_LOW_MEMORY_H
#define LOADER_LOW_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "boot_info.h"

/* SMP_LOW_BYTES (x86/smp.h) of RAM of this boot, all of it in frames that may_use lets through (NULL: all);
 * the address, or 0: none. */
uint64_t low_memory(const struct boot_info *bi, bool (*may_use)(const void *ctx, uint64_t pfn),
	const void *ctx);

#endif

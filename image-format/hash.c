/*
 * XXH3-64. The one place that includes the xxHash code: inlined here, nothing to link.
 */
#include "internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t img_hash(const void *data, size_t bytes)
{
	return XXH3_64bits(data, bytes);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XXH64, seed 0. The one place that includes the xxHash code: inlined here, nothing to link.
 *
 * Why not the newer XXH3: its speed is in SIMD. On a real processor both are far faster than the
 * disk and than LZ4; where SIMD is emulated (QEMU without hardware help) XXH3 is thirty times
 * slower than this. And XXH64 is thirty lines in any language, for those who write another encoder.
 */
#include "img_internal.h"

#define XXH_INLINE_ALL
/* Words by packed structs: with -ffreestanding every small memcpy would be a call. */
#define XXH_FORCE_MEMORY_ACCESS 1
#include <xxhash.h>

uint64_t img_hash(const void *data, size_t bytes)
{
	return XXH64(data, bytes, 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little-endian numbers that lie anywhere: fields of firmware's and disks' tables. The caller has
 * looked whether the bytes are there. */
#ifndef LIB_UNALIGNED_H
#define LIB_UNALIGNED_H

#include <stdint.h>
#include <string.h>

static inline uint16_t u16_at(const void *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t u32_at(const void *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t u64_at(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

#endif

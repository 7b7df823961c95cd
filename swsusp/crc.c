/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksums. libdeflate has CRC-32 with the usual inversions, by carry-less multiplication where
 * the processor can: fast enough not to be seen beside LZO.
 */
#include "swsusp_internal.h"

#include <libdeflate.h>
#include <string.h>

#define POLYNOMIAL 0xedb88320u /* bit 31 is x^0 */
#define ONE        0x80000000u
#define X8         0x00800000u

uint32_t swsusp_crc(uint32_t crc, const void *data, size_t bytes)
{
	return ~libdeflate_crc32(~crc, data, bytes);
}

/* Product of two polynomials, modulo the CRC's. */
static uint32_t multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (uint32_t bit = ONE; bit; bit >>= 1) {
		if (a & bit)
			product ^= b;
		b = b >> 1 ^ (b & 1 ? POLYNOMIAL : 0);
	}
	return product;
}

/* A checksum without inversions is linear: what comes before is multiplied by x^8 for every byte
 * that comes after it. */
uint32_t swsusp_crc_join(uint32_t crc_before, uint32_t crc_after, uint64_t bytes_after)
{
	uint32_t shift = ONE, square = X8;

	for (; bytes_after; bytes_after >>= 1) {
		if (bytes_after & 1)
			shift = multiply(shift, square);
		square = multiply(square, square);
	}
	return multiply(crc_before, shift) ^ crc_after;
}

int swsusp_crc_check(const struct swsusp_image *img, uint32_t crc, struct swsusp_fault *ret_fault)
{
	if (img->header.codec == SWSUSP_CODEC_RAW || crc == img->header.crc)
		return 0;
	return swsusp_fail_(ret_fault, SWSUSP_ERR_CRC, "checksum of the image", img->header.page,
		crc, img->header.crc);
}

uint32_t swsusp_e820_crc_begin(uint32_t n)
{
	return libdeflate_crc32(0, &n, sizeof(n));
}

uint32_t swsusp_e820_crc_add(uint32_t crc, const struct swsusp_e820 *e)
{
	uint8_t packed[20];

	memcpy(packed, &e->start, 8);
	memcpy(packed + 8, &e->size, 8);
	memcpy(packed + 16, &e->type, 4);
	return libdeflate_crc32(crc, packed, sizeof(packed));
}

uint32_t swsusp_e820_crc(const struct swsusp_e820 *e, uint32_t n)
{
	uint32_t crc = swsusp_e820_crc_begin(n);

	for (uint32_t i = 0; i < n; i++)
		crc = swsusp_e820_crc_add(crc, &e[i]);
	return crc;
}

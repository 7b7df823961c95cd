/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image area gets a uuid of its own; this is the little that it takes, without a library for
 * it.
 */
#include "uuid.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "say.h"

int uuid_make(uint8_t ret_uuid[16])
{
	if (getrandom(ret_uuid, 16, 0) != 16)
		return complain("the kernel gives no random numbers for a uuid");
	ret_uuid[6] = (ret_uuid[6] & 0x0f) | 0x40;
	ret_uuid[8] = (ret_uuid[8] & 0x3f) | 0x80;
	return 0;
}

const char *uuid_text(char *dst, const uint8_t uuid[16])
{
	char *at = dst;

	for (uint32_t i = 0; i < 16; i++)
		at += sprintf(
			at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	return dst;
}

const char *guid_text(char *dst, const uint8_t g[16])
{
	const uint8_t uuid[16] = {g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10],
		g[11], g[12], g[13], g[14], g[15]};

	return uuid_text(dst, uuid);
}

bool guid_is_zero(const uint8_t guid[16])
{
	static const uint8_t zero[16];

	return !memcmp(guid, zero, sizeof(zero));
}

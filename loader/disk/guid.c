/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same text stands for two orders of bytes: a GPT's, with its first three groups little-endian,
 * and that of mkswap and of our own areas, which is the text's. */
#include "guid.h"

#include "format.h"

int guid_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Where the i-th pair of digits of the text form goes: the first three groups are little-endian. */
static const uint8_t guid_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

int guid_parse(const char *text, uint32_t len, uint8_t ret[16])
{
	if (len != 36)
		return ERR_ARGUMENT;
	uint32_t at = 0;
	for (uint32_t i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-')
			return ERR_ARGUMENT;
		int high = guid_hex_digit(text[at]), low = guid_hex_digit(text[at + 1]);
		if (high < 0 || low < 0)
			return ERR_ARGUMENT;
		ret[guid_order[i]] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	return 0;
}

void guid_format(const uint8_t g[16], char ret[37])
{
	format(ret, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12],
		g[13], g[14], g[15]);
}

static void swap_order(const uint8_t from[16], uint8_t to[16])
{
	for (uint32_t i = 0; i < 16; i++)
		to[i] = from[guid_order[i]];
}

int uuid_parse(const char *text, uint32_t len, uint8_t ret[16])
{
	uint8_t guid[16];
	int err = guid_parse(text, len, guid);
	if (!err)
		swap_order(guid, ret);
	return err;
}

void uuid_format(const uint8_t uuid[16], char ret[37])
{
	uint8_t guid[16];
	swap_order(uuid, guid); /* its own inverse */
	guid_format(guid, ret);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GUIDs and UUIDs as text. */
#ifndef LOADER_GUID_H
#define LOADER_GUID_H

#include <stdint.h>

#include "err.h"

/* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" in GPT byte order (UEFI 2.10, appendix A); exactly 36
 * chars. */
int guid_parse(const char *text, uint32_t len, uint8_t ret[16]) MUST_CHECK;
void guid_format(const uint8_t guid[16], char ret[37]);

/* The same text with the bytes in its order, as mkswap and our own areas have them (RFC 4122). */
int uuid_parse(const char *text, uint32_t len, uint8_t ret[16]) MUST_CHECK;
void uuid_format(const uint8_t uuid[16], char ret[37]);

/* 0 to 15, or -1. */
int guid_hex_digit(char c);

#endif

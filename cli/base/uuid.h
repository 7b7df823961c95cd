/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random uuids (RFC 4122, version 4), bytes in the order of their text. */
#ifndef CLI_UUID_H
#define CLI_UUID_H

#include <stdbool.h>
#include <stdint.h>

/* -1 after one complaint. */
int uuid_make(uint8_t ret_uuid[16]);

/* "c77085cc-f42a-43ce-8ef0-89d8a92fe79b"; dst has UUID_TEXT_BYTES. Returns dst. */
#define UUID_TEXT_BYTES 37
const char *uuid_text(char *dst, const uint8_t uuid[16]);

/* The same of a GUID in the byte order of a GPT. */
const char *guid_text(char *dst, const uint8_t guid[16]);
bool guid_is_zero(const uint8_t guid[16]);

#endif

/* Random uuids (RFC 4122, version 4), bytes in the order of their text. */
#ifndef CLI_UUID_H
#define CLI_UUID_H

#include <stdint.h>

/* -1 after one complaint. */
int uuid_make(uint8_t ret_uuid[16]);

/* "c77085cc-f42a-43ce-8ef0-89d8a92fe79b"; dst has UUID_TEXT_BYTES. Returns dst. */
#define UUID_TEXT_BYTES 37
const char *uuid_text(char *dst, const uint8_t uuid[16]);

#endif

#include "uuid.h"

#include <stdio.h>
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

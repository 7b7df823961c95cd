/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runs here: the firmware that booted it, and this program's own place. Asked by the verbs and by the parts of
 * setup that they are made of. */
#include "setup.h"

#include <unistd.h>

#include "sysfiles.h"

bool booted_by_efi(void)
{
	return sys_exists("/sys/firmware/efi");
}

bool secure_boot_is_on(void)
{
	uint8_t value[5]; /* attributes, and the byte */

	return sys_read_at("/sys/firmware/efi/efivars/"
			   "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		       0, value, sizeof(value)) == sizeof(value) &&
	       value[4];
}

bool program_path(char ret[SYS_PATH_MAX])
{
	char link[SYS_PATH_MAX];
	ssize_t n = sys_path(link, "/proc/self/exe") ? readlink(link, ret, SYS_PATH_MAX - 1) : -1;

	if (n < 0)
		return false;
	ret[n] = 0;
	return *ret == '/';
}

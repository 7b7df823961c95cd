/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A refusal after boot services have ended, or under a BIOS: there is nobody to return to. All that
 * fails in the core comes here, also from an exception, so it trusts nothing that may be half done.
 */
#include "boot_on.h"

#include <stddef.h>

#include "deadline.h"
#include "log.h"

#define BOOT_ON_DELAY_US (3u * 1000 * 1000)

static struct disks *to_stop;
static const struct acpi *reset_by;

void boot_on_init(struct disks *disks, const struct acpi *acpi)
{
	to_stop = disks;
	reset_by = acpi;
}

_Noreturn void boot_on(const char *why)
{
	static int again;
	if (again++) /* an exception on the way out */
		machine_reset(NULL);
	log_line("loader: no resume: %s; booting on", why);
	if (to_stop)
		disks_stop(to_stop);
	delay_us(BOOT_ON_DELAY_US);
	machine_reset(reset_by);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With SMT off (nosmt) Linux starts each sibling once at boot, so that it takes part in machine checks (CR4.MCE),
 * and parks it. The writer and the loader have sent it INIT since, and one that waits for a start-up IPI without
 * CR4.MCE turns any machine check into a shutdown. The kernel's own resume starts and stops them once more
 * (arch_resume_nosmt); a kexec jump does not, so that is left to us.
 */
#include "siblings.h"

#include <string.h>

#include "say.h"
#include "sysfiles.h"

#define CONTROL "/sys/devices/system/cpu/smt/control"

int siblings_settle(void)
{
	char state[32];
	int err;

	/* "forceoff" cannot be changed. */
	if (sys_read_text(state, sizeof(state), CONTROL) <= 0 || strcmp(state, "off") != 0)
		return 0;
	if (sys_write_text(CONTROL, "on"))
		return complain(
			"warning: the siblings that nosmt keeps offline could not be started: a "
			"machine check may end in a shutdown");
	err = sys_write_text(CONTROL, "off");
	if (err)
		return complain(
			"warning: SMT, which was off, stays on: " CONTROL ": %s", strerror(-err));
	return 1;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side of the jump, alone in a file, so that everything around it can be tested on
 * a machine where nothing may jump.
 */
#include "kexec.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc_text.h"
#include "say.h"
#include "sysfiles.h"

static_assert(sizeof(struct jump_segment) == sizeof(struct kexec_segment), "the kernel's layout");

int kexec_load_image(uint64_t entry, const struct jump_segment *segments, size_t n)
{
	long answer = syscall(SYS_kexec_load, entry, n, segments, KEXEC_PRESERVE_CONTEXT);

	return answer ? -errno : 0;
}

int kexec_unload(void)
{
	return kexec_load_image(0, NULL, 0);
}

int kexec_jump(void)
{
	long answer = syscall(
		SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);

	return answer ? -errno : 0;
}

/* Settings that forbid kexec_load, each with its name. */
static int settings_check(void)
{
	char text[128], mode[32];
	uint64_t value;

	if (!sys_read_u64(&value, "/proc/sys/kernel/kexec_load_disabled") && value)
		return complain("kernel.kexec_load_disabled is set: no kexec until the next boot");
	/* Linux 6.3 counts them, and counts unloading too: a probe, a load, an unload. -1, which is
	 * no number here, means no limit. */
	if (!sys_read_u64(&value, "/proc/sys/kernel/kexec_load_limit_reboot") && value < 3)
		return complain("kernel.kexec_load_limit_reboot is %" PRIu64 ": a save needs 3 "
				"loads",
			value);
	if (sys_read_text(text, sizeof(text), "/sys/kernel/security/lockdown") > 0 &&
		lockdown_mode(text, mode, sizeof(mode)) && strcmp(mode, "none"))
		return complain("kernel lockdown (%s) forbids kexec: it is on with Secure Boot, or "
				"by lockdown= on the kernel command line",
			mode);
	return 0;
}

static int probe_complaint(int err)
{
	if (err == -EINVAL)
		return complain(
			"this kernel was built without CONFIG_KEXEC_JUMP (kexec_load does not "
			"know KEXEC_PRESERVE_CONTEXT): only `systemctl hibernate` images can be "
			"resumed on it");
	if (err == -ENOSYS)
		return complain("this kernel was built without CONFIG_KEXEC");
	if (err == -EPERM)
		return complain("the kernel does not permit kexec_load (no CAP_SYS_BOOT, or a "
				"security module forbids it)");
	return complain("kexec_load does not answer the probe: %s", strerror(-err));
}

int kexec_check(void)
{
	uint64_t loaded;
	int err;

	if (settings_check())
		return -1;
	if (sys_read_u64(&loaded, "/sys/kernel/kexec_loaded"))
		return complain("this kernel was built without CONFIG_KEXEC");
	/* The probe below would unload it. */
	if (loaded)
		return complain(
			"another kexec image is loaded, by somebody who wants to reboot with it: "
			"unload it first (kexec -u)");
	err = kexec_unload();
	return err ? probe_complaint(err) : 0;
}

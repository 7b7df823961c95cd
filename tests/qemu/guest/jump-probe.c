/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says whether this kernel can kexec jump: loading nothing with KEXEC_PRESERVE_CONTEXT succeeds on
 * a kernel with CONFIG_KEXEC_JUMP, and is an invalid argument on one without. Unloads an image.
 */
#include <errno.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	long err = syscall(SYS_kexec_load, 0ul, 0ul, NULL, (unsigned long)KEXEC_PRESERVE_CONTEXT);
	if (err == 0) {
		puts("kexec jump: yes");
		return 0;
	}
	printf("kexec jump: no: %s\n",
		errno == EINVAL ? "CONFIG_KEXEC_JUMP is off" : strerror(errno));
	return 1;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two system calls of the jump, and whether this kernel will do it. */
#ifndef CLI_KEXEC_H
#define CLI_KEXEC_H

#include <stddef.h>
#include <stdint.h>

/* As struct kexec_segment of <linux/kexec.h>. */
struct jump_segment {
	const void *buf;
	size_t bufsz;
	uint64_t mem;
	size_t memsz;
};

/* 0, or -1 after one complaint that names the option or setting that is in the way. Loads nothing,
 * unloads nothing. */
int kexec_check(void);

/* No complaint here: 0, or -errno. */
int kexec_load_image(uint64_t entry, const struct jump_segment *segments, size_t n);
int kexec_unload(void);

/* Jumps; comes back when the payload, or a loader after a power cycle, enters the kernel again.
 * 0, or -errno when the kernel did not jump. */
int kexec_jump(void);

#endif

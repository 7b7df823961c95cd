/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writer must know of the kernel that jumped here, found in its memory and checked. */
#ifndef OLD_KERNEL_OLD_KERNEL_H
#define OLD_KERNEL_OLD_KERNEL_H

#include "err.h"
#include "old_memory.h"

struct old_kernel {
	uint64_t gdt_base; /* virtual address of CPU 0's GDT; 0: the kernel reloads it itself */
	uint16_t gdt_limit;
	uint64_t cr4;      /* that it works with; 0: not known */
	uint64_t sme_mask; /* memory encryption: not 0 means the image would be ciphertext */
};

/* ERR_NOT_FOUND when the kernel needs its GDT loaded and it cannot be found for sure;
 * ERR_UNSUPPORTED when memory encryption is on. */
int old_kernel_find(const struct old_memory *m, struct old_kernel *ret) MUST_CHECK;

#endif

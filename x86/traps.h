/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables of our own: selectors as the kernel's jump-back point wants them, and
 * exceptions that end in a register dump on every log sink instead of a silent reset. Intel SDM
 * volume 3, chapter 6. */
#ifndef X86_TRAPS_H
#define X86_TRAPS_H

#include <stdint.h>

#define SELECTOR_CODE32 0x08
#define SELECTOR_CODE64                                                                            \
	0x10               /* Linux's __KERNEL_CS: the kernel never reloads CS after a jump back */
#define SELECTOR_DATA 0x18 /* __KERNEL_DS */

/* As traps.asm pushes them. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* For the processor that calls it; again on the same one does no harm. */
void traps_init(void);

/* Called by traps.asm. NMIs are counted and return, on a stack of their own and with no vector
 * register touched: what they interrupt may be code of a package, which uses both these and 128
 * bytes below its stack pointer. Everything else is the end (panic_hook). */
void trap_handle(const struct trap_frame *f);

uint32_t traps_nmis(void); /* on all processors, so far */

#endif

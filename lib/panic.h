/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last resort: our own bug. Logs "panic: ...", then calls the hook (reset or halt), never
 * returns. */
#ifndef LIB_PANIC_H
#define LIB_PANIC_H

extern void (*panic_hook)(void); /* set by the program; when NULL: spin with interrupts off */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

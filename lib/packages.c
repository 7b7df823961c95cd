/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the packaged static libraries (liblz4) name and never reach from the functions that we call.
 * Their stack protector reads its canary from %fs:0x28: x86/program.c and efi/main.c point FS at
 * memory.
 */
#include <stddef.h>

#include "panic.h"

void *malloc(size_t bytes);
void *calloc(size_t n, size_t bytes);
void free(void *p);
void __stack_chk_fail(void);

void *malloc(size_t bytes)
{
	panic("malloc of %zu bytes", bytes);
}

void *calloc(size_t n, size_t bytes)
{
	panic("calloc of %zu times %zu bytes", n, bytes);
}

void free(void *p)
{
	if (p)
		panic("free of %p", p);
}

void __stack_chk_fail(void)
{
	panic("a stack frame of a packaged library was overwritten");
}

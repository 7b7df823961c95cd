/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a kernel's VMCOREINFO note: lines of KEY=value, ABI for dump tools
 * (Documentation/admin-guide/kdump/vmcoreinfo.rst). Keys are whole: "NUMBER(phys_base)",
 * "KERNELOFFSET".
 */
#ifndef OLD_KERNEL_VMCOREINFO_H
#define OLD_KERNEL_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vmcoreinfo_base { VMCOREINFO_DECIMAL = 10, VMCOREINFO_HEX = 16 };

/* The value of the first line with this key, in text that ends at the first zero or after so many
 * bytes; decimal ones may be negative (two's complement then). False: there is no such line, or it
 * is no number, or one of more than 64 bits. */
bool vmcoreinfo_value(
	const char *text, size_t bytes, const char *key, enum vmcoreinfo_base base, uint64_t *ret);

#endif

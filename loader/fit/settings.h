/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody can have changed in the firmware's setup while the machine was off, and a kernel
 * that comes back does not expect: each refusal names the setting. For both kinds of images; what
 * is not known is not compared. who: begins the log lines.
 */
#ifndef LOADER_SETTINGS_H
#define LOADER_SETTINGS_H

#include "boot_info.h"
#include "err.h"
#include "saved_state.h"
#include "tables.h"
#include "this_cpu.h"

/* was: enum saved_virtualization. A kernel with KVM turns it on again at once. ERR_CPU. */
int settings_check_virtualization(
	uint32_t was, const struct this_cpu *now, const char *who) MUST_CHECK;

/* saved_apic_base: the MSR. A kernel in x2APIC mode goes there itself, one that is not may not find
 * the way back. ERR_CPU. */
int settings_check_apic(
	uint64_t saved_apic_base, const struct this_cpu *now, const char *who) MUST_CHECK;

/* Each of the saved ones must be enabled: the kernel starts it by its APIC ID. More than before are
 * harmless. ERR_CPU. */
int settings_check_processors(const struct saved_processor *was, uint32_t n,
	const struct tables *now, const char *who) MUST_CHECK;

/* The kernel puts its devices' registers back where they were: there must be no memory now.
 * ERR_PLATFORM. */
int settings_check_registers(const struct saved_registers *was, uint32_t n,
	const struct boot_info *bi, const char *who) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody may change in the firmware's setup before the resume, as it is now. */
#ifndef CLI_FIRMWARE_SETTINGS_H
#define CLI_FIRMWARE_SETTINGS_H

#include "saved_state.h"

/* enum saved_virtualization: what KVM was loaded with; 0: it is not loaded. */
uint32_t firmware_settings_virtualization(void);

/* Where PCI devices and bridges have registers in memory's address space, sorted, what touches joined: how many,
 * at most max; what does not fit is left out. */
uint32_t firmware_settings_registers(struct saved_registers *v, uint32_t max);

/* Takes those out that touch [start, end), which is memory: what is said of them is not true. How many are left. */
uint32_t firmware_settings_without(
	struct saved_registers *v, uint32_t n, uint64_t start, uint64_t end);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC, as far as handing a machine over needs it. Intel SDM volume 3, chapter 11. */
#ifndef X86_APIC_H
#define X86_APIC_H

#include <stdint.h>

#include "err.h"

uint32_t apic_id(void); /* of this processor; 0 when the APIC is off or cannot be read */

/* INIT to all other processors: they wait for a start-up IPI, executing nothing. Firmware's parked
 * processors may run from memory that is about to be overwritten. */
void apic_park_others(void);

/* A start-up IPI to one processor that waits for it: it begins at page * 4096, in real mode.
 * ERR_NOT_FOUND: it cannot be reached in the mode that the APIC is in; ERR_TIMEOUT. */
int apic_start_up(uint32_t id, uint8_t page) MUST_CHECK;

/* The mode of the saved IA32_APIC_BASE: off, xAPIC or x2APIC. ERR_CPU when the way there is not
 * allowed (x2APIC locked on). */
int apic_match_mode(uint64_t saved_apic_base) MUST_CHECK;

/* Interrupt controllers quiet: both PICs masked. */
void pic_mask_all(void);

#endif

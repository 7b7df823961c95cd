/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86/machine.h's names, of them those that x86/paging.c, x86/clock.c and x86/apic.c use or
 * define: a test is the machine. */
#ifndef FAKE_BARE_MACHINE_H
#define FAKE_BARE_MACHINE_H

#include <stdint.h>

uint8_t port_in8(uint16_t port);
uint32_t port_in32(uint16_t port);
void port_out8(uint16_t port, uint8_t value);
uint32_t mmio_read32(const volatile void *reg);
void mmio_write32(volatile void *reg, uint32_t value);

static inline void cpu_pause(void)
{
}

void *machine_map_mmio(uint64_t phys, uint64_t bytes);
void *machine_map_memory(uint64_t phys, uint64_t bytes);
uint64_t clock_us(void);

#endif

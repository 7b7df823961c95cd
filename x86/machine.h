/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * THE seam between logic and hardware: everything by which a driver touches the machine. This
 * header is the metal side; tests/fake/machine.h has the same names over device models, and is
 * chosen by the include path. No other file in drivers/ may contain an instruction or a cast to a
 * volatile pointer.
 */
#ifndef X86_MACHINE_H
#define X86_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Memory-mapped registers. Accesses are not merged, split or reordered with each other. */
static inline uint8_t mmio_read8(const volatile void *reg)
{
	return *(const volatile uint8_t *)reg;
}
static inline uint16_t mmio_read16(const volatile void *reg)
{
	return *(const volatile uint16_t *)reg;
}
static inline uint32_t mmio_read32(const volatile void *reg)
{
	return *(const volatile uint32_t *)reg;
}
static inline uint64_t mmio_read64(const volatile void *reg)
{
	return *(const volatile uint64_t *)reg;
}
static inline void mmio_write8(volatile void *reg, uint8_t value)
{
	*(volatile uint8_t *)reg = value;
}
static inline void mmio_write16(volatile void *reg, uint16_t value)
{
	*(volatile uint16_t *)reg = value;
}
static inline void mmio_write32(volatile void *reg, uint32_t value)
{
	*(volatile uint32_t *)reg = value;
}
static inline void mmio_write64(volatile void *reg, uint64_t value)
{
	*(volatile uint64_t *)reg = value;
}

static inline uint8_t port_in8(uint16_t port)
{
	uint8_t value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}
static inline uint16_t port_in16(uint16_t port)
{
	uint16_t value;
	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}
static inline uint32_t port_in32(uint16_t port)
{
	uint32_t value;
	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}
static inline void port_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
static inline void port_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}
static inline void port_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

/* Ordering of ordinary memory that a device reads and writes (queues in RAM). */
static inline void dma_write_barrier(void)
{
	__asm__ volatile("sfence" ::: "memory");
}
static inline void dma_read_barrier(void)
{
	__asm__ volatile("lfence" ::: "memory");
}
static inline void dma_full_barrier(void)
{
	__asm__ volatile("mfence" ::: "memory");
}

static inline void cpu_pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}

/* The address that a device uses for this memory. Everything is identity-mapped, no IOMMU. */
static inline uint64_t dma_addr(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* Maps device registers, uncached; and ordinary memory (firmware tables), cached. What is mapped
 * already stays as it is. NULL: no room for page tables, or not an address. x86/paging.c */
void *machine_map_mmio(uint64_t phys, uint64_t bytes);
void *machine_map_memory(uint64_t phys, uint64_t bytes);

/* Microseconds since clock_init, monotonic, any number of calls. x86/clock.c */
uint64_t clock_us(void);

#endif

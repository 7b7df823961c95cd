/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine as drivers see it in host tests: the names of x86/machine.h, over device models.
 *
 * Registers: machine_map_mmio gives addresses that cannot be dereferenced; only the accessors below
 * know what model is behind them. Time: the clock moves by fake_clock_step_us at every look, and so
 * do the models (fake_tick), so a wait that never ends in the model ends soon in the test. DMA: a
 * model reaches memory through fake_dma only, which refuses what was not declared as DMA memory: a
 * driver that gives a device a wrong address ends the test.
 *
 * What is a mistake of the driver whatever the device does (an access outside every register
 * window, an unaligned one, DMA outside the declared memory) prints a line and aborts.
 */
#ifndef TESTS_FAKE_MACHINE_H
#define TESTS_FAKE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- what drivers use ---- */

uint8_t mmio_read8(const volatile void *reg);
uint16_t mmio_read16(const volatile void *reg);
uint32_t mmio_read32(const volatile void *reg);
uint64_t mmio_read64(const volatile void *reg);
void mmio_write8(volatile void *reg, uint8_t value);
void mmio_write16(volatile void *reg, uint16_t value);
void mmio_write32(volatile void *reg, uint32_t value);
void mmio_write64(volatile void *reg, uint64_t value);

uint8_t port_in8(uint16_t port);
uint16_t port_in16(uint16_t port);
uint32_t port_in32(uint16_t port);
void port_out8(uint16_t port, uint8_t value);
void port_out16(uint16_t port, uint16_t value);
void port_out32(uint16_t port, uint32_t value);

void dma_write_barrier(void);
void dma_read_barrier(void);
void dma_full_barrier(void);
void cpu_pause(void);

uint64_t dma_addr(const volatile void *p);
void *machine_map_mmio(uint64_t phys, uint64_t bytes);
void *machine_map_memory(uint64_t phys, uint64_t bytes);
uint64_t clock_us(void);

/* ---- what tests and models use ---- */

/* An empty machine: no windows, ports, models or DMA memory; the clock at 1 s with a step of 1
 * us. */
void fake_machine_reset(void);

/* Registers of a model; offset is from the start of the window. */
struct fake_io {
	uint64_t (*read)(void *ctx, uint64_t offset, unsigned bytes);
	void (*write)(void *ctx, uint64_t offset, unsigned bytes, uint64_t value);
	void *ctx;
};

void fake_mmio_add(uint64_t phys, uint64_t bytes, struct fake_io io);
void fake_mmio_remove(uint64_t phys);
void fake_ports_add(uint16_t first, uint16_t n, struct fake_io io);
void fake_ports_remove(uint16_t first);

/* Called whenever the clock is looked at and at every cpu_pause: models do their work here. */
void fake_tick_add(void (*tick)(void *ctx), void *ctx);
void fake_tick(void);

extern uint64_t fake_clock_now_us;
extern uint64_t fake_clock_step_us;

/* Declares memory that devices may read and write. */
void fake_dma_allow(void *memory, size_t bytes);

/* What was declared is DMA memory no more. */
void fake_dma_forget(void);

/* The memory at a bus address, for a model; aborts when it is not declared memory. */
void *fake_dma(uint64_t addr, uint64_t bytes);

/* Memory that firmware left at phys: machine_map_memory gives content. Elsewhere it gives NULL. */
void fake_memory_add(uint64_t phys, void *content, uint64_t bytes);

/* false makes machine_map_mmio fail. */
extern bool fake_mmio_works;

/* Prints what a driver did wrong and aborts. */
_Noreturn void fake_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

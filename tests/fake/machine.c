/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake machine: windows, ports, clock and DMA memory. */
#include "machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define WINDOWS_MAX 64
#define MODELS_MAX  32
#define DMA_MAX     64
#define TABLES_MAX  64

struct window {
	uint64_t phys, bytes;
	struct fake_io io;
};

/* Address space without memory behind it: what a driver holds as a pointer to registers. */
struct mapping {
	uint8_t *base;
	uint64_t phys, bytes;
};

static struct {
	struct window mmio[WINDOWS_MAX], port[WINDOWS_MAX];
	unsigned n_mmio, n_ports;
	struct mapping map[WINDOWS_MAX];
	unsigned n_maps;
	struct {
		void (*tick)(void *ctx);
		void *ctx;
	} model[MODELS_MAX];
	unsigned n_models;
	bool ticking;
	struct {
		uint64_t addr, bytes;
	} dma[DMA_MAX];
	unsigned n_dma;
	struct {
		uint64_t phys, bytes;
		uint8_t *content;
	} table[TABLES_MAX];
	unsigned n_tables;
} machine;

uint64_t fake_clock_now_us = 1000000, fake_clock_step_us = 1;
bool fake_mmio_works = true;

_Noreturn void fake_fail(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fprintf(stderr, "fake machine: ");
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
	abort();
}

void fake_machine_reset(void)
{
	for (unsigned i = 0; i < machine.n_maps; i++)
		munmap(machine.map[i].base, machine.map[i].bytes);
	memset(&machine, 0, sizeof(machine));
	fake_clock_now_us = 1000000;
	fake_clock_step_us = 1;
	fake_mmio_works = true;
}

/* ---- windows ---- */

static void window_add(
	struct window *table, unsigned *n, uint64_t start, uint64_t bytes, struct fake_io io)
{
	for (unsigned i = 0; i < *n; i++) {
		if (start < table[i].phys + table[i].bytes && table[i].phys < start + bytes)
			fake_fail("two models at 0x%llx", (unsigned long long)start);
	}
	if (*n == WINDOWS_MAX)
		fake_fail("too many windows");
	table[(*n)++] = (struct window){start, bytes, io};
}

static void window_remove(struct window *table, unsigned *n, uint64_t start)
{
	for (unsigned i = 0; i < *n; i++) {
		if (table[i].phys == start) {
			table[i] = table[--*n];
			return;
		}
	}
}

void fake_mmio_add(uint64_t phys, uint64_t bytes, struct fake_io io)
{
	window_add(machine.mmio, &machine.n_mmio, phys, bytes, io);
}

void fake_mmio_remove(uint64_t phys)
{
	window_remove(machine.mmio, &machine.n_mmio, phys);
}

void fake_ports_add(uint16_t first, uint16_t n, struct fake_io io)
{
	window_add(machine.port, &machine.n_ports, first, n, io);
}

void fake_ports_remove(uint16_t first)
{
	window_remove(machine.port, &machine.n_ports, first);
}

static struct window *window_at(struct window *table, unsigned n, uint64_t at, unsigned bytes)
{
	for (unsigned i = 0; i < n; i++) {
		struct window *w = &table[i];
		if (at >= w->phys && at - w->phys < w->bytes) {
			if (bytes > w->bytes - (at - w->phys))
				fake_fail("access across the end of a window at 0x%llx",
					(unsigned long long)at);
			return w;
		}
	}
	return NULL;
}

void *machine_map_mmio(uint64_t phys, uint64_t bytes)
{
	if (!fake_mmio_works || bytes == 0 || bytes > 1ull << 32 || phys > UINT64_MAX - bytes)
		return NULL;
	if (machine.n_maps == WINDOWS_MAX)
		fake_fail("too many mappings");
	/* The offset in the page is kept, as a page table keeps it. */
	uint64_t skip = phys % 4096, whole = (skip + bytes + 4095) & ~4095ull;
	void *base =
		mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	machine.map[machine.n_maps++] = (struct mapping){base, phys - skip, whole};
	return (uint8_t *)base + skip;
}

void fake_memory_add(uint64_t phys, void *content, uint64_t bytes)
{
	if (machine.n_tables == TABLES_MAX)
		fake_fail("too many pieces of memory");
	machine.table[machine.n_tables].phys = phys;
	machine.table[machine.n_tables].bytes = bytes;
	machine.table[machine.n_tables++].content = content;
}

void *machine_map_memory(uint64_t phys, uint64_t bytes)
{
	for (unsigned i = 0; i < machine.n_tables; i++) {
		uint64_t start = machine.table[i].phys, size = machine.table[i].bytes;
		if (phys >= start && phys - start <= size && bytes <= size - (phys - start))
			return machine.table[i].content + (phys - start);
	}
	return NULL;
}

static uint64_t phys_of(const volatile void *reg, unsigned bytes)
{
	uintptr_t at = (uintptr_t)reg;
	for (unsigned i = 0; i < machine.n_maps; i++) {
		const struct mapping *m = &machine.map[i];
		uint64_t offset = at - (uintptr_t)m->base;
		if (at >= (uintptr_t)m->base && offset < m->bytes) {
			if (offset % bytes != 0)
				fake_fail("unaligned register access, offset 0x%llx",
					(unsigned long long)offset);
			return m->phys + offset;
		}
	}
	fake_fail("register access at %p, which is not mapped", (void *)at);
}

/* Nobody answers: all ones, as on a PCI bus. */
static uint64_t mmio_read(const volatile void *reg, unsigned bytes)
{
	uint64_t phys = phys_of(reg, bytes);
	struct window *w = window_at(machine.mmio, machine.n_mmio, phys, bytes);
	return w != NULL ? w->io.read(w->io.ctx, phys - w->phys, bytes) : UINT64_MAX;
}

static void mmio_write(volatile void *reg, unsigned bytes, uint64_t value)
{
	uint64_t phys = phys_of(reg, bytes);
	struct window *w = window_at(machine.mmio, machine.n_mmio, phys, bytes);
	if (w != NULL)
		w->io.write(w->io.ctx, phys - w->phys, bytes, value);
}

uint8_t mmio_read8(const volatile void *reg)
{
	return (uint8_t)mmio_read(reg, 1);
}

uint16_t mmio_read16(const volatile void *reg)
{
	return (uint16_t)mmio_read(reg, 2);
}

uint32_t mmio_read32(const volatile void *reg)
{
	return (uint32_t)mmio_read(reg, 4);
}

uint64_t mmio_read64(const volatile void *reg)
{
	return mmio_read(reg, 8);
}

void mmio_write8(volatile void *reg, uint8_t value)
{
	mmio_write(reg, 1, value);
}

void mmio_write16(volatile void *reg, uint16_t value)
{
	mmio_write(reg, 2, value);
}

void mmio_write32(volatile void *reg, uint32_t value)
{
	mmio_write(reg, 4, value);
}

void mmio_write64(volatile void *reg, uint64_t value)
{
	mmio_write(reg, 8, value);
}

static uint64_t port_read(uint16_t port, unsigned bytes)
{
	struct window *w = window_at(machine.port, machine.n_ports, port, bytes);
	return w != NULL ? w->io.read(w->io.ctx, port - w->phys, bytes) : UINT64_MAX;
}

static void port_write(uint16_t port, unsigned bytes, uint64_t value)
{
	struct window *w = window_at(machine.port, machine.n_ports, port, bytes);
	if (w != NULL)
		w->io.write(w->io.ctx, port - w->phys, bytes, value);
}

uint8_t port_in8(uint16_t port)
{
	return (uint8_t)port_read(port, 1);
}

uint16_t port_in16(uint16_t port)
{
	return (uint16_t)port_read(port, 2);
}

uint32_t port_in32(uint16_t port)
{
	return (uint32_t)port_read(port, 4);
}

void port_out8(uint16_t port, uint8_t value)
{
	port_write(port, 1, value);
}

void port_out16(uint16_t port, uint16_t value)
{
	port_write(port, 2, value);
}

void port_out32(uint16_t port, uint32_t value)
{
	port_write(port, 4, value);
}

/* ---- time ---- */

void fake_tick_add(void (*tick)(void *ctx), void *ctx)
{
	if (machine.n_models == MODELS_MAX)
		fake_fail("too many models");
	machine.model[machine.n_models].tick = tick;
	machine.model[machine.n_models++].ctx = ctx;
}

void fake_tick(void)
{
	if (machine.ticking)
		return;
	machine.ticking = true;
	for (unsigned i = 0; i < machine.n_models; i++)
		machine.model[i].tick(machine.model[i].ctx);
	machine.ticking = false;
}

uint64_t clock_us(void)
{
	fake_clock_now_us += fake_clock_step_us;
	fake_tick();
	return fake_clock_now_us;
}

void cpu_pause(void)
{
	fake_tick();
}

void dma_write_barrier(void)
{
}

void dma_read_barrier(void)
{
}

void dma_full_barrier(void)
{
}

/* ---- DMA memory ---- */

uint64_t dma_addr(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

void fake_dma_allow(void *memory, size_t bytes)
{
	if (machine.n_dma == DMA_MAX)
		fake_fail("too many pieces of DMA memory");
	machine.dma[machine.n_dma].addr = dma_addr(memory);
	machine.dma[machine.n_dma++].bytes = bytes;
}

void fake_dma_forget(void)
{
	machine.n_dma = 0;
}

void *fake_dma(uint64_t addr, uint64_t bytes)
{
	for (unsigned i = 0; i < machine.n_dma; i++) {
		uint64_t start = machine.dma[i].addr, size = machine.dma[i].bytes;
		if (addr >= start && addr - start <= size && bytes <= size - (addr - start))
			return (void *)(uintptr_t)addr;
	}
	fake_fail("DMA to 0x%llx, %llu bytes: not DMA memory", (unsigned long long)addr,
		(unsigned long long)bytes);
}

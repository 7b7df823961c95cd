/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apic.c: interrupts to other processors in both modes, in the order that the specification asks
 * for. */
#include "test.h"

#include <string.h>

#include "apic.h"
#include <cpu.h>
#include <machine.h>

#define PHYS       0xfee00000ull
#define BASE       (PHYS | 1u << 8)
#define X2APIC_ICR 0x830u

uint64_t bare_cr3, bare_cr4;

static struct {
	uint64_t base, icr;
	uint32_t regs[0x400 / 4];
	uint64_t us;
	int fenced, n_sent, stuck, locked;
	uint32_t pending; /* looks at the register until the last one is delivered */
} m;

static void setup(void)
{
	memset(&m, 0, sizeof(m));
	m.base = BASE | APIC_BASE_ENABLE;
}

FIXTURE(setup, NULL)

uint64_t clock_us(void)
{
	return m.us++;
}

uint64_t read_msr(uint32_t msr)
{
	if (msr == 0x802)
		return 0x123;
	assert_int_equal(msr, MSR_APIC_BASE);
	return m.base;
}

void fence_before_msr(void)
{
	m.fenced = 1;
}

void write_msr(uint32_t msr, uint64_t value)
{
	if (msr == MSR_APIC_BASE) {
		/* From x2APIC there is only the way through off (SDM 11.12.5). */
		assert_false((m.base & APIC_BASE_X2APIC) && !(value & APIC_BASE_X2APIC) &&
			     (value & APIC_BASE_ENABLE));
		m.base = m.locked ? m.base : value;
		return;
	}
	assert_int_equal(msr, X2APIC_ICR);
	assert_int_not_equal(m.base & APIC_BASE_X2APIC, 0);
	assert_true(m.fenced);
	m.fenced = 0;
	m.icr = value;
	m.n_sent++;
}

void *machine_map_mmio(uint64_t phys, uint64_t bytes)
{
	assert_int_equal(phys, PHYS);
	assert_int_equal(bytes, 4096);
	return m.regs;
}

uint32_t mmio_read32(const volatile void *reg)
{
	uint32_t value = *(const volatile uint32_t *)reg;
	if (reg == &m.regs[0x300 / 4] && !m.stuck && m.pending && --m.pending == 0)
		m.regs[0x300 / 4] &= ~(1u << 12);
	return value;
}

void mmio_write32(volatile void *reg, uint32_t value)
{
	*(volatile uint32_t *)reg = value;
	if (reg != &m.regs[0x300 / 4])
		return;
	m.regs[0x300 / 4] |= 1u << 12;
	m.pending = 3;
	m.n_sent++;
}

uint8_t port_in8(uint16_t port)
{
	(void)port;
	return 0;
}

void port_out8(uint16_t port, uint8_t value)
{
	(void)port;
	(void)value;
}

TEST(xapic)
{
	m.regs[0x20 / 4] = 3u << 24;
	assert_int_equal(apic_id(), 3);
	assert_int_equal(apic_start_up(5, 0x10), 0);
	assert_int_equal(m.regs[0x310 / 4], 5u << 24);
	assert_int_equal(m.regs[0x300 / 4], 0x610);
	assert_int_equal(apic_start_up(0xff, 0x10), ERR_NOT_FOUND); /* would go to all */
	uint64_t before = m.us;
	apic_park_others();
	assert_int_equal(m.regs[0x300 / 4], 0xc4500);
	assert_true(m.us - before > 10000);
	m.stuck = 1;
	assert_int_equal(apic_start_up(5, 0x10), ERR_TIMEOUT);
}

/* The write to the register does not wait for what was stored before: the other processor would
 * begin with old parameters. */
TEST(x2apic_fences)
{
	m.base |= APIC_BASE_X2APIC;
	assert_int_equal(apic_id(), 0x123);
	assert_int_equal(apic_start_up(0x105, 0x9f), 0);
	assert_true(m.icr == ((uint64_t)0x105 << 32 | 0x69f));
	apic_park_others();
	assert_true(m.icr == 0xc4500);
	assert_int_equal(m.n_sent, 2);
}

TEST(off)
{
	m.base = BASE;
	assert_int_equal(apic_id(), 0);
	assert_int_equal(apic_start_up(1, 1), ERR_NOT_FOUND);
	uint64_t before = m.us;
	apic_park_others();
	assert_true(m.us - before < 10);
	assert_int_equal(m.n_sent, 0);
}

TEST(modes)
{
	static const uint64_t mode[] = {0, APIC_BASE_ENABLE, APIC_BASE_ENABLE | APIC_BASE_X2APIC};
	for (uint32_t from = 0; from < 3; from++)
		for (uint32_t to = 0; to < 3; to++) {
			m.base = BASE | mode[from];
			assert_int_equal(apic_match_mode(BASE | mode[to]), 0);
			assert_true(m.base == (BASE | mode[to]));
		}
	m.base = BASE | mode[2];
	m.locked = 1;
	assert_int_equal(apic_match_mode(BASE | mode[1]), ERR_CPU);
}

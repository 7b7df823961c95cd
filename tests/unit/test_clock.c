/* SPDX-License-Identifier: GPL-2.0-or-later */
/* time.c: a machine whose timers lie, stand still, are gated, run at the wrong speed, wrap. */
#include "test.h"

#include <string.h>

#include "clock.h"
#include <cpu.h>
#include <machine.h>

#define TSC_KHZ     3000000ull
#define READ_NS     1000u /* of a port or a register, as on real machines */
#define PM_TIMER    0x608u
#define HPET_PERIOD 69841279u /* fs: 14.3 MHz */
#define LEAF_TIMES  0x40000010u

uint64_t bare_cr3, bare_cr4;

/* speed: in per cent of what it should be; 0: it stands still. */
struct timer {
	uint32_t speed;
	uint32_t offset;
};

static struct {
	uint64_t ns; /* that have passed */
	uint64_t tsc_khz;
	uint64_t reads;
	struct timer pm, hpet, pit, stall;
	uint32_t hpet_config, hpet_period;
	uint64_t hpet_on_ns, hpet_counted_ns;
	uint64_t pit_begin_ns;
	uint32_t pit_count, pit_bytes;
	uint8_t port_61;
	int floating;      /* ports that nobody answers read all ones */
	uint32_t glitches; /* PM timer: every so many reads a value far ahead */
	uint64_t smi_every_ns, smi_ns;
	uint64_t smi_next_ns;
	struct cpuid leaf_0, leaf_1, leaf_15, leaf_16, leaf_hv, leaf_times;
} m;

static uint8_t hpet[1024];

static void pass(uint64_t ns)
{
	m.ns += ns;
	if (m.smi_every_ns && m.ns >= m.smi_next_ns) {
		m.ns += m.smi_ns;
		m.smi_next_ns = m.ns + m.smi_every_ns;
	}
}

static uint64_t counted(const struct timer *t, uint64_t hz, uint64_t ns)
{
	return t->offset + (uint64_t)((__uint128_t)ns * hz * t->speed / 100 / 1000000000);
}

uint64_t read_tsc(void)
{
	pass(10);
	return (uint64_t)((__uint128_t)m.ns * m.tsc_khz / 1000000);
}

struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	switch (leaf) {
	case 0:
		return m.leaf_0;
	case 1:
		return m.leaf_1;
	case 0x15:
		return m.leaf_15;
	case 0x16:
		return m.leaf_16;
	case 0x40000000:
		return m.leaf_hv;
	case LEAF_TIMES:
		return m.leaf_times;
	default:
		return (struct cpuid){0};
	}
}

uint32_t port_in32(uint16_t port)
{
	assert_int_equal(port, PM_TIMER);
	m.reads++;
	pass(READ_NS);
	if (m.floating)
		return UINT32_MAX;
	uint64_t n = counted(&m.pm, 3579545, m.ns);
	if (m.glitches && m.reads % m.glitches == 0)
		n += 0x8000;
	return (uint32_t)n & 0xffffff;
}

/* Ports 0x61, 0x42, 0x43: channel 2 in mode 0. */
uint8_t port_in8(uint16_t port)
{
	assert_int_equal(port, 0x61);
	m.reads++;
	pass(READ_NS);
	if (m.floating)
		return 0xff;
	struct timer from_0 = {.speed = m.pit.speed};
	int over =
		m.pit_bytes == 2 && counted(&from_0, 1193182, m.ns - m.pit_begin_ns) >= m.pit_count;
	return (uint8_t)((m.port_61 & 3) | (over ? 0x20 : 0));
}

void port_out8(uint16_t port, uint8_t value)
{
	pass(READ_NS);
	if (port == 0x61)
		m.port_61 = value;
	if (port == 0x43)
		m.pit_bytes = m.pit_count = 0;
	if (port == 0x42)
		m.pit_count |= (uint32_t)value << 8 * m.pit_bytes++;
	m.pit_begin_ns = m.ns;
}

uint32_t mmio_read32(const volatile void *reg)
{
	m.reads++;
	pass(READ_NS);
	switch ((const volatile uint8_t *)reg - hpet) {
	case 0:
		return 0x8086a201;
	case 4:
		return m.hpet_period;
	case 0x10:
		return m.hpet_config;
	default:
		return (uint32_t)counted(&m.hpet, 14318180,
			m.hpet_counted_ns + (m.hpet_config & 1 ? m.ns - m.hpet_on_ns : 0));
	}
}

void mmio_write32(volatile void *reg, uint32_t value)
{
	assert_ptr_equal(reg, hpet + 0x10);
	if (m.hpet_config & 1)
		m.hpet_counted_ns += m.ns - m.hpet_on_ns;
	m.hpet_on_ns = m.ns;
	m.hpet_config = value;
}

static void stall(uint32_t us)
{
	pass(us * 1000ull * (m.stall.speed ? 100 : 0) / (m.stall.speed ? m.stall.speed : 1));
}

static const struct clock_sources all = {.pm_timer = PM_TIMER, .hpet = hpet, .stall = stall};
static const struct clock_sources none;

static void setup(void)
{
	const struct timer right = {.speed = 100, .offset = 0xfffff0};
	memset(&m, 0, sizeof(m));
	m.ns = 123456789;
	m.tsc_khz = TSC_KHZ;
	m.pm = m.hpet = m.pit = m.stall = right;
	m.hpet_period = HPET_PERIOD;
	m.leaf_0.eax = 0xd;
}

FIXTURE(setup, NULL)

static void assert_right(const struct clock_sources *s)
{
	uint64_t begin = m.ns;
	clock_init(s, 0);
	if (clock_tsc_khz() < m.tsc_khz * 99 / 100 || clock_tsc_khz() > m.tsc_khz * 102 / 100)
		fail_msg("TSC %llu kHz by %s", (unsigned long long)clock_tsc_khz(), clock_basis());
	assert_true(m.ns - begin < 200 * 1000 * 1000);
	assert_true(m.reads < 400000);
}

static void assert_assumed(const struct clock_sources *s)
{
	uint64_t begin = m.ns;
	clock_init(s, 0);
	assert_int_equal(clock_tsc_khz(), CLOCK_KHZ_FASTEST);
	assert_string_equal(clock_basis(), "no source: as if it were the fastest");
	assert_true(m.ns - begin < 200 * 1000 * 1000);
	assert_true(m.reads < 400000);
}

/* A second by this clock is not less than a real one. */
static void assert_never_short(const struct clock_sources *s)
{
	uint64_t begin = m.ns;
	clock_init(s, 0);
	assert_true(m.ns - begin < 200 * 1000 * 1000);
	uint64_t us = clock_us(), from = m.ns;
	m.ns += 1000000000;
	assert_true(clock_us() - us <= (m.ns - from) / 1000 * 101 / 100);
}

TEST(each_alone)
{
	const struct clock_sources pm = {.pm_timer = PM_TIMER}, with_hpet = {.hpet = hpet},
				   with_stall = {.stall = stall};
	m.pit.speed = 0;
	assert_right(&pm);
	assert_string_equal(clock_basis(), "PM timer alone");
	assert_right(&with_hpet);
	assert_string_equal(clock_basis(), "HPET alone");
	assert_right(&with_stall);
	assert_string_equal(clock_basis(), "Stall alone");
	m.pit.speed = 100;
	assert_right(&none);
	assert_string_equal(clock_basis(), "8254 alone");
	assert_int_equal(m.hpet_config, 0);
}

TEST(two_agree)
{
	assert_right(&all);
	assert_string_equal(clock_basis(), "PM timer and HPET");
	assert_int_equal(m.hpet_config, 0);
	m.hpet_config = 3; /* on, legacy routes: stays as it is */
	assert_right(&all);
	assert_int_equal(m.hpet_config, 3);
	const struct clock_sources door = {.stall = stall};
	assert_right(&door);
	assert_string_equal(clock_basis(), "Stall and 8254");
}

TEST(cpuid_saves_the_rest)
{
	m.leaf_0.eax = 0x16;
	m.leaf_15 = (struct cpuid){.eax = 2, .ebx = 250, .ecx = 24000000};
	assert_right(&all);
	assert_string_equal(clock_basis(), "CPUID and PM timer");
	m.pm.speed = m.hpet.speed = m.pit.speed = 0;
	assert_right(&none);
	assert_string_equal(clock_basis(), "CPUID alone");
	m.leaf_15.ecx = 0; /* no crystal: the base frequency counts */
	m.leaf_16.eax = 3000;
	assert_right(&none);
	m.leaf_0.eax = 0x15;
	assert_assumed(&none);
	m.leaf_15 = (struct cpuid){0};
	m.leaf_0.eax = 0x16;
	assert_assumed(&none);
	m.leaf_1.ecx = 1u << 31;
	m.leaf_hv.eax = LEAF_TIMES;
	m.leaf_times.eax = TSC_KHZ;
	assert_right(&none);
	m.leaf_hv.eax = 0x40000001;
	assert_assumed(&none);
}

TEST(all_stand_still)
{
	m.pm.speed = m.hpet.speed = m.pit.speed = 0;
	assert_assumed(&none);
	const struct clock_sources s = {.pm_timer = PM_TIMER, .hpet = hpet};
	assert_assumed(&s);
	m.floating = 1;
	m.hpet_period = UINT32_MAX;
	assert_assumed(&s);
	m.hpet_period = 0;
	assert_assumed(&s);
	m.tsc_khz = 0;
	m.floating = 0;
	uint64_t reads = m.reads;
	clock_init(&s, 1);
	assert_int_equal(clock_tsc_khz(), CLOCK_KHZ_FASTEST);
	assert_true(m.reads - reads < 1000000);
	m.tsc_khz = 600000; /* a slow one: the bound is in ticks, and still soon */
	m.reads = 0;
	assert_assumed(&s);
}

/* Any one of the sources, wrong by any factor, or dead: the others know. */
TEST(one_lies)
{
	static const uint32_t speeds[] = {0, 1, 5, 10, 30, 90, 110, 200, 1000, 10000};
	struct timer *timers[] = {&m.pm, &m.hpet, &m.pit, &m.stall};
	for (uint32_t i = 0; i < 4; i++)
		for (uint32_t k = 0; k < sizeof(speeds) / sizeof(speeds[0]); k++) {
			setup();
			timers[i]->speed = speeds[k];
			assert_right(&all);
		}
}

TEST(cpuid_lies)
{
	static const uint32_t crystals[] = {1, 2400000, 12000000, 38400000, 240000000, UINT32_MAX};
	for (uint32_t i = 0; i < sizeof(crystals) / sizeof(crystals[0]); i++) {
		setup();
		m.leaf_0.eax = 0x15;
		m.leaf_15 = (struct cpuid){.eax = 2, .ebx = 250, .ecx = crystals[i]};
		assert_right(&all);
		m.pm.speed = m.hpet.speed = 0;
		assert_never_short(&(struct clock_sources){0});
	}
}

/* Two sources, of which one is wrong: nobody can tell which; the one that makes deadlines long
 * counts. */
TEST(two_disagree)
{
	const struct clock_sources two = {.pm_timer = PM_TIMER};
	static const uint32_t speeds[] = {10, 30, 50, 200, 300, 1000, 10000};
	for (uint32_t k = 0; k < sizeof(speeds) / sizeof(speeds[0]); k++) {
		setup();
		m.pm.speed = speeds[k];
		assert_never_short(&two);
		setup();
		m.pit.speed = speeds[k];
		assert_never_short(&two);
	}
	setup();
	m.pm.speed = 1000;
	clock_init(&two, 0);
	assert_string_equal(clock_basis(), "8254 and PM timer, which disagree");
}

TEST(alone_and_ten_times_too_fast)
{
	const struct clock_sources pm = {.pm_timer = PM_TIMER};
	m.pit.speed = 0;
	m.pm.speed = 1000;
	assert_assumed(&pm);
	assert_never_short(&pm);
}

TEST(glitches_and_smis)
{
	const struct clock_sources pm = {.pm_timer = PM_TIMER};
	m.pit.speed = 0;
	m.glitches = 1700; /* every second or third run ends early */
	assert_right(&pm);
	setup();
	m.smi_every_ns = 2500 * 1000;
	m.smi_ns = 30 * 1000 * 1000; /* the processor is away for longer than a source may take */
	assert_right(&all);
}

TEST(all_speeds)
{
	static const uint64_t speeds[] = {800000, 1000000, 2100000, 4700000, 6200000};
	for (uint32_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		setup();
		m.tsc_khz = speeds[i];
		assert_right(&all);
		assert_right(&none);
	}
	m.tsc_khz = 100000; /* an emulator: two that agree are believed */
	assert_right(&all);
	assert_assumed(&none);
}

/* Before anything was measured, and counting from the front door's first instruction. */
TEST(counts_from_the_start)
{
	uint64_t start = read_tsc();
	clock_init(&all, start);
	uint64_t expected = (read_tsc() - start) * 1000 / TSC_KHZ;
	uint64_t us = clock_us();
	assert_true(us + us / 50 >= expected && us <= expected + expected / 50 + 2);
}

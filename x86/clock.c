/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast is the TSC? No single answer can be relied on: CPUID is silent on older processors and
 * may lie under hypervisors, the 8254 is gated on many notebooks, PM timers are missing on
 * hardware-reduced machines, and any of them may stand still or be emulated at the wrong speed. So
 * all are asked, the cheap and harmless first, until two agree.
 */
#include "clock.h"

#include <stddef.h>

#include <cpu.h> /* from the include path: here or tests/fake/bare */
#include <machine.h>

#define PM_TIMER_HZ  3579545u /* ACPI 6.4, 4.8.3.3; 24 bits are always there */
#define PIT_HZ       1193182u
#define CALIBRATE_US 1000u
#define RUNS         5u /* of a measurement; the median counts */

/* Of one run. A source that needs more ticks than the fastest TSC counts does not run, or not at
 * its speed. The reads are for a TSC that stands still: a port read takes about 1 us on real
 * machines. */
#define TICKS_MAX (CLOCK_KHZ_FASTEST / 1000ull * CALIBRATE_US * 5 / 4)
#define READS_MAX 200000u

#define KHZ_SLOWEST       50000u
#define KHZ_SLOWEST_ALONE 500000u /* slower ones are known from emulators only */
#define AGREE_PERCENT     5u

#define CPUID_HYPERVISOR       (1u << 31) /* leaf 1, ECX */
#define CPUID_HYPERVISOR_LEAF  0x40000000u
#define CPUID_HYPERVISOR_TIMES 0x40000010u /* EAX: TSC in kHz (VMware's, KVM's) */

/* IA-PC HPET specification 1.0a, 2.3. */
enum { HPET_CAPABILITIES = 0, HPET_PERIOD = 4, HPET_CONFIG = 0x10, HPET_COUNTER = 0xf0 };
#define HPET_REVISION      0xffu
#define HPET_ENABLE        1u
#define HPET_PERIOD_FS_MAX 100000000u
#define FS_PER_US          1000000000ull

enum source { FROM_CPUID, FROM_PM_TIMER, FROM_HPET, FROM_STALL, FROM_PIT, N_SOURCES };
static const char *const names[N_SOURCES] = {"CPUID", "PM timer", "HPET", "Stall", "8254"};

static uint64_t khz = CLOCK_KHZ_FASTEST;
static uint64_t base_tsc;
static char basis[64] = "no source: as if it were the fastest";

/* ---- What CPUID says ---- */

static uint64_t khz_of_hypervisor(void)
{
	if (!(cpuid(1, 0).ecx & CPUID_HYPERVISOR))
		return 0;
	if (cpuid(CPUID_HYPERVISOR_LEAF, 0).eax < CPUID_HYPERVISOR_TIMES)
		return 0;
	return cpuid(CPUID_HYPERVISOR_TIMES, 0).eax;
}

/* SDM volume 2, CPUID, leaves 15h and 16h. Where the crystal is not named, the TSC runs at the base
 * frequency that 16h has in MHz. */
static uint64_t khz_of_cpuid(void)
{
	uint64_t told = khz_of_hypervisor();
	uint32_t leaves = cpuid(0, 0).eax;
	if (told || leaves < 0x15)
		return told;
	struct cpuid ratio = cpuid(0x15, 0);
	if (ratio.eax == 0 || ratio.ebx == 0)
		return 0;
	if (ratio.ecx)
		return (uint64_t)ratio.ecx * ratio.ebx / ratio.eax / 1000;
	return leaves >= 0x16 ? (cpuid(0x16, 0).eax & 0xffff) * 1000ull : 0;
}

/* ---- What can be measured: TSC ticks in CALIBRATE_US, 0 when the source does not run ---- */

struct counter { /* counts up and wraps */
	uint32_t (*read)(const struct clock_sources *s);
	uint32_t mask;
	uint32_t wanted; /* counts in CALIBRATE_US */
};

/* The last look comes after the limit: whoever took the processor away has not stopped the
 * counter. */
static uint64_t ticks_of(const struct clock_sources *s, const struct counter *c, uint32_t first)
{
	uint64_t start = read_tsc(), ticks = 0;
	for (uint32_t n = 0; n < READS_MAX; n++) {
		bool over = ticks > TICKS_MAX;
		if (((c->read(s) - first) & c->mask) >= c->wanted)
			return read_tsc() - start;
		if (over)
			return 0;
		ticks = read_tsc() - start;
	}
	return 0;
}

static uint32_t read_pm_timer(const struct clock_sources *s)
{
	return port_in32(s->pm_timer);
}

static uint64_t run_pm_timer(const struct clock_sources *s)
{
	const struct counter c = {.read = read_pm_timer,
		.mask = 0xffffff,
		.wanted = (uint32_t)((uint64_t)PM_TIMER_HZ * CALIBRATE_US / 1000000)};
	return s->pm_timer ? ticks_of(s, &c, read_pm_timer(s)) : 0;
}

static volatile uint8_t *hpet_register(const struct clock_sources *s, uint32_t offset)
{
	return (volatile uint8_t *)s->hpet + offset;
}

static uint32_t read_hpet(const struct clock_sources *s)
{
	return mmio_read32(hpet_register(s, HPET_COUNTER));
}

/* Firmware often leaves it off: it is on for the measurement only. */
static uint64_t run_hpet(const struct clock_sources *s)
{
	if (!s->hpet || !(mmio_read32(hpet_register(s, HPET_CAPABILITIES)) & HPET_REVISION))
		return 0;
	uint32_t period_fs = mmio_read32(hpet_register(s, HPET_PERIOD));
	if (period_fs == 0 || period_fs > HPET_PERIOD_FS_MAX)
		return 0;
	const struct counter c = {.read = read_hpet,
		.mask = UINT32_MAX,
		.wanted = (uint32_t)(CALIBRATE_US * FS_PER_US / period_fs)};
	uint32_t config = mmio_read32(hpet_register(s, HPET_CONFIG));
	if (!(config & HPET_ENABLE))
		mmio_write32(hpet_register(s, HPET_CONFIG), config | HPET_ENABLE);
	uint64_t ticks = ticks_of(s, &c, read_hpet(s));
	if (!(config & HPET_ENABLE))
		mmio_write32(hpet_register(s, HPET_CONFIG), config);
	return ticks;
}

static uint64_t run_stall(const struct clock_sources *s)
{
	if (!s->stall)
		return 0;
	uint64_t start = read_tsc();
	s->stall(CALIBRATE_US);
	return read_tsc() - start;
}

static uint32_t read_pit_output(const struct clock_sources *s)
{
	(void)s;
	return port_in8(0x61) >> 5;
}

/* Channel 2 (mode 0, gate on, speaker off): its output goes high when the count ends. */
static uint64_t run_pit(const struct clock_sources *s)
{
	const struct counter c = {.read = read_pit_output, .mask = 1, .wanted = 1};
	uint32_t count = (uint32_t)((uint64_t)PIT_HZ * CALIBRATE_US / 1000000);
	uint8_t gate = port_in8(0x61);
	port_out8(0x61, (gate & ~2u) | 1u);
	port_out8(0x43, 0xb0);
	port_out8(0x42, (uint8_t)count);
	port_out8(0x42, (uint8_t)(count >> 8));
	uint64_t ticks = ticks_of(s, &c, 0);
	port_out8(0x61, gate);
	return ticks;
}

static uint64_t (*const runs[N_SOURCES])(const struct clock_sources *s) = {
	[FROM_PM_TIMER] = run_pm_timer,
	[FROM_HPET] = run_hpet,
	[FROM_STALL] = run_stall,
	[FROM_PIT] = run_pit,
};

/* The median: an SMI or a hypervisor that takes the processor away adds ticks, a counter that
 * was read while it carried takes some off. One run that fails is enough to give a source up. */
static uint64_t measure(enum source which, const struct clock_sources *s)
{
	uint64_t v[RUNS];
	for (uint32_t i = 0; i < RUNS; i++) {
		uint64_t ticks = runs[which](s);
		if (ticks == 0)
			return 0;
		uint32_t at = i;
		for (; at > 0 && v[at - 1] > ticks; at--)
			v[at] = v[at - 1];
		v[at] = ticks;
	}
	return v[RUNS / 2] * 1000 / CALIBRATE_US;
}

/* ---- Whom to believe ---- */

static void append(const char *text)
{
	size_t at = 0;
	while (basis[at])
		at++;
	for (; *text && at + 1 < sizeof(basis); text++)
		basis[at++] = *text;
	basis[at] = 0;
}

static void say(const char *first, const char *second, const char *end)
{
	basis[0] = 0;
	append(first);
	if (second) {
		append(" and ");
		append(second);
	}
	append(end);
}

static bool agree(uint64_t a, uint64_t b)
{
	uint64_t more = a > b ? a : b, less = a > b ? b : a;
	return less != 0 && (more - less) * 100 <= more * AGREE_PERCENT;
}

/* Does the newest answer agree with one before it? Then the greater of the two is taken. */
static bool settle(const uint64_t *told, enum source newest)
{
	for (uint32_t i = 0; i < newest; i++)
		if (agree(told[i], told[newest])) {
			khz = told[i] > told[newest] ? told[i] : told[newest];
			say(names[i], names[newest], "");
			return true;
		}
	return false;
}

static void take_fastest(const uint64_t *told)
{
	uint32_t best = N_SOURCES, n = 0, other = 0;
	for (uint32_t i = 0; i < N_SOURCES; i++) {
		if (told[i] == 0)
			continue;
		if (n++ == 0 || told[i] > told[best]) {
			other = best;
			best = i;
		} else {
			other = i;
		}
	}
	if (n == 0 || (n == 1 && told[best] < KHZ_SLOWEST_ALONE)) {
		khz = CLOCK_KHZ_FASTEST;
		say("no source: as if it were the fastest", NULL, "");
		return;
	}
	khz = told[best];
	say(names[best], n > 1 ? names[other] : NULL, n > 1 ? ", which disagree" : " alone");
}

static void calibrate(const struct clock_sources *s)
{
	uint64_t told[N_SOURCES] = {0};
	for (uint32_t i = 0; i < N_SOURCES; i++) {
		uint64_t answer = i == FROM_CPUID ? khz_of_cpuid() : measure(i, s);
		if (answer >= KHZ_SLOWEST && answer <= CLOCK_KHZ_FASTEST)
			told[i] = answer;
		if (settle(told, i))
			return;
	}
	take_fastest(told);
}

void clock_init(const struct clock_sources *s, uint64_t start_tsc)
{
	calibrate(s);
	base_tsc = start_tsc ? start_tsc : read_tsc();
}

uint64_t clock_tsc_khz(void)
{
	return khz;
}

const char *clock_basis(void)
{
	return basis;
}

uint64_t clock_us(void)
{
	uint64_t ticks = read_tsc() - base_tsc;
	/* Split so that the product cannot overflow: ticks * 1000 would, after weeks. */
	return ticks / khz * 1000 + ticks % khz * 1000 / khz;
}

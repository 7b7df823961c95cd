#include "time.h"

#include "cpu.h"
#include "machine.h"

#define PM_TIMER_HZ       3579545u /* ACPI 6.4, 4.8.3.3; 24 bits are always there */
#define PIT_HZ            1193182u
#define CALIBRATE_US      1000u
#define CALIBRATE_RUNS    4u
#define SPIN_LIMIT        50000000u /* port reads: a timer that stands still must not hang us */
#define KHZ_PLAUSIBLE_MIN 50000u
#define KHZ_PLAUSIBLE_MAX 20000000u

static uint64_t khz = 1000000;
static uint64_t base_tsc;

/* TSC ticks in CALIBRATE_US by the PM timer, 0 when it does not run. */
static uint64_t measure_pm_timer(uint16_t port)
{
	uint32_t wanted = (uint64_t)PM_TIMER_HZ * CALIBRATE_US / 1000000;
	uint32_t first = port_in32(port) & 0xffffff;
	uint64_t tsc = read_tsc();
	for (uint32_t i = 0; i < SPIN_LIMIT; i++)
		if (((port_in32(port) - first) & 0xffffff) >= wanted)
			return read_tsc() - tsc;
	return 0;
}

/* The same by PIT channel 2 (mode 0, gate on, speaker off): output goes high when the count ends. */
static uint64_t measure_pit(void)
{
	uint32_t count = (uint64_t)PIT_HZ * CALIBRATE_US / 1000000;
	uint8_t gate = port_in8(0x61);
	port_out8(0x61, (gate & ~2u) | 1u);
	port_out8(0x43, 0xb0);
	port_out8(0x42, (uint8_t)count);
	port_out8(0x42, (uint8_t)(count >> 8));
	uint64_t tsc = read_tsc();
	uint64_t ticks = 0;
	for (uint32_t i = 0; i < SPIN_LIMIT; i++)
		if (port_in8(0x61) & 0x20) {
			ticks = read_tsc() - tsc;
			break;
		}
	port_out8(0x61, gate);
	return ticks;
}

/* The smallest of a few: an SMI or a hypervisor that takes the processor away only ever adds ticks. */
static uint64_t measure(uint16_t pm_timer_port)
{
	uint64_t least = 0;
	for (uint32_t i = 0; i < CALIBRATE_RUNS; i++) {
		uint64_t ticks = pm_timer_port ? measure_pm_timer(pm_timer_port) : 0;
		if (ticks == 0)
			ticks = measure_pit();
		if (ticks != 0 && (least == 0 || ticks < least))
			least = ticks;
	}
	return least;
}

void clock_init(uint16_t pm_timer_port, uint64_t start_tsc)
{
	uint64_t measured = measure(pm_timer_port) * 1000 / CALIBRATE_US;
	if (measured >= KHZ_PLAUSIBLE_MIN && measured <= KHZ_PLAUSIBLE_MAX)
		khz = measured;
	base_tsc = start_tsc ? start_tsc : read_tsc();
}

uint64_t clock_tsc_khz(void)
{
	return khz;
}

uint64_t clock_us(void)
{
	uint64_t ticks = read_tsc() - base_tsc;
	/* Split so that the product cannot overflow: ticks * 1000 would, after weeks. */
	return ticks / khz * 1000 + ticks % khz * 1000 / khz;
}

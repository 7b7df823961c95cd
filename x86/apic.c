/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processors that firmware left running, and interrupts that it left on, would go on in memory
 * that is overwritten: what parks and masks them, and gives the old kernel its mode back, is
 * here.
 */
#include "apic.h"

#include "deadline.h"
#include "log.h"
#include <cpu.h> /* from the include path: here or tests/fake/bare */
#include <machine.h>

#define APIC_REG_ID      0x20
#define APIC_REG_ICR_LOW 0x300
#define APIC_REG_ICR_TOP 0x310
#define XAPIC_ID_MAX     0xfeu
#define MSR_X2APIC_ID    0x802
#define MSR_X2APIC_ICR   0x830
/* INIT, level assert, all excluding self (SDM 11.6.1). */
#define ICR_INIT_OTHERS 0x000c4500u
#define ICR_START_UP    0x00000600u
#define ICR_PENDING     (1u << 12)
#define ICR_SENT_MS     100

static uint8_t *apic_regs(void)
{
	uint64_t base = read_msr(MSR_APIC_BASE);
	if (!(base & APIC_BASE_ENABLE) || (base & APIC_BASE_X2APIC))
		return NULL;
	return machine_map_mmio(base & 0x000ffffffffff000ull, 4096);
}

uint32_t apic_id(void)
{
	uint64_t base = read_msr(MSR_APIC_BASE);
	if ((base & APIC_BASE_ENABLE) && (base & APIC_BASE_X2APIC))
		return (uint32_t)read_msr(MSR_X2APIC_ID);
	uint8_t *regs = apic_regs();
	return regs ? mmio_read32(regs + APIC_REG_ID) >> 24 : 0;
}

/* An inter-processor interrupt; `to` is ignored by commands that name no destination. */
static int send(uint32_t to, uint32_t command)
{
	uint64_t base = read_msr(MSR_APIC_BASE);
	if ((base & APIC_BASE_ENABLE) && (base & APIC_BASE_X2APIC)) {
		/* Not serialising (SDM 11.12.3): what was written for the other one to read
		 * comes first. */
		fence_before_msr();
		write_msr(MSR_X2APIC_ICR, (uint64_t)to << 32 | command);
		return 0;
	}
	uint8_t *regs = apic_regs();
	if (!regs || to > XAPIC_ID_MAX)
		return ERR_NOT_FOUND;
	mmio_write32(regs + APIC_REG_ICR_TOP, to << 24);
	mmio_write32(regs + APIC_REG_ICR_LOW, command);
	return WAIT_FOR(!(mmio_read32(regs + APIC_REG_ICR_LOW) & ICR_PENDING), ICR_SENT_MS);
}

void apic_park_others(void)
{
	int err = send(0, ICR_INIT_OTHERS);
	if (err == ERR_TIMEOUT)
		log_line("apic: INIT to the other processors stays pending");
	if (err != ERR_NOT_FOUND)
		delay_us(10000);
}

int apic_start_up(uint32_t id, uint8_t page)
{
	return send(id, ICR_START_UP | page);
}

int apic_match_mode(uint64_t saved_apic_base)
{
	const uint64_t mode = APIC_BASE_ENABLE | APIC_BASE_X2APIC;
	uint64_t now = read_msr(MSR_APIC_BASE);
	uint64_t want = saved_apic_base & mode;
	if ((now & mode) == want)
		return 0;
	/* The kernel switches from xAPIC to x2APIC by itself; the way back is only through off. */
	if (now & APIC_BASE_X2APIC) {
		write_msr(MSR_APIC_BASE, now & ~mode);
		if (read_msr(MSR_APIC_BASE) & APIC_BASE_X2APIC)
			return ERR_CPU;
	}
	if (want == 0) {
		write_msr(MSR_APIC_BASE, now & ~mode);
	} else {
		write_msr(MSR_APIC_BASE, (now & ~mode) | APIC_BASE_ENABLE);
		if (want & APIC_BASE_X2APIC)
			write_msr(MSR_APIC_BASE, (now & ~mode) | mode);
	}
	return 0;
}

void pic_mask_all(void)
{
	port_out8(0x21, 0xff);
	port_out8(0xa1, 0xff);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fixed hardware that ACPI tables name: event enables, soft off, reset. ACPI 6.4: 4.8.3, 16.1,
 * 4.8.3.6.
 */
#include <string.h>

#include "acpi.h"
#include "deadline.h"
#include <machine.h> /* from the include path: here or tests/fake */

#define PM1_SCI_EN       0x0001u
#define PM1_SLP_TYP_MASK 0x1c00u
#define PM1_SLP_EN       0x2000u

/* ---- Fixed hardware ---- */

static uint32_t half(const struct acpi_block *b)
{
	uint32_t bytes = b->bytes / 2;
	return bytes < ACPI_GPE_BYTES_MAX ? bytes : ACPI_GPE_BYTES_MAX;
}

static uint32_t read_enable(const struct acpi_block *event)
{
	return event->port ? port_in16((uint16_t)(event->port + event->bytes / 2)) : 0;
}

static uint32_t read_gpe(const struct acpi_block *b, uint8_t *ret)
{
	uint32_t n = half(b);
	for (uint32_t i = 0; i < n; i++)
		ret[i] = port_in8((uint16_t)(b->port + b->bytes / 2 + i));
	return n;
}

void acpi_read_fixed(const struct acpi *a, struct acpi_fixed *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->pm1a_enable = read_enable(&a->pm1a_event);
	ret->pm1b_enable = read_enable(&a->pm1b_event);
	ret->pm1a_control = a->pm1a_control.port ? port_in16(a->pm1a_control.port) : 0;
	ret->pm1b_control = a->pm1b_control.port ? port_in16(a->pm1b_control.port) : 0;
	ret->gpe0_bytes = read_gpe(&a->gpe0, ret->gpe0_enable);
	ret->gpe1_bytes = read_gpe(&a->gpe1, ret->gpe1_enable);
}

/* Status bits are cleared by writing ones. */
static void write_event(const struct acpi_block *event, uint32_t enable)
{
	if (!event->port)
		return;
	port_out16(event->port, 0xffff);
	port_out16((uint16_t)(event->port + event->bytes / 2), (uint16_t)enable);
}

static void write_gpe(const struct acpi_block *b, const uint8_t *enable, uint32_t n_enable)
{
	for (uint32_t i = 0; i < half(b); i++) {
		port_out8((uint16_t)(b->port + i), 0xff);
		port_out8((uint16_t)(b->port + b->bytes / 2 + i), i < n_enable ? enable[i] : 0);
	}
}

static int enter_acpi_mode(const struct acpi *a)
{
	uint16_t port = a->pm1a_control.port;
	if (port_in16(port) & PM1_SCI_EN)
		return 0;
	if (a->smi_command && a->enable_value) {
		port_out8(a->smi_command, a->enable_value);
		return WAIT_FOR(port_in16(port) & PM1_SCI_EN, 3000);
	}
	port_out16(port, port_in16(port) | PM1_SCI_EN);
	return port_in16(port) & PM1_SCI_EN ? 0 : ERR_FIRMWARE;
}

int acpi_restore_fixed(const struct acpi *a, const struct acpi_fixed *f)
{
	if (a->hardware_reduced || !a->pm1a_control.port)
		return 0;
	if (f->pm1a_control & PM1_SCI_EN) {
		int err = enter_acpi_mode(a);
		if (err)
			return err;
	}
	write_event(&a->pm1a_event, f->pm1a_enable);
	write_event(&a->pm1b_event, f->pm1b_enable);
	write_gpe(&a->gpe0, f->gpe0_enable, f->gpe0_bytes);
	write_gpe(&a->gpe1, f->gpe1_enable, f->gpe1_bytes);
	return 0;
}

/* ---- Off and reset ---- */

static void write_sleep(const struct acpi_block *control, uint8_t type, uint16_t enable)
{
	if (!control->port)
		return;
	uint32_t value = port_in16(control->port) & ~(PM1_SLP_TYP_MASK | PM1_SLP_EN);
	port_out16(control->port, (uint16_t)(value | (uint32_t)type << 10 | enable));
}

int acpi_power_off_check(const struct acpi *a)
{
	bool known = a->pm1a_control.port;
	if (a->hardware_reduced && a->sleep_space == ACPI_SPACE_IO)
		known = a->sleep_control != 0 && a->sleep_control <= 0xffff;
	else if (a->hardware_reduced)
		known = a->sleep_space == ACPI_SPACE_MEMORY &&
			machine_map_mmio(a->sleep_control, 1);
	return a->s5_known && known ? 0 : ERR_FIRMWARE;
}

/* ACPI 4.8.3.7: SLP_TYP and SLP_EN. */
static int write_sleep_control(const struct acpi *a)
{
	uint8_t value = (uint8_t)(a->s5_type_a << 2 | 0x20);
	if (a->sleep_space == ACPI_SPACE_IO) {
		port_out8((uint16_t)a->sleep_control, value);
		return 0;
	}
	void *reg = machine_map_mmio(a->sleep_control, 1);
	if (!reg)
		return ERR_NO_MEMORY;
	mmio_write8(reg, value);
	return 0;
}

int acpi_power_off(const struct acpi *a)
{
	int err = acpi_power_off_check(a);
	if (err)
		return err;
	if (a->hardware_reduced) {
		err = write_sleep_control(a);
		if (err)
			return err;
	} else {
		/* No GPE may wake the machine again: disable all, clear all (ACPI 16.1.1). */
		write_gpe(&a->gpe0, NULL, 0);
		write_gpe(&a->gpe1, NULL, 0);
		if (a->pm1a_event.port)
			port_out16(a->pm1a_event.port, 0xffff);
		if (a->pm1b_event.port)
			port_out16(a->pm1b_event.port, 0xffff);
		write_sleep(&a->pm1a_control, a->s5_type_a, 0);
		write_sleep(&a->pm1b_control, a->s5_type_b, 0);
		write_sleep(&a->pm1a_control, a->s5_type_a, PM1_SLP_EN);
		write_sleep(&a->pm1b_control, a->s5_type_b, PM1_SLP_EN);
	}
	delay_us(10 * 1000 * 1000);
	return ERR_TIMEOUT;
}

static void reset_by_fadt(const struct acpi *a)
{
	if (!a->reset_supported || a->reset_address == 0)
		return;
	if (a->reset_space == ACPI_SPACE_IO && a->reset_address <= 0xffff) {
		port_out8((uint16_t)a->reset_address, a->reset_value);
	} else if (a->reset_space == ACPI_SPACE_MEMORY) {
		void *reg = machine_map_mmio(a->reset_address, 1);
		if (reg)
			mmio_write8(reg, a->reset_value);
	}
	delay_us(100 * 1000);
}

_Noreturn void machine_reset(const struct acpi *a)
{
	if (a)
		reset_by_fadt(a);
	port_out8(0xcf9, 0x02);
	delay_us(1000);
	port_out8(0xcf9, 0x06);
	delay_us(100 * 1000);
	port_out8(0x64, 0xfe);
	delay_us(100 * 1000);
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = {0, 0};
	for (;;)
		__asm__ volatile("lidt %0; int3" ::"m"(none));
}

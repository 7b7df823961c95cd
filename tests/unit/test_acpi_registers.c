/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acpi.c: the fixed registers over a model of them: saved, restored, switched off. */
#include "test.h"

#include <string.h>

#include "acpi.h"
#include "machine.h"

/* As q35 has them. */
static const struct acpi q35 = {.smi_command = 0xb2,
	.enable_value = 2,
	.pm1a_event = {0x600, 4},
	.pm1a_control = {0x604, 2},
	.gpe0 = {0x620, 16},
	.s5_known = true,
	.s5_type_a = 5};
static struct acpi acpi;

static void put(uint8_t *at, uint64_t value, uint32_t bytes)
{
	memcpy(at, &value, bytes);
}

static struct {
	uint8_t reg[0x40]; /* ports 0x600.. */
	uint32_t n_smi, n_sleep_writes;
	uint16_t sleep_write[8];
	bool smi_works;
} ports;

static uint64_t pm_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	uint64_t v = 0;
	memcpy(&v, ports.reg + offset, bytes);
	return v;
}

static void pm_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	bool is_status = offset < 2 || (offset >= 0x20 && offset < 0x28);
	for (unsigned i = 0; is_status && i < bytes; i++)
		ports.reg[offset + i] &= (uint8_t) ~(value >> 8 * i);
	if (!is_status)
		memcpy(ports.reg + offset, &value, bytes);
	if (offset == 4 && ports.n_sleep_writes < 8)
		ports.sleep_write[ports.n_sleep_writes++] = (uint16_t)value;
}

static uint64_t smi_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	(void)offset;
	(void)bytes;
	return 0;
}

static void smi_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	(void)offset;
	(void)bytes;
	ports.n_smi++;
	if (value == 2 && ports.smi_works)
		ports.reg[4] |= 1;
}

static void start_ports(void)
{
	fake_machine_reset();
	acpi = q35;
	memset(&ports, 0, sizeof(ports));
	ports.smi_works = true;
	fake_ports_add(0x600, 0x40, (struct fake_io){pm_read, pm_write, NULL});
	fake_ports_add(0xb2, 1, (struct fake_io){smi_read, smi_write, NULL});
}

TEST(fixed_registers)
{
	start_ports();
	put(ports.reg + 2, 0x120, 2);
	put(ports.reg + 4, 1, 2);
	memcpy(ports.reg + 0x28, "\x06\0\0\0\0\0\0\x80", 8);
	struct acpi_fixed f;
	memset(&f, 0xee, sizeof(f));
	acpi_read_fixed(&acpi, &f);
	assert_int_equal(f.pm1a_enable, 0x120);
	assert_int_equal(f.pm1a_control, 1);
	assert_int_equal(f.pm1b_enable, 0);
	assert_int_equal(f.gpe0_bytes, 8);
	assert_int_equal(f.gpe0_enable[0], 6);
	assert_int_equal(f.gpe0_enable[7], 0x80);
	assert_int_equal(f.gpe1_bytes, 0);

	/* After a cold boot: ACPI off, all enables off, status bits set. */
	memset(ports.reg, 0, sizeof(ports.reg));
	memset(ports.reg, 0xff, 2);
	memset(ports.reg + 0x20, 0xff, 8);
	assert_int_equal(acpi_restore_fixed(&acpi, &f), 0);
	assert_int_equal(ports.n_smi, 1);
	assert_int_equal(ports.reg[4] & 1, 1);
	assert_int_equal(ports.reg[2] | ports.reg[3] << 8, 0x120);
	assert_int_equal(ports.reg[0] | ports.reg[1], 0);
	assert_memory_equal(ports.reg + 0x20, "\0\0\0\0\0\0\0\0\x06\0\0\0\0\0\0\x80", 16);
	/* It is on already: no SMI. */
	assert_int_equal(acpi_restore_fixed(&acpi, &f), 0);
	assert_int_equal(ports.n_smi, 1);
}

TEST(acpi_mode_does_not_come)
{
	start_ports();
	fake_clock_step_us = 1000;
	ports.smi_works = false;
	struct acpi_fixed f = {.pm1a_control = 1};
	assert_int_equal(acpi_restore_fixed(&acpi, &f), ERR_TIMEOUT);
	f.pm1a_control = 0; /* the kernel ran without ACPI */
	assert_int_equal(acpi_restore_fixed(&acpi, &f), 0);
}

TEST(power_off)
{
	start_ports();
	fake_clock_step_us = 1000;
	put(ports.reg + 4, 0x1c01, 2);
	memset(ports.reg + 0x20, 0xff, 16);
	assert_int_equal(acpi_power_off(&acpi), ERR_TIMEOUT); /* this machine stays on */
	assert_int_equal(ports.n_sleep_writes, 2);
	assert_int_equal(ports.sleep_write[0], 0x1401);
	assert_int_equal(ports.sleep_write[1], 0x3401);
	for (unsigned i = 0x20; i < 0x30; i++)
		assert_int_equal(ports.reg[i], 0);
}

TEST(power_off_reduced)
{
	start_ports();
	acpi.hardware_reduced = true;
	acpi.sleep_space = 1;
	acpi.sleep_control = 0x604;
	fake_clock_step_us = 1000;
	assert_int_equal(acpi_power_off(&acpi), ERR_TIMEOUT);
	assert_int_equal(ports.sleep_write[0], 5 << 2 | 0x20);
	acpi.sleep_control = 0x10604;
	assert_int_equal(acpi_power_off(&acpi), ERR_FIRMWARE);
	assert_int_equal(acpi_power_off_check(&acpi), ERR_FIRMWARE);
	acpi.sleep_control = 0;
	assert_int_equal(acpi_power_off_check(&acpi), ERR_FIRMWARE);
}

TEST(nothing_there)
{
	struct acpi none = {0};
	struct acpi_fixed f;
	acpi_read_fixed(&none, &f);
	assert_int_equal(f.gpe0_bytes + f.pm1a_enable + f.pm1a_control, 0);
	f.pm1a_control = 1;
	assert_int_equal(acpi_restore_fixed(&none, &f), 0);
	assert_int_equal(acpi_power_off(&none), ERR_FIRMWARE);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watchdog.c: each kind running, stopped, locked; WDAT tables that make no sense. */
#include "test.h"

#include <string.h>

#include "fake_pci.h"
#include "log_text.h"
#include "pci.h"
#include "watchdog.h"

#define TABLE    0x7fe3000ull
#define PM_BASE  0x1800u
#define TCO      0x1860u
#define NEW_TCO  0x400u
#define FCH_PM   0xfed80300ull
#define FCH_WDT  0xfeb00000ull
#define WDT_REGS 0xfe800000ull

static struct acpi acpi;

/* A register that may refuse to change. */
static struct reg {
	uint32_t value, keeps; /* bits that no write changes */
	uint32_t n_written;
} tco, pm, wdt, run_reg;

static uint64_t reg_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)offset;
	(void)bytes;
	return ((struct reg *)ctx)->value;
}

static void reg_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	struct reg *r = ctx;
	(void)offset;
	(void)bytes;
	r->value = ((uint32_t)value & ~r->keeps) | (r->value & r->keeps);
	r->n_written++;
}

static struct fake_io io_of(struct reg *r)
{
	return (struct fake_io){reg_read, reg_write, r};
}

static void setup(void)
{
	fake_machine_reset();
	fake_pci_reset();
	acpi = (struct acpi){.pm1a_event = {PM_BASE, 4}};
	tco = pm = wdt = run_reg = (struct reg){0, 0, 0};
	log_text_start();
}

FIXTURE(setup, NULL)

TEST(nothing_there)
{
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_false(log_text_has("watchdog"));
}

/* ---- Intel ---- */

static struct fake_pci_dev *lpc(void)
{
	struct fake_pci_dev *d = fake_pci_add(0x1f << 3, 0x8086, 0x2918, 0x060100);
	d->config[0x0e] = 0x80;
	fake_ports_add(TCO + 8, 2, io_of(&tco));
	return d;
}

TEST(tco_by_lpc)
{
	struct fake_pci_dev *d = lpc();
	fake_set_config(d, 0x40, PM_BASE | 1, 4);
	fake_set_config(d, 0x44, 0x80, 1);
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(tco.value, 0x800);
	assert_logged("watchdog: firmware left the TCO timer at port 0x1860 running, stopped");
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(tco.n_written, 1); /* halted: left alone */
	tco = (struct reg){0x1000, 0x1800, 0};
	assert_int_equal(watchdogs_stop(&acpi), 1);
	assert_logged("and it does not stop");
}

/* The register that older bridges have for the base is something else in newer ones. */
TEST(tco_by_smbus)
{
	struct fake_pci_dev *d = lpc(), *smbus;
	fake_set_config(d, 0x40, 0x1234, 4);
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(tco.n_written, 0);
	smbus = fake_pci_add(0x1f << 3 | 4, 0x8086, 0xa123, 0x0c0500);
	fake_set_config(smbus, 0x50, NEW_TCO | 1, 4);
	fake_ports_add(NEW_TCO + 8, 2, io_of(&run_reg));
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(run_reg.n_written, 0); /* not enabled */
	fake_set_config(smbus, 0x54, 0x100, 4);
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(run_reg.value, 0x800);
	assert_int_equal(tco.n_written, 0);
}

TEST(esb)
{
	struct fake_pci_dev *d = fake_pci_add(5 << 3, 0x8086, 0x25ab, 0x088000);
	d->config[0x68] = 2;
	assert_int_equal(watchdogs_stop(&acpi), 1); /* locked: nothing is writable */
	d->writable[0x68] = 3;
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(d->config[0x68], 0);
}

/* ---- AMD ---- */

TEST(fch)
{
	struct fake_pci_dev *d = fake_pci_add(0x14 << 3, 0x1022, 0x790b, 0x0c0500);
	fake_mmio_add(FCH_PM, 1, io_of(&pm));
	fake_mmio_add(FCH_WDT, 8, io_of(&wdt));
	wdt.value = 0x45;
	d->config[8] = 0x61;
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(wdt.n_written, 0); /* not decoded */
	pm.value = 0x80;
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(wdt.value, 4);
	assert_int_equal(wdt.n_written, 1);
	wdt.value = 1 | 8; /* disabled */
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(wdt.n_written, 1);
	wdt = (struct reg){1, 1, 0};
	assert_int_equal(watchdogs_stop(&acpi), 1);
	assert_logged("watchdog: firmware left the FCH's running, and it does not stop");
	d->config[8] = 0x4b; /* before Zen: its registers are elsewhere */
	assert_int_equal(watchdogs_stop(&acpi), 0);
}

/* ---- WDAT ---- */

static uint8_t table[4096];
static uint32_t n_entries;

static void entry(uint8_t action, uint8_t instruction, uint8_t space, uint64_t address,
	uint8_t access, uint8_t bit_offset, uint32_t value, uint32_t mask)
{
	uint8_t *e = table + 68 + 24 * n_entries++;
	uint32_t bytes = 68 + 24 * n_entries;
	e[0] = action;
	e[1] = instruction;
	e[4] = space;
	e[5] = (uint8_t)(8u << (access - 1));
	e[6] = bit_offset;
	e[7] = access;
	memcpy(e + 8, &address, 8);
	memcpy(e + 16, &value, 4);
	memcpy(e + 20, &mask, 4);
	memcpy(table + 4, &bytes, 4);
	memcpy(table + 64, &n_entries, 4);
}

static void start_wdat(void)
{
	memset(table, 0, sizeof(table));
	memcpy(table, "WDAT", 4);
	table[60] = 1;
	n_entries = 0;
	fake_memory_add(TABLE, table, sizeof(table));
	acpi.wdat = TABLE;
}

/* As on a PCH: the TCO's halt bit, in a word that has others. */
TEST(wdat_ports)
{
	start_wdat();
	fake_ports_add(0x408, 2, io_of(&run_reg));
	run_reg.value = 0x0200;
	entry(1, 2, 1, 0x400, 2, 0, 1, 0xffff);
	entry(8, 0, 1, 0x408, 2, 11, 0, 1);
	entry(9, 0x82, 1, 0x408, 2, 11, 0, 1);
	entry(10, 0, 1, 0x408, 2, 11, 1, 1);
	entry(11, 0x82, 1, 0x408, 2, 11, 1, 1);
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(run_reg.value, 0x0a00);
	assert_int_equal(run_reg.n_written, 1);
	assert_logged("watchdog: firmware left one running (WDAT), stopped");
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(run_reg.n_written, 1);
	run_reg = (struct reg){0, 0x800, 0};
	assert_int_equal(watchdogs_stop(&acpi), 1);
	table[60] = 0;
	assert_int_equal(watchdogs_stop(&acpi), 0);
}

TEST(wdat_memory)
{
	start_wdat();
	fake_mmio_add(WDT_REGS, 4, io_of(&run_reg));
	run_reg.value = 0xff;
	entry(8, 0, 0, WDT_REGS, 3, 0, 1, 1);
	entry(11, 2, 0, WDT_REGS, 3, 0, 0x70, 0xf0);
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(run_reg.value, 0x70);
}

/* Entries that no register can have: nothing is touched, and no more is said than is known. */
TEST(wdat_makes_no_sense)
{
	start_wdat();
	fake_mmio_add(WDT_REGS, 4, io_of(&run_reg));
	run_reg.value = 1;
	entry(8, 0, 0, WDT_REGS, 3, 0, 1, 1);
	assert_int_equal(watchdogs_stop(&acpi), 1); /* it cannot be stopped */
	uint8_t *e = table + 68;
	entry(11, 2, 0, WDT_REGS, 3, 40, 1, 1);
	assert_int_equal(watchdogs_stop(&acpi), 1);
	n_entries--;
	memcpy(table + 64, &n_entries, 4);
	static const struct {
		uint8_t at, value;
	} bad[] = {{1, 1}, {1, 7}, {4, 2}, {4, 0x7f}, {6, 32}, {8, 2}};
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t was = e[bad[i].at];
		e[bad[i].at] = bad[i].value;
		assert_int_equal(watchdogs_stop(&acpi), 0);
		e[bad[i].at] = was;
	}
	uint32_t n = UINT32_MAX, bytes = 67;
	memcpy(table + 64, &n, 4);
	assert_int_equal(watchdogs_stop(&acpi), 1);
	memcpy(table + 4, &bytes, 4);
	assert_int_equal(watchdogs_stop(&acpi), 0);
	acpi.wdat = 0x1000;
	assert_int_equal(watchdogs_stop(&acpi), 0);
	assert_int_equal(run_reg.n_written, 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the firmware describes its watchdog (WDAT) that is the one way; else chipsets are known by
 * their PCI functions. Only registers that say "running" are written.
 */
#include "watchdog.h"

#include <string.h>

#include "acpi_table.h"
#include "format.h"
#include "log.h"
#include "machine.h"
#include "pci.h"
#include "unaligned.h"

/* 1: it goes on. */
static uint32_t tell(const char *what, bool stopped)
{
	log_line("watchdog: firmware left %s, %s", what,
		stopped ? "stopped" : "and it does not stop");
	return !stopped;
}

/* ---- WDAT ---- */

#define WDAT_ENABLED      60u /* flags, bit 0 */
#define WDAT_N_ENTRIES    64u
#define WDAT_ENTRIES      68u
#define WDAT_BYTES_MAX    65536u
#define ENTRY_BYTES       24u
#define GET_RUNNING_STATE 8u
#define SET_STOPPED_STATE 11u
#define READ_VALUE        0u
#define WRITE_VALUE       2u
#define PRESERVE          0x80u

struct action { /* of one entry */
	uint8_t action, instruction, space, bit_width, bit_offset, access;
	uint64_t address;
	uint32_t value, mask;
};

static struct action action_at(const uint8_t *e)
{
	struct action a = {.action = e[0],
		.instruction = e[1],
		.space = e[4],
		.bit_width = e[5],
		.bit_offset = e[6],
		.access = e[7],
		.value = u32_at(e + 16),
		.mask = u32_at(e + 20)};
	memcpy(&a.address, e + 8, sizeof(a.address));
	return a;
}

/* 1, 2 or 4; 0: an access that no register has. */
static uint32_t width(const struct action *a)
{
	uint32_t bytes =
		a->access >= 1 && a->access <= 3 ? 1u << (a->access - 1) : (a->bit_width + 7u) / 8;
	bool is_port = a->space == ACPI_SPACE_IO && a->address <= 0xffff;
	bool is_memory = a->space == ACPI_SPACE_MEMORY && a->address % (bytes ? bytes : 1) == 0;
	bool is_good = bytes == 1 || bytes == 2 || bytes == 4;
	return is_good && a->bit_offset < 32 && (is_port || is_memory) ? bytes : 0;
}

static bool access_read(const struct action *a, uint32_t *ret)
{
	uint16_t port = (uint16_t)a->address;
	uint32_t bytes = width(a);
	if (bytes && a->space == ACPI_SPACE_IO) {
		*ret = bytes == 1 ? port_in8(port) : bytes == 2 ? port_in16(port) : port_in32(port);
		return true;
	}
	void *reg = bytes ? machine_map_mmio(a->address, bytes) : NULL;
	if (!reg)
		return false;
	*ret = bytes == 1 ? mmio_read8(reg) : bytes == 2 ? mmio_read16(reg) : mmio_read32(reg);
	return true;
}

static bool access_write(const struct action *a, uint32_t value)
{
	uint16_t port = (uint16_t)a->address;
	uint32_t bytes = width(a);
	void *reg = NULL;
	if (bytes && a->space == ACPI_SPACE_MEMORY)
		reg = machine_map_mmio(a->address, bytes);
	if (!bytes || (a->space == ACPI_SPACE_MEMORY && !reg))
		return false;
	if (reg)
		bytes == 1   ? mmio_write8(reg, (uint8_t)value)
		: bytes == 2 ? mmio_write16(reg, (uint16_t)value)
			     : mmio_write32(reg, value);
	else
		bytes == 1   ? port_out8(port, (uint8_t)value)
		: bytes == 2 ? port_out16(port, (uint16_t)value)
			     : port_out32(port, value);
	return true;
}

static bool write_value(const struct action *a)
{
	if (!width(a))
		return false;
	uint32_t value = (a->value & a->mask) << a->bit_offset, now;
	if (a->instruction & PRESERVE) {
		if (!access_read(a, &now))
			return false;
		value |= now & ~(a->mask << a->bit_offset);
	}
	return access_write(a, value);
}

/* Runs the entries of an action, in their order. *ret_is: all values read were what the table has.
 * False: an entry cannot be run, or there is none. */
static bool run(const uint8_t *wdat, uint32_t n, uint8_t action, bool *ret_is)
{
	bool any = false;
	*ret_is = true;
	for (uint32_t i = 0; i < n; i++) {
		struct action a = action_at(wdat + WDAT_ENTRIES + i * ENTRY_BYTES);
		uint32_t value;
		if (a.action != action)
			continue;
		any = true;
		switch (a.instruction & ~PRESERVE) {
		case READ_VALUE:
			if (!access_read(&a, &value))
				return false;
			*ret_is &= (value >> a.bit_offset & a.mask) == a.value;
			break;
		case WRITE_VALUE:
			if (!write_value(&a))
				return false;
			break;
		default:
			return false;
		}
	}
	return any;
}

static uint32_t stop_wdat(const uint8_t *wdat, uint32_t n)
{
	bool running, is;
	if (!(wdat[WDAT_ENABLED] & 1) || !run(wdat, n, GET_RUNNING_STATE, &running) || !running)
		return 0;
	bool ran =
		run(wdat, n, SET_STOPPED_STATE, &is) && run(wdat, n, GET_RUNNING_STATE, &running);
	return tell("one running (WDAT)", ran && !running);
}

/* As many entries as the table says, and has room for. */
static uint32_t n_entries(const uint8_t *wdat, uint32_t bytes)
{
	uint32_t n = u32_at(wdat + WDAT_N_ENTRIES), room = (bytes - WDAT_ENTRIES) / ENTRY_BYTES;
	return n < room ? n : room;
}

/* ---- Chipsets ---- */

#define INTEL 0x8086
#define AMD   0x1022

/* ICH9 datasheet 13.1.13 (PMBASE), 13.1.15 (ACPI_CNTL), 13.9 (TCO); 100 series 4.2 (SMBus, TCOBASE,
 * TCOCTL). */
#define LPC_PMBASE      0x40
#define LPC_ACPI_CNTL   0x44
#define LPC_ACPI_EN     (1u << 7)
#define SMB_TCOBASE     0x50
#define SMB_TCOCTL      0x54
#define SMB_TCO_EN      (1u << 8)
#define TCO_BEHIND_PM   0x60
#define TCO1_CNT        0x08
#define TCO1_CNT_HALTED (1u << 11)

static uint32_t stop_tco(uint16_t base)
{
	uint16_t port = (uint16_t)(base + TCO1_CNT);
	uint16_t control = port_in16(port);
	if (control == UINT16_MAX || (control & TCO1_CNT_HALTED))
		return 0;
	port_out16(port, control | TCO1_CNT_HALTED);
	char name[48];
	format(name, sizeof(name), "the TCO timer at port %#x running", base);
	return tell(name, port_in16(port) & TCO1_CNT_HALTED);
}

static uint32_t stop_intel(const struct acpi *acpi)
{
	struct pci_dev lpc, smbus;
	if (pci_at(0x1fu << 3, &lpc) || lpc.vendor != INTEL || lpc.class_code >> 8 != 0x0601)
		return 0;
	uint16_t pm_base = pci_read16(&lpc, LPC_PMBASE) & 0xff80;
	if ((pci_read8(&lpc, LPC_ACPI_CNTL) & LPC_ACPI_EN) && pm_base &&
		pm_base == acpi->pm1a_event.port)
		return stop_tco(pm_base + TCO_BEHIND_PM);
	if (pci_at(0x1fu << 3 | 4, &smbus) || smbus.vendor != INTEL ||
		smbus.class_code >> 8 != 0x0c05 || !(pci_read32(&smbus, SMB_TCOCTL) & SMB_TCO_EN))
		return 0;
	uint16_t base = pci_read16(&smbus, SMB_TCOBASE) & 0xffe0;
	return base ? stop_tco(base) : 0;
}

/* AMD family 17h PPR, 9.2.9 (PM registers), 9.2.13 (watchdog): as Linux's sp5100_tco finds it. */
#define FCH_REVISION_ZEN 0x51
#define FCH_PM           0xfed80300ull
#define FCH_PM_DECODE_EN 0x00
#define FCH_PM_WDT_EN    (1u << 7)
#define FCH_WDT          0xfeb00000ull
#define FCH_WDT_RUN      (1u << 0)
#define FCH_WDT_DISABLED (1u << 3)
#define FCH_WDT_WRITEABLE                                                                          \
	(FCH_WDT_RUN | 1u << 2) /* not the status that ones clear, nor the trigger */

static uint32_t stop_amd(void)
{
	struct pci_dev smbus;
	if (pci_at(0x14u << 3, &smbus) || smbus.vendor != AMD || smbus.device != 0x790b ||
		pci_read8(&smbus, 8) < FCH_REVISION_ZEN)
		return 0;
	uint8_t *pm = machine_map_mmio(FCH_PM, 256);
	if (!pm || !(mmio_read8(pm + FCH_PM_DECODE_EN) & FCH_PM_WDT_EN))
		return 0;
	uint8_t *wdt = machine_map_mmio(FCH_WDT, 8);
	uint32_t control = wdt ? mmio_read32(wdt) : UINT32_MAX;
	if (control == UINT32_MAX || !(control & FCH_WDT_RUN) || (control & FCH_WDT_DISABLED))
		return 0;
	mmio_write32(wdt, control & FCH_WDT_WRITEABLE & ~FCH_WDT_RUN);
	return tell("the FCH's running", !(mmio_read32(wdt) & FCH_WDT_RUN));
}

/* 6300ESB datasheet 16.4.16: WDT Lock Register. */
#define ESB_WATCHDOG 0x25ab
#define ESB_LOCK     0x68
#define ESB_ENABLED  (1u << 1)

static int stop_esb(const struct pci_dev *dev, void *ctx)
{
	uint32_t *n = ctx;
	if (dev->vendor != INTEL || dev->device != ESB_WATCHDOG ||
		!(pci_read8(dev, ESB_LOCK) & ESB_ENABLED))
		return 0;
	pci_write8(dev, ESB_LOCK, 0);
	*n += tell("the 6300ESB's running", !(pci_read8(dev, ESB_LOCK) & ESB_ENABLED));
	return 0;
}

uint32_t watchdogs_stop(const struct acpi *acpi)
{
	uint32_t bytes, n = 0;
	const uint8_t *wdat =
		acpi_table_map(acpi->wdat, "WDAT", WDAT_ENTRIES, WDAT_BYTES_MAX, &bytes);
	if (wdat)
		n += stop_wdat(wdat, n_entries(wdat, bytes));
	n += stop_intel(acpi) + stop_amd();
	(void)pci_scan(stop_esb, &n);
	return n;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a driver does with a PCI function: capabilities, power (PCI Power Management 1.2), command
 * register, BARs. PCI Local Bus 3.0 (chapter and table numbers below).
 */
#include "deadline.h"
#include "machine.h"
#include "pci_parts.h"

/* 6.2.5.1 */
#define PCI_BAR_IO       (1u << 0)
#define PCI_BAR_TYPE     (3u << 1)
#define PCI_BAR_TYPE_64  (2u << 1)
#define PCI_BAR_FLAGS    0xfu
#define PCI_BAR_IO_FLAGS 0x3u
#define PCI_N_BARS       6

/* Appendix H, and MSI-X 6.8.2 */
#define PCI_CAP_PM         0x01
#define PCI_CAP_MSI        0x05
#define PCI_CAP_MSIX       0x11
#define PCI_MSI_ENABLE     (1u << 0)
#define PCI_MSIX_ENABLE    (1u << 15)
#define PCI_PM_STATE       3u /* of PMCSR, PM 1.2 3.2.4 */
#define PCI_PMCSR          4
#define PCI_D3_TO_D0_US    10000 /* PM 1.2 5.4 */
#define PCI_WAKE_MS        100
#define PCI_MAX_CAPABILITY 48

#define PCI_CLASS_DISPLAY 0x03
#define PCI_CLASS_BRIDGE  0x06

uint8_t pci_capability(const struct pci_dev *dev, uint8_t id, uint8_t after)
{
	if (!(pci_read16(dev, PCI_STATUS) & PCI_STATUS_CAPABILITIES))
		return 0;
	/* Always from the head, no place twice: a caller's loop over `after` ends even in a
	 * circular list. */
	uint64_t seen = 0;
	bool behind = after == 0;
	uint8_t at = pci_read8(dev, PCI_CAPABILITIES) & 0xfc;
	for (uint32_t i = 0; i < PCI_MAX_CAPABILITY && at >= 0x40; i++) {
		if (seen >> at / 4 & 1)
			return 0;
		seen |= 1ull << at / 4;
		if (behind && pci_read8(dev, at) == id)
			return at;
		if (at == after)
			behind = true;
		at = pci_read8(dev, at + 1) & 0xfc;
	}
	return 0;
}

/* ---- power and command ---- */

static void change_command(const struct pci_dev *dev, uint16_t clear, uint16_t set)
{
	uint16_t command = pci_read16(dev, PCI_COMMAND);
	pci_write16(dev, PCI_COMMAND, (uint16_t)((command & ~clear) | set));
}

static bool in_d0(const struct pci_dev *dev, uint8_t pm)
{
	return (pci_read16(dev, pm + PCI_PMCSR) & PCI_PM_STATE) == 0;
}

bool pci_is_awake(const struct pci_dev *dev)
{
	uint8_t pm = pci_capability(dev, PCI_CAP_PM, 0);
	return pm == 0 || in_d0(dev, pm);
}

/* A function that comes from D3 may have lost its BARs (PM 1.2 5.4.1), so they are written
 * again. */
static int power_up(const struct pci_dev *dev)
{
	if (pci_is_awake(dev))
		return 0;
	uint8_t pm = pci_capability(dev, PCI_CAP_PM, 0);
	uint32_t bar[PCI_N_BARS];
	for (uint32_t i = 0; i < PCI_N_BARS; i++)
		bar[i] = pci_read32(dev, (uint16_t)(PCI_BAR0 + 4 * i));
	uint16_t pmcsr = pci_read16(dev, pm + PCI_PMCSR);
	pci_write16(dev, pm + PCI_PMCSR, (uint16_t)(pmcsr & ~PCI_PM_STATE));
	delay_us(PCI_D3_TO_D0_US);
	int err = WAIT_FOR(in_d0(dev, pm), PCI_WAKE_MS);
	if (err != 0)
		return err;
	for (uint32_t i = 0; i < PCI_N_BARS; i++)
		pci_write32(dev, (uint16_t)(PCI_BAR0 + 4 * i), bar[i]);
	return 0;
}

static void turn_msi_off(const struct pci_dev *dev, uint8_t id, uint16_t enable)
{
	uint8_t cap = pci_capability(dev, id, 0);
	if (cap == 0)
		return;
	uint16_t control = pci_read16(dev, cap + 2);
	pci_write16(dev, cap + 2, (uint16_t)(control & ~enable));
}

int pci_wake(const struct pci_dev *dev)
{
	if (pci_read16(dev, PCI_VENDOR_ID) != dev->vendor)
		return ERR_LOST;
	int err = power_up(dev);
	if (err != 0)
		return err;
	turn_msi_off(dev, PCI_CAP_MSI, PCI_MSI_ENABLE);
	turn_msi_off(dev, PCI_CAP_MSIX, PCI_MSIX_ENABLE);
	change_command(dev, 0, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_OFF);
	return 0;
}

/* A bridge passes what comes from below upwards only while it masters the bus itself (bridge 1.2,
 * 3.2.5.3). Its windows are firmware's: one that is not decoded is not touched. */
static int let_through(const struct pci_dev *bridge, void *ctx)
{
	const struct pci_dev *dev = ctx;
	if (bridge->header_type != PCI_HEADER_BRIDGE ||
		pci_segment_of(bridge->address) != pci_segment_of(dev->address))
		return 0;
	uint8_t first = pci_read8(bridge, PCI_SECONDARY_BUS);
	uint8_t last = pci_read8(bridge, PCI_SUBORDINATE), bus = pci_bus_of(dev->address);
	if (first != 0 && bus >= first && bus <= last)
		change_command(bridge, 0, PCI_COMMAND_MASTER);
	return 0;
}

void pci_bus_master_on(const struct pci_dev *dev)
{
	struct pci_dev below = *dev;
	if (pci_bus_of(dev->address) != 0)
		(void)pci_scan(let_through, &below);
	change_command(dev, 0, PCI_COMMAND_MASTER);
}

void pci_bus_master_off(const struct pci_dev *dev)
{
	change_command(dev, PCI_COMMAND_MASTER, 0);
}

static int turn_master_off(const struct pci_dev *dev, void *ctx)
{
	uint32_t *n = ctx;
	uint32_t class = dev->class_code >> 16;
	if (class == PCI_CLASS_BRIDGE || class == PCI_CLASS_DISPLAY)
		return 0;
	if (!(pci_read16(dev, PCI_COMMAND) & PCI_COMMAND_MASTER))
		return 0;
	pci_bus_master_off(dev);
	(*n)++;
	return 0;
}

uint32_t pci_quiesce_all(void)
{
	uint32_t n = 0;
	(void)pci_scan(turn_master_off, &n);
	return n;
}

/* ---- BARs ---- */

/* What the register holds after all ones were written: its writable bits (6.2.5.1). */
static uint32_t writable_bits(const struct pci_dev *dev, uint16_t offset)
{
	uint32_t value = pci_read32(dev, offset);
	pci_write32(dev, offset, UINT32_MAX);
	uint32_t bits = pci_read32(dev, offset);
	pci_write32(dev, offset, value);
	return bits;
}

/* Address and size of a BAR, both as the device says. */
static int measure_bar(
	const struct pci_dev *dev, uint32_t bar, uint32_t low, struct pci_bar *ret_bar)
{
	uint16_t offset = (uint16_t)(PCI_BAR0 + 4 * bar);
	ret_bar->is_io = low & PCI_BAR_IO;
	bool is_64 = !ret_bar->is_io && (low & PCI_BAR_TYPE) == PCI_BAR_TYPE_64;
	if (is_64 && bar + 1 >= PCI_N_BARS)
		return ERR_BAD_ANSWER;
	uint64_t mask = writable_bits(dev, offset);
	if (mask == 0)
		return ERR_NOT_FOUND;
	if (ret_bar->is_io) {
		/* The upper half may be fixed at 0: x86 ports have 16 bits. */
		mask = (mask & ~(uint64_t)PCI_BAR_IO_FLAGS) | UINT64_MAX << 16;
		ret_bar->phys = low & ~PCI_BAR_IO_FLAGS;
	} else {
		uint64_t high = is_64 ? pci_read32(dev, offset + 4) : 0;
		uint64_t mask_high = is_64 ? writable_bits(dev, offset + 4) : UINT32_MAX;
		mask = mask_high << 32 | (mask & ~(uint64_t)PCI_BAR_FLAGS);
		ret_bar->phys = high << 32 | (low & ~PCI_BAR_FLAGS);
	}
	ret_bar->bytes = ~mask + 1;
	return 0;
}

static int check_bar(const struct pci_bar *bar)
{
	if (bar->bytes == 0 || (bar->bytes & (bar->bytes - 1)) != 0)
		return ERR_BAD_ANSWER;
	if (bar->phys == 0)
		return ERR_FIRMWARE;
	if (bar->phys % bar->bytes != 0)
		return ERR_BAD_ANSWER;
	if (bar->is_io && (bar->phys > UINT16_MAX || bar->bytes > 0x10000 - bar->phys))
		return ERR_BAD_ANSWER;
	return 0;
}

int pci_map_bar(const struct pci_dev *dev, uint32_t bar, struct pci_bar *ret_bar)
{
	if (bar >= PCI_N_BARS || dev->header_type != PCI_HEADER_NORMAL)
		return ERR_ARGUMENT;
	uint16_t command = pci_read16(dev, PCI_COMMAND);
	change_command(dev, PCI_COMMAND_IO | PCI_COMMAND_MEMORY, 0);
	struct pci_bar b = {0};
	int err = measure_bar(dev, bar, pci_read32(dev, (uint16_t)(PCI_BAR0 + 4 * bar)), &b);
	pci_write16(dev, PCI_COMMAND, command);
	if (err != 0)
		return err;
	err = check_bar(&b);
	if (err != 0)
		return err;
	if (!b.is_io) {
		b.regs = machine_map_mmio(b.phys, b.bytes);
		if (b.regs == NULL)
			return ERR_NO_MEMORY;
	}
	*ret_bar = b;
	return 0;
}

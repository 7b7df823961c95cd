/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration space, BARs, power. */
#include "fake_pci.h"

#include <string.h>

#include "pci.h"

#define COMMAND        0x04
#define COMMAND_IO     1u
#define COMMAND_MEMORY 2u
#define COMMAND_MASTER 4u

static struct fake_pci_dev devs[FAKE_PCI_MAX];
static unsigned n_devs;
static uint32_t config_address;

struct ecam_window {
	uint16_t segment;
	uint8_t first_bus;
};
static struct ecam_window ecam[8];
static unsigned n_ecam;

/* ---- registers ---- */

uint16_t fake_config16(const struct fake_pci_dev *dev, uint16_t offset)
{
	return (uint16_t)(dev->config[offset] | dev->config[offset + 1] << 8);
}

uint32_t fake_config32(const struct fake_pci_dev *dev, uint16_t offset)
{
	return fake_config16(dev, offset) | (uint32_t)fake_config16(dev, offset + 2) << 16;
}

void fake_set_config(struct fake_pci_dev *dev, uint16_t offset, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		dev->config[offset + i] = (uint8_t)(value >> 8 * i);
}

static struct fake_pci_dev *dev_at(uint32_t address)
{
	for (unsigned i = 0; i < n_devs; i++) {
		if (devs[i].address == address)
			return &devs[i];
	}
	return NULL;
}

static uint64_t config_read(uint32_t address, uint16_t offset, unsigned bytes)
{
	const struct fake_pci_dev *dev = dev_at(address);
	if (dev == NULL || dev->gone)
		return UINT64_MAX;
	uint64_t value = 0;
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)dev->config[offset + i] << 8 * i;
	return value;
}

/* A test may have made the list circular. */
static uint8_t pm_of(const struct fake_pci_dev *dev)
{
	uint8_t at = dev->config[0x34];
	for (unsigned i = 0; i < 48 && at >= 0x40 && dev->last_cap != 0; i++) {
		if (dev->config[at] == 1)
			return at;
		at = dev->config[at + 1] & 0xfc;
	}
	return 0;
}

/* From D3 to D0 a function forgets its BARs and its command register. */
static void power_changed(struct fake_pci_dev *dev, unsigned old_state)
{
	uint8_t pm = pm_of(dev);
	if (dev->stuck_in_d3)
		dev->config[pm + 4] |= 3;
	unsigned state = dev->config[pm + 4] & 3;
	if (old_state != 3 || state != 0)
		return;
	fake_set_config(dev, COMMAND, 0, 2);
	for (unsigned i = 0x10; i < 0x28; i++)
		dev->config[i] &= (uint8_t)~dev->writable[i];
}

static void config_write(uint32_t address, uint16_t offset, unsigned bytes, uint64_t value)
{
	struct fake_pci_dev *dev = dev_at(address);
	if (dev == NULL || dev->gone)
		return;
	bool bar = offset >= 0x10 && offset < 0x28 && dev->config[0x0e] % 128 == 0;
	if (bar && (uint32_t)value == UINT32_MAX &&
		(fake_config16(dev, COMMAND) & (COMMAND_IO | COMMAND_MEMORY)) != 0)
		fake_fail("a BAR is measured while it is decoded");
	uint8_t pm = pm_of(dev);
	unsigned old_state = pm != 0 ? dev->config[pm + 4] & 3 : 0;
	for (unsigned i = 0; i < bytes; i++) {
		uint8_t mask = dev->writable[offset + i], new = (uint8_t)(value >> 8 * i);
		dev->config[offset + i] =
			(uint8_t)((dev->config[offset + i] & ~mask) | (new &mask));
	}
	if (pm != 0)
		power_changed(dev, old_state);
	if (dev->config_written != NULL)
		dev->config_written(dev, offset);
}

static uint64_t mechanism_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	if (offset < 4)
		return bytes == 4 ? config_address : UINT64_MAX;
	if (!(config_address >> 31))
		return UINT64_MAX;
	uint16_t reg = (uint16_t)((config_address & 0xfc) + offset - 4);
	return config_read(config_address >> 8 & 0xffff, reg, bytes);
}

static void mechanism_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	if (offset == 0 && bytes == 4) {
		config_address = (uint32_t)value;
		return;
	}
	if (offset < 4 || !(config_address >> 31))
		fake_fail("write to the configuration ports out of order");
	uint16_t reg = (uint16_t)((config_address & 0xfc) + offset - 4);
	config_write(config_address >> 8 & 0xffff, reg, bytes, value);
}

static uint32_t ecam_address(const struct ecam_window *w, uint64_t offset)
{
	return (uint32_t)w->segment << 16 |
	       (uint32_t)(((uint64_t)w->first_bus << 8) + (offset >> 12 & 0xfffff));
}

static uint64_t ecam_read(void *ctx, uint64_t offset, unsigned bytes)
{
	return config_read(ecam_address(ctx, offset), offset & 0xfff, bytes);
}

static void ecam_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	config_write(ecam_address(ctx, offset), offset & 0xfff, bytes, value);
}

void fake_pci_add_ecam(uint64_t base, uint16_t segment, uint8_t first_bus, uint8_t last_bus)
{
	if (n_ecam == 8)
		fake_fail("too many ECAM windows");
	ecam[n_ecam] = (struct ecam_window){segment, first_bus};
	struct fake_io io = {ecam_read, ecam_write, &ecam[n_ecam++]};
	fake_mmio_add(
		base + ((uint64_t)first_bus << 20), (uint64_t)(last_bus - first_bus + 1) << 20, io);
}

void fake_pci_reset(void)
{
	fake_pci_reset_same_buses();
	pci_forget();
}

void fake_pci_reset_same_buses(void)
{
	memset(devs, 0, sizeof(devs));
	n_devs = 0;
	n_ecam = 0;
	config_address = 0;
	struct fake_io io = {mechanism_read, mechanism_write, NULL};
	fake_ports_add(0xcf8, 8, io);
}

/* ---- functions ---- */

struct fake_pci_dev *fake_pci_add(
	uint32_t address, uint16_t vendor, uint16_t device, uint32_t class_code)
{
	if (n_devs == FAKE_PCI_MAX || dev_at(address) != NULL)
		fake_fail("PCI address %x is taken, or there are too many", address);
	struct fake_pci_dev *dev = &devs[n_devs++];
	dev->address = address;
	dev->free_config = 0x40;
	fake_set_config(dev, 0x00, vendor, 2);
	fake_set_config(dev, 0x02, device, 2);
	fake_set_config(dev, 0x08, class_code << 8, 4);
	dev->writable[COMMAND] = 7;
	dev->writable[COMMAND + 1] = 4;
	return dev;
}

struct fake_pci_dev *fake_pci_add_bridge(uint32_t address, uint8_t secondary_bus)
{
	struct fake_pci_dev *dev = fake_pci_add(address, 0x8086, 0x1234, 0x060400);
	dev->config[0x0e] = 1;
	dev->config[0x18] = (uint8_t)(address >> 8);
	dev->config[0x19] = secondary_bus;
	dev->config[0x1a] = secondary_bus;
	return dev;
}

/* A BAR answers where its register says, and only while the command register allows it. */
static bool decoded(const struct fake_pci_bar *bar)
{
	const struct fake_pci_dev *dev = bar->dev;
	uint16_t offset = (uint16_t)(0x10 + 4 * bar->number);
	uint64_t at = fake_config32(dev, offset) & (bar->is_io ? ~3u : ~0xfu);
	if (bar->is_64)
		at |= (uint64_t)fake_config32(dev, offset + 4) << 32;
	uint16_t needs = bar->is_io ? COMMAND_IO : COMMAND_MEMORY;
	return !dev->gone && at == bar->phys && (fake_config16(dev, COMMAND) & needs) != 0;
}

static uint64_t bar_read(void *ctx, uint64_t offset, unsigned bytes)
{
	const struct fake_pci_bar *bar = ctx;
	return decoded(bar) ? bar->io.read(bar->io.ctx, offset, bytes) : UINT64_MAX;
}

static void bar_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	const struct fake_pci_bar *bar = ctx;
	if (decoded(bar))
		bar->io.write(bar->io.ctx, offset, bytes, value);
}

void fake_pci_set_bar(struct fake_pci_dev *dev, unsigned number, unsigned kind, uint64_t phys,
	uint64_t bytes, struct fake_io io)
{
	uint16_t offset = (uint16_t)(0x10 + 4 * number);
	uint64_t mask = ~(bytes - 1);
	uint32_t flags = kind == FAKE_BAR_IO ? 1 : kind == FAKE_BAR_64 ? 4 : 0;
	dev->bar[number] = (struct fake_pci_bar){.phys = phys,
		.bytes = bytes,
		.is_io = kind == FAKE_BAR_IO,
		.is_64 = kind == FAKE_BAR_64,
		.io = io,
		.dev = dev,
		.number = number};
	fake_set_config(dev, offset, (uint32_t)phys | flags, 4);
	memcpy(&dev->writable[offset], &mask, kind == FAKE_BAR_64 ? 8 : 4);
	if (kind == FAKE_BAR_64)
		fake_set_config(dev, offset + 4, (uint32_t)(phys >> 32), 4);
	if (phys == 0 || io.read == NULL)
		return;
	struct fake_io window = {bar_read, bar_write, &dev->bar[number]};
	if (kind == FAKE_BAR_IO)
		fake_ports_add((uint16_t)phys, (uint16_t)bytes, window);
	else
		fake_mmio_add(phys, bytes, window);
}

uint8_t fake_pci_add_cap(struct fake_pci_dev *dev, const void *bytes, unsigned n)
{
	uint8_t at = (uint8_t)dev->free_config;
	dev->free_config = (uint16_t)((dev->free_config + n + 3) & ~3u);
	if (dev->free_config > 256)
		fake_fail("no room for a capability");
	memcpy(&dev->config[at], bytes, n);
	dev->config[at + 1] = 0;
	dev->config[dev->last_cap != 0 ? dev->last_cap + 1 : 0x34] = at;
	dev->config[0x06] |= 0x10;
	dev->last_cap = at;
	return at;
}

uint8_t fake_pci_add_pm(struct fake_pci_dev *dev, unsigned state)
{
	const uint8_t pm[8] = {1, 0, 3, 0, (uint8_t)state};
	uint8_t at = fake_pci_add_cap(dev, pm, sizeof(pm));
	dev->writable[at + 4] = 3;
	return at;
}

void *fake_pci_dma(struct fake_pci_dev *dev, uint64_t addr, uint64_t bytes)
{
	if (dev->gone || !(fake_config16(dev, COMMAND) & COMMAND_MASTER)) {
		dev->n_dma_refused++;
		return NULL;
	}
	dev->n_dma++;
	return fake_dma(addr, bytes);
}

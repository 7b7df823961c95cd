/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space: access by mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2), or by ECAM where
 * firmware told of it (PCI Express Base 3.0, 7.2.2).
 */
#include "format.h"
#include "machine.h"
#include "pci_parts.h"

/* Mechanism #1, 3.2.2.3.2 */
#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA    0xcfc
#define PCI_CONFIG_ENABLE  (1u << 31)

#define ECAM_MAX      16
#define BUS_BYTES     (1u << 20)
#define FUNCTION_AREA 4096

static struct {
	uint8_t *regs; /* of first_bus */
	uint16_t segment;
	uint8_t first_bus, last_bus;
} ecam[ECAM_MAX];
static uint32_t n_ecam;
static struct pci_segments segments = {.n = 1, .changed = 1};

void pci_forget(void)
{
	n_ecam = 0;
	segments = (struct pci_segments){.n = 1, .changed = segments.changed + 1};
}

const struct pci_segments *pci_config_segments(void)
{
	return &segments;
}

const char *pci_name(uint32_t address, char *dst)
{
	char segment[8] = "";
	if (pci_segment_of(address) != 0)
		format(segment, sizeof(segment), "%04x:", pci_segment_of(address));
	format(dst, 16, "%s%02x:%02x.%u", segment, pci_bus_of(address), address >> 3 & 31,
		address & 7);
	return dst;
}

static int add_segment(uint16_t number)
{
	uint32_t i = 0;
	while (i < segments.n && segments.number[i] != number)
		i++;
	if (i == PCI_SEGMENTS_MAX)
		return ERR_NO_MEMORY;
	segments.number[i] = number;
	segments.n += i == segments.n;
	segments.changed++;
	return 0;
}

int pci_use_ecam(uint64_t base_phys, uint16_t segment, uint8_t first_bus, uint8_t last_bus)
{
	if (first_bus > last_bus || base_phys % BUS_BYTES != 0)
		return ERR_FIRMWARE;
	uint64_t skip = (uint64_t)first_bus * BUS_BYTES;
	uint64_t bytes = (uint64_t)(last_bus - first_bus + 1) * BUS_BYTES;
	if (base_phys > UINT64_MAX - skip - bytes)
		return ERR_FIRMWARE;
	if (n_ecam == ECAM_MAX)
		return ERR_NO_MEMORY;
	/* The base is where bus 0 would be, whatever the first bus is (PCI Firmware 3.0, table
	 * 4-3). */
	uint8_t *regs = machine_map_mmio(base_phys + skip, bytes);
	if (regs == NULL)
		return ERR_NO_MEMORY;
	int err = add_segment(segment);
	if (err != 0)
		return err;
	ecam[n_ecam].regs = regs;
	ecam[n_ecam].segment = segment;
	ecam[n_ecam].first_bus = first_bus;
	ecam[n_ecam].last_bus = last_bus;
	n_ecam++;
	return 0;
}

/* Where a register is: in ECAM, or behind the data port, or (neither) out of reach. */
struct place {
	uint8_t *reg;
	uint16_t port;
};

static uint8_t *in_ecam(uint32_t address, uint16_t offset)
{
	uint8_t bus = pci_bus_of(address);
	for (uint32_t i = 0; i < n_ecam; i++) {
		if (ecam[i].segment != pci_segment_of(address) || bus < ecam[i].first_bus ||
			bus > ecam[i].last_bus)
			continue;
		uint32_t area = (uint32_t)(bus - ecam[i].first_bus) << 20 | (address & 0xff) << 12;
		return ecam[i].regs + area + (offset & (FUNCTION_AREA - 1));
	}
	return NULL;
}

static struct place find(const struct pci_dev *dev, uint16_t offset)
{
	struct place at = {.reg = in_ecam(dev->address, offset)};
	if (at.reg != NULL || pci_segment_of(dev->address) != 0 || offset > 0xff)
		return at;
	port_out32(PCI_CONFIG_ADDRESS, PCI_CONFIG_ENABLE | dev->address << 8 | (offset & 0xfcu));
	at.port = PCI_CONFIG_DATA + (offset & 3);
	return at;
}

uint8_t pci_read8(const struct pci_dev *dev, uint16_t offset)
{
	struct place at = find(dev, offset);
	if (at.reg != NULL)
		return mmio_read8(at.reg);
	return at.port != 0 ? port_in8(at.port) : UINT8_MAX;
}

uint16_t pci_read16(const struct pci_dev *dev, uint16_t offset)
{
	struct place at = find(dev, offset);
	if (at.reg != NULL)
		return mmio_read16(at.reg);
	return at.port != 0 ? port_in16(at.port) : UINT16_MAX;
}

uint32_t pci_read32(const struct pci_dev *dev, uint16_t offset)
{
	struct place at = find(dev, offset);
	if (at.reg != NULL)
		return mmio_read32(at.reg);
	return at.port != 0 ? port_in32(at.port) : UINT32_MAX;
}

void pci_write8(const struct pci_dev *dev, uint16_t offset, uint8_t value)
{
	struct place at = find(dev, offset);
	if (at.reg != NULL)
		mmio_write8(at.reg, value);
	else if (at.port != 0)
		port_out8(at.port, value);
}

void pci_write16(const struct pci_dev *dev, uint16_t offset, uint16_t value)
{
	struct place at = find(dev, offset);
	if (at.reg != NULL)
		mmio_write16(at.reg, value);
	else if (at.port != 0)
		port_out16(at.port, value);
}

void pci_write32(const struct pci_dev *dev, uint16_t offset, uint32_t value)
{
	struct place at = find(dev, offset);
	if (at.reg != NULL)
		mmio_write32(at.reg, value);
	else if (at.port != 0)
		port_out32(at.port, value);
}

int pci_at(uint32_t address, struct pci_dev *ret_dev)
{
	struct pci_dev dev = {.address = address};
	dev.vendor = pci_read16(&dev, PCI_VENDOR_ID);
	if (dev.vendor == 0xffff || dev.vendor == 0)
		return ERR_NOT_FOUND;
	dev.device = pci_read16(&dev, PCI_DEVICE_ID);
	dev.class_code = pci_read32(&dev, PCI_CLASS) >> 8;
	dev.header_type = pci_read8(&dev, PCI_HEADER_TYPE) & 0x7f;
	*ret_dev = dev;
	return 0;
}

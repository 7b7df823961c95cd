/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI for host tests: configuration space behind ports 0xcf8/0xcfc and behind ECAM, BARs that
 * answer only while they are decoded at their address, power states, and bus mastering that DMA
 * depends on.
 */
#ifndef TESTS_FAKE_PCI_H
#define TESTS_FAKE_PCI_H

#include "machine.h"

struct fake_pci_bar {
	uint64_t phys, bytes; /* as firmware set it up; bytes 0: none */
	bool is_io, is_64;
	struct fake_io io;
	struct fake_pci_dev *dev; /* whose it is */
	unsigned number;
};

struct fake_pci_dev {
	uint32_t address;
	uint8_t config[4096];
	uint8_t writable[4096]; /* bits that a write changes */
	struct fake_pci_bar bar[6];
	uint8_t last_cap;     /* offset of the last capability */
	uint16_t free_config; /* where the next one goes */
	bool gone;            /* everything reads as all ones, no DMA */
	bool stuck_in_d3;
	unsigned n_dma;         /* accesses to memory that bus mastering let through */
	unsigned n_dma_refused; /* that it did not */
	void (*config_written)(struct fake_pci_dev *dev, uint16_t offset);
	void *model;
};

#define FAKE_PCI_MAX 64

/* After fake_machine_reset: an empty segment 0, and drivers/pci_*.c know nothing. */
void fake_pci_reset(void);

/* The same, but the buses that a scan has found stay known: for a caller that makes the same functions again, many
 * thousand times. */
void fake_pci_reset_same_buses(void);

struct fake_pci_dev *fake_pci_add(
	uint32_t address, uint16_t vendor, uint16_t device, uint32_t class_code);
struct fake_pci_dev *fake_pci_add_bridge(uint32_t address, uint8_t secondary_bus);

#define FAKE_BAR_32 0u
#define FAKE_BAR_64 1u
#define FAKE_BAR_IO 2u
void fake_pci_set_bar(struct fake_pci_dev *dev, unsigned number, unsigned kind, uint64_t phys,
	uint64_t bytes, struct fake_io io);

/* Appends a capability; bytes[0] is its id, bytes[1] is filled in. Returns its offset. */
uint8_t fake_pci_add_cap(struct fake_pci_dev *dev, const void *bytes, unsigned n);

/* A power management capability, in this state (0: D0, 3: D3). */
uint8_t fake_pci_add_pm(struct fake_pci_dev *dev, unsigned state);

void fake_pci_add_ecam(uint64_t base, uint16_t segment, uint8_t first_bus, uint8_t last_bus);

uint16_t fake_config16(const struct fake_pci_dev *dev, uint16_t offset);
uint32_t fake_config32(const struct fake_pci_dev *dev, uint16_t offset);
void fake_set_config(struct fake_pci_dev *dev, uint16_t offset, uint32_t value, unsigned bytes);

/* The memory at a bus address, or NULL while the function may not master the bus. */
void *fake_pci_dma(struct fake_pci_dev *dev, uint64_t addr, uint64_t bytes);

#endif

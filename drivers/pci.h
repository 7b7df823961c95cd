/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space and BARs. PCI Local Bus 3.0 chapter 6; access mechanism #1 (ports 0xcf8
 * and 0xcfc), or ECAM where pci_use_mcfg found it (PCI Firmware 3.0, 4.1).
 */
#ifndef DRIVERS_PCI_H
#define DRIVERS_PCI_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct pci_dev {
	uint32_t address; /* segment << 16 | bus << 8 | device << 3 | function */
	uint16_t vendor, device;
	uint32_t class_code; /* 24 bits: class << 16 | subclass << 8 | interface */
	uint8_t header_type; /* without the multi-function bit */
};

/* One MCFG allocation: configuration space of buses [first_bus, last_bus] of a segment at base. */
int pci_use_ecam(
	uint64_t base_phys, uint16_t segment, uint8_t first_bus, uint8_t last_bus) MUST_CHECK;

/* What ACPI's MCFG table at this address (0: there is none; its checksum is the caller's) says, as
 * far as it is true: a window counts only when PCI answers there. Where none does it stays at
 * mechanism #1. Logs each window. drivers/pci_mcfg.c */
void pci_use_mcfg(uint64_t table_phys);

/* Back to mechanism #1, no bus known: after the page tables that ECAM was mapped in are gone. */
void pci_forget(void);

/* Calls found for every function of every bus. A non-zero answer ends the walk and is returned;
 * else 0. Every bus number is tried once, at the first scan after a change of what can be reached
 * (8192 reads for a segment: 10 ms, under a hypervisor up to 80 ms). */
int pci_scan(int (*found)(const struct pci_dev *dev, void *ctx), void *ctx);

/* The function at this address: ERR_NOT_FOUND when there is none. */
int pci_at(uint32_t address, struct pci_dev *ret_dev) MUST_CHECK;

uint8_t pci_read8(const struct pci_dev *dev, uint16_t offset);
uint16_t pci_read16(const struct pci_dev *dev, uint16_t offset);
uint32_t pci_read32(const struct pci_dev *dev, uint16_t offset);
void pci_write8(const struct pci_dev *dev, uint16_t offset, uint8_t value);
void pci_write16(const struct pci_dev *dev, uint16_t offset, uint16_t value);
void pci_write32(const struct pci_dev *dev, uint16_t offset, uint32_t value);

bool pci_is_awake(const struct pci_dev *dev); /* in D0 */

/* Powers the function up (D0), turns memory and I/O decoding on and INTx off, MSI and MSI-X off.
 * ERR_LOST: it does not answer; ERR_TIMEOUT: it does not wake. */
int pci_wake(const struct pci_dev *dev) MUST_CHECK;

/* On: for the bridges above it as well, which firmware may have left closed. */
void pci_bus_master_on(const struct pci_dev *dev);
void pci_bus_master_off(const struct pci_dev *dev);

/* A memory BAR (bar 0-5), mapped uncached; or an I/O BAR's port. Sizes are measured as the
 * specification says, with decoding off meanwhile. ERR_NOT_FOUND: not implemented; ERR_FIRMWARE: no
 * address was given to it; ERR_BAD_ANSWER: not a BAR; ERR_NO_MEMORY: cannot be mapped. */
struct pci_bar {
	bool is_io;
	uint64_t phys; /* or the first port */
	uint64_t bytes;
	void *regs; /* NULL for I/O */
};
int pci_map_bar(const struct pci_dev *dev, uint32_t bar, struct pci_bar *ret_bar) MUST_CHECK;

/* Offset of the next capability with this id after `after` (0: the first), 0 when there is none.
 * Ends after 48 steps whatever the list says. */
uint8_t pci_capability(const struct pci_dev *dev, uint8_t id, uint8_t after);

/* What firmware started must not write to memory any more: pci_usb_handoff, then
 * pci_quiesce_all, whose number it returns. drivers/usb_handoff.c */
uint32_t pci_take_from_firmware(void);

/* Bus mastering off for every function but bridges (class 06) and displays (class 03). Returns
 * how many it turned off. */
uint32_t pci_quiesce_all(void);

/* Firmware gives USB controllers up: UHCI, OHCI, EHCI, xHCI hand-off, each with a deadline.
 * Before pci_quiesce_all: until firmware has let go, its system management code works with the
 * controller. */
void pci_usb_handoff(void);

/* "00:03.0", or "0001:00:03.0" for a segment other than 0; dst has at least 16 bytes. */
const char *pci_name(uint32_t address, char *dst);

#endif

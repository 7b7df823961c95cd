/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of PCI share: registers of a function's header, addresses, the segments there are.
 * For drivers/pci_*.c only. */
#ifndef DRIVERS_PCI_PARTS_H
#define DRIVERS_PCI_PARTS_H

#include "pci.h"

/* Type 00h and 01h headers, figures 6-1 and PCI-to-PCI bridge 1.2, 3.2 */
#define PCI_VENDOR_ID     0x00
#define PCI_DEVICE_ID     0x02
#define PCI_COMMAND       0x04
#define PCI_STATUS        0x06
#define PCI_CLASS         0x08 /* revision in the low byte */
#define PCI_HEADER_TYPE   0x0e
#define PCI_BAR0          0x10
#define PCI_SECONDARY_BUS 0x19
#define PCI_SUBORDINATE   0x1a
#define PCI_CAPABILITIES  0x34

/* Table 6-1 */
#define PCI_COMMAND_IO       (1u << 0)
#define PCI_COMMAND_MEMORY   (1u << 1)
#define PCI_COMMAND_MASTER   (1u << 2)
#define PCI_COMMAND_INTX_OFF (1u << 10)
/* Table 6-2 */
#define PCI_STATUS_CAPABILITIES (1u << 4)

#define PCI_HEADER_NORMAL 0
#define PCI_HEADER_BRIDGE 1

static inline uint32_t pci_address(
	uint16_t segment, uint32_t bus, uint32_t device, uint32_t function)
{
	return (uint32_t)segment << 16 | bus << 8 | device << 3 | function;
}

static inline uint16_t pci_segment_of(uint32_t address)
{
	return (uint16_t)(address >> 16);
}

static inline uint8_t pci_bus_of(uint32_t address)
{
	return (uint8_t)(address >> 8);
}

/* The segments that configuration space is known of, 0 among them always; changed: a number that is
 * another one after each change of what can be reached, never 0. */
#define PCI_SEGMENTS_MAX 16
struct pci_segments {
	uint16_t number[PCI_SEGMENTS_MAX];
	uint32_t n, changed;
};
const struct pci_segments *pci_config_segments(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every function of every bus. No bridge is asked: root buses that only ACPI's AML knows have none,
 * and a bus number costs 32 reads, once. The set of buses is remembered, not the functions.
 */
#include "pci_parts.h"

#define N_BUSES 256

typedef int (*pci_found)(const struct pci_dev *dev, void *ctx);

static bool has_functions[PCI_SEGMENTS_MAX][N_BUSES];
static uint32_t known; /* pci_segments.changed when they were looked for; 0: never */

static int scan_device(uint16_t segment, uint32_t bus, uint32_t device, pci_found found, void *ctx)
{
	struct pci_dev dev;
	if (pci_at(pci_address(segment, bus, device, 0), &dev) != 0)
		return 0;
	uint32_t n_functions = pci_read8(&dev, PCI_HEADER_TYPE) & 0x80 ? 8 : 1;
	for (uint32_t function = 0; function < n_functions; function++) {
		if (pci_at(pci_address(segment, bus, device, function), &dev) != 0)
			continue;
		int answer = found(&dev, ctx);
		if (answer != 0)
			return answer;
	}
	return 0;
}

static int scan_bus(uint16_t segment, uint32_t bus, pci_found found, void *ctx)
{
	for (uint32_t device = 0; device < 32; device++) {
		int answer = scan_device(segment, bus, device, found, ctx);
		if (answer != 0)
			return answer;
	}
	return 0;
}

static int any(const struct pci_dev *dev, void *ctx)
{
	(void)dev;
	(void)ctx;
	return 1;
}

/* Before the last change of what can be reached there may have been other buses. */
static void find_buses(const struct pci_segments *now)
{
	if (known == now->changed)
		return;
	for (uint32_t i = 0; i < now->n; i++)
		for (uint32_t bus = 0; bus < N_BUSES; bus++)
			has_functions[i][bus] = scan_bus(now->number[i], bus, any, NULL);
	known = now->changed;
}

int pci_scan(int (*found)(const struct pci_dev *dev, void *ctx), void *ctx)
{
	const struct pci_segments *now = pci_config_segments();
	find_buses(now);
	for (uint32_t i = 0; i < now->n; i++)
		for (uint32_t bus = 0; bus < N_BUSES; bus++) {
			int answer = has_functions[i][bus]
					     ? scan_bus(now->number[i], bus, found, ctx)
					     : 0;
			if (answer != 0)
				return answer;
		}
	return 0;
}

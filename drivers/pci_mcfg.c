/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI's MCFG table: where the configuration space of which buses lies in memory (ECAM). PCI
 * Firmware 3.0, 4.1.2, table 4-2 and 4-3. Segments other than 0 are reached no other way.
 *
 * Tables have named windows that were not there, or were another segment's: one of segment 0 is
 * used when its first bus looks the same through it as through the ports. Nothing can be compared
 * in other segments: theirs count when a window of segment 0 was right and a function answers.
 */
#include "pci.h"

#include "acpi_table.h"
#include "log.h"
#include "machine.h"
#include "unaligned.h"

/* Table 4-2 and 4-3 */
#define MCFG_WINDOWS     44
#define MCFG_BYTES_MAX   4096u
#define WINDOW_BYTES     16u
#define WINDOW_BASE      0
#define WINDOW_SEGMENT   8
#define WINDOW_FIRST_BUS 10
#define WINDOW_LAST_BUS  11

#define BUS_BYTES    (1u << 20)
#define DEVICE_BYTES (1u << 15)
#define N_DEVICES    32u

struct window {
	uint64_t base; /* where bus 0 would be */
	uint16_t segment;
	uint8_t first_bus, last_bus;
};

static struct window window_at(const uint8_t *table, uint32_t i)
{
	const uint8_t *at = table + MCFG_WINDOWS + i * WINDOW_BYTES;
	return (struct window){.base = u64_at(at + WINDOW_BASE),
		.segment = u16_at(at + WINDOW_SEGMENT),
		.first_bus = at[WINDOW_FIRST_BUS],
		.last_bus = at[WINDOW_LAST_BUS]};
}

/* Vendor and device of each first function of the window's first bus; whether any is there. */
static bool see_bus(const struct window *w, uint32_t ids[N_DEVICES])
{
	uint64_t phys = w->base + (uint64_t)w->first_bus * BUS_BYTES;
	const uint8_t *regs =
		phys >= w->base ? machine_map_mmio(phys, N_DEVICES * DEVICE_BYTES) : NULL;
	bool any = false;
	for (uint32_t i = 0; i < N_DEVICES; i++) {
		ids[i] = regs != NULL ? mmio_read32(regs + i * DEVICE_BYTES) : UINT32_MAX;
		any |= ids[i] != UINT32_MAX && ids[i] != 0;
	}
	return any;
}

/* Through the ports, as long as no window with this bus is in use. */
static bool ports_agree(const struct window *w, const uint32_t ids[N_DEVICES])
{
	for (uint32_t i = 0; i < N_DEVICES; i++) {
		struct pci_dev dev = {.address = (uint32_t)w->first_bus << 8 | i << 3};
		if (pci_read32(&dev, 0) != ids[i])
			return false;
	}
	return true;
}

static bool is_good(const struct window *w)
{
	uint32_t ids[N_DEVICES];
	if (w->base == 0 || w->base % BUS_BYTES != 0 || w->first_bus > w->last_bus)
		return false;
	return see_bus(w, ids) && (w->segment != 0 || ports_agree(w, ids));
}

static bool use(const struct window *w)
{
	int err = pci_use_ecam(w->base, w->segment, w->first_bus, w->last_bus);
	log_line("pci: segment %u, buses %u to %u: %s at %#llx%s%s", w->segment, w->first_bus,
		w->last_bus, err == 0 ? "ECAM" : "no ECAM", (unsigned long long)w->base,
		err == 0 ? "" : ": ", err == 0 ? "" : err_text(err));
	return err == 0;
}

enum which { SEGMENT_0, OTHER_SEGMENTS };

static bool use_windows(const uint8_t *table, uint32_t n, enum which which)
{
	bool used = false;
	for (uint32_t i = 0; i < n; i++) {
		struct window w = window_at(table, i);
		if ((w.segment == 0) != (which == SEGMENT_0))
			continue;
		if (is_good(&w))
			used |= use(&w);
		else
			log_line("pci: segment %u, buses %u to %u: the functions are not at %#llx",
				w.segment, w.first_bus, w.last_bus, (unsigned long long)w.base);
	}
	return used;
}

void pci_use_mcfg(uint64_t table_phys)
{
	uint32_t bytes;
	const uint8_t *table =
		acpi_table_map(table_phys, "MCFG", MCFG_WINDOWS, MCFG_BYTES_MAX, &bytes);
	uint32_t n = table != NULL ? (bytes - MCFG_WINDOWS) / WINDOW_BYTES : 0;
	if (table != NULL && use_windows(table, n, SEGMENT_0))
		(void)use_windows(table, n, OTHER_SEGMENTS);
}

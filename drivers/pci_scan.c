/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every function of every bus. Bridges are followed from bus 0 of each segment; root buses that only ACPI's AML
 * knows are found by trying the bus numbers that are left. The set of buses is remembered, not the functions.
 */
#include "pci_parts.h"

#define N_BUSES 256

typedef int (*pci_found)(const struct pci_dev *dev, void *ctx);

struct segment {
	uint16_t number;
	bool walked;
	uint64_t bus[N_BUSES / 64]; /* bit set: the bus has functions */
};
static struct segment segments[PCI_SEGMENTS_MAX];
static uint32_t n_segments, known; /* pci_segments.changed when they were made */
static bool is_known, only_one_root;

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

static bool has_bit(const uint64_t *set, uint32_t i)
{
	return set[i / 64] >> i % 64 & 1;
}

static void set_bit(uint64_t *set, uint32_t i)
{
	set[i / 64] |= 1ull << i % 64;
}

struct walk {
	struct segment *segment;
	uint64_t wanted[N_BUSES / 64]; /* bridges lead there */
	uint64_t seen[N_BUSES / 64];
};

static int note_function(const struct pci_dev *dev, void *ctx)
{
	struct walk *w = ctx;
	set_bit(w->segment->bus, pci_bus_of(dev->address));
	/* Secondary bus 0: firmware did not set the bridge up. */
	uint8_t behind = pci_read8(dev, PCI_SECONDARY_BUS);
	if (dev->header_type == PCI_HEADER_BRIDGE && behind != 0)
		set_bit(w->wanted, behind);
	return 0;
}

static bool next_wanted(const struct walk *w, uint32_t *ret_bus)
{
	for (uint32_t bus = 0; bus < N_BUSES; bus++) {
		if (has_bit(w->wanted, bus) && !has_bit(w->seen, bus)) {
			*ret_bus = bus;
			return true;
		}
	}
	return false;
}

/* A bus is looked at once, so bridges that lead back cannot make a circle. */
static void follow_bridges(struct walk *w)
{
	uint32_t bus;
	while (next_wanted(w, &bus)) {
		set_bit(w->seen, bus);
		(void)scan_bus(w->segment->number, bus, note_function, w);
	}
}

static void find_buses(struct segment *s)
{
	struct walk w = {.segment = s};
	set_bit(w.wanted, 0);
	follow_bridges(&w);
	for (uint32_t bus = 0; bus < N_BUSES && !only_one_root; bus++) {
		if (has_bit(w.seen, bus))
			continue;
		set_bit(w.wanted, bus);
		follow_bridges(&w);
	}
	s->walked = true;
}

void pci_forget(void)
{
	pci_config_forget();
	only_one_root = false;
}

void pci_only_one_root(void)
{
	only_one_root = true;
}

/* Bus sets of before the last change of what can be reached are no longer true. */
static void refresh(void)
{
	const struct pci_segments *now = pci_config_segments();
	if (is_known && known == now->changed)
		return;
	for (uint32_t i = 0; i < now->n; i++)
		segments[i] = (struct segment){.number = now->number[i]};
	n_segments = now->n;
	known = now->changed;
	is_known = true;
}

int pci_scan(int (*found)(const struct pci_dev *dev, void *ctx), void *ctx)
{
	refresh();
	for (uint32_t i = 0; i < n_segments; i++) {
		struct segment *s = &segments[i];
		if (!s->walked)
			find_buses(s);
		for (uint32_t bus = 0; bus < N_BUSES; bus++) {
			if (!has_bit(s->bus, bus))
				continue;
			int answer = scan_bus(s->number, bus, found, ctx);
			if (answer != 0)
				return answer;
		}
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space: access, enumeration, power, BARs, capabilities. PCI Local Bus 3.0
 * (chapter and table numbers below), PCI Power Management 1.2, PCI Express Base 3.0 7.2.2 for ECAM.
 *
 * Enumeration follows bridges from bus 0 of each segment; root buses that only ACPI's AML knows are
 * found by trying the bus numbers that are left. The set of buses is remembered, not the functions.
 */
#include "pci.h"

#include "deadline.h"
#include "format.h"
#include "machine.h"

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

/* 6.2.5.1 */
#define PCI_BAR_IO        (1u << 0)
#define PCI_BAR_TYPE      (3u << 1)
#define PCI_BAR_TYPE_64   (2u << 1)
#define PCI_BAR_FLAGS     0xfu
#define PCI_BAR_IO_FLAGS  0x3u
#define PCI_HEADER_NORMAL 0
#define PCI_HEADER_BRIDGE 1
#define PCI_N_BARS        6

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

/* Mechanism #1, 3.2.2.3.2 */
#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA    0xcfc
#define PCI_CONFIG_ENABLE  (1u << 31)

#define ECAM_MAX      16
#define SEGMENTS_MAX  16
#define N_BUSES       256
#define BUS_BYTES     (1u << 20)
#define FUNCTION_AREA 4096

static struct {
	uint8_t *regs; /* of first_bus */
	uint16_t segment;
	uint8_t first_bus, last_bus;
} ecam[ECAM_MAX];
static uint32_t n_ecam;

struct segment {
	uint16_t number;
	bool walked;
	uint64_t bus[N_BUSES / 64]; /* bit set: the bus has functions */
};
static struct segment segments[SEGMENTS_MAX]; /* [0] is segment 0 */
static uint32_t n_segments = 1;
static bool only_one_root;

void pci_forget(void)
{
	n_ecam = 0;
	n_segments = 1;
	segments[0] = (struct segment){.number = 0};
	only_one_root = false;
}

/* ---- addresses ---- */

static uint32_t make_address(uint16_t segment, uint32_t bus, uint32_t device, uint32_t function)
{
	return (uint32_t)segment << 16 | bus << 8 | device << 3 | function;
}

static uint16_t segment_of(uint32_t address)
{
	return (uint16_t)(address >> 16);
}

static uint8_t bus_of(uint32_t address)
{
	return (uint8_t)(address >> 8);
}

const char *pci_name(uint32_t address, char *dst)
{
	char segment[8] = "";
	if (segment_of(address) != 0)
		format(segment, sizeof(segment), "%04x:", segment_of(address));
	format(dst, 16, "%s%02x:%02x.%u", segment, bus_of(address), address >> 3 & 31, address & 7);
	return dst;
}

/* ---- access ---- */

static int add_segment(uint16_t number)
{
	for (uint32_t i = 0; i < n_segments; i++) {
		if (segments[i].number == number) {
			segments[i].walked = false;
			return 0;
		}
	}
	if (n_segments == SEGMENTS_MAX)
		return ERR_NO_MEMORY;
	segments[n_segments++] = (struct segment){.number = number};
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

/* NULL: not in ECAM. */
static uint8_t *ecam_register(uint32_t address, uint16_t offset)
{
	uint8_t bus = bus_of(address);
	for (uint32_t i = 0; i < n_ecam; i++) {
		if (ecam[i].segment != segment_of(address) || bus < ecam[i].first_bus ||
			bus > ecam[i].last_bus)
			continue;
		uint32_t area = (uint32_t)(bus - ecam[i].first_bus) << 20 | (address & 0xff) << 12;
		return ecam[i].regs + area + (offset & (FUNCTION_AREA - 1));
	}
	return NULL;
}

/* The data port for this register, or 0 when mechanism #1 does not reach it. */
static uint16_t select_port(uint32_t address, uint16_t offset)
{
	if (segment_of(address) != 0 || offset > 0xff)
		return 0;
	port_out32(PCI_CONFIG_ADDRESS, PCI_CONFIG_ENABLE | address << 8 | (offset & 0xfcu));
	return PCI_CONFIG_DATA + (offset & 3);
}

uint8_t pci_read8(const struct pci_dev *dev, uint16_t offset)
{
	uint8_t *reg = ecam_register(dev->address, offset);
	if (reg != NULL)
		return mmio_read8(reg);
	uint16_t port = select_port(dev->address, offset);
	return port != 0 ? port_in8(port) : UINT8_MAX;
}

uint16_t pci_read16(const struct pci_dev *dev, uint16_t offset)
{
	uint8_t *reg = ecam_register(dev->address, offset);
	if (reg != NULL)
		return mmio_read16(reg);
	uint16_t port = select_port(dev->address, offset);
	return port != 0 ? port_in16(port) : UINT16_MAX;
}

uint32_t pci_read32(const struct pci_dev *dev, uint16_t offset)
{
	uint8_t *reg = ecam_register(dev->address, offset);
	if (reg != NULL)
		return mmio_read32(reg);
	uint16_t port = select_port(dev->address, offset);
	return port != 0 ? port_in32(port) : UINT32_MAX;
}

void pci_write8(const struct pci_dev *dev, uint16_t offset, uint8_t value)
{
	uint8_t *reg = ecam_register(dev->address, offset);
	uint16_t port = reg == NULL ? select_port(dev->address, offset) : 0;
	if (reg != NULL)
		mmio_write8(reg, value);
	else if (port != 0)
		port_out8(port, value);
}

void pci_write16(const struct pci_dev *dev, uint16_t offset, uint16_t value)
{
	uint8_t *reg = ecam_register(dev->address, offset);
	uint16_t port = reg == NULL ? select_port(dev->address, offset) : 0;
	if (reg != NULL)
		mmio_write16(reg, value);
	else if (port != 0)
		port_out16(port, value);
}

void pci_write32(const struct pci_dev *dev, uint16_t offset, uint32_t value)
{
	uint8_t *reg = ecam_register(dev->address, offset);
	uint16_t port = reg == NULL ? select_port(dev->address, offset) : 0;
	if (reg != NULL)
		mmio_write32(reg, value);
	else if (port != 0)
		port_out32(port, value);
}

/* ---- enumeration ---- */

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

typedef int (*pci_found)(const struct pci_dev *dev, void *ctx);

static int scan_device(uint16_t segment, uint32_t bus, uint32_t device, pci_found found, void *ctx)
{
	struct pci_dev dev;
	if (pci_at(make_address(segment, bus, device, 0), &dev) != 0)
		return 0;
	uint32_t n_functions = pci_read8(&dev, PCI_HEADER_TYPE) & 0x80 ? 8 : 1;
	for (uint32_t function = 0; function < n_functions; function++) {
		if (pci_at(make_address(segment, bus, device, function), &dev) != 0)
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
	set_bit(w->segment->bus, bus_of(dev->address));
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

void pci_only_one_root(void)
{
	only_one_root = true;
}

int pci_scan(int (*found)(const struct pci_dev *dev, void *ctx), void *ctx)
{
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

/* ---- capabilities ---- */

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
		segment_of(bridge->address) != segment_of(dev->address))
		return 0;
	uint8_t first = pci_read8(bridge, PCI_SECONDARY_BUS);
	uint8_t last = pci_read8(bridge, PCI_SUBORDINATE), bus = bus_of(dev->address);
	if (first != 0 && bus >= first && bus <= last)
		change_command(bridge, 0, PCI_COMMAND_MASTER);
	return 0;
}

void pci_bus_master_on(const struct pci_dev *dev)
{
	struct pci_dev below = *dev;
	if (bus_of(dev->address) != 0)
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

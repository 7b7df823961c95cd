/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/pci_*.c and usb_handoff.c over fake buses. */
#include "test.h"

#include <string.h>

#include "fake_pci.h"
#include "pci.h"

#define ADDRESS(bus, device, function) ((uint32_t)((bus) << 8 | (device) << 3 | (function)))

static void setup(void)
{
	fake_machine_reset();
	fake_pci_reset();
}

FIXTURE(setup, NULL)

/* ---- enumeration ---- */

struct found {
	uint32_t address[FAKE_PCI_MAX];
	unsigned n;
	uint32_t stop_at;
};

static int note(const struct pci_dev *dev, void *ctx)
{
	struct found *f = ctx;
	f->address[f->n++] = dev->address;
	return dev->address == f->stop_at ? 42 : 0;
}

static void expect_scan(const uint32_t *address, unsigned n)
{
	for (int round = 0; round < 2; round++) {
		struct found f = {.stop_at = UINT32_MAX};
		assert_int_equal(pci_scan(note, &f), 0);
		assert_int_equal(f.n, n);
		assert_memory_equal(f.address, address, n * sizeof(address[0]));
	}
}

TEST(empty_machine)
{
	expect_scan(NULL, 0);
}

TEST(functions)
{
	fake_pci_add(ADDRESS(0, 0, 0), 1, 2, 0x060000);
	struct fake_pci_dev *multi = fake_pci_add(ADDRESS(0, 4, 0), 0x8086, 0x1111, 0x010802);
	multi->config[0x0e] = 0x80;
	fake_pci_add(ADDRESS(0, 4, 3), 0x8086, 0x2222, 0x020000);
	/* Not multi-function: what answers at function 1 is a ghost. */
	fake_pci_add(ADDRESS(0, 31, 0), 1, 3, 0x020000);
	fake_pci_add(ADDRESS(0, 31, 1), 1, 3, 0x020000);
	/* No function 0: nothing there. */
	fake_pci_add(ADDRESS(0, 7, 1), 1, 3, 0x020000);
	fake_pci_add(ADDRESS(0, 8, 0), 0, 3, 0x020000);
	const uint32_t expected[] = {0, ADDRESS(0, 4, 0), ADDRESS(0, 4, 3), ADDRESS(0, 31, 0)};
	expect_scan(expected, 4);

	struct pci_dev dev;
	assert_int_equal(pci_at(ADDRESS(0, 4, 0), &dev), 0);
	assert_int_equal(dev.vendor, 0x8086);
	assert_int_equal(dev.device, 0x1111);
	assert_int_equal(dev.class_code, 0x010802);
	assert_int_equal(dev.header_type, 0);
	assert_int_equal(pci_at(ADDRESS(0, 5, 0), &dev), ERR_NOT_FOUND);
	assert_int_equal(pci_at(0x10000, &dev), ERR_NOT_FOUND);

	struct found f = {.stop_at = ADDRESS(0, 4, 0)};
	assert_int_equal(pci_scan(note, &f), 42);
	assert_int_equal(f.n, 2);
}

TEST(bridges_even_in_circles)
{
	fake_pci_add_bridge(ADDRESS(0, 1, 0), 9);
	fake_pci_add_bridge(ADDRESS(0, 2, 0), 0); /* not set up */
	fake_pci_add_bridge(ADDRESS(9, 0, 0), 3);
	fake_pci_add_bridge(ADDRESS(3, 0, 0), 9);
	fake_pci_add_bridge(ADDRESS(3, 1, 0), 3);
	fake_pci_add_bridge(ADDRESS(3, 2, 0), 255);
	fake_pci_add(ADDRESS(255, 31, 0), 1, 2, 0x010802);
	fake_pci_add(ADDRESS(200, 0, 0), 1, 2, 0x010802); /* no bridge leads here */
	const uint32_t expected[] = {ADDRESS(0, 1, 0), ADDRESS(0, 2, 0), ADDRESS(3, 0, 0),
		ADDRESS(3, 1, 0), ADDRESS(3, 2, 0), ADDRESS(9, 0, 0), ADDRESS(200, 0, 0),
		ADDRESS(255, 31, 0)};
	expect_scan(expected, 8);
}

TEST(other_root_buses)
{
	fake_pci_add(ADDRESS(0, 0, 0), 1, 2, 0x060000);
	fake_pci_add_bridge(ADDRESS(0x40, 5, 0), 0x41);
	fake_pci_add(ADDRESS(0x41, 0, 0), 1, 2, 0x010802);
	const uint32_t expected[] = {0, ADDRESS(0x40, 5, 0), ADDRESS(0x41, 0, 0)};
	expect_scan(expected, 3);
}

TEST(ecam)
{
	fake_pci_add(ADDRESS(0, 3, 0), 1, 2, 0x010802);
	fake_pci_add(ADDRESS(0x20, 3, 0), 1, 3, 0x010802);
	struct fake_pci_dev *far = fake_pci_add(0x50000 | ADDRESS(0x11, 30, 0), 1, 4, 0x010802);
	far->config[0x0e] = 0x80;
	fake_pci_add(0x50000 | ADDRESS(0x11, 30, 7), 1, 5, 0x010802);
	fake_set_config(far, 0x104, 0xdeadbeef, 4);
	far->writable[0x104] = 0xff;
	fake_pci_add_ecam(0xb0000000, 0, 0, 0x1f);
	fake_pci_add_ecam(0x4000000000, 5, 0x10, 0x12);
	assert_int_equal(pci_use_ecam(0xb0000000, 0, 0, 0x1f), 0);
	assert_int_equal(pci_use_ecam(0x4000000000, 5, 0x10, 0x12), 0);
	const uint32_t expected[] = {ADDRESS(0, 3, 0), ADDRESS(0x20, 3, 0),
		0x50000 | ADDRESS(0x11, 30, 0), 0x50000 | ADDRESS(0x11, 30, 7)};
	expect_scan(expected, 4);
	struct pci_dev dev;
	assert_int_equal(pci_at(expected[2], &dev), 0);
	assert_int_equal(pci_read32(&dev, 0x104), 0xdeadbeef);
	pci_write8(&dev, 0x104, 0x11);
	pci_write16(&dev, 0x106, 0);
	assert_int_equal(pci_read16(&dev, 0x104), 0xbe11);
	assert_int_equal(pci_read8(&dev, 0x107), 0xde);
	/* Mechanism #1 does not reach there. */
	assert_int_equal(pci_at(expected[1], &dev), 0);
	assert_int_equal(pci_read32(&dev, 0x104), 0xffffffff);
	pci_write32(&dev, 0x104, 1);

	assert_int_equal(pci_use_ecam(0xb0000000, 0, 9, 8), ERR_FIRMWARE);
	assert_int_equal(pci_use_ecam(0xb0001000, 0, 0, 8), ERR_FIRMWARE);
	assert_int_equal(pci_use_ecam(UINT64_MAX - 0xfffff, 0, 0, 8), ERR_FIRMWARE);
	fake_mmio_works = false;
	assert_int_equal(pci_use_ecam(0xb0000000, 0, 0, 8), ERR_NO_MEMORY);
}

TEST(names)
{
	char name[16];
	assert_string_equal(pci_name(ADDRESS(0, 3, 0), name), "00:03.0");
	assert_string_equal(pci_name(0xffffffff, name), "ffff:ff:1f.7");
	assert_string_equal(pci_name(0x10000 | ADDRESS(0xab, 31, 6), name), "0001:ab:1f.6");
}

/* ---- capabilities ---- */

TEST(capabilities)
{
	struct fake_pci_dev *fake = fake_pci_add(ADDRESS(0, 3, 0), 1, 2, 0x010802);
	struct pci_dev dev;
	assert_int_equal(pci_at(fake->address, &dev), 0);
	assert_int_equal(pci_capability(&dev, 9, 0), 0);
	const uint8_t cap9[16] = {9}, cap5[4] = {5};
	uint8_t a = fake_pci_add_cap(fake, cap9, 16);
	uint8_t b = fake_pci_add_cap(fake, cap5, 4);
	uint8_t c = fake_pci_add_cap(fake, cap9, 16);
	assert_int_equal(pci_capability(&dev, 9, 0), a);
	assert_int_equal(pci_capability(&dev, 9, a), c);
	assert_int_equal(pci_capability(&dev, 9, c), 0);
	assert_int_equal(pci_capability(&dev, 5, 0), b);
	assert_int_equal(pci_capability(&dev, 1, 0), 0);

	/* In a circle, a caller's loop still sees each once. */
	fake->config[c + 1] = a;
	unsigned n = 0;
	for (uint8_t at = pci_capability(&dev, 9, 0); at != 0; at = pci_capability(&dev, 9, at))
		assert_true(++n < 5);
	assert_int_equal(n, 2);
	fake->config[c + 1] = c;
	assert_int_equal(pci_capability(&dev, 9, c), 0);
	fake->config[c + 1] = 0x10; /* into the header */
	assert_int_equal(pci_capability(&dev, 9, c), 0);
	fake->config[0x06] = 0; /* no list */
	assert_int_equal(pci_capability(&dev, 9, 0), 0);
	fake->gone = true;
	assert_int_equal(pci_capability(&dev, 9, 0), 0);
}

/* ---- power ---- */

TEST(wake)
{
	struct fake_pci_dev *fake = fake_pci_add(ADDRESS(0, 3, 0), 1, 2, 0x010802);
	fake_pci_set_bar(fake, 0, FAKE_BAR_64, 0x800000000, 0x4000, (struct fake_io){0});
	const uint8_t msi[16] = {5, 0, 0x81, 0}, msix[12] = {0x11, 0, 0x03, 0x80};
	uint8_t at_msi = fake_pci_add_cap(fake, msi, 16);
	uint8_t at_msix = fake_pci_add_cap(fake, msix, 12);
	fake->writable[at_msi + 2] = 1;
	fake->writable[at_msix + 3] = 0xc0;
	uint8_t pm = fake_pci_add_pm(fake, 3);
	struct pci_dev dev;
	assert_int_equal(pci_at(fake->address, &dev), 0);
	uint64_t start = fake_clock_now_us;
	assert_int_equal(pci_wake(&dev), 0);
	assert_true(fake_clock_now_us - start >= 10000);
	assert_int_equal(fake->config[pm + 4], 0);
	assert_int_equal(fake_config32(fake, 0x10), 4);
	assert_int_equal(fake_config32(fake, 0x14), 8);
	assert_int_equal(fake_config16(fake, 4), 0x403);
	assert_int_equal(fake->config[at_msi + 2], 0x80);
	assert_int_equal(fake->config[at_msix + 3], 0);

	pci_bus_master_on(&dev);
	assert_int_equal(fake_config16(fake, 4), 0x407);
	pci_bus_master_off(&dev);
	assert_int_equal(fake_config16(fake, 4), 0x403);
	start = fake_clock_now_us;
	assert_int_equal(pci_wake(&dev), 0);
	assert_true(fake_clock_now_us - start < 100);
}

TEST(wake_fails)
{
	struct fake_pci_dev *fake = fake_pci_add(ADDRESS(0, 3, 0), 1, 2, 0x010802);
	fake_pci_add_pm(fake, 3);
	struct pci_dev dev;
	assert_int_equal(pci_at(fake->address, &dev), 0);
	fake->stuck_in_d3 = true;
	assert_int_equal(pci_wake(&dev), ERR_TIMEOUT);
	fake->gone = true;
	assert_int_equal(pci_wake(&dev), ERR_LOST);
}

TEST(bridges_let_dma_through)
{
	struct fake_pci_dev *outer = fake_pci_add_bridge(ADDRESS(0, 1, 0), 1);
	outer->config[0x1a] = 5;
	struct fake_pci_dev *inner = fake_pci_add_bridge(ADDRESS(1, 0, 0), 4);
	struct fake_pci_dev *other = fake_pci_add_bridge(ADDRESS(0, 2, 0), 6);
	struct fake_pci_dev *unused = fake_pci_add_bridge(ADDRESS(0, 3, 0), 0);
	unused->config[0x1a] = 255;
	struct fake_pci_dev *fake = fake_pci_add(ADDRESS(4, 0, 0), 1, 2, 0x010802);
	struct pci_dev dev;
	assert_int_equal(pci_at(fake->address, &dev), 0);
	pci_bus_master_on(&dev);
	assert_int_equal(fake_config16(fake, 4), 4);
	assert_int_equal(fake_config16(inner, 4), 4);
	assert_int_equal(fake_config16(outer, 4), 4);
	assert_int_equal(fake_config16(other, 4), 0);
	assert_int_equal(fake_config16(unused, 4), 0);
	pci_bus_master_off(&dev);
	assert_int_equal(fake_config16(fake, 4), 0);
	assert_int_equal(fake_config16(inner, 4), 4);
}

TEST(quiesce_all)
{
	struct fake_pci_dev *nic = fake_pci_add(ADDRESS(0, 3, 0), 1, 2, 0x020000);
	struct fake_pci_dev *vga = fake_pci_add(ADDRESS(0, 2, 0), 1, 2, 0x030000);
	struct fake_pci_dev *bridge = fake_pci_add_bridge(ADDRESS(0, 1, 0), 1);
	struct fake_pci_dev *usb = fake_pci_add(ADDRESS(1, 0, 0), 1, 2, 0x0c0330);
	struct fake_pci_dev *idle = fake_pci_add(ADDRESS(1, 1, 0), 1, 2, 0x0c0330);
	struct fake_pci_dev *on[] = {nic, vga, bridge, usb};
	for (int i = 0; i < 4; i++)
		fake_set_config(on[i], 4, 0x107, 2);
	assert_int_equal(pci_quiesce_all(), 2);
	assert_int_equal(fake_config16(nic, 4), 0x103);
	assert_int_equal(fake_config16(vga, 4), 0x107);
	assert_int_equal(fake_config16(bridge, 4), 0x107);
	assert_int_equal(fake_config16(usb, 4), 0x103);
	assert_int_equal(fake_config16(idle, 4), 0);
	assert_int_equal(pci_quiesce_all(), 0);
}

/* ---- BARs ---- */

static uint64_t echo_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)bytes;
	return (uint64_t)(uintptr_t)ctx + offset;
}

static void ignore_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	(void)offset;
	(void)bytes;
	(void)value;
}

static const struct fake_io echo = {echo_read, ignore_write, (void *)0x100};

TEST(bars)
{
	struct fake_pci_dev *fake = fake_pci_add(ADDRESS(0, 3, 0), 1, 2, 0x010802);
	fake_pci_set_bar(fake, 0, FAKE_BAR_32, 0xfebf1000, 0x1000, echo);
	fake_pci_set_bar(fake, 1, FAKE_BAR_IO, 0xc040, 64, echo);
	fake_pci_set_bar(fake, 2, FAKE_BAR_64, 0x3800004000, 0x4000, echo);
	fake_pci_set_bar(fake, 4, FAKE_BAR_64, 0x800000000, 0x80000000, echo);
	struct pci_dev dev;
	struct pci_bar bar;
	assert_int_equal(pci_at(fake->address, &dev), 0);
	fake_set_config(fake, 4, 3, 2);
	uint8_t before[256];
	memcpy(before, fake->config, sizeof(before));

	assert_int_equal(pci_map_bar(&dev, 0, &bar), 0);
	assert_false(bar.is_io);
	assert_int_equal(bar.phys, 0xfebf1000);
	assert_int_equal(bar.bytes, 0x1000);
	assert_int_equal(mmio_read32((uint8_t *)bar.regs + 8), 0x108);
	assert_int_equal(pci_map_bar(&dev, 1, &bar), 0);
	assert_true(bar.is_io);
	assert_int_equal(bar.phys, 0xc040);
	assert_int_equal(bar.bytes, 64);
	assert_null(bar.regs);
	assert_int_equal(port_in16(0xc042), 0x102);
	assert_int_equal(pci_map_bar(&dev, 2, &bar), 0);
	assert_int_equal(bar.phys, 0x3800004000);
	assert_int_equal(bar.bytes, 0x4000);
	assert_int_equal(mmio_read16((uint8_t *)bar.regs + 0x3ffe), 0x40fe);
	assert_int_equal(pci_map_bar(&dev, 4, &bar), 0);
	assert_int_equal(bar.phys, 0x800000000);
	assert_int_equal(bar.bytes, 0x80000000);
	assert_memory_equal(before, fake->config, sizeof(before));
}

TEST(bars_that_are_none)
{
	struct fake_pci_dev *fake = fake_pci_add(ADDRESS(0, 3, 0), 1, 2, 0x010802);
	fake_pci_set_bar(fake, 0, FAKE_BAR_32, 0, 0x1000, echo);
	fake_pci_set_bar(fake, 1, FAKE_BAR_32, 0xfebf1000, 0x1000, echo);
	memcpy(&fake->writable[0x14], "\x00\xf0\x0f\xff", 4); /* holes */
	fake_pci_set_bar(fake, 2, FAKE_BAR_32, 0xfebf3000, 0x1000, echo);
	memcpy(&fake->writable[0x18], "\x00\x00\xff\xff", 4); /* not at a multiple of its size */
	fake_set_config(fake, 0x10 + 4 * 5, 4, 4);            /* 64 bits, no second half */
	struct pci_dev dev;
	struct pci_bar bar;
	assert_int_equal(pci_at(fake->address, &dev), 0);
	assert_int_equal(pci_map_bar(&dev, 0, &bar), ERR_FIRMWARE);
	assert_int_equal(pci_map_bar(&dev, 1, &bar), ERR_BAD_ANSWER);
	assert_int_equal(pci_map_bar(&dev, 2, &bar), ERR_BAD_ANSWER);
	assert_int_equal(pci_map_bar(&dev, 3, &bar), ERR_NOT_FOUND);
	assert_int_equal(pci_map_bar(&dev, 5, &bar), ERR_BAD_ANSWER);
	assert_int_equal(pci_map_bar(&dev, 6, &bar), ERR_ARGUMENT);
	fake->config[0x0e] = 1;
	assert_int_equal(pci_at(fake->address, &dev), 0);
	assert_int_equal(pci_map_bar(&dev, 0, &bar), ERR_ARGUMENT);
	fake->gone = true;
	dev.header_type = 0;
	assert_int_not_equal(pci_map_bar(&dev, 0, &bar), 0);
}

TEST(bar_that_cannot_be_mapped)
{
	struct fake_pci_dev *fake = fake_pci_add(ADDRESS(0, 3, 0), 1, 2, 0x010802);
	fake_pci_set_bar(fake, 0, FAKE_BAR_32, 0xfebf1000, 0x1000, echo);
	struct pci_dev dev;
	struct pci_bar bar;
	assert_int_equal(pci_at(fake->address, &dev), 0);
	fake_mmio_works = false;
	assert_int_equal(pci_map_bar(&dev, 0, &bar), ERR_NO_MEMORY);
}

/* ---- USB ---- */

/* The registers of a host controller: memory, with firmware that gives up 5 looks after it was
 * asked. */
struct usb {
	uint32_t reg[0x1000 / 4];
	unsigned kind; /* 1 OHCI, 2 EHCI, 3 xHCI */
	bool stubborn;
	unsigned looks;
	struct fake_pci_dev *dev;
	bool gave_up_as_master;
};
static struct usb usb;

static bool gives_up(void)
{
	return !usb.stubborn && ++usb.looks == 5;
}

static uint64_t usb_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	if (usb.kind == 1 && (usb.reg[2] & 8) && gives_up())
		usb.reg[1] &= ~(1u << 8);
	if (usb.kind == 3 && (usb.reg[0x500 / 4] & 1u << 24) && gives_up()) {
		usb.reg[0x500 / 4] &= ~(1u << 16);
		usb.gave_up_as_master = usb.dev && (fake_config16(usb.dev, 4) & 4);
	}
	return bytes == 1 ? ((uint8_t *)usb.reg)[offset] : usb.reg[offset / 4];
}

static void usb_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	assert_int_equal(bytes, 4);
	usb.reg[offset / 4] = (uint32_t)value;
	/* Halted as soon as the run bit is off. */
	if (usb.kind == 2 && offset == 0x20)
		usb.reg[0x24 / 4] = value & 1 ? 0 : 1u << 12;
	if (usb.kind == 3 && offset == 0x40)
		usb.reg[0x44 / 4] = value & 1 ? 0 : 1;
}

static struct fake_pci_dev *add_usb(unsigned kind, uint32_t class_code)
{
	memset(&usb, 0, sizeof(usb));
	usb.kind = kind;
	struct fake_pci_dev *fake = fake_pci_add(ADDRESS(0, 4, 0), 1, 2, class_code);
	struct fake_io io = {usb_read, usb_write, NULL};
	fake_pci_set_bar(fake, 0, FAKE_BAR_32, 0xfeb00000, sizeof(usb.reg), io);
	fake_set_config(fake, 4, 2, 2);
	return fake;
}

/* What drivers/pci.h asks for: the controller may master the bus until firmware has let go of it. */
TEST(usb_before_bus_mastering)
{
	struct fake_pci_dev *fake = add_usb(3, 0x0c0330);
	fake_set_config(fake, 4, 6, 2);
	usb.reg[0] = 0x40;
	usb.reg[0x10 / 4] = 0x140 << 16;
	usb.reg[0x500 / 4] = 1u << 16 | 1;
	usb.dev = fake;
	assert_int_equal(pci_take_from_firmware(), 1);
	assert_true(usb.gave_up_as_master);
	assert_int_equal(usb.reg[0x500 / 4] & 1u << 16, 0);
	assert_int_equal(fake_config16(fake, 4), 2);
}

TEST(uhci)
{
	struct fake_pci_dev *fake = fake_pci_add(ADDRESS(0, 4, 0), 1, 2, 0x0c0300);
	fake->writable[0xc0] = fake->writable[0xc1] = 0xff;
	pci_usb_handoff();
	assert_int_equal(fake_config16(fake, 0xc0), 0x8f00);
}

TEST(ohci)
{
	for (int stubborn = 0; stubborn < 2; stubborn++) {
		setup();
		fake_clock_step_us = 100;
		add_usb(1, 0x0c0310);
		usb.stubborn = stubborn;
		usb.reg[1] = 1u << 8 | 0xbf;
		pci_usb_handoff();
		assert_int_equal(usb.reg[1], stubborn ? 1u << 8 : 0);
		assert_int_equal(usb.reg[0x14 / 4], UINT32_MAX);
		assert_true(fake_clock_now_us < 3100000);
	}
}

static bool ehci_stubborn;

static void ehci_config_written(struct fake_pci_dev *dev, uint16_t offset)
{
	if (offset == 0x63 && !ehci_stubborn)
		dev->config[0x62] = 0;
}

TEST(ehci)
{
	for (int stubborn = 0; stubborn < 2; stubborn++) {
		setup();
		fake_clock_step_us = 100;
		ehci_stubborn = stubborn;
		struct fake_pci_dev *fake = add_usb(2, 0x0c0320);
		fake->config_written = ehci_config_written;
		memset(&fake->writable[0x60], 0xff, 8);
		fake_set_config(fake, 0x60, 0x00010001, 4);
		fake_set_config(fake, 0x64, 0x0000003f, 4);
		usb.reg[0] = 0x01000020; /* operational registers at 0x20 */
		usb.reg[2] = 0x6000;
		usb.reg[0x20 / 4] = 1;
		usb.reg[0x28 / 4] = 0x3f;
		pci_usb_handoff();
		assert_int_equal(fake_config32(fake, 0x60), 0x01000001);
		assert_int_equal(fake_config32(fake, 0x64), 0);
		assert_int_equal(usb.reg[0x20 / 4], 0);
		assert_int_equal(usb.reg[0x28 / 4], 0);
		assert_true(fake_clock_now_us < 2200000);
	}
}

TEST(xhci)
{
	for (int stubborn = 0; stubborn < 2; stubborn++) {
		setup();
		fake_clock_step_us = 100;
		add_usb(3, 0x0c0330);
		usb.stubborn = stubborn;
		usb.reg[0] = 0x01000040;
		usb.reg[0x10 / 4] = 0x120 << 16; /* capabilities at 0x480 */
		usb.reg[0x480 / 4] = 0x2002;     /* another one, the next 0x80 further */
		usb.reg[0x500 / 4] = 1u << 16 | 1;
		usb.reg[0x504 / 4] = 0xe000e011;
		usb.reg[0x40 / 4] = 5;
		pci_usb_handoff();
		assert_int_equal(usb.reg[0x500 / 4], 1u << 24 | 1);
		assert_int_equal(usb.reg[0x504 / 4], 0xe0000000);
		assert_int_equal(usb.reg[0x40 / 4], 0);
		assert_true(fake_clock_now_us < 2200000);
	}
}

TEST(usb_that_lies_or_is_off)
{
	const uint32_t classes[] = {0x0c0310, 0x0c0320, 0x0c0330};
	for (unsigned kind = 1; kind <= 3; kind++) {
		for (unsigned off = 0; off < 2; off++) {
			setup();
			fake_clock_step_us = 100;
			struct fake_pci_dev *fake = add_usb(kind, classes[kind - 1]);
			memset(usb.reg, 0xff, sizeof(usb.reg));
			usb.stubborn = true;
			memset(&fake->config[0x40], 0xff, 0xc0);
			if (off)
				fake_set_config(fake, 4, 0, 2);
			pci_usb_handoff();
			assert_true(fake_clock_now_us < 3300000);
		}
	}
	/* A list that leads to itself, or out of the window. */
	setup();
	add_usb(3, 0x0c0330);
	usb.reg[0x10 / 4] = 0x3ff << 16;
	usb.reg[0xffc / 4] = 0x0102;
	pci_usb_handoff();
	usb.reg[0x10 / 4] = 0x3fe << 16;
	usb.reg[0xff8 / 4] = 0xff02;
	pci_usb_handoff();
}

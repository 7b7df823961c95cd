/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware that emulates a PS/2 keyboard, or boots from a USB disk, owns the USB host controllers
 * and serves them from system management mode. Before memory is overwritten they must be given up,
 * as Linux asks for at its boot; the resumed kernel does not ask again. UHCI 1.1 chapter 5.2, OHCI
 * 1.0a chapter 5.1.1.3, EHCI 1.0 chapter 5.1 and 2.1.7, xHCI 1.1 chapter 4.22.1 and 7.1.
 *
 * A controller whose registers are not decoded is not in use by firmware and is passed over.
 */
#include "deadline.h"
#include "log.h"
#include "machine.h"
#include "pci.h"

#define CLASS_UHCI 0x0c0300
#define CLASS_OHCI 0x0c0310
#define CLASS_EHCI 0x0c0320
#define CLASS_XHCI 0x0c0330

#define PCI_COMMAND        0x04
#define PCI_COMMAND_MEMORY (1u << 1)

#define HANDOFF_MS 1000
#define HALT_MS    20

/* UHCI 5.2.1: traps off (bits 0-3, 5), status bits 8-11 and 15 cleared by writing ones */
#define UHCI_LEGSUP        0xc0
#define UHCI_LEGSUP_RESULT 0x8f00

/* OHCI 7.1 */
#define OHCI_CONTROL      0x04
#define OHCI_CONTROL_IR   (1u << 8) /* interrupts go to system management mode */
#define OHCI_CONTROL_KEEP (1u << 8 | 1u << 9)
#define OHCI_CMDSTATUS    0x08
#define OHCI_CMDSTATUS_OC (1u << 3) /* ownership change request */
#define OHCI_INTRENABLE   0x10
#define OHCI_INTRDISABLE  0x14
#define OHCI_INTR_OC      (1u << 30)

/* EHCI 2.1.7 (in configuration space) and xHCI 7.1.1 (in registers): the same layout */
#define LEGSUP_ID         0x01
#define LEGSUP_BIOS_OWNED (1u << 16)
#define LEGSUP_OS_OWNED   (1u << 24)
#define LEGCTLSTS         4 /* behind LEGSUP */

/* EHCI 2.2, 2.3; the bits of xHCI's USBCMD and USBSTS are elsewhere */
#define EHCI_HCCPARAMS     0x08
#define EHCI_USBCMD        0x00
#define EHCI_USBSTS        0x04
#define EHCI_USBINTR       0x08
#define EHCI_CMD_RUN       (1u << 0)
#define EHCI_STS_HALTED    (1u << 12)
#define EHCI_CAPS_MAX      8
#define EHCI_REGS_MIN      0x100
#define XHCI_HCCPARAMS1    0x10
#define XHCI_USBCMD        0x00
#define XHCI_USBSTS        0x04
#define XHCI_CMD_RUN       (1u << 0)
#define XHCI_CMD_INTERRUPT (1u << 2)
#define XHCI_STS_HALTED    (1u << 0)
#define XHCI_SMI_KEEP      (0x7u << 1 | 0xffu << 5 | 0x7u << 17) /* reserved bits of LEGCTLSTS */
#define XHCI_SMI_CLEAR     (0x7u << 29)
#define XHCI_CAPS_MAX      256

static void report(const struct pci_dev *dev, const char *kind, int err)
{
	char name[16];
	pci_name(dev->address, name);
	if (err != 0)
		log_line("usb %s: %s, firmware did not give it up, taken by force", name, kind);
	else
		log_line("usb %s: %s, taken over from firmware", name, kind);
}

static void hand_over_uhci(const struct pci_dev *dev)
{
	pci_write16(dev, UHCI_LEGSUP, UHCI_LEGSUP_RESULT);
}

/* BAR 0, when firmware has given it an address and turned it on. */
static bool registers(const struct pci_dev *dev, uint64_t at_least, struct pci_bar *ret_bar)
{
	if (!(pci_read16(dev, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		return false;
	return pci_map_bar(dev, 0, ret_bar) == 0 && !ret_bar->is_io && ret_bar->bytes >= at_least;
}

static void hand_over_ohci(const struct pci_dev *dev)
{
	struct pci_bar bar;
	if (!registers(dev, 0x100, &bar))
		return;
	uint8_t *regs = bar.regs;
	if (mmio_read32(regs + OHCI_CONTROL) & OHCI_CONTROL_IR) {
		mmio_write32(regs + OHCI_INTRENABLE, OHCI_INTR_OC);
		mmio_write32(regs + OHCI_CMDSTATUS, OHCI_CMDSTATUS_OC);
		int err =
			WAIT_FOR(!(mmio_read32(regs + OHCI_CONTROL) & OHCI_CONTROL_IR), HANDOFF_MS);
		report(dev, "ohci", err);
	}
	mmio_write32(regs + OHCI_INTRDISABLE, UINT32_MAX);
	/* Functional state 0 is reset: nothing is transferred any more. */
	mmio_write32(regs + OHCI_CONTROL, mmio_read32(regs + OHCI_CONTROL) & OHCI_CONTROL_KEEP);
}

static void take_ehci(const struct pci_dev *dev, uint8_t cap)
{
	if (pci_read32(dev, cap) & LEGSUP_BIOS_OWNED) {
		pci_write8(dev, cap + 3, 1);
		int err = WAIT_FOR(!(pci_read32(dev, cap) & LEGSUP_BIOS_OWNED), HANDOFF_MS);
		if (err != 0)
			pci_write8(dev, cap + 2, 0);
		report(dev, "ehci", err);
	}
	pci_write32(dev, cap + LEGCTLSTS, 0);
}

static void hand_over_ehci(const struct pci_dev *dev)
{
	struct pci_bar bar;
	if (!registers(dev, EHCI_REGS_MIN, &bar))
		return;
	uint8_t *regs = bar.regs;
	uint8_t cap = (uint8_t)(mmio_read32(regs + EHCI_HCCPARAMS) >> 8);
	for (uint32_t i = 0; i < EHCI_CAPS_MAX && cap >= 0x40 && cap % 4 == 0; i++) {
		uint32_t value = pci_read32(dev, cap);
		if ((value & 0xff) == LEGSUP_ID)
			take_ehci(dev, cap);
		cap = (uint8_t)(value >> 8);
	}
	uint8_t length = mmio_read8(regs);
	if (length % 4 != 0 || length > EHCI_REGS_MIN - 0x10)
		return;
	uint8_t *op = regs + length;
	mmio_write32(op + EHCI_USBCMD, mmio_read32(op + EHCI_USBCMD) & ~EHCI_CMD_RUN);
	(void)WAIT_FOR(mmio_read32(op + EHCI_USBSTS) & EHCI_STS_HALTED, HALT_MS);
	mmio_write32(op + EHCI_USBINTR, 0);
}

static void take_xhci(const struct pci_dev *dev, uint8_t *legsup)
{
	uint32_t value = mmio_read32(legsup);
	if (value & LEGSUP_BIOS_OWNED) {
		mmio_write32(legsup, value | LEGSUP_OS_OWNED);
		int err = WAIT_FOR(!(mmio_read32(legsup) & LEGSUP_BIOS_OWNED), HANDOFF_MS);
		if (err != 0)
			mmio_write32(legsup, (value | LEGSUP_OS_OWNED) & ~LEGSUP_BIOS_OWNED);
		report(dev, "xhci", err);
	}
	uint32_t control = mmio_read32(legsup + LEGCTLSTS);
	mmio_write32(legsup + LEGCTLSTS, (control & XHCI_SMI_KEEP) | XHCI_SMI_CLEAR);
}

/* xHCI 7: a list in the registers, in steps of 4 bytes. */
static void find_xhci_legacy(const struct pci_dev *dev, const struct pci_bar *bar)
{
	uint8_t *regs = bar->regs;
	uint64_t at = (uint64_t)(mmio_read32(regs + XHCI_HCCPARAMS1) >> 16) * 4;
	for (uint32_t i = 0; i < XHCI_CAPS_MAX && at != 0 && at <= bar->bytes - 8; i++) {
		uint32_t value = mmio_read32(regs + at);
		if ((value & 0xff) == LEGSUP_ID)
			take_xhci(dev, regs + at);
		uint64_t step = (value >> 8 & 0xff) * 4;
		if (step == 0)
			break;
		at += step;
	}
}

static void hand_over_xhci(const struct pci_dev *dev)
{
	struct pci_bar bar;
	if (!registers(dev, 0x400, &bar))
		return;
	find_xhci_legacy(dev, &bar);
	uint8_t *regs = bar.regs;
	uint8_t length = mmio_read8(regs);
	if (length % 4 != 0)
		return;
	uint8_t *op = regs + length;
	uint32_t command = mmio_read32(op + XHCI_USBCMD);
	mmio_write32(op + XHCI_USBCMD, command & ~(XHCI_CMD_RUN | XHCI_CMD_INTERRUPT));
	(void)WAIT_FOR(mmio_read32(op + XHCI_USBSTS) & XHCI_STS_HALTED, HALT_MS);
}

static int hand_over(const struct pci_dev *dev, void *ctx)
{
	(void)ctx;
	switch (dev->class_code) {
	case CLASS_UHCI:
		hand_over_uhci(dev);
		break;
	case CLASS_OHCI:
		hand_over_ohci(dev);
		break;
	case CLASS_EHCI:
		hand_over_ehci(dev);
		break;
	case CLASS_XHCI:
		hand_over_xhci(dev);
		break;
	}
	return 0;
}

void pci_usb_handoff(void)
{
	(void)pci_scan(hand_over, NULL);
}

uint32_t pci_take_from_firmware(void)
{
	pci_usb_handoff();
	return pci_quiesce_all();
}

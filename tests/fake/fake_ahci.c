/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of the AHCI model, its links, and what the driver may do when. */
#include "fake_ahci.h"

#include <string.h>

#include "fake_ahci_internal.h"

#define ABAR      0xfebf0000
#define SERR_LINK ((1u << 16) | (1u << 26)) /* DIAG.N, DIAG.X */

const struct fake_ahci_config fake_ahci_default = {
	.cap = AHCI_CAP_S64A | AHCI_CAP_SNCQ | 31u << 8 | 5u,
	.version = 0x00010301,
	.ports = 0x3f,
	.bar_bytes = 4096,
	.link_us = 10,
	.ready_us = 20,
	.port[FAKE_AHCI_PORT] = {.kind = FAKE_AHCI_DISK, .depth = 31},
};

struct fake_ahci fake_ahci;

bool fake_ahci_bios_owns(void)
{
	return fake_ahci.bohc & AHCI_BOHC_BOS;
}

uint32_t fake_ahci_ports(void)
{
	return fake_ahci.pi;
}

uint32_t fake_ahci_links(void)
{
	uint32_t links = 0;
	for (uint32_t i = 0; i < FAKE_AHCI_PORTS; i++)
		links |= (uint32_t)(fake_ahci.port[i].det == AHCI_DET_LINK) << i;
	return links;
}

uint32_t fake_ahci_running(void)
{
	uint32_t running = 0;
	for (uint32_t i = 0; i < FAKE_AHCI_PORTS; i++) {
		uint32_t cmd = fake_ahci.port[i].cmd;
		running |= (uint32_t)((cmd & (AHCI_PxCMD_CR | AHCI_PxCMD_FR)) != 0) << i;
	}
	return running;
}

unsigned fake_ahci_n_link_resets(void)
{
	return fake_ahci.n_link_resets;
}

bool fake_ahci_parked(uint32_t port)
{
	return fake_ahci.port[port].parked;
}

unsigned fake_ahci_n_resets(void)
{
	return fake_ahci.n_resets;
}

unsigned fake_ahci_most_pieces(void)
{
	return fake_ahci.most_pieces;
}

/* ---- links ---- */

static uint32_t number_of(const struct fake_ahci_port *p)
{
	return (uint32_t)(p - fake_ahci.port);
}

static enum fake_ahci_kind kind_of(const struct fake_ahci_port *p)
{
	return p->pulled ? FAKE_AHCI_EMPTY : fake_ahci.c.port[number_of(p)].kind;
}

static void lose_link(struct fake_ahci_port *p)
{
	p->det = 0;
	p->tfd = 0x7f;
	p->sig = UINT32_MAX;
	p->notice_at_us = p->link_at_us = p->ready_at_us = 0;
}

static void begin_link(struct fake_ahci_port *p)
{
	lose_link(p);
	if (kind_of(p) == FAKE_AHCI_EMPTY)
		return;
	p->notice_at_us = fake_clock_now_us + fake_ahci.c.notice_us;
	p->det = fake_ahci.c.notice_us == 0;
	p->tfd = 0x80;
	p->failed = false;
	if (kind_of(p) == FAKE_AHCI_MUTE)
		return;
	p->link_at_us = p->notice_at_us + fake_ahci.c.link_us;
	if (kind_of(p) != FAKE_AHCI_BUSY)
		p->ready_at_us = p->link_at_us + fake_ahci.c.ready_us;
}

static uint32_t signature_of(const struct fake_ahci_port *p)
{
	switch (kind_of(p)) {
	case FAKE_AHCI_ATAPI:
		return AHCI_SIG_ATAPI;
	case FAKE_AHCI_MULTIPLIER:
		return AHCI_SIG_PORT_MULTIPLIER;
	case FAKE_AHCI_ENCLOSURE:
		return AHCI_SIG_ENCLOSURE;
	case FAKE_AHCI_STRANGE:
		return 0x12345678;
	default:
		return AHCI_SIG_DISK;
	}
}

/* The first message gets through while the port receives, and the link's coming up was read. */
static void tend_link(struct fake_ahci_port *p)
{
	if (p->notice_at_us != 0 && fake_clock_now_us >= p->notice_at_us) {
		p->notice_at_us = 0;
		p->det = 1;
	}
	if (p->link_at_us != 0 && fake_clock_now_us >= p->link_at_us) {
		p->link_at_us = 0;
		p->det = AHCI_DET_LINK;
		p->serr |= SERR_LINK;
	}
	if (p->ready_at_us == 0 || fake_clock_now_us < p->ready_at_us || p->det != AHCI_DET_LINK)
		return;
	if ((p->cmd & AHCI_PxCMD_FR) == 0 || (p->serr & SERR_LINK) != 0)
		return;
	p->ready_at_us = 0;
	p->tfd = 0x0150;
	p->sig = signature_of(p);
	fake_ahci_message(p, 0x40, 0x34);
}

void fake_ahci_pull(uint32_t port)
{
	struct fake_ahci_port *p = &fake_ahci.port[port];
	p->pulled = true;
	fake_ahci_drop(p);
	lose_link(p);
	p->serr |= SERR_LINK;
}

static void write_sctl(struct fake_ahci_port *p, uint32_t value)
{
	uint32_t det = value & AHCI_DET;
	if (det == AHCI_PxSCTL_DET_RESET && p->reset_since_us == 0) {
		if ((p->cmd & AHCI_PxCMD_ST) != 0 || ((p->cmd & AHCI_PxCMD_CR) != 0 && !p->broken))
			fake_fail("COMRESET while commands may run");
		if ((p->cmd & AHCI_PxCMD_SUD) == 0)
			fake_fail("COMRESET of a port that is not spun up");
		p->reset_since_us = fake_clock_now_us;
		p->parked = false;
		fake_ahci.n_link_resets++;
		lose_link(p);
		fake_ahci_drop(p);
	} else if (det == 0 && p->reset_since_us != 0) {
		if (fake_clock_now_us - p->reset_since_us < 1000)
			fake_fail("COMRESET for less than 1 ms");
		p->reset_since_us = 0;
		unsigned at_start = (unsigned)__builtin_popcount(fake_ahci.pi);
		if (!fake_ahci.c.goes_away ||
			fake_ahci.n_link_resets <= at_start + fake_ahci.c.comes_back)
			begin_link(p);
	} else if (det != AHCI_PxSCTL_DET_RESET && det != 0) {
		fake_fail("PxSCTL.DET %u", det);
	}
	p->sctl = value;
}

/* ---- the port's registers ---- */

static void check_start(const struct fake_ahci_port *p)
{
	if ((p->cmd & AHCI_PxCMD_FRE) == 0 || (p->cmd & AHCI_PxCMD_FR) == 0)
		fake_fail("ST without FRE");
	if ((p->cmd & AHCI_PxCMD_CR) != 0)
		fake_fail("ST while CR is set");
	if (p->det != AHCI_DET_LINK || (p->tfd & (AHCI_PxTFD_BSY | AHCI_PxTFD_DRQ)) != 0)
		fake_fail("ST while the device is not ready");
	if (p->clb == 0)
		fake_fail("ST without a command list");
}

static void stop_engine(struct fake_ahci_port *p)
{
	if (p->broken || fake_ahci.c.port[number_of(p)].never_quiet ||
		(p->disk != NULL && p->disk->never_resets))
		return;
	p->cmd &= ~AHCI_PxCMD_CR;
	p->halted = false;
	fake_ahci_drop(p);
}

static void write_cmd(struct fake_ahci_port *p, uint32_t value)
{
	uint32_t own = AHCI_PxCMD_CR | AHCI_PxCMD_FR;
	uint32_t on = value & ~p->cmd, off = p->cmd & ~value;
	if (on & AHCI_PxCMD_ST)
		check_start(p);
	if ((off & AHCI_PxCMD_FRE) != 0 && (p->cmd & AHCI_PxCMD_CR) != 0)
		fake_fail("FRE is cleared while commands run");
	if ((on & AHCI_PxCMD_FRE) != 0 && p->fb == 0)
		fake_fail("FRE without memory");
	if (value & AHCI_PxCMD_ALPE)
		fake_fail("power management by the controller");
	p->cmd = (value & ~own) | (p->cmd & own);
	if (on & AHCI_PxCMD_ST)
		p->cmd |= AHCI_PxCMD_CR;
	if (on & AHCI_PxCMD_FRE)
		p->cmd |= AHCI_PxCMD_FR;
	if (off & AHCI_PxCMD_FRE)
		p->cmd &= ~AHCI_PxCMD_FR;
	if (off & AHCI_PxCMD_ST)
		stop_engine(p);
	p->cmd &= ~(15u << 28); /* ICC is done at once */
}

static void write_address(struct fake_ahci_port *p, uint32_t reg, uint32_t value)
{
	bool list = reg == AHCI_PxCLB || reg == AHCI_PxCLBU;
	uint64_t *address = list ? &p->clb : &p->fb;
	unsigned shift = reg == AHCI_PxCLBU || reg == AHCI_PxFBU ? 32 : 0;
	if (p->cmd & (list ? AHCI_PxCMD_CR : AHCI_PxCMD_FR))
		fake_fail("an address changes while it is in use");
	if (shift == 0 && value % (list ? 1024 : 256) != 0)
		fake_fail("unaligned address %x", value);
	if (shift != 0 && value != 0 && !(fake_ahci.c.cap & AHCI_CAP_S64A))
		fake_fail("an address above 4 GiB");
	*address = (*address & ~(0xffffffffull << shift)) | (uint64_t)value << shift;
}

/* 3.3.13, 3.3.14 */
static void write_ci(struct fake_ahci_port *p, uint32_t value)
{
	uint32_t slots = UINT32_MAX >> (31 - AHCI_CAP_NCS(fake_ahci.c.cap));
	if ((p->cmd & AHCI_PxCMD_ST) == 0)
		fake_fail("a command while ST is clear");
	if ((value & ~slots) != 0 || (value & p->ci) != 0)
		fake_fail("slots %08x: in use, or there are none", value);
	p->ci |= value;
}

static void write_sact(struct fake_ahci_port *p, uint32_t value)
{
	if ((p->cmd & AHCI_PxCMD_ST) == 0 || !(fake_ahci.c.cap & AHCI_CAP_SNCQ))
		fake_fail("a queued command that cannot be");
	if ((value & (p->sact | p->ci)) != 0)
		fake_fail("tags %08x are in use", value);
	p->sact |= value;
}

static void port_write(struct fake_ahci_port *p, uint32_t reg, uint32_t value)
{
	switch (reg) {
	case AHCI_PxCLB:
	case AHCI_PxCLBU:
	case AHCI_PxFB:
	case AHCI_PxFBU:
		write_address(p, reg, value);
		return;
	case AHCI_PxIS:
		p->is &= ~value;
		return;
	case AHCI_PxIE:
		if (value != 0)
			fake_fail("the driver wants interrupts");
		return;
	case AHCI_PxCMD:
		write_cmd(p, value);
		return;
	case AHCI_PxSCTL:
		write_sctl(p, value);
		return;
	case AHCI_PxSERR:
		p->serr &= ~value;
		return;
	case AHCI_PxSACT:
		write_sact(p, value);
		return;
	case AHCI_PxCI:
		write_ci(p, value);
		return;
	}
	fake_fail("write to port register 0x%x", reg);
}

static uint32_t port_read(const struct fake_ahci_port *p, uint32_t reg)
{
	switch (reg) {
	case AHCI_PxIS:
		return p->is | ((p->serr >> 26 & 1) ? AHCI_PxIS_PCS : 0) |
		       ((p->serr >> 16 & 1) ? AHCI_PxIS_PRCS : 0);
	case AHCI_PxCMD:
		return p->cmd;
	case AHCI_PxTFD:
		return p->tfd;
	case AHCI_PxSIG:
		return p->sig;
	case AHCI_PxSSTS:
		return p->det != 0 ? 0x110 | p->det : 0;
	case AHCI_PxSCTL:
		return p->sctl;
	case AHCI_PxSERR:
		return p->serr;
	case AHCI_PxSACT:
		return p->sact;
	case AHCI_PxCI:
		return p->ci;
	}
	fake_fail("read of port register 0x%x", reg);
}

/* ---- the controller's registers ---- */

static bool never_resets(void)
{
	for (uint32_t i = 0; i < FAKE_AHCI_PORTS; i++) {
		const struct fake_disk *disk = fake_ahci.port[i].disk;
		if (disk != NULL && disk->never_resets)
			return true;
	}
	return false;
}

static void reset(void)
{
	fake_ahci.n_resets++;
	for (unsigned i = 0; i < FAKE_AHCI_PORTS; i++)
		fake_ahci.port[i].parked = false;
	fake_ahci.n_link_resets = 0;
	fake_ahci.ghc = 0;
	if (fake_ahci.c.forgets_ports)
		fake_ahci.pi = 0;
	for (uint32_t i = 0; i < FAKE_AHCI_PORTS; i++) {
		struct fake_ahci_port *p = &fake_ahci.port[i];
		fake_ahci_drop(p);
		struct fake_disk *disk = p->disk;
		bool pulled = p->pulled;
		memset(p, 0, sizeof(*p));
		p->disk = disk;
		p->pulled = pulled;
		if (fake_ahci.c.cap & AHCI_CAP_SSS)
			lose_link(p);
		else
			begin_link(p);
	}
}

static void write_ghc(uint32_t value)
{
	if (value & AHCI_GHC_IE)
		fake_fail("the driver wants interrupts");
	fake_ahci.ghc = value & AHCI_GHC_AE;
	if (fake_ahci.c.never_enables)
		fake_ahci.ghc = 0;
	if (!(value & AHCI_GHC_HR))
		return;
	if (fake_ahci_bios_owns() && !(fake_ahci.bohc & AHCI_BOHC_OOS))
		fake_fail("reset while the BIOS owns it");
	if (never_resets())
		fake_ahci.ghc |= AHCI_GHC_HR;
	else
		reset();
}

static void write_bohc(uint32_t value)
{
	if (!(value & AHCI_BOHC_OOS))
		fake_fail("BOHC %x", value);
	fake_ahci.bohc |= AHCI_BOHC_OOS;
	if (fake_ahci.c.bios_is_busy)
		fake_ahci.bohc |= AHCI_BOHC_BB;
	fake_ahci.bios_goes_us = fake_clock_now_us + fake_ahci.c.bios_us;
}

static struct fake_ahci_port *port_at(uint64_t offset)
{
	uint32_t i = (uint32_t)(offset - AHCI_PORT(0)) / AHCI_PORT_BYTES;
	if (offset < AHCI_PORT(0) || i >= FAKE_AHCI_PORTS)
		return NULL;
	if (!(fake_ahci.ghc & AHCI_GHC_AE))
		fake_fail("port register 0x%x while AHCI is not enabled", (unsigned)offset);
	return &fake_ahci.port[i];
}

static uint64_t model_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	if (bytes != 4)
		fake_fail("read of %u bytes", bytes);
	struct fake_ahci_port *p = port_at(offset);
	if (p != NULL)
		return port_read(p, offset % AHCI_PORT_BYTES);
	switch (offset) {
	case AHCI_CAP:
		return fake_ahci.c.cap;
	case AHCI_GHC:
		return fake_ahci.ghc;
	case AHCI_PI:
		return fake_ahci.pi;
	case AHCI_VS:
		return fake_ahci.c.version;
	case AHCI_CAP2:
		return fake_ahci.c.cap2;
	case AHCI_BOHC:
		return fake_ahci.bohc;
	}
	fake_fail("read of register 0x%x", (unsigned)offset);
}

static void model_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	if (bytes != 4)
		fake_fail("write of %u bytes", bytes);
	struct fake_ahci_port *p = port_at(offset);
	if (p != NULL)
		port_write(p, offset % AHCI_PORT_BYTES, (uint32_t)value);
	else if (offset == AHCI_GHC)
		write_ghc((uint32_t)value);
	else if (offset == AHCI_BOHC)
		write_bohc((uint32_t)value);
	else if (offset == AHCI_PI && fake_ahci.pi == 0)
		fake_ahci.pi = (uint32_t)value;
	else
		fake_fail("write to register 0x%x", (unsigned)offset);
}

/* ---- plugging in ---- */

static void tick(void *ctx)
{
	(void)ctx;
	if (fake_ahci.pci->gone)
		return;
	if (fake_ahci.bios_goes_us != 0 && fake_clock_now_us >= fake_ahci.bios_goes_us)
		fake_ahci.bohc &= ~(AHCI_BOHC_BOS | AHCI_BOHC_BB);
	for (uint32_t i = 0; i < FAKE_AHCI_PORTS && !fake_ahci.pci->gone; i++) {
		if (fake_ahci.c.port[i].kind == FAKE_AHCI_EMPTY)
			continue;
		tend_link(&fake_ahci.port[i]);
		fake_ahci_work(i);
	}
}

struct fake_pci_dev *fake_ahci_plug(const struct fake_ahci_config *config, struct fake_disk *disk)
{
	memset(&fake_ahci, 0, sizeof(fake_ahci));
	fake_ahci.c = *config;
	fake_ahci.pi = config->ports;
	fake_ahci.bohc = config->bios_owns ? AHCI_BOHC_BOS : 0;
	for (uint32_t i = 0; i < FAKE_AHCI_PORTS; i++) {
		struct fake_ahci_port *p = &fake_ahci.port[i];
		if (config->port[i].kind == FAKE_AHCI_DISK)
			p->disk = config->port[i].disk != NULL ? config->port[i].disk : disk;
		begin_link(p);
		if (config->is_running && p->link_at_us != 0)
			p->det = AHCI_DET_LINK;
	}
	fake_ahci.ghc = config->is_running ? AHCI_GHC_AE : 0;
	fake_ahci.pci = fake_pci_add(6 << 3, 0x8086, 0x2922, AHCI_CLASS);
	struct fake_io io = {model_read, model_write, NULL};
	fake_pci_set_bar(fake_ahci.pci, AHCI_ABAR, FAKE_BAR_32, ABAR, config->bar_bytes, io);
	fake_tick_add(tick, NULL);
	return fake_ahci.pci;
}

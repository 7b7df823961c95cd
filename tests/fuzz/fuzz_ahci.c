/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The AHCI driver over a controller that answers what the input says: register values, what disks
 * say of themselves, and then, look by look, honest answers mixed with any change of PxCI, PxSACT,
 * PxIS and PxTFD. What must hold: no access outside registers and memory (fake machine,
 * sanitizers), every wait ends, and after disks_stop bus mastering is off.
 */
#include <string.h>

#include "ahci_regs.h"
#include "fuzz_block.h"

#define ABAR_PHYS 0xfebf0000
#define N_PORTS   3

struct port {
	uint64_t clb, fb;
	uint32_t cmd, is, tfd, serr, sctl, sact, ci;
};

static struct {
	struct fake_pci_dev *pci;
	uint32_t ghc, bohc;
	struct port port[AHCI_PORTS_MAX];
} dev;

/* Mostly the honest value. */
static uint32_t perhaps(uint32_t honest)
{
	uint8_t how = fuzz_take8();
	if (how < 240)
		return honest;
	return how < 248 ? honest ^ 1u << (fuzz_take8() & 31) : fuzz_take(4);
}

/* ---- registers ---- */

static uint32_t read_port(const struct port *p, uint32_t reg)
{
	switch (reg) {
	case AHCI_PxIS:
		return p->is;
	case AHCI_PxCMD:
		return p->cmd;
	case AHCI_PxTFD:
		return p->tfd;
	case AHCI_PxSIG:
		return AHCI_SIG_DISK;
	case AHCI_PxSSTS:
		return 0x123;
	case AHCI_PxSCTL:
		return p->sctl;
	case AHCI_PxSACT:
		return p->sact;
	case AHCI_PxCI:
		return p->ci;
	}
	return 0;
}

static uint64_t model_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	(void)bytes;
	if (offset >= AHCI_PORT(0)) {
		uint32_t i = (uint32_t)(offset - AHCI_PORT(0)) / AHCI_PORT_BYTES;
		return perhaps(read_port(&dev.port[i % AHCI_PORTS_MAX], offset % AHCI_PORT_BYTES));
	}
	switch (offset) {
	case AHCI_CAP:
		return perhaps(AHCI_CAP_S64A | AHCI_CAP_SNCQ | 31u << 8 | (N_PORTS - 1));
	case AHCI_GHC:
		return perhaps(dev.ghc);
	case AHCI_PI:
		return perhaps((1u << N_PORTS) - 1);
	case AHCI_VS:
		return perhaps(0x00010301);
	case AHCI_CAP2:
		return perhaps(AHCI_CAP2_BOH);
	case AHCI_BOHC:
		return perhaps(dev.bohc);
	}
	return 0;
}

static void set_half(uint64_t *address, uint32_t reg, uint32_t value)
{
	unsigned shift = reg % 8 != 0 ? 32 : 0;
	*address = (*address & ~(0xffffffffull << shift)) | (uint64_t)value << shift;
}

static void write_cmd(struct port *p, uint32_t value)
{
	p->cmd = value & ~(AHCI_PxCMD_CR | AHCI_PxCMD_FR);
	if (value & AHCI_PxCMD_ST)
		p->cmd |= AHCI_PxCMD_CR;
	else
		p->ci = p->sact = 0;
	if (value & AHCI_PxCMD_FRE)
		p->cmd |= AHCI_PxCMD_FR;
}

static void write_port(struct port *p, uint32_t reg, uint32_t value)
{
	switch (reg) {
	case AHCI_PxCLB:
	case AHCI_PxCLBU:
		set_half(&p->clb, reg, value);
		break;
	case AHCI_PxFB:
	case AHCI_PxFBU:
		set_half(&p->fb, reg, value);
		break;
	case AHCI_PxIS:
		p->is &= ~value;
		break;
	case AHCI_PxCMD:
		write_cmd(p, value);
		break;
	case AHCI_PxSCTL:
		p->sctl = value;
		p->tfd = 0x50;
		break;
	case AHCI_PxSACT:
		p->sact |= value;
		break;
	case AHCI_PxCI:
		p->ci |= value;
		break;
	}
}

static void model_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	(void)bytes;
	if (offset >= AHCI_PORT(0)) {
		uint32_t i = (uint32_t)(offset - AHCI_PORT(0)) / AHCI_PORT_BYTES;
		write_port(
			&dev.port[i % AHCI_PORTS_MAX], offset % AHCI_PORT_BYTES, (uint32_t)value);
	} else if (offset == AHCI_GHC) {
		dev.ghc = (uint32_t)value & ~AHCI_GHC_HR;
		if (value & AHCI_GHC_HR)
			memset(dev.port, 0, sizeof(dev.port));
	} else if (offset == AHCI_BOHC) {
		dev.bohc = (uint32_t)value & ~AHCI_BOHC_BOS;
	}
}

/* ---- commands ---- */

static void identify(uint16_t *id)
{
	memset(id, 0, 2 * ATA_ID_WORDS);
	memcpy(id + ATA_ID_SERIAL, "ESIRLA   ", 9);
	id[ATA_ID_CAPABILITIES] = 0x0f00;
	id[ATA_ID_QUEUE_DEPTH] = fuzz_take8() & 31;
	id[ATA_ID_SATA] = fuzz_take8() & 1 ? 0x0106 : 0;
	id[ATA_ID_COMMAND_SETS] = 0x7400;
	id[ATA_ID_SECTORS] = 8192;
	for (unsigned n = fuzz_take8() % 4; n > 0; n--)
		id[fuzz_take8()] = (uint16_t)fuzz_take(2);
}

static void end_one(struct port *p)
{
	if (p->ci == 0 && p->sact == 0)
		return;
	uint32_t slot = (uint32_t)__builtin_ctz(p->ci != 0 ? p->ci : p->sact);
	struct ahci_header *header = (struct ahci_header *)fake_dma(p->clb, 1024) + slot;
	/* A command may still be in PxSACT that was never filled in. */
	if (header->prdtl > AHCI_PRDS || header->ctba == 0)
		return;
	const struct ahci_table *table = fake_dma(header->ctba, sizeof(*table));
	if (table->cfis.command == ATA_IDENTIFY_DEVICE)
		identify(fake_dma(table->prd[0].dba, 2 * ATA_ID_WORDS));
	for (uint32_t i = 0; i < header->prdtl; i++)
		(void)fake_dma(table->prd[i].dba, table->prd[i].dbc + 1ull);
	header->prdbc = fuzz_take8() < 240 ? 0 : fuzz_take(4);
	p->ci &= ~(1u << slot);
	p->sact &= ~(1u << slot);
	p->tfd = 0x50;
}

static void lie(struct port *p)
{
	switch (fuzz_take8() % 24) {
	case 1:
		p->is |= 1u << (fuzz_take8() & 31);
		break;
	case 2:
		p->tfd = fuzz_take8();
		break;
	case 3:
		p->sact ^= 1u << (fuzz_take8() & 31);
		break;
	case 4:
		p->ci &= fuzz_take(4);
		break;
	case 5:
		dev.pci->gone = true;
		break;
	case 6:
		return;
	default:
		end_one(p);
	}
}

static void tick(void *ctx)
{
	(void)ctx;
	for (unsigned i = 0; i < AHCI_PORTS_MAX && !fuzz_at_end(); i++) {
		struct port *p = &dev.port[i];
		if (dev.pci->gone || !(fake_config16(dev.pci, 4) & 4))
			return;
		if (p->cmd & AHCI_PxCMD_CR)
			lie(p);
	}
}

/* ---- one run ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_block_begin(data, size, 5000);
	memset(&dev, 0, sizeof(dev));
	dev.bohc = AHCI_BOHC_BOS;
	dev.pci = fake_pci_add(6 << 3, 0x8086, 0x2922, AHCI_CLASS);
	struct fake_io io = {model_read, model_write, NULL};
	fake_pci_set_bar(dev.pci, AHCI_ABAR, FAKE_BAR_32, ABAR_PHYS, 8192, io);
	fake_tick_add(tick, NULL);
	fuzz_block_run(dev.pci);
	return 0;
}

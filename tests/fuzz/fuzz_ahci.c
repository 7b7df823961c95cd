/*
 * The AHCI driver over a controller that answers what the input says: register values, what disks
 * say of themselves, and then, look by look, honest answers mixed with any change of PxCI, PxSACT,
 * PxIS and PxTFD. What must hold: no access outside registers and memory (fake machine,
 * sanitizers), every wait ends, and after disks_stop bus mastering is off.
 */
#include <string.h>
#include <sys/mman.h>

#include "ahci_regs.h"
#include "block.h"
#include "disks.h"
#include "fake_pci.h"
#include "fuzz.h"
#include "pci.h"

#define ARENA_BYTES (256u << 10)
#define ABAR_PHYS   0xfebf0000
#define N_PORTS     3

struct port {
	uint64_t clb, fb;
	uint32_t cmd, is, tfd, serr, sctl, sact, ci;
};

static struct {
	const uint8_t *data;
	size_t left;
	struct fake_pci_dev *pci;
	uint32_t ghc, bohc;
	struct port port[AHCI_PORTS_MAX];
} dev;

static uint8_t *arena_memory, *buffer;

static uint8_t take8(void)
{
	if (dev.left == 0)
		return 0;
	dev.left--;
	return *dev.data++;
}

static uint32_t take(unsigned bytes)
{
	uint32_t v = 0;
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | take8();
	return v;
}

/* Mostly the honest value. */
static uint32_t perhaps(uint32_t honest)
{
	uint8_t how = take8();
	if (how < 240)
		return honest;
	return how < 248 ? honest ^ 1u << (take8() & 31) : take(4);
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
	id[ATA_ID_QUEUE_DEPTH] = take8() & 31;
	id[ATA_ID_SATA] = take8() & 1 ? 0x0106 : 0;
	id[ATA_ID_COMMAND_SETS] = 0x7400;
	id[ATA_ID_SECTORS] = 8192;
	for (unsigned n = take8() % 4; n > 0; n--)
		id[take8()] = (uint16_t)take(2);
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
	header->prdbc = take8() < 240 ? 0 : take(4);
	p->ci &= ~(1u << slot);
	p->sact &= ~(1u << slot);
	p->tfd = 0x50;
}

static void lie(struct port *p)
{
	switch (take8() % 24) {
	case 1:
		p->is |= 1u << (take8() & 31);
		break;
	case 2:
		p->tfd = take8();
		break;
	case 3:
		p->sact ^= 1u << (take8() & 31);
		break;
	case 4:
		p->ci &= take(4);
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
	for (unsigned i = 0; i < AHCI_PORTS_MAX && dev.left != 0; i++) {
		struct port *p = &dev.port[i];
		if (dev.pci->gone || !(fake_config16(dev.pci, 4) & 4))
			return;
		if (p->cmd & AHCI_PxCMD_CR)
			lie(p);
	}
}

/* ---- one run ---- */

static void use(struct block_dev *disk)
{
	struct block_extent all = {0, disk->n_sectors};
	struct block_req req[40] = {0};
	struct block_seg seg[40];
	uint32_t n = disk->sector_bytes;
	block_allow_writes(disk, &all, 1);
	for (unsigned i = 0; i < 40; i++) {
		seg[i] = (struct block_seg){buffer + i * n, n};
		req[i] = (struct block_req){.dir = i % 3 == 0 ? BLOCK_WRITE : BLOCK_READ,
			.lba = i % disk->n_sectors,
			.n_sectors = 1,
			.seg = &seg[i],
			.n_segs = 1};
		if (block_submit_wait(disk, &req[i]) != 0)
			break;
	}
	if (block_drain(disk) == 0) {
		(void)!block_flush(disk);
		(void)!block_read(disk, 0, disk->n_sectors < 64 ? disk->n_sectors : 64, buffer);
	}
	for (unsigned i = 0; i < 40; i++)
		FUZZ_CHECK(req[i].status != ERR_BUSY && req[i].status != ERR_BUG);
	/* block.c was not told nonsense. */
	FUZZ_CHECK(disk->lost != ERR_BUG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena arena;
	static struct disks disks;
	if (arena_memory == NULL) {
		int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT;
		arena_memory = mmap(NULL, 2 * ARENA_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
		FUZZ_CHECK(arena_memory != MAP_FAILED);
		buffer = arena_memory + ARENA_BYTES;
	}
	memset(&dev, 0, sizeof(dev));
	dev.data = data;
	dev.left = size;
	fake_machine_reset();
	fake_clock_step_us = 5000;
	fake_pci_reset();
	pci_only_one_root();
	fake_dma_allow(arena_memory, 2 * ARENA_BYTES);
	dev.bohc = AHCI_BOHC_BOS;
	dev.pci = fake_pci_add(6 << 3, 0x8086, 0x2922, AHCI_CLASS);
	struct fake_io io = {model_read, model_write, NULL};
	fake_pci_set_bar(dev.pci, AHCI_ABAR, FAKE_BAR_32, ABAR_PHYS, 8192, io);
	fake_tick_add(tick, NULL);
	arena_init(&arena);
	FUZZ_CHECK(arena_add(&arena, arena_memory, ARENA_BYTES) == 0);
	if (disks_start(&disks, &arena, DISKS_ANY) == 0) {
		for (uint32_t i = 0; i < disks.n; i++)
			use(disks.dev[i]);
	}
	disks_stop(&disks);
	FUZZ_CHECK(dev.pci->gone || disks.n == 0 || !(fake_config16(dev.pci, 4) & 4));
	return 0;
}

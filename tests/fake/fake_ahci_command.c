/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device's side of AHCI: commands, and what goes wrong with them. */
#include <string.h>

#include "fake_ahci_internal.h"

#define TFD_READY 0x50u

static void *reach(uint64_t addr, uint64_t bytes)
{
	if (!(fake_ahci.c.cap & AHCI_CAP_S64A) && (addr + bytes - 1) >> 32 != 0)
		fake_fail("the controller does not reach 0x%llx", (unsigned long long)addr);
	return fake_pci_dma(fake_ahci.pci, addr, bytes);
}

void fake_ahci_message(struct fake_ahci_port *p, unsigned offset, uint8_t type)
{
	uint8_t *area = (p->cmd & AHCI_PxCMD_FR) != 0 ? reach(p->fb, AHCI_RECEIVED_BYTES) : NULL;
	if (area != NULL)
		area[offset] = type;
}

static bool transfers(const struct fake_ahci_command *c)
{
	return c->fis.command != ATA_IDENTIFY_DEVICE && c->fis.command != ATA_FLUSH_CACHE_EXT &&
	       c->fis.command != ATA_STANDBY_NOW;
}

void fake_ahci_drop(struct fake_ahci_port *p)
{
	for (unsigned i = 0; i < AHCI_SLOTS_MAX; i++) {
		struct fake_ahci_command *c = &p->command[i];
		if (c->used && transfers(c))
			p->disk->n_in_flight--;
		c->used = false;
	}
	p->ci = p->sact = 0;
}

/* ---- taking commands ---- */

static uint64_t lba_of(const struct ahci_fis *f)
{
	return f->lba0 | (uint64_t)f->lba1 << 8 | (uint64_t)f->lba2 << 16 |
	       (uint64_t)f->lba3 << 24 | (uint64_t)f->lba4 << 32 | (uint64_t)f->lba5 << 40;
}

static bool writes(const struct fake_ahci_command *c)
{
	return c->fis.command == ATA_WRITE_FPDMA || c->fis.command == ATA_WRITE_DMA_EXT;
}

static uint64_t wanted_bytes(const struct fake_ahci_port *p, const struct fake_ahci_command *c)
{
	const struct ahci_fis *f = &c->fis;
	unsigned n = c->queued ? f->features | f->features_exp << 8 : f->count | f->count_exp << 8;
	if (f->command == ATA_IDENTIFY_DEVICE)
		return 512;
	if (!transfers(c))
		return 0;
	return (uint64_t)(n == 0 ? 65536 : n) * p->disk->sector_bytes;
}

static void check_prds(const struct fake_ahci_port *p, const struct fake_ahci_command *c)
{
	uint64_t bytes = 0;
	const struct ahci_prd *prd = reach(c->ctba + 0x80, 16ull * c->n_prds + 1);
	for (unsigned i = 0; prd != NULL && i < c->n_prds; i++) {
		if (prd[i].dba % 2 != 0 || prd[i].dbc % 2 != 1 || prd[i].dbc >= 4u << 20)
			fake_fail("piece of %u bytes at 0x%llx", prd[i].dbc,
				(unsigned long long)prd[i].dba);
		bytes += prd[i].dbc + 1;
	}
	if (prd != NULL && bytes != wanted_bytes(p, c))
		fake_fail("memory of %llu bytes for a command of %llu", (unsigned long long)bytes,
			(unsigned long long)wanted_bytes(p, c));
	if (c->n_prds > fake_ahci.most_pieces)
		fake_ahci.most_pieces = c->n_prds;
}

static void check_command(const struct fake_ahci_port *p, uint32_t slot)
{
	const struct fake_ahci_command *c = &p->command[slot];
	const struct ahci_fis *f = &c->fis;
	bool tagged = p->sact >> slot & 1;
	if (f->type != AHCI_FIS_H2D || f->flags != AHCI_FIS_IS_COMMAND || f->control != 0)
		fake_fail("not a command: type %02x, flags %02x", f->type, f->flags);
	if ((c->flags & 0x1f) != 5 || c->ctba % 128 != 0)
		fake_fail("command header %04x", c->flags);
	if (((c->flags & AHCI_HEADER_WRITE) != 0) != writes(c))
		fake_fail("data in the wrong direction");
	if (c->queued != tagged)
		fake_fail("command %02x with or without a tag", f->command);
	if (c->queued && f->count != slot << 3)
		fake_fail("tag %u in slot %u", f->count >> 3, slot);
	if (transfers(c) && f->device != AHCI_FIS_DEVICE_LBA)
		fake_fail("no LBA");
	for (unsigned i = 0; i < AHCI_SLOTS_MAX; i++) {
		const struct fake_ahci_command *other = &p->command[i];
		if (i != slot && other->used && !(other->queued && c->queued))
			fake_fail("queued and other commands together, or two of the others");
	}
	uint8_t depth = fake_ahci.c.port[p - fake_ahci.port].depth;
	if (c->queued && (fake_ahci.c.port[p - fake_ahci.port].no_ncq || slot > depth))
		fake_fail("tag %u is beyond the device's queue", slot);
}

static void decide_fault(struct fake_ahci_port *p, struct fake_ahci_command *c)
{
	struct fake_disk *disk = p->disk;
	uint64_t lba = lba_of(&c->fis);
	p->parked = false; /* every command wakes it, also one that fails */
	if (c->fis.command == ATA_FLUSH_CACHE_EXT || c->fis.command == ATA_STANDBY_NOW) {
		disk->n_flushes++;
		c->fault = disk->flush_fault;
		return;
	}
	if (c->fis.command == ATA_IDENTIFY_DEVICE) {
		if (fake_ahci.c.identify_fails > 0) {
			fake_ahci.c.identify_fails--;
			c->fault = FAKE_IO_ERROR;
		}
		return;
	}
	c->fault = fake_disk_command(disk);
	c->ready_us = fake_disk_ready_us(disk);
	if (++disk->n_in_flight > disk->most_in_flight)
		disk->most_in_flight = disk->n_in_flight;
	if (c->fault == FAKE_NONE && p->has_bad && p->bad_lba == lba && !c->queued) {
		c->fault = p->bad_fault;
		p->has_bad = false;
	} else if (c->fault == FAKE_IO_ERROR || c->fault == FAKE_BAD_STATUS) {
		p->has_bad = !fake_ahci.c.fails_once;
		p->bad_fault = c->fault;
		p->bad_lba = lba;
	}
}

static void take(struct fake_ahci_port *p, uint32_t slot)
{
	const struct ahci_header *list = reach(p->clb, 32 * sizeof(*list));
	if (list == NULL)
		return;
	struct fake_ahci_command *c = &p->command[slot];
	memset(c, 0, sizeof(*c));
	c->flags = list[slot].flags;
	c->n_prds = list[slot].prdtl;
	c->ctba = list[slot].ctba;
	if (list[slot].prdbc != 0)
		fake_fail("PRDBC is not cleared");
	memcpy(&c->fis, reach(c->ctba, sizeof(c->fis)), sizeof(c->fis));
	c->queued = c->fis.command == ATA_READ_FPDMA || c->fis.command == ATA_WRITE_FPDMA;
	check_command(p, slot);
	check_prds(p, c);
	c->used = true;
	if (p->failed)
		fake_fail("command %02x after an error, without a reset", c->fis.command);
	decide_fault(p, c);
	if (c->queued)
		p->ci &= ~(1u << slot);
}

/* ---- answering ---- */

static void put_text(uint16_t *words, const char *text, unsigned n)
{
	size_t len = strlen(text);
	for (unsigned i = 0; i < 2 * n; i++) {
		uint16_t c = i < len ? (uint8_t)text[i] : ' ';
		words[i / 2] |= (uint16_t)(i % 2 == 0 ? c << 8 : c);
	}
}

static void make_id(const struct fake_ahci_port *p, uint16_t *id)
{
	const struct fake_disk *disk = p->disk;
	uint32_t port = (uint32_t)(p - fake_ahci.port);
	memset(id, 0, 512);
	id[0] = 0x40;
	put_text(id + 10, disk->serial, 10);
	put_text(id + 27, "FAKE DISK", 20);
	id[49] = 0x0f00;
	if (!fake_ahci.c.port[port].no_ncq) {
		id[75] = fake_ahci.c.port[port].depth;
		id[76] = 0x0106;
	}
	id[83] = 0x7400;
	for (unsigned i = 0; i < 4; i++)
		id[100 + i] = (uint16_t)(disk->n_sectors >> 16 * i);
	if (disk->sector_bytes != 512) {
		id[106] = 0x5000;
		id[117] = (uint16_t)(disk->sector_bytes / 2);
		id[118] = (uint16_t)(disk->sector_bytes / 2 >> 16);
	}
	if (fake_ahci.c.port[port].change_id != NULL)
		fake_ahci.c.port[port].change_id(id);
	id[255] = 0xa5;
	uint8_t sum = 0;
	for (unsigned i = 0; i < 512; i++)
		sum += ((uint8_t *)id)[i];
	id[255] |= (uint16_t)((uint8_t)(fake_ahci.c.port[port].bad_checksum - sum) << 8);
}

/* Between the memory of a command and these bytes. */
static void move(const struct fake_ahci_command *c, uint8_t *at, uint64_t limit)
{
	for (unsigned i = 0; i < c->n_prds && limit > 0; i++) {
		const struct ahci_prd *prd = reach(c->ctba + 0x80 + 16 * i, sizeof(*prd));
		if (prd == NULL)
			return;
		uint64_t n = prd->dbc + 1ull < limit ? prd->dbc + 1ull : limit;
		uint8_t *memory = reach(prd->dba, n);
		if (memory == NULL)
			return;
		if (writes(c))
			memcpy(at, memory, n);
		else
			memcpy(memory, at, n);
		at += n;
		limit -= n;
	}
}

static void perform(struct fake_ahci_port *p, uint32_t slot)
{
	const struct fake_ahci_command *c = &p->command[slot];
	uint16_t id[256];
	uint8_t *at = (uint8_t *)id;
	uint64_t bytes = wanted_bytes(p, c);
	if (c->fis.command == ATA_IDENTIFY_DEVICE)
		make_id(p, id);
	else if (bytes != 0)
		at = fake_disk_at(p->disk, lba_of(&c->fis) * p->disk->sector_bytes, bytes);
	if (c->fault == FAKE_SHORT)
		bytes /= 2;
	move(c, at, bytes);
	struct ahci_header *list = reach(p->clb, 32 * sizeof(*list));
	if (list != NULL && !fake_ahci.c.counts_nothing && !c->queued)
		list[slot].prdbc = (uint32_t)bytes;
}

/* The device stops; what it had is not done. */
static void fail(struct fake_ahci_port *p, uint32_t slot, uint32_t is)
{
	p->tfd = 0x4041;
	p->is |= is;
	p->failed = true;
	p->halted = true;
	if (fake_ahci.c.clears_failed && !p->command[slot].queued)
		p->ci &= ~(1u << slot);
	fake_ahci_message(p, 0x40, 0x34);
}

static void end(struct fake_ahci_port *p, uint32_t slot)
{
	struct fake_ahci_command *c = &p->command[slot];
	uint32_t ended = 1u << slot;
	if (fake_ahci.c.completes_wrong_one && c->queued) {
		fake_ahci.c.completes_wrong_one = false;
		ended = p->sact & ~ended;
		ended &= -ended;
	}
	fake_ahci_message(p, c->queued ? 0x58 : 0x40, c->queued ? 0xa1 : 0x34);
	p->parked = c->fis.command == ATA_STANDBY_NOW;
	p->tfd = TFD_READY;
	p->sact &= ~ended;
	p->ci &= ~ended;
	p->is |= 1; /* DHRS */
	c->used = false;
	if (transfers(c))
		p->disk->n_in_flight--;
}

static void answer(struct fake_ahci_port *p, uint32_t slot)
{
	switch (p->command[slot].fault) {
	case FAKE_IO_ERROR:
		fail(p, slot, AHCI_PxIS_TFES);
		return;
	case FAKE_BAD_STATUS: /* the status register alone tells */
		end(p, slot);
		p->tfd = TFD_READY | AHCI_PxTFD_DF;
		p->failed = true;
		p->halted = true;
		return;
	case FAKE_WANTS_RESET:
		fail(p, slot, AHCI_PxIS_HBFS);
		p->broken = true;
		return;
	case FAKE_VANISH:
		fake_ahci.pci->gone = true;
		return;
	case FAKE_BAD_TAG:
		p->sact |= 1u << 31;
		break;
	default:
		break;
	}
	perform(p, slot);
	end(p, slot);
}

void fake_ahci_work(uint32_t port)
{
	struct fake_ahci_port *p = &fake_ahci.port[port];
	if ((p->cmd & AHCI_PxCMD_CR) == 0 || p->halted || p->disk == NULL)
		return;
	for (uint32_t i = 0; i < AHCI_SLOTS_MAX; i++) {
		if ((p->ci >> i & 1) != 0 && !p->command[i].used)
			take(p, i);
	}
	for (uint32_t i = 0; i < AHCI_SLOTS_MAX && !p->halted && !fake_ahci.pci->gone; i++) {
		const struct fake_ahci_command *c = &p->command[i];
		if (c->used && c->fault != FAKE_SILENT && c->ready_us <= fake_clock_now_us)
			answer(p, i);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One port: link, engine, one command. AHCI 1.3.1 chapter 10 in its order. */
#include "ahci_port.h"

#include <string.h>

#include "deadline.h"
#include "machine.h"

#define ENGINE_MS 500  /* 10.1.2: CR and FR clear within it */
#define BREAK_MS  100  /* CR, after a COMRESET in the middle of a command */
#define LINK_MS   1000 /* of a device that was there before */
#define FOUR_GIB  (1ull << 32)
#define READY_MS  10000 /* of a device that was running before its reset */

uint32_t ahci_port_read(const struct ahci_port *p, uint32_t reg)
{
	return mmio_read32(p->regs + reg);
}

static void write(struct ahci_port *p, uint32_t reg, uint32_t value)
{
	mmio_write32(p->regs + reg, value);
}

static void change_cmd(struct ahci_port *p, uint32_t off, uint32_t on)
{
	write(p, AHCI_PxCMD, (ahci_port_read(p, AHCI_PxCMD) & ~off) | on);
}

static void write_address(struct ahci_port *p, uint32_t reg, const void *memory)
{
	uint64_t address = dma_addr(memory);
	write(p, reg, (uint32_t)address);
	write(p, reg + 4, (uint32_t)(address >> 32));
}

/* Ones clear. PxIS reflects parts of PxSERR, which therefore goes first (3.3.5). */
void ahci_port_forget_errors(struct ahci_port *p)
{
	write(p, AHCI_PxSERR, UINT32_MAX);
	write(p, AHCI_PxIS, UINT32_MAX);
}

/* ---- link ---- */

int ahci_port_memory(
	const struct ahci_port *p, struct arena *dma, size_t bytes, size_t align, void **ret_memory)
{
	*ret_memory = arena_alloc_below(dma, bytes, align, p->reaches_all ? UINT64_MAX : FOUR_GIB);
	if (*ret_memory != NULL)
		return 0;
	return arena_alloc(dma, bytes, align) != NULL ? ERR_UNSUPPORTED : ERR_NO_MEMORY;
}

int ahci_port_init(struct ahci_port *p, struct arena *dma)
{
	void *received;
	int err = ahci_port_memory(p, dma, AHCI_RECEIVED_BYTES, AHCI_RECEIVED_BYTES, &received);
	if (err == 0)
		p->received = received;
	return err;
}

void ahci_port_listen(struct ahci_port *p)
{
	const uint32_t off = AHCI_PxCMD_ST | AHCI_PxCMD_ALPE | AHCI_PxCMD_ICC;
	write(p, AHCI_PxIE, 0);
	write_address(p, AHCI_PxFB, p->received);
	change_cmd(p, off, AHCI_PxCMD_ICC_ACTIVE | AHCI_PxCMD_POD);
	change_cmd(p, off, AHCI_PxCMD_FRE | AHCI_PxCMD_SUD);
}

/* 10.4.2 Port reset. A speed limit that firmware set stays. */
static void set_det(struct ahci_port *p, uint32_t value)
{
	uint32_t speed = ahci_port_read(p, AHCI_PxSCTL) & AHCI_PxSCTL_SPD;
	write(p, AHCI_PxSCTL, speed | AHCI_PxSCTL_IPM_NONE | value);
}

void ahci_port_assert_reset(struct ahci_port *p)
{
	set_det(p, AHCI_PxSCTL_DET_RESET);
}

void ahci_port_release_reset(struct ahci_port *p)
{
	set_det(p, 0);
}

static uint32_t det(const struct ahci_port *p)
{
	return ahci_port_read(p, AHCI_PxSSTS) & AHCI_DET;
}

bool ahci_port_is_linked(const struct ahci_port *p)
{
	return det(p) == AHCI_DET_LINK;
}

bool ahci_port_is_waking(const struct ahci_port *p)
{
	return det(p) == AHCI_DET_NO_LINK;
}

/* Somebody is there, or might be: the link is switched off. */
bool ahci_port_is_seen(const struct ahci_port *p)
{
	return det(p) != 0 || (ahci_port_read(p, AHCI_PxSCTL) & AHCI_DET) == AHCI_PxSCTL_DET_OFF;
}

bool ahci_port_is_ready(const struct ahci_port *p)
{
	return (ahci_port_read(p, AHCI_PxTFD) & (AHCI_PxTFD_BSY | AHCI_PxTFD_DRQ)) == 0;
}

/* ---- engine ---- */

static bool cmd_is_clear(const struct ahci_port *p, uint32_t bits)
{
	return (ahci_port_read(p, AHCI_PxCMD) & bits) == 0;
}

/* 10.1.2: ST and FRE go off one after the other. */
static int turn_off(struct ahci_port *p, uint32_t bits, uint32_t running)
{
	change_cmd(p, bits, 0);
	int err = WAIT_FOR(cmd_is_clear(p, running), ENGINE_MS);
	p->stuck = p->stuck || err != 0;
	return err;
}

static void run_engine(struct ahci_port *p)
{
	ahci_port_forget_errors(p);
	change_cmd(p, 0, AHCI_PxCMD_ST);
}

int ahci_port_start(struct ahci_port *p, struct arena *dma, uint32_t n_slots)
{
	void *list, *table;
	size_t list_bytes = AHCI_SLOTS_MAX * sizeof(struct ahci_header);
	int err = ahci_port_memory(p, dma, list_bytes, AHCI_LIST_ALIGN, &list);
	if (err == 0)
		err = ahci_port_memory(
			p, dma, n_slots * sizeof(struct ahci_table), AHCI_TABLE_ALIGN, &table);
	if (err != 0)
		return err;
	p->list = list;
	p->table = table;
	for (uint32_t i = 0; i < n_slots; i++)
		p->list[i].ctba = dma_addr(&p->table[i]);
	write_address(p, AHCI_PxCLB, p->list);
	run_engine(p);
	return 0;
}

int ahci_port_quiet(struct ahci_port *p)
{
	int err = p->stuck ? ERR_TIMEOUT : turn_off(p, AHCI_PxCMD_ST, AHCI_PxCMD_CR);
	return err != 0 ? err : turn_off(p, AHCI_PxCMD_ST | AHCI_PxCMD_FRE, AHCI_PxCMD_FR);
}

/*
 * 6.2.2 Software error recovery. It would do without the reset of the link after some errors; but a
 * disk in which a queue failed refuses every command until its error log was read or it was reset,
 * not every disk has the log, and errors are rare.
 */
int ahci_port_restart(struct ahci_port *p)
{
	(void)turn_off(p, AHCI_PxCMD_ST, AHCI_PxCMD_CR);
	ahci_port_assert_reset(p);
	delay_us(AHCI_COMRESET_US);
	ahci_port_release_reset(p);
	if (WAIT_FOR(cmd_is_clear(p, AHCI_PxCMD_CR), BREAK_MS) != 0)
		return ERR_LOST;
	p->stuck = false;
	if (WAIT_FOR(ahci_port_is_linked(p), LINK_MS) != 0)
		return ERR_LOST;
	ahci_port_forget_errors(p);
	int err = WAIT_FOR(ahci_port_is_ready(p), READY_MS);
	if (err == 0)
		run_engine(p);
	return err;
}

/* ---- one command ---- */

void ahci_port_fill(struct ahci_port *p, uint32_t slot, const struct ahci_fis *fis,
	const struct block_seg *seg, uint32_t n_segs, enum block_dir dir)
{
	struct ahci_header *header = &p->list[slot];
	struct ahci_table *table = &p->table[slot];
	table->cfis = *fis;
	for (uint32_t i = 0; i < n_segs; i++)
		table->prd[i] =
			(struct ahci_prd){.dba = dma_addr(seg[i].buf), .dbc = seg[i].bytes - 1};
	header->flags = sizeof(*fis) / 4;
	if (dir == BLOCK_WRITE)
		header->flags |= AHCI_HEADER_WRITE;
	header->prdtl = (uint16_t)n_segs;
	header->prdbc = 0;
}

void ahci_port_give(struct ahci_port *p, uint32_t slot)
{
	dma_write_barrier();
	write(p, AHCI_PxCI, 1u << slot);
}

/* 3.3.13: the tag is announced before the command. */
void ahci_port_give_queued(struct ahci_port *p, uint32_t slot)
{
	write(p, AHCI_PxSACT, 1u << slot);
	ahci_port_give(p, slot);
}

static bool has_ended(const struct ahci_port *p, uint32_t slot)
{
	return (ahci_port_read(p, AHCI_PxCI) >> slot & 1) == 0 ||
	       (ahci_port_read(p, AHCI_PxIS) & AHCI_PxIS_ERRORS) != 0;
}

/* A controller that has gone reads as all ones everywhere. */
int ahci_port_run(struct ahci_port *p, uint32_t slot, uint32_t ms)
{
	const uint32_t bad = AHCI_PxTFD_BSY | AHCI_PxTFD_DRQ | AHCI_PxTFD_DF | AHCI_PxTFD_ERR;
	ahci_port_give(p, slot);
	int err = WAIT_FOR(has_ended(p, slot), ms);
	if (err != 0)
		return err;
	uint32_t is = ahci_port_read(p, AHCI_PxIS);
	if (is == UINT32_MAX)
		return ERR_LOST;
	dma_read_barrier();
	if ((is & AHCI_PxIS_ERRORS) == 0 && (ahci_port_read(p, AHCI_PxTFD) & bad) == 0)
		return 0;
	err = ahci_port_restart(p);
	return err != 0 ? err : ERR_IO;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu.c and iommu_off.c: tables as firmware writes them, and units that do as they are told, late, or not. */
#include "test.h"

#include <string.h>

#include "fake_pci.h"
#include "iommu.h"
#include "log_text.h"
#include "pci.h"

#define TABLE_AT 0x7fe2000ull
#define UNIT_A   0xfed90000ull
#define UNIT_B   0xfed91000ull
#define LATE     3 /* looks at the status before a command shows */

/* ---- Units ---- */

enum lie { HONEST, IGNORES, KEEPS_PROTECTING, KEEPS_COMMANDS };

static struct unit {
	bool amd;
	enum lie lie;
	uint64_t cap;
	uint32_t status, pmen; /* VT-d */
	uint32_t control, amd_status;
	uint32_t wanted, wait, n_written;
	struct fake_pci_dev *master; /* must be off by then */
	bool master_was_on;
} unit[2];

static uint64_t read_vtd(struct unit *u, uint64_t at)
{
	switch (at) {
	case VTD_CAP:
		return u->cap;
	case VTD_ECAP:
		return 0xf020da;
	case VTD_GSTS:
		if (u->wait && --u->wait == 0)
			u->status = u->wanted;
		return u->status;
	case VTD_PMEN:
		return u->pmen;
	}
	return 0;
}

static void write_vtd(struct unit *u, uint64_t at, uint32_t value)
{
	u->n_written++;
	if (u->master)
		u->master_was_on |= fake_config16(u->master, 4) & 4;
	if (at == VTD_GCMD) {
		/* One-shot bits are commands: none may be repeated. */
		if (value & VTD_ONE_SHOT)
			fake_fail("GCMD %#x", value);
		if (u->lie != IGNORES) {
			u->wanted = value | (u->status & VTD_ONE_SHOT);
			u->wait = LATE;
		}
	}
	if (at == VTD_PMEN && u->lie != KEEPS_PROTECTING)
		u->pmen = value & VTD_PMEN_EPM ? value | VTD_PMEN_PRS : value & ~VTD_PMEN_PRS;
}

static uint64_t unit_read(void *ctx, uint64_t at, unsigned bytes)
{
	struct unit *u = ctx;
	(void)bytes;
	if (!u->amd)
		return read_vtd(u, at);
	return at == AMD_CONTROL ? u->control : at == AMD_STATUS ? u->amd_status : 0;
}

static void unit_write(void *ctx, uint64_t at, unsigned bytes, uint64_t value)
{
	struct unit *u = ctx;
	(void)bytes;
	if (!u->amd) {
		write_vtd(u, at, (uint32_t)value);
		return;
	}
	u->n_written++;
	if (at != AMD_CONTROL || u->lie == IGNORES)
		return;
	u->control = (uint32_t)value;
	if (!(value & 1u << 12) && u->lie != KEEPS_COMMANDS)
		u->amd_status &= ~AMD_STATUS_COMMANDS;
}

static struct unit *put_unit(unsigned i, bool amd)
{
	unit[i] = (struct unit){.amd = amd, .cap = 0xd2008c40660462};
	fake_mmio_add(i ? UNIT_B : UNIT_A, amd ? 0x4000 : 0x1000,
		(struct fake_io){unit_read, unit_write, &unit[i]});
	return &unit[i];
}

/* ---- Tables ---- */

static uint8_t table[16384];
static uint32_t used;
static struct iommus all;

static void put(uint32_t at, uint64_t value, uint32_t bytes)
{
	memcpy(table + at, &value, bytes);
}

static void start_table(const char *name)
{
	memset(table, 0, sizeof(table));
	memcpy(table, name, 4);
	used = 48;
}

static void put_drhd(uint64_t regs, uint32_t flags, const void *scope, uint32_t scope_bytes)
{
	put(used + 2, 16 + scope_bytes, 2);
	put(used + 4, flags, 1);
	put(used + 8, regs, 8);
	memcpy(table + used + 16, scope, scope_bytes);
	used += 16 + scope_bytes;
}

static void put_ivhd(uint8_t type, uint64_t regs)
{
	uint32_t bytes = type == 0x10 ? 24 : 40;
	put(used, type, 1);
	put(used + 2, bytes, 2);
	put(used + 8, regs, 8);
	used += bytes;
}

static int find(void)
{
	put(4, used, 4);
	fake_memory_add(TABLE_AT, table, used);
	bool intel = table[0] == 'D';
	return iommu_find(intel ? TABLE_AT : 0, intel ? 0 : TABLE_AT, &all);
}

static void setup(void)
{
	fake_machine_reset();
	fake_pci_reset();
	log_text_start();
	start_table("DMAR");
}

FIXTURE(setup, NULL)

TEST(nothing)
{
	assert_int_equal(iommu_find(0, 0, &all), 0);
	assert_int_equal(all.n, 0);
	assert_int_equal(iommu_turn_off(&all), 0);
}

/* As a notebook has them: graphics, and all the rest; with reserved memory (type 1) in between. */
TEST(notebook)
{
	static const uint8_t graphics[] = {1, 8, 0, 0, 0, 0, 2, 0},
			     rest[] = {3, 8, 0, 0, 2, 0xf0, 0x1f, 0};
	put_unit(0, false);
	put_unit(1, false);
	put_drhd(UNIT_A, 0, graphics, sizeof(graphics));
	put(used, 1, 2);
	put(used + 2, 32, 2);
	used += 32;
	put_drhd(UNIT_B, 1, rest, sizeof(rest));
	assert_int_equal(find(), 0);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.unit[0].scope_bytes, 8);
	assert_int_equal(all.unit[1].scope_bytes, 0);
	assert_int_equal(iommu_state(&all.unit[0]) | iommu_state(&all.unit[1]), 0);
	assert_int_equal(iommu_turn_off(&all), 0);
	assert_int_equal(unit[0].n_written + unit[1].n_written, 0);
}

TEST(all_of_it_off)
{
	struct unit *u = put_unit(0, false);
	u->status = VTD_TE | VTD_IRE | 1u << 30 | 1u << 26;
	u->pmen = VTD_PMEN_EPM | VTD_PMEN_PRS;
	u->master = fake_pci_add(3 << 3, 0x8086, 0x100e, 0x020000);
	u->master->writable[4] = 0xff;
	fake_set_config(u->master, 4, 7, 2);
	put_drhd(UNIT_A, 1, "", 0);
	assert_int_equal(find(), 0);
	assert_int_equal(iommu_state(&all.unit[0]),
		IOMMU_TRANSLATES | IOMMU_PROTECTS | IOMMU_MAPS_INTERRUPTS);
	assert_int_equal(pci_quiesce_all(), 1);
	assert_int_equal(iommu_turn_off(&all), 0);
	assert_int_equal(iommu_state(&all.unit[0]), 0);
	assert_int_equal(u->status, 1u << 30 | 1u << 26); /* the rest as it was */
	assert_false(u->master_was_on);
	assert_logged("VT-d unit at 0xfed90000: firmware left DMA remapping on, turned off");
}

/* The limit is a second for each; nothing waits longer, and the other unit is turned off all the same. */
TEST(does_not_change)
{
	put_unit(0, false)->lie = IGNORES;
	put_unit(1, false)->status = VTD_TE;
	unit[0].status = VTD_TE;
	put_drhd(UNIT_A, 0, "", 0);
	put_drhd(UNIT_B, 1, "", 0);
	assert_int_equal(find(), 0);
	fake_clock_step_us = 100;
	uint64_t begun = fake_clock_now_us;
	assert_int_equal(iommu_turn_off(&all), ERR_TIMEOUT);
	assert_within(fake_clock_now_us - begun, 1000000, 1200000);
	assert_logged("VT-d unit at 0xfed90000: firmware left DMA remapping on, and it stays on");
	assert_int_equal(unit[1].status, 0);
}

TEST(keeps_protecting)
{
	struct unit *u = put_unit(0, false);
	u->lie = KEEPS_PROTECTING;
	u->pmen = VTD_PMEN_EPM | VTD_PMEN_PRS;
	put_drhd(UNIT_A, 1, "", 0);
	assert_int_equal(find(), 0);
	fake_clock_step_us = 100;
	assert_int_equal(iommu_turn_off(&all), ERR_TIMEOUT);
	/* Not implemented: what the register reads as means nothing. */
	u->cap &= ~VTD_CAP_PMR;
	assert_int_equal(iommu_state(&all.unit[0]), 0);
}

TEST(amd)
{
	struct unit *u = put_unit(0, true);
	start_table("IVRS");
	put_ivhd(0x10, UNIT_A);
	put_ivhd(0x20, UNIT_B); /* memory, not a unit */
	put_ivhd(0x11, UNIT_A);
	put_ivhd(0x40, UNIT_A);
	u->control = 1 | 1u << 2 | 1u << 12 | 1u << 10;
	u->amd_status = AMD_STATUS_COMMANDS;
	assert_int_equal(find(), 0);
	assert_int_equal(all.n, 1);
	assert_int_equal(iommu_state(&all.unit[0]), IOMMU_TRANSLATES);
	assert_int_equal(iommu_turn_off(&all), 0);
	assert_int_equal(u->control, 1u << 10);
	assert_logged("AMD unit at 0xfed90000: firmware left DMA remapping on, turned off");
}

TEST(amd_lies)
{
	struct unit *u = put_unit(0, true);
	start_table("IVRS");
	put_ivhd(0x11, UNIT_A);
	u->control = 1;
	u->lie = IGNORES;
	assert_int_equal(find(), 0);
	fake_clock_step_us = 100;
	assert_int_equal(iommu_turn_off(&all), ERR_TIMEOUT);
	u->lie = KEEPS_COMMANDS;
	u->control = 1 | 1u << 12;
	u->amd_status = AMD_STATUS_COMMANDS;
	assert_int_equal(iommu_turn_off(&all), ERR_TIMEOUT);
	assert_int_equal(u->control & 1, 0); /* off all the same */
}

/* A graphics unit that Linux leaves on is left on here; one of a family that drains, or with something else
 * behind it, is not. */
TEST(graphics_stay)
{
	static const uint8_t scope[] = {1, 8, 0, 0, 0, 0, 2, 0, 1, 10, 0, 0, 0, 0, 1, 0, 4, 0};
	static const struct {
		uint16_t device;
		uint32_t class, second;
		bool drains, stays;
	} of[] = {{0x9a49, 0x030000, 0x030200, true, true},
		{0x46a6, 0x030000, 0x030000, true, true}, {0x5917, 0x030000, 0x030000, true, false},
		{0x9a49, 0x030000, 0x020000, true, false},
		{0x9a49, 0x030000, 0x030000, false, false},
		{0x9a49, 0x010802, 0x030000, true, false}};
	for (uint32_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		setup();
		struct unit *u = put_unit(0, false);
		u->status = VTD_TE;
		u->cap = of[i].drains ? 3ull << 54 : 1;
		fake_pci_add(2 << 3, 0x8086, of[i].device, of[i].class);
		fake_pci_add_bridge(1 << 3, 7);
		fake_pci_add(7 << 8 | 4 << 3, 0x10de, 1, of[i].second);
		put_drhd(UNIT_A, 0, scope, sizeof(scope));
		assert_int_equal(find(), 0);
		assert_int_equal(iommu_turn_off(&all), 0);
		assert_int_equal(!!(u->status & VTD_TE), of[i].stays);
		assert_int_equal(iommu_must_stay(&all.unit[0]), of[i].stays);
	}
}

/* Scopes that end too early, or name devices that are not there: then it serves more than is known. */
TEST(graphics_unknown)
{
	static const uint8_t short_one[] = {1, 5, 0, 0, 0, 0, 2, 0}, no_path[] = {1, 6, 0, 0, 0, 0},
			     absent[] = {1, 8, 0, 0, 0, 0, 9, 0},
			     too_long[] = {1, 40, 0, 0, 0, 0, 2, 0};
	static const uint8_t *const scopes[] = {short_one, no_path, absent, too_long};
	static const uint32_t bytes[] = {8, 6, 8, 8};
	for (uint32_t i = 0; i < 4; i++) {
		setup();
		put_unit(0, false)->status = VTD_TE;
		unit[0].cap = 3ull << 54;
		fake_pci_add(2 << 3, 0x8086, 0x9a49, 0x030000);
		put_drhd(UNIT_A, 0, scopes[i], bytes[i]);
		assert_int_equal(find(), 0);
		assert_false(iommu_must_stay(&all.unit[0]));
		assert_int_equal(iommu_turn_off(&all), 0);
		assert_int_equal(unit[0].status, 0);
	}
}

TEST(no_registers)
{
	put_drhd(UNIT_A, 1, "", 0); /* all ones */
	put_drhd(0, 1, "", 0);
	put_drhd(UNIT_B + 8, 1, "", 0);
	put_drhd(UINT64_MAX - 4095, 1, "", 0);
	assert_int_equal(find(), 0);
	assert_int_equal(all.n, 0);
	assert_logged("VT-d unit at 0xfed90000: no registers there");
	fake_mmio_works = false;
	assert_int_equal(iommu_find(TABLE_AT, 0, &all), 0);
	assert_int_equal(all.n, 0);
}

TEST(damaged)
{
	static const uint32_t lengths[] = {0, 3, 17, 0xffff};
	put_unit(0, false)->status = VTD_TE;
	put_drhd(UNIT_A, 1, "", 0);
	put_drhd(UNIT_B, 1, "", 0);
	assert_int_equal(find(), 0);
	for (uint32_t i = 0; i < 4; i++) {
		put(used - 16 + 2, lengths[i], 2);
		assert_int_equal(iommu_find(TABLE_AT, 0, &all), 0);
		assert_int_equal(all.n, 1); /* what came before it */
		assert_logged("the DMAR table at 0x7fe2000 is damaged from byte 64 on");
	}
	put(4, 47, 4);
	assert_int_equal(iommu_find(TABLE_AT, 0, &all), 0);
	assert_int_equal(all.n, 0);
	put(4, UINT32_MAX, 4);
	assert_int_equal(iommu_find(TABLE_AT, 0, &all), 0);
	assert_int_equal(iommu_find(TABLE_AT, TABLE_AT, &all), 0); /* not an IVRS */
	assert_int_equal(iommu_find(0x1000, 0, &all), 0);
}

static uint64_t many_read(void *ctx, uint64_t at, unsigned bytes)
{
	(void)ctx;
	(void)bytes;
	return at % 4096 == VTD_CAP || at % 4096 == VTD_ECAP;
}

static void many_write(void *ctx, uint64_t at, unsigned bytes, uint64_t value)
{
	(void)ctx;
	(void)at;
	(void)bytes;
	(void)value;
}

/* The fake machine maps 64 windows; the others have no registers and do not count. */
TEST(many)
{
	fake_mmio_add(0x10000000, 64 * 4096, (struct fake_io){many_read, many_write, NULL});
	for (uint32_t i = 0; i < 60; i++)
		put_drhd(0x10000000 + i * 4096, 0, "", 0);
	assert_int_equal(find(), 0);
	assert_int_equal(all.n, 60);
}

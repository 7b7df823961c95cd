/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/pci_mcfg.c: tables that are true, that lie, and that are none. */
#include "test.h"

#include <string.h>

#include "fake_pci.h"
#include "log_text.h"
#include "pci.h"

#define TABLE   0x7fe1000ull
#define WINDOW  0xb0000000ull
#define HIGH    0x4000000000ull
#define PROBE   0x104 /* only ECAM reaches it */
#define CONTENT 0xdeadbeefu

static uint8_t table[256];
static uint32_t n_windows;

static void setup(void)
{
	fake_machine_reset();
	fake_pci_reset();
	log_text_start();
	fake_memory_add(TABLE, table, sizeof(table));
	memset(table, 0, sizeof(table));
	memcpy(table, "MCFG", 4);
	n_windows = 0;
	fake_pci_add(0, 0x8086, 0x29c0, 0x060000);
	fake_set_config(fake_pci_add(3 << 3, 0x1b36, 0x10, 0x010802), PROBE, CONTENT, 4);
}

FIXTURE(setup, NULL)

static void set_length(uint32_t bytes)
{
	memcpy(table + 4, &bytes, 4);
}

static void add_window(uint64_t base, uint16_t segment, uint8_t first_bus, uint8_t last_bus)
{
	uint8_t *at = table + 44 + 16 * n_windows++;
	memcpy(at, &base, 8);
	memcpy(at + 8, &segment, 2);
	at[10] = first_bus;
	at[11] = last_bus;
	set_length(44 + 16 * n_windows);
}

/* The functions are found in any case. */
static bool uses_ecam(uint32_t address)
{
	struct pci_dev dev;
	assert_int_equal(pci_at(address, &dev), 0);
	return pci_read32(&dev, PROBE) == CONTENT;
}

static int count(const struct pci_dev *dev, void *ctx)
{
	(void)dev;
	++*(unsigned *)ctx;
	return 0;
}

static unsigned n_functions(void)
{
	unsigned n = 0;
	assert_int_equal(pci_scan(count, &n), 0);
	return n;
}

TEST(true)
{
	fake_pci_add_ecam(WINDOW, 0, 0, 255);
	add_window(WINDOW, 0, 0, 255);
	pci_use_mcfg(TABLE);
	assert_true(uses_ecam(3 << 3));
	assert_int_equal(n_functions(), 2);
	assert_logged("pci: segment 0, buses 0 to 255: ECAM at 0xb0000000");
}

TEST(segments)
{
	fake_set_config(fake_pci_add(0x10000 | 9 << 8 | 1 << 3, 1, 2, 0x010802), PROBE, CONTENT, 4);
	fake_pci_add_ecam(WINDOW, 0, 0, 63);
	fake_pci_add_ecam(HIGH, 1, 9, 12);
	fake_pci_add_ecam(HIGH << 1, 2, 0, 0); /* where nothing answers */
	add_window(HIGH, 1, 9, 12);            /* before the one that it depends on */
	add_window(HIGH << 1, 2, 0, 0);
	add_window(WINDOW, 0, 0, 63);
	pci_use_mcfg(TABLE);
	assert_true(uses_ecam(3 << 3));
	assert_true(uses_ecam(0x10000 | 9 << 8 | 1 << 3));
	assert_int_equal(n_functions(), 3);
	assert_logged("pci: segment 1, buses 9 to 12: ECAM at 0x4000000000");
	assert_logged("pci: segment 2, buses 0 to 0: the functions are not at");
}

/* Another segment's functions, or another place of the same: the ports know better. */
TEST(window_of_others)
{
	fake_pci_add(0x70000, 0x8086, 0x29c0, 0x060000);
	fake_pci_add(0x70000 | 3 << 3, 0x1b36, 0x11, 0x010802);
	fake_pci_add_ecam(WINDOW, 7, 0, 255);
	add_window(WINDOW, 0, 0, 255);
	add_window(WINDOW, 7, 0, 255); /* true, but after a lie nothing is believed */
	pci_use_mcfg(TABLE);
	assert_false(uses_ecam(3 << 3));
	assert_int_equal(n_functions(), 2);
	assert_logged("pci: segment 0, buses 0 to 255: the functions are not at 0xb0000000");
}

TEST(function_is_missing)
{
	fake_pci_add(0x70000, 0x8086, 0x29c0, 0x060000);
	fake_pci_add_ecam(WINDOW, 7, 0, 255);
	add_window(WINDOW, 0, 0, 255);
	pci_use_mcfg(TABLE);
	assert_false(uses_ecam(3 << 3));
}

TEST(nobody_answers)
{
	add_window(WINDOW, 0, 0, 255);
	pci_use_mcfg(TABLE);
	assert_false(uses_ecam(3 << 3));
	assert_int_equal(n_functions(), 2);
}

TEST(windows_that_are_none)
{
	fake_pci_add_ecam(WINDOW, 0, 0, 255);
	add_window(0, 0, 0, 255);
	add_window(WINDOW + 4096, 0, 0, 255);
	add_window(WINDOW, 0, 9, 8);
	add_window(UINT64_MAX - 0xfffff, 0, 9, 9);
	pci_use_mcfg(TABLE);
	assert_false(uses_ecam(3 << 3));
	assert_int_equal(n_functions(), 2);
}

TEST(cannot_be_mapped)
{
	fake_pci_add_ecam(WINDOW, 0, 0, 255);
	add_window(WINDOW, 0, 0, 255);
	fake_mmio_works = false;
	pci_use_mcfg(TABLE);
	fake_mmio_works = true;
	assert_false(uses_ecam(3 << 3));
}

TEST(tables_that_are_none)
{
	fake_pci_add_ecam(WINDOW, 0, 0, 255);
	add_window(WINDOW, 0, 0, 255);
	pci_use_mcfg(0);
	pci_use_mcfg(TABLE - 4096); /* not memory */
	for (uint32_t bytes = 0; bytes < 44 + 16; bytes++) {
		set_length(bytes);
		pci_use_mcfg(TABLE);
	}
	set_length(5000);
	pci_use_mcfg(TABLE);
	set_length(UINT32_MAX);
	pci_use_mcfg(TABLE);
	set_length(sizeof(table) + 1); /* longer than what is there */
	pci_use_mcfg(TABLE);
	set_length(44 + 16);
	table[0] = 'X';
	pci_use_mcfg(TABLE);
	assert_false(uses_ecam(3 << 3));
	table[0] = 'M';
	pci_use_mcfg(TABLE);
	assert_true(uses_ecam(3 << 3));
}

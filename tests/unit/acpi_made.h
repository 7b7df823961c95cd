/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables as SeaBIOS makes them for q35, with a few more registers, for a suite to bend before they are sealed. */
#ifndef TESTS_UNIT_ACPI_MADE_H
#define TESTS_UNIT_ACPI_MADE_H

#include <stdbool.h>
#include <stdint.h>

#define TABLES 0x7fe0000ull
#define BIOS   0xe0000ull
#define EBDA   0x80000ull
#define RSDP   0xf5a40ull

/* Offsets in the FADT (ACPI 6.4, table 5.9). */
enum {
	FACS = 36,
	DSDT = 40,
	SMI_CMD = 48,
	ACPI_ENABLE = 52,
	PM1A_EVT = 56,
	PM1B_EVT = 60,
	PM1A_CNT = 64,
	PM1B_CNT = 68,
	PM_TMR = 76,
	GPE0 = 80,
	GPE1 = 84,
	PM1_EVT_LEN = 88,
	PM1_CNT_LEN = 89,
	GPE0_LEN = 92,
	GPE1_LEN = 93,
	FLAGS = 112,
	RESET_REG = 116,
	RESET_VALUE = 128,
	X_FACS = 132,
	X_DSDT = 140,
	X_PM1A_EVT = 148,
	X_PM1A_CNT = 172,
	X_PM_TMR = 208,
	X_GPE0 = 220,
	SLEEP_CONTROL = 244,
	FADT_BYTES = 276,
};

/* What the suite puts into the fake machine at TABLES, BIOS and EBDA. */
extern uint8_t tables[65536], bios[0x20000], ebda[0x20000];
extern uint32_t used; /* of tables */
extern uint8_t fadt
	[FADT_BYTES]; /* with its head; start_tables fills it, finish_tables puts it among the tables */
extern const uint8_t s5[14]; /* the AML of a DSDT */

/* Little endian. */
void put(uint8_t *at, uint64_t value, uint32_t bytes);

/* Makes the byte at checksum_at one with which all bytes add up to 0. */
void seal(uint8_t *table, uint32_t bytes, uint32_t checksum_at);

/* A table with this body behind the head; its physical address. */
uint64_t table(const char *name, const void *body, uint32_t bytes);

uint8_t *at_phys(uint64_t phys); /* of a table */
void reseal(uint64_t phys);      /* one that was changed */
void put_rsdp(uint8_t *at, uint32_t rsdt, uint64_t xsdt);
uint64_t put_facs(void); /* its physical address */

/* Empties the tables; FACS and DSDT are there, fadt is good. */
void start_tables(void);

/* RSDP, root table, FADT of so many bytes, and one more table when other is not 0. */
void finish_tables(uint32_t fadt_bytes, uint64_t other, bool extended);

#endif

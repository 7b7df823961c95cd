/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables of a firmware that is played: FADT, DSDT, FACS, two SSDTs, MCFG, BGRT, and a MADT with three
 * processors, one of them named twice. */
#ifndef TESTS_UNIT_PLAY_FIRMWARE_H
#define TESTS_UNIT_PLAY_FIRMWARE_H

#include <stdint.h>

#define FIRMWARE_BASE  0x7fe0000ull
#define FIRMWARE_BYTES 65536u
#define FIRMWARE_RSDP  0xf5a40ull

enum firmware_table {
	FIRMWARE_DSDT,
	FIRMWARE_FACS,
	FIRMWARE_FACP,
	FIRMWARE_SSDT,
	FIRMWARE_SSDT2,
	FIRMWARE_MCFG,
	FIRMWARE_BGRT,
	FIRMWARE_MADT,
	FIRMWARE_TABLES
};
extern uint64_t firmware_at[FIRMWARE_TABLES]; /* physical addresses */

/* All tables anew, gap bytes behind FIRMWARE_BASE; after fake_machine_reset. */
void firmware_start(uint32_t gap);

/* A table's bytes. */
uint8_t *firmware_bytes(enum firmware_table t);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The little of ACPI that needs no interpreter: the fixed hardware of the FADT, processors. ACPI
 * 6.4: 5.2.5 (RSDP),
 * 5.2.9 (FADT), 5.2.12 (MADT), 4.8.3 (PM1, GPE), 7.4.2 (_Sx), 16.1 (sleeping). Tables are input:
 * lengths and checksums are looked at before use.
 */
#ifndef X86_ACPI_H
#define X86_ACPI_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

#define ACPI_GPE_BYTES_MAX  32u /* of the enable half of a block */
#define ACPI_PROCESSORS_MAX 32u
#define ACPI_SPACE_MEMORY   0u /* of a generic address, ACPI 5.2.3.2 */
#define ACPI_SPACE_IO       1u

struct acpi_block { /* a register block; port 0: not there */
	uint16_t port;
	uint8_t bytes;
};

struct acpi {
	uint64_t rsdp;
	bool hardware_reduced; /* no PM1, no GPE blocks: only sleep_control */
	uint16_t smi_command;
	uint8_t enable_value;
	uint16_t pm_timer;
	struct acpi_block pm1a_event, pm1b_event, pm1a_control, pm1b_control, gpe0, gpe1;
	bool s5_known;
	uint8_t s5_type_a, s5_type_b;
	bool reset_supported;
	uint8_t reset_space; /* 0 memory, 1 I/O, 2 PCI configuration of bus 0 */
	uint64_t reset_address;
	uint8_t reset_value;
	uint64_t sleep_control; /* I/O port or address by sleep_space, hardware-reduced machines */
	uint8_t sleep_space;
	uint32_t facs_signature; /* 0 when there is no FACS; of two the one that Linux takes */
	uint64_t facs;
	uint32_t n_processors; /* that are enabled; the first ACPI_PROCESSORS_MAX of them */
	uint32_t apic_id[ACPI_PROCESSORS_MAX];
	uint64_t mcfg;       /* physical address of the table, 0: none */
	uint64_t dmar, ivrs; /* the same; drivers/iommu.h */
	uint64_t wdat;       /* the same; drivers/watchdog.h */
	uint64_t hpet;       /* physical address of its registers, 0: none */
};

/* rsdp 0: searched where BIOSes leave it (ACPI 5.2.5.1). ERR_NOT_FOUND, ERR_FIRMWARE (what is wrong
 * was logged). *a is usable after an error too: everything absent. */
int acpi_init(struct acpi *a, uint64_t rsdp) MUST_CHECK;

/* Calls each for every table that can be read: those that the root table of this RSDP names, in its
 * order, then the DSDT and the FACS that the FADT names (of two the one that counts first). Of
 * several MADTs only the first, as Linux. A bad checksum is no reason to leave a table out (Linux
 * takes it, too). */
void acpi_each_table(uint64_t rsdp,
	void (*each)(void *ctx, uint64_t phys, const uint8_t *table, uint32_t bytes), void *ctx);

/* Calls each for every processor that a MADT enables, in its order; one that is named twice is
 * called twice. */
void acpi_each_processor(
	const uint8_t *madt, uint32_t bytes, void (*each)(void *ctx, uint32_t apic_id), void *ctx);

/* The enables as they are now; absent registers are 0. */
struct acpi_fixed {
	uint32_t pm1a_enable, pm1b_enable, pm1a_control, pm1b_control;
	uint8_t gpe0_enable[ACPI_GPE_BYTES_MAX], gpe1_enable[ACPI_GPE_BYTES_MAX];
	uint32_t gpe0_bytes, gpe1_bytes;
};
void acpi_read_fixed(const struct acpi *a, struct acpi_fixed *ret);

/* ACPI mode on when it was on, status bits cleared, enables written back. ERR_TIMEOUT when SCI_EN
 * does not come. */
int acpi_restore_fixed(const struct acpi *a, const struct acpi_fixed *f) MUST_CHECK;

/* Do the tables say how? ERR_FIRMWARE: no _S5_, or no register for it. */
int acpi_power_off_check(const struct acpi *a) MUST_CHECK;

/* Soft off. Returns only when it did not work. */
int acpi_power_off(const struct acpi *a) MUST_CHECK;

/* Reset by the FADT register, port 0xcf9, the keyboard controller, or a triple fault. a may be
 * NULL. */
_Noreturn void machine_reset(const struct acpi *a);

/* For tests: the SLP_TYP pair in AML bytes, by the byte pattern of Name(\_S5_, Package{...}). */
bool acpi_find_sleep_type(
	const uint8_t *aml, uint32_t bytes, const char name[4], uint8_t *ret_a, uint8_t *ret_b);

#endif

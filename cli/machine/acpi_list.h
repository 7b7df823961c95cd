/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a running kernel's ACPI tables are, by its own root table list or by its log, and what
 * a few tables say. Pure; all of it comes from firmware or out of kernel memory, and is
 * checked.
 */
#ifndef CLI_ACPI_LIST_H
#define CLI_ACPI_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACPI_LIST_MAX   512u
#define ACPI_ROOT_BYTES 24u /* of the list's head in the kernel's memory */
#define ACPI_DESC_BYTES 32u /* of one descriptor */

struct acpi_entry {
	char signature[5];
	uint64_t address; /* physical; or virtual, of a table that never was firmware's */
	uint32_t length;
};

struct acpi_list {
	struct acpi_entry v[ACPI_LIST_MAX];
	uint32_t n;
};

/* The head (acpi_gbl_root_table_list): where the descriptors are (virtual), and how many.
 * False: it cannot be one. */
bool acpi_root_head(const uint8_t head[ACPI_ROOT_BYTES], uint64_t *ret_descs, uint32_t *ret_n);

/* n descriptors of ACPI_DESC_BYTES. False: one of them is none. */
bool acpi_root_descs(struct acpi_list *l, const uint8_t *descs, uint32_t n);

/* One record of /dev/kmsg, or a line of the log. 1: it names a table, which is added; 0: it
 * does not; -1: it says that a table was exchanged for another, or there is no room: the log
 * does not tell. */
int acpi_log_line(struct acpi_list *l, const char *line);

/* The n-th entry of that signature, from 0; NULL: there are not so many. */
const struct acpi_entry *acpi_list_at(const struct acpi_list *l, const char *signature, uint32_t n);

/* What the FADT (ACPI 6.4, 5.2.9) says of the other two: 0: nothing. */
struct acpi_fadt {
	uint64_t dsdt, x_dsdt, facs, x_facs;
};
bool acpi_fadt_read(const uint8_t *table, size_t bytes, struct acpi_fadt *ret);

/* Processors that the MADT (5.2.12) enables, each once. 0: it is not a MADT, or has none. */
uint32_t acpi_madt_processors(const uint8_t *table, size_t bytes);

/* The FACS's hardware signature (5.2.10). False: too short, or not a FACS. */
bool acpi_facs_signature(const uint8_t *table, size_t bytes, uint32_t *ret);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading this boot's ACPI tables for the comparison with a saved system's. Which ones count is
 * image-format/saved_table.c's business.
 */
#include "tables.h"

#include <stdbool.h>
#include <string.h>

#include "acpi.h"
#include "log.h"
#include "unaligned.h"

#define FACS_SIGNATURE 8u
#define FACS_BYTES_MIN 64u

static void see_processor(void *ctx, uint32_t id)
{
	struct tables *t = ctx;
	if (id >= TABLES_APIC_IDS) {
		t->n_processors++;
		t->has_far_processors = 1;
		return;
	}
	t->n_processors += !tables_have_processor(t, id);
	t->processor[id / 8] |= (uint8_t)(1u << id % 8);
}

static const struct saved_table *find(const struct saved_table *v, uint32_t n, uint64_t phys)
{
	for (uint32_t i = 0; i < n; i++)
		if (v[i].phys == phys)
			return &v[i];
	return NULL;
}

static void take(void *ctx, uint64_t phys, const uint8_t *table, uint32_t bytes)
{
	struct tables *t = ctx;
	bool is_facs = memcmp(table, "FACS", 4) == 0;
	if (memcmp(table, "APIC", 4) == 0)
		acpi_each_processor(table, bytes, see_processor, t);
	struct saved_table one;
	if (find(t->table, t->n, phys) || !saved_table_make(&one, phys, table, bytes))
		return;
	if (is_facs && bytes >= FACS_BYTES_MIN && !t->has_facs_signature) {
		t->has_facs_signature = 1;
		t->facs_signature = u32_at(table + FACS_SIGNATURE);
	}
	if (t->n == SAVED_TABLES_MAX) {
		t->n_left_out++;
		return;
	}
	t->table[t->n++] = one;
}

void tables_read(uint64_t rsdp, struct tables *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->rsdp = rsdp;
	acpi_each_table(rsdp, take, ret);
	if (ret->n_left_out)
		log_line("acpi: %u tables are left out of the comparison", ret->n_left_out);
}

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

#define FACS_SIGNATURE 8u
#define FACS_BYTES_MIN 64u
#define MADT_ENTRIES   44u /* ACPI 6.4, 5.2.12 */
#define MADT_APIC      0u
#define MADT_X2APIC    9u
#define MADT_ENABLED   1u
#define APIC_IDS       4096u

struct reading {
	struct tables *t;
	uint8_t seen[APIC_IDS / 8]; /* processors: a table may name one twice */
};

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static void see_processor(struct reading *r, uint32_t id, uint32_t flags)
{
	uint8_t bit = (uint8_t)(1u << id % 8);
	if (!(flags & MADT_ENABLED))
		return;
	if (id < APIC_IDS) {
		if (r->seen[id / 8] & bit)
			return;
		r->seen[id / 8] |= bit;
	}
	r->t->n_processors++;
}

static void read_madt(struct reading *r, const uint8_t *m, uint32_t n)
{
	for (uint32_t at = MADT_ENTRIES; at < n && n - at >= 2;) {
		const uint8_t *e = m + at;
		if (e[1] < 2 || e[1] > n - at)
			return; /* what follows cannot be found */
		if (e[0] == MADT_APIC && e[1] >= 8)
			see_processor(r, e[3], u32_at(e + 4));
		if (e[0] == MADT_X2APIC && e[1] >= 16)
			see_processor(r, u32_at(e + 4), u32_at(e + 8));
		at += e[1];
	}
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
	struct reading *r = ctx;
	struct tables *t = r->t;
	bool is_facs = memcmp(table, "FACS", 4) == 0;
	if (memcmp(table, "APIC", 4) == 0 && t->n_processors == 0)
		read_madt(r, table, bytes);
	struct saved_table one;
	if (find(t->table, t->n, phys) || !saved_table_make(&one, phys, table, bytes))
		return;
	if (is_facs && bytes >= FACS_BYTES_MIN && !t->has_facs_signature) {
		t->has_facs_signature = 1;
		t->facs_signature = u32_at(table + FACS_SIGNATURE);
	}
	if (t->n == TABLES_MAX) {
		t->n_left_out++;
		return;
	}
	t->table[t->n++] = one;
}

void tables_read(uint64_t rsdp, struct tables *ret)
{
	struct reading r = {.t = ret};
	memset(ret, 0, sizeof(*ret));
	ret->rsdp = rsdp;
	acpi_each_table(rsdp, take, &r);
	if (ret->n_left_out)
		log_line("acpi: %u tables are left out of the comparison", ret->n_left_out);
}

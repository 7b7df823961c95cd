/*
 * Reading this boot's ACPI tables for the comparison with a saved system's. Which ones count: those that
 * a kernel interprets or looks into long after its start (methods of DSDT and SSDTs, registers of the
 * FADT, the FACS's lock and waking vector, PCI windows, units that remap DMA). BGRT, FPDT, TPM logs and
 * the like differ at every boot and hurt nobody.
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

static bool counts(const uint8_t *table)
{
	static const char names[][5] = {"DSDT", "SSDT", "FACP", "FACS", "MCFG", "DMAR", "IVRS"};
	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (memcmp(table, names[i], 4) == 0)
			return true;
	return false;
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
	if (!counts(table) || find(t->table, t->n, phys))
		return;
	if (is_facs && bytes >= FACS_BYTES_MIN) {
		t->has_facs_signature = 1;
		t->facs_signature = u32_at(table + FACS_SIGNATURE);
	}
	if (t->n == TABLES_MAX) {
		t->n_left_out++;
		return;
	}
	struct saved_table *s = &t->table[t->n++];
	memcpy(s->signature, table, 4);
	s->phys = phys;
	s->length = bytes;
	s->has_hash = !is_facs;
	s->hash = is_facs ? 0 : img_hash(table, bytes);
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

/* Where one of that name is that the saved system had not there: for the message. */
static const struct saved_table *moved_to(const struct saved_table *was, uint32_t n_was,
	const struct saved_table *one, const struct tables *now)
{
	const struct saved_table *found = NULL;
	for (uint32_t i = 0; i < now->n; i++) {
		const struct saved_table *t = &now->table[i];
		if (strncmp(t->signature, one->signature, 4) != 0 || find(was, n_was, t->phys))
			continue;
		if (!found || (one->has_hash && t->has_hash && t->hash == one->hash))
			found = t;
	}
	return found;
}

static int check_one(const struct saved_table *was, uint32_t n_was, const struct saved_table *one,
	const struct tables *now, const char *who)
{
	const struct saved_table *t = find(now->table, now->n, one->phys);
	unsigned long long phys = one->phys;
	if (t && strncmp(t->signature, one->signature, 4) == 0) {
		if (!one->has_hash || !t->has_hash ||
			(t->hash == one->hash && t->length == one->length))
			return 0;
		log_line("%s: ACPI table %.4s at %#llx has other contents now (%u bytes, were %u)",
			who, one->signature, phys, t->length, one->length);
		return ERR_PLATFORM;
	}
	t = moved_to(was, n_was, one, now);
	if (t)
		log_line("%s: ACPI table %.4s was at %#llx, is at %#llx", who, one->signature, phys,
			(unsigned long long)t->phys);
	else
		log_line("%s: ACPI table %.4s was at %#llx, is not there now", who, one->signature,
			phys);
	return ERR_PLATFORM;
}

int tables_check(
	const struct saved_table *was, uint32_t n, const struct tables *now, const char *who)
{
	if (now->n_left_out) {
		log_line("%s: more than %u ACPI tables: not compared", who, TABLES_MAX);
		return ERR_PLATFORM;
	}
	for (uint32_t i = 0; i < n; i++) {
		int err = check_one(was, n, &was[i], now, who);
		if (err)
			return err;
	}
	for (uint32_t i = 0; i < now->n; i++)
		if (!find(was, n, now->table[i].phys))
			log_line("%s: ACPI table %.4s at %#llx is new", who,
				now->table[i].signature, (unsigned long long)now->table[i].phys);
	return 0;
}

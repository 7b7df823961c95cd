/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resetting, powering off and finding processors need a few fields of ACPI and no AML; this
 * finds them in tables that may lie anywhere and be anything.
 */
#include <string.h>

#include "acpi.h"
#include "acpi_table.h"
#include "log.h"
#include "unaligned.h"
#include <machine.h> /* from the include path: here or tests/fake */

#define RSDP_BYTES     36u
#define SDT_BYTES      36u
#define SDT_BYTES_MAX  (16u << 20)
#define SDT_COUNT_MAX  256u
#define FACS_BYTES_MIN 64u

/* Offsets in the FADT (ACPI 6.4, table 5.9). */
enum {
	FADT_FACS = 36,
	FADT_DSDT = 40,
	FADT_SMI_CMD = 48,
	FADT_ACPI_ENABLE = 52,
	FADT_PM1A_EVT = 56,
	FADT_PM1B_EVT = 60,
	FADT_PM1A_CNT = 64,
	FADT_PM1B_CNT = 68,
	FADT_PM_TMR = 76,
	FADT_GPE0 = 80,
	FADT_GPE1 = 84,
	FADT_PM1_EVT_LEN = 88,
	FADT_PM1_CNT_LEN = 89,
	FADT_GPE0_LEN = 92,
	FADT_GPE1_LEN = 93,
	FADT_FLAGS = 112,
	FADT_RESET_REG = 116,
	FADT_RESET_VALUE = 128,
	FADT_X_FACS = 132,
	FADT_X_DSDT = 140,
	FADT_X_PM1A_EVT = 148,
	FADT_X_PM1B_EVT = 160,
	FADT_X_PM1A_CNT = 172,
	FADT_X_PM1B_CNT = 184,
	FADT_X_PM_TMR = 208,
	FADT_X_GPE0 = 220,
	FADT_X_GPE1 = 232,
	FADT_SLEEP_CONTROL = 244,
};
#define MADT_ENTRIES 44u /* 5.2.12 */
#define HPET_ADDRESS 40u /* a generic address; IA-PC HPET specification 1.0a, 3.2.4 */
#define MADT_APIC    0u
#define MADT_X2APIC  9u
#define MADT_ENABLED 1u

#define FADT_FLAG_RESET_REG  (1u << 10)
#define FADT_FLAG_HW_REDUCED (1u << 20)

static bool sums_to_zero(const uint8_t *p, uint32_t bytes)
{
	uint8_t sum = 0;
	for (uint32_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + p[i]);
	return sum == 0;
}

/* ---- Tables ---- */

static const uint8_t *rsdp_at(uint64_t phys)
{
	const uint8_t *p = machine_map_memory(phys, RSDP_BYTES);
	if (!p || memcmp(p, "RSD PTR ", 8) != 0 || !sums_to_zero(p, 20))
		return NULL;
	return p;
}

static uint64_t search_rsdp_in(uint64_t start, uint64_t bytes)
{
	const uint8_t *p = machine_map_memory(start, bytes);
	for (uint64_t at = 0; p && at < bytes; at += 16)
		if (memcmp(p + at, "RSD PTR ", 8) == 0 && rsdp_at(start + at))
			return start + at;
	return 0;
}

/* ACPI 5.2.5.1: 16-byte boundaries of the BIOS's memory, and of the EBDA, wherever that begins. */
static uint64_t search_rsdp(void)
{
	uint64_t in_bios = search_rsdp_in(0xe0000, 0x20000);
	return in_bios ? in_bios : search_rsdp_in(0x80000, 0x20000);
}

/* Whatever its name and checksum. */
static const uint8_t *unchecked_table_at(uint64_t phys, uint32_t bytes_min, uint32_t *ret_bytes)
{
	return acpi_table_map(phys, NULL, bytes_min, SDT_BYTES_MAX, ret_bytes);
}

/* With a good checksum. */
static const uint8_t *table_at(uint64_t phys, uint32_t *ret_bytes)
{
	const uint8_t *p = unchecked_table_at(phys, SDT_BYTES, ret_bytes);
	return p && sums_to_zero(p, *ret_bytes) ? p : NULL;
}

typedef bool table_visitor(void *ctx, uint64_t phys, const uint8_t *table, uint32_t bytes);

/* Calls each for every table below the root table, but of several MADTs for the first only, which
 * is the one that Linux starts its processors by; ends early when it returns true. */
static void each_table(const uint8_t *rsdp, table_visitor *each, void *ctx)
{
	bool extended = rsdp[15] >= 2 && u64_at(rsdp + 24) != 0;
	uint64_t root_phys = extended ? u64_at(rsdp + 24) : u32_at(rsdp + 16);
	uint32_t width = extended ? 8 : 4;
	uint32_t bytes;
	const uint8_t *root = table_at(root_phys, &bytes);
	if (!root) {
		log_line("acpi: root table at %#llx is damaged", (unsigned long long)root_phys);
		return;
	}
	uint32_t n = (bytes - SDT_BYTES) / width, n_madts = 0;
	for (uint32_t i = 0; i < n && i < SDT_COUNT_MAX; i++) {
		const uint8_t *entry = root + SDT_BYTES + i * width;
		uint64_t phys = extended ? u64_at(entry) : u32_at(entry);
		uint32_t table_bytes;
		const uint8_t *table = unchecked_table_at(phys, SDT_BYTES, &table_bytes);
		if (!table || (memcmp(table, "APIC", 4) == 0 && n_madts++ > 0))
			continue;
		if (each(ctx, phys, table, table_bytes))
			return;
	}
}

/* ---- _S5 ---- */

/* A constant of a package: Zero, One, byte, word or dword prefix (ACPI 20.2.3). */
static bool aml_constant(const uint8_t *aml, uint32_t bytes, uint32_t *at, uint32_t *ret)
{
	static const uint8_t lengths[] = {[0x0a] = 1, [0x0b] = 2, [0x0c] = 4};
	if (*at >= bytes)
		return false;
	uint8_t op = aml[(*at)++];
	*ret = op;
	if (op <= 1)
		return true;
	if (op < 0x0a || op > 0x0c || lengths[op] > bytes - *at)
		return false;
	*ret = 0;
	memcpy(ret, aml + *at, lengths[op]);
	*at += lengths[op];
	return true;
}

static bool sleep_package(
	const uint8_t *aml, uint32_t bytes, uint32_t at, uint8_t *ret_a, uint8_t *ret_b)
{
	if (bytes - at < 3 || aml[at++] != 0x12) /* PackageOp */
		return false;
	uint32_t length_bytes = 1 + (aml[at] >> 6); /* PkgLength, 20.2.4 */
	if (bytes - at < length_bytes + 1)
		return false;
	at += length_bytes;
	uint8_t n = aml[at++];
	uint32_t a, b;
	if (n < 1 || !aml_constant(aml, bytes, &at, &a))
		return false;
	if (n == 1) { /* ACPI 1.0: both in one integer */
		b = a >> 8;
		a &= 0xff;
	} else if (!aml_constant(aml, bytes, &at, &b)) {
		return false;
	}
	*ret_a = (uint8_t)a;
	*ret_b = (uint8_t)b;
	return a <= 7 && b <= 7;
}

bool acpi_find_sleep_type(
	const uint8_t *aml, uint32_t bytes, const char name[4], uint8_t *ret_a, uint8_t *ret_b)
{
	for (uint32_t at = 0; at + 6 < bytes; at++) {
		if (aml[at] != 0x08) /* NameOp */
			continue;
		uint32_t name_at = at + 1 + (aml[at + 1] == '\\');
		if (bytes - name_at < 5 || memcmp(aml + name_at, name, 4) != 0)
			continue;
		if (sleep_package(aml, bytes, name_at + 4, ret_a, ret_b))
			return true;
	}
	return false;
}

/* ---- The FADT ---- */

static uint64_t fadt_field(const uint8_t *fadt, uint32_t bytes, uint32_t offset, uint32_t width)
{
	if (offset + width > bytes)
		return 0;
	uint64_t v = 0;
	memcpy(&v, fadt + offset, width);
	return v;
}

static uint16_t fadt_port(const uint8_t *fadt, uint32_t bytes, uint32_t offset)
{
	uint64_t port = fadt_field(fadt, bytes, offset, 4);
	return port <= 0xffff ? (uint16_t)port : 0;
}

/* The extended address when it is there and in I/O space, else the 32-bit port. */
static struct acpi_block fadt_block(const uint8_t *fadt, uint32_t bytes, uint32_t old_offset,
	uint32_t x_offset, uint32_t length_offset)
{
	struct acpi_block b = {.bytes = (uint8_t)fadt_field(fadt, bytes, length_offset, 1)};
	uint64_t x = fadt_field(fadt, bytes, x_offset + 4, 8);
	uint64_t port = fadt_field(fadt, bytes, old_offset, 4);
	if (x != 0 && fadt_field(fadt, bytes, x_offset, 1) == ACPI_SPACE_IO)
		port = x;
	b.port = port <= 0xffff ? (uint16_t)port : 0;
	if (b.port == 0 || b.bytes == 0)
		b = (struct acpi_block){0};
	return b;
}

static uint64_t fadt_address(
	const uint8_t *fadt, uint32_t bytes, uint32_t x_offset, uint32_t old_offset)
{
	uint64_t x = fadt_field(fadt, bytes, x_offset, 8);
	return x ? x : fadt_field(fadt, bytes, old_offset, 4);
}

/* Of two addresses the extended one, as ACPICA does it. */
static uint16_t fadt_pm_timer(const uint8_t *fadt, uint32_t bytes)
{
	uint64_t x = fadt_field(fadt, bytes, FADT_X_PM_TMR + 4, 8);
	if (x != 0 && x <= 0xffff && fadt_field(fadt, bytes, FADT_X_PM_TMR, 1) == ACPI_SPACE_IO)
		return (uint16_t)x;
	return fadt_port(fadt, bytes, FADT_PM_TMR);
}

static const uint8_t *facs_at(uint64_t phys)
{
	const uint8_t *p = phys ? machine_map_memory(phys, FACS_BYTES_MIN) : NULL;
	return p && memcmp(p, "FACS", 4) == 0 ? p : NULL;
}

/* Where the FADT has a FACS, in the order of preference: the 32-bit pointer first, as ACPICA and so
 * Linux (acpi_gbl_use32_bit_facs_addresses: machines did not wake by the other one).
 * Hardware-reduced machines have none (ACPI 5.2.10). Returns how many there are. */
static uint32_t find_facs(const uint8_t *fadt, uint32_t bytes, uint64_t ret[2])
{
	uint64_t at[2] = {
		fadt_field(fadt, bytes, FADT_FACS, 4), fadt_field(fadt, bytes, FADT_X_FACS, 8)};
	uint32_t n = 0;
	if (fadt_field(fadt, bytes, FADT_FLAGS, 4) & FADT_FLAG_HW_REDUCED)
		return 0;
	for (uint32_t i = 0; i < 2; i++)
		if ((i == 0 || at[i] != at[0]) && facs_at(at[i]))
			ret[n++] = at[i];
	return n;
}

static void read_facs(struct acpi *a, const uint8_t *fadt, uint32_t bytes)
{
	uint64_t at[2];
	uint32_t n = find_facs(fadt, bytes, at);
	if (n == 0)
		return;
	a->facs = at[0];
	a->facs_signature = u32_at(facs_at(at[0]) + 8);
	if (n == 2)
		log_line(
			"acpi: two FACS: %#llx (signature %#x) counts, as for Linux, not %#llx (%#x)",
			(unsigned long long)at[0], a->facs_signature, (unsigned long long)at[1],
			u32_at(facs_at(at[1]) + 8));
}

static void read_dsdt(struct acpi *a, uint64_t phys)
{
	uint32_t bytes;
	const uint8_t *dsdt = table_at(phys, &bytes);
	if (!dsdt) {
		log_line("acpi: DSDT at %#llx is damaged", (unsigned long long)phys);
		return;
	}
	a->s5_known = acpi_find_sleep_type(
		dsdt + SDT_BYTES, bytes - SDT_BYTES, "_S5_", &a->s5_type_a, &a->s5_type_b);
}

static void read_fadt(struct acpi *a, const uint8_t *f, uint32_t n)
{
	uint32_t flags = (uint32_t)fadt_field(f, n, FADT_FLAGS, 4);
	a->hardware_reduced = flags & FADT_FLAG_HW_REDUCED;
	a->smi_command = fadt_port(f, n, FADT_SMI_CMD);
	a->enable_value = (uint8_t)fadt_field(f, n, FADT_ACPI_ENABLE, 1);
	if (!a->hardware_reduced) {
		a->pm_timer = fadt_pm_timer(f, n);
		a->pm1a_event = fadt_block(f, n, FADT_PM1A_EVT, FADT_X_PM1A_EVT, FADT_PM1_EVT_LEN);
		a->pm1b_event = fadt_block(f, n, FADT_PM1B_EVT, FADT_X_PM1B_EVT, FADT_PM1_EVT_LEN);
		a->pm1a_control =
			fadt_block(f, n, FADT_PM1A_CNT, FADT_X_PM1A_CNT, FADT_PM1_CNT_LEN);
		a->pm1b_control =
			fadt_block(f, n, FADT_PM1B_CNT, FADT_X_PM1B_CNT, FADT_PM1_CNT_LEN);
		a->gpe0 = fadt_block(f, n, FADT_GPE0, FADT_X_GPE0, FADT_GPE0_LEN);
		a->gpe1 = fadt_block(f, n, FADT_GPE1, FADT_X_GPE1, FADT_GPE1_LEN);
	}
	a->reset_supported = flags & FADT_FLAG_RESET_REG;
	a->reset_space = (uint8_t)fadt_field(f, n, FADT_RESET_REG, 1);
	a->reset_address = fadt_field(f, n, FADT_RESET_REG + 4, 8);
	a->reset_value = (uint8_t)fadt_field(f, n, FADT_RESET_VALUE, 1);
	a->sleep_space = (uint8_t)fadt_field(f, n, FADT_SLEEP_CONTROL, 1);
	a->sleep_control = fadt_field(f, n, FADT_SLEEP_CONTROL + 4, 8);
	read_facs(a, f, n);
	read_dsdt(a, fadt_address(f, n, FADT_X_DSDT, FADT_DSDT));
}

static void add_processor(void *ctx, uint32_t apic_id)
{
	struct acpi *a = ctx;
	if (a->n_processors == ACPI_PROCESSORS_MAX)
		return;
	for (uint32_t i = 0; i < a->n_processors; i++)
		if (a->apic_id[i] == apic_id)
			return;
	a->apic_id[a->n_processors++] = apic_id;
}

void acpi_each_processor(
	const uint8_t *madt, uint32_t bytes, void (*each)(void *ctx, uint32_t apic_id), void *ctx)
{
	for (uint32_t at = MADT_ENTRIES; at < bytes && bytes - at >= 2;) {
		const uint8_t *e = madt + at;
		if (e[1] < 2 || e[1] > bytes - at)
			return; /* what follows cannot be found */
		if (e[0] == MADT_APIC && e[1] >= 8 && (u32_at(e + 4) & MADT_ENABLED))
			each(ctx, e[3]);
		if (e[0] == MADT_X2APIC && e[1] >= 16 && (u32_at(e + 8) & MADT_ENABLED))
			each(ctx, u32_at(e + 4));
		at += e[1];
	}
}

static void read_hpet(struct acpi *a, const uint8_t *h, uint32_t n)
{
	if (n >= HPET_ADDRESS + 12 && h[HPET_ADDRESS] == ACPI_SPACE_MEMORY)
		a->hpet = u64_at(h + HPET_ADDRESS + 4);
}

static bool take_table(void *ctx, uint64_t phys, const uint8_t *table, uint32_t bytes)
{
	struct acpi *a = ctx;
	if (!sums_to_zero(table, bytes))
		return false;
	if (memcmp(table, "MCFG", 4) == 0)
		a->mcfg = phys;
	if (memcmp(table, "DMAR", 4) == 0)
		a->dmar = phys;
	if (memcmp(table, "IVRS", 4) == 0)
		a->ivrs = phys;
	if (memcmp(table, "WDAT", 4) == 0)
		a->wdat = phys;
	if (memcmp(table, "FACP", 4) == 0)
		read_fadt(a, table, bytes);
	if (memcmp(table, "APIC", 4) == 0)
		acpi_each_processor(table, bytes, add_processor, a);
	if (memcmp(table, "HPET", 4) == 0)
		read_hpet(a, table, bytes);
	return false;
}

/* Some machines have the sleep packages in an SSDT. */
static bool take_ssdt(void *ctx, uint64_t phys, const uint8_t *table, uint32_t bytes)
{
	struct acpi *a = ctx;
	(void)phys;
	if (memcmp(table, "SSDT", 4) == 0 && sums_to_zero(table, bytes))
		a->s5_known = acpi_find_sleep_type(
			table + SDT_BYTES, bytes - SDT_BYTES, "_S5_", &a->s5_type_a, &a->s5_type_b);
	return a->s5_known;
}

int acpi_init(struct acpi *a, uint64_t rsdp)
{
	memset(a, 0, sizeof(*a));
	if (rsdp == 0)
		rsdp = search_rsdp();
	if (rsdp == 0)
		return ERR_NOT_FOUND;
	const uint8_t *p = rsdp_at(rsdp);
	if (!p) {
		log_line("acpi: RSDP at %#llx is damaged", (unsigned long long)rsdp);
		return ERR_FIRMWARE;
	}
	a->rsdp = rsdp;
	each_table(p, take_table, a);
	if (!a->s5_known)
		each_table(p, take_ssdt, a);
	return a->pm1a_control.port || a->hardware_reduced ? 0 : ERR_FIRMWARE;
}

/* ---- All tables ---- */

struct walk {
	void (*each)(void *ctx, uint64_t phys, const uint8_t *table, uint32_t bytes);
	void *ctx;
	uint64_t dsdt, facs[2];
	uint32_t n_facs;
};

static bool walk_table(void *ctx, uint64_t phys, const uint8_t *table, uint32_t bytes)
{
	struct walk *w = ctx;
	if (memcmp(table, "FACP", 4) == 0) {
		w->dsdt = fadt_address(table, bytes, FADT_X_DSDT, FADT_DSDT);
		w->n_facs = find_facs(table, bytes, w->facs);
	}
	w->each(w->ctx, phys, table, bytes);
	return false;
}

void acpi_each_table(uint64_t rsdp,
	void (*each)(void *ctx, uint64_t phys, const uint8_t *table, uint32_t bytes), void *ctx)
{
	struct walk w = {.each = each, .ctx = ctx};
	uint32_t bytes;
	const uint8_t *p = rsdp ? rsdp_at(rsdp) : NULL;
	if (!p)
		return;
	each_table(p, walk_table, &w);
	p = unchecked_table_at(w.dsdt, SDT_BYTES, &bytes);
	if (p)
		each(ctx, w.dsdt, p, bytes);
	for (uint32_t i = 0; i < w.n_facs; i++) {
		p = unchecked_table_at(w.facs[i], FACS_BYTES_MIN, &bytes);
		if (p)
			each(ctx, w.facs[i], p, bytes);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables of any content. The input is a list of tables: name by a number, 16-bit length,
 * body. The fuzzer gives them places, checksums and a root table; a flag leaves a checksum wrong.
 * Fields that hold addresses of tables are taken as numbers of tables, so that the fuzzer finds
 * its way.
 */
#include <string.h>

#include "acpi.h"
#include "fuzz.h"
#include "machine.h"

#define BASE       0x7f000000ull
#define TABLES_MAX 12u
#define HEAD_BYTES 36u

static uint8_t memory[1 << 16];
static uint32_t used, n_tables;
static uint64_t place[TABLES_MAX];

static void seal(uint8_t *p, uint32_t bytes, uint32_t at)
{
	uint8_t sum = 0;
	for (uint32_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + p[i]);
	p[at] = (uint8_t)(p[at] - sum);
}

static void add_table(const char *name, const uint8_t *body, uint32_t bytes)
{
	uint8_t *t = memory + used;
	uint32_t total = HEAD_BYTES + bytes;
	memset(t, 0, HEAD_BYTES);
	memcpy(t, name, 4);
	memcpy(t + 4, &total, 4);
	memcpy(t + HEAD_BYTES, body, bytes);
	place[n_tables++] = BASE + used;
	used += (total + 15) & ~15u;
}

/* An address field of width bytes in the FADT: the number of a table. */
static void resolve(uint8_t *fadt, uint32_t bytes, uint32_t at, uint32_t width)
{
	uint64_t phys = 0;
	if (at + width > bytes)
		return;
	memcpy(&phys, fadt + at, width);
	if (phys != 0 && phys <= n_tables)
		memcpy(fadt + at, &place[phys - 1], width);
}

static void add_tables(const uint8_t *data, size_t bytes)
{
	static const char *const names[8] = {
		"FACP", "DSDT", "SSDT", "MCFG", "FACS", "FACP", "SSDT", "APIC"};
	while (bytes >= 3 && n_tables < TABLES_MAX - 1) {
		uint32_t n = (data[1] | data[2] << 8) & 0xfff;
		n = n < bytes - 3 ? n : (uint32_t)(bytes - 3);
		add_table(names[data[0] & 7], data + 3, n);
		data += 3 + n;
		bytes -= 3 + n;
	}
	for (uint32_t i = 0; i < n_tables; i++) {
		uint8_t *t = memory + (place[i] - BASE);
		uint32_t total;
		memcpy(&total, t + 4, 4);
		resolve(t, total, 36, 4);
		resolve(t, total, 40, 4);
		resolve(t, total, 132, 8);
		resolve(t, total, 140, 8);
		seal(t, total, 9);
	}
}

static uint64_t add_rsdp(uint64_t root, int extended)
{
	uint8_t *p = memory + used;
	uint32_t root32 = (uint32_t)root;
	memset(p, 0, 36);
	memcpy(p, "RSD PTR ", 8);
	p[15] = extended ? 2 : 0;
	memcpy(p + 16, &root32, 4);
	memcpy(p + 24, &root, 8);
	seal(p, 20, 8);
	used += 48;
	return BASE + used - 48;
}

static void check(const struct acpi *a, int err)
{
	FUZZ_CHECK(err == 0 || err == ERR_FIRMWARE);
	FUZZ_CHECK(!a->s5_known || (a->s5_type_a <= 7 && a->s5_type_b <= 7));
	FUZZ_CHECK(a->n_processors <= ACPI_PROCESSORS_MAX);
	FUZZ_CHECK(a->gpe0.port != 0 || a->gpe0.bytes == 0);
	struct acpi_fixed f;
	acpi_read_fixed(a, &f);
	FUZZ_CHECK(f.gpe0_bytes <= ACPI_GPE_BYTES_MAX && f.gpe1_bytes <= ACPI_GPE_BYTES_MAX);
	fake_clock_step_us = 100000;
	(void)!acpi_restore_fixed(a, &f);
	FUZZ_CHECK(acpi_power_off(a) != 0);
}

static void find_in(const uint8_t *data, size_t bytes)
{
	uint8_t *copy = malloc(bytes ? bytes : 1), a = 0, b = 0;
	memcpy(copy, data, bytes);
	if (acpi_find_sleep_type(copy, (uint32_t)bytes, "_S5_", &a, &b))
		FUZZ_CHECK(a <= 7 && b <= 7);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct acpi a;
	if (bytes < 2 || bytes > 8192)
		return 0;
	uint8_t flags = data[0], spoiled = data[1];
	data += 2;
	bytes -= 2;
	find_in(data, bytes);
	used = n_tables = 0;
	fake_machine_reset();
	add_tables(data, bytes);
	uint32_t n = n_tables, short_place[TABLES_MAX];
	for (uint32_t i = 0; i < n; i++)
		short_place[i] = (uint32_t)place[i];
	if (flags & 1)
		add_table("XSDT", (const uint8_t *)place, n * 8);
	else
		add_table("RSDT", (const uint8_t *)short_place, n * 4);
	uint64_t root = place[n];
	seal(memory + (root - BASE), HEAD_BYTES + n * (flags & 1 ? 8 : 4), 9);
	uint64_t rsdp = add_rsdp(root, flags & 1);
	if (flags & 2)
		memory[spoiled * 16 % used] ^= 1;
	/* On the heap in its exact size: reading too far is seen. */
	uint8_t *copy = malloc(used);
	memcpy(copy, memory, used);
	fake_memory_add(BASE, copy, used);
	int err = acpi_init(&a, rsdp);
	check(&a, err);
	free(copy);
	return 0;
}

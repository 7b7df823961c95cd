/* tables.c: which tables count, and each way in which one can differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "log_text.h"
#include "machine.h"
#include "tables.h"

#define BASE 0x7fe0000ull
#define RSDP 0xf5a40ull

static uint8_t memory[65536], bios[0x10000];
static uint32_t used, n_root;
static uint64_t root[16], at[16];
static struct tables now, was;

static void put(uint8_t *p, uint64_t value, uint32_t bytes)
{
	memcpy(p, &value, bytes);
}

static void seal(uint8_t *p, uint32_t bytes, uint32_t sum_at)
{
	uint8_t sum = 0;
	p[sum_at] = 0;
	for (uint32_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + p[i]);
	p[sum_at] = (uint8_t)-sum;
}

static uint64_t table(const char *name, const void *body, uint32_t bytes)
{
	uint8_t *t = memory + used;
	uint64_t phys = BASE + used;
	memset(t, 0, 36);
	memcpy(t, name, 4);
	put(t + 4, 36 + bytes, 4);
	memcpy(t + 36, body, bytes);
	seal(t, 36 + bytes, 9);
	used += (36 + bytes + 15) & ~15u;
	return phys;
}

static uint64_t rooted(const char *name, const void *body, uint32_t bytes)
{
	return root[n_root++] = table(name, body, bytes);
}

static uint8_t *bytes_of(uint64_t phys)
{
	return memory + (phys - BASE);
}

enum { DSDT, FACS, FACP, SSDT, SSDT2, MCFG, BGRT };

/* FADT (DSDT, FACS), two SSDTs, MCFG, BGRT, MADT with three processors, one of them named twice. */
static void firmware(uint32_t gap)
{
	uint8_t body[240] = {0}, madt[8 + 3 * 8 + 16] = {0};
	memset(memory, 0, sizeof(memory));
	used = gap;
	n_root = 0;
	at[DSDT] = table("DSDT", "dsdt", 4);
	uint8_t facs[28] = {0}; /* 64 bytes with what table() puts in front */
	at[FACS] = table("FACS", facs, sizeof(facs));
	put(bytes_of(at[FACS]) + 8, 0x51c7, 4);
	put(body + 140 - 36, at[DSDT], 8);
	put(body + 132 - 36, at[FACS], 8);
	at[FACP] = rooted("FACP", body, sizeof(body));
	at[SSDT] = rooted("SSDT", "first", 5);
	at[SSDT2] = rooted("SSDT", "other", 5);
	at[MCFG] = rooted("MCFG", body, 24);
	at[BGRT] = rooted("BGRT", body, 20);
	for (uint32_t i = 0; i < 3; i++) {
		madt[8 + i * 8 + 1] = 8;
		madt[8 + i * 8 + 3] = (uint8_t)i;
		madt[8 + i * 8 + 4] = 1;
	}
	madt[32] = 9;
	madt[33] = 16;
	madt[32 + 4] = 2;
	madt[32 + 8] = 1;
	rooted("APIC", madt, sizeof(madt));
	uint8_t xsdt[16 * 8];
	memcpy(xsdt, root, n_root * 8);
	uint64_t phys = table("XSDT", xsdt, n_root * 8);
	uint8_t *rsdp = bios + RSDP - 0xf0000;
	memset(rsdp, 0, 36);
	memcpy(rsdp, "RSD PTR ", 8);
	rsdp[15] = 2;
	put(rsdp + 24, phys, 8);
	seal(rsdp, 20, 8);
}

static int setup(void **state)
{
	*state = NULL;
	fake_machine_reset();
	fake_memory_add(BASE, memory, sizeof(memory));
	fake_memory_add(0xf0000, bios, sizeof(bios));
	log_text_start();
	firmware(0);
	tables_read(RSDP, &was);
	return 0;
}

static int check(void)
{
	tables_read(RSDP, &now);
	return tables_check(was.table, was.n, &now, "stock");
}

static const struct saved_table *find(const struct tables *t, uint64_t phys)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->table[i].phys == phys)
			return &t->table[i];
	return NULL;
}

static void reads_those_that_count(void **state)
{
	(void)state;
	assert_int_equal(was.n, 6);
	assert_string_equal(find(&was, at[DSDT])->signature, "DSDT");
	assert_int_equal(find(&was, at[DSDT])->length, 40);
	assert_true(find(&was, at[DSDT])->hash == img_hash(bytes_of(at[DSDT]), 40));
	assert_int_equal(find(&was, at[FACS])->has_hash, 0);
	assert_null(find(&was, at[BGRT]));
	assert_int_equal(was.n_processors, 3);
	assert_int_equal(was.has_facs_signature, 1);
	assert_int_equal(was.facs_signature, 0x51c7);
	assert_int_equal(check(), 0);
}

static void nothing_there(void **state)
{
	(void)state;
	tables_read(0, &now);
	assert_int_equal(now.n, 0);
	assert_int_equal(tables_check(was.table, was.n, &now, "stock"), ERR_PLATFORM);
	assert_logged("stock: ACPI table FACP was at 0x7fe0070, is not there now");
	assert_int_equal(tables_check(NULL, 0, &now, "stock"), 0);
	tables_read(0x12345, &now);
	assert_int_equal(now.n, 0);
}

/* Linux takes a table whose checksum is wrong. */
static void wrong_checksum(void **state)
{
	(void)state;
	bytes_of(at[SSDT])[9] ^= 1;
	tables_read(RSDP, &was);
	assert_int_equal(was.n, 6);
	assert_int_equal(check(), 0);
}

static void all_moved(void **state)
{
	(void)state;
	firmware(0x1000);
	assert_int_equal(check(), ERR_PLATFORM);
	assert_logged("stock: ACPI table FACP was at 0x7fe0070, is at 0x7fe1070");
}

static void one_changed(void **state)
{
	(void)state;
	bytes_of(at[SSDT2])[36] ^= 1;
	assert_int_equal(check(), ERR_PLATFORM);
	assert_logged(
		"stock: ACPI table SSDT at 0x7fe01c0 has other contents now (41 bytes, were 41)");
}

static void content_without_hash(void **state)
{
	(void)state;
	put(bytes_of(at[FACS]) + 8, 0x51c8, 4);
	assert_int_equal(check(), 0);
}

static void gone_and_new(void **state)
{
	(void)state;
	memcpy(bytes_of(at[MCFG]), "BGRT", 4);
	memcpy(bytes_of(at[BGRT]), "DMAR", 4);
	assert_int_equal(check(), ERR_PLATFORM);
	assert_logged("stock: ACPI table MCFG was at ");
	assert_logged(", is not there now");
	memcpy(bytes_of(at[MCFG]), "MCFG", 4);
	assert_int_equal(check(), 0);
	assert_logged("stock: ACPI table DMAR at ");
	assert_logged(" is new");
}

/* The order of the root table is nobody's business. */
static void other_order(void **state)
{
	(void)state;
	struct saved_table t = was.table[1];
	was.table[1] = was.table[2];
	was.table[2] = t;
	assert_int_equal(check(), 0);
}

static void another_in_its_place(void **state)
{
	(void)state;
	memcpy(bytes_of(at[SSDT]), "MCFG", 4);
	assert_int_equal(check(), ERR_PLATFORM);
	assert_logged("stock: ACPI table SSDT was at 0x7fe0190, is not there now");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_those_that_count),
		TEST(nothing_there),
		TEST(wrong_checksum),
		TEST(all_moved),
		TEST(one_changed),
		TEST(content_without_hash),
		TEST(gone_and_new),
		TEST(other_order),
		TEST(another_in_its_place),
	};
	return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}

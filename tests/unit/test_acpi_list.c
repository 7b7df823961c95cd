/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where ACPI tables are: the kernel's list and its log, right and wrong; what FADT, MADT and FACS say. */
#include "test.h"

#include <string.h>

#include "acpi_list.h"

static struct acpi_list list;

static void empty(void)
{
	list.n = 0;
}

FIXTURE(empty, NULL)

/* ---- The root table list ---- */

static uint8_t head[ACPI_ROOT_BYTES], descs[2 * ACPI_DESC_BYTES];

static void set_head(uint64_t at, uint32_t n, uint32_t max)
{
	memcpy(head, &at, 8);
	memcpy(head + 8, &n, 4);
	memcpy(head + 12, &max, 4);
}

static void set_desc(uint32_t i, const char *signature, uint64_t address, uint32_t length)
{
	uint8_t *d = descs + i * ACPI_DESC_BYTES;

	memcpy(d, &address, 8);
	memcpy(d + 16, &length, 4);
	memcpy(d + 20, signature, 4);
}

TEST(root_head)
{
	uint64_t at;
	uint32_t n;

	set_head(0xffff888003c00000, 9, 12);
	assert_true(acpi_root_head(head, &at, &n));
	assert_int_equal(at, 0xffff888003c00000);
	assert_int_equal(n, 9);
	set_head(1, 13, 12);
	assert_false(acpi_root_head(head, &at, &n));
	set_head(1, 1, 4097);
	assert_false(acpi_root_head(head, &at, &n));
	set_head(1, 0, 12);
	assert_false(acpi_root_head(head, &at, &n));
	set_head(0, 9, 12);
	assert_false(acpi_root_head(head, &at, &n));
	set_head(1, ACPI_LIST_MAX + 1, 4096);
	assert_false(acpi_root_head(head, &at, &n));
}

TEST(root_descs)
{
	set_desc(0, "FACP", 0x1ffe1a00, 244);
	set_desc(1, "SSDT", 0x1ffe1b60, 43);
	assert_true(acpi_root_descs(&list, descs, 2));
	assert_int_equal(list.n, 2);
	assert_string_equal(list.v[1].signature, "SSDT");
	assert_int_equal(list.v[1].address, 0x1ffe1b60);
	assert_int_equal(list.v[1].length, 43);
	set_desc(1, "S\001DT", 0x1ffe1b60, 43);
	assert_false(acpi_root_descs(&list, descs, 2));
	set_desc(1, "SSDT", 0, 43);
	assert_false(acpi_root_descs(&list, descs, 2));
	set_desc(1, "SSDT", 0x1ffe1b60, 7);
	assert_false(acpi_root_descs(&list, descs, 2));
}

/* ---- The log ---- */

TEST(log_lines)
{
	static const char *const none[] = {"", "ACPI: ", "ACPI: PM-Timer IO Port: 0x608",
		"ACPI: SSDT", "ACPI: SSDT 0x", "ACPI: SSDT 0x12345678901234567890 00002B (v02",
		"ACPI: Early table checksum verification disabled", "x ACPI: SSDT 0x0001 2B",
		"ACPI: SSDT 0x1FFE1B60 (v02 BOCHS)",
		"ACPI: 1 ACPI AML tables successfully acquired",
		/* Not by the kernel: somebody wrote it to /dev/kmsg. */
		"12,150,900,-;ACPI: SSDT 0x000000001FFE1B60 00002B (v02 BOCHS )",
		"[    0.004 ACPI: SSDT 0x000000001FFE1B60 00002B"};

	assert_int_equal(acpi_log_line(&list, "6,118,4012,-;ACPI: SSDT 0x000000001FFE1B60 "
					      "00002B (v02 BOCHS  TEST 00000001 INTL 2020)"),
		1);
	assert_int_equal(
		acpi_log_line(&list, "[    0.003981] ACPI: FACS 0x000000001FFE0000 000040"), 1);
	assert_int_equal(acpi_log_line(&list, "ACPI: SSDT 0xFFFF888100A12000 0003FB (v02 P X)"), 1);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.v[0].signature, "SSDT");
	assert_int_equal(list.v[0].address, 0x1ffe1b60);
	assert_int_equal(list.v[0].length, 0x2b);
	assert_int_equal(list.v[1].length, 0x40);
	assert_int_equal(list.v[2].address, 0xffff888100a12000);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (acpi_log_line(&list, none[i]) != 0)
			fail_msg("'%s' is no table", none[i]);
	assert_int_equal(list.n, 3);
	assert_int_equal(
		acpi_log_line(&list, "ACPI: DSDT 0x000000001FFE0040 Physical table override, "
				     "new table: 0x0000000012340000"),
		-1);
	list.n = ACPI_LIST_MAX;
	assert_int_equal(acpi_log_line(&list, "ACPI: FACS 0x000000001FFE0000 000040"), -1);
}

TEST(finding)
{
	acpi_log_line(&list, "ACPI: SSDT 0x1000 10");
	acpi_log_line(&list, "ACPI: FACP 0x2000 F4");
	acpi_log_line(&list, "ACPI: SSDT 0x3000 10");
	assert_int_equal(acpi_list_at(&list, "SSDT", 1)->address, 0x3000);
	assert_null(acpi_list_at(&list, "SSDT", 2));
	assert_null(acpi_list_at(&list, "DSDT", 0));
}

/* ---- Tables ---- */

TEST(fadt)
{
	uint8_t table[148] = "FACP";
	struct acpi_fadt f;

	memcpy(table + 36, (uint32_t[]){0x1000, 0x2000}, 8);
	memcpy(table + 132, (uint64_t[]){0x100001000, 0x100002000}, 16);
	assert_true(acpi_fadt_read(table, sizeof(table), &f));
	assert_int_equal(f.facs, 0x1000);
	assert_int_equal(f.dsdt, 0x2000);
	assert_int_equal(f.x_facs, 0x100001000);
	assert_int_equal(f.x_dsdt, 0x100002000);
	assert_true(acpi_fadt_read(table, 116, &f)); /* of ACPI 1.0 */
	assert_int_equal(f.x_dsdt, 0);
	assert_true(acpi_fadt_read(table, 147, &f));
	assert_int_equal(f.x_dsdt, 0);
	assert_false(acpi_fadt_read(table, 43, &f));
	*table = 'X';
	assert_false(acpi_fadt_read(table, sizeof(table), &f));
}

TEST(madt)
{
	uint8_t table[44 + 8 * 3 + 12 + 16] = "APIC", *e = table + 44;

	memcpy(e, (uint8_t[]){0, 8, 0, 0, 1}, 5);
	memcpy(e + 8, (uint8_t[]){0, 8, 1, 1, 0}, 5); /* not enabled */
	memcpy(e + 16, (uint8_t[]){0, 8, 2, 2, 1}, 5);
	memcpy(e + 24, (uint8_t[]){1, 12}, 2);                      /* an I/O APIC */
	memcpy(e + 36, (uint8_t[]){9, 16, 0, 0, 2, 0, 0, 0, 1}, 9); /* 2 once more */
	assert_int_equal(acpi_madt_processors(table, sizeof(table)), 2);
	e[40] = 3;
	assert_int_equal(acpi_madt_processors(table, sizeof(table)), 3);
	assert_int_equal(acpi_madt_processors(table, sizeof(table) - 1), 2);
	e[17] = 1; /* nothing can be found behind it */
	assert_int_equal(acpi_madt_processors(table, sizeof(table)), 1);
	assert_int_equal(acpi_madt_processors(table, 43), 0);
}

TEST(facs)
{
	uint8_t table[64] = "FACS";
	uint32_t signature;

	memcpy(table + 8, &(uint32_t){0x12345678}, 4);
	assert_true(acpi_facs_signature(table, sizeof(table), &signature));
	assert_int_equal(signature, 0x12345678);
	assert_false(acpi_facs_signature(table, 11, &signature));
	*table = 'X';
	assert_false(acpi_facs_signature(table, sizeof(table), &signature));
}

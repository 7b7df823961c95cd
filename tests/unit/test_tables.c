/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables.c: which tables count, and each way in which one can differ. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "log_text.h"
#include "machine.h"
#include "play_firmware.h"
#include "tables.h"

static struct tables now, was;

static void setup(void)
{
	fake_machine_reset();
	log_text_start();
	firmware_start(0);
	tables_read(FIRMWARE_RSDP, &was);
}

FIXTURE(setup, NULL)

static int check(void)
{
	tables_read(FIRMWARE_RSDP, &now);
	return tables_check(was.table, was.n, &now, "stock");
}

static const struct saved_table *find(const struct tables *t, uint64_t phys)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->table[i].phys == phys)
			return &t->table[i];
	return NULL;
}

TEST(reads_those_that_count)
{
	assert_int_equal(was.n, 6);
	assert_string_equal(find(&was, firmware_at[FIRMWARE_DSDT])->signature, "DSDT");
	assert_int_equal(find(&was, firmware_at[FIRMWARE_DSDT])->length, 40);
	assert_true(find(&was, firmware_at[FIRMWARE_DSDT])->hash ==
		    img_hash(firmware_bytes(FIRMWARE_DSDT), 40));
	assert_int_equal(find(&was, firmware_at[FIRMWARE_FACS])->has_hash, 0);
	assert_null(find(&was, firmware_at[FIRMWARE_BGRT]));
	assert_int_equal(was.n_processors, 3);
	assert_int_equal(was.has_facs_signature, 1);
	assert_int_equal(was.facs_signature, 0x51c7);
	assert_int_equal(check(), 0);
}

TEST(nothing_there)
{
	tables_read(0, &now);
	assert_int_equal(now.n, 0);
	assert_int_equal(tables_check(was.table, was.n, &now, "stock"), ERR_PLATFORM);
	assert_logged("stock: ACPI table FACP was at 0x7fe0070, is not there now");
	assert_int_equal(tables_check(NULL, 0, &now, "stock"), 0);
	tables_read(0x12345, &now);
	assert_int_equal(now.n, 0);
}

/* Linux takes a table whose checksum is wrong. */
TEST(wrong_checksum)
{
	firmware_bytes(FIRMWARE_SSDT)[9] ^= 1;
	tables_read(FIRMWARE_RSDP, &was);
	assert_int_equal(was.n, 6);
	assert_int_equal(check(), 0);
}

TEST(all_moved)
{
	fake_machine_reset();
	firmware_start(0x1000);
	assert_int_equal(check(), ERR_PLATFORM);
	assert_logged("stock: ACPI table FACP was at 0x7fe0070, is at 0x7fe1070");
}

TEST(one_changed)
{
	firmware_bytes(FIRMWARE_SSDT2)[36] ^= 1;
	assert_int_equal(check(), ERR_PLATFORM);
	assert_logged(
		"stock: ACPI table SSDT at 0x7fe01c0 has other contents now (41 bytes, were 41)");
}

TEST(content_without_hash)
{
	firmware_bytes(FIRMWARE_FACS)[8] ^= 1;
	assert_int_equal(check(), 0);
}

TEST(gone_and_new)
{
	memcpy(firmware_bytes(FIRMWARE_MCFG), "BGRT", 4);
	memcpy(firmware_bytes(FIRMWARE_BGRT), "DMAR", 4);
	assert_int_equal(check(), ERR_PLATFORM);
	assert_logged("stock: ACPI table MCFG was at ");
	assert_logged(", is not there now");
	memcpy(firmware_bytes(FIRMWARE_MCFG), "MCFG", 4);
	assert_int_equal(check(), 0);
	assert_logged("stock: ACPI table DMAR at ");
	assert_logged(" is new");
}

/* The order of the root table is nobody's business. */
TEST(other_order)
{
	struct saved_table t = was.table[1];
	was.table[1] = was.table[2];
	was.table[2] = t;
	assert_int_equal(check(), 0);
}

TEST(another_in_its_place)
{
	memcpy(firmware_bytes(FIRMWARE_SSDT), "MCFG", 4);
	assert_int_equal(check(), ERR_PLATFORM);
	assert_logged("stock: ACPI table SSDT was at 0x7fe0190, is not there now");
}

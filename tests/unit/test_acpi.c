/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acpi.c: tables as firmware leaves them, damaged ones, the AML pattern of _S5_. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "acpi.h"
#include "acpi_made.h"
#include "log_text.h"
#include "machine.h"

static struct acpi acpi;

static void setup(void)
{
	fake_machine_reset();
	memset(bios, 0, sizeof(bios));
	memset(ebda, 0, sizeof(ebda));
	fake_memory_add(TABLES, tables, sizeof(tables));
	fake_memory_add(BIOS, bios, sizeof(bios));
	fake_memory_add(EBDA, ebda, sizeof(ebda));
	log_text_start();
	start_tables();
}

FIXTURE(setup, NULL)

static int init(uint64_t rsdp)
{
	memset(&acpi, 0xee, sizeof(acpi));
	return acpi_init(&acpi, rsdp);
}

static void is_block(struct acpi_block b, uint16_t port, uint8_t bytes)
{
	assert_int_equal(b.port, port);
	assert_int_equal(b.bytes, bytes);
}

static void is_q35(void)
{
	assert_int_equal(acpi.rsdp, RSDP);
	assert_false(acpi.hardware_reduced);
	assert_int_equal(acpi.smi_command, 0xb2);
	assert_int_equal(acpi.enable_value, 2);
	assert_int_equal(acpi.pm_timer, 0x608);
	is_block(acpi.pm1a_event, 0x600, 4);
	is_block(acpi.pm1b_event, 0, 0);
	is_block(acpi.pm1a_control, 0x604, 2);
	is_block(acpi.pm1b_control, 0, 0);
	is_block(acpi.gpe0, 0x620, 16);
	is_block(acpi.gpe1, 0, 0);
	assert_true(acpi.s5_known);
	assert_int_equal(acpi.s5_type_a, 5);
	assert_int_equal(acpi.s5_type_b, 6);
	assert_int_equal(acpi.facs_signature, 0xcafe1234);
}

/* ---- tables ---- */

TEST(good_tables)
{
	for (unsigned extended = 0; extended < 2; extended++) {
		start_tables();
		finish_tables(FADT_BYTES, table("MCFG", "12345678", 8), extended);
		assert_int_equal(init(RSDP), 0);
		is_q35();
		assert_true(acpi.reset_supported);
		assert_int_equal(acpi.reset_space, 1);
		assert_int_equal(acpi.reset_address, 0xcf9);
		assert_int_equal(acpi.reset_value, 0x0f);
		assert_memory_equal(at_phys(acpi.mcfg), "MCFG", 4);
	}
}

TEST(timers)
{
	const uint8_t body[] = {
		1, 0xa2, 0x86, 0x80, 0, 64, 0, 0, 0, 0, 0xd0, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0};
	uint8_t io[sizeof(body)];
	memcpy(io, body, sizeof(io));
	io[4] = 1;
	finish_tables(FADT_BYTES, table("HPET", body, sizeof(body)), true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.hpet, 0xfed00000);
	start_tables();
	finish_tables(FADT_BYTES, table("HPET", body, 15), true); /* cut off */
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.hpet, 0);
	start_tables();
	finish_tables(FADT_BYTES, table("HPET", io, sizeof(io)), true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.hpet, 0);
	/* Newer tables may have the PM timer's extended address only. */
	start_tables();
	put(fadt + PM_TMR, 0, 4);
	fadt[X_PM_TMR] = 1;
	put(fadt + X_PM_TMR + 4, 0x1808, 8);
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.pm_timer, 0x1808);
	/* Of two that differ it counts, as for ACPICA. */
	put(fadt + PM_TMR, 0x608, 4);
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.pm_timer, 0x1808);
	put(fadt + PM_TMR, 0, 4);
	fadt[X_PM_TMR] = 0;
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.pm_timer, 0);
}

TEST(first_fadt)
{
	finish_tables(116, 0, false); /* ACPI 1.0: it ends before the reset register */
	assert_int_equal(init(RSDP), 0);
	is_q35();
	assert_int_equal(acpi.reset_address, 0);
	assert_int_equal(acpi.mcfg, 0);
}

/* Every length: what is cut off is absent, nothing is read behind the end. */
TEST(fadt_of_any_length)
{
	for (uint32_t bytes = 36; bytes <= FADT_BYTES; bytes++) {
		start_tables();
		finish_tables(bytes, 0, true);
		int err = init(RSDP);
		assert_int_equal(err, bytes > PM1_CNT_LEN ? 0 : ERR_FIRMWARE);
		assert_int_equal(acpi.gpe0.port, bytes > GPE0_LEN ? 0x620 : 0);
		assert_int_equal(acpi.reset_value, bytes > RESET_VALUE ? 0x0f : 0);
	}
}

TEST(extended_addresses)
{
	fadt[X_PM1A_CNT] = 1;
	put(fadt + X_PM1A_CNT + 4, 0x1804, 8);
	fadt[X_PM1A_EVT] = 0; /* in memory: the port is used */
	put(fadt + X_PM1A_EVT + 4, 0xfed00000, 8);
	fadt[X_GPE0] = 1;
	put(fadt + X_GPE0 + 4, 0x10000, 8); /* no port */
	uint64_t dsdt = table("DSDT", "\x08_S5_\x12\x04\x02\x0a\x07\x01", 11);
	put(fadt + X_DSDT, dsdt, 8);
	put(fadt + PM1B_CNT, 0x1000, 4);
	put(fadt + PM1B_EVT, 0x1008, 4);
	put(fadt + GPE1, 0x1010, 4);
	fadt[GPE1_LEN] = 4;
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	is_block(acpi.pm1a_control, 0x1804, 2);
	is_block(acpi.pm1a_event, 0x600, 4);
	is_block(acpi.gpe0, 0, 0);
	is_block(acpi.pm1b_control, 0x1000, 2);
	is_block(acpi.pm1b_event, 0x1008, 4);
	is_block(acpi.gpe1, 0x1010, 4);
	assert_int_equal(acpi.s5_type_a, 7);
	assert_int_equal(acpi.s5_type_b, 1);
}

/* Ports are 16 bits: a register elsewhere is absent, not at the port of its low half. */
TEST(no_such_ports)
{
	put(fadt + SMI_CMD, 0x100b2, 4);
	put(fadt + PM_TMR, 0xfed00608, 4);
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.smi_command, 0);
	assert_int_equal(acpi.pm_timer, 0);
}

TEST(hardware_reduced)
{
	put(fadt + FLAGS, 1u << 20, 4);
	fadt[SLEEP_CONTROL] = 1;
	put(fadt + SLEEP_CONTROL + 4, 0x604, 8);
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	assert_true(acpi.hardware_reduced);
	is_block(acpi.pm1a_control, 0, 0);
	is_block(acpi.gpe0, 0, 0);
	assert_int_equal(acpi.sleep_space, 1);
	assert_int_equal(acpi.sleep_control, 0x604);
	assert_false(acpi.reset_supported);
}

TEST(s5_in_an_ssdt)
{
	uint64_t dsdt = table("DSDT", "nothing", 7);
	put(fadt + DSDT, dsdt, 4);
	finish_tables(FADT_BYTES, table("SSDT", s5, sizeof(s5)), true);
	assert_int_equal(init(RSDP), 0);
	is_q35();
}

/* ---- the RSDP ---- */

static void is_found_at(uint64_t phys)
{
	assert_int_equal(init(0), 0);
	assert_int_equal(acpi.rsdp, phys);
	assert_true(acpi.s5_known);
}

TEST(rsdp_is_searched)
{
	finish_tables(FADT_BYTES, 0, true);
	is_found_at(RSDP);
	/* A damaged one before it, one at an odd place, one that is cut by the end. */
	memcpy(bios + 0x100, bios + (RSDP - BIOS), 36);
	bios[0x100 + 16] ^= 1;
	memcpy(bios + 0x208, bios + (RSDP - BIOS), 36);
	memcpy(bios + 0x1fff0, "RSD PTR ", 8);
	is_found_at(RSDP);
	/* Only in the EBDA. */
	memcpy(ebda + 0x1fc00, bios + (RSDP - BIOS), 36);
	memset(bios, 0, sizeof(bios));
	is_found_at(0x9fc00);
	memset(ebda, 0, sizeof(ebda));
	assert_int_equal(init(0), ERR_NOT_FOUND);
	assert_int_equal(acpi.rsdp, 0);
	fake_machine_reset();
	assert_int_equal(init(0), ERR_NOT_FOUND);
}

TEST(rsdp_is_damaged)
{
	finish_tables(FADT_BYTES, 0, true);
	bios[RSDP - BIOS + 3] ^= 1;
	assert_int_equal(init(RSDP), ERR_FIRMWARE);
	assert_logged("acpi: RSDP at 0xf5a40 is damaged");
	assert_int_equal(init(0x12345000), ERR_FIRMWARE); /* nothing there */
	assert_int_equal(acpi.rsdp, 0);
	assert_false(acpi.s5_known);
}

/* ---- damage ---- */

/* The physical address of the root table. */
static uint64_t root(void)
{
	uint64_t phys;
	memcpy(&phys, bios + (RSDP - BIOS) + 24, 8);
	return phys;
}

static uint64_t fadt_phys(void)
{
	uint64_t phys;
	memcpy(&phys, at_phys(root()) + 36, 8);
	return phys;
}

TEST(damaged_root)
{
	finish_tables(FADT_BYTES, 0, true);
	at_phys(root())[20] ^= 1;
	assert_int_equal(init(RSDP), ERR_FIRMWARE);
	assert_logged("acpi: root table at 0x7fe");
	at_phys(root())[20] ^= 1;
	static const uint32_t lengths[] = {0, 35, 0x10000, (16u << 20) + 1, 0xffffffff};
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		put(at_phys(root()) + 4, lengths[i], 4);
		assert_int_equal(init(RSDP), ERR_FIRMWARE);
		assert_int_equal(acpi.pm1a_control.port, 0);
	}
}

TEST(damaged_fadt)
{
	finish_tables(FADT_BYTES, table("MCFG", "1234", 4), true);
	at_phys(fadt_phys())[100] ^= 1;
	assert_int_equal(init(RSDP), ERR_FIRMWARE);
	assert_int_not_equal(acpi.mcfg, 0); /* other tables count all the same */
	put(at_phys(root()) + 36, 0xdead0000, 8);
	reseal(root());
	assert_int_equal(init(RSDP), ERR_FIRMWARE);
}

TEST(damaged_dsdt)
{
	finish_tables(FADT_BYTES, 0, true);
	uint32_t dsdt;
	memcpy(&dsdt, fadt + DSDT, 4);
	at_phys(dsdt)[40] ^= 1;
	assert_int_equal(init(RSDP), 0);
	assert_false(acpi.s5_known);
	assert_logged("acpi: DSDT at 0x7fe0040 is damaged");
	assert_int_equal(acpi_power_off(&acpi), ERR_FIRMWARE);
}

TEST(no_facs)
{
	put(fadt + FACS, 0x5000000, 4);
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.facs, 0);
	assert_int_equal(acpi.facs_signature, 0);
	put(fadt + FACS, 0, 4);
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	put(fadt + X_FACS, TABLES, 8);
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.facs_signature, 0xcafe1234);
	tables[0] = 'X';
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.facs_signature, 0);
}

/* ---- MADT ---- */

#define LOCAL(id, flags)  0, 8, 0, id, flags, 0, 0, 0
#define X2APIC(id, flags) 9, 16, 0, 0, (id)&0xff, (id) >> 8, 0, 0, flags, 0, 0, 0, 0, 0, 0, 0
#define MADT(...)                                                                                  \
	table("APIC", (const uint8_t[]){0, 0, 0xe0, 0xfe, 1, 0, 0, 0, __VA_ARGS__},                \
		sizeof((const uint8_t[]){0, 0, 0xe0, 0xfe, 1, 0, 0, 0, __VA_ARGS__}))

static void processors_are(uint64_t madt, uint32_t n, const uint32_t *ids)
{
	finish_tables(FADT_BYTES, madt, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.n_processors, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(acpi.apic_id[i], ids[i]);
}

static uint64_t seen[8];
static uint32_t n_seen;

static void see_facs(void *ctx, uint64_t phys, const uint8_t *t, uint32_t bytes)
{
	(void)ctx;
	(void)bytes;
	if (memcmp(t, "FACS", 4) == 0)
		seen[n_seen++] = phys;
}

/* The one of the 32-bit pointer counts, as for ACPICA and Linux; both are there. */
TEST(two_facs)
{
	uint64_t other = put_facs();
	put(at_phys(other) + 8, 0x0badf00d, 4);
	put(fadt + X_FACS, other, 8);
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.facs, TABLES);
	assert_int_equal(acpi.facs_signature, 0xcafe1234);
	assert_logged("two FACS: 0x7fe0000 (signature 0xcafe1234) counts, as for Linux, not 0x7fe");
	n_seen = 0;
	acpi_each_table(RSDP, see_facs, NULL);
	assert_int_equal(n_seen, 2);
	assert_int_equal(seen[0], TABLES);
	assert_int_equal(seen[1], other);
	/* The first one is none, or both are one. */
	at_phys(TABLES)[0] = 'X';
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.facs, other);
	assert_int_equal(acpi.facs_signature, 0x0badf00d);
	at_phys(TABLES)[0] = 'F';
	put(fadt + X_FACS, TABLES, 8);
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	n_seen = 0;
	acpi_each_table(RSDP, see_facs, NULL);
	assert_int_equal(n_seen, 1);
	/* Hardware-reduced: there is none, whatever is pointed at. */
	put(fadt + FLAGS, 1u << 20, 4);
	finish_tables(FADT_BYTES, 0, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.facs, 0);
}

TEST(remapping_tables)
{
	uint64_t dmar = table("DMAR", "body", 4);
	finish_tables(FADT_BYTES, dmar, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.dmar, dmar);
	assert_int_equal(acpi.ivrs, 0);
	at_phys(dmar)[38]++; /* the checksum */
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.dmar, 0);
	start_tables();
	uint64_t ivrs = table("IVRS", "body", 4);
	finish_tables(FADT_BYTES, ivrs, true);
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.ivrs, ivrs);
}

TEST(processors)
{
	processors_are(MADT(LOCAL(0, 1), 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, LOCAL(2, 1)), 2,
		(const uint32_t[]){0, 2});
	/* Disabled, also when it may come later; in both tables. */
	processors_are(MADT(LOCAL(0, 1), LOCAL(1, 0), LOCAL(3, 2), LOCAL(4, 3)), 2,
		(const uint32_t[]){0, 4});
	processors_are(MADT(X2APIC(5, 1), X2APIC(0x1234, 1), LOCAL(5, 1)), 2,
		(const uint32_t[]){5, 0x1234});
	/* Entries that end too early, that are too short for their kind, of no length. */
	processors_are(MADT(LOCAL(7, 1), 0, 8, 0, 8, 1), 1, (const uint32_t[]){7});
	processors_are(MADT(0, 6, 0, 8, 1, 0, LOCAL(7, 1)), 1, (const uint32_t[]){7});
	processors_are(MADT(LOCAL(7, 1), 0, 0, LOCAL(8, 1)), 1, (const uint32_t[]){7});
	processors_are(MADT(LOCAL(7, 1), 9), 1, (const uint32_t[]){7});
	processors_are(table("APIC", "1234", 4), 0, NULL);
}

TEST(many_processors)
{
	uint8_t body[8 + 8 * 64] = {0};
	uint32_t ids[ACPI_PROCESSORS_MAX];
	for (uint8_t i = 0; i < 64; i++)
		memcpy(body + 8 + 8 * i, (const uint8_t[]){LOCAL(i, 1)}, 8);
	for (uint32_t i = 0; i < ACPI_PROCESSORS_MAX; i++)
		ids[i] = i;
	processors_are(table("APIC", body, sizeof(body)), ACPI_PROCESSORS_MAX, ids);
}

static void count_madts(void *ctx, uint64_t phys, const uint8_t *t, uint32_t bytes)
{
	(void)phys;
	(void)bytes;
	*(uint32_t *)ctx += memcmp(t, "APIC", 4) == 0;
}

/* Linux takes the first of several; who lists what a saved kernel has and who compares must mean the same. */
TEST(two_madts)
{
	uint64_t entries[] = {table("FACP", fadt + 36, FADT_BYTES - 36),
		MADT(LOCAL(0, 1), LOCAL(2, 1)), MADT(LOCAL(7, 1), LOCAL(9, 1))};
	uint32_t n = 0;
	put_rsdp(bios + (RSDP - BIOS), 0, table("XSDT", entries, sizeof(entries)));
	assert_int_equal(init(RSDP), 0);
	assert_int_equal(acpi.n_processors, 2);
	assert_int_equal(acpi.apic_id[0], 0);
	assert_int_equal(acpi.apic_id[1], 2);
	acpi_each_table(RSDP, count_madts, &n);
	assert_int_equal(n, 1);
}

/* ---- AML ---- */

#define AML(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define NAME     0x08, '_', 'S', '5', '_'

static void finds(const uint8_t *aml, uint32_t bytes, int a, int b)
{
	for (uint32_t before = 0; before < 3; before++) {
		/* On the heap in its exact size: reading too far is seen. */
		uint8_t *copy = malloc(before + bytes), type_a = 99, type_b = 99;
		memset(copy, 0x08, before);
		memcpy(copy + before, aml, bytes);
		bool found = acpi_find_sleep_type(copy, before + bytes, "_S5_", &type_a, &type_b);
		free(copy);
		assert_int_equal(found, a >= 0);
		if (found) {
			assert_int_equal(type_a, a);
			assert_int_equal(type_b, b);
		}
	}
}

TEST(sleep_packages)
{
	finds(AML(NAME, 0x12, 0x06, 0x04, 0x0a, 0x05, 0x0a, 0x06, 0, 0), 5, 6);
	finds(AML(NAME, 0x12, 0x04, 0x04, 0, 0, 0, 0), 0, 0);
	finds(AML(NAME, 0x12, 0x04, 0x02, 1, 0), 1, 0);
	finds(AML(NAME, 0x12, 0x40, 0x07, 0x04, 0x0a, 0x07, 1), 7, 1); /* 2 bytes of length */
	finds(AML(NAME, 0x12, 0xc0, 0, 0, 0, 0x04, 0x0a, 0x07, 0x0a, 7), 7, 7); /* 4 */
	finds(AML(NAME, 0x12, 0x08, 0x02, 0x0b, 0x05, 0, 0x0c, 3, 0, 0, 0), 5, 3);
	finds(AML(0x08, '\\', '_', 'S', '5', '_', 0x12, 0x04, 0x02, 1, 1), 1, 1);
	/* Another name before it. */
	finds(AML(0x08, '_', 'S', '3', '_', 0x12, 0x04, 0x02, 1, 1, NAME, 0x12, 0x04, 0x02, 0, 1),
		0, 1);
	/* A method of that name before it, and a package that is none. */
	finds(AML(0x14, 0x06, '_', 'S', '5', '_', 0x00, NAME, 0x0a, 0x05, NAME, 0x12, 0x04, 0x02, 0,
		      1),
		0, 1);
}

/* ACPI 1.0: one integer, SLP_TYPa in its low byte, SLP_TYPb in the next. */
TEST(one_element)
{
	finds(AML(NAME, 0x12, 0x05, 0x01, 0x0b, 0x05, 0x06), 5, 6);
	finds(AML(NAME, 0x12, 0x04, 0x01, 0x0a, 0x05), 5, 0);
	finds(AML(NAME, 0x12, 0x03, 0x01, 0x01), 1, 0);
}

TEST(no_sleep_packages)
{
	finds(AML(0), -1, -1);
	finds(AML(0x08, '_', 'S', '4', '_', 0x12, 0x04, 0x02, 1, 1), -1, -1);
	finds(AML(NAME, 0x13, 0x04, 0x02, 1, 1), -1, -1);
	finds(AML(NAME, 0x12, 0x02, 0x00), -1, -1);
	finds(AML(NAME, 0x12, 0x04, 0x02, 0x0a, 0x08, 0), -1, -1);       /* 3 bits */
	finds(AML(NAME, 0x12, 0x04, 0x02, 0x0b, 0x05, 0x01, 0), -1, -1); /* 0x105 */
	finds(AML(NAME, 0x12, 0x04, 0x02, 0x70, 1), -1, -1);             /* no constant */
	finds(AML(NAME, 0x12, 0x04, 0x02, 0x0e, 1, 2, 3, 4, 5, 6, 7, 8), -1, -1);
	finds(AML(NAME, 0x12, 0x04, 0x02, 1, '_', 'S', '5', '_'), -1, -1);
}

TEST(cut_anywhere)
{
	static const uint8_t whole[] = {0x08, '\\', '_', 'S', '5', '_', 0x12, 0xc0, 0, 0, 0, 0x04,
		0x0c, 5, 0, 0, 0, 0x0c, 6, 0, 0, 0};
	for (uint32_t n = 0; n < sizeof(whole); n++) {
		uint8_t *copy = malloc(n + 1), a, b;
		memcpy(copy + 1, whole, n); /* unaligned, exact end */
		assert_false(acpi_find_sleep_type(copy + 1, n, "_S5_", &a, &b));
		free(copy);
	}
	finds(whole, sizeof(whole), 5, 6);
}

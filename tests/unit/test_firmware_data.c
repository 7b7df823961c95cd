/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firmware_data.c: what this boot's firmware leaves in RAM, of the right length, and all that is no such thing. */
#include "test.h"

#include <string.h>

#include "firmware_data.h"
#include "log_text.h"
#include "machine.h"

#define BASE   0x7000000ull
#define BYTES  0x10000u
#define SYSTAB (BASE + 0x100)
#define CONFIG (BASE + 0x200)
#define RSDP   (BASE + 0x400)
#define XSDT   (BASE + 0x440)
#define BGRT   (BASE + 0x480)
#define ESRT   (BASE + 0x1f10)
#define MOK    (BASE + 0x4010)
#define LOGO   (BASE + 0x8000)

static uint8_t memory[BYTES];
static struct boot_info bi;
static struct range v[FIRMWARE_DATA_MAX];
static struct ranges kept;

static uint8_t *at(uint64_t phys)
{
	return memory + (phys - BASE);
}

static void put(uint64_t phys, uint64_t value, uint32_t bytes)
{
	memcpy(at(phys), &value, bytes);
}

static void seal(uint64_t phys, uint32_t bytes, uint32_t sum_at)
{
	uint8_t sum = 0;
	at(phys)[sum_at] = 0;
	for (uint32_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + at(phys)[i]);
	at(phys)[sum_at] = (uint8_t)-sum;
}

static void put_acpi(void)
{
	memcpy(at(RSDP), "RSD PTR ", 8);
	at(RSDP)[15] = 2;
	put(RSDP + 20, 36, 4);
	put(RSDP + 24, XSDT, 8);
	seal(RSDP, 20, 8);
	seal(RSDP, 36, 32);
	memcpy(at(XSDT), "XSDT", 4);
	put(XSDT + 4, 44, 4);
	put(XSDT + 36, BGRT, 8);
	seal(XSDT, 44, 9);
	memcpy(at(BGRT), "BGRT", 4);
	put(BGRT + 4, 56, 4);
	put(BGRT + 40, LOGO, 8);
	seal(BGRT, 56, 9);
	memcpy(at(LOGO), "BM", 2);
	put(LOGO + 2, 0x2001, 4);
}

static void put_efi(void)
{
	static const uint8_t guids[2][16] = {{0x63, 0xa2, 0x22, 0xb1, 0x61, 0x36, 0x68, 0x4f, 0x99,
						     0x29, 0x78, 0xf8, 0xb0, 0xd6, 0x21, 0x80},
		{0x2b, 0xed, 0x51, 0xc4, 0x94, 0x96, 0xd3, 0x45, 0xba, 0xba, 0xed, 0x9f, 0x89, 0x88,
			0xa3, 0x89}};
	memcpy(at(SYSTAB), "IBI SYST", 8);
	put(SYSTAB + 104, 3, 8);
	put(SYSTAB + 112, CONFIG, 8);
	memcpy(at(CONFIG + 24), guids[0], 16);
	put(CONFIG + 40, ESRT, 8);
	memcpy(at(CONFIG + 48), guids[1], 16);
	put(CONFIG + 64, MOK, 8);
	put(ESRT, 6, 4); /* entries: 256 bytes in all, to the next page */
	put(ESRT + 8, 1, 8);
	memcpy(at(MOK), "MokListRT", 9);
	put(MOK + 256, 0x1000, 8);
	memcpy(at(MOK + 264 + 0x1000), "SbatLevelRT", 11);
	put(MOK + 264 + 0x1000 + 256, 7, 8);
}

static void setup(void)
{
	memset(memory, 0, sizeof(memory));
	memset(&bi, 0, sizeof(bi));
	fake_machine_reset();
	fake_memory_add(BASE, memory, sizeof(memory));
	log_text_start();
	put_acpi();
	put_efi();
	bi.efi_systab = SYSTAB;
	bi.n_memory = 1;
	bi.memory[0] =
		(struct memory_range){.start = BASE, .end = BASE + BYTES, .type = MEMORY_RAM};
	ranges_init(&kept, v, FIRMWARE_DATA_MAX);
}

FIXTURE(setup, NULL)

static uint32_t look(uint64_t rsdp)
{
	ranges_init(&kept, v, FIRMWARE_DATA_MAX);
	assert_int_equal(firmware_data_add(&bi, rsdp, &kept), 0);
	for (uint32_t i = 0; i < kept.n; i++)
		assert_true(
			kept.v[i].start >= BASE / 4096 && kept.v[i].end <= (BASE + BYTES) / 4096);
	return kept.n;
}

TEST(whole_frames_of_each)
{
	assert_int_equal(look(RSDP), 3);
	assert_true(v[0].start == BASE / 4096 + 1 && v[0].end == BASE / 4096 + 3);
	assert_true(v[1].start == BASE / 4096 + 4 && v[1].end == BASE / 4096 + 6);
	assert_true(v[2].start == BASE / 4096 + 8 && v[2].end == BASE / 4096 + 11);
	assert_logged("firmware: ESRT at 0x7001f10, 256 bytes");
	assert_logged("firmware: MOK table at 0x7004010, 4895 bytes");
	assert_logged("firmware: boot logo at 0x7008000, 8193 bytes");
}

TEST(on_a_bios)
{
	bi.efi_systab = 0;
	assert_int_equal(look(0), 0);
	assert_int_equal(look(RSDP), 1);
	put(SYSTAB, 0, 1);
	bi.efi_systab = SYSTAB;
	assert_int_equal(look(0), 0);
}

/* Nobody takes for free what the map does not call RAM. */
TEST(not_in_ram)
{
	for (uint32_t type = MEMORY_RESERVED; type <= MEMORY_BAD; type++) {
		bi.memory[0].type = type;
		assert_int_equal(look(RSDP), 0);
	}
}

TEST(no_such_things)
{
	static const struct {
		uint64_t at, value;
		uint32_t bytes, left;
	} change[] = {
		{ESRT, 1025, 4, 2},                /* entries */
		{ESRT, 0xffffffff, 4, 2},          /* */
		{ESRT + 8, 2, 8, 2},               /* version */
		{CONFIG + 40, 0, 8, 2},            /* nowhere */
		{CONFIG + 40, ~0ull, 8, 2},        /* */
		{CONFIG + 40, BASE - 8, 8, 2},     /* begins outside */
		{CONFIG + 64, BASE + BYTES, 8, 2}, /* */
		{MOK + 256, 0, 8, 2},              /* a name without data */
		{MOK + 256, BYTES, 8, 2},          /* data past the end */
		{MOK + 256, ~0ull - 200, 8, 2},    /* */
		{MOK, 0, 1, 2},                    /* data without a name */
		{LOGO, 0, 1, 2},                   /* no BMP */
		{LOGO + 2, 0x8001, 4, 2},          /* past the end */
		{BGRT + 40, 0, 8, 2},              /* */
		{SYSTAB + 104, 257, 8, 1},         /* a list that makes no sense */
		{SYSTAB + 112, 8, 8, 1},           /* */
	};
	for (uint32_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		setup();
		put(change[i].at, change[i].value, change[i].bytes);
		if (look(RSDP) != change[i].left)
			fail_msg("change %u leaves %u", i, kept.n);
	}
}

TEST(to_the_very_end)
{
	put(CONFIG + 64, BASE + BYTES - 264, 8); /* the empty table */
	put(LOGO + 2, BASE + BYTES - LOGO, 4);
	assert_int_equal(look(RSDP), 2);
	put(LOGO + 2, 0, 4); /* without a length there is nothing to keep */
	assert_int_equal(look(RSDP), 2);
	put(CONFIG + 64, BASE + BYTES - 263, 8);
	assert_int_equal(look(RSDP), 1);
}

TEST(no_room)
{
	ranges_init(&kept, v, 2);
	assert_int_equal(firmware_data_add(&bi, RSDP, &kept), ERR_NO_MEMORY);
}

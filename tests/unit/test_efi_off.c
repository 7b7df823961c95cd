/* SPDX-License-Identifier: GPL-2.0-or-later */
/* efi_off.c: a runtime table as Linux leaves it, pointers where the kernel mapped them, and tables that lie. */
#include "test.h"

#include <string.h>

#include "efi_off.h"
#include "log_text.h"
#include "machine.h"
#include "paging.h"

#define TABLE 0x3f5ed018ull

static struct handoff h;
static uint8_t table[136];
static struct {
	uint64_t virt, phys, bytes;
	enum paging_kind kind;
} mapped[16];
static uint32_t n_mapped, n_calls;
static int map_err;

int paging_map_at(uint64_t virt, uint64_t phys, uint64_t bytes, enum paging_kind kind)
{
	mapped[n_mapped].virt = virt;
	mapped[n_mapped].phys = phys;
	mapped[n_mapped].kind = kind;
	mapped[n_mapped++].bytes = bytes;
	return map_err;
}

static void __attribute__((ms_abi))
reset(uint32_t type, uint64_t status, uint64_t data_bytes, const void *data)
{
	assert_int_equal(type, 2);
	assert_int_equal(status, 0);
	assert_int_equal(data_bytes, 0);
	assert_null(data);
	n_calls++;
}

static void put(uint32_t at, uint64_t value)
{
	memcpy(table + at, &value, sizeof(value));
}

/* The kernel mapped the code where reset() is. */
static void setup(void)
{
	uint64_t code = (uint64_t)(uintptr_t)reset;
	fake_machine_reset();
	fake_memory_add(TABLE, table, sizeof(table));
	memset(&h, 0, sizeof(h));
	h.efi_runtime = TABLE;
	h.n_runtime = 3;
	h.runtime[0] = (struct runtime_range){.phys = 0x3f5ed000,
		.virt = 0xfffffffefe1ed000,
		.n_pages = 0x30,
		.attribute = 0x800000000000000f,
		.type = 6};
	h.runtime[1] = (struct runtime_range){.phys = 0x3f6ed000 | (code & 0xfff),
		.virt = code & ~0xfffull,
		.n_pages = 2,
		.attribute = 0x800000000000000f,
		.type = 5};
	h.runtime[1].phys &= ~0xfffull;
	h.runtime[2] = (struct runtime_range){.phys = 0xffc00000,
		.virt = 0xfffffffefdc00000,
		.n_pages = 0x400,
		.attribute = 0x8000000000000001,
		.type = 11};
	put(0, 0x56524553544e5552ull);
	put(104, code);
	n_mapped = n_calls = 0;
	map_err = 0;
	log_text_start();
}

FIXTURE(setup, NULL)

TEST(called)
{
	assert_int_equal(efi_off_prepare(&h), 0);
	assert_int_equal(n_calls, 0);
	assert_int_equal(n_mapped, 6);
	assert_int_equal(mapped[0].virt, 0x3f5ed000);
	assert_int_equal(mapped[1].virt, 0xfffffffefe1ed000);
	assert_int_equal(mapped[1].phys, 0x3f5ed000);
	assert_int_equal(mapped[1].bytes, 0x30000);
	assert_int_equal(mapped[1].kind, PAGING_MEMORY);
	assert_int_equal(mapped[5].kind, PAGING_REGISTERS);
	efi_off();
	assert_int_equal(n_calls, 1);
	assert_logged("the firmware came back from it");
}

/* Linux did not hand its addresses on (efi=noruntime): the pointers are still physical ones. */
TEST(physical_pointers)
{
	uint64_t at = 0x3f6ed123;
	for (uint32_t i = 0; i < 3; i++)
		h.runtime[i].virt = i == 0 ? 0 : h.runtime[i].phys;
	put(104, at);
	assert_int_equal(efi_off_prepare(&h), 0);
	assert_int_equal(n_mapped, 3);
}

TEST(no_efi)
{
	h.n_runtime = 0;
	assert_int_equal(efi_off_prepare(&h), ERR_NOT_FOUND);
	h.n_runtime = 3;
	h.efi_runtime = 0;
	assert_int_equal(efi_off_prepare(&h), ERR_NOT_FOUND);
	efi_off();
	assert_int_equal(n_calls, 0);
}

TEST(makes_no_sense)
{
	uint64_t code = (uint64_t)(uintptr_t)reset;
	static const uint64_t bad[] = {
		0, 0x1000, 0x3f5ed200, 0xfffffffefe1ed200, 0xffc00010, UINT64_MAX};
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(104, bad[i]);
		n_mapped = 0;
		assert_int_equal(efi_off_prepare(&h), ERR_FIRMWARE);
		efi_off();
	}
	assert_logged("makes no sense");
	put(104, code);
	put(0, 1);
	n_mapped = 0;
	assert_int_equal(efi_off_prepare(&h), ERR_FIRMWARE);
	put(0, 0x56524553544e5552ull);
	h.efi_runtime = 0x1000; /* not there */
	n_mapped = 0;
	assert_int_equal(efi_off_prepare(&h), ERR_FIRMWARE);
	h.efi_runtime = TABLE;
	h.runtime[2].n_pages = UINT64_MAX;
	n_mapped = 0;
	assert_int_equal(efi_off_prepare(&h), ERR_FIRMWARE);
	h.runtime[2].n_pages = 1;
	map_err = ERR_NO_MEMORY;
	assert_int_equal(efi_off_prepare(&h), ERR_NO_MEMORY);
	assert_int_equal(n_calls, 0);
}

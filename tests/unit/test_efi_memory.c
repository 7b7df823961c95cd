/* SPDX-License-Identifier: GPL-2.0-or-later */
/* efi_memory.c and efi_vmd.c over firmware that is played: memory that nothing runs in, with and without a way to
 * ask for it, and controllers that are given up, or not. */
#include "test.h"

#include <string.h>

#include <efi.h>
#include <efipciio.h>

#include "efi_memory.h"
#include "efi_vmd.h"
#include "log_text.h"
#include <cpu.h>

#define P     1ull
#define W     2ull
#define NX    (1ull << 63)
#define XP    (1ull << 14)
#define RO    (1ull << 17)
#define BYTES 0x3000ull

/* ---- Page tables: the first 2 MiB, in small pages ---- */

static uint64_t table[4][512] __attribute__((aligned(4096)));
static EFI_BOOT_SERVICES bs;

uint64_t bare_cr3, bare_cr4;

/* ---- The attribute protocol ---- */

static struct {
	int there, refuses, lies;
	uint64_t at, bytes, cleared;
} firmware;

struct memory_attribute {
	EFI_STATUS(EFIAPI *get)
	(struct memory_attribute *self, EFI_PHYSICAL_ADDRESS at, UINT64 bytes, UINT64 *ret);
	EFI_STATUS(EFIAPI *set)
	(struct memory_attribute *self, EFI_PHYSICAL_ADDRESS at, UINT64 bytes, UINT64 attributes);
	EFI_STATUS(EFIAPI *clear)
	(struct memory_attribute *self, EFI_PHYSICAL_ADDRESS at, UINT64 bytes, UINT64 attributes);
};

static EFI_STATUS EFIAPI clear(
	struct memory_attribute *self, EFI_PHYSICAL_ADDRESS at, UINT64 bytes, UINT64 attributes)
{
	(void)self;
	firmware.at = at;
	firmware.bytes = bytes;
	firmware.cleared = attributes;
	if (firmware.refuses)
		return EFI_ACCESS_DENIED;
	for (uint64_t i = at / 4096; !firmware.lies && i < (at + bytes) / 4096; i++) {
		if (attributes & XP)
			table[0][i] &= ~NX;
		if (attributes & RO)
			table[0][i] |= W;
	}
	return EFI_SUCCESS;
}

static struct memory_attribute protocol = {.clear = clear};

static EFI_STATUS EFIAPI locate(EFI_GUID *guid, VOID *registration, VOID **ret)
{
	static const EFI_GUID wanted = {
		0xf4560cf6, 0x40ec, 0x4b4a, {0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89}};
	(void)registration;
	if (!firmware.there || memcmp(guid, &wanted, sizeof(wanted)) != 0)
		return EFI_NOT_FOUND;
	*ret = &protocol;
	return EFI_SUCCESS;
}

static void setup(void)
{
	memset(&firmware, 0, sizeof(firmware));
	memset(table, 0, sizeof(table));
	for (uint64_t i = 0; i < 512; i++)
		table[0][i] = i * 4096 | P | W;
	for (uint32_t level = 4; level > 1; level--)
		table[level - 1][0] = (uint64_t)table[level - 2] | P | W;
	bare_cr3 = (uint64_t)table[3];
	bare_cr4 = CR4_PAE;
	bs = (EFI_BOOT_SERVICES){.LocateProtocol = locate};
	log_text_start();
}

FIXTURE(setup, NULL)

TEST(nothing_to_do)
{
	firmware.there = 1;
	assert_int_equal(efi_memory_make_code(&bs, 0x5000, BYTES), 0);
	assert_int_equal(firmware.cleared, 0); /* nobody was asked */
	assert_true(efi_memory_is_mapped(0x1000, 4096));
	assert_false(efi_memory_is_mapped(0x1ff000, 4097));
	assert_false(efi_memory_is_mapped(0xfed90000, 4096));
}

TEST(asked_for)
{
	firmware.there = 1;
	table[0][6] |= NX;
	table[0][7] &= ~W;
	assert_int_equal(efi_memory_make_code(&bs, 0x5000, BYTES), 0);
	assert_int_equal(firmware.at, 0x5000);
	assert_int_equal(firmware.bytes, BYTES);
	assert_true(firmware.cleared & XP && firmware.cleared & RO);
	assert_logged("memory for the program at 0x5000 was not executable: changed");
}

TEST(no_protocol)
{
	table[0][6] |= NX;
	assert_int_equal(efi_memory_make_code(&bs, 0x5000, BYTES), ERR_FIRMWARE);
	assert_logged("do not let the program run at 0x5000");
}

/* What it says is not what counts. */
TEST(refuses_or_lies)
{
	firmware.there = 1;
	table[0][7] |= NX;
	firmware.lies = 1;
	assert_int_equal(efi_memory_make_code(&bs, 0x5000, BYTES), ERR_FIRMWARE);
	assert_logged("and the firmware does not change that");
	firmware.lies = 0;
	firmware.refuses = 1;
	assert_int_equal(efi_memory_make_code(&bs, 0x5000, BYTES), ERR_FIRMWARE);
	firmware.refuses = 0;
	assert_int_equal(efi_memory_make_code(&bs, 0x5000, BYTES), 0);
}

/* ---- VMD ---- */

static struct handle {
	uint32_t id;
	int sticks, n_stopped, n_started;
} handle[] = {{0x467f8086, 0, 0, 0}, {0xa8081d0f, 0, 0, 0}, {0x9a0b8086, 0, 0, 0},
	{0x282a8086, 0, 0, 0}, {0, 0, 0, 0}};
#define N_HANDLES (sizeof(handle) / sizeof(handle[0]))
static EFI_PCI_IO io;
static struct handle *asked;

static EFI_STATUS EFIAPI read_config(
	EFI_PCI_IO *self, EFI_PCI_IO_PROTOCOL_WIDTH width, UINT32 offset, UINTN n, VOID *ret)
{
	(void)self;
	if (width != EfiPciIoWidthUint32 || offset != 0 || n != 1 || !asked->id)
		return EFI_DEVICE_ERROR;
	memcpy(ret, &asked->id, 4);
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE h, EFI_GUID *guid, VOID **ret)
{
	(void)guid;
	asked = h;
	io.Pci.Read = read_config;
	*ret = &io;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI locate_handles(
	EFI_LOCATE_SEARCH_TYPE type, EFI_GUID *guid, VOID *key, UINTN *ret_n, EFI_HANDLE **ret)
{
	static EFI_HANDLE list[N_HANDLES];
	(void)type;
	(void)guid;
	(void)key;
	for (uint32_t i = 0; i < N_HANDLES; i++)
		list[i] = &handle[i];
	*ret = list;
	*ret_n = N_HANDLES;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pool(VOID *p)
{
	(void)p;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI disconnect(EFI_HANDLE h, EFI_HANDLE driver, EFI_HANDLE child)
{
	struct handle *one = h;
	if (driver || child || one->sticks)
		return EFI_DEVICE_ERROR;
	one->n_stopped++;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI connect(
	EFI_HANDLE h, EFI_HANDLE *drivers, EFI_DEVICE_PATH *rest, BOOLEAN recursive)
{
	(void)drivers;
	(void)rest;
	((struct handle *)h)->n_started += recursive;
	return EFI_SUCCESS;
}

TEST(vmd)
{
	uint32_t n_left = 9;
	bs.LocateHandleBuffer = locate_handles;
	bs.HandleProtocol = handle_protocol;
	bs.FreePool = free_pool;
	bs.DisconnectController = disconnect;
	bs.ConnectController = connect;
	handle[2].sticks = 1;
	assert_int_equal(efi_vmd_stop(&bs, &n_left), 2);
	assert_int_equal(n_left, 1);
	efi_vmd_start_again(&bs);
	efi_vmd_start_again(&bs);
	for (uint32_t i = 0; i < N_HANDLES; i++) {
		assert_int_equal(handle[i].n_stopped, i == 0);
		assert_int_equal(handle[i].n_started, i == 0);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page tables are what counts: firmware has types of memory, attributes in its map, and a
 * protocol, and not all of it says the same.
 */
#include "efi_memory.h"

#include "log.h"
#include "page_walk.h"
#include <cpu.h> /* from the include path: here or tests/fake/bare */

/* Not in GNU-EFI. */
#define MEMORY_ATTRIBUTE_GUID                                                                      \
	{                                                                                          \
		0xf4560cf6, 0x40ec, 0x4b4a,                                                        \
		{                                                                                  \
			0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89                             \
		}                                                                                  \
	}
struct memory_attribute {
	EFI_STATUS(EFIAPI *get)
	(struct memory_attribute *self, EFI_PHYSICAL_ADDRESS at, UINT64 bytes, UINT64 *ret);
	EFI_STATUS(EFIAPI *set)
	(struct memory_attribute *self, EFI_PHYSICAL_ADDRESS at, UINT64 bytes, UINT64 attributes);
	EFI_STATUS(EFIAPI *clear)
	(struct memory_attribute *self, EFI_PHYSICAL_ADDRESS at, UINT64 bytes, UINT64 attributes);
};
#define ATTRIBUTE_RP (1ull << 13) /* UEFI 2.10, 7.2.3 */
#define ATTRIBUTE_XP (1ull << 14)
#define ATTRIBUTE_RO (1ull << 17)

#define ALL (PAGE_MAPPED | PAGE_WRITABLE | PAGE_EXECUTABLE)

/* The tables lie in memory that they themselves map one to one (UEFI 2.10, 2.3.4). */
static bool read_entry(const void *ctx, uint64_t table, uint32_t index, uint64_t *ret_entry)
{
	(void)ctx;
	*ret_entry = ((const uint64_t *)table)[index];
	return true;
}

static uint32_t access_to(uint64_t at, uint64_t bytes)
{
	const struct page_walk w = {
		.read = read_entry, .root = read_cr3(), .levels = read_cr4() & CR4_LA57 ? 5 : 4};
	return page_walk_range(&w, at, bytes);
}

int efi_memory_is_mapped(uint64_t at, uint64_t bytes)
{
	return access_to(at, bytes) & PAGE_MAPPED;
}

int efi_memory_make_code(EFI_BOOT_SERVICES *bs, uint64_t at, uint64_t bytes)
{
	EFI_GUID guid = MEMORY_ATTRIBUTE_GUID;
	struct memory_attribute *protocol;
	uint32_t before = access_to(at, bytes);
	if (before == ALL)
		return 0;
	if (EFI_ERROR(bs->LocateProtocol(&guid, NULL, (VOID **)&protocol))) {
		log_line(
			"torpor: the firmware's page tables do not let the program run at %#llx, and there is no way to ask for it",
			(unsigned long long)at);
		return ERR_FIRMWARE;
	}
	EFI_STATUS s =
		protocol->clear(protocol, at, bytes, ATTRIBUTE_RP | ATTRIBUTE_XP | ATTRIBUTE_RO);
	int err = access_to(at, bytes) == ALL ? 0 : ERR_FIRMWARE;
	log_line("torpor: memory for the program at %#llx was not %s: %s (status %#llx)",
		(unsigned long long)at, before & PAGE_EXECUTABLE ? "writable" : "executable",
		err ? "and the firmware does not change that" : "changed", (unsigned long long)s);
	return err;
}

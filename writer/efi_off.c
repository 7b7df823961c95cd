/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux has told the firmware its own addresses, once for each boot, so the firmware's pointers
 * lead nowhere in identity-mapped tables: the ranges are mapped as the kernel had them.
 */
#include "efi_off.h"

#include "log.h"
#include "machine.h"
#include "paging.h"

#include <string.h>

/* UEFI 2.10, 4.5.1 and 7.2.3 */
#define RUNTIME_SIGNATURE 0x56524553544e5552ull /* "RUNTSERV" */
#define RESET_SYSTEM      104u
#define TABLE_BYTES       136u
#define TYPE_RUNTIME_CODE 5u
#define ATTRIBUTE_WB      (1ull << 3)
#define RESET_SHUTDOWN    2u

#define PAGE_BYTES  4096ull
#define PAGES_LIMIT (1ull << 40) /* of a range; beyond it is no address */

typedef void __attribute__((ms_abi))
reset_system(uint32_t type, uint64_t status, uint64_t data_bytes, const void *data);

static uint64_t entry;

/* In memory that is code, where the kernel had it mapped, or where it lies. */
static int is_code(const struct handoff *h, uint64_t at)
{
	for (uint32_t i = 0; i < h->n_runtime; i++) {
		const struct runtime_range *r = &h->runtime[i];
		uint64_t bytes = r->n_pages * PAGE_BYTES;
		if (r->type == TYPE_RUNTIME_CODE &&
			((r->virt && at - r->virt < bytes) || at - r->phys < bytes))
			return 1;
	}
	return 0;
}

static int map_range(const struct runtime_range *r)
{
	enum paging_kind kind = r->attribute & ATTRIBUTE_WB ? PAGING_MEMORY : PAGING_REGISTERS;
	if (r->n_pages == 0 || r->n_pages >= PAGES_LIMIT)
		return ERR_FIRMWARE;
	int err = paging_map_at(r->phys, r->phys, r->n_pages * PAGE_BYTES, kind);
	if (!err && r->virt && r->virt != r->phys)
		err = paging_map_at(r->virt, r->phys, r->n_pages * PAGE_BYTES, kind);
	return err;
}

int efi_off_prepare(const struct handoff *h)
{
	uint64_t signature;
	entry = 0;
	if (!h->efi_runtime || !h->n_runtime)
		return ERR_NOT_FOUND;
	for (uint32_t i = 0; i < h->n_runtime; i++) {
		int err = map_range(&h->runtime[i]);
		if (err)
			return err == ERR_NO_MEMORY ? err : ERR_FIRMWARE;
	}
	const uint8_t *table = machine_map_memory(h->efi_runtime, TABLE_BYTES);
	if (!table)
		return ERR_FIRMWARE;
	memcpy(&signature, table, sizeof(signature));
	memcpy(&entry, table + RESET_SYSTEM, sizeof(entry));
	if (signature == RUNTIME_SIGNATURE && is_code(h, entry))
		return 0;
	log_line(
		"writer: the EFI runtime table at %#llx makes no sense: signature %#llx, ResetSystem at %#llx",
		(unsigned long long)h->efi_runtime, (unsigned long long)signature,
		(unsigned long long)entry);
	entry = 0;
	return ERR_FIRMWARE;
}

void efi_off(void)
{
	if (!entry)
		return;
	log_line("writer: power off by the firmware, ResetSystem at %#llx",
		(unsigned long long)entry);
	((reset_system *)entry)(RESET_SHUTDOWN, 0, 0, NULL);
	log_line("writer: the firmware came back from it");
}

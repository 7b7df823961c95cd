#include "boot_memory.h"

#include <stdbool.h>
#include <stddef.h>

#define EFI_PAGE_BYTES     4096ull
#define EFI_MEMORY_SP      0x40000ull
#define EFI_MEMORY_RUNTIME 0x8000000000000000ull

int boot_memory_add(struct boot_info *bi, uint64_t start, uint64_t bytes, uint32_t type)
{
	if (bytes == 0)
		return 0;
	if (bytes > UINT64_MAX - start)
		return ERR_FIRMWARE;
	if (bi->n_memory >= BOOT_MEMORY_MAX)
		return ERR_NO_MEMORY;
	bi->memory[bi->n_memory++] =
		(struct boot_range){.start = start, .end = start + bytes, .type = type};
	return 0;
}

static uint32_t type_of_efi(uint32_t efi_type, uint64_t attribute)
{
	switch (efi_type) {
	case 7: /* conventional, unless set aside for a purpose */
		return attribute & EFI_MEMORY_SP ? BOOT_RESERVED : BOOT_RAM;
	case 1: /* loader code, loader data, boot services code and data: ours after ExitBootServices */
	case 2:
	case 3:
	case 4:
		return BOOT_RAM;
	case 8:
		return BOOT_BAD;
	case 9:
		return BOOT_ACPI;
	case 10:
		return BOOT_NVS;
	default:
		return BOOT_RESERVED;
	}
}

static bool joins(const struct boot_runtime *a, const struct boot_runtime *b)
{
	return a->type == b->type && a->attribute == b->attribute &&
	       b->phys == a->phys + a->n_pages * EFI_PAGE_BYTES;
}

/* Firmware lists them in order, and many of them: what continues a range becomes part of it. */
static int add_runtime(struct boot_info *bi, const struct boot_runtime *r)
{
	for (uint32_t i = 0; i < bi->n_runtime; i++) {
		struct boot_runtime *known = &bi->runtime[i];
		if (!joins(known, r) && !joins(r, known))
			continue;
		known->phys = r->phys < known->phys ? r->phys : known->phys;
		known->n_pages += r->n_pages;
		return 0;
	}
	if (bi->n_runtime >= BOOT_RUNTIME_MAX)
		return ERR_NO_MEMORY;
	bi->runtime[bi->n_runtime++] = *r;
	return 0;
}

int boot_memory_add_efi(struct boot_info *bi, uint32_t efi_type, uint64_t phys, uint64_t n_pages,
	uint64_t attribute)
{
	if (n_pages > UINT64_MAX / EFI_PAGE_BYTES)
		return ERR_FIRMWARE;
	if ((attribute & EFI_MEMORY_RUNTIME) && n_pages > 0) {
		struct boot_runtime r = {
			.phys = phys, .n_pages = n_pages, .attribute = attribute, .type = efi_type};
		int err = add_runtime(bi, &r);
		if (err)
			return err;
	}
	return boot_memory_add(
		bi, phys, n_pages * EFI_PAGE_BYTES, type_of_efi(efi_type, attribute));
}

static void sort(struct boot_range *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct boot_range r = v[i];
		uint32_t at = i;
		for (; at > 0 && v[at - 1].start > r.start; at--)
			v[at] = v[at - 1];
		v[at] = r;
	}
}

/* What may be overwritten gives way to what may not, and RAM to ACPI tables; of two others the one that
 * begins first keeps the overlap. */
static bool gives_way(const struct boot_range *a, const struct boot_range *b)
{
	if (a->type == BOOT_ACPI)
		return b->type != BOOT_RAM && b->type != BOOT_ACPI;
	return a->type == BOOT_RAM && b->type != BOOT_RAM;
}

/* Two neighbours in order, overlapping: cuts one; what sticks out behind the inner one is added. */
static int cut_pair(struct boot_info *bi, struct boot_range *a, struct boot_range *b)
{
	if (!gives_way(a, b)) {
		b->start = a->end < b->end ? a->end : b->end;
		return 0;
	}
	uint64_t tail_start = b->end, tail_end = a->end;
	a->end = b->start;
	if (tail_end <= tail_start)
		return 0;
	return boot_memory_add(bi, tail_start, tail_end - tail_start, a->type);
}

static void drop_empty(struct boot_info *bi)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < bi->n_memory; i++)
		if (bi->memory[i].start < bi->memory[i].end)
			bi->memory[kept++] = bi->memory[i];
	bi->n_memory = kept;
}

static void join(struct boot_info *bi)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < bi->n_memory; i++) {
		struct boot_range *last = kept ? &bi->memory[kept - 1] : NULL;
		if (last && last->end == bi->memory[i].start && last->type == bi->memory[i].type)
			last->end = bi->memory[i].end;
		else
			bi->memory[kept++] = bi->memory[i];
	}
	bi->n_memory = kept;
}

int boot_memory_finish(struct boot_info *bi)
{
	bool again = true;
	while (again) {
		again = false;
		drop_empty(bi);
		sort(bi->memory, bi->n_memory);
		for (uint32_t i = 0; i + 1 < bi->n_memory && !again; i++) {
			if (bi->memory[i].end <= bi->memory[i + 1].start)
				continue;
			int err = cut_pair(bi, &bi->memory[i], &bi->memory[i + 1]);
			if (err)
				return err;
			again = true;
		}
	}
	join(bi);
	return 0;
}

const char *boot_memory_kind_at(const struct boot_info *bi, uint64_t phys)
{
	static const char *const names[] = {
		"a hole", "memory", "reserved", "ACPI tables", "ACPI NVS", "bad memory"};
	for (uint32_t i = 0; i < bi->n_memory; i++)
		if (phys >= bi->memory[i].start && phys < bi->memory[i].end)
			return names[bi->memory[i].type <= BOOT_BAD ? bi->memory[i].type
								    : BOOT_RESERVED];
	return names[0];
}

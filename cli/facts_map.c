/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's memory map of this boot, with the numbers of its types. /sys/firmware/memmap
 * does not do: its types are text, and newer kernels show another table there.
 */
#include "facts_collect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts_parse.h"
#include "sysfiles.h"

#define SETUP_DATA     "/sys/kernel/boot_params/setup_data"
#define SETUP_E820_EXT 1
#define EXT_BYTES_MAX  (E820_MAP_MAX * E820_ENTRY_BYTES)

/* ---- What the boot loader handed over ---- */

/* The rest of a table that is too long for the zero page. 0 or -1. */
static int add_extension(const char *name, void *ctx)
{
	char path[SYS_PATH_MAX];
	struct e820_map *m = ctx;
	uint64_t type;
	uint8_t *data;
	long n;
	int err;

	if (sys_read_u64(&type, SETUP_DATA "/%s/type", name) || type != SETUP_E820_EXT)
		return 0;
	data = malloc(EXT_BYTES_MAX + 1);
	snprintf(path, sizeof(path), SETUP_DATA "/%.64s/data", name);
	n = data ? sys_read_all(path, data, EXT_BYTES_MAX + 1) : -1;
	err = n < 0 || (size_t)n > EXT_BYTES_MAX || !e820_add_entries(m, data, (size_t)n);
	free(data);
	return err ? -1 : 0;
}

static bool by_boot_params(const struct all_facts *a, struct e820_map *m)
{
	m->n = 0;
	return e820_add_zero_page(m, a->zero_page, a->zero_page_bytes) &&
	       sys_each(SETUP_DATA, add_extension, m) != -1 && e820_clean(m);
}

/* ---- What the kernel keeps ---- */

static bool by_kernel(const struct all_facts *a, struct e820_map *m)
{
	const size_t max = sizeof(uint32_t) + E820_MAP_MAX * E820_ENTRY_BYTES;
	uint64_t address = a->symbol[SYMBOL_E820].address, table;
	uint8_t *data;
	uint32_t n;
	bool ok;

	if (!address || !kcore_read(&a->core, address, &table, sizeof(table)) ||
		!kcore_read(&a->core, table, &n, sizeof(n)) || n > E820_MAP_MAX)
		return false;
	data = malloc(max);
	ok = data && kcore_read(&a->core, table, data, sizeof(n) + (size_t)n * E820_ENTRY_BYTES) &&
	     e820_take_table(m, data, sizeof(n) + (size_t)n * E820_ENTRY_BYTES);
	free(data);
	return ok;
}

/* ---- Both ---- */

static void take_map(struct all_facts *a, const struct e820_map *m, enum facts_map known)
{
	a->map = *m;
	a->f.map_known = known;
	a->f.map_crc = swsusp_e820_crc(m->v, m->n);
	for (uint32_t i = 0; i < m->n; i++)
		a->memory[i] = (struct saved_memory){
			m->v[i].start, m->v[i].start + m->v[i].size, m->v[i].type};
	a->n_memory = m->n;
}

/* kexec-tools hands on a table without page 0: the next power-on has another one, whose
 * checksum an image of this boot does not have. */
static void check_kexec(struct all_facts *a)
{
	if (boot_params_is_kexec(a->zero_page, a->zero_page_bytes) && a->n_memory &&
		a->memory[0].start)
		snprintf(a->refusal, sizeof(a->refusal),
			"kexec started this kernel, with a memory map that is not the firmware's "
			"(it begins at 0x%" PRIx64 ")",
			a->memory[0].start);
}

void collect_map(struct all_facts *a)
{
	static struct e820_map handed, kept;
	bool have_handed = by_boot_params(a, &handed), have_kept = by_kernel(a, &kept);

	if (have_handed && have_kept && e820_same(&handed, &kept))
		take_map(a, &kept, FACTS_MAP_CERTAIN);
	else if (have_handed && have_kept)
		facts_missing(a, "memory map: the boot loader's and the kernel's own differ");
	else if (have_handed || have_kept)
		take_map(a, have_handed ? &handed : &kept, FACTS_MAP_ONE);
	else
		facts_missing(a, "memory map: neither in boot_params nor in the kernel's memory");
	if (have_handed != have_kept)
		facts_missing(a, "memory map: %s could not be read, to compare with the other",
			have_handed ? "the kernel's own" : "the boot loader's");
	check_kexec(a);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only reader of boot_params, for `arm` (facts) and for `save` (handoff). Two sources that agree are certain;
 * one does where the other cannot be had; two that disagree are none.
 */
#include "firmware_map.h"

#include <stdlib.h>
#include <string.h>

#include "sysfiles.h"

#define ZERO_PAGE      "/sys/kernel/boot_params/data"
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

static bool by_boot_params(const struct zero_page *z, struct e820_map *m)
{
	m->n = 0;
	return e820_add_zero_page(m, z->data, z->bytes) &&
	       sys_each(SETUP_DATA, add_extension, m) != -1 && e820_clean(m);
}

/* ---- What the kernel keeps ---- */

static bool by_kernel(const struct kcore *core, uint64_t address, struct e820_map *m)
{
	const size_t max = sizeof(uint32_t) + E820_MAP_MAX * E820_ENTRY_BYTES;
	uint64_t table;
	uint8_t *data;
	uint32_t n;
	bool ok;

	if (!address || !kcore_read(core, address, &table, sizeof(table)) ||
		!kcore_read(core, table, &n, sizeof(n)) || n > E820_MAP_MAX)
		return false;
	data = malloc(max);
	ok = data && kcore_read(core, table, data, sizeof(n) + (size_t)n * E820_ENTRY_BYTES) &&
	     e820_take_table(m, data, sizeof(n) + (size_t)n * E820_ENTRY_BYTES);
	free(data);
	return ok;
}

/* ---- Both ---- */

void zero_page_read(struct zero_page *ret)
{
	int n = sys_read_at(ZERO_PAGE, 0, ret->data, sizeof(ret->data));

	ret->bytes = n > 0 ? (size_t)n : 0;
}

void firmware_map_read(const struct zero_page *zero_page, const struct kcore *core,
	uint64_t symbol_address, struct firmware_map *ret)
{
	static struct e820_map kept;
	bool have_handed = by_boot_params(zero_page, &ret->map);
	bool have_kept = by_kernel(core, symbol_address, &kept);

	ret->known = FACTS_MAP_ONE;
	ret->differ = have_handed && have_kept && !e820_same(&ret->map, &kept);
	ret->why = NULL;
	if (!have_handed && have_kept) {
		ret->map = kept;
		ret->why = "the boot loader's could not be read, to compare with the other";
	} else if (have_handed && !have_kept) {
		ret->why = "the kernel's own could not be read, to compare with the other";
	} else if (have_handed && !ret->differ) {
		ret->known = FACTS_MAP_CERTAIN;
	} else {
		ret->map.n = 0;
		ret->known = FACTS_MAP_UNKNOWN;
		ret->why = ret->differ ? "the boot loader's and the kernel's own differ"
				       : "neither in boot_params nor in the kernel's memory";
	}
}

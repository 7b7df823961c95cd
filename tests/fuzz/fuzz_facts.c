/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What arm believes of a kernel's memory and of its firmware's tables: memory maps, the root table list, FADT,
 * MADT, lines of the log, ELF program headers. Any bytes; what is accepted keeps its promises.
 */
#include "acpi_list.h"
#include "e820_map.h"
#include "fuzz.h"
#include "kcore.h"

static struct e820_map map, again;

/* Sorted, disjoint, nothing empty. */
static void check_map(const struct e820_map *m)
{
	FUZZ_CHECK(m->n > 0 && m->n <= E820_MAP_MAX);
	for (uint32_t i = 0; i < m->n; i++) {
		FUZZ_CHECK(m->v[i].size && m->v[i].type);
		FUZZ_CHECK(!i || m->v[i].start >= m->v[i - 1].start + m->v[i - 1].size);
	}
}

static void maps(const uint8_t *data, size_t bytes)
{
	uint8_t page[4096] = {0};

	if (e820_take_table(&map, data, bytes))
		check_map(&map);
	map.n = 0;
	memcpy(page, data, bytes < sizeof(page) ? bytes : sizeof(page));
	if (e820_add_zero_page(&map, page, sizeof(page)) && e820_clean(&map)) {
		check_map(&map);
		again = map;
		FUZZ_CHECK(again.n < 2 || (e820_clean(&again) && e820_same(&map, &again)));
	}
	map.n = 0;
	if (e820_add_entries(&map, data, bytes) && e820_clean(&map)) {
		check_map(&map);
		FUZZ_CHECK(!e820_is_not_ram(&map, map.v[0].start, map.v[0].size) ||
			   !e820_has_ram(&map, map.v[0].start, map.v[0].size));
	}
}

static struct acpi_list list;

static void check_list(void)
{
	FUZZ_CHECK(list.n <= ACPI_LIST_MAX);
	for (uint32_t i = 0; i < list.n; i++) {
		FUZZ_CHECK(strlen(list.v[i].signature) == 4 && list.v[i].address);
		FUZZ_CHECK(acpi_list_at(&list, list.v[i].signature, 0));
	}
}

static void lists(const uint8_t *data, size_t bytes)
{
	uint8_t head[ACPI_ROOT_BYTES] = {0};
	uint64_t at;
	uint32_t n;

	memcpy(head, data, bytes < sizeof(head) ? bytes : sizeof(head));
	if (acpi_root_head(head, &at, &n))
		FUZZ_CHECK(at && n > 0 && n <= ACPI_LIST_MAX);
	n = bytes / ACPI_DESC_BYTES < ACPI_LIST_MAX ? (uint32_t)(bytes / ACPI_DESC_BYTES)
						    : ACPI_LIST_MAX;
	if (acpi_root_descs(&list, data, n))
		FUZZ_CHECK(list.n == n);
	check_list();
}

static void lines(const uint8_t *data, size_t bytes)
{
	char *text = malloc(bytes + 1), *save = NULL;

	FUZZ_CHECK(text);
	memcpy(text, data, bytes);
	text[bytes] = 0;
	list.n = 0;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		uint32_t n = list.n;
		int found = acpi_log_line(&list, l);

		FUZZ_CHECK(list.n == n + (found == 1));
	}
	check_list();
	free(text);
}

static void tables(const uint8_t *data, size_t bytes)
{
	struct kcore_place place;
	struct acpi_fadt fadt;
	uint32_t signature;

	(void)acpi_fadt_read(data, bytes, &fadt);
	FUZZ_CHECK(acpi_madt_processors(data, bytes) <= bytes / 8);
	(void)acpi_facs_signature(data, bytes, &signature);
	if (bytes >= 64 &&
		kcore_place(data, (uint32_t)(bytes / 56), 0xffffffff81000000, 16, &place))
		FUZZ_CHECK(place.offset <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	maps(data, bytes);
	lists(data, bytes);
	lines(data, bytes);
	tables(data, bytes);
	return 0;
}

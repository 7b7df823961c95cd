/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stock image does not say where the firmware's tables were; the kernel that makes it knows.
 * Its list has had one layout for many years, but it is not an interface: whatever looks
 * strange ends the belief in all of it.
 */
#include "acpi_list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "unaligned.h"

/* ---- The root table list ---- */

bool acpi_root_head(const uint8_t head[ACPI_ROOT_BYTES], uint64_t *ret_descs, uint32_t *ret_n)
{
	uint32_t n = u32_at(head + 8), max = u32_at(head + 12);

	*ret_descs = u64_at(head);
	*ret_n = n;
	return *ret_descs && n > 0 && n <= max && max <= 4096 && n <= ACPI_LIST_MAX;
}

static bool is_signature(const uint8_t *s)
{
	for (uint32_t i = 0; i < 4; i++)
		if (!isupper(s[i]) && !isdigit(s[i]) && s[i] != '_' && s[i] != '!' && s[i] != ' ' &&
			!islower(s[i]))
			return false;
	return true;
}

static bool add(struct acpi_list *l, const uint8_t *signature, uint64_t address, uint32_t length)
{
	struct acpi_entry *e = &l->v[l->n];

	if (l->n == ACPI_LIST_MAX || !is_signature(signature) || !address)
		return false;
	memcpy(e->signature, signature, 4);
	e->signature[4] = 0;
	e->address = address;
	e->length = length;
	l->n++;
	return true;
}

bool acpi_root_descs(struct acpi_list *l, const uint8_t *descs, uint32_t n)
{
	l->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *d = descs + (size_t)i * ACPI_DESC_BYTES;

		if (!add(l, d + 20, u64_at(d), u32_at(d + 16)) || l->v[i].length < 8)
			return false;
	}
	return true;
}

/* ---- The kernel's log ---- */

/* Behind the head of a record ("6,118,4012,-;") of /dev/kmsg; NULL: not one of the kernel's. */
static const char *message_of(const char *line)
{
	const char *text = strchr(line, ';');
	char *end;

	if (!text || !isdigit((unsigned char)*line))
		return line;
	return strtoul(line, &end, 10) < 8 && *end == ',' ? text + 1 : NULL;
}

/* "0x000000001FFE1B60 " or "00002B ", the number and the text behind the blank. */
static const char *take_hex(const char *text, uint64_t *ret)
{
	char *end;

	if (!isxdigit((unsigned char)*text))
		return NULL;
	*ret = strtoull(text, &end, 16);
	return end - text <= 18 && (*end == ' ' || *end == '\n' || !*end) ? end + (*end == ' ')
									  : NULL;
}

static int log_table(struct acpi_list *l, const char *text)
{
	uint64_t address, length;
	const char *at = text;

	for (uint32_t i = 0; i < 4; i++)
		if (!*at++)
			return 0;
	if (strncmp(at, " 0x", 3) || !is_signature((const uint8_t *)text))
		return 0;
	at = take_hex(at + 3, &address);
	if (!at)
		return 0;
	if (strstr(at, "table override"))
		return -1;
	if (!take_hex(at, &length) || length > UINT32_MAX)
		return 0;
	return add(l, (const uint8_t *)text, address, (uint32_t)length) ? 1 : -1;
}

int acpi_log_line(struct acpi_list *l, const char *line)
{
	const char *text = message_of(line);

	if (text && *text == '[') /* dmesg's time */
		text = strstr(text, "] ") ? strstr(text, "] ") + 2 : NULL;
	return text && !strncmp(text, "ACPI: ", 6) ? log_table(l, text + 6) : 0;
}

const struct acpi_entry *acpi_list_at(const struct acpi_list *l, const char *signature, uint32_t n)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].signature, signature) && n-- == 0)
			return &l->v[i];
	return NULL;
}

/* ---- Tables ---- */

static uint64_t fadt_field(const uint8_t *f, size_t n, size_t at, size_t bytes)
{
	if (at + bytes > n)
		return 0;
	return bytes == 8 ? u64_at(f + at) : u32_at(f + at);
}

bool acpi_fadt_read(const uint8_t *table, size_t bytes, struct acpi_fadt *ret)
{
	if (bytes < 44 || memcmp(table, "FACP", 4))
		return false;
	ret->facs = fadt_field(table, bytes, 36, 4);
	ret->dsdt = fadt_field(table, bytes, 40, 4);
	ret->x_facs = fadt_field(table, bytes, 132, 8);
	ret->x_dsdt = fadt_field(table, bytes, 140, 8);
	return true;
}

#define MADT_ENTRIES 44u
#define MADT_APIC    0u
#define MADT_X2APIC  9u
#define MADT_IDS_MAX 4096u
#define MADT_ENABLED 1u

struct apic_ids {
	uint32_t v[MADT_IDS_MAX], n;
};

static void add_processor(struct apic_ids *ids, uint32_t id, uint32_t flags)
{
	if (!(flags & MADT_ENABLED) || ids->n == MADT_IDS_MAX)
		return;
	for (uint32_t i = 0; i < ids->n; i++)
		if (ids->v[i] == id)
			return;
	ids->v[ids->n++] = id;
}

uint32_t acpi_madt_processors(const uint8_t *table, size_t bytes)
{
	static struct apic_ids ids;

	ids.n = 0;
	if (bytes < MADT_ENTRIES || memcmp(table, "APIC", 4))
		return 0;
	for (size_t at = MADT_ENTRIES; bytes - at >= 2;) {
		const uint8_t *e = table + at;

		if (e[1] < 2 || e[1] > bytes - at)
			return ids.n; /* what follows cannot be found */
		if (e[0] == MADT_APIC && e[1] >= 8)
			add_processor(&ids, e[3], u32_at(e + 4));
		if (e[0] == MADT_X2APIC && e[1] >= 16)
			add_processor(&ids, u32_at(e + 4), u32_at(e + 8));
		at += e[1];
	}
	return ids.n;
}

bool acpi_facs_signature(const uint8_t *table, size_t bytes, uint32_t *ret)
{
	if (bytes < 12 || memcmp(table, "FACS", 4))
		return false;
	*ret = u32_at(table + 8);
	return true;
}

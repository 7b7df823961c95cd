/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This boot's ACPI tables against a saved system's. Pure: reading them is tables_read.c.
 */
#include "tables.h"

#include <string.h>

#include "log.h"

static const struct saved_table *find(const struct saved_table *v, uint32_t n, uint64_t phys)
{
	for (uint32_t i = 0; i < n; i++)
		if (v[i].phys == phys)
			return &v[i];
	return NULL;
}

/* Where one of that name is that the saved system had not there: for the message. */
static const struct saved_table *moved_to(const struct saved_table *was, uint32_t n_was,
	const struct saved_table *one, const struct tables *now)
{
	const struct saved_table *found = NULL;
	for (uint32_t i = 0; i < now->n; i++) {
		const struct saved_table *t = &now->table[i];
		if (strncmp(t->signature, one->signature, 4) != 0 || find(was, n_was, t->phys))
			continue;
		if (!found || (one->has_hash && t->has_hash && t->hash == one->hash))
			found = t;
	}
	return found;
}

static int check_one(const struct saved_table *was, uint32_t n_was, const struct saved_table *one,
	const struct tables *now, const char *who)
{
	const struct saved_table *t = find(now->table, now->n, one->phys);
	unsigned long long phys = one->phys;
	if (t && strncmp(t->signature, one->signature, 4) == 0) {
		if (!one->has_hash || !t->has_hash ||
			(t->hash == one->hash && t->length == one->length))
			return 0;
		log_line("%s: ACPI table %.4s at %#llx has other contents now (%u bytes, were %u)",
			who, one->signature, phys, t->length, one->length);
		return ERR_PLATFORM;
	}
	t = moved_to(was, n_was, one, now);
	if (t)
		log_line("%s: ACPI table %.4s was at %#llx, is at %#llx", who, one->signature, phys,
			(unsigned long long)t->phys);
	else
		log_line("%s: ACPI table %.4s was at %#llx, is not there now", who, one->signature,
			phys);
	return ERR_PLATFORM;
}

int tables_check(
	const struct saved_table *was, uint32_t n, const struct tables *now, const char *who)
{
	if (now->n_left_out) {
		log_line("%s: more than %u ACPI tables: not compared", who, SAVED_TABLES_MAX);
		return ERR_PLATFORM;
	}
	for (uint32_t i = 0; i < n; i++) {
		int err = check_one(was, n, &was[i], now, who);
		if (err)
			return err;
	}
	for (uint32_t i = 0; i < now->n; i++)
		if (!find(was, n, now->table[i].phys))
			log_line("%s: ACPI table %.4s at %#llx is new", who,
				now->table[i].signature, (unsigned long long)now->table[i].phys);
	return 0;
}

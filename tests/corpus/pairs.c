/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two boots of one machine: the loader's judge with the facts of the saved one, against what the two files say.
 *
 *     pairs OLD NEW...     any number of pairs
 *
 * Right is: refused, with a line that names it, when RAM of the saved kernel is no memory now, when its NVS is
 * memory now, or when its root pointer or a table that it goes on to use lies elsewhere; anything else is accepted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_memory.h"
#include "expected.h"
#include "log.h"
#include "map_file.h"
#include "stock_facts.h"

/* What a running kernel goes on to use. */
static const char *const kept[] = {"DSDT", "SSDT", "FACP", "FACS", "MCFG", "DMAR", "IVRS"};

static uint32_t n_passed, n_failed, n_accepted, n_refused;
static char lines[1 << 16];

static void keep_line(const char *line, size_t len)
{
	size_t used = strlen(lines);
	if (used + len + 3 < sizeof(lines))
		snprintf(lines + used, sizeof(lines) - used, "%.*s; ", (int)len, line);
}

static bool is_kept(const struct map_table *t)
{
	for (uint32_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strcmp(t->signature, kept[i]) == 0)
			return true;
	return false;
}

static uint64_t rsdp_of(const struct map_file *m)
{
	for (uint32_t i = 0; i < m->n_tables; i++)
		if (strcmp(m->table[i].signature, "RSDP") == 0)
			return m->table[i].phys;
	return 0;
}

/* ---- What is right ---- */

static const char *memory_moved(const struct map_file *was, const struct map_file *is)
{
	struct intervals ram, now;
	const char *why = NULL;
	expected_ram(&was, 1, false, &ram);
	expected_ram(&is, 1, true, &now);
	for (uint32_t i = 0; i < ram.n && !why; i++) {
		uint64_t first = ram.v[i].start < 256 ? 256 : ram.v[i].start;
		bool inside = first >= ram.v[i].end;
		for (uint32_t k = 0; k < now.n; k++)
			inside |= now.v[k].start <= first && ram.v[i].end <= now.v[k].end;
		why = inside ? NULL : "RAM is gone";
	}
	for (uint32_t i = 0; i < was->n_e820 && !why; i++)
		for (uint32_t k = 0; was->e820[i].type == 4 && k < is->n_e820; k++)
			if (is->e820[k].type == 1 && is->e820[k].start < was->e820[i].end &&
				was->e820[i].start < is->e820[k].end)
				why = "NVS is RAM now";
	intervals_free(&ram);
	intervals_free(&now);
	return why;
}

static const char *should_refuse(const struct map_file *was, const struct map_file *is)
{
	if (rsdp_of(was) && rsdp_of(is) && rsdp_of(was) != rsdp_of(is))
		return "the root pointer moved";
	for (uint32_t i = 0; i < was->n_tables && is->n_tables; i++) {
		bool found = !is_kept(&was->table[i]);
		for (uint32_t k = 0; k < is->n_tables; k++)
			found |= strcmp(was->table[i].signature, is->table[k].signature) == 0 &&
				 was->table[i].phys == is->table[k].phys;
		if (!found)
			return "a table moved";
	}
	return memory_moved(was, is);
}

/* ---- The loader's side ---- */

static uint32_t put_tables(const struct map_file *m, struct saved_table *ret)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < m->n_tables; i++)
		if (is_kept(&m->table[i]) && n < SAVED_TABLES_MAX) {
			ret[n] = (struct saved_table){
				.phys = m->table[i].phys, .length = (uint32_t)m->table[i].length};
			memcpy(ret[n++].signature, m->table[i].signature, 4);
		}
	return n;
}

static void make_facts(const struct map_file *was, bool with_tables, struct stock_facts *f)
{
	memset(f, 0, sizeof(*f));
	f->f.map_known = FACTS_MAP_CERTAIN;
	f->f.tables_known = 1;
	for (uint32_t i = 0; i < was->n_e820 && i < FACTS_MEMORY_MAX; i++)
		f->memory[f->n_memory++] = (struct memory_range){.start = was->e820[i].start,
			.end = was->e820[i].end,
			.type = was->e820[i].type};
	if (with_tables) {
		f->f.rsdp = rsdp_of(was);
		f->n_tables = put_tables(was, f->table);
	}
}

static int make_boot(const struct map_file *is, struct boot_info *bi, struct tables *t)
{
	int err = 0;
	memset(bi, 0, sizeof(*bi));
	memset(t, 0, sizeof(*t));
	for (uint32_t i = 0; i < is->n_e820 && !err; i++) {
		const struct map_line *l = &is->e820[i];
		err = boot_memory_add(bi, l->start, l->end - l->start,
			l->type >= MEMORY_RAM && l->type <= MEMORY_BAD ? l->type : MEMORY_RESERVED);
	}
	t->rsdp = rsdp_of(is);
	t->n = put_tables(is, t->table);
	return err ? err : boot_memory_finish(bi);
}

static void judge(const struct map_file *was, const struct map_file *is)
{
	static struct stock_facts f;
	static struct boot_info bi;
	static struct tables t;
	static const struct this_cpu cpu;
	const struct stock_fit now = {.bi = &bi, .tables = &t, .cpu = &cpu};
	if (was->n_e820 == 0 || is->n_e820 == 0)
		return;
	make_facts(was, is->n_tables != 0, &f);
	int err = make_boot(is, &bi, &t);
	const char *wanted = should_refuse(was, is), *problem = NULL;
	lines[0] = '\0';
	if (!err)
		err = stock_facts_fit(&f, &now);
	if ((wanted != NULL) != (err != 0))
		problem = wanted ? "accepted" : "refused";
	else if (err && !strstr(lines, "0x"))
		problem = "refused without naming what moved";
	n_accepted += err == 0;
	n_refused += err != 0;
	n_passed += !problem;
	n_failed += problem != NULL;
	if (problem)
		printf("FAIL %s on %s: %s, wanted: %s; the log: %s\n", was->name, is->name, problem,
			wanted ? wanted : "accepted", lines);
}

int main(int argc, char **argv)
{
	static struct map_file m[2];
	static char ring[4096];
	log_init(ring, sizeof(ring));
	log_add_sink(keep_line);
	for (int i = 1; i + 1 < argc; i += 2) {
		bool good = map_file_read(argv[i], &m[0]);
		good = map_file_read(argv[i + 1], &m[1]) && good;
		if (good)
			judge(&m[0], &m[1]); /* files that make no sense: maps.c has named them */
		map_file_free(&m[0]);
		map_file_free(&m[1]);
	}
	printf("with facts %u accepted, %u refused\n", n_accepted, n_refused);
	printf("%u passed, %u failed\n", n_passed, n_failed);
	return n_failed || !n_passed;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines "WORD ...": `e820 START END TYPE`, `efi START END NAME [RUN]`, `table SIGNATURE
 * ADDRESS LENGTH`, `nosave START END` (what a kernel logged as left out of hibernation), hex, end exclusive; '~'
 * before a word or a number marks what somebody inferred. Other words (config, comments) say nothing that is judged.
 */
#include "map_file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* UEFI 2.10, table 7.6; as Linux prints them with efi=debug, and shorter. */
static const struct {
	const char *name;
	uint32_t type;
} efi_names[] = {{"Reserved", 0}, {"Loader_Code", 1}, {"Loader_Data", 2}, {"Boot_Code", 3},
	{"Boot_Data", 4}, {"Runtime_Code", 5}, {"Runtime_Data", 6}, {"Conventional_Memory", 7},
	{"Conventional", 7}, {"Unusable_Memory", 8}, {"Unusable", 8}, {"ACPI_Reclaim_Memory", 9},
	{"ACPI_Reclaim", 9}, {"ACPI_Memory_NVS", 10}, {"ACPI_Mem_NVS", 10}, {"ACPI_NVS", 10},
	{"Memory_Mapped_I/O", 11}, {"MMIO", 11}, {"MMIO_Port_Space", 12}, {"MMIO_Port", 12},
	{"PAL_Code", 13}, {"Pal_Code", 13}, {"Persistent_Memory", 14}, {"Persistent", 14},
	{"Unaccepted_Memory", 15}, {"Unaccepted", 15}};

static bool number(const char *word, int base, uint64_t *ret)
{
	char *end;
	if (*word == '~')
		word++;
	if (!isxdigit((unsigned char)*word))
		return false;
	*ret = strtoull(word, &end, base);
	return *end == '\0';
}

static bool efi_type(const char *word, uint32_t *ret)
{
	uint64_t value;
	for (uint32_t i = 0; i < sizeof(efi_names) / sizeof(efi_names[0]); i++)
		if (strcmp(word, efi_names[i].name) == 0) {
			*ret = efi_names[i].type;
			return true;
		}
	bool is_number = number(word, 10, &value);
	*ret = (uint32_t)value;
	return is_number;
}

static bool read_table(char *const word[6], uint32_t n, struct map_file *m)
{
	struct map_table t = {.phys = 0};
	if (n < 4 || !number(word[2], 16, &t.phys) || !number(word[3], 16, &t.length) ||
		m->n_tables == MAP_TABLES_MAX)
		return false;
	snprintf(t.signature, sizeof(t.signature), "%.4s", word[1]);
	m->table[m->n_tables++] = t;
	return true;
}

static bool read_nosave(char *const word[6], uint32_t n, struct map_file *m)
{
	struct map_line l = {0};
	if (n < 3 || !number(word[1], 16, &l.start) || !number(word[2], 16, &l.end) ||
		l.start > l.end || m->n_nosave == MAP_LINES_MAX)
		return false;
	m->nosave[m->n_nosave++] = l;
	return true;
}

static bool read_line(char *text, struct map_file *m)
{
	char *word[6] = {NULL}, *save = NULL;
	uint32_t n = 0;
	for (char *w = strtok_r(text, " \t\r\n", &save); w && n < 6;
		w = strtok_r(NULL, " \t\r\n", &save))
		word[n++] = w;
	if (n == 0 || word[0][0] == '#')
		return true;
	const char *kind = word[0] + (word[0][0] == '~');
	bool is_e820 = strcmp(kind, "e820") == 0;
	if (strcmp(kind, "table") == 0)
		return read_table(word, n, m);
	if (strcmp(kind, "nosave") == 0)
		return read_nosave(word, n, m);
	if (!is_e820 && strcmp(kind, "efi") != 0)
		return true;
	struct map_line l = {0};
	uint64_t type = 0;
	if (n < 4 || !number(word[1], 16, &l.start) || !number(word[2], 16, &l.end) ||
		l.start > l.end)
		return false;
	if (is_e820 ? !number(word[3], 10, &type) : !efi_type(word[3], &l.type))
		return false;
	if (is_e820)
		l.type = (uint32_t)type;
	for (uint32_t i = 4; i < n; i++)
		l.runtime |= strcmp(word[i], "RUN") == 0;
	uint32_t *at = is_e820 ? &m->n_e820 : &m->n_efi;
	if (*at == MAP_LINES_MAX)
		return false;
	(is_e820 ? m->e820 : m->efi)[(*at)++] = l;
	return true;
}

static void take_name(const char *path, struct map_file *m)
{
	const char *slash = strrchr(path, '/');
	snprintf(m->name, sizeof(m->name), "%s", slash ? slash + 1 : path);
	char *dot = strrchr(m->name, '.');
	if (dot && strcmp(dot, ".txt") == 0)
		*dot = '\0';
}

bool map_file_read(const char *path, struct map_file *ret)
{
	char text[1024];
	memset(ret, 0, sizeof(*ret));
	take_name(path, ret);
	ret->e820 = calloc(MAP_LINES_MAX, sizeof(*ret->e820));
	ret->efi = calloc(MAP_LINES_MAX, sizeof(*ret->efi));
	ret->nosave = calloc(MAP_LINES_MAX, sizeof(*ret->nosave));
	FILE *f = fopen(path, "r");
	if (!f || !ret->e820 || !ret->efi || !ret->nosave) {
		snprintf(ret->why, sizeof(ret->why), "cannot be read");
		if (f)
			fclose(f);
		return false;
	}
	for (uint32_t line = 1; !ret->bad_line && fgets(text, sizeof(text), f); line++)
		if (!read_line(text, ret))
			ret->bad_line = line;
	fclose(f);
	if (ret->bad_line)
		snprintf(ret->why, sizeof(ret->why), "line %u makes no sense", ret->bad_line);
	else if (ret->n_e820 + ret->n_efi == 0)
		snprintf(ret->why, sizeof(ret->why), "has no memory map");
	return ret->why[0] == '\0';
}

void map_file_free(struct map_file *m)
{
	free(m->e820);
	free(m->efi);
	free(m->nosave);
}

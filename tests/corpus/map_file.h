/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map of one boot of one machine, in the form that the corpus of real machines has. */
#ifndef TESTS_CORPUS_MAP_FILE_H
#define TESTS_CORPUS_MAP_FILE_H

#include <stdbool.h>
#include <stdint.h>

#define MAP_LINES_MAX 4096u

struct map_line {
	uint64_t start, end; /* bytes, half open */
	uint32_t type;       /* e820: as in the file; EFI: the firmware's number */
	bool runtime;        /* EFI: with the RUNTIME attribute */
};

#define MAP_TABLES_MAX 256u

struct map_table { /* of ACPI */
	char signature[8];
	uint64_t phys, length;
};

struct map_file {
	char name[256]; /* without folder and .txt */
	struct map_line *e820, *efi;
	uint32_t n_e820, n_efi;
	struct map_line *nosave; /* what that kernel's hibernation leaves out; type: none */
	uint32_t n_nosave;
	struct map_table table[MAP_TABLES_MAX];
	uint32_t n_tables;
	uint32_t bad_line; /* 0: all lines make sense */
	char why[160];     /* when one does not, or when there is no map at all */
};

/* false: why says what is wrong, by line. Frees nothing on an error: the caller does in every case. */
bool map_file_read(const char *path, struct map_file *ret);
void map_file_free(struct map_file *m);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86/acpi.c on the tables of real machines. stdin: a machine a line, "NAME<TAB>FACP<TAB>APIC<TAB>MCFG<TAB>AML", hex,
 * '-' for a table that it lacks; AML: the bytes at \_S5_ in its DSDT or SSDT. stdout: a line for each, what was
 * understood of them. The judge is run.py.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acpi.h"
#include "log.h"
#include "machine.h"

#define TABLE_MAX   (1u << 20)
#define LINE_MAX    (4u << 20)
#define HEADER      36u
#define FADT_DSDT   40u
#define FADT_X_DSDT 140u
#define RSDP_AT     0xf0000u
#define XSDT_AT     0x7f000000u
#define DSDT_AT     0x7f100000u
#define TABLES_AT   0x7f400000u

static struct {
	uint64_t phys;
	uint32_t bytes;
	uint8_t *data;
} memory[8];
static uint32_t n_memory;

void *machine_map_memory(uint64_t phys, uint64_t bytes)
{
	for (uint32_t i = 0; i < n_memory; i++)
		if (phys >= memory[i].phys && phys - memory[i].phys <= memory[i].bytes &&
			bytes <= memory[i].bytes - (phys - memory[i].phys))
			return memory[i].data + (phys - memory[i].phys);
	return NULL;
}

void *machine_map_mmio(uint64_t phys, uint64_t bytes)
{
	(void)phys;
	(void)bytes;
	return NULL;
}

uint8_t port_in8(uint16_t port)
{
	(void)port;
	return 0;
}

uint16_t port_in16(uint16_t port)
{
	(void)port;
	return 0;
}

void port_out8(uint16_t port, uint8_t value)
{
	(void)port;
	(void)value;
}

void port_out16(uint16_t port, uint16_t value)
{
	(void)port;
	(void)value;
}

void port_out32(uint16_t port, uint32_t value)
{
	(void)port;
	(void)value;
}

void mmio_write8(volatile void *reg, uint8_t value)
{
	(void)reg;
	(void)value;
}

uint64_t clock_us(void)
{
	static uint64_t now;
	return now += 1000;
}

void cpu_pause(void)
{
}

static uint8_t *put(uint64_t phys, uint32_t bytes)
{
	memory[n_memory].phys = phys;
	memory[n_memory].bytes = bytes;
	memory[n_memory].data = calloc(1, bytes);
	if (!memory[n_memory].data)
		abort();
	return memory[n_memory++].data;
}

static void seal(uint8_t *p, uint32_t bytes, uint32_t at)
{
	uint8_t sum = 0;
	p[at] = 0;
	for (uint32_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + p[i]);
	p[at] = (uint8_t)-sum;
}

static uint8_t *put_table(uint64_t phys, const char *signature, uint32_t bytes)
{
	uint8_t *p = put(phys, bytes);
	memcpy(p, signature, 4);
	memcpy(p + 4, &bytes, 4);
	return p;
}

static int hex(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of a word of hex; UINT32_MAX: it is none. '-': 0. */
static uint32_t bytes_of(const char *word, uint8_t *ret)
{
	uint32_t n = 0;
	if (strcmp(word, "-") == 0)
		return 0;
	for (; word[0] && word[0] != '\n'; word += 2) {
		if (hex(word[0]) < 0 || hex(word[1]) < 0 || n == TABLE_MAX)
			return UINT32_MAX;
		ret[n++] = (uint8_t)(hex(word[0]) << 4 | hex(word[1]));
	}
	return n;
}

/* The AML as a DSDT, the FADT pointing at it. */
static void put_dsdt(uint8_t *fadt, uint32_t fadt_bytes, const uint8_t *aml, uint32_t aml_bytes)
{
	uint64_t at = DSDT_AT;
	uint8_t *p = put_table(DSDT_AT, "DSDT", HEADER + aml_bytes);
	memcpy(p + HEADER, aml, aml_bytes);
	seal(p, HEADER + aml_bytes, 9);
	if (fadt_bytes >= FADT_DSDT + 4)
		memcpy(fadt + FADT_DSDT, &at, 4);
	if (fadt_bytes >= FADT_X_DSDT + 8)
		memcpy(fadt + FADT_X_DSDT, &at, 8);
	seal(fadt, fadt_bytes, 9);
}

/* table: FACP, APIC, MCFG, AML. */
static void put_machine(uint8_t *const table[4], const uint32_t bytes[4])
{
	uint64_t at = TABLES_AT, xsdt_at = XSDT_AT;
	uint32_t n = 0;
	uint8_t *rsdp = put(RSDP_AT, 36);
	uint8_t *xsdt = put_table(XSDT_AT, "XSDT", HEADER + 3 * 8);
	for (uint32_t i = 0; i < 3; i++) {
		if (bytes[i] < HEADER)
			continue;
		uint8_t *p = put(at, bytes[i]);
		memcpy(p, table[i], bytes[i]);
		if (i == 0)
			put_dsdt(p, bytes[i], table[3], bytes[3]);
		memcpy(xsdt + HEADER + 8 * n++, &at, 8);
		at += 0x100000;
	}
	uint32_t xsdt_bytes = HEADER + 8 * n;
	memcpy(xsdt + 4, &xsdt_bytes, 4);
	seal(xsdt, xsdt_bytes, 9);
	memcpy(rsdp, "RSD PTR ", 8);
	rsdp[15] = 2;
	rsdp[20] = 36;
	memcpy(rsdp + 24, &xsdt_at, 8);
	seal(rsdp, 20, 8);
	seal(rsdp, 36, 32);
}

static void judge(char *line)
{
	static uint8_t room[4][TABLE_MAX];
	uint8_t *const table[4] = {room[0], room[1], room[2], room[3]};
	uint32_t bytes[4];
	char *save = NULL, *name = strtok_r(line, "\t\n", &save);
	struct acpi a;
	for (uint32_t i = 0; i < 4; i++) {
		char *word = name ? strtok_r(NULL, "\t\n", &save) : NULL;
		bytes[i] = word ? bytes_of(word, room[i]) : UINT32_MAX;
		if (bytes[i] == UINT32_MAX) {
			printf("%s\tmakes no sense\n", name ? name : "an empty line");
			return;
		}
	}
	n_memory = 0;
	put_machine(table, bytes);
	int err = acpi_init(&a, RSDP_AT);
	printf("%s\terr %d\ts5 %d %u %u\tcpus %u\tpm_timer %#x\tmcfg %d\n", name, err, a.s5_known,
		a.s5_type_a, a.s5_type_b, a.n_processors, a.pm_timer, a.mcfg != 0);
	for (uint32_t i = 0; i < n_memory; i++)
		free(memory[i].data);
}

int main(void)
{
	static char line[LINE_MAX];
	while (fgets(line, sizeof(line), stdin))
		judge(line);
	return 0;
}

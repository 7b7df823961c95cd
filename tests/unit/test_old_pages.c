/* SPDX-License-Identifier: GPL-2.0-or-later */
/* old_pages.c on a made-up kernel: page tables, mem_section, struct pages and the note that tells of
 * them, in eight megabytes that stand for a machine of 1 GiB. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "old_pages.h"

#define MIB       (1ull << 20)
#define MEMORY    (8 * MIB) /* what is there of it */
#define PHYS_BASE 0x3000000ull
#define VMEMMAP   0xffffea0000000000ull
#define DIRECT    0xffff888000000000ull
#define ROOT      0x10000ull
#define TABLES    0x11000ull  /* and on, one by one */
#define ROOTS     0x200000ull /* mem_section[] */
#define SECTIONS  0x201000ull /* its first page */
#define NOTE      0x202000ull
#define PAGES     0x400000ull /* struct pages of section 1 (128 to 256 MiB): 2 MiB */
#define SECTION   32768u      /* frames */
#define ONLINE    7ull        /* present, has a map, online */
#define POISON    (1ull << 22)

static uint8_t *memory;
static uint64_t next_table, record_bytes = 64;
static struct handoff h;
static struct old_memory m;
static struct old_pages p;

static uint64_t *at(uint64_t phys)
{
	return (uint64_t *)(memory + phys);
}

/* 4 levels; large: a page of 2 MiB. */
static void map_page(uint64_t va, uint64_t phys, bool large)
{
	uint64_t table = ROOT;
	for (uint32_t shift = 39; shift > (large ? 21 : 12); shift -= 9) {
		uint64_t *entry = at(table) + (va >> shift & 511);
		if (!*entry) {
			*entry = next_table | 3;
			next_table += 4096;
		}
		table = *entry & ~4095ull;
	}
	at(table)[va >> (large ? 21 : 12) & 511] = phys | (large ? 0x83 : 3);
}

static void note(const char *offline)
{
	char *text = (char *)at(NOTE) + 24;
	memset(at(NOTE), 0, 4096);
	snprintf(text, 4096 - 24,
		"OSRELEASE=6.1.0\nSYMBOL(swapper_pg_dir)=%llx\nNUMBER(phys_base)=%llu\n"
		"SYMBOL(mem_section)=%llx\nLENGTH(mem_section)=2048\nSIZE(mem_section)=16\n"
		"OFFSET(mem_section.section_mem_map)=0\nNUMBER(SECTION_SIZE_BITS)=27\n"
		"NUMBER(MAX_PHYSMEM_BITS)=46\nSIZE(page)=%u\nOFFSET(page.flags)=0\n"
		"OFFSET(page._mapcount)=48\nNUMBER(PG_hwpoison)=22\n%s",
		0xffffffff80000000ull + ROOT - PHYS_BASE, PHYS_BASE, DIRECT + ROOTS,
		(unsigned)record_bytes, offline);
	*(uint32_t *)at(NOTE) = 11;
	((uint32_t *)at(NOTE))[1] = (uint32_t)strlen(text);
	memcpy((char *)at(NOTE) + 12, "VMCOREINFO", 11);
}

static void set_section(uint64_t n, uint64_t map, uint64_t state)
{
	at(SECTIONS)[2 * n] = (map - n * SECTION * record_bytes) | state;
}

static uint8_t *page(uint64_t pfn)
{
	return memory + PAGES + (pfn - SECTION) * record_bytes;
}

static void set_page(uint64_t pfn, uint64_t flags, uint32_t type)
{
	memcpy(page(pfn), &flags, 8);
	memcpy(page(pfn) + 48, &type, 4);
}

#define OFFLINE 0xfffffeffu

static void setup(void)
{
	memory = calloc(1, MEMORY);
	assert_non_null(memory);
	next_table = TABLES;
	h = (struct handoff){.n_memory = 1, .vmcoreinfo = NOTE, .vmcoreinfo_bytes = 4096};
	h.memory[0] = (struct memory_range){0x1000, MEMORY, MEMORY_RAM, 0};
	m = (struct old_memory){.h = &h, .levels = 4, .base = (uintptr_t)memory};
	note("NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n");
	map_page(DIRECT + ROOTS, ROOTS, false);
	map_page(DIRECT + SECTIONS, SECTIONS, false);
	if (record_bytes == 64)
		map_page(VMEMMAP + SECTION * 64, PAGES, true);
	for (uint64_t i = 0; record_bytes != 64 && i < SECTION * record_bytes / 4096; i++)
		map_page(VMEMMAP + SECTION * record_bytes + i * 4096, PAGES + i * 4096, false);
	at(ROOTS)[0] = DIRECT + SECTIONS;
	set_section(1, VMEMMAP + SECTION * record_bytes, ONLINE);
	for (uint64_t i = 0; i < SECTION; i++)
		set_page(SECTION + i, 0x17ffffc0000000, 0xffffffff);
}

/* Without control groups for memory, and a debugging kernel's: records that cross pages. */
static void setup_56(void)
{
	record_bytes = 56;
	setup();
}

static void teardown(void)
{
	free(memory);
	record_bytes = 64;
}

FIXTURE(setup, teardown)

static void run(uint64_t pfn, uint32_t n, uint32_t wanted, bool ordinary)
{
	bool got;
	assert_int_equal(old_pages_run(&p, pfn, n, &got), wanted);
	assert_int_equal(got, ordinary);
}

static void look(void)
{
	assert_true(old_pages_find(&p, &m));
	run(SECTION, 1024, 1024, true);
	/* A balloon across a page of records, one frame that has failed behind it. */
	for (uint64_t pfn = SECTION + 100; pfn < SECTION + 300; pfn++)
		set_page(pfn, 0x17ffffc0000000, OFFLINE);
	set_page(SECTION + 300, POISON, 0xffffffff);
	run(SECTION, 1024, 100, true);
	run(SECTION + 100, 924, 201, false);
	run(SECTION + 301, 723, 723, true);
	assert_int_equal(p.n_offline, 200);
	assert_int_equal(p.n_poisoned, 1);
	/* In use again: it is saved, whatever was seen before. */
	set_page(SECTION + 100, 0x17ffffc0000000, 0xffffffff);
	run(SECTION + 99, 10, 2, true);
	/* Another type (a page table), and a record that was never filled in. */
	set_page(SECTION + 101, 0x17ffffc0000000, 0xfffffbff);
	set_page(SECTION + 102, ~0ull, 0xffffffff);
	run(SECTION + 101, 10, 2, true);
	/* As 6.12 has them: the type in the top byte. */
	note("NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240\n");
	set_page(SECTION + 102, 0x17ffffc0000000, 0xf1000000);
	assert_true(old_pages_find(&p, &m));
	run(SECTION + 102, 1, 1, false);
}

TEST(found)
{
	look();
}

TEST_WITH(found_in_records_of_56_bytes, setup_56, teardown)
{
	look();
}

/* What Linux has no record of is saved: it may be somebody's. */
TEST(no_records)
{
	for (uint64_t i = 0; i < SECTION; i++)
		set_page(SECTION + i, 0, OFFLINE);
	assert_true(old_pages_find(&p, &m));
	run(0, 1024, 1024, true);          /* section 0 is not there */
	run(SECTION - 10, 1024, 10, true); /* and ends where section 1 begins */
	run(SECTION, 4096, 4096, false);
	run(1ull << 33, 16, 16, true); /* its page of sections is not there */
	run(1ull << 39, 16, 16, true); /* beyond all sections */
	static const uint64_t states[] = {0, 1, 3, 5, 4};
	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		set_section(1, VMEMMAP + SECTION * 64, states[i]);
		assert_true(old_pages_find(&p, &m));
		run(SECTION, 64, 64, true);
	}
	/* Not mapped, below the kernel's half, a table outside RAM. */
	static const uint64_t maps[] = {VMEMMAP + 64 * MIB, 0x1000000000, 0xffffea8000000000ull};
	for (unsigned i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		set_section(1, maps[i], ONLINE);
		assert_true(old_pages_find(&p, &m));
		run(SECTION, 64, 64, true);
	}
	set_section(1, VMEMMAP + SECTION * 64, ONLINE);
	at(ROOT)[VMEMMAP >> 39 & 511] = 0x100000000 | 3;
	assert_true(old_pages_find(&p, &m));
	run(SECTION, 64, 64, true);
}

TEST(left_out_is_not_read)
{
	set_page(SECTION, 0, OFFLINE);
	assert_true(old_pages_find(&p, &m));
	run(SECTION, 1, 1, false);
	h.n_left_out = 1;
	h.left_out[0] = (struct handoff_frames){PAGES / 4096, PAGES / 4096 + 1};
	assert_true(old_pages_find(&p, &m));
	run(SECTION, 1, 1, true);
}

/* Another layout, or nothing said: every frame counts. */
TEST(other_kernels)
{
	static const char *const lines[][2] = {{"SYMBOL(swapper_pg_dir)", "x"},
		{"NUMBER(phys_base)", "x"}, {"SYMBOL(mem_section)", "x"},
		{"LENGTH(mem_section)=2048", "LENGTH(mem_section)=2047"},
		{"SIZE(mem_section)=16", "SIZE(mem_section)=32"},
		{"SIZE(mem_section)=16", "SIZE(mem_section)=00"},
		{"section_mem_map)=0", "section_mem_map)=9"},
		{"SECTION_SIZE_BITS)=27", "SECTION_SIZE_BITS)=12"},
		{"SECTION_SIZE_BITS)=27", "SECTION_SIZE_BITS)=60"},
		{"MAX_PHYSMEM_BITS)=46", "MAX_PHYSMEM_BITS)=20"},
		{"MAX_PHYSMEM_BITS)=46", "MAX_PHYSMEM_BITS)=99"},
		{"SIZE(page)=64", "SIZE(page)=60"}, {"page.flags)=0", "page.flags)=9"},
		{"_mapcount)=48", "_mapcount)=61"}, {"PAGE_OFFLINE_MAPCOUNT_VALUE", "x"}};
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		note("NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n");
		char *text = strstr((char *)at(NOTE) + 24, lines[i][0]);
		assert_non_null(text);
		memcpy(text, lines[i][1], strlen(lines[i][1]));
		assert_false(old_pages_find(&p, &m));
	}
	note("");
	assert_false(old_pages_find(&p, &m));
	run(SECTION, 64, 64, true);
	h.vmcoreinfo = 0;
	assert_false(old_pages_find(&p, &m));
}

/* Without CONFIG_MEMORY_FAILURE. */
TEST(no_poison)
{
	note("NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n");
	*strstr((char *)at(NOTE) + 24, "PG_hwpoison") = 'x';
	set_page(SECTION, POISON, 0xffffffff);
	assert_true(old_pages_find(&p, &m));
	run(SECTION, 1, 1, true);
}

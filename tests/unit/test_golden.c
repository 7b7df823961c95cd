/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State streams in several description versions, in images made by the encoder of tests/golden: read
 * by today's descriptions, or refused by the right name. The images are made by the build.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "img.h"
#include "saved_state.h"

#define DIRECTORY "out/golden/"
#define N(a_)     (sizeof(a_) / sizeof((a_)[0]))

struct golden {
	FILE *file;
	struct img_source src;
	struct img_reader reader;
	uint8_t *block, *root, *scratch, *stream;
	struct state_reader r;
};

static int file_read(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	struct golden *g = ctx;

	if (fseek(g->file, (long)offset, SEEK_SET) || fread(buf, 1, bytes, g->file) != bytes)
		return -65;
	return 0;
}

static void *blocks(size_t bytes)
{
	void *p = aligned_alloc(IMG_BLOCK_BYTES, bytes);

	assert_non_null(p);
	return p;
}

/* Opens the image, and its stream "cpu". */
static void golden_open(struct golden *g, const char *name)
{
	struct img_headers hs;
	struct img_fault fault;
	struct img_object_rec o;
	char path[256];
	size_t bytes = 0;

	snprintf(path, sizeof(path), DIRECTORY "state-%s.img", name);
	g->file = fopen(path, "rb");
	if (!g->file)
		fail_msg("%s: no such image", path);
	assert_int_equal(fseek(g->file, 0, SEEK_END), 0);
	g->src = (struct img_source){file_read, g, (uint64_t)ftell(g->file)};
	g->block = blocks(IMG_INDEX_BLOCK_MAX);
	g->root = blocks(IMG_ROOT_MAX);
	g->scratch = blocks(IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES);
	assert_int_equal(img_read_headers(&g->src, g->block, &hs, &fault), 0);
	assert_int_equal(img_open(&g->reader, &g->src, &hs.h, g->root, IMG_ROOT_MAX), 0);
	assert_int_equal(img_find(&g->reader, SAVED_NODE, SAVED_CPU, &o), 0);
	g->stream = malloc(o.length + 1);
	assert_non_null(g->stream);
	assert_int_equal(
		img_read_bytes(&g->reader, &o, g->block, g->scratch, g->stream, o.length, &bytes),
		0);
	assert_int_equal(bytes, o.length);
	assert_int_equal(state_open(&g->r, g->stream, bytes), 0);
}

static void golden_close(struct golden *g)
{
	fclose(g->file);
	free(g->block);
	free(g->root);
	free(g->scratch);
	free(g->stream);
}

static void check_cpu(struct golden *g)
{
	struct saved_cpu cpu;
	uint32_t n;

	assert_int_equal(state_get(&g->r, &saved_cpu_desc, &cpu, 1, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(cpu.stack, 0x1fff);
	assert_int_equal(cpu.cr0, 0x4fff);
	assert_int_equal(cpu.gdt_base, 0xafff);
	assert_int_equal(cpu.gdt_limit, 127);
	assert_int_equal(cpu.apic_id, 3);
	assert_int_equal(cpu.cpuid_1_eax, 0x800f12);
	assert_string_equal(cpu.vendor, "AuthenticAMD");
}

static void check_memory(struct golden *g)
{
	struct memory_range memory[2];
	uint32_t n;

	assert_int_equal(state_get(&g->r, &saved_memory_desc, memory, 1, &n), IMG_ERR_WORK);
	assert_int_equal(n, 2);
	assert_int_equal(state_get(&g->r, &saved_memory_desc, memory, 2, &n), 0);
	assert_int_equal(memory[0].end, 0x9fc00);
	assert_int_equal(memory[1].start, 1u << 20);
	assert_int_equal(memory[1].end, 1ull << 34);
	assert_int_equal(memory[1].type, 2);
}

/* Without a name of the ledger's fields an older writer did not have: they read as zero. */
static void check_ledger(struct golden *g, uint64_t pages_fill, uint64_t wait_us)
{
	struct saved_ledger l;
	uint32_t n;

	assert_int_equal(state_get(&g->r, &saved_ledger_desc, &l, 1, &n), 0);
	assert_int_equal(l.pages, 100);
	assert_int_equal(l.pages_fill, pages_fill);
	assert_int_equal(l.wait_us, wait_us);
}

TEST(tables_and_nvs)
{
	struct saved_table t[4];
	struct img_object_rec o;
	struct golden g;
	uint32_t n;

	golden_open(&g, "v4-nvs");
	check_cpu(&g);
	assert_int_equal(state_get(&g.r, &saved_table_desc, t, N(t), &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(t[0].signature, "DSDT");
	assert_int_equal(t[0].length, 8000);
	assert_true(t[0].hash == 0x1234567890abcdef);
	assert_int_equal(t[1].phys, 0x800000);
	assert_int_equal(t[1].has_hash, 0);
	assert_int_equal(img_find(&g.reader, SAVED_NODE, SAVED_NVS, &o), 0);
	assert_int_equal(o.type, IMG_PAGES);
	assert_int_equal(o.length, 4);
	golden_close(&g);
	/* Older images have neither. */
	golden_open(&g, "v1");
	assert_int_equal(img_find(&g.reader, SAVED_NODE, SAVED_NVS, &o), IMG_ERR_NOT_FOUND);
	assert_int_equal(state_get(&g.r, &saved_table_desc, t, N(t), &n), IMG_ERR_NOT_FOUND);
	golden_close(&g);
}

TEST(accepted)
{
	static const char *const names[] = {"v0-older", "v1", "v2-newer", "v3-holes"};

	for (size_t i = 0; i < N(names); i++) {
		struct golden g;

		golden_open(&g, names[i]);
		check_cpu(&g);
		check_memory(&g);
		check_ledger(&g, i ? 101 : 0, 106);
		golden_close(&g);
	}
}

TEST(refused)
{
	static const char *const fields[] = {
		"cr4", "shadow_stack", "gdt_limit", "apic_id", "vendor"};

	for (size_t i = 0; i < N(fields); i++) {
		struct golden g;
		struct saved_cpu cpu;
		char name[64];
		uint32_t n;

		snprintf(name, sizeof(name), "refused-%s", fields[i]);
		golden_open(&g, name);
		assert_int_equal(state_get(&g.r, &saved_cpu_desc, &cpu, 1, &n), IMG_ERR_STREAM);
		assert_string_equal(g.r.what, fields[i]);
		check_memory(&g); /* the rest of the stream can be read all the same */
		golden_close(&g);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader's suites need images as the writer makes them: so the writer's own code makes
 * these.
 */
#include "saved_machine.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "output.h"

#define ARENA_BYTES (10u << 20)
#define STATE_BYTES (64u << 10)
#define PIECE_PAGES 256u

void saved_machine_init(struct saved_machine *m)
{
	memset(m, 0, sizeof(*m));
	m->cpu = (struct saved_cpu){.stack = SAVED_STACK,
		.jump_back = SAVED_JUMP_BACK,
		.entry = SAVED_REGION_0,
		.cr0 = 0x80050033,
		.cr3 = 0x3002000,
		.cr4 = 0x20,
		.efer = 0xd01,
		.cpuid_1_eax = 0x806e9,
		.vendor = "GenuineIntel"};
	m->platform = (struct saved_platform){.kernel_release = "6.1.0-test",
		.mailbox = SAVED_MAILBOX,
		.nonce = 0x1234,
		.rsdp = 0xf5a40,
		.pm1a_enable = 0x120,
		.gpe0_bytes = 8};
	m->ledger.pages = 0x4e9e;
	m->region[0].phys = SAVED_REGION_0;
	m->region[1].phys = SAVED_REGION_1;
	m->n_region = 2;
	m->frames[0] = (struct range){0x1, 0x9f};
	m->frames[1] = (struct range){0x100, 0x1000};
	m->frames[2] = (struct range){0x1200, 0x1400};
	m->frames[3] = (struct range){0x1600, 0x4010};
	m->frames[4] = (struct range){0x100000, 0x101000};
	m->n_frames = 5;
	m->chunk_pages = 16;
}

void saved_machine_boot_info(struct boot_info *bi)
{
	static const struct memory_range memory[] = {
		{0, 0x9fc00, MEMORY_RAM, 0},
		{0x9fc00, 0xa0000, MEMORY_RESERVED, 0},
		{0xf0000, 0x100000, MEMORY_RESERVED, 0},
		{0x100000, 0x4000000, MEMORY_RAM, 0},
		{0x4000000, 0x4010000, MEMORY_ACPI, 0},
		{0x4010000, 0x4020000, MEMORY_NVS, 0},
		{0x100000000, 0x101000000, MEMORY_RAM, 0},
	};
	*bi = (struct boot_info){.magic = BOOT_INFO_MAGIC,
		.bytes = sizeof(*bi),
		.door = BOOT_DOOR_MULTIBOOT2,
		.n_memory = sizeof(memory) / sizeof(memory[0])};
	memcpy(bi->memory, memory, sizeof(memory));
}

static int write_state(struct img_writer *w, const char *name, struct state_writer *s)
{
	size_t bytes = 0;
	int err = state_finish(s, &bytes);
	if (!err)
		err = img_object_begin(w, name, IMG_BYTES);
	if (!err)
		err = img_bytes(w, s->buf, bytes);
	return err ? err : img_object_end(w);
}

static int write_states(const struct saved_machine *m, struct img_writer *w, void *buf)
{
	struct state_writer s;
	state_begin(&s, buf, STATE_BYTES);
	state_put(&s, &saved_cpu_desc, &m->cpu, 1);
	int err = write_state(w, SAVED_CPU, &s);
	if (err)
		return err;
	state_begin(&s, buf, STATE_BYTES);
	state_put(&s, &saved_platform_desc, &m->platform, 1);
	state_put(&s, &saved_frame_desc, m->region, m->n_region);
	state_put(&s, &saved_runtime_desc, m->runtime, m->n_runtime);
	if (m->n_tables)
		state_put(&s, &saved_table_desc, m->table, m->n_tables);
	if (m->n_processors)
		state_put(&s, &saved_processor_desc, m->processor, m->n_processors);
	if (m->n_registers)
		state_put(&s, &saved_registers_desc, m->registers, m->n_registers);
	err = write_state(w, SAVED_PLATFORM, &s);
	if (err)
		return err;
	state_begin(&s, buf, STATE_BYTES);
	state_put(&s, &saved_ledger_desc, &m->ledger, 1);
	err = write_state(w, SAVED_LEDGER, &s);
	if (err || m->without_filesystems)
		return err;
	state_begin(&s, buf, STATE_BYTES);
	state_put(&s, &saved_filesystem_desc, m->filesystem, m->n_filesystems);
	return write_state(w, SAVED_FILESYSTEMS, &s);
}

static int write_frames(const struct saved_machine *m, struct img_writer *w)
{
	static uint8_t zeros[PIECE_PAGES * IMG_PAGE_BYTES] __attribute__((aligned(4096)));
	int err = img_object_begin(w, SAVED_MEMORY, IMG_PAGES);
	for (uint32_t i = 0; i < m->n_frames; i++) {
		const struct range *r = &m->frames[i];
		for (uint64_t pfn = r->start; !err && pfn < r->end; pfn += PIECE_PAGES) {
			uint64_t left = r->end - pfn;
			uint32_t n = left < PIECE_PAGES ? (uint32_t)left : PIECE_PAGES;
			err = img_pages(w, pfn, n, m->content ? m->content(pfn) : zeros);
		}
	}
	return err ? err : img_object_end(w);
}

static int write_image(const struct saved_machine *m, struct area *a, struct arena *arena)
{
	struct img_params p = {.chunk_pages = m->chunk_pages, .label = "6.1.0-test"};
	memcpy(p.area_uuid, m->area_uuid, 16);
	struct img_headers headers;
	struct img_fault fault;
	struct img_source source = area_source(a);
	static struct output out;
	static struct img_writer w;

	void *block = arena_alloc(arena, IMG_BLOCK_BYTES, IMG_BLOCK_BYTES);
	if (img_read_headers(&source, block, &headers, &fault) == 0) {
		p.generation = headers.h.generation;
		p.slot = headers.slot;
	}
	size_t work_bytes = img_writer_work(1 << 20, &p);
	void *work = arena_alloc(arena, work_bytes, IMG_BLOCK_BYTES);
	void *buf = arena_alloc(arena, STATE_BYTES, 8);
	int err = work && buf ? output_init(&out, a, arena, 0) : ERR_NO_MEMORY;
	struct img_dest dest = output_dest(&out);
	if (!err)
		err = img_begin(&w, &dest, &p, work, work_bytes);
	if (!err)
		err = img_node_begin(&w, SAVED_NODE);
	if (!err)
		err = write_states(m, &w, buf);
	if (!err)
		err = write_frames(m, &w);
	if (!err && m->more)
		err = m->more(&w);
	if (!err)
		err = img_node_end(&w);
	return err ? err : img_commit(&w);
}

int saved_machine_write(const struct saved_machine *m, struct area *a)
{
	struct arena arena;
	void *memory = aligned_alloc(IMG_BLOCK_BYTES, ARENA_BYTES);
	assert_non_null(memory);
	arena_init(&arena);
	assert_int_equal(arena_add(&arena, memory, ARENA_BYTES), 0);
	int err = write_image(m, a, &arena);
	/* What is still under way goes on reading from this memory. */
	int drained = area_drain(a);
	free(memory);
	return err ? err : drained;
}

void saved_machine_write_to(
	const struct saved_machine *m, struct block_dev *dev, uint64_t lba, uint64_t n_sectors)
{
	static struct area a;
	struct block_extent e = {lba, n_sectors};
	assert_int_equal(area_init(&a, dev, &e, 1), 0);
	assert_int_equal(saved_machine_write(m, &a), 0);
}

static int put(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	return area_transfer(ctx, BLOCK_WRITE, offset, (void *)(uintptr_t)data, bytes);
}

static int flush(void *ctx)
{
	return area_flush(ctx);
}

void saved_machine_set_state(
	struct block_dev *dev, uint64_t lba, uint64_t n_sectors, enum img_state state)
{
	static uint8_t block[IMG_BLOCK_BYTES] __attribute__((aligned(4096)));
	static struct area a;
	struct block_extent e = {lba, n_sectors};
	struct img_headers headers;
	struct img_fault fault;
	assert_int_equal(area_init(&a, dev, &e, 1), 0);
	struct img_source source = area_source(&a);
	struct img_dest dest = {.write = put, .flush = flush, .ctx = &a, .size = a.bytes};
	assert_int_equal(img_read_headers(&source, block, &headers, &fault), 0);
	assert_int_equal(img_set_state(&dest, &headers, state, 0, block), 0);
}

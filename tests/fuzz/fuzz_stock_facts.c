/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of facts: good facts with changes laid over their stream, sealed again, so that what lies behind
 * the hashes is reached; odd first bytes leave the seal broken. What is read must be safe to compare. */
#include "fuzz.h"
#include "stock_facts.h"

static uint8_t file[FACTS_FILE_BYTES];
static size_t stream_bytes;

static void make_good(void)
{
	static struct facts f = {.kernel_release = "6.1",
		.map_known = FACTS_MAP_ONE,
		.jump_address = 0xffffffff81000000,
		.boot_id_phys = 0x2000120,
		.tables_known = 1,
		.efi = 1,
		.n_processors = 2,
		.vendor = "GenuineIntel"};
	static const struct memory_range m[3] = {
		{0, 0x9fc00, 1, 0}, {0x100000, 0x8000000, 1, 0}, {0x8000000, 0x8010000, 4, 0}};
	static const struct facts_kept kept[2] = {{0, 0x1000}, {0x2000000, 0x2400000}};
	static const struct saved_table t[2] = {
		{"DSDT", 0x8000000, 100, 1, 77}, {"FACS", 0x8001000, 64, 0, 0}};
	static const struct runtime_range r[2] = {
		{0x8002000, 0, 2, 1ull << 63, 5, 0}, {0x8004000, 0, 2, 1ull << 63, 6, 0}};
	static const struct saved_filesystem fs = {.mount_point = "/", .type = "ext4"};
	struct state_writer w;
	state_begin(&w, file + sizeof(struct facts_head), FACTS_STREAM_MAX);
	state_put(&w, &facts_desc, &f, 1);
	state_put(&w, &saved_memory_desc, m, 3);
	state_put(&w, &facts_kept_desc, kept, 2);
	state_put(&w, &saved_table_desc, t, 2);
	state_put(&w, &saved_runtime_desc, r, 2);
	state_put(&w, &saved_filesystem_desc, &fs, 1);
	FUZZ_CHECK(state_finish(&w, &stream_bytes) == 0);
}

/* As an image that these facts may be of; without frames. */
static void compare(const struct stock_facts *f)
{
	static struct stock s;
	static struct range v[STOCK_OLD_RAM_MAX];
	static struct tables now = {.rsdp = 0xf0000, .n = 1, .n_processors = 2};
	static struct boot_info bi = {.n_memory = 2,
		.n_runtime = 1,
		.efi_systab = 0x1000,
		.memory = {{0x100000, 0x8000000, MEMORY_RAM, 0},
			{0x8000000, 0x8010000, MEMORY_NVS, 0}},
		.runtime = {{.phys = 0x8002000, .n_pages = 2, .attribute = 1ull << 63, .type = 5}}};
	static const struct this_cpu cpu = {.vendor = "GenuineIntel", .cr4_possible = ~0ull};
	const struct stock_fit fit = {.bi = &bi, .tables = &now, .cpu = &cpu};
	struct ranges ram;
	memcpy(s.header.uuid, f->f.swap_uuid, 16);
	s.swap_page = f->f.resume_offset;
	s.image.info.jump_address = f->f.jump_address;
	s.image.info.jump_address_phys = f->f.jump_address_phys;
	s.image.info.e820_crc = f->f.map_crc;
	FUZZ_CHECK(stock_facts_doubt(f, &s) != NULL); /* the boot ID cannot be in it */
	ranges_init(&ram, v, STOCK_OLD_RAM_MAX);
	if (stock_facts_ram(f, 256, &ram) == 0 && stock_facts_remove_kept(f, &ram) == 0)
		for (uint32_t i = 0; i < ram.n; i++)
			FUZZ_CHECK(ram.v[i].start >= 256 && ram.v[i].start < ram.v[i].end);
	int err = stock_facts_fit(f, &fit);
	FUZZ_CHECK(err <= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct stock_facts f;
	if (bytes < 1)
		return 0;
	make_good();
	fuzz_patch(file + sizeof(struct facts_head), stream_bytes, data + 1, bytes - 1);
	FUZZ_CHECK(facts_seal(file, stream_bytes) == 0);
	if (data[0] & 1)
		fuzz_patch(file, sizeof(struct facts_head), data + 1, bytes - 1);
	uint8_t *copy = malloc(sizeof(file)); /* of its exact size: reading too far is seen */
	memcpy(copy, file, sizeof(file));
	if (stock_facts_read(copy, sizeof(file), &f) == 0) {
		FUZZ_CHECK(f.n_memory <= FACTS_MEMORY_MAX && f.n_tables <= SAVED_TABLES_MAX);
		FUZZ_CHECK(f.n_runtime <= FACTS_RUNTIME_MAX);
		FUZZ_CHECK(f.n_filesystems <= SAVED_FILESYSTEMS_MAX);
		compare(&f);
	}
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * restore.c: memory into its frames, over a disk of RAM. The frames are memory of this process at a
 * fixed low address, so that physical addresses are pointers, as they are for the loader.
 */
#define _GNU_SOURCE
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <lz4.h>

#include "fake_ram_disk.h"
#include "find.h"
#include "image.h"
#include "log_text.h"
#include "machine.h"
#include "restore.h"
#include "saved_machine.h"

#define RAM         0x10000000ull
#define RAM_BYTES   (16u << 20)
#define FIRST       (RAM >> 12)
#define N_FRAMES    (RAM_BYTES >> 12)
#define DISK_BYTES  (24u << 20)
#define ARENA_BYTES (24u << 20)
#define UNTOUCHED   0xa5

static struct fake_ram_disk disk;
static uint64_t n_sectors;
static struct found found;
static struct image im;
static struct arena arena;
static struct restore_stats stats;

/* One processor, with nothing left over from a restore that failed. */
static struct jobs *alone(void)
{
	static struct jobs jobs;
	jobs_init(&jobs, 1);
	return &jobs;
}
static struct saved_machine saved;
static uint8_t *const ram = (uint8_t *)RAM;
static uint8_t *before, *memory;

static void map_ram(void)
{
	void *at = mmap((void *)RAM, RAM_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	before = malloc(RAM_BYTES);
	memory = aligned_alloc(2u << 20, 2 * ARENA_BYTES);
	assert_true(at == ram && before && memory);
}

static void unmap_ram(void)
{
	free(before);
	free(memory);
	assert_int_equal(munmap(ram, RAM_BYTES), 0);
}

static uint64_t random_state;

static uint64_t rnd(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return random_state >> 33;
}

/* Runs of frames: zero, of one word, that compress, that do not. */
static void fill_ram(void)
{
	uint64_t kind = 0, run = 0, word = 0;
	for (uint32_t page = 0; page < N_FRAMES; page++) {
		uint64_t *p = (uint64_t *)(ram + (size_t)page * 4096);
		if (run-- == 0) {
			run = rnd() % 70;
			kind = rnd() % 4;
			word = rnd() << 20;
		}
		for (uint32_t i = 0; i < 512; i++)
			p[i] = kind == 0   ? 0
			       : kind == 1 ? word
			       : kind == 2 ? i / 5 * word
					   : rnd() << 31 ^ rnd();
	}
}

static const void *content(uint64_t pfn)
{
	return (const void *)(pfn << 12);
}

static void use_disk(uint32_t sector_bytes)
{
	fake_ram_disk_free(&disk);
	n_sectors = DISK_BYTES / sector_bytes;
	fake_ram_disk_init(&disk, sector_bytes, n_sectors);
}

static void setup(void)
{
	fake_machine_reset();
	random_state = 1;
	use_disk(512);
	saved_machine_init(&saved);
	saved.content = content;
	saved.frames[0] = (struct range){FIRST, FIRST + 1000};
	saved.frames[1] = (struct range){FIRST + 1001, FIRST + 1002};
	saved.frames[2] = (struct range){FIRST + 1100, FIRST + 3600};
	saved.frames[3] = (struct range){FIRST + 3601, FIRST + N_FRAMES};
	saved.n_frames = 4;
	fill_ram();
	log_text_start();
}

static void teardown(void)
{
	fake_ram_disk_free(&disk);
}

FIXTURE(setup, teardown)

static void save(void)
{
	saved_machine_write_to(&saved, &disk.dev, 0, n_sectors);
}

/* Another boot: memory is anything, the image is found and opened. */
static void boot(void)
{
	struct disks disks = {.dev = {&disk.dev}, .n = 1};
	struct options o = {.area = {.by = PLACE_BY_LBA, .n_sectors = n_sectors}};
	memcpy(before, ram, RAM_BYTES);
	memset(ram, UNTOUCHED, RAM_BYTES);
	arena_init(&arena);
	assert_int_equal(arena_add(&arena, memory, ARENA_BYTES), 0);
	void *work = arena_alloc(&arena, FIND_WORK_BYTES, 4096);
	assert_int_equal(find_area(&disks, &o, work, &found), 0);
	assert_int_equal(image_open(&im, &found, &arena), 0);
}

static int restore(void)
{
	return restore_memory(&im, &found.area, &arena, alone(), &stats);
}

static bool is_saved(uint64_t pfn)
{
	for (uint32_t i = 0; i < saved.n_frames; i++)
		if (pfn >= saved.frames[i].start && pfn < saved.frames[i].end)
			return true;
	return false;
}

static void check_ram(void)
{
	static uint8_t untouched[4096];
	memset(untouched, UNTOUCHED, sizeof(untouched));
	for (uint32_t i = 0; i < N_FRAMES; i++) {
		const uint8_t *want = is_saved(FIRST + i) ? before + (size_t)i * 4096 : untouched;
		if (memcmp(ram + (size_t)i * 4096, want, 4096) != 0)
			fail_msg("frame %#llx is not as it was", (unsigned long long)FIRST + i);
	}
}

static void save_boot_restore(void)
{
	save();
	boot();
	int err = restore();
	if (err)
		fail_msg("error %d", err);
	check_ram();
	assert_int_equal(stats.bytes_restored, im.memory.length * 4096);
	assert_int_equal(disk.n_in_flight, 0);
}

TEST(all_frames)
{
	for (random_state = 1; random_state < 6;) {
		uint64_t seed = random_state;
		fill_ram();
		save_boot_restore();
		random_state = seed + 1;
	}
	assert_true(stats.bytes_read > 4u << 20);
	assert_true(stats.bytes_read < RAM_BYTES);
	assert_true(disk.n_most_in_flight > 8); /* reading runs ahead */
}

TEST(chunk_sizes)
{
	static const uint32_t pages[] = {1, 2, 7, 64, 256};
	for (unsigned i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		saved.chunk_pages = pages[i];
		save_boot_restore();
		memcpy(ram, before, RAM_BYTES);
	}
}

/* All of one kind. */
TEST(one_kind)
{
	memset(ram, 0, RAM_BYTES);
	save_boot_restore();
	assert_int_equal(stats.bytes_read, 0);
	for (uint64_t *p = (uint64_t *)ram; p < (uint64_t *)(ram + RAM_BYTES); p++)
		*p = rnd() << 31 ^ rnd();
	save_boot_restore();
	assert_true(stats.bytes_read >= im.memory.length * 4096); /* raw */
	for (uint32_t i = 0; i < RAM_BYTES; i++)
		ram[i] = (uint8_t)(i / 100 * 7);
	save_boot_restore();
	assert_true(stats.bytes_read < RAM_BYTES / 2);
}

/* Every second frame: raw chunks whose frames do not follow each other. */
TEST(scattered_frames)
{
	for (uint64_t *p = (uint64_t *)ram; p < (uint64_t *)(ram + RAM_BYTES); p++)
		*p = rnd() << 31 ^ rnd();
	for (uint32_t i = 0; i < N_FRAMES; i += 17)
		memset(ram + (size_t)i * 4096, 0, 4096);
	save_boot_restore();
	disk.dev.max_segs = 3;
	memcpy(ram, before, RAM_BYTES);
	save_boot_restore();
}

TEST(slow_disk)
{
	disk.latency_us = 200;
	disk.newest_first = true;
	save_boot_restore();
	assert_true(stats.read_us > 0);
}

TEST(narrow_disks)
{
	static const struct {
		uint32_t sectors, segs, depth;
	} limit[] = {{8, 1, 1}, {64, 2, 4}, {2000, 1, 2}};
	for (unsigned i = 0; i < sizeof(limit) / sizeof(limit[0]); i++) {
		disk.dev.max_sectors = limit[i].sectors;
		disk.dev.max_segs = limit[i].segs;
		disk.dev.queue_depth = limit[i].depth;
		save_boot_restore();
		memcpy(ram, before, RAM_BYTES);
	}
}

TEST(big_sectors)
{
	use_disk(4096);
	save_boot_restore();
}

/* ---- memory for buffers ---- */

/* As in the region: pieces of 2 MiB that do not touch. */
TEST(few_buffers)
{
	save();
	for (uint32_t pieces = 1; pieces < 5; pieces++) {
		boot();
		struct arena little;
		arena_init(&little);
		for (uint32_t i = 0; i < pieces; i++)
			assert_int_equal(
				arena_add(&little, memory + ARENA_BYTES + i * (4u << 20) + 4096,
					(2u << 20) - 4096),
				0);
		int err = restore_memory(&im, &found.area, &little, alone(), &stats);
		if (pieces < 2) {
			assert_int_equal(err, ERR_NO_MEMORY);
		} else {
			assert_int_equal(err, 0);
			check_ram();
		}
		memcpy(ram, before, RAM_BYTES);
	}
}

/* ---- an LZ4 chunk as long as the format allows, not aligned ---- */

struct patch {
	struct img_header *h;
	uint8_t *root;
	struct img_block_rec *block;
	struct img_chunk_rec *chunk;
};

/* Where the memory object's records lie on the disk. */
static struct patch patch_of_memory(void)
{
	struct patch p;
	p.h = (void *)(disk.bytes + (uint64_t)found.headers.slot * IMG_HEADER_STRIDE);
	p.root = disk.bytes + p.h->root_offset;
	const struct img_root *dir = (const void *)p.root;
	struct img_block_rec *blocks =
		(void *)(p.root + sizeof(*dir) + dir->n_nodes * sizeof(struct img_node_rec) +
			 dir->n_objects * sizeof(struct img_object_rec));
	p.block = &blocks[im.memory.first_block];
	p.chunk = (void *)(disk.bytes + p.block->offset);
	return p;
}

static void seal(const struct patch *p)
{
	p->block->hash = img_hash(p->chunk, p->block->n_chunks * sizeof(*p->chunk));
	p->h->root_hash = img_hash(p->root, p->h->root_bytes);
	p->h->hash = img_hash(p->h, offsetof(struct img_header, hash));
}

TEST(longest_lz4_chunk)
{
	enum { PAGES = IMG_CHUNK_PAGES_MAX };
	saved.chunk_pages = PAGES;
	saved.frames[0] = (struct range){FIRST, FIRST + 2 * PAGES};
	saved.n_frames = 1;
	for (uint64_t *p = (uint64_t *)ram; p < (uint64_t *)(ram + RAM_BYTES); p++)
		*p = rnd() << 31 ^ rnd();
	save();
	boot();
	struct patch p = patch_of_memory();
	assert_int_equal(p.block->n_chunks, 2);
	assert_int_equal(p.chunk[1].codec, IMG_RAW);

	/* The first chunk becomes a fill, the second LZ4 that begins in the first one's last
	 * block. */
	uint8_t *second = before + PAGES * 4096;
	memset(before, 0x77, PAGES * 4096);
	memset(second, 0, 5100);
	int stored = LZ4_compress_default((const char *)second,
		(char *)disk.bytes + p.chunk[1].offset - 2048, PAGES * 4096, IMG_STORED_MAX);
	assert_true(stored > 0 && stored + 2048u > IMG_STORED_MAX);
	p.chunk[0].codec = IMG_FILL;
	p.chunk[0].value = 0x7777777777777777;
	p.chunk[0].stored_bytes = 0;
	p.chunk[0].hash = 0;
	p.chunk[1].codec = IMG_LZ4;
	p.chunk[1].offset -= 2048;
	p.chunk[1].stored_bytes = (uint32_t)stored;
	p.chunk[1].hash = img_hash(second, PAGES * 4096);
	seal(&p);
	uint8_t *keep = malloc(RAM_BYTES);
	memcpy(keep, before, RAM_BYTES);
	boot();
	memcpy(before, keep, RAM_BYTES);
	free(keep);
	assert_int_equal(restore(), 0);
	check_ram();
}

/* ---- damage ---- */

static void damaged_chunk(uint16_t codec, const char *text)
{
	save();
	boot();
	struct patch p = patch_of_memory();
	uint32_t i = 0;
	while (i < p.block->n_chunks && (p.chunk[i].codec != codec || i < 5))
		i++;
	assert_true(i < p.block->n_chunks);
	uint8_t *at = disk.bytes + p.chunk[i].offset + p.chunk[i].stored_bytes / 2;
	*at ^= 0x20;
	assert_int_equal(restore(), IMG_ERR_DATA);
	assert_logged("restore: frames 0x10");
	assert_logged(text);
	block_stop(&disk.dev);
}

TEST(damaged_lz4)
{
	damaged_chunk(IMG_LZ4, ", LZ4 at byte ");
}

TEST(damaged_raw)
{
	damaged_chunk(IMG_RAW, ", raw at byte ");
}

TEST(read_error)
{
	save();
	boot();
	disk.fail_read = disk.n_reads + 6;
	assert_int_equal(restore(), ERR_IO);
	assert_logged("restore: reading ");
	assert_logged(" of the area: the device reports that the request failed");
	block_stop(&disk.dev);
}

/* Each read fails once: an error each time, and never anything in another frame. */
TEST(each_read_fails)
{
	save();
	for (uint32_t n = 1;; n++) {
		fake_ram_disk_no_faults(&disk);
		boot();
		disk.latency_us = 30;
		disk.fail_read = disk.n_reads + n;
		int err = restore();
		assert_int_equal(area_drain(&found.area), 0);
		if (err == 0) {
			check_ram();
			assert_true(n > 10);
			return;
		}
		assert_int_equal(err, ERR_IO);
		for (uint32_t i = 0; i < N_FRAMES; i++)
			if (!is_saved(FIRST + i))
				assert_int_equal(ram[(size_t)i * 4096], UNTOUCHED);
		memcpy(ram, before, RAM_BYTES);
	}
}

TEST(device_lost)
{
	save();
	boot();
	disk.lost_from = disk.n_submitted + 4;
	assert_int_equal(restore(), ERR_LOST);
	assert_true(disk.is_stopped);
}

TEST(device_silent)
{
	save();
	boot();
	fake_clock_step_us = 10000;
	disk.silent_from = disk.n_submitted + 9;
	assert_int_equal(restore(), ERR_TIMEOUT);
	assert_true(disk.is_stopped);
}

AROUND_ALL(map_ram, unmap_ram)

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI NVS: writer/nvs_out.c puts it into an image, loader/own/nvs.c puts it back, byte by byte, around the FACS
 * and what is not NVS; and leaves it alone whenever something is in the way.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "fake_ram_disk.h"
#include "find.h"
#include "log_text.h"
#include "machine.h"
#include "nvs.h"
#include "nvs_out.h"
#include "saved_machine.h"

#define N_SECTORS   4096
#define ARENA_BYTES (16u << 20)
/* As saved_machine_boot_info has it, but for ragged ends. */
#define MEMORY     0x4010000ull
#define MEMORY_END 0x4020000ull
#define NVS        0x4010804ull
#define NVS_END    0x401f3fdull
#define BYTES      (MEMORY_END - MEMORY)
#define FACS       0x4012040ull /* of the FADT */
#define FACS_32    0x4013000ull /* the other pointer's */

static struct fake_ram_disk disk;
static struct found found;
static struct image im;
static struct arena arena;
static uint8_t *memory;
static struct saved_machine saved;
static struct boot_info bi;
static struct handoff h;
static uint8_t room[BYTES] __attribute__((aligned(4096))); /* of the machine that runs */
static uint8_t before[BYTES], now[BYTES];
static uint64_t free_bytes;

static void put_facs(uint8_t *at, uint64_t phys, uint32_t bytes, uint8_t lock)
{
	memcpy(at + (phys - MEMORY), "FACS", 4);
	memcpy(at + (phys - MEMORY) + 4, &bytes, 4);
	at[phys - MEMORY + 16] = lock;
}

static int write_it(struct img_writer *w)
{
	static struct range v[HANDOFF_MEMORY_MAX];
	struct ranges frames;
	ranges_init(&frames, v, HANDOFF_MEMORY_MAX);
	nvs_out_select(&h, &frames);
	return nvs_out_write(w, &frames, free_bytes);
}

static void open_it(void)
{
	struct disks disks = {.dev = {&disk.dev}, .n = 1};
	struct options o = {.area = {.by = PLACE_BY_LBA, .n_sectors = N_SECTORS}};
	arena_init(&arena);
	assert_int_equal(arena_add(&arena, memory, ARENA_BYTES), 0);
	void *work = arena_alloc(&arena, FIND_WORK_BYTES, 4096);
	assert_int_equal(find_area(&disks, &o, work, &found), 0);
	assert_int_equal(image_open(&im, &found, &arena), 0);
}

static void save(void)
{
	memcpy(room, before, BYTES);
	log_text_start();
	saved.more = write_it;
	saved_machine_write_to(&saved, &disk.dev, 0, N_SECTORS);
	memcpy(room, now, BYTES);
	open_it();
}

static void setup(void)
{
	fake_machine_reset();
	fake_memory_add(MEMORY, room, BYTES);
	fake_ram_disk_init(&disk, 512, N_SECTORS);
	memory = aligned_alloc(4096, ARENA_BYTES);
	free_bytes = 16u << 20;
	for (uint32_t i = 0; i < BYTES; i++) {
		before[i] = (uint8_t)(i < 8 * 4096 ? rand() : 0x77); /* raw, LZ4, fill */
		now[i] = (uint8_t)(i * 31 + 7);
	}
	memset(before + 12 * 4096, 0, 4096);
	put_facs(before, FACS, 64, 1);
	put_facs(before, FACS_32, 64, 1);
	put_facs(now, FACS, 64, 2);
	put_facs(now, FACS_32, 128, 2);
	saved_machine_init(&saved);
	saved_machine_boot_info(&bi);
	bi.memory[5].start = NVS;
	bi.memory[5].end = NVS_END;
	memset(&h, 0, sizeof(h));
	h.memory[0] = (struct memory_range){0x100000, 0x4000000, MEMORY_RAM, 0};
	h.memory[1] = (struct memory_range){NVS, NVS_END, MEMORY_NVS, 0};
	h.n_memory = 2;
}

static void teardown(void)
{
	fake_ram_disk_free(&disk);
	free(memory);
}

FIXTURE(setup, teardown)

/* What the machine's memory should be in the end. */
static bool is_kept(uint64_t phys)
{
	return phys < NVS || phys >= NVS_END || (phys >= FACS && phys < FACS + 64) ||
	       (phys >= FACS_32 && phys < FACS_32 + 128);
}

TEST(put_back)
{
	struct nvs n;
	save();
	assert_logged("writer: ACPI NVS, 64 KiB in 1 ranges");
	log_text_start();
	nvs_prepare(&n, &im, &bi, FACS, &arena);
	assert_memory_equal(room, now, BYTES);
	assert_int_equal(nvs_restore(&n, &im, &bi), 0);
	assert_logged("of ACPI NVS put back, 192 kept for the FACS");
	for (uint32_t i = 0; i < BYTES; i++)
		if (room[i] != (is_kept(MEMORY + i) ? now[i] : before[i]))
			fail_msg("byte at %#llx is %#x", (unsigned long long)(MEMORY + i), room[i]);
}

static void alone(const char *why)
{
	struct nvs n;
	log_text_start();
	nvs_prepare(&n, &im, &bi, FACS, &arena);
	assert_logged(why);
	assert_logged("nvs: left alone: ");
	assert_int_equal(nvs_restore(&n, &im, &bi), 0);
	assert_memory_equal(room, now, BYTES);
}

/* An image of a machine without NVS, or of an older writer. */
TEST(none_in_the_image)
{
	h.memory[1].type = MEMORY_RESERVED;
	save();
	alone("left alone: no such");
}

TEST(moved)
{
	save();
	bi.memory[5].end = 0x401a000;
	alone("nvs: the image has ACPI NVS at 0x401a000-0x401c000, which is a hole here");
	bi.memory[5].end = NVS_END;
	bi.memory[5].type = MEMORY_RESERVED;
	alone("nvs: the image has ACPI NVS at 0x4010000-0x401");
}

TEST(cannot_be_mapped)
{
	save();
	bi.memory[bi.n_memory++] = (struct memory_range){0x5000000, 0x5001000, MEMORY_NVS, 0};
	alone("nvs: ACPI NVS at 0x5000000-0x5001000 cannot be mapped");
}

TEST(no_memory)
{
	save();
	assert_non_null(arena_alloc(&arena, arena_left(&arena) - (4u << 20), 64));
	alone("left alone: ");
}

TEST(damaged)
{
	struct img_chunk_rec c;
	struct img_cursor cursor;
	struct nvs n;
	save();
	nvs_prepare(&n, &im, &bi, FACS, &arena);
	assert_int_equal(img_cursor_init(&cursor, &im.reader, &n.object, im.index_block), 0);
	assert_int_equal(img_next(&cursor, &c), 1);
	disk.bytes[c.offset + 9] ^= 1;
	assert_int_equal(nvs_restore(&n, &im, &bi), IMG_ERR_DATA);
	assert_logged("nvs: 0 bytes put back, then: ");
}

/* Reasons to save without it. */
TEST(not_saved)
{
	struct img_object_rec o;
	free_bytes = BYTES;
	save();
	assert_logged("writer: ACPI NVS of 64 KiB is not saved: the area is nearly full");
	assert_int_equal(img_find(&im.reader, SAVED_NODE, SAVED_NVS, &o), IMG_ERR_NOT_FOUND);
	free_bytes = 16u << 20;
	h.memory[2] = (struct memory_range){0x5000000, 0x5001000, MEMORY_NVS, 0};
	h.n_memory = 3;
	save();
	assert_logged("writer: ACPI NVS at 0x5000000 cannot be mapped: none is saved");
	h.memory[2].end = 0x5000000 + NVS_OUT_BYTES_MAX;
	save();
	assert_logged("writer: ACPI NVS of 256 MiB is not saved: that is too much to be true");
	assert_int_equal(img_find(&im.reader, SAVED_NODE, SAVED_NVS, &o), IMG_ERR_NOT_FOUND);
}

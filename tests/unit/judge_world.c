/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge chooses between images: this is a disk that has both kinds, and knobs for what is
 * wrong with either.
 */
#include "judge_world.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "format.h"
#include "attempts.h"
#include "machine.h"

#define SECTOR     512u
#define AREA_LBA   64u
#define AREA_N     2048u
#define SWAP_LBA   2176u
#define DATA_N     4096u
#define FS_LBA     64u
#define FS_N       2048u
#define FS_AT      (FS_LBA * SECTOR + 1024)
#define RSDP       0xf5a40u
#define FACS       0x1234abcdu
#define APIC       3u
#define BUSY_FIRST 0x3000u
#define BUSY_END   0x3400u
#define PROGRAM    (700u * 1024)

/* The place of a file system on a disk without a GPT, told by the disk's serial number. */
static void mount_something(struct world *w, struct saved_machine *m)
{
	static uint8_t work[FINGERPRINT_WORK_BYTES] __attribute__((aligned(4096)));
	struct block_dev *dev = &w->disk[1].dev;
	struct saved_filesystem f = {.mount_point = "/home",
		.type = "ext4",
		.device = "sdb1",
		.disk_sectors = dev->n_sectors,
		.sector_bytes = SECTOR,
		.writable = 1,
		.lba = FS_LBA,
		.n_sectors = FS_N,
		.n_ranges = 1,
		.offset = {1024},
		.bytes = {1024}};
	strcpy(dev->serial, "data");
	strcpy(f.disk_serial, "data");
	assert_int_equal(fingerprint_read(dev, FS_LBA, FS_N, &f, work, f.hash), 0);
	m->filesystem[0] = f;
	m->n_filesystems = 1;
}

static uint8_t *at(struct world *w, uint64_t lba)
{
	return w->disk[0].bytes + lba * SECTOR;
}

static void put_own(struct world *w, enum own_is own, enum mounted_is mounted)
{
	static const enum img_state states[OWN_STATES] = {[OWN_EMPTY] = IMG_EMPTY,
		[OWN_LAUNCHED] = IMG_LAUNCHED,
		[OWN_CONSUMED] = IMG_CONSUMED};
	struct saved_machine m;
	struct block_dev *dev = &w->disk[0].dev;
	if (own == OWN_ABSENT)
		return;
	saved_machine_init(&m);
	/* Hundreds of machines are made: no more memory in the image than the jump and the report touch. */
	m.frames[0] = (struct range){SAVED_MAILBOX >> 12, (SAVED_MAILBOX >> 12) + 512};
	m.frames[1] = (struct range){SAVED_STACK >> 12, (SAVED_STACK >> 12) + 2};
	m.n_frames = 2;
	m.cpu.apic_id = APIC;
	m.platform.rsdp = RSDP;
	m.platform.facs_signature = FACS;
	m.without_filesystems = mounted == MOUNTED_UNKNOWN;
	if (mounted <= MOUNTED_MISSING)
		mount_something(w, &m);
	/* Made once for all machines that had the same mounted. */
	static struct {
		bool is_made;
		uint8_t bytes[AREA_N * SECTOR];
	} made[MOUNTED_STATES];
	if (!made[mounted].is_made) {
		saved_machine_write_to(&m, dev, AREA_LBA, AREA_N);
		memcpy(made[mounted].bytes, at(w, AREA_LBA), AREA_N * SECTOR);
		made[mounted].is_made = true;
	}
	memcpy(at(w, AREA_LBA), made[mounted].bytes, AREA_N * SECTOR);
	if (states[own] || own == OWN_EMPTY)
		saved_machine_set_state(dev, AREA_LBA, AREA_N, states[own]);
	for (uint32_t i = 0; own == OWN_TRIED && i < OPTIONS_ATTEMPTS_DEFAULT; i++) {
		assert_int_equal(world_judge(w, CORE), 0);
		world_count_attempt(w);
	}
	for (uint32_t i = 0; own == OWN_DAMAGED && i < IMG_N_HEADERS; i++)
		at(w, AREA_LBA)[i * IMG_HEADER_STRIDE + 40] ^= 1;
	if (own == OWN_NO_ROOT) {
		struct img_header h;
		memcpy(&h, at(w, AREA_LBA), sizeof(h));
		if (h.root_offset == 0)
			memcpy(&h, at(w, AREA_LBA) + IMG_HEADER_STRIDE, sizeof(h));
		at(w, AREA_LBA)[h.root_offset + 20] ^= 1;
	}
}

static const struct swb_params stock_params = {.codec = SWB_LZO, .n_data = 200, .gap_every = 9};

static void put_stock(struct world *w, enum stock_is stock, struct swb_image *b)
{
	uint8_t *swap = at(w, SWAP_LBA);
	memcpy(swap, b->disk, b->disk_pages * SWB_PAGE);
	if (stock == STOCK_ABSENT)
		memcpy(swap + 4086, "SWAPSPACE2", 10);
	if (stock == STOCK_IN_USE)
		memcpy(swap, "a boot loader", 13);
	if (stock == STOCK_DAMAGED)
		memset(swap + b->maps[0] * SWB_PAGE, 0xff, 64);
	for (uint32_t i = 0; stock == STOCK_TRIED && i < OPTIONS_ATTEMPTS_DEFAULT; i++) {
		assert_int_equal(world_judge(w, CORE), 0);
		world_count_attempt(w);
	}
}

static uint64_t swap_sectors;

void world_options(struct world *w, const char *words)
{
	static char line[300];
	const char *word;
	uint32_t len;
	snprintf(line, sizeof(line), "area=lba:%u+%u swap=lba:%u+%llu %s", AREA_LBA, AREA_N,
		SWAP_LBA, (unsigned long long)swap_sectors, words);
	assert_int_equal(cmdline_parse(line, &w->options, &word, &len), 0);
	w->cmdline = line;
}

void world_init(struct world *w, enum own_is own, enum stock_is stock, enum mounted_is mounted)
{
	static struct swb_image b;
	fake_machine_reset();
	memset(w, 0, sizeof(*w));
	if (!b.disk) /* once for all machines */
		swb_build(&b, &stock_params);
	swap_sectors = b.disk_pages * SWB_PAGE / SECTOR;
	fake_ram_disk_init(&w->disk[0], SECTOR, SWAP_LBA + swap_sectors + 64);
	fake_ram_disk_init(&w->disk[1], SECTOR, DATA_N);
	static uint8_t memory[WORLD_ARENA_BYTES] __attribute__((aligned(4096)));
	w->memory = memory;
	w->core_sees = (struct disks){.dev = {&w->disk[0].dev, &w->disk[1].dev}, .n = 2};
	w->door_sees = w->core_sees;
	saved_machine_boot_info(&w->bi);
	w->bi.rsdp = RSDP;
	/* No facts: a stock image is judged by the kernel's rule. */
	w->bi.n_map_crc = 1;
	w->bi.map_crc[0] = (struct boot_map_crc){SWB_E820_CRC, BOOT_MAP_E820};
	w->acpi = (struct acpi){.rsdp = RSDP, .facs_signature = FACS};
	w->tables = (struct tables){.rsdp = RSDP, .facs_signature = FACS};
	w->cpu = (struct this_cpu){.vendor = "GenuineIntel", .cpuid_1_eax = 0x806e9};
	w->door_apic_id = w->core_apic_id = APIC;
	world_options(w, "");
	memcpy(at(w, SWAP_LBA) + 4086, "SWAPSPACE2", 10);
	put_own(w, own, mounted);
	/* An attempt is counted for what is chosen: our own image is not to be in the way of it. */
	if (stock == STOCK_TRIED)
		w->options.area.by = PLACE_NONE;
	put_stock(w, stock, &b);
	world_options(w, "");
	if (mounted == MOUNTED_WRITTEN)
		w->disk[1].bytes[FS_AT] ^= 1;
	if (mounted == MOUNTED_MISSING)
		w->core_sees.n = w->door_sees.n = 1;
}

void world_free(struct world *w)
{
	fake_ram_disk_free(&w->disk[0]);
	fake_ram_disk_free(&w->disk[1]);
}

int world_judge(struct world *w, enum who who)
{
	struct range v[2];
	struct ranges busy;
	struct arena arena;
	ranges_init(&busy, v, 2);
	assert_int_equal(ranges_add(&busy, BUSY_FIRST, BUSY_END), 0);
	arena_init(&arena);
	assert_int_equal(arena_add(&arena, w->memory, WORLD_ARENA_BYTES), 0);
	block_allow_writes(&w->disk[0].dev, NULL, 0);
	const struct judge_input in = {.disks = who == DOOR ? &w->door_sees : &w->core_sees,
		.disks_incomplete = who == DOOR,
		.options = &w->options,
		.bi = &w->bi,
		.acpi = &w->acpi,
		.tables = &w->tables,
		.cpu = w->cpu,
		.apic_id = who == DOOR ? w->door_apic_id : w->core_apic_id,
		.busy = who == CORE_MOVED ? NULL : &busy,
		.program_bytes = PROGRAM,
		.arena = &arena};
	return judge(&in, &w->answer);
}

static int put(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	return area_transfer(ctx, BLOCK_WRITE, offset, (void *)(uintptr_t)data, bytes);
}

static int flush(void *ctx)
{
	return area_flush(ctx);
}

static void set_state(struct world *w, enum img_state state, uint32_t attempts)
{
	static uint8_t block[IMG_BLOCK_BYTES] __attribute__((aligned(4096)));
	struct found *f = &w->answer.found;
	struct img_dest dest = {
		.write = put, .flush = flush, .ctx = &f->area, .size = f->area.bytes};
	struct block_extent all = {0, f->dev->n_sectors};
	block_allow_writes(f->dev, &all, 1);
	assert_int_equal(img_set_state(&dest, &f->headers, state, attempts, block), 0);
}

void world_count_attempt(struct world *w)
{
	const struct judgment *j = &w->answer;
	if (j->kind == JUDGE_STOCK)
		assert_int_equal(stock_count_attempt(&w->answer.stock), 0);
	else
		set_state(w, j->spent ? (enum img_state)j->found.headers.h.state : IMG_LOADING,
			j->attempts + 1);
}

void world_launch(struct world *w)
{
	if (w->answer.kind == JUDGE_STOCK)
		assert_int_equal(stock_consume(&w->answer.stock), 0);
	else
		set_state(w, IMG_LAUNCHED, w->answer.found.headers.h.attempts);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the real code writes, told in the model's words: a line an event, on standard output. The model
 * must be able to do the same, event by event (run.py); so it cannot drift from the code.
 *
 *   trace NAME     one history; without NAME: their names
 *
 * Events: "copy SLOT GENERATION STATE ATTEMPTS", "data" (all of an image's data until the next flush),
 * "flush", "swap SIGNATURE ATTEMPTS", "fails" (the write or flush was refused by the disk), "reset", "start N" (the
 * EFI door has counted start N of an image in one state; 0: there were enough, it stays out), "facts B" (the judge
 * takes a stock image; 1: by facts that it believes).
 * Own images are written by the writer's output onto a disk of RAM, states and counts by the loader's code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fake_ram_disk.h"
#include "attempts.h"
#include "machine.h"
#include "saved_machine.h"
#include "facts.h"
#include "start_count.h"
#include "stock_disk.h"
#include "stock_facts.h"

#define AREA_LBA     8u
#define AREA_SECTORS 24576u

/* ---- the disk that tells ---- */

static struct {
	struct block_ops ops;
	const struct block_ops *real;
	bool in_data;      /* data was told, and not flushed yet */
	bool fails;        /* the next write or flush */
	uint64_t swap_lba; /* of the swap header page; 0: none */
} told;

static void tell_own(const struct block_req *req)
{
	uint64_t offset = (req->lba - AREA_LBA) * 512;
	if (offset >= IMG_DATA_START) {
		if (!told.in_data)
			puts("data");
		told.in_data = true;
		return;
	}
	struct img_header h;
	memcpy(&h, req->seg[0].buf, sizeof(h));
	printf("copy %u %u %u %u\n", (unsigned)(offset / IMG_HEADER_STRIDE), (unsigned)h.generation,
		h.state, h.attempts);
}

static void tell_swap(const struct block_req *req)
{
	const uint8_t *page = req->seg[0].buf;
	struct attempts l;
	memcpy(&l, page, sizeof(l));
	printf("swap %d %u\n", memcmp(page + 4086, "S1SUSPEND", 9) == 0,
		l.magic == ATTEMPTS_MAGIC ? l.attempts : 0);
}

static int submit(struct block_dev *dev, struct block_req *req)
{
	if (req->dir == BLOCK_WRITE && told.fails) {
		puts("fails");
		told.fails = false;
		return ERR_IO;
	}
	int err = told.real->submit(dev, req);
	if (err || req->dir != BLOCK_WRITE)
		return err;
	if (told.swap_lba)
		tell_swap(req);
	else
		tell_own(req);
	return 0;
}

static int flush(struct block_dev *dev)
{
	told.in_data = false;
	if (told.fails) {
		puts("fails");
		told.fails = false;
		return ERR_IO;
	}
	int err = told.real->flush(dev);
	puts(err ? "fails" : "flush");
	return err;
}

static void tell(struct block_dev *dev)
{
	told.real = dev->ops;
	told.ops = *dev->ops;
	told.ops.submit = submit;
	told.ops.flush = flush;
	dev->ops = &told.ops;
}

/* ---- the door's count, in the firmware's variable ---- */

#define STARTS_MAX 2 /* as ATTEMPTS_MAX of the model */

static struct starts variable;
static bool have_variable;

static int read_variable(void *ctx, void *buf, uint32_t *bytes)
{
	(void)ctx;
	if (!have_variable)
		return ERR_NOT_FOUND;
	memcpy(buf, &variable, sizeof(variable));
	*bytes = sizeof(variable);
	return 0;
}

static int write_variable(void *ctx, const void *buf, uint32_t bytes)
{
	(void)ctx;
	assert_int_equal(bytes, sizeof(variable));
	memcpy(&variable, buf, sizeof(variable));
	have_variable = true;
	printf("start %u\n", variable.n);
	return 0;
}

static int remove_variable(void *ctx)
{
	(void)ctx;
	have_variable = false;
	return 0;
}

/* state: of the image on its disk, as the judge tells it. */
static int door(uint64_t state)
{
	static const struct start_store store = {
		.read = read_variable, .write = write_variable, .remove = remove_variable};
	static const struct options options = {.attempts_max = STARTS_MAX};
	static struct judgment j;
	uint32_t before;
	j.state = state;
	int err = start_count(&store, &j, 1, &options, &before);
	if (err == ERR_ATTEMPTS)
		puts("start 0");
	return err;
}

/* ---- own images ---- */

static struct fake_ram_disk disk;
static struct area area;
static struct block_extent extent = {AREA_LBA, AREA_SECTORS};
static uint8_t block[IMG_BLOCK_BYTES] __attribute__((aligned(4096)));

static int put(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	return area_transfer(ctx, BLOCK_WRITE, offset, (void *)(uintptr_t)data, bytes);
}

static int flush_area(void *ctx)
{
	return area_flush(ctx);
}

static struct img_dest dest(void)
{
	return (struct img_dest){
		.write = put, .flush = flush_area, .ctx = &area, .size = area.bytes};
}

static void own_disk(void)
{
	static const uint8_t uuid[16] = {1};
	fake_machine_reset();
	fake_ram_disk_init(&disk, 512, AREA_LBA + AREA_SECTORS);
	assert_int_equal(area_init(&area, &disk.dev, &extent, 1), 0);
	struct img_dest d = dest();
	assert_int_equal(img_format_area(&d, uuid, block), 0);
	tell(&disk.dev);
}

static int save(void)
{
	static struct saved_machine m;
	saved_machine_init(&m);
	m.frames[0] = (struct range){0x100, 0x180};
	m.n_frames = 1;
	assert_int_equal(area_init(&area, &disk.dev, &extent, 1), 0);
	return saved_machine_write(&m, &area);
}

static int set_state(enum img_state state, uint32_t more_attempts)
{
	struct img_headers headers;
	struct img_fault fault;
	assert_int_equal(area_init(&area, &disk.dev, &extent, 1), 0);
	struct img_source source = area_source(&area);
	struct img_dest d = dest();
	assert_int_equal(img_read_headers(&source, block, &headers, &fault), 0);
	uint32_t attempts = state == IMG_VALID ? 0 : headers.h.attempts + more_attempts;
	int err = img_set_state(&d, &headers, state, attempts, block);
	if (err && state == IMG_LAUNCHED && !more_attempts && headers.h.attempts == 0)
		img_retract(&d, &headers, block); /* as writer/main.c does with a snapshot */
	return err;
}

static void off(void)
{
	puts("reset");
}

static void must(int err)
{
	if (err) {
		fprintf(stderr, "trace: error %d\n", err);
		exit(1);
	}
}

static void must_fail(int err)
{
	if (!err) {
		fprintf(stderr, "trace: what must fail did not\n");
		exit(1);
	}
}

static void own_cycle(void)
{
	must(save());
	off();
	must(set_state(IMG_LOADING, 1));
	must(set_state(IMG_LAUNCHED, 0));
	must(set_state(IMG_CONSUMED, 0));
	must(save());
	off();
	must(set_state(IMG_LOADING, 1));
	off();
	must(set_state(IMG_LOADING, 1));
	must(set_state(IMG_LAUNCHED, 0));
}

static void own_snapshot(void)
{
	must(save());
	must(set_state(IMG_LAUNCHED, 0));
	must(save());
	off();
}

static void own_header_fails(void)
{
	must(save());
	off();
	told.fails = true;
	must_fail(set_state(IMG_LOADING, 1));
	off();
	must(set_state(IMG_LOADING, 1));
	must(set_state(IMG_LAUNCHED, 0));
}

static void own_snapshot_fails(void)
{
	must(save());
	told.fails = true;
	must_fail(set_state(IMG_LAUNCHED, 0));
	off();
}

/* As judge_own.c tells the state: by the header that counts. */
static int own_door(void)
{
	struct img_headers headers;
	struct img_fault fault;
	struct img_source source = area_source(&area);
	assert_int_equal(img_read_headers(&source, block, &headers, &fault), 0);
	return door(headers.h.hash);
}

/* A start that left its trace on the image, two that did not, and no more of them. */
static void own_starts(void)
{
	must(save());
	off();
	must(own_door());
	must(set_state(IMG_LOADING, 1));
	off();
	must(own_door());
	off();
	must(own_door());
	off();
	must_fail(own_door());
}

/* It stays LOADING while its system is entered (own_kind.c), which then says that it runs; any number of times. */
static void own_reusable(void)
{
	must(save());
	for (int i = 0; i < 2; i++) {
		off();
		must(set_state(IMG_LOADING, 1));
		must(set_state(IMG_VALID, 0));
	}
	off();
	must(set_state(IMG_LOADING, 1));
	off();
	must(set_state(IMG_LOADING, 1));
	must(set_state(IMG_VALID, 0));
}

/* ---- stock images ---- */

static struct stock_disk stock;

#define FACTS_PHYS 0x3000000ull

static const struct memory_range ram = {.start = 0x100000, .end = 0x8000000, .type = MEMORY_RAM};
static uint8_t facts_file[FACTS_FILE_BYTES];
static struct boot_info bi;

/* Facts as arm writes them, of the boot whose boot ID has this first byte changed; before any: none. */
static void arm(uint8_t other)
{
	const struct swsusp_info *info = &stock.stock.image.info;
	const struct memory_range m = {ram.start, ram.end, MEMORY_RAM, 0};
	uint8_t page[SWB_PAGE];
	uint64_t pfn = stock.image.frames[0]; /* with data, and soon looked at */
	swb_content(pfn, page);
	struct facts f = {.map_known = FACTS_MAP_CERTAIN,
		.map_crc = info->e820_crc,
		.jump_address = info->jump_address,
		.jump_address_phys = info->jump_address_phys,
		.boot_id_phys = pfn * SWB_PAGE,
		.tables_known = 1,
		.resume_offset = stock.stock.swap_page};
	memcpy(f.swap_uuid, stock.stock.header.uuid, 16);
	memcpy(f.boot_id, page, 16);
	f.boot_id[0] ^= other;
	struct state_writer w;
	size_t bytes;
	state_begin(&w, facts_file + sizeof(struct facts_head), FACTS_STREAM_MAX);
	state_put(&w, &facts_desc, &f, 1);
	state_put(&w, &saved_memory_desc, &m, 1);
	assert_int_equal(state_finish(&w, &bytes), 0);
	assert_int_equal(facts_seal(facts_file, bytes), 0);
}

static void disarm(void)
{
	assert_int_equal(facts_seal(facts_file, 0), 0);
}

/* By the kernel's own rule it is taken in any case. */
static void stock_judged(void)
{
	static uint8_t work[STOCK_CHECK_WORK_BYTES] __attribute__((aligned(4096)));
	static struct tables none;
	static const struct acpi acpi;
	static const struct this_cpu cpu;
	const struct stock_now now = {.bi = &bi,
		.options = &stock.options,
		.acpi = &acpi,
		.tables = &none,
		.cpu = &cpu,
		.disks = &stock.disks,
		.work = work};
	must(stock_check(&stock.stock, &now));
	printf("facts %d\n", stock.stock.facts != NULL);
}

static void stock_open_it(void)
{
	const struct swsusp_e820 e = {ram.start, ram.end - ram.start, ram.type};
	assert_int_equal(stock_disk_find(&stock), 0);
	assert_int_equal(stock_open(&stock.stock, &stock.arena), 0);
	/* The builder's image is of another machine. */
	stock.stock.image.info.e820_crc = bi.map_crc[0].crc = swsusp_e820_crc(&e, 1);
}

static void stock_image(const struct swb_params *p)
{
	stock_disk_init(&stock, p, 512);
	bi = (struct boot_info){.n_memory = 1,
		.memory = {ram},
		.facts = FACTS_PHYS,
		.facts_bytes = sizeof(facts_file),
		.n_map_crc = 1};
	fake_memory_add(FACTS_PHYS, facts_file, sizeof(facts_file));
	stock_open_it();
}

/* Power on, by way of a core that judges. */
static void stock_start(void)
{
	puts("reset");
	stock_open_it();
	stock_judged();
	told.swap_lba = DISK_LBA;
	if (stock.disk.dev.ops != &told.ops)
		tell(&stock.disk.dev);
}

static void stock_cycle(void)
{
	static const struct swb_params params = {.codec = SWB_LZO, .n_data = 200, .gap_every = 9};
	stock_image(&params);
	stock_start();
	must(stock_count_attempt(&stock.stock));
	stock_start();
	must(stock_count_attempt(&stock.stock));
	must(stock_consume(&stock.stock));
}

static void stock_fails(void)
{
	static const struct swb_params params = {.codec = SWB_LZ4, .n_data = 200};
	stock_image(&params);
	stock_start();
	told.fails = true;
	must_fail(stock_count_attempt(&stock.stock));
	stock_start();
	must(stock_count_attempt(&stock.stock));
	must(stock_consume(&stock.stock));
}

/* As judge_stock.c tells the state: by the header page. */
static int stock_door(void)
{
	return door(img_hash(stock.stock.header_page, IMG_PAGE_BYTES));
}

static void stock_starts(void)
{
	static const struct swb_params params = {.codec = SWB_LZO, .n_data = 200};
	stock_image(&params);
	stock_start();
	must(stock_door());
	stock_judged(); /* the core */
	must(stock_count_attempt(&stock.stock));
	stock_start();
	must(stock_door());
	stock_start();
	must(stock_door());
	stock_start();
	must_fail(stock_door());
}

static const struct swb_params armed_params = {.codec = SWB_LZO, .n_data = 200};

static void armed_resume(void)
{
	stock_image(&armed_params);
	arm(0);
	stock_start();
	must(stock_count_attempt(&stock.stock));
	must(stock_consume(&stock.stock));
	stock_disk_free(&stock);
	stock_image(&armed_params);
}

/* With facts, and then disarmed. */
static void stock_facts(void)
{
	armed_resume();
	disarm();
	stock_start();
	must(stock_count_attempt(&stock.stock));
	must(stock_consume(&stock.stock));
}

/* Facts of the boot before, which the boot ID tells apart. */
static void stock_stale_facts(void)
{
	armed_resume();
	arm(1);
	stock_start();
	must(stock_count_attempt(&stock.stock));
	stock_start();
	must(stock_count_attempt(&stock.stock));
	must(stock_consume(&stock.stock));
}

static const struct {
	const char *name;
	void (*run)(void);
	bool is_own;
} histories[] = {
	{"own-cycle", own_cycle, true},
	{"own-snapshot", own_snapshot, true},
	{"own-header-fails", own_header_fails, true},
	{"own-snapshot-fails", own_snapshot_fails, true},
	{"own-starts", own_starts, true},
	{"own-reusable", own_reusable, true},
	{"stock-cycle", stock_cycle, false},
	{"stock-fails", stock_fails, false},
	{"stock-starts", stock_starts, false},
	{"stock-facts", stock_facts, false},
	{"stock-stale-facts", stock_stale_facts, false},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(histories) / sizeof(histories[0]); i++) {
		if (argc < 2) {
			puts(histories[i].name);
		} else if (!strcmp(argv[1], histories[i].name)) {
			if (histories[i].is_own)
				own_disk();
			histories[i].run();
			return 0;
		}
	}
	return argc < 2 ? 0 : 1;
}

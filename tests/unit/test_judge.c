/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge: which image, and may it be resumed? A table of machines; every combination of what can lie on
 * the disk, asked at the EFI door and in both runs of the core; and boots one after the other, that must come
 * to an end.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge_world.h"
#include "log_text.h"

static struct world w;

/* ---- the table ---- */

static void less_memory(void)
{
	w.bi.memory[3].end = 0x2000000;
}

static void by_uefi(void)
{
	w.bi.efi_systab = 0x3fe0000;
}

static void other_processor_model(void)
{
	w.cpu.cpuid_1_eax++;
}

static void other_apic_id(void)
{
	w.door_apic_id = w.core_apic_id = 0;
}

static void tables_moved(void)
{
	w.acpi.rsdp = 0xf5b40;
}

static void another_virtual_machine(void)
{
	w.cpu.hypervisor = 1;
	w.tables.facs_signature++;
}

static void read_only(void)
{
	w.disk[0].dev.read_only = true;
}

static void force(void)
{
	world_options(&w, "force=1");
}

static void force_and_read_only(void)
{
	force();
	read_only();
}

static void more_attempts(void)
{
	world_options(&w, "attempts=3");
}

static void only_swap(void)
{
	w.options.area.by = PLACE_NONE;
}

static void only_area(void)
{
	w.options.swap.by = PLACE_NONE;
}

/* Little but the image's own memory. */
static void crowded(void)
{
	w.bi.n_memory = 4;
	w.bi.memory[3].start = 0xc00000;
	w.bi.memory[3].end = 0x1400000;
}

static void no_disk_at_all(void)
{
	w.core_sees.n = w.door_sees.n = 0;
}

static void door_misses_data_disk(void)
{
	w.door_sees.n = 1;
}

static void only_core_misses_data_disk(void)
{
	w.core_sees.n = 1;
}

static const struct row {
	const char *name;
	enum own_is own;
	enum stock_is stock;
	enum mounted_is mounted;
	void (*change)(void);
	enum judge_kind kind; /* the answer in the core */
	int err;
	const char *reason; /* in it; NULL: err is 0 */
	int door_err;
} rows[] = {
	/* One kind alone. */
	{"own", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME, NULL, JUDGE_OWN, 0, NULL, 0},
	{"stock", OWN_ABSENT, STOCK_VALID, MOUNTED_SAME, NULL, JUDGE_STOCK, 0, NULL, 0},
	{"nothing", OWN_ABSENT, STOCK_ABSENT, MOUNTED_SAME, NULL, JUDGE_NONE, IMG_ERR_NO_AREA,
		"no image area", IMG_ERR_NO_AREA},
	{"no disk", OWN_VALID, STOCK_VALID, MOUNTED_SAME, no_disk_at_all, JUDGE_NONE, ERR_NOT_FOUND,
		"not found: area=lba:64+2048, swap=lba:2176+2464", ERR_NOT_FOUND},
	/* What is old or damaged of one kind hides nothing of the other. */
	{"launched, stock", OWN_LAUNCHED, STOCK_VALID, MOUNTED_SAME, NULL, JUDGE_STOCK, 0, NULL, 0},
	{"consumed, stock", OWN_CONSUMED, STOCK_VALID, MOUNTED_WRITTEN, NULL, JUDGE_STOCK, 0, NULL,
		0},
	{"tried out, stock", OWN_TRIED, STOCK_VALID, MOUNTED_SAME, NULL, JUDGE_STOCK, 0, NULL, 0},
	{"empty, stock", OWN_EMPTY, STOCK_VALID, MOUNTED_SAME, NULL, JUDGE_STOCK, 0, NULL, 0},
	{"damaged header, stock", OWN_DAMAGED, STOCK_VALID, MOUNTED_SAME, NULL, JUDGE_STOCK, 0,
		NULL, 0},
	{"damaged root, stock", OWN_NO_ROOT, STOCK_VALID, MOUNTED_SAME, NULL, JUDGE_STOCK, 0, NULL,
		0},
	{"stale, stock", OWN_VALID, STOCK_VALID, MOUNTED_WRITTEN, NULL, JUDGE_STOCK, 0, NULL, 0},
	{"own, damaged stock", OWN_VALID, STOCK_DAMAGED, MOUNTED_UNKNOWN, NULL, JUDGE_OWN, 0, NULL,
		0},
	{"own, stock tried out", OWN_VALID, STOCK_TRIED, MOUNTED_UNKNOWN, NULL, JUDGE_OWN, 0, NULL,
		0},
	{"own, stock in use", OWN_VALID, STOCK_IN_USE, MOUNTED_UNKNOWN, NULL, JUDGE_OWN, 0, NULL,
		0},
	{"another processor, stock", OWN_VALID, STOCK_VALID, MOUNTED_SAME, other_apic_id,
		JUDGE_STOCK, 0, NULL, 0},
	/* Both. */
	{"both, own untouched", OWN_VALID, STOCK_VALID, MOUNTED_SAME, NULL, JUDGE_OWN, 0, NULL, 0},
	{"both, own mounted nothing", OWN_VALID, STOCK_VALID, MOUNTED_NOTHING, NULL, JUDGE_OWN, 0,
		NULL, 0},
	{"both, nobody knows", OWN_VALID, STOCK_VALID, MOUNTED_UNKNOWN, NULL, JUDGE_OWN,
		ERR_AMBIGUOUS, "name one by area= or swap=", ERR_AMBIGUOUS},
	{"both, one is named", OWN_VALID, STOCK_VALID, MOUNTED_UNKNOWN, only_area, JUDGE_OWN, 0,
		NULL, 0},
	{"both, the other is named", OWN_VALID, STOCK_VALID, MOUNTED_SAME, only_swap, JUDGE_STOCK,
		0, NULL, 0},
	/* Refusals. */
	{"launched", OWN_LAUNCHED, STOCK_ABSENT, MOUNTED_SAME, NULL, JUDGE_OWN, IMG_ERR_SPENT,
		"image on ram sector 64: the image was resumed before", IMG_ERR_SPENT},
	{"consumed", OWN_CONSUMED, STOCK_ABSENT, MOUNTED_SAME, NULL, JUDGE_OWN, IMG_ERR_SPENT,
		"resumed before", IMG_ERR_SPENT},
	{"tried out", OWN_TRIED, STOCK_ABSENT, MOUNTED_SAME, NULL, JUDGE_OWN, ERR_ATTEMPTS,
		"image on ram sector 64: too many failed attempts", ERR_ATTEMPTS},
	{"stock tried out", OWN_ABSENT, STOCK_TRIED, MOUNTED_SAME, NULL, JUDGE_STOCK, ERR_ATTEMPTS,
		"hibernation image on ram sector 2176: too many failed attempts", ERR_ATTEMPTS},
	{"empty", OWN_EMPTY, STOCK_ABSENT, MOUNTED_SAME, NULL, JUDGE_NONE, IMG_ERR_EMPTY, "image",
		IMG_ERR_EMPTY},
	{"damaged header", OWN_DAMAGED, STOCK_ABSENT, MOUNTED_SAME, NULL, JUDGE_NONE,
		IMG_ERR_HEADER, "the image header is damaged", IMG_ERR_HEADER},
	{"damaged root", OWN_NO_ROOT, STOCK_ABSENT, MOUNTED_SAME, NULL, JUDGE_OWN, IMG_ERR_ROOT,
		"the image root is damaged", IMG_ERR_ROOT},
	{"stock damaged", OWN_ABSENT, STOCK_DAMAGED, MOUNTED_SAME, NULL, JUDGE_STOCK,
		SWSUSP_ERR_MAP, "hibernation image on ram sector 2176", SWSUSP_ERR_MAP},
	{"stock in use", OWN_ABSENT, STOCK_IN_USE, MOUNTED_SAME, NULL, JUDGE_STOCK, ERR_BUSY,
		"first sector is in use", ERR_BUSY},
	{"other memory map", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME, less_memory, JUDGE_OWN,
		ERR_MEMORY_MAP, "the memory map does not fit", ERR_MEMORY_MAP},
	{"other memory map, both", OWN_VALID, STOCK_VALID, MOUNTED_SAME, crowded, JUDGE_OWN,
		ERR_MEMORY_MAP, "the memory map does not fit", ERR_MEMORY_MAP},
	{"no room beside stock", OWN_ABSENT, STOCK_VALID, MOUNTED_SAME, crowded, JUDGE_STOCK,
		ERR_NO_MEMORY, "no memory that the image does not need", ERR_NO_MEMORY},
	{"other firmware", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME, by_uefi, JUDGE_OWN, ERR_PLATFORM,
		"the firmware does not fit", ERR_PLATFORM},
	{"other processor", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME, other_processor_model, JUDGE_OWN,
		ERR_CPU, "processor", ERR_CPU},
	{"other APIC ID", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME, other_apic_id, JUDGE_OWN, ERR_CPU,
		"another processor than the one", ERR_CPU},
	{"tables moved", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME, tables_moved, JUDGE_OWN,
		ERR_PLATFORM, "the ACPI tables lie elsewhere", ERR_PLATFORM},
	{"another FACS signature, virtual", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME,
		another_virtual_machine, JUDGE_OWN, ERR_PLATFORM, "the firmware does not fit",
		ERR_PLATFORM},
	{"read-only", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME, read_only, JUDGE_OWN, ERR_READ_ONLY,
		"the disk is read-only", ERR_READ_ONLY},
	{"stock read-only", OWN_ABSENT, STOCK_VALID, MOUNTED_SAME, read_only, JUDGE_STOCK,
		ERR_READ_ONLY, "the swap device is read-only", ERR_READ_ONLY},
	{"changed", OWN_VALID, STOCK_ABSENT, MOUNTED_WRITTEN, NULL, JUDGE_OWN, ERR_FILESYSTEM,
		"file system /home (ext4, sdb1) has changed since the save", ERR_FILESYSTEM},
	/* What is missing is for the core to judge: the firmware may not show it. */
	{"missing", OWN_VALID, STOCK_ABSENT, MOUNTED_MISSING, NULL, JUDGE_OWN, ERR_FILESYSTEM,
		"/home (ext4, sdb1) is missing", 0},
	{"not shown at the door", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME, door_misses_data_disk,
		JUDGE_OWN, 0, NULL, 0},
	{"not shown by our drivers", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME,
		only_core_misses_data_disk, JUDGE_OWN, ERR_FILESYSTEM, "is missing", 0},
	{"missing, stock", OWN_VALID, STOCK_VALID, MOUNTED_MISSING, NULL, JUDGE_STOCK, 0, NULL,
		ERR_AMBIGUOUS},
	/* force=1. */
	{"launched, forced", OWN_LAUNCHED, STOCK_ABSENT, MOUNTED_WRITTEN, force, JUDGE_OWN, 0, NULL,
		0},
	{"tried out, forced", OWN_TRIED, STOCK_ABSENT, MOUNTED_SAME, force, JUDGE_OWN, 0, NULL, 0},
	{"tried out, more attempts", OWN_TRIED, STOCK_ABSENT, MOUNTED_SAME, more_attempts,
		JUDGE_OWN, 0, NULL, 0},
	{"changed, forced", OWN_VALID, STOCK_ABSENT, MOUNTED_WRITTEN, force, JUDGE_OWN, 0, NULL, 0},
	{"missing, forced", OWN_VALID, STOCK_ABSENT, MOUNTED_MISSING, force, JUDGE_OWN, 0, NULL, 0},
	{"stock tried out, forced", OWN_ABSENT, STOCK_TRIED, MOUNTED_SAME, force, JUDGE_STOCK, 0,
		NULL, 0},
	{"empty, forced", OWN_EMPTY, STOCK_ABSENT, MOUNTED_SAME, force, JUDGE_NONE, IMG_ERR_EMPTY,
		"image", IMG_ERR_EMPTY},
	{"read-only, forced", OWN_VALID, STOCK_ABSENT, MOUNTED_SAME, force_and_read_only, JUDGE_OWN,
		ERR_READ_ONLY, "read-only", ERR_READ_ONLY},
	/* What needs no force goes first. */
	{"launched, stock, forced", OWN_LAUNCHED, STOCK_VALID, MOUNTED_SAME, force, JUDGE_STOCK, 0,
		NULL, 0},
	{"changed, stock, forced", OWN_VALID, STOCK_VALID, MOUNTED_WRITTEN, force, JUDGE_STOCK, 0,
		NULL, 0},
	{"own, stock tried out, forced", OWN_VALID, STOCK_TRIED, MOUNTED_SAME, force, JUDGE_OWN, 0,
		NULL, 0},
	{"both tried out, forced", OWN_TRIED, STOCK_TRIED, MOUNTED_SAME, force, JUDGE_OWN, 0, NULL,
		0},
	{"both, nobody knows, forced", OWN_VALID, STOCK_VALID, MOUNTED_UNKNOWN, force, JUDGE_OWN, 0,
		NULL, 0},
};

static struct {
	uint8_t bytes[4u << 20];
	uint64_t n;
} copy;

static void copy_disk(void)
{
	copy.n = w.disk[0].dev.n_sectors * w.disk[0].dev.sector_bytes;
	assert_true(copy.n <= sizeof(copy.bytes));
	memcpy(copy.bytes, w.disk[0].bytes, copy.n);
}

static void check_untouched(void)
{
	assert_memory_equal(copy.bytes, w.disk[0].bytes, copy.n);
}

static void check_row(const struct row *r)
{
	print_message("           %s\n", r->name);
	world_init(&w, r->own, r->stock, r->mounted);
	if (r->change)
		r->change();
	copy_disk();
	log_text_start();
	if (world_judge(&w, DOOR) != r->door_err)
		fail_msg("at the door: %d: %s", w.answer.err, w.answer.reason);
	if (world_judge(&w, CORE) != r->err || w.answer.kind != r->kind)
		fail_msg("kind %u, %d: %s", w.answer.kind, w.answer.err, w.answer.reason);
	if (r->reason && !strstr(w.answer.reason, r->reason))
		fail_msg("another reason: %s", w.answer.reason);
	if (!r->reason)
		assert_string_equal(w.answer.reason, "");
	check_untouched();
	world_free(&w);
}

TEST(table)
{
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

/* ---- every combination ---- */

/* The answer, as far as what follows depends on it. */
static void check_answer(const struct judgment *j)
{
	if (j->err) {
		assert_true(j->reason[0] != 0);
		return;
	}
	assert_true(j->kind != JUDGE_NONE && j->seen | j->forced && j->state != 0);
	assert_true(j->forced ? w.options.force : 1);
}

/* Whatever the core refuses the door has refused, or has said that it cannot know; and the second run says
 * what the first one said. */
static void check_agreement(void)
{
	int door = world_judge(&w, DOOR);
	enum judge_kind door_kind = w.answer.kind;
	uint32_t left = w.answer.left;
	uint64_t door_state = w.answer.state;
	check_answer(&w.answer);
	int core = world_judge(&w, CORE);
	enum judge_kind kind = w.answer.kind;
	uint64_t core_state = w.answer.state;
	check_answer(&w.answer);
	if (door == 0 && core != 0)
		assert_true(left & JUDGE_LEFT_MISSING);
	if (door == 0 && core == 0)
		assert_true(
			door_kind == kind ? door_state == core_state : left & JUDGE_LEFT_MISSING);
	assert_int_equal(world_judge(&w, CORE_MOVED), core);
	assert_true(w.answer.kind == kind && w.answer.state == core_state);
}

TEST(every_combination)
{
	log_text_start();
	for (enum own_is own = 0; own < OWN_STATES; own++)
		for (enum stock_is stock = 0; stock < STOCK_STATES; stock++)
			for (enum mounted_is m = 0; m < MOUNTED_STATES; m++) {
				world_init(&w, own, stock, m);
				copy_disk();
				check_agreement();
				force();
				check_agreement();
				check_untouched();
				world_free(&w);
			}
}

TEST(says_what_force_destroys)
{
	world_init(&w, OWN_CONSUMED, STOCK_ABSENT, MOUNTED_WRITTEN);
	assert_int_equal(world_judge(&w, CORE), IMG_ERR_SPENT);
	log_text_start();
	judge_log_loss(&w.answer);
	assert_logged("would destroy what was written since the save to /home (ext4, sdb1)");
	force();
	assert_int_equal(world_judge(&w, CORE), 0);
	log_text_start();
	judge_log_loss(&w.answer);
	assert_logged("force=1 destroys what was written since the save to /home");
	world_free(&w);
	/* Nothing to lose: nothing said, at the door neither. */
	world_init(&w, OWN_VALID, STOCK_VALID, MOUNTED_SAME);
	for (enum who who = DOOR; who <= CORE_MOVED; who++) {
		assert_int_equal(world_judge(&w, who), 0);
		log_text_start();
		judge_log_loss(&w.answer);
		assert_false(log_text_has("destroy"));
	}
	world_free(&w);
}

/* ---- boots, one after the other ---- */

/* The firmware's variables. */
enum variables { KEPT, FULL, LIES, VOLATILE_ONLY, REFUSED_AT_FIRST, VARIABLES };

static struct {
	enum variables kind;
	uint8_t bytes[64];
	uint32_t n;
	uint32_t n_writes;
} variable;

static int variable_read(void *ctx, void *buf, uint32_t *bytes)
{
	(void)ctx;
	if (variable.n == 0)
		return ERR_NOT_FOUND;
	if (variable.kind == VOLATILE_ONLY)
		return ERR_LOST;
	if (variable.n <= *bytes)
		memcpy(buf, variable.bytes, variable.n);
	*bytes = variable.n;
	return 0;
}

static int variable_write(void *ctx, const void *buf, uint32_t bytes)
{
	(void)ctx;
	variable.n_writes++;
	if (variable.kind == FULL || (variable.kind == REFUSED_AT_FIRST && variable.n))
		return ERR_FIRMWARE;
	if (variable.kind == LIES)
		return 0;
	memcpy(variable.bytes, buf, bytes);
	variable.n = bytes;
	return 0;
}

static int variable_remove(void *ctx)
{
	(void)ctx;
	if (variable.n == 0)
		return ERR_NOT_FOUND;
	variable.n = 0;
	return 0;
}

static const struct start_store store = {
	.read = variable_read, .write = variable_write, .remove = variable_remove};

static void variable_is(enum variables kind)
{
	memset(&variable, 0, sizeof(variable));
	variable.kind = kind;
}

static int count(uint32_t *ret_before)
{
	static uint8_t work[4096] __attribute__((aligned(4096)));
	uint64_t around = start_around(&w.door_sees, w.cmdline, work);
	return start_count(&store, &w.answer, around, &w.options, ret_before);
}

/* How a start of the core ends. */
enum core_does {
	CORE_SEES_NO_DISK,    /* refuses in its first run: nothing is written */
	CORE_OTHER_PROCESSOR, /* so it does */
	CORE_LOSES_DATA_DISK,
	CORE_FAILS_RESTORE, /* after the attempt was counted */
	CORE_HANGS,         /* before it: the machine is switched off and on */
	CORE_LAUNCHES,      /* the resumed system is switched off later; its disks have changed */
	CORE_DOES_N
};

/* false: the firmware went on to its next boot entry. */
static bool boot(enum core_does does, uint32_t turn)
{
	uint32_t before;
	if (world_judge(&w, DOOR) || count(&before))
		return false;
	w.core_apic_id = does == CORE_OTHER_PROCESSOR ? 7 : w.door_apic_id;
	w.core_sees.n = does == CORE_SEES_NO_DISK ? 0 : does == CORE_LOSES_DATA_DISK ? 1 : 2;
	if (world_judge(&w, CORE) || does == CORE_HANGS)
		return true;
	assert_int_equal(world_judge(&w, CORE_MOVED), 0);
	world_count_attempt(&w);
	if (does == CORE_FAILS_RESTORE)
		return true;
	world_launch(&w);
	memset(w.disk[1].bytes + 65 * 512, (int)turn + 1, 512);
	return true;
}

#define BOOTS_MAX 64u /* far more than any count allows */

static uint32_t boots_until_the_end(enum core_does does)
{
	uint32_t n = 0;
	while (n < BOOTS_MAX && boot(does, n))
		n++;
	return n;
}

/* As it was at the copy; what was mounted has not changed. */
static void back_to_copy(void)
{
	memcpy(w.disk[0].bytes, copy.bytes, copy.n);
	memset(w.disk[1].bytes, 0, w.disk[1].dev.n_sectors * w.disk[1].dev.sector_bytes);
}

/* Whatever lies on the disk, whatever fails: the boot entry that comes first lets the next one have its turn.
 * force=1 where no count is kept is the one exception: a person said so. */
TEST(no_boot_loop)
{
	uint32_t most = 0;
	static const enum own_is own[] = {OWN_ABSENT, OWN_VALID, OWN_LAUNCHED, OWN_TRIED};
	static const enum stock_is stock[] = {STOCK_ABSENT, STOCK_VALID, STOCK_TRIED};
	for (uint32_t i = 0; i < 4 * 3; i++) {
		world_init(&w, own[i / 3], stock[i % 3], MOUNTED_SAME);
		copy_disk();
		for (enum core_does does = 0; does < CORE_DOES_N; does++)
			for (uint32_t k = 0; k < 4; k++) {
				bool is_kept = k / 2 == 0, is_forced = k % 2;
				back_to_copy();
				variable_is(is_kept ? KEPT : LIES);
				world_options(&w, is_forced ? "force=1" : "");
				uint32_t n = boots_until_the_end(does);
				most = n > most && n < BOOTS_MAX ? n : most;
				if (n == BOOTS_MAX && (is_kept || !is_forced))
					fail_msg("own %u, stock %u, core %u, kept %u, force %u",
						own[i / 3], stock[i % 3], does, is_kept, is_forced);
			}
		world_free(&w);
	}
	print_message("           at most %u starts in a row\n", most);
}

/* A disk that the firmware shows every other time makes the surroundings new, but not for ever. */
TEST(no_boot_loop_with_a_flickering_disk)
{
	world_init(&w, OWN_VALID, STOCK_ABSENT, MOUNTED_SAME);
	variable_is(KEPT);
	uint32_t n = 0;
	for (; n < BOOTS_MAX; n++) {
		w.door_sees.n = 1 + n % 2;
		if (!boot(CORE_OTHER_PROCESSOR, n))
			break;
	}
	assert_int_equal(n, OPTIONS_ATTEMPTS_DEFAULT + STARTS_MORE_IN_ALL);
	world_free(&w);
}

TEST(counts_anew)
{
	uint32_t before = 9;
	log_text_start();
	world_init(&w, OWN_VALID, STOCK_ABSENT, MOUNTED_SAME);
	variable_is(KEPT);
	for (uint32_t i = 0; i < OPTIONS_ATTEMPTS_DEFAULT; i++) {
		assert_int_equal(world_judge(&w, DOOR), 0);
		assert_int_equal(count(&before), 0);
		assert_int_equal(before, i);
	}
	assert_int_equal(count(&before), ERR_ATTEMPTS);
	assert_int_equal(before, OPTIONS_ATTEMPTS_DEFAULT);
	/* The same disks in another order are the same. */
	w.door_sees.dev[0] = &w.disk[1].dev;
	w.door_sees.dev[1] = &w.disk[0].dev;
	assert_int_equal(count(&before), ERR_ATTEMPTS);
	/* With other disks, another command line, a counted attempt, a new image: from the start. */
	w.door_sees.n = 1;
	assert_int_equal(count(&before), 0);
	assert_int_equal(before, 0);
	w.door_sees.n = 2;
	more_attempts();
	assert_int_equal(count(&before), 0);
	assert_int_equal(before, 0);
	assert_int_equal(world_judge(&w, CORE), 0);
	world_count_attempt(&w);
	assert_int_equal(world_judge(&w, DOOR), 0);
	assert_int_equal(count(&before), 0);
	assert_int_equal(before, 0);
	world_free(&w);
}

/* No count, no start; and one clear way out. */
TEST(a_count_that_is_not_kept)
{
	static const enum variables bad[] = {FULL, LIES, VOLATILE_ONLY};
	uint32_t before;
	world_init(&w, OWN_VALID, STOCK_ABSENT, MOUNTED_SAME);
	for (uint32_t i = 0; i < 3; i++) {
		variable_is(bad[i]);
		world_options(&w, "");
		assert_int_equal(world_judge(&w, DOOR), 0);
		log_text_start();
		assert_int_equal(count(&before), ERR_LOST);
		assert_logged("does not keep the count of starts");
		force();
		assert_int_equal(count(&before), 0);
		assert_logged("force=1: starting without");
	}
	world_free(&w);
}

/* What is not what we wrote is none: shorter, longer, one bit wrong; and in the way, it is removed. */
TEST(a_variable_that_makes_no_sense)
{
	uint32_t before;
	world_init(&w, OWN_VALID, STOCK_ABSENT, MOUNTED_SAME);
	assert_int_equal(world_judge(&w, DOOR), 0);
	for (uint32_t n = 1; n <= sizeof(variable.bytes); n++) {
		variable_is(KEPT);
		variable.n = n;
		memset(variable.bytes, 0xff, n);
		assert_int_equal(count(&before), 0);
		assert_int_equal(before, 0);
		assert_int_equal(variable.n, sizeof(struct starts));
	}
	for (uint32_t bit = 0; bit < 8 * sizeof(struct starts); bit++) {
		variable_is(KEPT);
		assert_int_equal(count(&before), 0);
		variable.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(count(&before), 0);
		assert_int_equal(before, 0);
	}
	variable_is(REFUSED_AT_FIRST);
	variable.n = 3;
	assert_int_equal(count(&before), 0);
	assert_int_equal(count(&before), 0);
	assert_int_equal(before, 1);
	world_free(&w);
}

/* At an ordinary boot nothing is written to the firmware's store, as it wears out. */
TEST(ordinary_boots_write_nothing)
{
	static const enum own_is own[] = {
		OWN_ABSENT, OWN_EMPTY, OWN_CONSUMED, OWN_LAUNCHED, OWN_DAMAGED};
	for (uint32_t i = 0; i < 5; i++) {
		world_init(&w, own[i], STOCK_ABSENT, MOUNTED_SAME);
		variable_is(KEPT);
		assert_false(boot(CORE_LAUNCHES, 0));
		assert_false(w.answer.seen);
		assert_int_equal(variable.n_writes, 0);
		world_free(&w);
	}
}

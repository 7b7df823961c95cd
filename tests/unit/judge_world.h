/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with one of our own images and a stock kernel's on its disk, as the EFI door and the core see
 * it: for the suites of the judge. */
#ifndef TESTS_UNIT_JUDGE_WORLD_H
#define TESTS_UNIT_JUDGE_WORLD_H

#include "fake_ram_disk.h"
#include "judge.h"
#include "saved_machine.h"
#include "start_count.h"
#include "swsusp_builder.h"

/* How a place on the disk is when the machine starts. */
enum own_is {
	OWN_ABSENT, /* no header of ours at all */
	OWN_EMPTY,
	OWN_VALID,
	OWN_LAUNCHED,
	OWN_CONSUMED,
	OWN_TRIED,   /* LOADING, as often as is allowed */
	OWN_DAMAGED, /* both header copies */
	OWN_NO_ROOT, /* good headers, the root is damaged */
	OWN_STATES
};
enum stock_is {
	STOCK_ABSENT, /* plain swap space */
	STOCK_VALID,
	STOCK_TRIED,
	STOCK_DAMAGED, /* the frame list */
	STOCK_IN_USE,  /* something else lies where attempts are counted */
	STOCK_STATES
};
/* What the own system had mounted, on the second disk. */
enum mounted_is {
	MOUNTED_SAME,
	MOUNTED_WRITTEN, /* by another system, since */
	MOUNTED_MISSING, /* the disk is not there */
	MOUNTED_NOTHING,
	MOUNTED_UNKNOWN, /* the image does not say */
	MOUNTED_STATES
};

/* Less than on metal, since it is zeroed anew for each look. */
#define WORLD_ARENA_BYTES (3u << 20)

struct world {
	struct fake_ram_disk disk[2]; /* both images; a file system */
	struct disks core_sees, door_sees;
	struct options options;
	const char *cmdline;
	struct boot_info bi;
	struct acpi acpi;
	struct tables tables;
	struct this_cpu cpu;
	uint32_t door_apic_id, core_apic_id;
	struct judgment answer;
	uint8_t *memory; /* WORLD_ARENA_BYTES */
};

void world_init(struct world *w, enum own_is own, enum stock_is stock, enum mounted_is mounted);
void world_free(struct world *w);

/* The options of this command line, behind the names of the places. */
void world_options(struct world *w, const char *words);

enum who { DOOR, CORE, CORE_MOVED };

/* Asks the judge in a new boot; the answer is in w->answer. */
int world_judge(struct world *w, enum who who);

/* As the core's second run counts an attempt for the answer. */
void world_count_attempt(struct world *w);

/* As it launches. */
void world_launch(struct world *w);

#endif

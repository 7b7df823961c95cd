/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Placement of stock images on memory maps of machines as they are.
 *
 *     maps PROGRAM_BYTES FILE...         each map for itself, in every fill and shape
 *     maps PROGRAM_BYTES -p OLD NEW...   images made on OLD's map, placed on NEW's; any number of pairs
 *
 * Prints a line for each failure, a table, and "N passed, N failed". What is right comes from expected.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_memory.h"
#include "expected.h"
#include "log.h"
#include "low_memory.h"
#include "made_image.h"
#include "map_file.h"
#include "smp.h"
#include "stock_facts.h"
#include "stock_place.h"

#define PROGRAM_BEFORE 815270u
#define OLD_ROOM       (3 * MAP_LINES_MAX)

/* Enough, whatever the loader needs beside its program: what it always asked for, and for large machines
 * page tables and lists of frames. */
#define ENOUGH_BYTES  (12ull << 20)
#define PER_GIB_BYTES 4096u
#define PER_RUN_BYTES 16u

static const struct image_plan plans[] = {
	{"lowest", SHAPE_LOW, 40, 0},
	{"lowest", SHAPE_LOW, 49, 0},
	{"highest", SHAPE_HIGH, 40, 0},
	{"highest", SHAPE_HIGH, 49, 0},
	{"blocks of 64 KiB", SHAPE_RANDOM, 40, 64},
	{"blocks of 64 KiB", SHAPE_RANDOM, 49, 64},
	{"blocks of 256 KiB", SHAPE_RANDOM, 40, 256},
	{"blocks of 256 KiB", SHAPE_RANDOM, 49, 256},
	{"blocks of 2 MiB", SHAPE_RANDOM, 40, 2048},
	{"blocks of 2 MiB", SHAPE_RANDOM, 49, 2048},
};
#define N_PLANS (sizeof(plans) / sizeof(plans[0]))

struct count {
	uint32_t maps, placed, not_ours, refused, too_little; /* now; too_little: rightly */
	uint32_t nosave;                                      /* taken by a loader without facts */
	uint32_t before_placed, before_acpi, before_program, before_refused; /* then */
};

static struct count counts[N_PLANS];
static uint32_t n_passed, n_failed;
static uint64_t program_bytes;
static char last_line[512];

static void keep_line(const char *line, size_t len)
{
	snprintf(last_line, sizeof(last_line), "%.*s", (int)len, line);
}

static void verdict(const char *name, const char *what, const char *problem)
{
	if (!problem) {
		n_passed++;
		return;
	}
	n_failed++;
	printf("FAIL %s, %s: %s\n", name, what, problem);
}

/* ---- The loader's side ---- */

static int read_boot_info(const struct map_file *m, struct boot_info *bi)
{
	int err = 0;
	memset(bi, 0, sizeof(*bi));
	for (uint32_t i = 0; !err && i < m->n_e820; i++) {
		const struct map_line *l = &m->e820[i];
		err = boot_memory_add(bi, l->start, l->end - l->start,
			l->type >= MEMORY_RAM && l->type <= MEMORY_BAD ? l->type : MEMORY_RESERVED);
	}
	for (uint32_t i = 0; !err && m->n_e820 == 0 && i < m->n_efi; i++) {
		const struct map_line *l = &m->efi[i];
		err = boot_memory_add_efi(bi, l->type, l->start, (l->end - l->start) / 4096,
			0xf | (uint64_t)l->runtime << 63);
	}
	return err ? err : boot_memory_finish(bi);
}

/* The facts' side: RAM of the saved boot, without what its kernel left to others. */
static void read_old_ram(const struct boot_info *bi, const struct map_file *m, struct ranges *ret)
{
	static struct stock_facts f;
	f.n_memory = bi->n_memory;
	f.n_kept = 0;
	for (uint32_t i = 0; i < bi->n_memory; i++)
		f.memory[i] = bi->memory[i];
	for (uint32_t i = 0; i < m->n_nosave && f.n_kept < FACTS_KEPT_MAX; i++)
		f.kept[f.n_kept++] = (struct facts_kept){m->nosave[i].start, m->nosave[i].end};
	if (f.n_kept < m->n_nosave || stock_facts_ram(&f, 0, ret) ||
		stock_facts_remove_kept(&f, ret))
		abort();
}

struct machine {
	const struct map_file *maps[2]; /* now, when saved */
	uint32_t n_maps;                /* 1: the same */
	struct boot_info bi;
	struct ranges old_ram;
	struct intervals image_ram; /* the old kernel's: images are made of it */
	struct intervals ours;      /* RAM in both boots, which the old kernel had as its own */
	struct intervals no_facts;  /* RAM of this boot: all that is known without facts */
	struct intervals before;    /* what counted as free before */
};

static bool init(struct machine *k)
{
	static struct range room[OLD_ROOM];
	static struct boot_info old;
	const struct map_file *saved = k->maps[k->n_maps - 1];
	int err = read_boot_info(k->maps[0], &k->bi);
	if (!err)
		err = read_boot_info(saved, &old);
	if (err) {
		verdict(k->maps[0]->name, "the map", "is not taken by boot_memory");
		return false;
	}
	ranges_init(&k->old_ram, room, OLD_ROOM);
	read_old_ram(&old, saved, &k->old_ram);
	expected_ram(&saved, 1, false, &k->image_ram);
	expected_ram(k->maps, k->n_maps, false, &k->ours);
	expected_remove_nosave(saved, &k->image_ram);
	expected_remove_nosave(saved, &k->ours);
	expected_ram(k->maps, 1, false, &k->no_facts);
	expected_ram(k->maps, 1, true, &k->before);
	return true;
}

static void done(struct machine *k)
{
	intervals_free(&k->image_ram);
	intervals_free(&k->ours);
	intervals_free(&k->no_facts);
	intervals_free(&k->before);
}

/* ---- Judging ---- */

static void count_before(const struct machine *k, const struct swsusp_image *image, struct count *c)
{
	struct boot_piece piece[BOOT_REGION_MAX];
	uint32_t n = place_before(&k->before, image, PROGRAM_BEFORE, piece), on_acpi = 0;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t m = 0; m < k->n_maps; m++)
			on_acpi += is_type_in(k->maps[m], 3, piece[i].start, piece[i].bytes);
	c->before_placed += n > 0;
	c->before_refused += n == 0;
	c->before_acpi += on_acpi > 0;
	c->before_program += n && is_type_in(k->maps[0], 3, piece[0].start, PROGRAM_BEFORE);
}

static bool overlap(const struct boot_piece *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < i; j++)
			if (v[i].start < v[j].start + v[j].bytes &&
				v[j].start < v[i].start + v[i].bytes)
				return true;
	return false;
}

static bool is_enough(
	const struct machine *k, const struct swsusp_image *image, const struct intervals *ours)
{
	struct gaps g;
	uint64_t bytes = intervals_total(&k->image_ram) * 4096;
	expected_gaps(ours, image, &g);
	return g.largest >= program_bytes && g.best >= ENOUGH_BYTES +
							       (bytes >> 30) * PER_GIB_BYTES +
							       image->n_frame_runs * PER_RUN_BYTES;
}

static const char *judge_pieces(const struct machine *k, const struct swsusp_image *image,
	const struct intervals *ours, const struct boot_piece *v, uint32_t n, struct count *c)
{
	static char text[160];
	for (uint32_t i = 0; i < n; i++) {
		const char *owner =
			expected_owner(k->maps, k->n_maps, ours, image, v[i].start, v[i].bytes);
		if (!owner)
			continue;
		c->not_ours++;
		snprintf(text, sizeof(text), "piece %#llx-%#llx of the region lies on: %s",
			(unsigned long long)v[i].start,
			(unsigned long long)(v[i].start + v[i].bytes), owner);
		return text;
	}
	if (n == 0 || n > BOOT_REGION_MAX || v[0].bytes < program_bytes)
		return "the first piece does not hold the program";
	return overlap(v, n) ? "two pieces overlap" : NULL;
}

static bool any_nosave(const struct machine *k, const struct boot_piece *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (expected_is_nosave(k->maps[k->n_maps - 1], v[i].start, v[i].bytes))
			return true;
	return false;
}

/* old_ram: NULL without facts; ours: what is right to use then. */
static const char *judge_place(const struct machine *k, const struct swsusp_image *image,
	const struct ranges *old_ram, const struct intervals *ours, struct count *c)
{
	static struct stock s;
	static struct boot_piece piece[BOOT_REGION_MAX];
	struct ranges busy;
	uint32_t n = 0;
	s.image = *image;
	ranges_init(&busy, NULL, 0);
	last_line[0] = '\0';
	int err = stock_place(&s, &k->bi, old_ram, &busy, program_bytes, piece, &n);
	if (err == 0) {
		c->placed++;
		c->nosave += any_nosave(k, piece, n);
		return judge_pieces(k, image, ours, piece, n, c);
	}
	if (!strstr(last_line, "needs") || !strstr(last_line, "largest"))
		return "a refusal that does not say what is needed and what there is";
	if (is_enough(k, image, ours)) {
		c->refused++;
		return last_line;
	}
	c->too_little++;
	return NULL;
}

static bool is_ours(const struct machine *k, uint64_t page)
{
	for (uint32_t i = 0; i < k->ours.n; i++)
		if (k->ours.v[i].start * 4096 <= page &&
			page + SMP_PAGE_BYTES <= k->ours.v[i].end * 4096)
			return page % SMP_PAGE_BYTES == 0;
	return false;
}

static const char *judge_low(const struct machine *k, const struct swsusp_image *image)
{
	static struct stock s;
	s.image = *image;
	struct smp_low low = stock_place_low(&s, &k->bi, &k->old_ram, NULL, 0);
	if (low.code == 0)
		return NULL;
	if (!is_ours(k, low.code) || !is_ours(k, low.root))
		return "others begin in memory that is not RAM in both boots";
	if (low.code + SMP_PAGE_BYTES > 0xa0000 || low.root >= 1ull << 32 || low.code == low.root)
		return "others begin too high";
	return NULL;
}

static void judge_machine(struct machine *k, const char *name)
{
	struct made_image m = {0};
	char what[96];
	for (uint32_t i = 0; i < N_PLANS; i++) {
		const struct image_plan *p = &plans[i];
		made_image(&m, &k->image_ram, p);
		counts[i].maps++;
		count_before(k, &m.image, &counts[i]);
		snprintf(what, sizeof(what), "%s, %u %%", p->name, p->percent);
		verdict(name, what, judge_place(k, &m.image, &k->old_ram, &k->ours, &counts[i]));
		verdict(name, what, judge_low(k, &m.image));
		if (k->n_maps == 1) { /* without facts: this map is all there is */
			struct count other = {0};
			verdict(name, what, judge_place(k, &m.image, NULL, &k->no_facts, &other));
			counts[i].nosave += other.nosave;
		}
	}
	made_image_free(&m);
}

static void judge_files(const char *now, const char *saved)
{
	static struct map_file m[2];
	static struct machine k;
	bool good = map_file_read(now, &m[0]);
	if (!good)
		verdict(m[0].name, "the file", m[0].why);
	if (saved && !map_file_read(saved, &m[1])) {
		verdict(m[1].name, "the file", m[1].why);
		good = false;
	}
	char name[2 * sizeof(m[0].name) + 16];
	snprintf(name, sizeof(name), "%s%s%s", saved ? m[1].name : m[0].name, saved ? " on " : "",
		saved ? m[0].name : "");
	k = (struct machine){.maps = {&m[0], &m[1]}, .n_maps = saved ? 2 : 1};
	if (good && init(&k)) {
		judge_machine(&k, name);
		done(&k);
	}
	map_file_free(&m[0]);
	if (saved)
		map_file_free(&m[1]);
}

static void print_table(void)
{
	printf("%-24s %5s | before (39a3148): placed, on ACPI, program on it, refused | now: placed, not ours, refused, too little there, on nosave frames without facts\n",
		"image", "maps");
	for (uint32_t i = 0; i < N_PLANS; i++) {
		const struct count *c = &counts[i];
		printf("%-18s %2u %% %6u | %30u %8u %15u %8u | %11u %9u %8u %17u %32u\n",
			plans[i].name, plans[i].percent, c->maps, c->before_placed, c->before_acpi,
			c->before_program, c->before_refused, c->placed, c->not_ours, c->refused,
			c->too_little, c->nosave);
	}
}

int main(int argc, char **argv)
{
	static char ring[4096];
	bool pairs = argc > 3 && strcmp(argv[2], "-p") == 0;
	if (argc < 3 || (pairs && argc % 2 == 0)) {
		fprintf(stderr,
			"usage: maps PROGRAM_BYTES FILE... | maps PROGRAM_BYTES -p OLD NEW...\n");
		return 2;
	}
	log_init(ring, sizeof(ring));
	log_add_sink(keep_line);
	program_bytes = strtoull(argv[1], NULL, 10);
	for (int i = 3; pairs && i < argc; i += 2)
		judge_files(argv[i + 1], argv[i]);
	for (int i = 2; !pairs && i < argc; i++)
		judge_files(argv[i], NULL);
	print_table();
	printf("%u passed, %u failed\n", n_passed, n_failed);
	return n_failed || !n_passed;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a real hibernation image (the file of a swap partition) the way a loader would, into a sparse
 * copy of the machine's memory, and compares what it finds with what the kernel that saved it said:
 *   swsusp_check IMAGE [LOG [HEADER-PAGE]]
 * LOG: console of the kernel that saved it, with "Image created" (kernels without debugging messages do
 * not say it), "saving image data" and, from the test's init, one "memmap START END TYPE" line for each
 * entry of /sys/firmware/memmap. One fact a line; exit status 1 when one of them is wrong.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "swsusp.h"

#define WORK_BYTES (64u << 20)

struct check {
	int fd;
	struct swsusp_source src;
	struct swsusp_header header;
	struct swsusp_image img;
	struct swsusp_fault fault;
	uint8_t *memory; /* frame n at n * 4096 */
	uint64_t end_pfn;
	int wrong;
};

static int read_pages(void *ctx, uint64_t page, uint32_t n_pages, void *buf)
{
	struct check *c = ctx;
	size_t bytes = (size_t)n_pages * SWSUSP_PAGE_BYTES;

	if (pread(c->fd, buf, bytes, (off_t)(page * SWSUSP_PAGE_BYTES)) != (ssize_t)bytes)
		return -65;
	return 0;
}

static void die(const struct check *c, const char *what, int err)
{
	printf("%s: %s (%d): %s, page %" PRIu64 ", found %#" PRIx64 ", wanted %#" PRIx64 "\n", what,
		swsusp_err_text(err), err, c->fault.what ? c->fault.what : "-", c->fault.page,
		c->fault.found, c->fault.wanted);
	exit(1);
}

static void fact(struct check *c, bool good, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void fact(struct check *c, bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%-6s", good ? "ok" : "WRONG");
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	c->wrong |= !good;
}

static void *pages(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

static void open_image(struct check *c, const char *path, uint64_t header_page)
{
	struct stat st;
	void *buf = pages(SWSUSP_PAGE_BYTES);
	int err;

	c->fd = open(path, O_RDONLY);
	if (c->fd < 0 || fstat(c->fd, &st)) {
		perror(path);
		exit(1);
	}
	c->src = (struct swsusp_source){read_pages, c, (uint64_t)st.st_size / SWSUSP_PAGE_BYTES};
	err = swsusp_read_header(&c->src, header_page, buf, &c->header, &c->fault);
	if (err)
		die(c, "header", err);
	err = swsusp_open(&c->img, &c->src, &c->header, pages(WORK_BYTES), WORK_BYTES, &c->fault);
	if (err)
		die(c, "open", err);
}

static void print_image(const struct check *c)
{
	static const char *const codecs[] = {"raw", "lzo", "lz4"};
	const struct swsusp_image *img = &c->img;

	printf("image: %s, flags %#x, crc %#010x, label '%s'\n", codecs[img->header.codec],
		img->header.flags, img->header.crc, img->header.label);
	printf("stream: %" PRIu64 " pages, %" PRIu64 " of the frame list, stored in %" PRIu64
	       " pages, %" PRIu64 " map pages, %zu disk runs\n",
		img->info.pages, img->info.meta_pages, img->n_slots, img->n_map_pages,
		img->n_slot_runs);
	printf("frames: %" PRIu64 ", of them %" PRIu64
	       " zero, %zu runs; work memory %zu bytes of at most %zu\n",
		img->n_frames, img->n_zero, img->n_frame_runs, img->work_used,
		swsusp_work_max(img->n_slots, img->n_frames));
	printf("entry: %#" PRIx64 " at %#" PRIx64 ", cr3 %#" PRIx64 "\n", img->info.jump_address,
		img->info.jump_address_phys, img->info.cr3);
}

static void make_memory(struct check *c)
{
	struct swsusp_cursor cursor;
	struct swsusp_run run;

	swsusp_frames(&c->img, &cursor);
	while (swsusp_next(&cursor, UINT64_MAX, &run) == 1)
		c->end_pfn = run.first + run.count;
	c->memory = pages(c->end_pfn * SWSUSP_PAGE_BYTES);
}

static void restore_raw(struct check *c)
{
	struct swsusp_plan plan;
	struct swsusp_piece p;
	uint64_t n = 0, n_pieces = 0;

	swsusp_plan(&c->img, &plan);
	for (; swsusp_plan_next(&plan, 256, &p) == 1; n += p.n_pages, n_pieces++) {
		int err = read_pages(
			c, p.disk_page, (uint32_t)p.n_pages, c->memory + p.pfn * SWSUSP_PAGE_BYTES);

		if (err)
			die(c, "data", err);
	}
	fact(c, n == c->img.info.image_pages, "%" PRIu64 " data pages in %" PRIu64 " pieces", n,
		n_pieces);
}

/* All stored pages in one buffer: a loader has a ring of them. */
static uint8_t *read_slots(struct check *c)
{
	uint8_t *stored = pages(c->img.n_slots * SWSUSP_PAGE_BYTES), *at = stored;
	struct swsusp_cursor cursor;
	struct swsusp_run run;

	swsusp_slots(&c->img, 0, &cursor);
	while (swsusp_next(&cursor, 256, &run) == 1) {
		int err = read_pages(c, run.first, (uint32_t)run.count, at);

		if (err)
			die(c, "data", err);
		at += run.count * SWSUSP_PAGE_BYTES;
	}
	return stored;
}

static void restore_units(struct check *c)
{
	uint8_t *stored = read_slots(c), *buf = pages(SWSUSP_UNIT_BYTES);
	struct swsusp_stream s = c->img.data;
	uint32_t joined = s.crc;
	struct swsusp_cursor frames;
	struct swsusp_unit u;
	uint64_t n = 0;
	int got;

	swsusp_data_frames(&c->img, &frames);
	while ((got = swsusp_unit_next(
			&c->img, &s, stored + s.slot * SWSUSP_PAGE_BYTES, &u, &c->fault)) == 1) {
		size_t bytes = (size_t)u.n_pages * SWSUSP_PAGE_BYTES;
		struct swsusp_run run;

		got = swsusp_unit_decode(
			&c->img, &u, stored + u.slot * SWSUSP_PAGE_BYTES, buf, &c->fault);
		if (got)
			die(c, "decode", got);
		s.crc = swsusp_crc(s.crc, buf, bytes);
		joined = swsusp_crc_join(joined, swsusp_crc(0, buf, bytes), bytes);
		for (uint32_t i = u.n_meta; i < u.n_pages; i += (uint32_t)run.count) {
			if (swsusp_next(&frames, u.n_pages - i, &run) != 1)
				die(c, "frames", 0);
			memcpy(c->memory + run.first * SWSUSP_PAGE_BYTES,
				buf + (size_t)i * SWSUSP_PAGE_BYTES, run.count * SWSUSP_PAGE_BYTES);
			n += run.count;
		}
	}
	if (got)
		die(c, "units", got);
	fact(c, n == c->img.info.image_pages, "%" PRIu64 " data pages decoded", n);
	fact(c, swsusp_crc_check(&c->img, s.crc, &c->fault) == 0, "checksum %#010x", s.crc);
	fact(c, joined == s.crc, "checksum of units, joined: %#010x", joined);
}

static const void *frame_of(void *ctx, uint64_t pfn)
{
	const struct check *c = ctx;

	if (swsusp_frame_kind(&c->img, pfn) == SWSUSP_FRAME_NOT_IN_IMAGE)
		return NULL;
	return c->memory + pfn * SWSUSP_PAGE_BYTES;
}

/* restore_registers begins with mov %r9,%cr3, on newer kernels after endbr64. */
static void check_entry(struct check *c)
{
	static const uint8_t endbr[] = {0xf3, 0x0f, 0x1e, 0xfa}, move[] = {0x41, 0x0f, 0x22, 0xd9};
	const uint8_t *code = c->memory + c->img.info.jump_address_phys;
	struct swsusp_memory m = {frame_of, c};
	uint32_t levels = 0;
	int err = swsusp_paging_levels(&m, &c->img.info, &levels);

	fact(c, err == 0, "page tables lead to the entry: %u levels", levels);
	if (memcmp(code, endbr, sizeof(endbr)) == 0)
		code += sizeof(endbr);
	fact(c, memcmp(code, move, sizeof(move)) == 0, "the entry begins with mov %%r9,%%cr3");
}

static uint32_t e820_type(const char *name)
{
	static const char *const names[] = {"System RAM", "Reserved", "ACPI Tables",
		"ACPI Non-volatile Storage", "Unusable memory"};

	for (uint32_t i = 0; i < 5; i++) {
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return i + 1;
	}
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct swsusp_e820 *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void check_log(struct check *c, const char *path)
{
	static struct swsusp_e820 map[128];
	unsigned long n_pages, n_zero = 0;
	uint32_t n = 0, crc;
	bool told = false;
	char line[1024], *at;
	FILE *f = fopen(path, "r");

	if (!f) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), f)) {
		uint64_t start, end;
		char type[64];

		at = strstr(line, "Image created (");
		if (at && sscanf(at, "Image created (%lu pages copied, %lu zero", &n_pages,
				  &n_zero) >= 1)
			fact(c, n_pages == c->img.info.image_pages && n_zero == c->img.n_zero,
				"the kernel copied %lu pages and left out %lu zero ones", n_pages,
				n_zero);
		at = strstr(line, "aving image data ");
		if (at && sscanf(at, "%*[^(](%lu pages)", &n_pages) == 1) {
			fact(c, n_pages == c->img.info.pages - 1, "the kernel saved %lu pages",
				n_pages);
			told = true;
		}
		at = strstr(line, "memmap 0x");
		if (at && n < 128 &&
			sscanf(at, "memmap %" SCNx64 " %" SCNx64 " %63[^\r\n]", &start, &end,
				type) == 3)
			map[n++] = (struct swsusp_e820){start, end - start + 1, e820_type(type)};
	}
	fclose(f);
	if (!told)
		fact(c, false, "the kernel's console does not say how many pages it saved");
	qsort(map, n, sizeof(map[0]), by_start);
	crc = swsusp_e820_crc(map, n);
	fact(c, crc == c->img.info.e820_crc, "memory map checksum %#010x of %u entries", crc, n);
}

int main(int argc, char **argv)
{
	struct check c = {0};
	int err;

	if (argc < 2 || argc > 4) {
		fprintf(stderr, "usage: swsusp_check IMAGE [LOG [HEADER-PAGE]]\n");
		return 2;
	}
	open_image(&c, argv[1], argc > 3 ? strtoull(argv[3], NULL, 0) : 0);
	print_image(&c);
	make_memory(&c);
	if (c.header.codec == SWSUSP_CODEC_RAW)
		restore_raw(&c);
	else
		restore_units(&c);
	err = swsusp_verify(&c.img, pages(SWSUSP_BUFFER_BYTES), NULL, NULL, &c.fault);
	fact(&c, err == 0, "swsusp_verify: %s", swsusp_err_text(err));
	check_entry(&c);
	if (argc > 2)
		check_log(&c, argv[2]);
	return c.wrong;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export and make: own images and stock ones to files and back, and what is refused. */
#define _GNU_SOURCE
#include "test.h"

#include "cli_tree.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "core_file.h"
#include "image_view.h"
#include "kept.h"
#include "progress.h"
#include "saved_state.h"
#include "say.h"
#include "swsusp_builder.h"
#include "uuid.h"

#define FIRST_PFN  0x100u
#define N_PAGES    200u
#define SECOND_PFN 0x200u /* frames of one word, then zeros */
#define N_FILL     70u

static char dir[64];

static void setup(void)
{
	strcpy(dir, P_tmpdir "/torpor-export-XXXXXX");
	assert_true(mkdtemp(dir));
}

static void teardown(void)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

FIXTURE(setup, teardown)

static const char *in_dir(const char *name)
{
	static char path[8][128];
	static int n;

	n = (n + 1) % 8;
	snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

#define RUN(command, ...) run(command, (const char *[]){"x", __VA_ARGS__, NULL})
static int run(int (*command)(int argc, char **argv), const char **argv)
{
	char copy[8][128], *args[9] = {0};
	int argc = 0;

	for (; argv[argc]; argc++) {
		snprintf(copy[argc], sizeof(copy[argc]), "%s", argv[argc]);
		args[argc] = copy[argc];
	}
	return command(argc, args);
}

/* ---- An own image ---- */

static uint8_t content(uint64_t pfn, uint32_t at)
{
	return pfn % 7 == 3 ? 0 : (uint8_t)(pfn * 31 + at * at / 97 + (at >> 8) * pfn);
}

static void fill_page(uint64_t pfn, uint8_t *page)
{
	for (uint32_t i = 0; i < IMG_PAGE_BYTES; i++)
		page[i] = content(pfn, i);
}

static void write_stream(struct img_writer *w, const char *name, uint64_t jump_back)
{
	struct saved_cpu cpu = {.stack = 0x1000, .jump_back = jump_back, .vendor = "Maker"};
	struct state_writer s;
	uint8_t buf[4096];
	size_t n;

	state_begin(&s, buf, sizeof(buf));
	state_put(&s, &saved_cpu_desc, &cpu, 1);
	assert_int_equal(state_finish(&s, &n), 0);
	assert_int_equal(img_object_begin(w, name, IMG_BYTES), 0);
	assert_int_equal(img_bytes(w, buf, n), 0);
	assert_int_equal(img_object_end(w), 0);
}

static void write_memory(struct img_writer *w, uint8_t *memory)
{
	for (uint32_t i = 0; i < N_PAGES; i++)
		fill_page(FIRST_PFN + i, memory + i * IMG_PAGE_BYTES);
	memset(memory + N_PAGES * IMG_PAGE_BYTES, 0xa5, N_FILL * IMG_PAGE_BYTES);
	assert_int_equal(img_object_begin(w, SAVED_MEMORY, IMG_PAGES), 0);
	assert_int_equal(img_pages(w, FIRST_PFN, N_PAGES, memory), 0);
	assert_int_equal(img_pages(w, SECOND_PFN, N_FILL, memory + N_PAGES * IMG_PAGE_BYTES), 0);
	assert_int_equal(img_object_end(w), 0);
}

static void write_image(const char *path)
{
	static struct img_writer w;
	const uint64_t size = 4u << 20;
	struct img_params p = {.label = "6.1.0-test",
		.created_unix_s = 1700000000,
		.chunk_pages = 1}; /* many: several threads */
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	size_t work_bytes = img_writer_work(N_PAGES + N_FILL, &p);
	uint8_t *memory = image_buffer((N_PAGES + N_FILL) * IMG_PAGE_BYTES);
	void *work = image_buffer(work_bytes);
	struct image_file f;

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(image_attach(&f, path, fd, size), 0);
	assert_int_equal(img_format_area(&f.dest, p.area_uuid, work), 0);
	assert_int_equal(img_begin(&w, &f.dest, &p, work, work_bytes), 0);
	assert_int_equal(img_node_begin(&w, SAVED_NODE), 0);
	write_stream(&w, SAVED_CPU, 0x5000);
	write_memory(&w, memory);
	write_stream(&w, SAVED_PLATFORM, 0);
	assert_int_equal(img_node_end(&w), 0);
	assert_int_equal(img_commit(&w), 0);
	image_close(&f);
	close(fd);
	free(memory);
	free(work);
}

/* ---- Looking at files ---- */

static int read_file(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	return pread(*(int *)ctx, buf, bytes, (off_t)offset) == (ssize_t)bytes ? 0 : 5;
}

static void check_pages(int fd, uint64_t pfn, uint64_t n, uint64_t offset)
{
	uint8_t page[IMG_PAGE_BYTES], wanted[IMG_PAGE_BYTES];

	for (uint64_t i = 0; i < n; i++) {
		assert_int_equal(pread(fd, page, sizeof(page), (off_t)(offset + i * sizeof(page))),
			sizeof(page));
		memset(wanted, 0xa5, sizeof(wanted));
		if (pfn < SECOND_PFN)
			fill_page(pfn + i, wanted);
		assert_memory_equal(page, wanted, sizeof(page));
	}
}

static void check_core(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct core_source src = {read_file, &fd, (uint64_t)lseek(fd, 0, SEEK_END)};
	struct core_note note;
	struct core_file c;
	unsigned streams = 0;
	size_t at = 0;

	assert_int_equal(core_open(&c, &src), 0);
	assert_int_equal(c.n_segments, 2);
	assert_int_equal(c.segment[0].pfn, FIRST_PFN);
	assert_int_equal(c.segment[0].n_frames, N_PAGES);
	assert_int_equal(c.segment[1].pfn, SECOND_PFN);
	assert_int_equal(c.segment[1].n_frames, N_FILL);
	for (int i = 0; i < 2; i++)
		check_pages(fd, c.segment[i].pfn, c.segment[i].n_frames, c.segment[i].offset);
	while (core_note_next(c.notes, c.note_bytes, &at, &note))
		streams += !strcmp(note.name, CORE_NOTE_NAME) && note.type == CORE_NOTE_STREAM;
	assert_int_equal(streams, 2);
	core_close(&c);
	close(fd);
}

static void check_header(const char *path)
{
	struct image_view v;
	struct img_object_rec object;

	assert_int_equal(image_view_open(&v, path), 0);
	assert_int_equal(v.headers.h.state, IMG_VALID);
	assert_string_equal(v.headers.h.label, "6.1.0-test");
	assert_int_equal(v.headers.h.created_unix_s, 1700000000);
	assert_int_equal(image_view_root(&v), 0);
	assert_int_equal(img_find(&v.reader, SAVED_NODE, SAVED_CPU, &object), 0);
	assert_int_equal(img_find(&v.reader, SAVED_NODE, SAVED_PLATFORM, &object), 0);
	image_view_close(&v);
}

/* ---- Tests ---- */

TEST(there_and_back)
{
	const char *image = in_dir("image"), *core = in_dir("core"), *again = in_dir("again");

	write_image(image);
	assert_int_equal(RUN(export_main, "-o", core, image), STATUS_OK);
	check_core(core);
	assert_int_equal(RUN(make_main, "--elf", core, "-o", again), STATUS_OK);
	check_header(again);
	assert_int_equal(RUN(verify_main, again), STATUS_OK);
	assert_int_equal(RUN(export_main, "--elf", "--force", "-o", core, again), STATUS_OK);
	check_core(core);

	/* Into an area: not over an image that may be resumed. */
	assert_int_equal(RUN(make_main, "--elf", core, "-o", again), STATUS_FAILED);
	assert_complaint("may be resumed: --force");
	assert_int_equal(RUN(make_main, "--elf", core, "--force", "-o", image), STATUS_OK);
	check_header(image);
	assert_int_equal(RUN(verify_main, image), STATUS_OK);
}

TEST(flat)
{
	const char *image = in_dir("image"), *raw = in_dir("raw"), *again = in_dir("again");
	struct stat st;
	int fd;

	write_image(image);
	assert_int_equal(RUN(export_main, "--raw", "-o", raw, image), STATUS_OK);
	assert_int_equal(stat(raw, &st), 0);
	assert_int_equal(st.st_size, (SECOND_PFN + N_FILL) * IMG_PAGE_BYTES);
	assert_true(st.st_blocks * 512 < (N_PAGES + N_FILL + 16) * IMG_PAGE_BYTES);
	fd = open(raw, O_RDWR);
	check_pages(fd, FIRST_PFN, N_PAGES, FIRST_PFN * IMG_PAGE_BYTES);
	check_pages(fd, SECOND_PFN, N_FILL, SECOND_PFN * IMG_PAGE_BYTES);

	assert_int_equal(RUN(make_main, "--raw", raw, "-o", again), STATUS_OK);
	assert_int_equal(RUN(verify_main, again), STATUS_OK);
	assert_int_equal(RUN(export_main, "--raw", "--force", "-o", raw, again), STATUS_OK);
	close(fd);
	fd = open(raw, O_RDWR); /* another file by now */
	check_pages(fd, FIRST_PFN, N_PAGES, FIRST_PFN * IMG_PAGE_BYTES);
	assert_int_equal(ftruncate(fd, 4097), 0);
	assert_int_equal(RUN(make_main, "--raw", raw, "-o", in_dir("third")), STATUS_FAILED);
	assert_complaint("not a multiple of 4096");
	assert_int_equal(access(in_dir("third"), F_OK), -1);
	close(fd);
}

TEST(refused)
{
	const char *image = in_dir("image"), *core = in_dir("core"), *no = in_dir("no");
	int fd;

	write_image(image);
	assert_int_equal(RUN(export_main, "-o", core, image), STATUS_OK);
	assert_int_equal(RUN(export_main, "-o", core, image), STATUS_FAILED);
	assert_complaint("is there already");
	assert_int_equal(RUN(export_main, "--force", "-o", image, image), STATUS_FAILED);
	assert_complaint("is the image itself");
	assert_int_equal(RUN(verify_main, image), STATUS_OK);
	assert_int_equal(RUN(export_main, "--force", "-o", "/dev/null", image), STATUS_FAILED);
	assert_complaint("is not a file");
	assert_int_equal(access("/dev/null", F_OK), 0);
	assert_int_equal(RUN(export_main, "-o", no, core), STATUS_MISSING);
	assert_complaint("no image area");
	assert_int_equal(RUN(make_main, "--elf", image, "-o", no), STATUS_FAILED);
	assert_complaint("no ELF file");
	assert_int_equal(RUN(make_main, "--elf", core, "--force", "-o", core), STATUS_FAILED);
	assert_complaint("is the input itself");
	assert_int_equal(RUN(make_main, "--elf", dir, "-o", no), STATUS_FAILED);
	assert_complaint("is not a file");
	assert_int_equal(RUN(make_main, "--elf", in_dir("none"), "-o", no), STATUS_MISSING);
	assert_int_equal(mkfifo(in_dir("pipe"), 0600), 0); /* nobody will ever write to it */
	assert_int_equal(RUN(make_main, "--raw", in_dir("pipe"), "-o", no), STATUS_FAILED);
	assert_complaint("is not a file");

	/* Damage is found on the way, and nothing is left behind. */
	fd = open(image, O_RDWR);
	assert_int_equal(pwrite(fd, "x", 1, IMG_DATA_START + 5000), 1);
	close(fd);
	assert_int_equal(RUN(export_main, "-o", no, image), STATUS_DAMAGED);
	assert_complaint("kernel/memory: frames");
	assert_int_equal(access(no, F_OK), -1);
	assert_int_equal(access(in_dir("no.part"), F_OK), -1);
	assert_int_equal(RUN(export_main, "--force", "-o", core, image), STATUS_DAMAGED);
	assert_int_equal(RUN(make_main, "--elf", core, "-o", no), STATUS_OK); /* as it was */
}

TEST(usage)
{
	assert_int_equal(RUN(export_main, "--fast", "x"), STATUS_USAGE);
	assert_int_equal(RUN(export_main, "-o", "x"), STATUS_USAGE);
	assert_int_equal(RUN(export_main, "--offset", "x", "y"), STATUS_USAGE);
	assert_int_equal(RUN(make_main, "-o", "x"), STATUS_USAGE);
	assert_int_equal(RUN(export_main, "--force", "-o", "-", "x"), STATUS_USAGE);
	assert_int_equal(RUN(make_main, "--raw", "x", "--force", "-o", "-"), STATUS_USAGE);
	assert_int_equal(RUN(info_main, "--yaml", "--offset", "3", "x"), STATUS_USAGE);
	assert_int_equal(RUN(make_main, "--elf", "x"), STATUS_USAGE);
	assert_int_equal(RUN(make_main, "--elf", "x", "--raw", "y", "-o", "z"), STATUS_USAGE);
}

TEST(stock)
{
	static const enum swb_codec codecs[] = {SWB_RAW, SWB_LZO, SWB_LZ4};
	const char *image = in_dir("image"), *raw = in_dir("raw");
	uint8_t page[SWB_PAGE], wanted[SWB_PAGE];
	struct swb_image b;

	for (unsigned i = 0; i < 3; i++) {
		struct swb_params p = {.codec = codecs[i],
			.n_data = 300,
			.zero_every = 9,
			.gap_every = 5,
			.scatter = true};
		swb_build(&b, &p);
		FILE *f = fopen(image, "w");
		assert_int_equal(fwrite(b.disk, SWB_PAGE, b.disk_pages, f), b.disk_pages);
		fclose(f);
		assert_int_equal(RUN(export_main, "--raw", "--force", "-o", raw, image), STATUS_OK);
		f = fopen(raw, "r");
		for (uint64_t k = 0; k < b.n_frames; k++) {
			uint64_t pfn = b.frames[k] & ~SWB_ZERO;

			memset(wanted, 0, sizeof(wanted));
			if (!(b.frames[k] & SWB_ZERO))
				swb_content(pfn, wanted);
			fseek(f, (long)(pfn * SWB_PAGE), SEEK_SET);
			assert_int_equal(fread(page, SWB_PAGE, 1, f), 1);
			assert_memory_equal(page, wanted, SWB_PAGE);
		}
		fclose(f);
		swb_free(&b);
	}
}

/* ---- What make reads, and what it leaves alone ---- */

/* What a command says on stdout. */
static const char *said(int (*command)(int argc, char **argv), const char *path)
{
	static char text[8192];
	int out = open(in_dir("said"), O_RDWR | O_CREAT | O_TRUNC, 0600), before = dup(1);
	ssize_t n;

	fflush(stdout);
	assert_int_equal(dup2(out, 1), 1);
	(void)RUN(command, path);
	fflush(stdout);
	dup2(before, 1);
	n = pread(out, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = 0;
	close(out);
	close(before);
	return text;
}

static void write_file(const char *path, size_t bytes, unsigned int seed)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	srandom(seed);
	for (size_t i = 0; i < bytes; i += 4)
		fwrite(&(int){(int)random()}, 4, 1, f);
	fclose(f);
}

static uint64_t file_hash(const char *path)
{
	static uint8_t buf[64u << 20];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf));

	assert_true(n >= 0 && (size_t)n < sizeof(buf));
	close(fd);
	return img_hash(buf, (size_t)n);
}

TEST(raw_is_not_resumable)
{
	const char *raw = in_dir("raw"), *image = in_dir("image");

	write_file(raw, 40960, 1);
	assert_int_equal(RUN(make_main, "--raw", raw, "-o", image), STATUS_OK);
	assert_null(strstr(said(info_main, image), "may be resumed"));
	assert_non_null(strstr(said(info_main, image), "it cannot be resumed"));
	assert_int_equal(RUN(make_main, "--raw", raw, "-o", image), STATUS_FAILED);
	assert_complaint("holds an image: --force");
	assert_int_equal(RUN(make_main, "--raw", raw, "--force", "-o", image), STATUS_OK);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A terabyte, of which a few frames are data: one at an odd place, one at the end. */
TEST(holes_cost_nothing)
{
	const char *raw = in_dir("raw"), *image = in_dir("image"), *back = in_dir("back");
	const off_t size = 1ll << 40, at[] = {0, (5ll << 30) + 12288, size - 4096};
	int fd = open(raw, O_RDWR | O_CREAT, 0600), again;
	uint64_t begun = now_ms();
	char page[4096], found[4096];
	struct stat st;

	if (ftruncate(fd, size)) {
		close(fd);
		skip(); /* a file system without files of that length */
	}
	for (unsigned int i = 0; i < 3; i++) {
		memset(page, 'a' + (int)i, sizeof(page));
		page[7] = 1;
		assert_int_equal(pwrite(fd, page, sizeof(page), at[i]), sizeof(page));
	}
	assert_int_equal(RUN(make_main, "--raw", raw, "-o", image), STATUS_OK);
	assert_int_equal(stat(image, &st), 0);
	assert_true(st.st_size < 1 << 20);
	assert_int_equal(RUN(verify_main, image), STATUS_OK);
	assert_int_equal(RUN(export_main, "--raw", "-o", back, image), STATUS_OK);
	again = open(back, O_RDONLY);
	assert_int_equal(lseek(again, 0, SEEK_END), size);
	for (unsigned int i = 0; i < 3; i++) {
		memset(page, 'a' + (int)i, sizeof(page));
		page[7] = 1;
		assert_int_equal(pread(again, found, sizeof(found), at[i]), sizeof(found));
		assert_memory_equal(found, page, sizeof(page));
	}
	assert_int_equal(fstat(again, &st), 0);
	assert_true(st.st_blocks * 512 < 1 << 20);
	assert_true(now_ms() - begun < 5000);
	close(fd);
	close(again);
}

/* The most memory that this process had since it was last asked, in KiB. */
static long peak_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmHWM: %ld", &kib);
	fclose(f);
	f = fopen("/proc/self/clear_refs", "w");
	fputs("5", f);
	fclose(f);
	return kib;
}

TEST(memory_is_bounded)
{
	const char *raw = in_dir("raw"), *image = in_dir("image");
	int fd = open(raw, O_RDWR | O_CREAT, 0600);
	static char piece[1 << 20];
	long before;

	for (int i = 0; i < 160; i++) {
		for (size_t k = 0; k < sizeof(piece); k += 512)
			piece[k] = (char)(i * 7 + (int)k);
		assert_int_equal(write(fd, piece, sizeof(piece)), sizeof(piece));
	}
	close(fd);
	(void)peak_kib();
	before = peak_kib();
	assert_int_equal(RUN(make_main, "--raw", raw, "-o", image), STATUS_OK);
	assert_true(peak_kib() - before < 80 * 1024);
}

/* --force, and the new image cannot be made: the old one is as it was. Larger than the process may write;
 * then a signal for that. */
TEST(force_that_fails)
{
	const char *small = in_dir("small"), *large = in_dir("large"), *image = in_dir("image");
	uint64_t old;

	write_file(small, 1 << 16, 1);
	write_file(large, 30 << 20, 2);
	assert_int_equal(RUN(make_main, "--raw", small, "-o", image), STATUS_OK);
	old = file_hash(image);
	for (int by_signal = 0; by_signal < 2; by_signal++) {
		int status;
		pid_t child = fork();

		if (!child) {
			setrlimit(RLIMIT_FSIZE, &(struct rlimit){20 << 20, 20 << 20});
			signal(SIGXFSZ, by_signal ? SIG_DFL : SIG_IGN);
			_exit(RUN(make_main, "--raw", large, "--force", "-o", image));
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (by_signal)
			assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
		else
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == STATUS_FAILED);
		assert_int_equal(access(in_dir("image.part"), F_OK), -1);
		assert_true(file_hash(image) == old);
	}
	assert_int_equal(RUN(make_main, "--raw", large, "--force", "-o", image), STATUS_OK);
	assert_int_equal(RUN(verify_main, image), STATUS_OK);
	assert_true(file_hash(image) != old);
}

/* An area with a store behind it is written in place: beside the old image while there is room for both,
 * over it when not, and not at all when it cannot fit. */
TEST(force_in_place)
{
	const char *raw[] = {in_dir("r0"), in_dir("r1"), in_dir("r2")}, *area = in_dir("area");
	static uint8_t block[IMG_BLOCK_BYTES] __attribute__((aligned(IMG_BLOCK_BYTES)));
	static const uint8_t uuid[16] = "area";
	struct img_headers hs, before;
	struct img_fault fault;
	struct image_file f;
	uint64_t old, used = 0;
	int fd = open(area, O_RDWR | O_CREAT, 0600);

	write_file(raw[0], 6 << 20, 1);
	write_file(raw[1], 12 << 20, 2);
	write_file(raw[2], 20 << 20, 3);
	assert_int_equal(ftruncate(fd, 20 << 20), 0);
	assert_int_equal(image_attach(&f, area, fd, 20 << 20), 0);
	assert_int_equal(img_format_area(&f.dest, uuid, block), 0);
	assert_int_equal(img_read_headers(&f.source, block, &hs, &fault), 0);
	assert_int_equal(kept_make(&f, 4 << 20, &hs), 0);
	image_close(&f);
	close(fd);

	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			RUN(make_main, "--raw", raw[i == 2], "--force", "-o", area), STATUS_OK);
		assert_int_equal(RUN(verify_main, area), STATUS_OK);
		before = hs;
		assert_int_equal(image_open(&f, area), 0);
		assert_int_equal(img_read_headers(&f.source, block, &hs, &fault), 0);
		image_close(&f);
		assert_int_equal(hs.h.area_bytes, 16 << 20);
		assert_memory_equal(hs.h.area_uuid, uuid, 16);
		if (i == 1)
			assert_true(hs.h.root_offset > used); /* behind the first */
		if (i == 2)
			assert_true(hs.h.root_offset < used + (12 << 20));
		used = before.h.used_bytes > hs.h.used_bytes ? used : hs.h.used_bytes;
	}
	old = file_hash(area);
	assert_int_equal(RUN(make_main, "--raw", raw[2], "--force", "-o", area), STATUS_FAILED);
	assert_complaint("the area has 16.0 MiB: nothing was changed");
	assert_true(file_hash(area) == old);
}

/* Through pipes: make reads and writes, export writes. */
TEST(standard_streams)
{
	const char *image = in_dir("image"), *core = in_dir("core"), *piped = in_dir("piped");
	int status;
	pid_t child;

	write_image(image);
	for (int i = 0; i < 2; i++) {
		int in[2], out[2];

		assert_int_equal(RUN(export_main, "--force", "-o", core, image), STATUS_OK);
		assert_int_equal(pipe(in), 0);
		assert_int_equal(pipe(out), 0);
		child = fork();
		if (!child) {
			dup2(in[0], 0);
			dup2(out[1], 1);
			close(in[0]), close(in[1]), close(out[0]), close(out[1]);
			_exit(i ? RUN(export_main, "-o", "-", image)
				: RUN(make_main, "--elf", "-", "-o", "-"));
		}
		close(in[0]), close(out[1]);
		if (!fork()) { /* who writes */
			char buf[4096];
			int fd = open(core, O_RDONLY);
			ssize_t n;

			close(out[0]);
			while ((n = read(fd, buf, sizeof(buf))) > 0)
				if (write(in[1], buf, (size_t)n) != n)
					break;
			_exit(0);
		}
		close(in[1]);
		FILE *f = fopen(piped, "w");
		char buf[4096];
		ssize_t n;

		while ((n = read(out[0], buf, sizeof(buf))) > 0)
			assert_int_equal(fwrite(buf, 1, (size_t)n, f), n);
		fclose(f);
		close(out[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
		(void)wait(NULL);
		if (i)
			check_core(piped);
		else
			assert_int_equal(RUN(verify_main, piped), STATUS_OK);
	}
}

TEST(bar)
{
	char line[PROGRESS_LINE_BYTES];

	progress_line(line, 79, 50000000, 100000000, 500000);
	assert_string_equal(line, "[===============               ]  50 %, 100 MB/s, 0 s left");
	progress_line(line, 79, 0, 100, 1000000);
	assert_non_null(strstr(line, "0 %, 0 MB/s"));
	progress_line(line, 79, 200, 100, 1000000);
	assert_non_null(strstr(line, "100 %"));
	progress_line(line, 79, 3000000, 0, 1000000);
	assert_string_equal(line, "2929.7 KiB, 3 MB/s");
	/* Whatever the terminal's width, it is one line. */
	for (size_t width = 0; width < 200; width++)
		for (int total = 0; total < 2; total++) {
			progress_line(
				line, width, 50000000000, total ? 100000000000 : 0, 500000000);
			assert_true(strlen(line) <= width && strlen(line) < sizeof(line));
			assert_true(width < 8 || *line);
		}
	progress_line(line, 39, 50000000, 100000000, 500000);
	assert_string_equal(line, "[=====      ]  50 %, 100 MB/s, 0 s left");
	progress_line(line, 24, 50000000, 100000000, 500000);
	assert_string_equal(line, "50 %");
}

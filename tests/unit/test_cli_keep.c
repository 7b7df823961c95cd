/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor keep: put, get, list, drop on a store in a file; what is in the way of a format or a save. */
#define _GNU_SOURCE
#include "test.h"
#include "cli_tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "kept.h"
#include "out_file.h"
#include "said_json.h"
#include "say.h"

#define WHOLE_BYTES (20u << 20)
#define KEEP_BYTES  (4u << 20)

static char dir[64], area[80], input[80], output[80], part[90];

static void open_whole(struct image_file *f)
{
	int fd = open(area, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(image_attach(f, area, fd, WHOLE_BYTES), 0);
	f->own_fd = true;
}

static void make_area(uint64_t keep_bytes, int want)
{
	static const uint8_t uuid[16] = "area";
	static uint8_t block[IMG_BLOCK_BYTES] __attribute__((aligned(IMG_BLOCK_BYTES)));
	struct image_file f;
	struct img_headers hs;
	struct img_fault fault;

	open_whole(&f);
	assert_int_equal(img_format_area(&f.dest, uuid, block), 0);
	assert_int_equal(img_read_headers(&f.source, block, &hs, &fault), 0);
	assert_int_equal(kept_make(&f, keep_bytes, &hs), want);
	assert_memory_equal(hs.h.area_uuid, uuid, 16);
	if (!want)
		assert_int_equal(hs.h.area_bytes, WHOLE_BYTES - KEEP_BYTES);
	image_close(&f);
}

static void setup(void)
{
	strcpy(dir, P_tmpdir "/torpor-keep-XXXXXX");
	assert_non_null(mkdtemp(dir));
	tree_setup();
	snprintf(area, sizeof(area), "%s/area", dir);
	snprintf(input, sizeof(input), "%s/input", dir);
	snprintf(output, sizeof(output), "%s/output", dir);
	snprintf(part, sizeof(part), "%s.part", output);
	close(open(area, O_CREAT | O_RDWR, 0600));
	assert_int_equal(truncate(area, WHOLE_BYTES), 0);
	make_area(KEEP_BYTES, 0);
}

static void teardown(void)
{
	unlink(area);
	unlink(input);
	unlink(output);
	rmdir(dir);
	tree_teardown();
}

FIXTURE(setup, teardown)

static void make_input(size_t bytes, unsigned int seed)
{
	FILE *f = fopen(input, "w");

	assert_non_null(f);
	srandom(seed);
	for (size_t i = 0; i < bytes; i++)
		putc((int)random(), f);
	fclose(f);
}

static int same_files(void)
{
	FILE *a = fopen(input, "r"), *b = fopen(output, "r");
	int x, y;

	assert_true(a && b);
	do {
		x = getc(a);
		y = getc(b);
	} while (x == y && x != EOF);
	fclose(a);
	fclose(b);
	return x == y;
}

/* torpor keep with up to 6 words. */
#define KEEP(...) keep((const char *[]){__VA_ARGS__, NULL})
static int keep(const char *const *words)
{
	char *argv[16] = {strdup("keep")};
	int argc = 1, status;

	for (; words[argc - 1]; argc++)
		argv[argc] = strdup(words[argc - 1]);
	optind = 0;
	status = keep_main(argc, argv);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return status;
}

/* Two at once: one of them is told so, and nothing is lost. */
TEST(two_writers)
{
	struct kept k;

	make_input(100000, 3);
	assert_int_equal(kept_open(&k, area, KEPT_CHANGE), 0);
	assert_int_equal(KEEP("put", "vm", input, "--in", area), STATUS_FAILED);
	assert_complaint("is in use by another torpor");
	assert_int_equal(KEEP("drop", "vm", "--in", area), STATUS_FAILED);
	assert_complaint("is in use by another torpor");
	assert_int_equal(KEEP("list", "--in", area), STATUS_OK); /* looking is free */
	kept_close(&k);
	assert_int_equal(KEEP("put", "vm", input, "--in", area), STATUS_OK);
}

TEST(round_trip)
{
	make_input(2500000, 1);
	assert_int_equal(KEEP("list", "--in", area), STATUS_OK);
	assert_int_equal(KEEP("put", "vm", input, "--in", area), STATUS_OK);
	assert_int_equal(KEEP("get", "vm", output, "--in", area), STATUS_OK);
	assert_true(same_files());
	assert_int_equal(KEEP("put", "vm", input, "--in", area), STATUS_FAILED);
	assert_complaint("vm is kept already");

	make_input(0, 1);
	assert_int_equal(KEEP("put", "nothing", input, "--in", area), STATUS_OK);
	assert_int_equal(KEEP("get", "nothing", output, "--replace", "--in", area), STATUS_OK);
	assert_true(same_files());

	make_input(70000, 2);
	assert_int_equal(KEEP("put", "--replace", "vm", input, "--in", area), STATUS_OK);
	assert_int_equal(KEEP("get", "vm", output, "--replace", "--in", area), STATUS_OK);
	assert_true(same_files());
	assert_int_equal(KEEP("drop", "vm", "--in", area), STATUS_OK);
	assert_int_equal(KEEP("get", "vm", output, "--in", area), STATUS_MISSING);
	assert_complaint("vm is not kept there");
	assert_int_equal(KEEP("drop", "vm", "--in", area), STATUS_MISSING);
	assert_complaint("vm is not kept there");
}

TEST(usage)
{
	assert_int_equal(KEEP("put", "vm", "--in", area), STATUS_USAGE);
	assert_int_equal(KEEP("put", "vm", input), STATUS_USAGE);
	assert_int_equal(KEEP("list", "vm", "--in", area), STATUS_USAGE);
	assert_int_equal(KEEP("steal", "vm", "--in", area), STATUS_USAGE);
	assert_int_equal(KEEP("drop", "vm", "--replace", "--in", area), STATUS_USAGE);
	assert_int_equal(KEEP("list", "--replace", "--in", area), STATUS_USAGE);
	assert_int_equal(KEEP("get", "vm", "--replace", "--in", area), STATUS_USAGE);
	assert_int_equal(KEEP("get", "vm", "-", "--replace", "--in", area), STATUS_USAGE);
	assert_int_equal(KEEP("drop", "a b", "--in", area), STATUS_USAGE);
	assert_complaint("a name has 1 to 31 characters");
	assert_int_equal(KEEP("put", "vm", "/no/such/file", "--in", area), STATUS_MISSING);
	assert_complaint("cannot open /no/such/file");
	assert_int_equal(KEEP("list", "--in", dir), STATUS_FAILED);
	make_input(1 << 20, 1);
	assert_int_equal(KEEP("list", "--in", input), STATUS_MISSING);
	assert_complaint("has no store");
}

TEST(full)
{
	make_input(3000000, 1);
	assert_int_equal(KEEP("put", "first", input, "--in", area), STATUS_OK);
	make_input(2000000, 2);
	assert_int_equal(KEEP("put", "second", input, "--in", area), STATUS_FAILED);
	assert_complaint("the store is full");
	assert_complaint("are missing");
	assert_int_equal(KEEP("get", "first", output, "--in", area), STATUS_OK);
	assert_int_equal(KEEP("put", "--replace", "first", input, "--in", area), STATUS_FAILED);
	assert_complaint("the store is full");
	make_input(3000000, 1);
	assert_true(same_files()); /* as it was */
	assert_int_equal(KEEP("get", "first", output, "--replace", "--in", area), STATUS_OK);
	assert_true(same_files());
}

/* What is there stays as it is: files, what is no file, the area itself. */
TEST(get_over)
{
	int fd;

	make_input(100000, 1);
	assert_int_equal(KEEP("put", "vm", input, "--in", area), STATUS_OK);
	make_input(100, 2);
	assert_int_equal(KEEP("get", "vm", input, "--in", area), STATUS_FAILED);
	assert_complaint("is there already: --replace");
	assert_int_equal(KEEP("get", "vm", dir, "--replace", "--in", area), STATUS_FAILED);
	assert_complaint("is not a file");
	assert_int_equal(KEEP("get", "vm", "/dev/null", "--replace", "--in", area), STATUS_FAILED);
	assert_complaint("is not a file");
	assert_int_equal(KEEP("get", "vm", area, "--replace", "--in", area), STATUS_FAILED);
	assert_complaint("is the image itself");
	fd = open(part, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	out_way_at_most = OUT_NAMED;
	assert_int_equal(KEEP("get", "vm", output, "--in", area), STATUS_FAILED);
	assert_complaint("output.part: File exists");
	out_way_at_most = OUT_NAMELESS;
	assert_int_equal(KEEP("get", "vm", output, "--in", area), STATUS_OK);
	assert_int_equal(KEEP("get", "vm", output, "--replace", "--in", area), STATUS_OK);
	assert_int_equal(unlink(output), 0);
	assert_int_equal(unlink(part), 0); /* whosever it is: it stayed */
	assert_int_equal(KEEP("list", "--in", area), STATUS_OK);

	/* Through a link: the file, not the link. */
	assert_int_equal(symlink(input, output), 0);
	assert_int_equal(KEEP("get", "vm", output, "--in", area), STATUS_FAILED);
	assert_int_equal(KEEP("get", "vm", output, "--replace", "--in", area), STATUS_OK);
	assert_true(same_files());
	assert_int_equal(KEEP("put", "--replace", "vm", input, "--in", area), STATUS_OK);
	assert_int_equal(unlink(output), 0);
	assert_int_equal(KEEP("get", "vm", output, "--in", area), STATUS_OK);
	assert_true(same_files());
}

/* A byte of what is kept changes: get says so, and leaves no file. */
TEST(damaged)
{
	uint8_t byte;
	int fd;

	make_input(100000, 1);
	assert_int_equal(KEEP("put", "vm", input, "--in", area), STATUS_OK);
	fd = open(area, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, WHOLE_BYTES - KEEP_BYTES + 65536 + 500), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, WHOLE_BYTES - KEEP_BYTES + 65536 + 500), 1);
	close(fd);
	assert_int_equal(KEEP("get", "vm", output, "--in", area), STATUS_DAMAGED);
	assert_complaint("image data is damaged");
	assert_int_equal(access(output, F_OK), -1);
	assert_int_equal(access(part, F_OK), -1);
}

static void flip(off_t at)
{
	int fd = open(area, O_RDWR);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static int look(int (*command)(int argc, char **argv))
{
	char *argv[] = {(char[]){"look"}, area, NULL};

	return command(2, argv);
}

/* verify reads what is kept, too. */
TEST(verified)
{
	const off_t store = WHOLE_BYTES - KEEP_BYTES;

	assert_int_equal(look(verify_main), STATUS_EMPTY); /* neither an image nor anything kept */
	make_input(100000, 1);
	assert_int_equal(KEEP("put", "vm", input, "--in", area), STATUS_OK);
	assert_int_equal(look(verify_main), STATUS_EMPTY);
	assert_complaint("image area is empty");
	assert_int_equal(look(info_main), STATUS_OK);
	flip(store + 65536 + 500);
	assert_int_equal(look(verify_main), STATUS_DAMAGED);
	assert_complaint(
		"vm/data: bytes 0 to 99999, stored at byte 16842752: image data is damaged");
	flip(store + 65536 + 500);
	assert_int_equal(look(verify_main), STATUS_EMPTY);
}

/* A put that lost power between its two headers, whose one header is then damaged: the older list is
 * not taken for all there is. */
TEST(header_copy_lost)
{
	const off_t store = WHOLE_BYTES - KEEP_BYTES;
	struct kept k;
	uint32_t newest;
	char copy[96];
	uint8_t old[IMG_BLOCK_BYTES];
	int fd = open(area, O_RDWR);

	assert_int_equal(kept_open(&k, area, KEPT_LOOK), 0);
	newest = k.store.hs.slot; /* two headers on: the older one is in the other place */
	assert_int_equal(pread(fd, old, sizeof(old), store + (newest ? 0 : 4096)), sizeof(old));
	kept_close(&k);
	make_input(100000, 1);
	assert_int_equal(KEEP("put", "vm", input, "--in", area), STATUS_OK);
	assert_int_equal(pwrite(fd, old, sizeof(old), store + (newest ? 0 : 4096)), sizeof(old));
	close(fd);
	assert_int_equal(KEEP("list", "--in", area), STATUS_OK);
	flip(store + (newest ? 4096 : 0) + 100);
	snprintf(copy, sizeof(copy), "the store's header copy %u (byte %u) is damaged: header hash",
		newest, (unsigned int)(store + newest * 4096));
	assert_int_equal(KEEP("list", "--in", area), STATUS_DAMAGED);
	assert_complaint(copy);
	assert_int_equal(KEEP("get", "vm", output, "--in", area), STATUS_DAMAGED);
	assert_complaint(copy);
	assert_int_equal(look(info_main), STATUS_DAMAGED);
	assert_complaint(copy);
	assert_int_equal(look(verify_main), STATUS_DAMAGED);
	assert_complaint(copy);
}

/* What keep says on stdout. */
static const char *said(const char *const *words)
{
	static char text[4096];
	int out = open(output, O_RDWR | O_CREAT | O_TRUNC, 0600), before = dup(1);
	ssize_t n;

	fflush(stdout);
	assert_int_equal(dup2(out, 1), 1);
	assert_int_equal(keep(words), STATUS_OK);
	fflush(stdout);
	dup2(before, 1);
	n = pread(out, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = 0;
	close(out);
	close(before);
	unlink(output);
	return text;
}

/* From and to pipes, named or not; what was read in small pieces is whole. */
TEST(pipes)
{
	char fifo[90];
	int status, in[2], before = dup(0);

	make_input(300000, 5);
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(pipe(in), 0);
	for (int named = 0; named < 2; named++) {
		pid_t child = fork();

		if (!child) {
			int from = open(input, O_RDONLY), to = named ? open(fifo, O_WRONLY) : in[1];
			char piece[777];
			ssize_t n;

			while ((n = read(from, piece, sizeof(piece))) > 0)
				if (write(to, piece, (size_t)n) != n)
					_exit(1);
			_exit(0);
		}
		if (!named) {
			close(in[1]);
			dup2(in[0], 0);
		}
		assert_int_equal(KEEP("put", named ? "a" : "b", named ? fifo : "-", "--in", area),
			STATUS_OK);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_int_equal(KEEP("get", named ? "a" : "b", output, "--in", area), STATUS_OK);
		assert_true(same_files());
		unlink(output);
	}
	dup2(before, 0);
	close(before);
	close(in[0]);
	unlink(fifo);

	/* "-" is standard output, as nothing is. */
	make_input(64, 6);
	assert_int_equal(KEEP("put", "c", input, "--in", area), STATUS_OK);
	FILE *f = fopen(input, "r");
	char want[64] = {0};
	assert_int_equal(fread(want, 1, sizeof(want), f), sizeof(want));
	fclose(f);
	assert_memory_equal(
		said((const char *[]){"get", "c", "-", "--in", area, NULL}), want, sizeof(want));
	assert_memory_equal(
		said((const char *[]){"get", "c", "--in", area, NULL}), want, sizeof(want));
}

/* A line a file, in columns: name, length, "bytes", date. */
TEST(listed)
{
	char name[64], unit[64], date[64];
	unsigned int bytes;
	const char *text;
	struct tm tm;

	make_input(1234, 1);
	assert_int_equal(KEEP("put", "vm-1", input, "--in", area), STATUS_OK);
	text = said((const char *[]){"list", "--in", area, NULL});
	assert_int_equal(sscanf(text, "%63s %u %63s %63s\n", name, &bytes, unit, date), 4);
	assert_string_equal(name, "vm-1");
	assert_int_equal(bytes, 1234);
	assert_string_equal(unit, "bytes");
	assert_string_equal(strptime(date, "%Y-%m-%dT%H:%M:%S%z", &tm), "");
	assert_within(time(NULL) - (timegm(&tm) - tm.tm_gmtoff), 0, 60);
	assert_non_null(strstr(text, "\n1 kept, "));
}

TEST(listed_as_json)
{
	json_t *o;

	make_input(1234, 1);
	assert_int_equal(KEEP("put", "vm-1", input, "--in", area), STATUS_OK);
	o = said_json(keep_main, (const char *[]){"keep", "list", "--json", "--in", area, NULL},
		STATUS_OK);
	assert_string_equal(json_text_at(o, "kept.0.name"), "vm-1");
	assert_int_equal(json_int_at(o, "kept.0.bytes"), 1234);
	assert_within(time(NULL) - json_int_at(o, "kept.0.kept_unix_s"), 0, 60);
	assert_true(json_int_at(o, "free_bytes") > 1 << 20);
	json_decref(o);
	o = said_json(info_main, (const char *[]){"info", "--json", area, NULL}, STATUS_OK);
	assert_int_equal(json_int_at(o, "store.kept"), 1);
	assert_string_equal(json_text_at(o, "state"), "EMPTY");
	json_decref(o);
	o = said_json(verify_main, (const char *[]){"verify", "--json", area, NULL}, STATUS_EMPTY);
	assert_true(json_int_at(o, "store.content_bytes") >= 1234);
	json_decref(o);
	o = said_json(keep_main, (const char *[]){"keep", "list", "--json", "--in", input, NULL},
		STATUS_MISSING);
	json_decref(o);
	assert_int_equal(KEEP("drop", "--json", "vm-1", "--in", area), STATUS_USAGE);
}

TEST(in_the_way)
{
	struct image_file f;

	open_whole(&f);
	assert_int_equal(kept_in_the_way(&f, ""), 0);
	image_close(&f);
	make_input(100, 1);
	assert_int_equal(KEEP("put", "vm", input, "--in", area), STATUS_OK);
	open_whole(&f);
	assert_int_equal(kept_in_the_way(&f, ": --force removes them"), -1);
	assert_complaint("its store holds 1 kept file (torpor keep list): --force removes them");
	image_close(&f);
}

TEST(sizes)
{
	make_area(1000, -1);
	assert_complaint("a store is at least 1 MiB");
	make_area(10u << 20, -1); /* too little is left */
	assert_complaint("leaves 16 MiB");
	make_area(KEEP_BYTES - 5000, 0); /* it begins at a whole MiB */
}

/* The writer's sectors end where the area ends. */
TEST(left_out)
{
	struct target t = {.sector_bytes = 512, .n_sectors = WHOLE_BYTES / 512};
	struct img_headers hs = {.h.area_bytes = WHOLE_BYTES - KEEP_BYTES};

	kept_leave_out(&t, &hs);
	assert_int_equal(t.n_sectors, (WHOLE_BYTES - KEEP_BYTES) / 512);
	hs.h.area_bytes = 2ull * WHOLE_BYTES;
	kept_leave_out(&t, &hs);
	assert_int_equal(t.n_sectors, (WHOLE_BYTES - KEEP_BYTES) / 512);
}

/* What closes or redirects standard descriptors is done in a child. */
static void in_child(bool (*is_good)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(is_good() ? 0 : 10);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* Started with stderr closed, no area gets its number: a complaint would go over the header. */
static bool area_is_not_stderr(void)
{
	close(STDERR_FILENO);
	return !say_begin() && open(area, O_RDWR) > STDERR_FILENO;
}

TEST(closed_stderr)
{
	in_child(area_is_not_stderr);
}

static bool full_stdout_is_told(void)
{
	return dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO) == STDOUT_FILENO &&
	       KEEP("list", "--in", area) == STATUS_OK && say_end();
}

TEST(full_stdout)
{
	in_child(full_stdout_is_told);
}

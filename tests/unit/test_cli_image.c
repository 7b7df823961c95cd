/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Areas in files: making one, what is in the way of it; info and verify of good and bad images. */
#define _GNU_SOURCE
#include "test.h"
#include "cli_tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "area.h"
#include "commands.h"
#include "saved_state.h"
#include "said_json.h"
#include "say.h"
#include "target_area.h"

#define AREA_BYTES (16u << 20)

static char path[64];
static int fd;

static void setup(void)
{
	strcpy(path, P_tmpdir "/torpor-area-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0 && !ftruncate(fd, AREA_BYTES));
	tree_setup();
}

static void teardown(void)
{
	close(fd);
	unlink(path);
	tree_teardown();
}

FIXTURE(setup, teardown)

/* A target as target_find would make it, on the file. */
static struct target target(void)
{
	struct target t = {.path = path,
		.name = "vda2",
		.disk = "vda",
		.is_partition = true,
		.fd = fd,
		.sector_bytes = 512,
		.first_sector = 2048,
		.n_sectors = AREA_BYTES / 512};

	strcpy(t.disk_dir, "/sys/vda");
	return t;
}

static int open_area(struct target *t, enum area_policy policy, struct img_headers *ret)
{
	struct image_file f;
	int err;

	assert_int_equal(image_attach(&f, path, fd, AREA_BYTES), 0);
	err = area_open(t, &f, policy, ret);
	image_close(&f);
	return err;
}

static int run(int (*command)(int argc, char **argv), const char *a, const char *b)
{
	char name[] = "x", first[64], second[64];
	char *argv[] = {name, first, second, NULL};

	snprintf(first, sizeof(first), "%s", a);
	snprintf(second, sizeof(second), "%s", b ? b : "");
	if (!b)
		argv[2] = NULL;
	optind = 0;
	return command(b ? 3 : 2, argv);
}

static void put(const void *data, size_t n, off_t at)
{
	assert_int_equal(pwrite(fd, data, n, at), n);
}

/* ---- Making an area ---- */

TEST(blank)
{
	struct target t = target();
	struct img_headers hs, again;

	assert_int_equal(run(info_main, path, NULL), STATUS_MISSING);
	assert_complaint("no image area");
	assert_int_equal(open_area(&t, AREA_KEEP, &hs), 0);
	assert_int_equal(hs.h.state, IMG_EMPTY);
	assert_int_equal(hs.h.area_bytes, AREA_BYTES);
	assert_int_equal(hs.h.area_uuid[6] >> 4, 4);
	assert_int_equal(open_area(&t, AREA_KEEP, &again), 0);
	assert_memory_equal(hs.h.area_uuid, again.h.area_uuid, 16);
	assert_int_equal(open_area(&t, AREA_OVERWRITE, &again), 0);
	assert_memory_not_equal(hs.h.area_uuid, again.h.area_uuid, 16);
	assert_int_equal(run(info_main, path, NULL), STATUS_OK);
	assert_int_equal(run(info_main, "--yaml", path), STATUS_OK);
	assert_int_equal(run(info_main, "--offset=2", path), STATUS_MISSING);
	assert_complaint("no swap header in page 2");
	assert_int_equal(run(verify_main, path, NULL), STATUS_EMPTY);
	assert_complaint("empty");
}

/* What would be made, asked without making it. */
TEST(looked_at)
{
	struct target t = target();
	struct img_headers hs, again;
	struct image_file f;
	uint8_t before[4096], after[4096];

	assert_int_equal(image_attach(&f, path, fd, AREA_BYTES), 0);
	assert_int_equal(area_look(&t, &f, AREA_KEEP, &hs), 1);
	assert_int_equal(pread(fd, before, sizeof(before), 0), sizeof(before));
	assert_int_equal(before[0], 0);
	image_close(&f);
	assert_int_equal(open_area(&t, AREA_KEEP, &hs), 0);
	assert_int_equal(image_attach(&f, path, fd, AREA_BYTES), 0);
	assert_int_equal(pread(fd, before, sizeof(before), 0), sizeof(before));
	assert_int_equal(area_look(&t, &f, AREA_KEEP, &again), 0);
	assert_memory_equal(again.h.area_uuid, hs.h.area_uuid, 16);
	assert_int_equal(area_look(&t, &f, AREA_OVERWRITE, &again), 1);
	assert_int_equal(pread(fd, after, sizeof(after), 0), sizeof(after));
	assert_memory_equal(before, after, sizeof(after));
	put("xxxxxxxx", 8, 0);
	put("xxxxxxxx", 8, 4096);
	assert_int_equal(area_look(&t, &f, AREA_KEEP, &again), -1);
	assert_complaint("it holds unknown data");
	image_close(&f);
}

TEST(foreign)
{
	struct target t = target();
	struct img_headers hs;
	char content[AREA_CONTENT_BYTES];
	static const char boot[] = "\x53\xef"; /* ext's magic, and little else */

	/* Something in the first or the last MiB that nobody knows. */
	put("x", 1, AREA_BYTES - 1);
	assert_int_equal(open_area(&t, AREA_KEEP, &hs), -1);
	assert_complaint("it holds unknown data");
	put("x", 1, 4096);
	assert_int_equal(open_area(&t, AREA_KEEP, &hs), -1);
	t.own_type = true; /* a partition of our type is ours */
	assert_int_equal(area_content(&t, content), 0);
	assert_string_equal(content, "");
	t.own_type = false;

	/* A swap signature. */
	put("SWAPSPACE2", 10, 4086);
	put("\1\0\0\0\xff\x0f\0\0", 8, 1024);
	assert_int_equal(open_area(&t, AREA_KEEP, &hs), -1);
	assert_complaint("it holds swap");
	t.own_type = true;
	assert_int_equal(open_area(&t, AREA_KEEP, &hs), -1);
	put(boot, 2, 1080);
	assert_int_equal(open_area(&t, AREA_OVERWRITE, &hs), 0);
	assert_int_equal(area_content(&t, content), 0);
	assert_string_equal(content, ""); /* all signatures are gone */

	/* A whole disk with partitions: not even when asked. */
	t.is_partition = false;
	tree_file("/sys/vda/vda1/partition", "1\n");
	assert_int_equal(open_area(&t, AREA_OVERWRITE, &hs), -1);
	assert_complaint("has partitions");
}

TEST(device_errors)
{
	struct target t = target();
	struct image_file f;
	struct img_headers hs;
	int read_only = open(path, O_RDONLY);

	t.fd = read_only;
	assert_int_equal(image_attach(&f, path, read_only, AREA_BYTES), 0);
	assert_int_equal(area_open(&t, &f, AREA_KEEP, &hs), -1);
	assert_complaint("cannot write at byte 0: Bad file descriptor");
	image_close(&f);
	assert_int_equal(image_attach(&f, path, read_only, 2 * AREA_BYTES), 0);
	t.n_sectors *= 2;
	assert_int_equal(area_open(&t, &f, AREA_KEEP, &hs), -1);
	assert_complaint("cannot read at byte");
	image_close(&f);
	close(read_only);
}

/* ---- Images ---- */

static void write_state_stream(struct img_writer *w, const char *name)
{
	struct saved_cpu cpu = {.stack = 0x1000, .vendor = "Maker"};
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

static const char *mount_point = "/";

static void write_filesystems(struct img_writer *w)
{
	struct saved_filesystem f[] = {{.mount_point = "/",
					       .type = "ext4",
					       .device = "vda3",
					       .writable = 1,
					       .n_ranges = 1},
		{.mount_point = "/srv",
			.type = "xfs",
			.device = "dm-0",
			.reason = "software RAID"}};
	struct state_writer s;
	uint8_t buf[4096];
	size_t n;

	snprintf(f[0].mount_point, sizeof(f[0].mount_point), "%s", mount_point);
	state_begin(&s, buf, sizeof(buf));
	state_put(&s, &saved_filesystem_desc, f, 2);
	assert_int_equal(state_finish(&s, &n), 0);
	assert_int_equal(img_object_begin(w, SAVED_FILESYSTEMS, IMG_BYTES), 0);
	assert_int_equal(img_bytes(w, buf, n), 0);
	assert_int_equal(img_object_end(w), 0);
}

#define N_PAGES 512u

static uint8_t *make_memory(void)
{
	uint8_t *memory = image_buffer(N_PAGES * IMG_PAGE_BYTES);
	uint64_t x = 88172645463325252ull;

	assert_non_null(memory);
	memset(memory, 0, N_PAGES * IMG_PAGE_BYTES);
	for (size_t i = 0; i < 64 * IMG_PAGE_BYTES; i++) { /* raw */
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		memory[i] = (uint8_t)x;
	}
	for (size_t i = 64 * IMG_PAGE_BYTES; i < 256 * IMG_PAGE_BYTES; i++) /* LZ4 */
		memory[i] = (uint8_t)(i * i >> 9);
	return memory;
}

/* A whole image in the area; its headers afterwards. */
static void save_image(struct img_headers *ret)
{
	static struct img_writer w;
	struct target t = target();
	struct image_file f;
	struct img_params p = {.image_uuid = {1},
		.label = "6.1.0",
		.chunk_pages = 16,
		.compat = IMG_COMPAT_REUSABLE};
	struct img_fault fault;
	uint8_t *memory = make_memory();
	size_t work_bytes = img_writer_work(N_PAGES, &p);
	void *work = image_buffer(work_bytes), *block = image_buffer(IMG_BLOCK_BYTES);

	assert_int_equal(image_attach(&f, path, fd, AREA_BYTES), 0);
	assert_int_equal(area_open(&t, &f, AREA_KEEP, ret), 0);
	memcpy(p.area_uuid, ret->h.area_uuid, 16);
	p.generation = ret->h.generation;
	p.slot = ret->slot;
	assert_int_equal(img_begin(&w, &f.dest, &p, work, work_bytes), 0);
	assert_int_equal(img_node_begin(&w, SAVED_NODE), 0);
	write_state_stream(&w, SAVED_CPU);
	assert_int_equal(img_object_begin(&w, SAVED_MEMORY, IMG_PAGES), 0);
	assert_int_equal(img_pages(&w, 0x100, N_PAGES, memory), 0);
	assert_int_equal(img_object_end(&w), 0);
	write_filesystems(&w);
	write_state_stream(&w, SAVED_PLATFORM);
	assert_int_equal(img_node_end(&w), 0);
	assert_int_equal(img_commit(&w), 0);
	assert_int_equal(img_read_headers(&f.source, block, ret, &fault), 0);
	image_close(&f);
	free(memory);
	free(work);
	free(block);
}

static void flip(off_t at)
{
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	put(&byte, 1, at);
}

TEST(images)
{
	struct img_headers hs;
	struct target t = target();
	struct image_file f;

	save_image(&hs);
	assert_int_equal(run(info_main, path, NULL), STATUS_OK);
	assert_int_equal(run(info_main, "--yaml", path), STATUS_OK);
	assert_int_equal(run(verify_main, path, NULL), STATUS_OK);

	/* format keeps what may be resumed. */
	assert_int_equal(image_attach(&f, path, fd, AREA_BYTES), 0);
	assert_int_equal(area_format(&t, &f, AREA_KEEP, &hs), -1);
	assert_complaint("may be resumed");
	assert_int_equal(area_format(&t, &f, AREA_OVERWRITE, &hs), 0);
	assert_int_equal(area_format(&t, &f, AREA_KEEP, &hs), 0); /* an empty one anew */
	image_close(&f);
	assert_int_equal(run(verify_main, path, NULL), STATUS_EMPTY);
}

/* What info says on stdout. */
static const char *info_text(int want)
{
	static char text[16384];
	char file[] = P_tmpdir "/torpor-info-XXXXXX";
	int out = mkstemp(file), before = dup(1);
	ssize_t n;

	fflush(stdout);
	assert_int_equal(dup2(out, 1), 1);
	assert_int_equal(run(info_main, path, NULL), want);
	fflush(stdout);
	dup2(before, 1);
	n = pread(out, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = 0;
	close(out);
	close(before);
	unlink(file);
	return text;
}

TEST(information)
{
	struct img_headers hs;
	const char *text;

	save_image(&hs);
	text = info_text(STATUS_OK);
	assert_non_null(strstr(text, "VALID: may be resumed, any number of times\n"));
	assert_non_null(
		strstr(text, "file system / (ext4, vda3, writable): compared before a resume\n"));
	assert_non_null(
		strstr(text, "file system /srv (xfs, dm-0, read-only): not compared before a "
			     "resume: software RAID\n"));
}

/* Only the image that this save wrote, only when it was launched, and then in both copies. A reusable one
 * has no failed attempts any more. */
TEST(confirmed)
{
	static uint8_t other[16] = "another image";
	static const struct {
		uint64_t compat;
		enum img_state before, after;
	} cases[] = {{0, IMG_VALID, IMG_VALID}, {0, IMG_LOADING, IMG_LOADING},
		{IMG_COMPAT_REUSABLE, IMG_VALID, IMG_VALID},
		{IMG_COMPAT_REUSABLE, IMG_LOADING, IMG_VALID},
		{IMG_COMPAT_REUSABLE, IMG_LAUNCHED, IMG_CONSUMED}, {0, IMG_LAUNCHED, IMG_CONSUMED},
		{0, IMG_CONSUMED, IMG_CONSUMED}};
	struct img_headers hs;
	struct img_fault fault;
	struct image_file f;
	void *block = image_buffer(IMG_BLOCK_BYTES);

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		save_image(&hs);
		assert_int_equal(image_attach(&f, path, fd, AREA_BYTES), 0);
		hs.h.compat = cases[i].compat;
		assert_int_equal(img_set_state(&f.dest, &hs, cases[i].before, 1, block), 0);
		assert_int_equal(area_confirm(&f, other), 0);
		assert_int_equal(img_read_headers(&f.source, block, &hs, &fault), 0);
		assert_int_equal(hs.h.state, cases[i].before);
		assert_int_equal(area_confirm(&f, hs.h.image_uuid), 0);
		assert_int_equal(img_read_headers(&f.source, block, &hs, &fault), 0);
		assert_int_equal(hs.h.state, cases[i].after);
		assert_int_equal(hs.h.attempts,
			cases[i].before != IMG_VALID && cases[i].after == IMG_VALID ? 0 : 1);
		image_close(&f);
	}
	/* The copy that does not count says the same: one bad sector brings nothing back. */
	put("xxxxxxxx", 8, hs.slot * IMG_HEADER_STRIDE);
	assert_int_equal(image_attach(&f, path, fd, AREA_BYTES), 0);
	assert_int_equal(img_read_headers(&f.source, block, &hs, &fault), 0);
	assert_int_equal(hs.h.state, IMG_CONSUMED);
	put("xxxxxxxx", 8, 0);
	put("xxxxxxxx", 8, IMG_HEADER_STRIDE);
	assert_int_equal(area_confirm(&f, other), -1);
	assert_complaint("could not be marked as consumed");
	image_close(&f);
	free(block);
}

TEST(damage)
{
	struct img_headers hs;

	save_image(&hs);
	off_t other = hs.slot ? 0 : IMG_HEADER_STRIDE, here = IMG_HEADER_STRIDE - other;
	const struct {
		off_t at;
		int info, verify;
		const char *said;
	} cases[] = {
		/* The other copy counts. */
		{other + 100, STATUS_OK, STATUS_OK, "is damaged: header hash at byte"},
		{(off_t)hs.h.root_offset + 40, STATUS_DAMAGED, STATUS_DAMAGED, "root hash at byte"},
		{IMG_DATA_START + 6000, STATUS_OK, STATUS_DAMAGED, "kernel/memory: frames 256 to"},
		{IMG_DATA_START + 40, STATUS_OK, STATUS_DAMAGED, "kernel/cpu"},
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		flip(cases[i].at);
		assert_int_equal(run(info_main, path, NULL), cases[i].info);
		assert_int_equal(run(verify_main, path, NULL), cases[i].verify);
		if (cases[i].said)
			assert_complaint(cases[i].said);
		flip(cases[i].at);
	}

	/* Both headers; then versions of the future, properly sealed. */
	flip(other + 100);
	flip(here + 100);
	assert_int_equal(run(info_main, path, NULL), STATUS_DAMAGED);
	assert_complaint("header hash at byte");
	struct img_header h = hs.h;
	h.version_major = 2;
	h.hash = img_hash(&h, offsetof(struct img_header, hash));
	put(&h, sizeof(h), here);
	assert_int_equal(run(verify_main, path, NULL), STATUS_FAILED);
	assert_complaint("major version at byte");
	h = hs.h;
	h.incompat = 1ull << 40;
	h.hash = img_hash(&h, offsetof(struct img_header, hash));
	put(&h, sizeof(h), here);
	assert_int_equal(run(verify_main, path, NULL), STATUS_FAILED);
	assert_complaint("found 0x10000000000");

	/* The file is shorter than the image; then shorter than a header. */
	put(&hs.h, sizeof(hs.h), here);
	flip(other + 100);
	assert_int_equal(run(verify_main, path, NULL), STATUS_OK);
	assert_int_equal(ftruncate(fd, (off_t)hs.h.used_bytes - 1), 0);
	assert_int_equal(run(verify_main, path, NULL), STATUS_DAMAGED);
	assert_complaint("used bytes at byte");
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(run(info_main, path, NULL), STATUS_MISSING);
	assert_complaint("no image area");
}

/* A save makes both copies EMPTY and then writes one: without that one, "empty" proves nothing. */
TEST(newest_copy_lost)
{
	static const struct {
		const char *text; /* over the copy; NULL: a bit */
		const char *said;
	} cases[] = {{NULL, "is damaged: header hash at byte"},
		{"xxxxxxxx", "is damaged: its magic is gone"}};
	struct img_headers hs;
	struct image_file f;
	struct target t;
	char copy[32];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		save_image(&hs);
		off_t here = hs.slot * IMG_HEADER_STRIDE;

		snprintf(copy, sizeof(copy), "header copy %u (byte %u)", hs.slot, (unsigned)here);
		if (cases[i].text)
			put(cases[i].text, strlen(cases[i].text), here);
		else
			flip(here + 100);
		assert_int_equal(run(info_main, path, NULL), STATUS_DAMAGED);
		assert_complaint(copy);
		assert_complaint(cases[i].said);
		assert_int_equal(run(verify_main, path, NULL), STATUS_DAMAGED);
		assert_complaint(copy);
		assert_complaint(cases[i].said);
		assert_complaint("proves nothing");
		assert_non_null(strstr(info_text(STATUS_DAMAGED), "NOT KNOWN: header copy"));

		/* Nor is it overwritten unasked. */
		t = target();
		assert_int_equal(image_attach(&f, path, fd, AREA_BYTES), 0);
		assert_int_equal(area_format(&t, &f, AREA_KEEP, &hs), -1);
		assert_complaint("may hold an image: --force");
		assert_int_equal(area_format(&t, &f, AREA_OVERWRITE, &hs), 0);
		image_close(&f);
		assert_int_equal(run(info_main, path, NULL), STATUS_OK);
	}
}

/* For programs: whatever a disk holds, in names and in streams. */
TEST(json)
{
	static const char bad[] = "\x1b[31m\n\"\\\xff\xc3\xbc\xe2\x80\xae";
	struct img_headers hs;
	char named[128];
	json_t *o;

	o = said_json(info_main, (const char *[]){"info", "--json", path, NULL}, STATUS_MISSING);
	assert_non_null(strstr(json_text_at(o, "error"), "no image area"));
	json_decref(o);
	o = said_json(info_main, (const char *[]){"info", "--json", "LABEL=none of this", NULL},
		STATUS_MISSING);
	json_decref(o);

	mount_point = bad;
	save_image(&hs);
	mount_point = "/";
	snprintf(named, sizeof(named), "%s%s", path, bad);
	assert_int_equal(rename(path, named), 0);
	o = said_json(info_main, (const char *[]){"info", "--json", named, NULL}, STATUS_OK);
	assert_true(json_is_null(json_at(o, "error")));
	assert_string_equal(json_text_at(o, "kind"), "area");
	assert_string_equal(json_text_at(o, "state"), "VALID");
	assert_true(json_is_true(json_at(o, "image.may_be_resumed")));
	assert_string_equal(json_text_at(o, "image.label"), "6.1.0");
	assert_non_null(strstr(json_text_at(o, "path"), "\x1b[31m\n\"\\\\xff\xc3\xbc\xe2\x80\xae"));
	assert_string_equal(json_text_at(o, "filesystems.0.mount_point"),
		"\x1b[31m\n\"\\\\xff\xc3\xbc\xe2\x80\xae");
	assert_true(json_is_true(json_at(o, "header_copies.0.good")));
	assert_string_equal(json_text_at(o, "nodes.0.name"), "kernel");
	assert_int_equal(json_int_at(o, "nodes.0.objects.1.frames"), N_PAGES);
	assert_true(json_int_at(o, "nodes.0.objects.1.codecs.raw.bytes") >= 64 * 4096);
	json_decref(o);

	o = said_json(dump_main, (const char *[]){"dump", "--json", named, NULL}, STATUS_OK);
	assert_string_equal(json_text_at(o, "nodes.0.objects.0.state.0.name"), "cpu");
	assert_string_equal(
		json_text_at(o, "nodes.0.objects.0.state.0.elements.0.stack"), "0x1000");
	assert_string_equal(
		json_text_at(o, "nodes.0.objects.0.state.0.elements.0.vendor"), "Maker");
	json_decref(o);
	o = said_json(dump_main, (const char *[]){"dump", "--json", named, "kernel/cpu", NULL},
		STATUS_OK);
	assert_string_equal(json_text_at(o, "object.state.0.elements.0.vendor"), "Maker");
	json_decref(o);
	o = said_json(dump_main, (const char *[]){"dump", "--json", named, "kernel/x", NULL},
		STATUS_MISSING);
	json_decref(o);
	o = said_json(verify_main, (const char *[]){"verify", "--json", named, NULL}, STATUS_OK);
	assert_true(json_int_at(o, "image.chunks") > 0);
	json_decref(o);

	/* The copy that counts is damaged: there is a state, but nobody knows it. */
	flip(hs.slot * IMG_HEADER_STRIDE + 100);
	o = said_json(info_main, (const char *[]){"info", "--json", named, NULL}, STATUS_DAMAGED);
	assert_true(json_is_null(json_at(o, "state")));
	assert_true(json_is_false(
		json_at(o, hs.slot ? "header_copies.1.good" : "header_copies.0.good")));
	assert_non_null(strstr(json_text_at(o, "error"), "is damaged: header hash"));
	json_decref(o);
	o = said_json(
		verify_main, (const char *[]){"verify", "--json", named, NULL}, STATUS_DAMAGED);
	json_decref(o);
	assert_int_equal(rename(named, path), 0);
}

TEST(usage)
{
	assert_int_equal(run(verify_main, "--fast", NULL), STATUS_USAGE);
	assert_int_equal(run(verify_main, path, path), STATUS_USAGE);
	assert_int_equal(run(info_main, path, path), STATUS_USAGE);
	assert_int_equal(run(info_main, "--fast", path), STATUS_USAGE);
	assert_int_equal(run(info_main, "/does/not/exist", NULL), STATUS_MISSING);
	assert_complaint("cannot open /does/not/exist");
	assert_int_equal(run(verify_main, "/", NULL), STATUS_FAILED);
	assert_complaint("neither a file nor a block device");
}

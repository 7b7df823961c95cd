/* SPDX-License-Identifier: GPL-2.0-or-later */
/* info and verify of stock kernels' images, in files that stand for a partition. */
#define _GNU_SOURCE
#include "test.h"

#include "cli_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "attempts.h"
#include "said_json.h"
#include "say.h"
#include "stock_image.h"
#include "swsusp_builder.h"

static char path[64], out_path[64], text[4096];

static void setup(void)
{
	int fd, out;

	strcpy(path, P_tmpdir "/torpor-stock-XXXXXX");
	strcpy(out_path, P_tmpdir "/torpor-stock-XXXXXX");
	fd = mkstemp(path);
	out = mkstemp(out_path);
	assert_true(fd >= 0 && out >= 0);
	close(fd);
	close(out);
}

static void teardown(void)
{
	unlink(path);
	unlink(out_path);
}

FIXTURE(setup, teardown)

static void write_disk(const struct swb_image *b)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(b->disk, SWB_PAGE, b->disk_pages, f), b->disk_pages);
	assert_int_equal(fclose(f), 0);
}

/* Runs it with its standard output in text. */
static int run(int (*command)(int, char **), int argc, char **argv)
{
	int answer, saved = dup(1);
	size_t n;
	FILE *f;

	fflush(stdout);
	f = freopen(out_path, "w", stdout);
	assert_non_null(f);
	answer = command(argc, argv);
	fflush(stdout);
	dup2(saved, 1);
	close(saved);
	f = fopen(out_path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	fclose(f);
	return answer;
}

static int info(void)
{
	return run(info_main, 2, (char *[]){"info", path, NULL});
}

static int verify(void)
{
	return run(verify_main, 2, (char *[]){"verify", path, NULL});
}

static void says(const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in '%s'", part, text);
}

TEST(good)
{
	for (enum swb_codec codec = SWB_RAW; codec <= SWB_LZ4; codec++) {
		struct swb_image b;

		swb_build(&b, &(struct swb_params){.codec = codec,
				      .n_data = 700,
				      .zero_every = 9,
				      .platform = codec == SWB_LZO});
		write_disk(&b);
		assert_int_equal(info(), STATUS_OK);
		says("may be resumed, tried 0 times");
		says(codec == SWB_LZO ? "platform mode, LZO\n" : "shutdown mode");
		says(codec == SWB_RAW ? "uncompressed, without a checksum" : "checksum");
		says("of them zero");
		says("entry ");
		assert_int_equal(verify(), STATUS_OK);
		says(codec == SWB_RAW ? "readable" : "good: ");
		swb_free(&b);
	}
}

TEST(at_an_offset)
{
	struct swb_image b;

	swb_build(&b, &(struct swb_params){.codec = SWB_LZO, .n_data = 100, .header_page = 3});
	write_disk(&b);
	assert_int_equal(
		run(verify_main, 4, (char *[]){"verify", "--offset", "3", path, NULL}), STATUS_OK);
	assert_int_equal(
		run(info_main, 4, (char *[]){"info", path, "--offset=3", "--", NULL}), STATUS_OK);
	says("page 3,");
	assert_int_equal(run(info_main, 4, (char *[]){"info", "--offset", "99999999", path, NULL}),
		STATUS_MISSING);
	assert_complaint("has no page 99999999");
	assert_int_equal(
		run(info_main, 4, (char *[]){"info", "--offset", "4x", path, NULL}), STATUS_USAGE);
	assert_complaint("--offset 4x");
	swb_free(&b);
}

TEST(attempts)
{
	struct attempts l = {.magic = ATTEMPTS_MAGIC, .attempts = 2, .check = ~2u};
	struct stock_image s;
	struct swb_image b;

	swb_build(&b, &(struct swb_params){.codec = SWB_LZO, .n_data = 50});
	write_disk(&b);
	assert_int_equal(stock_image_look(&s, path, 0), STOCK_IMAGE);
	l.image = attempts_image(s.header.map_page, s.header.crc, s.header.flags, s.header.hw_sig);
	stock_image_close(&s);
	memcpy(b.disk, &l, sizeof(l));
	write_disk(&b);
	assert_int_equal(info(), STATUS_OK);
	says("tried 2 times");
	/* Of another image. */
	((struct attempts *)(void *)b.disk)->image++;
	write_disk(&b);
	assert_int_equal(info(), STATUS_OK);
	says("tried 0 times");
	swb_free(&b);
}

/* For programs; the label is whatever bytes somebody wrote there. */
TEST(json)
{
	const char *words[] = {"x", "--json", path, NULL};
	struct swb_image b;
	json_t *o;

	swb_build(&b, &(struct swb_params){.codec = SWB_LZ4, .n_data = 100});
	memcpy(b.disk + 1052, "\xff\x1b\n\"", 4);
	write_disk(&b);
	o = said_json(info_main, words, STATUS_OK);
	assert_string_equal(json_text_at(o, "kind"), "swap");
	assert_string_equal(json_text_at(o, "state"), "VALID");
	assert_string_equal(json_text_at(o, "codec"), "LZ4");
	assert_non_null(strstr(json_text_at(o, "swap_label"), "\\xff\x1b\n\""));
	assert_int_equal(json_int_at(o, "image.frames"), b.n_frames);
	json_decref(o);
	o = said_json(verify_main, words, STATUS_OK);
	assert_int_equal(json_int_at(o, "image.content_bytes"), b.n_frames * SWB_PAGE);
	json_decref(o);
	info();
	assert_null(strchr(text, 0x1b)); /* nor for people */

	swb_page(&b, b.slots[b.n_slots - 2])[100] ^= 1;
	write_disk(&b);
	o = said_json(verify_main, words, STATUS_DAMAGED);
	json_decref(o);
	memcpy(swb_page(&b, 0) + 4086, "SWAPSPACE2", 10);
	write_disk(&b);
	o = said_json(info_main, words, STATUS_OK);
	assert_string_equal(json_text_at(o, "state"), "EMPTY");
	json_decref(o);
	o = said_json(verify_main, words, STATUS_EMPTY);
	json_decref(o);
	swb_free(&b);
}

TEST(bad)
{
	struct swb_image b;

	swb_build(&b, &(struct swb_params){.codec = SWB_LZO, .n_data = 300});
	swb_page(&b, b.slots[b.n_slots - 2])[100] ^= 1;
	write_disk(&b);
	assert_int_equal(info(), STATUS_OK);
	assert_int_equal(verify(), STATUS_DAMAGED);
	assert_complaint(path);
	swb_page(&b, 0)[4072] ^= 0x80;
	write_disk(&b);
	assert_int_equal(info(), STATUS_FAILED);
	assert_complaint("flags");
	swb_free(&b);
}

TEST(no_image)
{
	struct swb_image b;

	swb_build(&b, &(struct swb_params){.codec = SWB_LZO, .n_data = 10});
	memcpy(swb_page(&b, 0) + 4086, "SWAPSPACE2", 10);
	write_disk(&b);
	assert_int_equal(info(), STATUS_OK);
	says(": a swap area without an image\n");
	assert_int_equal(verify(), STATUS_EMPTY);
	assert_complaint("a swap area without an image");
	swb_free(&b);
	/* Neither swap nor an area of our own. */
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(truncate(path, 1 << 20), 0);
	assert_int_equal(info(), STATUS_MISSING);
	assert_int_equal(verify(), STATUS_MISSING);
	assert_complaint(path);
}

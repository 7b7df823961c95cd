/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast a compressed hibernation image is decoded, against the bare decompressor, same bytes:
 *   make out/bench/swsusp_decode; out/bench/swsusp_decode IMAGE
 * IMAGE: a file of a swap partition with an image in it (tests/qemu/swsusp_images.sh makes some).
 * All stored pages are in memory before the clock starts. "bare": liblzo2 or liblz4, unit after unit
 * into one buffer. "reader": what a loader does: lengths, decoding into the frames (through a buffer
 * where they are not contiguous), checksum. Alternating, five times each; the best of each counts.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <lz4.h>
#include <lzo/lzo1x.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "swsusp.h"

#define WORK_BYTES (64u << 20)
#define N_TIMES    5

struct bench {
	int fd;
	struct swsusp_source src;
	struct swsusp_header header;
	struct swsusp_image img;
	struct swsusp_fault fault;
	uint8_t *stored; /* all slots */
	uint8_t *memory; /* frame n at n * 4096 */
	uint8_t *buf;    /* one unit */
	uint64_t bytes;  /* decoded in one pass */
	uint32_t n_direct, n_units;
};

static void must(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "swsusp_decode: %s\n", what);
		exit(1);
	}
}

static void *pages(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	must(p != MAP_FAILED, "no memory");
	return p;
}

static int read_pages(void *ctx, uint64_t page, uint32_t n_pages, void *buf)
{
	struct bench *b = ctx;
	size_t bytes = (size_t)n_pages * SWSUSP_PAGE_BYTES;

	return pread(b->fd, buf, bytes, (off_t)(page * SWSUSP_PAGE_BYTES)) == (ssize_t)bytes ? 0
											     : -65;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void load(struct bench *b, const char *path)
{
	struct stat st;
	struct swsusp_cursor c;
	struct swsusp_run run;
	uint64_t end = 0, at = 0;

	b->fd = open(path, O_RDONLY);
	must(b->fd >= 0 && fstat(b->fd, &st) == 0, path);
	b->src = (struct swsusp_source){read_pages, b, (uint64_t)st.st_size / SWSUSP_PAGE_BYTES};
	must(!swsusp_read_header(&b->src, 0, pages(SWSUSP_PAGE_BYTES), &b->header, &b->fault),
		"no image");
	must(!swsusp_open(&b->img, &b->src, &b->header, pages(WORK_BYTES), WORK_BYTES, &b->fault),
		b->fault.what ? b->fault.what : "image");
	must(b->header.codec != SWSUSP_CODEC_RAW, "not compressed");
	b->stored = pages(b->img.n_slots * SWSUSP_PAGE_BYTES);
	swsusp_slots(&b->img, 0, &c);
	for (; swsusp_next(&c, 1024, &run) == 1; at += run.count)
		must(!read_pages(
			     b, run.first, (uint32_t)run.count, b->stored + at * SWSUSP_PAGE_BYTES),
			"read");
	swsusp_frames(&b->img, &c);
	while (swsusp_next(&c, UINT64_MAX, &run) == 1)
		end = run.first + run.count;
	b->memory = pages(end * SWSUSP_PAGE_BYTES);
	b->buf = pages(SWSUSP_UNIT_BYTES);
}

static double run_bare(struct bench *b)
{
	struct swsusp_stream s = b->img.data;
	double start = now_s();
	struct swsusp_unit u;

	b->bytes = 0;
	while (swsusp_unit_next(
		       &b->img, &s, b->stored + s.slot * SWSUSP_PAGE_BYTES, &u, &b->fault) == 1) {
		const uint8_t *data = b->stored + u.slot * SWSUSP_PAGE_BYTES + 8;
		lzo_uint n = SWSUSP_UNIT_BYTES;

		if (b->header.codec == SWSUSP_CODEC_LZO)
			must(lzo1x_decompress_safe(data, u.stored_bytes, b->buf, &n, NULL) == 0,
				"LZO");
		else
			n = (lzo_uint)LZ4_decompress_safe((const char *)data, (char *)b->buf,
				(int)u.stored_bytes, SWSUSP_UNIT_BYTES);
		b->bytes += n;
	}
	return now_s() - start;
}

static void spread(struct bench *b, struct swsusp_cursor *frames, const struct swsusp_unit *u)
{
	struct swsusp_run run;

	for (uint32_t i = u->n_meta; i < u->n_pages; i += (uint32_t)run.count) {
		must(swsusp_next(frames, u->n_pages - i, &run) == 1, "frames");
		memcpy(b->memory + run.first * SWSUSP_PAGE_BYTES,
			b->buf + (size_t)i * SWSUSP_PAGE_BYTES, run.count * SWSUSP_PAGE_BYTES);
	}
}

static double run_reader(struct bench *b)
{
	struct swsusp_stream s = b->img.data;
	double start = now_s();
	struct swsusp_cursor frames;
	struct swsusp_unit u;

	b->n_direct = b->n_units = 0;
	swsusp_data_frames(&b->img, &frames);
	for (; swsusp_unit_next(
		       &b->img, &s, b->stored + s.slot * SWSUSP_PAGE_BYTES, &u, &b->fault) == 1;
		b->n_units++) {
		const uint8_t *stored = b->stored + u.slot * SWSUSP_PAGE_BYTES;
		struct swsusp_cursor ahead = frames;
		struct swsusp_run run = {0};
		uint8_t *dst = b->buf;

		if (u.n_meta == 0 && swsusp_next(&ahead, u.n_pages, &run) == 1 &&
			run.count == u.n_pages)
			dst = b->memory + run.first * SWSUSP_PAGE_BYTES;
		must(!swsusp_unit_decode(&b->img, &u, stored, dst, &b->fault), "decode");
		s.crc = swsusp_crc(s.crc, dst, (size_t)u.n_pages * SWSUSP_PAGE_BYTES);
		if (dst == b->buf) {
			spread(b, &frames, &u);
		} else {
			frames = ahead;
			b->n_direct++;
		}
	}
	must(!swsusp_crc_check(&b->img, s.crc, &b->fault), "checksum");
	return now_s() - start;
}

int main(int argc, char **argv)
{
	double bare = 1e9, reader = 1e9;
	struct bench b = {0};

	must(argc == 2, "usage: swsusp_decode IMAGE");
	load(&b, argv[1]);
	run_reader(&b); /* touches all memory */
	for (int i = 0; i < N_TIMES; i++) {
		double t = run_bare(&b);

		bare = t < bare ? t : bare;
		t = run_reader(&b);
		reader = t < reader ? t : reader;
	}
	printf("%s: %.1f MB, %u units, %u straight into place; bare %.0f MB/s, reader %.0f MB/s, "
	       "time %.2fx\n",
		b.header.codec == SWSUSP_CODEC_LZO ? "LZO" : "LZ4", (double)b.bytes / 1e6,
		b.n_units, b.n_direct, (double)b.bytes / bare / 1e6, (double)b.bytes / reader / 1e6,
		reader / bare);
	return 0;
}

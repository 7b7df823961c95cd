/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader's reader of stock images, compiled for the host over a file: so that info and
 * verify say what the loader will find.
 */
#include "stock_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit_status.h"
#include "attempts.h"
#include "now.h"
#include "progress.h"
#include "say.h"
#include "uuid.h"

#define SOURCE_ERR (-64) /* struct image_file has the errno */

static int read_pages(void *ctx, uint64_t page, uint32_t n_pages, void *buf)
{
	struct image_file *f = ctx;

	return f->source.read(f, page * SWSUSP_PAGE_BYTES, buf, (size_t)n_pages * SWSUSP_PAGE_BYTES)
		       ? SOURCE_ERR
		       : 0;
}

static enum exit_status stock_status(int err)
{
	if (err == SWSUSP_ERR_NONE)
		return STATUS_EMPTY;
	if (err == SWSUSP_ERR_NO_SWAP)
		return STATUS_MISSING;
	return err <= SWSUSP_ERR_HEADER && err >= SWSUSP_ERR_ENTRY ? STATUS_DAMAGED : STATUS_FAILED;
}

static int stock_complain(const struct stock_image *s, int err, const struct swsusp_fault *fault)
{
	if (err == SOURCE_ERR)
		return image_complain(&s->file, IMAGE_IO_ERR, NULL);
	if (!fault->what)
		return complain_as(stock_status(err), "%s: %s", s->file.path, swsusp_err_text(err));
	return complain_as(stock_status(err),
		"%s: %s: %s in page %" PRIu64 " is %#" PRIx64 ", wanted %#" PRIx64, s->file.path,
		swsusp_err_text(err), fault->what, fault->page, fault->found, fault->wanted);
}

/* ---- Opening ---- */

static void read_attempts(struct stock_image *s)
{
	const struct swsusp_header *h = &s->header;
	struct attempts l;

	memcpy(&l, s->page, sizeof(l));
	s->attempts = attempts_count(&l, attempts_image(h->map_page, h->crc, h->flags, h->hw_sig));
}

int stock_image_look(struct stock_image *s, const char *path, uint64_t page)
{
	struct swsusp_fault fault = {.what = NULL};
	int err;

	memset(s, 0, sizeof(*s));
	s->file.fd = -1;
	if (image_open(&s->file, path))
		return -1;
	s->source = (struct swsusp_source){read_pages, &s->file, s->file.size / SWSUSP_PAGE_BYTES};
	if (s->source.n_pages > STOCK_PAGES_MAX)
		s->source.n_pages = STOCK_PAGES_MAX;
	if (page >= s->source.n_pages)
		return page ? complain_as(STATUS_MISSING, "%s has no page %" PRIu64, path, page)
			    : STOCK_NO_SWAP;
	s->page = image_buffer(SWSUSP_PAGE_BYTES);
	if (!s->page)
		return -1;
	err = swsusp_read_header(&s->source, page, s->page, &s->header, &fault);
	if (err == SWSUSP_ERR_NO_SWAP)
		return page ? complain_as(STATUS_MISSING, "%s: no swap header in page %" PRIu64,
				      path, page)
			    : STOCK_NO_SWAP;
	if (err == SWSUSP_ERR_NONE)
		return STOCK_EMPTY;
	if (err)
		return stock_complain(s, err, &fault);
	read_attempts(s);
	return STOCK_IMAGE;
}

int stock_image_open(struct stock_image *s)
{
	struct swsusp_fault fault = {.what = NULL};
	size_t bytes = 4u << 20;
	int err = SWSUSP_ERR_WORK;

	/* Enough for all but very scattered images; then as much as the worst one takes. */
	for (int attempt = 0; attempt < 2 && err == SWSUSP_ERR_WORK; attempt++) {
		free(s->work);
		s->work = image_buffer(bytes);
		if (!s->work)
			return -1;
		err = swsusp_open(&s->image, &s->source, &s->header, s->work, bytes, &fault);
		bytes = (size_t)fault.wanted;
	}
	return err ? stock_complain(s, err, &fault) : 0;
}

void stock_image_close(struct stock_image *s)
{
	image_close(&s->file);
	free(s->page);
	free(s->work);
	s->page = NULL;
	s->work = NULL;
}

/* ---- Showing ---- */

static const char *codec_text(enum swsusp_codec codec)
{
	static const char *const text[] = {"uncompressed", "LZO", "LZ4"};

	return text[codec];
}

static const char *mode_text(const struct swsusp_header *h)
{
	return h->flags & SWSUSP_PLATFORM ? "platform" : "shutdown";
}

const char *stock_image_line(const struct stock_image *s, char ret[STOCK_LINE_BYTES])
{
	snprintf(ret, STOCK_LINE_BYTES, "%s, %s mode, tried %" PRIu32 " times",
		codec_text(s->header.codec), mode_text(&s->header), s->attempts);
	return ret;
}

static void print_header(const struct stock_image *s)
{
	const struct swsusp_header *h = &s->header;
	char uuid[UUID_TEXT_BYTES];

	say("%-12s%s, page %" PRIu64 ", %s%s\n", "swap area", s->file.path, h->page,
		*h->label ? "label " : "no label", h->label);
	say("%-12s%s\n", "swap uuid", uuid_text(uuid, h->uuid));
	say("%-12sa kernel's own hibernation image: may be resumed, tried %" PRIu32 " times\n",
		"state", s->attempts);
	say("%-12s%s mode, %s%s\n", "saved in", mode_text(h), codec_text(h->codec),
		h->codec == SWSUSP_CODEC_RAW ? ", without a checksum" : "");
	if (h->codec != SWSUSP_CODEC_RAW)
		say("%-12s%#010" PRIx32 "\n", "checksum", h->crc);
	if (h->flags & SWSUSP_HW_SIG)
		say("%-12s%#010" PRIx32 "\n", "hw sig", h->hw_sig);
}

static void print_image(const struct swsusp_image *img)
{
	char size[SAY_SIZE_BYTES], stored[SAY_SIZE_BYTES];

	say("%-12s%#" PRIx64 ", physical %#" PRIx64 ", page tables %#" PRIx64 "\n", "entry",
		img->info.jump_address, img->info.jump_address_phys, img->info.cr3);
	say("%-12s%" PRIu64 " frames (%s), %" PRIu64 " of them zero\n", "memory", img->n_frames,
		say_size(size, img->n_frames * SWSUSP_PAGE_BYTES), img->n_zero);
	say("%-12s%" PRIu64 " frames, e820 checksum %#010" PRIx32 "\n", "machine",
		img->info.num_physpages, img->info.e820_crc);
	say("%-12s%" PRIu64 " pages (%s) and %" PRIu64 " of map, stream of %" PRIu64 " pages\n",
		"stored", img->n_slots, say_size(stored, img->n_slots * SWSUSP_PAGE_BYTES),
		img->n_map_pages, img->info.pages);
}

static int say_empty(const char *path, uint64_t page)
{
	if (page)
		say("%s, page %" PRIu64 ": a swap area without an image\n", path, page);
	else
		say("%s: a swap area without an image\n", path);
	return STATUS_OK;
}

int stock_info(const char *path, uint64_t page)
{
	struct stock_image s;
	int answer = STATUS_OK, found = stock_image_look(&s, path, page);

	if (found == STOCK_NO_SWAP)
		answer = STATUS_NOT_STOCK;
	else if (found == STOCK_EMPTY)
		answer = say_empty(path, page);
	else if (found < 0 || stock_image_open(&s))
		answer = failure_status();
	else {
		print_header(&s);
		print_image(&s.image);
	}
	stock_image_close(&s);
	return answer;
}

/* ---- Verifying ---- */

struct reading {
	struct progress progress;
	int (*frames)(void *ctx, uint64_t pfn, uint64_t n, const void *pages);
	void *ctx;
	int err; /* of frames */
};

static void show_slots(void *ctx, uint64_t slots)
{
	struct reading *r = ctx;

	progress_show(&r->progress, slots * SWSUSP_PAGE_BYTES);
}

static int give_frames(void *ctx, uint64_t pfn, uint64_t n, const void *pages)
{
	struct reading *r = ctx;

	r->err = r->frames ? r->frames(r->ctx, pfn, n, pages) : 0;
	return r->err ? SOURCE_ERR : 0;
}

int stock_image_read(struct stock_image *s,
	int (*frames)(void *ctx, uint64_t pfn, uint64_t n, const void *pages), void *ctx,
	const char *name)
{
	struct reading r = {.frames = frames, .ctx = ctx};
	struct swsusp_sink sink = {give_frames, show_slots, &r};
	struct swsusp_fault fault = {.what = NULL};
	void *buffer = image_buffer(SWSUSP_BUFFER_BYTES);
	int err;

	if (!buffer)
		return -1;
	progress_begin(&r.progress, s->image.n_slots * SWSUSP_PAGE_BYTES);
	err = swsusp_read_data(&s->image, buffer, &sink, &fault);
	progress_end(&r.progress);
	free(buffer);
	if (r.err)
		return complain("%s: %s", name, strerror(r.err));
	return err ? stock_complain(s, err, &fault) : 0;
}

static int verify(struct stock_image *s, struct stock_sum *ret)
{
	uint64_t begun_us = now_us();

	if (stock_image_open(s) || stock_image_read(s, NULL, NULL, NULL))
		return failure_status();
	*ret = (struct stock_sum){.bytes_read = s->image.n_slots * SWSUSP_PAGE_BYTES,
		.bytes = s->image.n_frames * SWSUSP_PAGE_BYTES,
		.us = now_us() - begun_us,
		.has_checksum = s->header.codec != SWSUSP_CODEC_RAW};
	return STATUS_OK;
}

int stock_verify(const char *path, uint64_t page, struct stock_sum *ret_sum)
{
	struct stock_image s;
	int answer, found = stock_image_look(&s, path, page);

	if (found == STOCK_NO_SWAP)
		answer = STATUS_NOT_STOCK;
	else if (found == STOCK_IMAGE)
		answer = verify(&s, ret_sum);
	else {
		if (found == STOCK_EMPTY)
			complain_as(STATUS_EMPTY, "%s: a swap area without an image", path);
		answer = failure_status();
	}
	stock_image_close(&s);
	return answer;
}

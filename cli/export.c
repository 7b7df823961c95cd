/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor export: the memory in an image as a file that other programs open. */
#include "export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "device_tag.h"
#include "look.h"
#include "out_file.h"
#include "say.h"
#include "spool.h"
#include "verb.h"

struct options {
	bool raw, force;
	const char *image, *output;
	uint64_t page;
};

/* ---- Output ---- */

static bool is_zero(const uint8_t *page)
{
	return !*page && !memcmp(page, page + 1, CORE_PAGE_BYTES - 1);
}

static void note_candidate(struct export *e, uint64_t pfn, const uint8_t *page)
{
	if (memcmp(page, CRASH_INFO_BEGIN, strlen(CRASH_INFO_BEGIN)))
		return;
	pthread_mutex_lock(&e->lock);
	if (e->n_candidates < EXPORT_CANDIDATES_MAX)
		e->candidate[e->n_candidates++] = pfn;
	pthread_mutex_unlock(&e->lock);
}

/* Zeros are left out: the file has a hole there. Frames of one call lie in one run, or, in an own
 * image, in one chunk, which does. */
static int put_frames(void *ctx, uint64_t pfn, uint64_t n, const void *data)
{
	struct export *e = ctx;
	const struct export_run *r = export_run_of(e, pfn);
	const uint8_t *page = data;

	if (!r || pfn + n > r->pfn + r->n)
		return EPROTO; /* the runs said otherwise */
	for (uint64_t i = 0, from = 0; i <= n; i++) {
		bool hole = i == n || is_zero(page + i * CORE_PAGE_BYTES);
		uint64_t at = r->offset + (pfn + from - r->pfn) * CORE_PAGE_BYTES;
		int err = 0;

		if (!hole) {
			note_candidate(e, pfn + i, page + i * CORE_PAGE_BYTES);
			continue;
		}
		if (from < i)
			err = export_put(
				e, at, page + from * CORE_PAGE_BYTES, (i - from) * CORE_PAGE_BYTES);
		if (err)
			return err;
		from = i + 1;
	}
	return 0;
}

/* ---- Runs ---- */

static int add_run(void *ctx, uint64_t pfn, uint64_t n)
{
	struct export *e = ctx;
	struct export_run *last = e->n_runs ? &e->run[e->n_runs - 1] : NULL, *grown;
	uint64_t gap = last ? pfn - (last->pfn + last->n) : 0;

	e->n_frames += n;
	if (last && gap <= e->join) {
		e->n_joined += gap;
		last->n += gap + n;
		return 0;
	}
	if (e->n_runs == e->cap_runs) {
		uint32_t cap = e->cap_runs ? e->cap_runs * 2 : 1024;

		grown = realloc(e->run, cap * sizeof(*grown));
		if (!grown)
			return complain("out of memory");
		e->run = grown;
		e->cap_runs = cap;
	}
	e->run[e->n_runs++] = (struct export_run){.pfn = pfn, .n = n};
	return 0;
}

/* As few frames as possible that are not in the image become zeros. */
static int find_runs(struct export *e, uint32_t max)
{
	for (e->join = 0;; e->join = e->join ? e->join * 2 : 1) {
		e->n_runs = 0;
		e->n_frames = e->n_joined = 0;
		if (image_memory_runs(&e->memory, add_run, e))
			return -1;
		if (!e->n_runs)
			return complain("there is no memory in the image");
		if (e->n_runs <= max)
			return 0;
	}
}

static int plan(struct export *e, const struct options *o)
{
	if (find_runs(e, o->raw ? UINT32_MAX : CORE_SEGMENTS_MAX - 100))
		return -1;
	if (!o->raw)
		return export_core_begin(e);
	for (uint32_t i = 0; i < e->n_runs; i++)
		e->run[i].offset = e->run[i].pfn * CORE_PAGE_BYTES;
	e->size = (e->run[e->n_runs - 1].pfn + e->run[e->n_runs - 1].n) * CORE_PAGE_BYTES;
	return 0;
}

/* ---- The command ---- */

static int image_fd(const struct export *e)
{
	return e->memory.is_stock ? e->memory.stock.file.fd : e->memory.own.file.fd;
}

static void print_sum(const struct export *e, const struct options *o)
{
	FILE *out = spool_is_standard(e->path) ? stderr : stdout;
	char size[SAY_SIZE_BYTES];

	say_to(out, "%s: %s of memory in %u %s", e->path,
		say_size(size, e->n_frames * CORE_PAGE_BYTES), e->n_runs,
		e->n_runs == 1 ? "piece" : "pieces");
	if (e->info.bytes)
		say_to(out, "; kernel %.*s, KASLR offset %#" PRIx64 ", %s",
			(int)strcspn(e->info.text + strlen(CRASH_INFO_BEGIN), "\n"),
			e->info.text + strlen(CRASH_INFO_BEGIN), e->info.kernel_offset,
			e->has_registers ? "with registers" : "without registers");
	say_to(out, "\n");
	if (e->n_joined)
		say_to(out,
			"%s: %" PRIu64
			" frames between them are not in the image and read as zeros\n",
			e->path, e->n_joined);
	if (!o->raw && !e->info.bytes)
		say_to(out,
			"%s: no VMCOREINFO was found: crash and makedumpfile will not open it\n",
			e->path);
}

static int fill_output(struct export *e, const struct options *o)
{
	struct image_memory_sink sink = {put_frames, e, e->path};

	if (ftruncate(e->fd, (off_t)e->size))
		return complain("%s: %s", e->path, strerror(errno));
	return image_memory_read(&e->memory, &sink) || (!o->raw && export_core_end(e)) ? -1 : 0;
}

/* An ELF core is written in any order, and read again. */
static int export_to_standard_output(struct export *e, const struct options *o)
{
	int err = spool_check_output();

	e->fd = err ? -1 : spool_open();
	if (e->fd < 0)
		return -1;
	err = fill_output(e, o) || spool_output(e->fd) ? -1 : 0;
	close(e->fd);
	return err;
}

/* Half of it would be taken for the whole: it has its name at the end. */
static int export_to(struct export *e, const struct options *o)
{
	enum out_how how = o->force ? OUT_REPLACE : OUT_NEW;
	struct out_file out;

	e->path = o->output;
	if (spool_is_standard(o->output))
		return export_to_standard_output(e, o);
	if (out_file_begin(&out, o->output, how, "--force", image_fd(e)))
		return -1;
	e->fd = out.fd;
	return out_file_end(&out, fill_output(e, o));
}

static int export(const struct options *o)
{
	struct export *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return complain("out of memory");
	pthread_mutex_init(&e->lock, NULL);
	err = image_memory_open(&e->memory, o->image, o->page);
	if (!err)
		err = plan(e, o);
	if (!err)
		err = export_to(e, o);
	if (!err)
		print_sum(e, o);
	image_memory_close(&e->memory);
	pthread_mutex_destroy(&e->lock);
	free(e->notes.buf);
	free(e->run);
	free(e);
	return err;
}

static int take_option(void *ctx, int letter, const char *arg)
{
	struct options *o = ctx;

	switch (letter) {
	case 'p':
		return look_offset(arg, &o->page);
	case 'q':
		say_quietly();
		return 0;
	case 'f':
		o->force = true;
		return 0;
	case 'o':
		o->output = arg;
		return 0;
	default:
		o->raw = letter == 'r';
		return 0;
	}
}

static int parse(int argc, char **argv, struct options *ret)
{
	int at = verb_options(&export_verb, argc, argv, take_option, ret);

	if (at < 0)
		return -1;
	ret->image = argv[at];
	if (ret->output && ret->force && spool_is_standard(ret->output))
		return complain("export: --force is of a FILE, not of standard output");
	if (!ret->output)
		ret->output = ret->raw ? "memory.raw" : "memory.elf";
	return 0;
}

int export_main(int argc, char **argv)
{
	struct options o = {0};

	if (parse(argc, argv, &o))
		return STATUS_USAGE;
	o.image = device_tag_path(o.image);
	if (!o.image)
		return failure_status();
	return export(&o) ? failure_status() : STATUS_OK;
}

const struct verb export_verb = {
	.name = "export",
	.run = export_main,
	.summary = "write the saved memory into a file for crash, drgn, gdb or makedumpfile",
	.forms = {"export [--elf | --raw] [-o FILE] [--force] [--offset PAGES] FILE-OR-DEVICE"},
	.least = 1,
	.most = 1,
	.options = {{'e', "--elf", "an ELF core (if neither is given)", 1},
		{'r', "--raw", "flat and sparse: offset = physical address", 1},
		{'o', "-o FILE",
			"its name (memory.elf or memory.raw, if not given); -: standard output", 0},
		{'f', "--force", "also over a FILE that is there", 0},
		{'p', "--offset PAGES",
			"the image is in a swap file, which begins at this page of the partition",
			0},
		{'q', "-q, --quiet", "no progress, no summary", 0}},
};

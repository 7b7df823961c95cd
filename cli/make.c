/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor make: an image from an ELF core, or from flat memory. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "core_file.h"
#include "device_tag.h"
#include "make_input.h"
#include "make_output.h"
#include "progress.h"
#include "saved_state.h"
#include "say.h"
#include "spool.h"
#include "uuid.h"
#include "verb.h"

#define CHUNK_PAGES 16u
#define PIECE_PAGES 4096u /* between two looks at the bar */
#define SLACK_BYTES (16u << 20)

struct options {
	bool raw, force;
	const char *input, *output;
};

struct make {
	struct make_input in;
	struct core_file core;
	struct core_segment flat; /* --raw: the one segment */
	struct core_image about;
	uint64_t n_data_frames; /* the others are holes */
	uint32_t n_streams;
	bool has_cpu, has_platform;

	struct make_output out;
	struct img_writer writer;
	void *work;
	struct progress progress;
};

/* ---- Input ---- */

static int read_map(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	const struct make *m = ctx;

	memcpy(buf, m->in.map + offset, bytes);
	return 0;
}

static int open_flat(struct make *m, const char *path)
{
	if (m->in.bytes % CORE_PAGE_BYTES)
		return complain("%s: its length is not a multiple of %u", path, CORE_PAGE_BYTES);
	m->flat.n_frames = m->in.bytes / CORE_PAGE_BYTES;
	m->core.segment = &m->flat;
	m->core.n_segments = 1;
	return 0;
}

static int open_core(struct make *m, const char *path)
{
	struct core_source source = {read_map, m, m->in.bytes};
	struct core_note note;

	if (core_open(&m->core, &source))
		return complain("%s: %s", path, m->core.error);
	for (uint32_t i = 0; i < m->core.n_segments; i++)
		if (m->core.segment[i].offset % CORE_PAGE_BYTES)
			return complain("%s: the segment of physical address %#" PRIx64
					" lies at byte %" PRIu64 ", which is not a multiple of %u",
				path, m->core.segment[i].pfn * CORE_PAGE_BYTES,
				m->core.segment[i].offset, CORE_PAGE_BYTES);
	for (size_t at = 0; core_note_next(m->core.notes, m->core.note_bytes, &at, &note);)
		if (!strcmp(note.name, CORE_NOTE_NAME) && note.type == CORE_NOTE_IMAGE &&
			note.bytes >= sizeof(m->about))
			memcpy(&m->about, note.content, sizeof(m->about));
	m->about.label[sizeof(m->about.label) - 1] = 0;
	return 0;
}

/* From frame at of a segment on: how many are alike, at most n, and whether they are a hole. What is not
 * a whole frame of hole is data. */
static bool next_frames(
	const struct make *m, const struct core_segment *s, uint64_t at, uint64_t *n)
{
	uint64_t from = s->offset + at * CORE_PAGE_BYTES, end;
	bool hole = make_input_is_hole(&m->in, from, from + *n * CORE_PAGE_BYTES, &end);
	uint64_t whole = (end - from) / CORE_PAGE_BYTES;

	if (hole && !whole)
		*n = 1;
	else if (hole)
		*n = whole;
	else
		*n = (end - from + CORE_PAGE_BYTES - 1) / CORE_PAGE_BYTES;
	return hole && whole;
}

static void count_data(struct make *m)
{
	for (uint32_t i = 0; i < m->core.n_segments; i++) {
		const struct core_segment *s = &m->core.segment[i];

		for (uint64_t at = 0, n; at < s->n_frames; at += n) {
			n = s->n_frames - at;
			if (!next_frames(m, s, at, &n))
				m->n_data_frames += n;
		}
	}
}

static uint64_t bytes_at_most(const struct make *m)
{
	uint64_t frame = CORE_PAGE_BYTES + sizeof(struct img_chunk_rec) + 64;

	return (m->n_data_frames * frame + 2 * m->core.note_bytes + SLACK_BYTES) &
	       ~(uint64_t)(IMG_BLOCK_BYTES - 1);
}

/* ---- The image ---- */

static int begin(struct make *m, const struct img_dest *d, uint64_t beside)
{
	const struct img_headers *there = &m->out.headers;
	struct img_params p = {.created_unix_s = m->about.created_unix_s,
		.compat = m->about.compat & IMG_COMPAT_REUSABLE,
		.generation = there->h.generation,
		.slot = there->slot,
		.chunk_pages = CHUNK_PAGES,
		.beside = beside};
	size_t work_bytes;
	int err;

	memcpy(p.area_uuid, there->h.area_uuid, sizeof(p.area_uuid));
	memcpy(p.label, m->about.label, sizeof(p.label));
	if (!p.created_unix_s)
		p.created_unix_s = (uint64_t)time(NULL);
	if (uuid_make(p.image_uuid))
		return -1;
	work_bytes = img_writer_work(core_frames(&m->core), &p);
	free(m->work);
	m->work = image_buffer(work_bytes);
	if (!m->work)
		return -1;
	m->n_streams = 0;
	err = img_begin(&m->writer, d, &p, m->work, work_bytes);
	return err ? image_complain(&m->out.area, err, NULL) : 0;
}

static int write_stream(struct make *m, const struct core_note *note)
{
	char name[IMG_NAME_BYTES];
	int err;

	if (note->bytes < IMG_NAME_BYTES || !note->content[0] || note->content[IMG_NAME_BYTES - 1])
		return complain("a note of a byte stream has no name in it");
	memcpy(name, note->content, IMG_NAME_BYTES);
	err = img_object_begin(&m->writer, name, IMG_BYTES);
	if (err == IMG_ERR_ARGUMENT)
		return complain("a note of a byte stream has a bad name, or one has it twice");
	if (!err)
		err = img_bytes(
			&m->writer, note->content + IMG_NAME_BYTES, note->bytes - IMG_NAME_BYTES);
	if (!err)
		err = img_object_end(&m->writer);
	m->n_streams++;
	m->has_cpu |= !strcmp(name, SAVED_CPU);
	m->has_platform |= !strcmp(name, SAVED_PLATFORM);
	return err ? image_complain(&m->out.area, err, NULL) : 0;
}

static int write_streams(struct make *m)
{
	struct core_note note;
	size_t at = 0;

	while (core_note_next(m->core.notes, m->core.note_bytes, &at, &note))
		if (!strcmp(note.name, CORE_NOTE_NAME) && note.type == CORE_NOTE_STREAM &&
			write_stream(m, &note))
			return -1;
	return 0;
}

static int write_frames(struct make *m, const struct core_segment *s, uint64_t at, uint64_t n)
{
	uint64_t from = s->offset + at * CORE_PAGE_BYTES;
	int err = img_pages(&m->writer, s->pfn + at, (uint32_t)n, m->in.map + from);

	make_input_release(&m->in, from, n * CORE_PAGE_BYTES);
	return err;
}

static int write_segment(struct make *m, const struct core_segment *s, uint64_t *done)
{
	int err = 0;

	for (uint64_t at = 0, n; !err && at < s->n_frames; at += n) {
		n = s->n_frames - at;
		if (next_frames(m, s, at, &n)) {
			err = img_fill(&m->writer, s->pfn + at, n, 0);
			continue;
		}
		n = n < PIECE_PAGES ? n : PIECE_PAGES;
		err = write_frames(m, s, at, n);
		*done += n * CORE_PAGE_BYTES;
		progress_show(&m->progress, *done);
	}
	return err;
}

static int write_memory(struct make *m)
{
	uint64_t done = 0;
	int err = img_object_begin(&m->writer, SAVED_MEMORY, IMG_PAGES);

	progress_begin(&m->progress, m->n_data_frames * CORE_PAGE_BYTES);
	for (uint32_t i = 0; !err && i < m->core.n_segments; i++)
		err = write_segment(m, &m->core.segment[i], &done);
	if (!err)
		err = img_object_end(&m->writer);
	progress_end(&m->progress);
	return err ? image_complain(&m->out.area, err, NULL) : 0;
}

static int write_image(struct make *m, const struct img_dest *d, uint64_t beside)
{
	int err;

	if (begin(m, d, beside))
		return -1;
	err = img_node_begin(&m->writer, SAVED_NODE);
	if (err)
		return image_complain(&m->out.area, err, NULL);
	if (write_streams(m) || write_memory(m))
		return -1;
	err = img_node_end(&m->writer);
	if (!err)
		err = img_commit(&m->writer);
	return err ? image_complain(&m->out.area, err, NULL) : 0;
}

/* ---- How long it will be ---- */

static int write_nowhere(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	(void)ctx;
	(void)offset;
	(void)data;
	(void)bytes;
	return 0;
}

static int flush_nowhere(void *ctx)
{
	(void)ctx;
	return 0;
}

/* Only writing it tells, once for nothing: then what is there is not touched in vain. */
static int measure(struct make *m, uint64_t *ret_end)
{
	struct img_dest nowhere = m->out.area.dest;
	uint64_t most = bytes_at_most(m), room = nowhere.size;
	uint64_t old = img_state_check(&m->out.headers.h) ? 0 : m->out.headers.h.used_bytes;

	*ret_end = most;
	if (!m->out.in_place || (most <= room && most <= room - old))
		return 0;
	nowhere.write = write_nowhere;
	nowhere.flush = flush_nowhere;
	nowhere.size = most;
	if (write_image(m, &nowhere, 0))
		return -1;
	*ret_end = m->writer.h.used_bytes;
	return 0;
}

/* ---- The command ---- */

static void print_sum(const struct make *m)
{
	char memory[SAY_SIZE_BYTES], used[SAY_SIZE_BYTES];

	say_to(m->out.spool >= 0 ? stderr : stdout, "%s: %s of memory in %s; %s\n", m->out.path,
		say_size(memory, core_frames(&m->core) * CORE_PAGE_BYTES),
		say_size(used, m->writer.h.used_bytes),
		m->has_cpu && m->has_platform
			? "it may be resumed, once, by a machine whose disks are as they were at the save"
			: "it cannot be resumed: the input has no state of the processor");
}

static int make_image(struct make *m)
{
	uint64_t end, beside;

	if (measure(m, &end) || make_output_place(&m->out, end, &beside))
		return -1;
	return write_image(m, &m->out.area.dest, beside);
}

static int open_input(struct make *m, const struct options *o)
{
	if (make_input_open(&m->in, o->input) ||
		(o->raw ? open_flat(m, o->input) : open_core(m, o->input)))
		return -1;
	count_data(m);
	return 0;
}

static void close_input(struct make *m)
{
	if (m->core.segment == &m->flat)
		m->core.segment = NULL;
	core_close(&m->core);
	make_input_close(&m->in);
	free(m->work);
}

static int make(const struct options *o)
{
	struct make *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return complain("out of memory");
	m->in.fd = -1;
	err = open_input(m, o);
	if (!err) {
		err = make_output_open(&m->out, o->output, o->force ? MAKE_OVERWRITE : MAKE_NEW,
			bytes_at_most(m), m->in.fd);
		if (!err)
			err = make_image(m);
		err = make_output_close(&m->out, m->writer.h.used_bytes, err);
	}
	if (!err)
		print_sum(m);
	close_input(m);
	free(m);
	return err;
}

static int take_option(void *ctx, int letter, const char *arg)
{
	struct options *o = ctx;

	if (letter == 'q') {
		say_quietly();
	} else if (letter == 'f') {
		o->force = true;
	} else if (letter == 'o') {
		o->output = arg;
	} else {
		o->input = arg;
		o->raw = letter == 'r';
	}
	return 0;
}

static int parse(int argc, char **argv, struct options *ret)
{
	if (verb_options(&make_verb, argc, argv, take_option, ret) < 0)
		return -1;
	if (!ret->input || !ret->output)
		return complain("make: --elf CORE or --raw MEMORY, and -o IMAGE");
	if (ret->force && spool_is_standard(ret->output))
		return complain("make: --force is of a FILE, not of standard output");
	return 0;
}

int make_main(int argc, char **argv)
{
	struct options o = {0};

	if (parse(argc, argv, &o))
		return STATUS_USAGE;
	o.output = device_tag_path(o.output);
	if (!o.output)
		return failure_status();
	return make(&o) ? failure_status() : STATUS_OK;
}

const struct verb make_verb = {
	.name = "make",
	.run = make_main,
	.summary = "make an image of an exported core, or of flat memory",
	.forms = {"make --elf CORE | --raw MEMORY [--force] -o FILE-OR-DEVICE"},
	.text = "What is made of the core of an own image may be resumed: ONLY where every disk is as it was at "
		"the save, else its file systems are destroyed.",
	.options = {{'e', "--elf CORE", "an ELF core that torpor export wrote; -: standard input",
			    1},
		{'r', "--raw MEMORY", "memory as it is, from address 0 on: an image for tests", 1},
		{'o', "-o FILE-OR-DEVICE", "a new file, or an area; -: standard output", 0},
		{'f', "--force", "also over a file, or an area with an image", 0},
		{'q', "-q, --quiet", "no progress, no summary", 0}},
};

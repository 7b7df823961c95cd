/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor make: an image from an ELF core, or from flat memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "core_file.h"
#include "progress.h"
#include "saved_state.h"
#include "say.h"
#include "target_area.h"
#include "unfinished.h"
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
	int in;
	const uint8_t *map; /* of the whole input: the writer may look at frames again later */
	uint64_t in_bytes;
	struct core_file core;
	struct core_segment flat; /* --raw: the one segment */
	struct core_image about;
	uint32_t n_streams;
	bool resumable;

	struct target target; /* a device */
	int out;              /* a file; -1: the target's */
	bool is_new;
	struct image_file area;
	struct img_headers headers;
	struct img_fault fault; /* of a header copy that does not count */
	struct img_writer writer;
	void *work;
	struct progress progress;
};

/* ---- Input ---- */

static void input_lost(int signal_number)
{
	static const char text[] = "\ntorpor: the input cannot be read; there is no image\n";

	(void)signal_number;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	unfinished_remove();
	_exit(STATUS_FAILED);
}

static int read_map(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	const struct make *m = ctx;

	memcpy(buf, m->map + offset, bytes);
	return 0;
}

static int map_input(struct make *m, const char *path)
{
	struct stat st;
	void *map;

	m->in = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe would wait for a writer */
	if (m->in < 0 || fstat(m->in, &st))
		return complain_as(open_status(errno), "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return complain("%s is not a file with something in it", path);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, m->in, 0);
	if (map == MAP_FAILED)
		return complain("%s: %s", path, strerror(errno));
	m->map = map;
	m->in_bytes = (uint64_t)st.st_size;
	(void)madvise(map, (size_t)st.st_size, MADV_SEQUENTIAL);
	signal(SIGBUS, input_lost);
	return 0;
}

static int open_flat(struct make *m, const char *path)
{
	if (m->in_bytes % CORE_PAGE_BYTES)
		return complain("%s: its length is not a multiple of %u", path, CORE_PAGE_BYTES);
	m->flat.n_frames = m->in_bytes / CORE_PAGE_BYTES;
	m->core.segment = &m->flat;
	m->core.n_segments = 1;
	return 0;
}

static int open_core(struct make *m, const char *path)
{
	struct core_source source = {read_map, m, m->in_bytes};
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

/* ---- Output: a new file, an area in a file, or one on a device ---- */

static uint64_t bytes_at_most(const struct make *m)
{
	uint64_t frame = CORE_PAGE_BYTES + sizeof(struct img_chunk_rec) + 64;

	return (core_frames(&m->core) * frame + 2 * m->core.note_bytes + SLACK_BYTES) &
	       ~(uint64_t)(IMG_BLOCK_BYTES - 1);
}

static int read_headers(struct make *m)
{
	void *block = image_buffer(IMG_BLOCK_BYTES);
	int err = block ? img_read_headers(&m->area.source, block, &m->headers, &m->fault)
			: IMG_ERR_WORK;

	free(block);
	return err ? image_complain(&m->area, err, &m->fault) : 0;
}

static int new_file(struct make *m, const char *path)
{
	uint64_t size = bytes_at_most(m);

	m->out = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (m->out < 0)
		return complain("%s: %s", path, strerror(errno));
	m->is_new = true;
	unfinished_is(path);
	if (ftruncate(m->out, (off_t)size))
		return complain("%s: %s", path, strerror(errno));
	if (image_attach(&m->area, path, m->out, size) || area_make(&m->area))
		return -1;
	return read_headers(m);
}

static int open_target(struct make *m, const char *path)
{
	if (target_find_path(&m->target, path) || target_check_free(&m->target))
		return -1;
	area_identify(&m->target);
	if (target_open(&m->target) ||
		image_attach(&m->area, path, m->target.fd, target_area_bytes(&m->target)))
		return -1;
	return area_open(&m->target, &m->area, AREA_KEEP, &m->headers);
}

static int open_file(struct make *m, const char *path, const struct stat *st)
{
	m->out = open(path, O_RDWR | O_CLOEXEC);
	if (m->out < 0 && errno == EPERM) /* immutable: one that setup made */
		return open_target(m, path);
	if (m->out < 0)
		return complain("%s: %s", path, strerror(errno));
	return image_attach(&m->area, path, m->out, (uint64_t)st->st_size) ? -1 : read_headers(m);
}

static int open_output(struct make *m, const struct options *o)
{
	struct stat st, in;
	int err;

	if (stat(o->output, &st))
		return errno == ENOENT ? new_file(m, o->output)
				       : complain("%s: %s", o->output, strerror(errno));
	if (!fstat(m->in, &in) && st.st_dev == in.st_dev && st.st_ino == in.st_ino)
		return complain("%s is the input itself", o->output);
	err = S_ISBLK(st.st_mode) ? open_target(m, o->output) : open_file(m, o->output, &st);
	if (!err && !o->force && !img_state_check(&m->headers.h))
		return complain(
			"%s holds an image that may be resumed: --force overwrites it", o->output);
	/* Behind the area's end may be a store. */
	if (!err && m->headers.h.area_bytes < m->area.dest.size)
		m->area.dest.size = m->headers.h.area_bytes;
	return err;
}

/* ---- The image ---- */

static int begin(struct make *m)
{
	struct img_params p = {.created_unix_s = m->about.created_unix_s,
		.compat = m->about.compat & IMG_COMPAT_REUSABLE,
		.generation = m->headers.h.generation,
		.slot = m->headers.slot,
		.chunk_pages = CHUNK_PAGES};
	size_t work_bytes;
	int err;

	memcpy(p.area_uuid, m->headers.h.area_uuid, sizeof(p.area_uuid));
	memcpy(p.label, m->about.label, sizeof(p.label));
	if (!p.created_unix_s)
		p.created_unix_s = (uint64_t)time(NULL);
	if (uuid_make(p.image_uuid))
		return -1;
	work_bytes = img_writer_work(core_frames(&m->core), &p);
	m->work = image_buffer(work_bytes);
	if (!m->work)
		return -1;
	err = img_begin(&m->writer, &m->area.dest, &p, m->work, work_bytes);
	return err ? image_complain(&m->area, err, NULL) : 0;
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
	m->resumable = m->resumable || !strcmp(name, SAVED_CPU);
	return err ? image_complain(&m->area, err, NULL) : 0;
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

static int write_segment(struct make *m, const struct core_segment *s, uint64_t *done)
{
	int err = 0;

	for (uint64_t at = 0; !err && at < s->n_frames; at += PIECE_PAGES) {
		uint64_t n = s->n_frames - at < PIECE_PAGES ? s->n_frames - at : PIECE_PAGES;

		err = img_pages(&m->writer, s->pfn + at, (uint32_t)n,
			m->map + s->offset + at * CORE_PAGE_BYTES);
		*done += n * CORE_PAGE_BYTES;
		progress_show(&m->progress, *done);
	}
	return err;
}

static int write_memory(struct make *m)
{
	uint64_t done = 0;
	int err = img_object_begin(&m->writer, SAVED_MEMORY, IMG_PAGES);

	progress_begin(&m->progress, core_frames(&m->core) * CORE_PAGE_BYTES);
	for (uint32_t i = 0; !err && i < m->core.n_segments; i++)
		err = write_segment(m, &m->core.segment[i], &done);
	if (!err)
		err = img_object_end(&m->writer);
	progress_end(&m->progress);
	return err ? image_complain(&m->area, err, NULL) : 0;
}

static int write_image(struct make *m)
{
	int err;

	if (begin(m))
		return -1;
	err = img_node_begin(&m->writer, SAVED_NODE);
	if (err)
		return image_complain(&m->area, err, NULL);
	if (write_streams(m) || write_memory(m))
		return -1;
	err = img_node_end(&m->writer);
	if (!err)
		err = img_commit(&m->writer);
	return err ? image_complain(&m->area, err, NULL) : 0;
}

/* ---- The command ---- */

/* A new file ends where its image does. */
static int finish(struct make *m, const struct options *o)
{
	char memory[SAY_SIZE_BYTES], used[SAY_SIZE_BYTES];

	if (read_headers(m))
		return -1;
	if (m->is_new && (ftruncate(m->out, (off_t)m->headers.h.used_bytes) || fsync(m->out)))
		return complain("%s: %s", o->output, strerror(errno));
	say("%s: %s of memory in %s; %s\n", o->output,
		say_size(memory, core_frames(&m->core) * CORE_PAGE_BYTES),
		say_size(used, m->headers.h.used_bytes),
		m->resumable ? "it may be resumed, once, by a machine whose disks are as they were "
			       "at the save"
			     : "it cannot be resumed: the input has no state of the processor");
	return 0;
}

static void close_all(struct make *m, const struct options *o, int err)
{
	image_close(&m->area);
	if (m->out >= 0)
		close(m->out);
	if (err && m->is_new)
		unlink(o->output);
	unfinished_is(NULL);
	target_close(&m->target);
	if (m->core.segment == &m->flat)
		m->core.segment = NULL;
	core_close(&m->core);
	if (m->map)
		munmap((void *)(uintptr_t)m->map, (size_t)m->in_bytes);
	if (m->in >= 0)
		close(m->in);
	free(m->work);
}

static int make(const struct options *o)
{
	struct make *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return complain("out of memory");
	m->in = m->out = m->target.fd = m->area.fd = -1;
	err = map_input(m, o->input);
	if (!err)
		err = o->raw ? open_flat(m, o->input) : open_core(m, o->input);
	if (!err)
		err = open_output(m, o);
	if (!err)
		err = write_image(m);
	if (!err)
		err = finish(m, o);
	close_all(m, o, err);
	free(m);
	return err;
}

static int take_option(void *ctx, int letter, const char *arg)
{
	struct options *o = ctx;

	if (letter == 'f') {
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
	return 0;
}

int make_main(int argc, char **argv)
{
	struct options o = {0};

	if (parse(argc, argv, &o))
		return STATUS_USAGE;
	return make(&o) ? failure_status() : STATUS_OK;
}

const struct verb make_verb = {
	.name = "make",
	.run = make_main,
	.summary = "make an image of an exported core, or of flat memory",
	.forms = {"make --elf CORE | --raw MEMORY [--force] -o FILE-OR-DEVICE"},
	.text = "What is made of the core of an own image may be resumed: ONLY where every disk is as it was at "
		"the save, else its file systems are destroyed.",
	.options = {{'e', "--elf CORE", "an ELF core that torpor export wrote", 1},
		{'r', "--raw MEMORY", "memory as it is, from address 0 on: an image for tests", 1},
		{'o', "-o FILE-OR-DEVICE", "a new file, or an area", 0},
		{'f', "--force", "also over a file, or an area with an image", 0}},
};

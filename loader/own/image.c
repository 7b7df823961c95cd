/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and decodes the saved state once, so that the checks before a resume are about values
 * and not about a format, and every damaged field is named in one place.
 */
#include "image.h"

#include "err_any.h"
#include "log.h"

#define STREAM_BYTES_MAX (128u * 1024)
#define ROOT_WORK_BYTES  (IMG_ROOT_MAX + IMG_BLOCK_BYTES)

static int say_fault(const struct image *im, int err, const char *what)
{
	const struct img_fault *f = &im->reader.fault;
	if (err <= IMG_ERR_HEADER && err >= IMG_ERR_MAP && f->what)
		log_line("image: %s: %s at byte %llu is %#llx, wanted %#llx", what, f->what,
			(unsigned long long)f->where, (unsigned long long)f->found,
			(unsigned long long)f->wanted);
	else
		log_line("image: %s: %s", what, err_any_text(err));
	return err;
}

/* Buffers that only reading the state needs. */
struct scratch {
	uint8_t *chunk, *stream;
};

static int open_stream(
	struct image *im, const char *name, const struct scratch *s, struct state_reader *ret)
{
	struct img_object_rec object;
	size_t bytes = 0;
	int err = img_find(&im->reader, SAVED_NODE, name, &object);
	if (!err)
		err = img_read_bytes(&im->reader, &object, im->index_block, s->chunk, s->stream,
			STREAM_BYTES_MAX, &bytes);
	if (!err)
		err = state_open(ret, s->stream, bytes);
	return err ? say_fault(im, err, name) : 0;
}

static int get(struct image *im, struct state_reader *r, const struct state_desc *d, void *dst,
	uint32_t max, uint32_t *ret_n)
{
	int err = state_get(r, d, dst, max, ret_n);
	if (err == IMG_ERR_STREAM)
		log_line("image: %s lacks or spoils %s", d->name, r->what ? r->what : "a field");
	return err ? say_fault(im, err, d->name) : 0;
}

static int one(struct image *im, struct state_reader *r, const struct state_desc *d, void *dst)
{
	uint32_t n = 0;
	int err = get(im, r, d, dst, 1, &n);
	return err ? err : n == 1 ? 0 : say_fault(im, IMG_ERR_STREAM, d->name);
}

/* Older images have none. */
static int read_filesystems(struct image *im, const struct scratch *s)
{
	struct img_object_rec object;
	struct state_reader r;
	im->have_filesystems = im->n_filesystems = 0;
	int err = img_find(&im->reader, SAVED_NODE, SAVED_FILESYSTEMS, &object);
	if (err == IMG_ERR_NOT_FOUND)
		return 0;
	err = open_stream(im, SAVED_FILESYSTEMS, s, &r);
	if (!err)
		err = get(im, &r, &saved_filesystem_desc, im->filesystem, SAVED_FILESYSTEMS_MAX,
			&im->n_filesystems);
	im->have_filesystems = !err;
	return err;
}

/* Older images have none. */
static int get_some(struct image *im, struct state_reader *r, const struct state_desc *d, void *v,
	uint32_t max, uint32_t *ret_n)
{
	int err = state_get(r, d, v, max, ret_n);
	if (err == IMG_ERR_NOT_FOUND)
		*ret_n = 0;
	return err && err != IMG_ERR_NOT_FOUND ? say_fault(im, err, d->name) : 0;
}

/* What is compared with this boot, and nothing else. */
static int read_surroundings(struct image *im, struct state_reader *r)
{
	int err = get_some(im, r, &saved_table_desc, im->table, SAVED_TABLES_MAX, &im->n_tables);
	if (!err)
		err = get_some(im, r, &saved_processor_desc, im->processor, SAVED_PROCESSORS_MAX,
			&im->n_processors);
	return err ? err
		   : get_some(im, r, &saved_registers_desc, im->registers, SAVED_REGISTERS_MAX,
			     &im->n_registers);
}

static int read_states(struct image *im, const struct scratch *s)
{
	struct state_reader r;
	int err = open_stream(im, SAVED_CPU, s, &r);
	if (!err)
		err = one(im, &r, &saved_cpu_desc, &im->cpu);
	if (!err)
		err = open_stream(im, SAVED_PLATFORM, s, &r);
	if (!err)
		err = one(im, &r, &saved_platform_desc, &im->platform);
	if (!err)
		err = get(im, &r, &saved_frame_desc, im->region, BOOT_REGION_MAX, &im->n_region);
	if (!err)
		err = get(im, &r, &saved_runtime_desc, im->runtime, SAVED_RUNTIME_MAX,
			&im->n_runtime);
	if (!err)
		err = read_surroundings(im, &r);
	if (!err)
		err = open_stream(im, SAVED_LEDGER, s, &r);
	if (!err)
		err = one(im, &r, &saved_ledger_desc, &im->ledger);
	return err ? err : read_filesystems(im, s);
}

int image_open(struct image *im, struct found *f, struct arena *arena)
{
	void *work = arena_alloc(arena, ROOT_WORK_BYTES, IMG_BLOCK_BYTES);
	struct scratch s = {
		.chunk = arena_alloc(arena, IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES, IMG_BLOCK_BYTES),
		.stream = arena_alloc(arena, STREAM_BYTES_MAX, 64)};
	im->index_block = arena_alloc(arena, IMG_INDEX_BLOCK_MAX, IMG_BLOCK_BYTES);
	if (!work || !s.chunk || !s.stream || !im->index_block) {
		log_line("image: no memory to open it");
		return ERR_NO_MEMORY;
	}
	int err = img_open(&im->reader, &f->source, &f->headers.h, work, ROOT_WORK_BYTES);
	if (err)
		return say_fault(im, err, "root");
	err = read_states(im, &s);
	if (!err)
		err = img_find(&im->reader, SAVED_NODE, SAVED_MEMORY, &im->memory);
	return err ? say_fault(im, err, SAVED_MEMORY) : 0;
}

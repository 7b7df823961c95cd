/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * There may be several disks with image areas, spent, half written, or tried too often: which of
 * them is the one is decided here, and the others are left alone.
 */
#include "find.h"

#include <stdbool.h>
#include <string.h>

#include "err_any.h"
#include "extent_map.h"
#include "log.h"

/* One that was tried too often must not stand in the way of another one. */
enum worth { WORTH_NOTHING, WORTH_TRIED_OUT, WORTH_RESUMING, WORTH_N };

/* What the search has seen so far. */
struct search {
	const struct place_query *q;
	const struct options *o;
	uint8_t *block, *map_block;
	struct found *best;
	enum worth best_worth;
	uint32_t n_of[WORTH_N], n_areas, n_places;
	int err; /* the one that matters most, of the places that had none */
	struct found candidate;
};

static void log_bad(const struct search *s, int err, const struct img_fault *fault)
{
	const struct found *f = &s->candidate;
	if (err <= IMG_ERR_HEADER && err >= IMG_ERR_MAP)
		log_line("find: %s sector %llu: %s: %s is %#llx, wanted %#llx", f->dev->name,
			(unsigned long long)f->extents[0].lba, img_err_text(err), fault->what,
			(unsigned long long)fault->found, (unsigned long long)fault->wanted);
	else
		log_line("find: %s sector %llu: %s", f->dev->name,
			(unsigned long long)f->extents[0].lba, err_any_text(err));
}

/* A damaged image says more than a disk that cannot be read, and that more than nothing there. */
static int rank(int err)
{
	if (err == ERR_NOT_FOUND)
		return 0;
	if (err == ERR_BOUNDS) /* area=lba: smaller disks have no such sectors */
		return 1;
	if (err == IMG_ERR_NO_AREA)
		return 2;
	if (err == ERR_AMBIGUOUS)
		return 5;
	return err_range(err) == ERR_RANGE_MACHINE ? 3 : 4;
}

static void remember(void *ctx, int err)
{
	struct search *s = ctx;
	if (rank(err) >= rank(s->err))
		s->err = err;
}

/* An empty header beside one that is damaged or cannot be read: the image may have been there. */
static int hidden_image(const struct img_headers *h)
{
	for (uint32_t i = 0; i < IMG_N_HEADERS && h->h.state == IMG_EMPTY; i++)
		if (h->err[i] == IMG_ERR_HEADER || h->err[i] <= ERR_TIMEOUT)
			return h->err[i];
	return 0;
}

static int open_area(struct search *s, struct found *f, struct img_fault *fault)
{
	int err = area_init(&f->area, f->dev, f->extents, f->n_extents);
	if (err)
		return err;
	f->source = area_source(&f->area);
	err = img_read_headers(&f->source, s->block, &f->headers, fault);
	return err ? err : hidden_image(&f->headers);
}

static int wrong_map(struct img_fault *fault, const char *what, uint64_t found, uint64_t wanted)
{
	*fault = (struct img_fault){.what = what, .found = found, .wanted = wanted};
	return IMG_ERR_MAP;
}

/* The extent map that lies where the file's first sectors are; all of the file from it. */
static int read_map(
	struct search *s, const struct place *p, struct img_map *map, struct img_fault *fault)
{
	struct found *f = &s->candidate;
	uint64_t first = s->q->file_sector, n_sectors = IMG_MAP_FIRST_BYTES / f->dev->sector_bytes;
	if (first >= p->part.n_sectors || n_sectors > p->part.n_sectors - first)
		return ERR_BOUNDS;
	f->extents[0] = (struct block_extent){p->part.lba + first, n_sectors};
	int err = area_init(&f->area, f->dev, f->extents, 1);
	if (!err)
		err = area_transfer(
			&f->area, BLOCK_READ, IMG_MAP_OFFSET, s->map_block, IMG_MAP_BYTES_MAX);
	if (!err)
		err = img_map_decode(
			s->map_block, f->dev->sector_bytes, p->part.n_sectors, map, fault);
	if (!err && map->extent[0].lba != first)
		err = wrong_map(fault, "extent map first sector", map->extent[0].lba, first);
	return err;
}

static int open_file(struct search *s, const struct place *p, struct img_fault *fault)
{
	static struct img_map map;
	struct found *f = &s->candidate;
	int err = read_map(s, p, &map, fault);
	if (err == IMG_ERR_NO_AREA && s->q->by == PLACE_BY_PARTUUID)
		return wrong_map(fault, "extent map magic", s->map_block[0], IMG_MAP_MAGIC[0]);
	if (err)
		return err;
	for (uint32_t i = 0; i < map.n_extents; i++)
		f->extents[i] = (struct block_extent){
			p->part.lba + map.extent[i].lba, map.extent[i].n_sectors};
	f->n_extents = map.n_extents;
	err = open_area(s, f, fault);
	if (!err && memcmp(map.area_uuid, f->headers.h.area_uuid, 16) != 0)
		err = wrong_map(
			fault, "extent map area_uuid", map.area_uuid[0], f->headers.h.area_uuid[0]);
	if (!err && map.file_bytes != f->headers.h.area_bytes)
		err = wrong_map(
			fault, "extent map file bytes", map.file_bytes, f->headers.h.area_bytes);
	return err;
}

static enum worth worth_of(const struct img_header *h, const struct options *o)
{
	if (img_state_check(h) != 0)
		return WORTH_NOTHING;
	return h->attempts > 0 && h->attempts >= o->attempts_max ? WORTH_TRIED_OUT : WORTH_RESUMING;
}

/* Another disk's area at the same place is none. */
static bool has_uuid(const struct search *s)
{
	const struct found *f = &s->candidate;
	char text[2][37];
	if (!s->o->have_uuid || memcmp(f->headers.h.area_uuid, s->o->uuid, 16) == 0)
		return true;
	uuid_format(f->headers.h.area_uuid, text[0]);
	uuid_format(s->o->uuid, text[1]);
	log_line("find: %s sector %llu: another image area: its UUID is %s, not %s", f->dev->name,
		(unsigned long long)f->extents[0].lba, text[0], text[1]);
	return false;
}

/* Looks at one place; keeps it when it is better than what was there. */
static void look_at(void *ctx, const struct place *p)
{
	struct search *s = ctx;
	struct found *f = &s->candidate;
	struct img_fault fault = {.what = ""};
	memset(f, 0, sizeof(*f));
	f->dev = p->dev;
	f->extents[0] = (struct block_extent){p->part.lba, p->part.n_sectors};
	f->n_extents = 1;
	memcpy(f->part_guid, p->part.guid, 16);
	memcpy(f->disk_guid, p->disk_guid, 16);
	s->n_places++;
	int err = s->q->in_file ? open_file(s, p, &fault) : open_area(s, f, &fault);
	if (err) {
		log_bad(s, err, &fault);
		remember(s, err);
		return;
	}
	if (!has_uuid(s))
		return;
	enum worth worth = worth_of(&f->headers.h, s->o);
	s->n_areas++;
	s->n_of[worth]++;
	if (worth > s->best_worth || !s->best->dev) {
		s->best_worth = worth;
		*s->best = *f;
	}
}

/* More than one that may be resumed as well as the other. */
static bool is_ambiguous(const struct search *s)
{
	if (s->n_of[WORTH_RESUMING] > 0)
		return s->n_of[WORTH_RESUMING] > 1;
	return s->o->force && s->n_of[WORTH_TRIED_OUT] > 1;
}

int find_area(const struct disks *disks, const struct options *o, void *work, struct found *ret)
{
	static struct search s; /* large: not for the stack */
	memset(&s, 0, sizeof(s));
	s.q = &o->area;
	s.o = o;
	s.block = work;
	s.map_block = s.block + IMG_BLOCK_BYTES + GPT_WORK_BYTES;
	s.best = ret;
	s.err = ERR_NOT_FOUND;
	struct places_visitor v = {.place = look_at, .error = remember, .ctx = &s};
	memset(ret, 0, sizeof(*ret));
	places_each(disks, &o->area, (uint8_t *)work + IMG_BLOCK_BYTES, &v);
	if (is_ambiguous(&s)) {
		log_line(
			"find: %u areas hold an image that may be resumed: name one by area=partuuid:",
			s.n_of[s.best_worth]);
		return ERR_AMBIGUOUS;
	}
	if (s.n_areas > 1 && s.best_worth == WORTH_NOTHING)
		log_line("find: %u areas, none holds an image that may be resumed", s.n_areas);
	if (s.n_areas == 0) {
		if (o->area.by != PLACE_NONE)
			log_line(
				"find: no image area on %u disks (%u places match the command line)",
				disks->n, s.n_places);
		return s.err;
	}
	/* The area's callbacks must point to the copy that the caller keeps. */
	ret->area.extents = ret->extents;
	ret->source = area_source(&ret->area);
	return 0;
}

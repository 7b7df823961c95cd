#include "find.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"

/* What the search has seen so far. */
struct search {
	uint8_t *block;
	struct found *best;
	uint32_t n_resumable, n_areas, n_places;
	int err; /* the one that matters most, of the places that had none */
	struct found candidate;
};

static void log_bad(const struct search *s, int err, const struct img_fault *fault)
{
	const struct found *f = &s->candidate;
	if (err <= IMG_ERR_HEADER && err >= IMG_ERR_MAP)
		log_line("find: %s sector %llu: %s: %s is %#llx, wanted %#llx", f->dev->name,
			(unsigned long long)f->extent.lba, img_err_text(err), fault->what,
			(unsigned long long)fault->found, (unsigned long long)fault->wanted);
	else
		log_line("find: %s sector %llu: %s", f->dev->name,
			(unsigned long long)f->extent.lba,
			err > -64 ? img_err_text(err) : err_text(err));
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
	return err <= -64 ? 3 : 4;
}

static void remember(void *ctx, int err)
{
	struct search *s = ctx;
	if (rank(err) >= rank(s->err))
		s->err = err;
}

/* Looks at one place; keeps it when it is better than what was there. */
static void look_at(void *ctx, const struct place *p)
{
	struct search *s = ctx;
	struct found *f = &s->candidate;
	struct img_fault fault = {.what = ""};
	memset(f, 0, sizeof(*f));
	f->dev = p->dev;
	f->extent = (struct block_extent){p->part.lba, p->part.n_sectors};
	memcpy(f->part_guid, p->part.guid, 16);
	memcpy(f->disk_guid, p->disk_guid, 16);
	s->n_places++;
	int err = area_init(&f->area, f->dev, &f->extent, 1);
	if (!err) {
		f->source = area_source(&f->area);
		err = img_read_headers(&f->source, s->block, &f->headers, &fault);
	}
	if (err) {
		log_bad(s, err, &fault);
		remember(s, err);
		return;
	}
	bool resumable = img_state_check(&f->headers.h) == 0;
	s->n_areas++;
	s->n_resumable += resumable;
	if (resumable || !s->best->dev)
		*s->best = *f;
}

int find_area(const struct disks *disks, const struct options *o, void *work, struct found *ret)
{
	static struct search s; /* large: not for the stack */
	s = (struct search){.best = ret, .block = work, .err = ERR_NOT_FOUND};
	struct places_visitor v = {.place = look_at, .error = remember, .ctx = &s};
	memset(ret, 0, sizeof(*ret));
	places_each(disks, &o->area, (uint8_t *)work + IMG_BLOCK_BYTES, &v);
	if (s.n_resumable > 1) {
		log_line(
			"find: %u areas hold an image that may be resumed: name one by area=partuuid:",
			s.n_resumable);
		return ERR_AMBIGUOUS;
	}
	if (s.n_areas > 1 && s.n_resumable == 0)
		log_line("find: %u areas, none holds an image that may be resumed", s.n_areas);
	if (s.n_areas == 0) {
		if (o->area.by != PLACE_NONE)
			log_line(
				"find: no image area on %u disks (%u places match the command line)",
				disks->n, s.n_places);
		return s.err;
	}
	/* The area's callbacks must point to the copy that the caller keeps. */
	ret->area.extents = &ret->extent;
	ret->source = area_source(&ret->area);
	return 0;
}

#include "find.h"

#include <stdbool.h>
#include <string.h>

#include "gpt.h"
#include "log.h"

/* What the search has seen so far. */
struct search {
	const struct options *o;
	uint8_t *block;
	struct found *best;
	uint32_t n_resumable, n_areas, n_places;
	int err; /* the one that matters most, of the places that had none */
	struct found candidate;
};

static void log_bad(const struct search *s, int err, const struct img_fault *fault)
{
	const struct found *f = &s->candidate;
	if (err <= IMG_ERR_HEADER && err >= IMG_ERR_TRUNCATED)
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

static void remember(struct search *s, int err)
{
	if (rank(err) >= rank(s->err))
		s->err = err;
}

/* Looks at one place; keeps it when it is better than what was there. */
static void look_at(struct search *s, struct block_dev *dev, const struct gpt_partition *p,
	const uint8_t *disk_guid)
{
	struct found *f = &s->candidate;
	struct img_fault fault = {.what = ""};
	memset(f, 0, sizeof(*f));
	f->dev = dev;
	f->extent = (struct block_extent){p->lba, p->n_sectors};
	memcpy(f->part_guid, p->guid, 16);
	memcpy(f->disk_guid, disk_guid, 16);
	s->n_places++;
	int err = area_init(&f->area, dev, &f->extent, 1);
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

static bool wanted(const struct options *o, const struct gpt_partition *p)
{
	return memcmp(o->by == AREA_BY_TYPE ? p->type : p->guid, o->guid, 16) == 0;
}

static void look_through(struct search *s, struct block_dev *dev, void *gpt_work)
{
	struct gpt g;
	struct gpt_partition p;
	int err = gpt_read(dev, gpt_work, &g);
	if (err && err != ERR_NOT_FOUND) {
		log_line("find: %s: partition table: %s", dev->name, err_text(err));
		remember(s, err);
	}
	bool has_gpt = err == 0;
	if (s->o->have_disk && (!has_gpt || memcmp(g.disk_guid, s->o->disk, 16) != 0))
		return;
	if (s->o->by == AREA_BY_LBA) {
		p = (struct gpt_partition){.lba = s->o->lba, .n_sectors = s->o->n_sectors};
		static const uint8_t none[16];
		look_at(s, dev, &p, has_gpt ? g.disk_guid : none);
		return;
	}
	for (uint32_t i = 0; has_gpt && i < g.n_entries; i++) {
		err = gpt_entry(&g, i, &p);
		if (err == ERR_NOT_FOUND || !wanted(s->o, &p))
			continue;
		if (err == 0) {
			look_at(s, dev, &p, g.disk_guid);
			continue;
		}
		log_line("find: %s: partition %u: %s", dev->name, i + 1, err_text(err));
		remember(s, err);
	}
}

int find_area(const struct disks *disks, const struct options *o, void *work, struct found *ret)
{
	static struct search s; /* large: not for the stack */
	s = (struct search){.o = o, .best = ret, .block = work, .err = ERR_NOT_FOUND};
	memset(ret, 0, sizeof(*ret));
	if (o->by == AREA_BY_NONE)
		return ERR_NOT_FOUND;
	for (uint32_t i = 0; i < disks->n; i++)
		look_through(&s, disks->dev[i], (uint8_t *)work + IMG_BLOCK_BYTES);
	if (s.n_resumable > 1) {
		log_line(
			"find: %u areas hold an image that may be resumed: name one by area=partuuid:",
			s.n_resumable);
		return ERR_AMBIGUOUS;
	}
	if (s.n_areas > 1 && s.n_resumable == 0)
		log_line("find: %u areas, none holds an image that may be resumed", s.n_areas);
	if (s.n_areas == 0) {
		log_line("find: no image area on %u disks (%u places match the command line)",
			disks->n, s.n_places);
		return s.err;
	}
	/* The area's callbacks must point to the copy that the caller keeps. */
	ret->area.extents = &ret->extent;
	ret->source = area_source(&ret->area);
	return 0;
}

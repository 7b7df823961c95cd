/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One walk over disks and partitions for everything that can be named by type, GUID, label or
 * sectors, so that an own image and a stock one are looked for by the same rules.
 */
#include "places.h"

#include <stdbool.h>
#include <string.h>

#include "format.h"
#include "log.h"

/* A search that is under way. */
struct walk {
	const struct place_query *q;
	const struct places_visitor *v;
	void *work;
	struct place only; /* of a query that names one partition: the first that matches */
	uint32_t n;        /* how many do */
};

static bool has_label(const struct gpt_partition *p, const char *label)
{
	for (uint32_t i = 0; i < GPT_NAME_MAX; i++) {
		if (p->name[i] != (uint8_t)label[i])
			return false;
		if (label[i] == 0)
			return true;
	}
	return true;
}

static bool matches(const struct place_query *q, const struct gpt_partition *p)
{
	if (q->by == PLACE_BY_PARTLABEL)
		return has_label(p, q->label);
	return memcmp(q->by == PLACE_BY_TYPE ? p->type : p->guid, q->guid, 16) == 0;
}

static void ambiguous(struct walk *w, const char *what, const struct block_dev *a,
	const struct block_dev *b, const char *help)
{
	log_line("find: the same %s is on %s and on %s%s", what, a->name, b->name, help);
	w->v->error(w->v->ctx, ERR_AMBIGUOUS);
}

/* What names one partition is told only when all disks were seen. */
static void matched(struct walk *w, const struct place *place)
{
	if (w->q->by == PLACE_BY_TYPE) {
		w->v->place(w->v->ctx, place);
		return;
	}
	if (w->n++ == 0)
		w->only = *place;
	else
		ambiguous(w, w->q->by == PLACE_BY_PARTUUID ? "partition GUID" : "partition label",
			w->only.dev, place->dev,
			w->q->disk_by != DISK_ANY ? "" : ": name the disk by disk=");
}

static void each_entry(struct walk *w, const struct gpt *g, struct place *place)
{
	for (uint32_t i = 0; i < g->n_entries; i++) {
		int err = gpt_entry(g, i, &place->part);
		if (err == ERR_NOT_FOUND || !matches(w->q, &place->part))
			continue;
		if (err == 0) {
			matched(w, place);
			continue;
		}
		log_line("find: %s: partition %u: %s", place->dev->name, i + 1, err_text(err));
		w->v->error(w->v->ctx, err);
	}
}

/* Reads the disk anew: work holds nothing else afterwards. */
static bool is_disk(struct walk *w, struct block_dev *dev)
{
	struct gpt g;
	uint32_t mbr;
	if (w->q->disk_by == DISK_BY_MBR)
		return mbr_signature(dev, w->work, &mbr) == 0 && mbr == w->q->mbr;
	return gpt_read(dev, w->work, &g) == 0 && memcmp(g.disk_guid, w->q->disk, 16) == 0;
}

static void on_disk(struct walk *w, struct block_dev *dev)
{
	struct gpt g;
	struct place place = {.dev = dev};
	const struct place_query *q = w->q;
	bool wanted = q->disk_by != DISK_BY_MBR || is_disk(w, dev);
	int err = gpt_read(dev, w->work, &g);
	bool has_gpt = err == 0;
	if (err && err != ERR_NOT_FOUND) {
		log_line("find: %s: partition table: %s", dev->name, err_text(err));
		w->v->error(w->v->ctx, err);
	}
	if (has_gpt)
		memcpy(place.disk_guid, g.disk_guid, 16);
	if (q->disk_by == DISK_BY_GUID)
		wanted = has_gpt && memcmp(g.disk_guid, q->disk, 16) == 0;
	if (!wanted)
		return;
	if (q->by == PLACE_BY_LBA) {
		place.part = (struct gpt_partition){.lba = q->lba, .n_sectors = q->n_sectors};
		w->v->place(w->v->ctx, &place);
	} else if (has_gpt) {
		each_entry(w, &g, &place);
	}
}

/* A copy of a disk has its GUID or signature too, and whoever names the disk means one of them. */
static bool disk_is_unique(struct walk *w, const struct disks *disks)
{
	const struct block_dev *first = NULL;
	for (uint32_t i = 0; i < disks->n; i++) {
		if (!is_disk(w, disks->dev[i]))
			continue;
		if (first) {
			ambiguous(w, w->q->disk_by == DISK_BY_MBR ? "disk signature" : "disk GUID",
				first, disks->dev[i], "");
			return false;
		}
		first = disks->dev[i];
	}
	return true;
}

void places_each(const struct disks *disks, const struct place_query *q, void *work,
	const struct places_visitor *v)
{
	struct walk w = {.q = q, .v = v, .work = work};
	if (q->by == PLACE_NONE || (q->disk_by != DISK_ANY && !disk_is_unique(&w, disks)))
		return;
	for (uint32_t i = 0; i < disks->n; i++)
		on_disk(&w, disks->dev[i]);
	if (w.n == 1)
		v->place(v->ctx, &w.only);
}

#define GUID_TEXT_BYTES 37

/* The first three fields are little-endian (UEFI 2.10, appendix A). */
static void guid_text(const uint8_t guid[16], char ret[GUID_TEXT_BYTES])
{
	static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	static const char digit[] = "0123456789abcdef";
	char *to = ret;
	for (uint32_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digit[guid[order[i]] >> 4];
		*to++ = digit[guid[order[i]] & 15];
	}
	*to = 0;
}

static void disk_words(const struct place_query *q, char *ret, uint32_t cap)
{
	char guid[GUID_TEXT_BYTES];
	*ret = 0;
	if (q->disk_by == DISK_BY_MBR)
		format(ret, cap, " disk=mbr:%08x", q->mbr);
	if (q->disk_by == DISK_BY_GUID) {
		guid_text(q->disk, guid);
		format(ret, cap, " disk=%s", guid);
	}
}

void places_words(const struct place_query *q, char ret[PLACES_WORDS_BYTES])
{
	char guid[GUID_TEXT_BYTES], disk[GUID_TEXT_BYTES + 8];
	disk_words(q, disk, sizeof(disk));
	guid_text(q->guid, guid);
	*ret = 0;
	if (q->by == PLACE_BY_TYPE)
		format(ret, PLACES_WORDS_BYTES, "any by type%s", disk);
	if (q->by == PLACE_BY_PARTUUID)
		format(ret, PLACES_WORDS_BYTES, "partuuid:%s%s", guid, disk);
	if (q->by == PLACE_BY_PARTLABEL)
		format(ret, PLACES_WORDS_BYTES, "partlabel:%s%s", q->label, disk);
	if (q->by == PLACE_BY_LBA)
		format(ret, PLACES_WORDS_BYTES, "lba:%llu+%llu%s", (unsigned long long)q->lba,
			(unsigned long long)q->n_sectors, disk);
}

#include "places.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"

static bool matches(const struct place_query *q, const struct gpt_partition *p)
{
	return memcmp(q->by == PLACE_BY_TYPE ? p->type : p->guid, q->guid, 16) == 0;
}

static void each_entry(const struct gpt *g, const struct place_query *q, struct place *place,
	const struct places_visitor *v)
{
	for (uint32_t i = 0; i < g->n_entries; i++) {
		int err = gpt_entry(g, i, &place->part);
		if (err == ERR_NOT_FOUND || !matches(q, &place->part))
			continue;
		if (err == 0) {
			v->place(v->ctx, place);
			continue;
		}
		log_line("find: %s: partition %u: %s", place->dev->name, i + 1, err_text(err));
		v->error(v->ctx, err);
	}
}

static void on_disk(struct block_dev *dev, const struct place_query *q, void *work,
	const struct places_visitor *v)
{
	struct gpt g;
	struct place place = {.dev = dev};
	int err = gpt_read(dev, work, &g);
	bool has_gpt = err == 0;
	if (err && err != ERR_NOT_FOUND) {
		log_line("find: %s: partition table: %s", dev->name, err_text(err));
		v->error(v->ctx, err);
	}
	if (has_gpt)
		memcpy(place.disk_guid, g.disk_guid, 16);
	if (q->have_disk && (!has_gpt || memcmp(g.disk_guid, q->disk, 16) != 0))
		return;
	if (q->by == PLACE_BY_LBA) {
		place.part = (struct gpt_partition){.lba = q->lba, .n_sectors = q->n_sectors};
		v->place(v->ctx, &place);
	} else if (has_gpt) {
		each_entry(&g, q, &place, v);
	}
}

void places_each(const struct disks *disks, const struct place_query *q, void *work,
	const struct places_visitor *v)
{
	for (uint32_t i = 0; q->by != PLACE_NONE && i < disks->n; i++)
		on_disk(disks->dev[i], q, work, v);
}

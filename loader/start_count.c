/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image that resets the machine each time it is tried would do so for ever behind a boot
 * entry that comes first. This counts what leaves no other trace.
 */
#include "start_count.h"

#include <stddef.h>
#include <string.h>

#include "judge_kinds.h"
#include "log.h"

/* Whole disks; a disk that cannot be read is told by its size. */
static uint64_t hash_disk(struct block_dev *dev, void *work)
{
	uint64_t k[2] = {dev->n_sectors, 0};
	if (block_read(dev, 1, 1, work) == 0) /* the GPT's header, if it has one */
		k[1] = img_hash(work, dev->sector_bytes);
	return img_hash(k, sizeof(k));
}

uint64_t start_around(const struct disks *disks, const char *cmdline, void *work)
{
	uint64_t sum = img_hash(cmdline, strlen(cmdline));
	for (uint32_t i = 0; i < disks->n; i++) /* a sum: firmware may find them in any order */
		sum += hash_disk(disks->dev[i], work);
	return sum;
}

static uint64_t check_of(const struct starts *s)
{
	return img_hash(s, offsetof(struct starts, check));
}

static struct starts read_starts(const struct start_store *store)
{
	struct starts s = {0};
	uint32_t bytes = sizeof(s);
	if (store->read(store->ctx, &s, &bytes) || bytes != sizeof(s) || s.check != check_of(&s))
		s = (struct starts){0};
	return s;
}

static bool keep(const struct start_store *store, const struct starts *s)
{
	if (store->write(store->ctx, s, sizeof(*s)))
		return false;
	struct starts back = read_starts(store);
	return memcmp(&back, s, sizeof(back)) == 0;
}

int start_count(const struct start_store *store, const struct judgment *j, uint64_t around,
	const struct options *o, uint32_t *ret_before)
{
	uint32_t max = judge_attempts_max(o);
	struct starts s = read_starts(store);
	if (s.image != j->state)
		s = (struct starts){.image = j->state};
	if (s.around != around)
		s.n = 0;
	s.around = around;
	*ret_before = s.n;
	if (s.n >= max || s.total >= max + STARTS_MORE_IN_ALL)
		return ERR_ATTEMPTS;
	s.n++;
	s.total++;
	s.check = check_of(&s);
	if (keep(store, &s))
		return 0;
	/* Something in the way, that another program left under our name? */
	if (store->remove(store->ctx) == 0 && keep(store, &s))
		return 0;
	log_line("starts: the firmware does not keep the count of starts%s",
		o->force ? "; force=1: starting without" : "");
	return o->force ? 0 : ERR_LOST;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The swap map: a chain of pages, walked once, into runs of slots. The chain is bounded three ways:
 * by the size of the image that the info page tells, by the work memory, and a map page that comes
 * again is seen at once. In the end no page of the disk is used twice.
 */
#include "swsusp_internal.h"

struct walk {
	struct swsusp_image *img;
	struct swsusp_fault *fault;
	const struct work_ *w;
	struct swsusp_map_page *page; /* the last page of the work memory */
	struct runs_ slots;           /* from its start upwards */
	uint64_t *maps;               /* numbers of map pages, from page downwards; newest first */
	uint64_t n_maps;
	uint64_t limit;     /* of page numbers */
	uint64_t max_slots; /* of an image of this size */
	uint64_t highest;   /* page number so far */
	bool ascending;     /* every page number was higher than all before it */
};

static int no_room(struct walk *k)
{
	return swsusp_fail_(k->fault, SWSUSP_ERR_WORK, "work memory for the swap map", 0,
		k->w->bytes,
		swsusp_work_max(k->max_slots, k->img->info.meta_pages * SWSUSP_PFNS_PER_PAGE));
}

static int check_number(struct walk *k, const char *what, uint64_t where, uint64_t number)
{
	if (number >= k->limit)
		return swsusp_fail_(k->fault, SWSUSP_ERR_MAP, what, where, number, k->limit);
	if (number == k->img->header.page || number == 0)
		return swsusp_fail_(k->fault, SWSUSP_ERR_MAP, what, where, number, 0);
	if (number <= k->highest)
		k->ascending = false;
	else
		k->highest = number;
	return 0;
}

/* Is this map page new? where: the page that names it. */
static int begin_map(struct walk *k, uint64_t where, uint64_t number)
{
	bool new = number > k->highest;
	int err = check_number(k, "map page number", where, number);

	if (err)
		return err;
	for (uint64_t i = 0; !new &&i < k->n_maps; i++) {
		if (k->maps[i] == number)
			return swsusp_fail_(
				k->fault, SWSUSP_ERR_LOOP, "map page", where, number, 0);
	}
	if (k->slots.n == k->slots.cap)
		return no_room(k);
	k->slots.cap--;
	*--k->maps = number;
	k->n_maps++;
	return 0;
}

static int add_slot(struct walk *k, uint64_t where, uint64_t number)
{
	int err = check_number(k, "map entry", where, number);

	if (err)
		return err;
	if (k->img->n_slots == k->max_slots)
		return swsusp_fail_(k->fault, SWSUSP_ERR_MAP,
			"map entries, more than the image has", where, k->img->n_slots + 1,
			k->max_slots);
	if (!runs_add_(&k->slots, number, false))
		return no_room(k);
	k->img->n_slots++;
	return 0;
}

/* After the entry that ends the stream there is nothing. */
static int check_tail(struct walk *k, uint64_t where, uint32_t first)
{
	for (uint32_t i = first; i < SWSUSP_MAP_ENTRIES; i++) {
		if (k->page->entry[i])
			return swsusp_fail_(k->fault, SWSUSP_ERR_MAP, "map entry after the last",
				where, k->page->entry[i], 0);
	}
	if (k->page->next)
		return swsusp_fail_(k->fault, SWSUSP_ERR_MAP, "map page after the last", where,
			k->page->next, 0);
	return 0;
}

static int take_entries(struct walk *k, uint64_t where)
{
	for (uint32_t i = 0; i < SWSUSP_MAP_ENTRIES; i++) {
		int err;

		if (!k->page->entry[i])
			return check_tail(k, where, i);
		err = add_slot(k, where, k->page->entry[i]);
		if (err)
			return err;
	}
	return 0;
}

static int walk_chain(struct walk *k)
{
	const struct swsusp_source *src = k->img->src;
	uint64_t where = k->img->header.page, number = k->img->header.map_page;

	do {
		int err = begin_map(k, where, number);

		if (err)
			return err;
		where = number;
		err = src->read(src->ctx, where, 1, k->page);
		if (err)
			return err;
		err = take_entries(k, where);
		if (err)
			return err;
		number = k->page->next;
	} while (number);
	return 0;
}

static void sift_down(uint64_t *v, size_t root, size_t n)
{
	for (size_t child; (child = 2 * root + 1) < n; root = child) {
		uint64_t swap = v[root];

		if (child + 1 < n && v[child + 1] > v[child])
			child++;
		if (v[child] <= swap)
			return;
		v[root] = v[child];
		v[child] = swap;
	}
}

static void heap_sort(uint64_t *v, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(v, i, n);
	for (size_t last = n; last-- > 1;) {
		uint64_t swap = v[0];

		v[0] = v[last];
		v[last] = swap;
		sift_down(v, 0, last);
	}
}

/* Kernels hand out swap in rising order mostly, and then there is nothing to do. */
static int check_unique(struct walk *k)
{
	uint64_t *v = k->slots.v + k->slots.n;
	size_t n = 0;

	if (k->ascending)
		return 0;
	if (k->slots.cap - k->slots.n < k->slots.n + k->n_maps)
		return no_room(k);
	for (size_t i = 0; i < k->slots.n; i++)
		v[n++] = k->slots.v[i];
	for (uint64_t i = 0; i < k->n_maps; i++)
		v[n++] = run_pack_(k->maps[i], false, 1);
	heap_sort(v, n);
	for (size_t i = 1; i < n; i++) {
		struct swsusp_run a = run_unpack_(v[i - 1]), b = run_unpack_(v[i]);

		if (a.first + a.count > b.first)
			return swsusp_fail_(k->fault, SWSUSP_ERR_MAP, "map entry, used twice",
				k->img->header.map_page, b.first, 0);
	}
	return 0;
}

static int check_count(struct walk *k)
{
	const struct swsusp_image *img = k->img;
	uint64_t units = (img->info.pages - 1 + SWSUSP_UNIT_PAGES - 1) / SWSUSP_UNIT_PAGES;
	uint64_t least = img->header.codec == SWSUSP_CODEC_RAW ? img->info.pages : 1 + units;

	if (img->n_slots < least)
		return swsusp_fail_(k->fault, SWSUSP_ERR_MAP,
			"map entries, less than the image has", img->header.map_page, img->n_slots,
			least);
	return 0;
}

static uint64_t most_slots(const struct swsusp_image *img)
{
	uint64_t units = (img->info.pages - 1 + SWSUSP_UNIT_PAGES - 1) / SWSUSP_UNIT_PAGES;

	if (img->header.codec == SWSUSP_CODEC_RAW)
		return img->info.pages;
	return 1 + units * SWSUSP_UNIT_SLOTS_MAX;
}

int swsusp_map_walk_(struct swsusp_image *img, const struct work_ *w, struct swsusp_fault *fault)
{
	struct walk k = {
		.img = img,
		.fault = fault,
		.w = w,
		.page = (void *)(w->end - PAGE),
		.maps = (void *)(w->end - PAGE),
		.slots.v = (void *)w->start,
		.slots.cap = (size_t)(w->end - PAGE - w->start) / sizeof(uint64_t),
		.limit = img->src->n_pages,
		.max_slots = most_slots(img),
		.ascending = true,
	};
	int err;

	/* In a swap partition the numbers of the disk are those of the swap area, which may end
	 * before the partition does. In a swap file they are not. */
	if (img->header.page == 0 && k.limit > (uint64_t)img->header.last_page + 1)
		k.limit = (uint64_t)img->header.last_page + 1;
	err = walk_chain(&k);
	if (!err)
		err = check_count(&k);
	if (!err)
		err = check_unique(&k);
	img->n_map_pages = k.n_maps;
	img->slot_runs = k.slots.v;
	img->n_slot_runs = k.slots.n;
	return err;
}

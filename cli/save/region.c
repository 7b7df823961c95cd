/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writer and loader need memory that is nobody's: found here, pinned until the jump, and looked
 * at frame by frame, because one that a device or firmware also uses would ruin the save.
 */
#define _GNU_SOURCE
#include "region.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mman.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "say.h"
#include "sysfiles.h"

#define FOUR_GIB (4ull << 30)

/* ---- Which frames ---- */

const char *region_frame_fault(const struct machine_facts *facts, uint64_t phys)
{
	struct span frame = {phys, phys + REGION_FRAME_BYTES};

	if (!phys || phys % REGION_FRAME_BYTES || phys >= 1ull << 52)
		return "is not a 2 MiB frame";
	if (!span_is_ram(&frame, facts->memory, facts->n_memory))
		return "is not RAM in the firmware's memory map";
	for (uint32_t i = 0; i < facts->n_kernel; i++)
		if (spans_overlap(&frame, &facts->kernel[i]))
			return "belongs to the kernel";
	for (uint32_t i = 0; i < facts->n_left_out; i++)
		if (frame.start / 4096 < facts->left_out[i].end &&
			frame.end / 4096 > facts->left_out[i].first)
			return "has memory that has failed or is offline";
	return NULL;
}

static bool frames_from(const struct machine_facts *facts, const struct span *s, uint32_t n_frames,
	uint64_t *ret_frames)
{
	uint64_t first = (s->start + REGION_FRAME_BYTES - 1) & ~(uint64_t)(REGION_FRAME_BYTES - 1);

	if (first < s->start || first > s->end || (s->end - first) / REGION_FRAME_BYTES < n_frames)
		return false;
	for (uint32_t i = 0; i < n_frames; i++) {
		ret_frames[i] = first + (uint64_t)i * REGION_FRAME_BYTES;
		if (region_frame_fault(facts, ret_frames[i]))
			return false;
	}
	return true;
}

bool region_from_reservation(const struct machine_facts *facts, uint32_t n_frames,
	uint64_t ret_frames[HANDOFF_REGION_MAX])
{
	for (uint32_t i = 0; i < facts->n_reserved; i++)
		if (facts->reserved[i].end <= FOUR_GIB &&
			frames_from(facts, &facts->reserved[i], n_frames, ret_frames))
			return true;
	for (uint32_t i = 0; i < facts->n_reserved; i++)
		if (frames_from(facts, &facts->reserved[i], n_frames, ret_frames))
			return true;
	return false;
}

/* ---- The kernel's pool of huge pages ---- */

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB"

static int pool_free(uint64_t *ret_total, uint64_t *ret_free)
{
	uint64_t reserved;

	if (sys_read_u64(ret_total, POOL "/nr_hugepages") ||
		sys_read_u64(ret_free, POOL "/free_hugepages") ||
		sys_read_u64(&reserved, POOL "/resv_hugepages"))
		return complain("this kernel has no 2 MiB huge pages (CONFIG_HUGETLBFS)");
	*ret_free -= reserved < *ret_free ? reserved : *ret_free;
	return 0;
}

/* Grows the pool until n pages are free, and keeps count of what to give back. Memory may be in
 * pieces: the second try comes after the kernel has dropped its caches and moved pages
 * together. */
static int pool_grow(struct region *r, uint64_t n)
{
	uint64_t total, now, n_free;

	for (uint32_t attempt = 0; attempt < 3; attempt++) {
		int err;

		if (pool_free(&total, &n_free))
			return -1;
		if (n_free >= n)
			return 0;
		if (attempt) {
			sync();
			(void)sys_write_u64("/proc/sys/vm/drop_caches", 3);
			(void)sys_write_u64("/proc/sys/vm/compact_memory", 1);
		}
		err = sys_write_u64(POOL "/nr_hugepages", total + n - n_free);
		if (err)
			return complain(
				"cannot raise the number of huge pages: %s", strerror(-err));
		if (pool_free(&now, &n_free))
			return -1;
		r->n_raised += now > total ? now - total : 0;
	}
	if (n_free >= n)
		return 0;
	return complain("the kernel has %" PRIu64 " of the %" PRIu64
			" free 2 MiB huge pages that are "
			"needed: memory is full or in pieces",
		n_free, n);
}

static void pool_shrink(struct region *r)
{
	uint64_t total;

	if (r->n_raised && !sys_read_u64(&total, POOL "/nr_hugepages") && total >= r->n_raised)
		(void)sys_write_u64(POOL "/nr_hugepages", total - r->n_raised);
	r->n_raised = 0;
}

/* ---- Physical addresses ---- */

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_PFN     ((1ull << 55) - 1)

static int physical(const void *address, uint64_t *ret_phys)
{
	uint64_t entry, at = (uintptr_t)address / 4096 * sizeof(entry);

	if (sys_read_at("/proc/self/pagemap", at, &entry, sizeof(entry)) != sizeof(entry))
		return complain("cannot read /proc/self/pagemap (CONFIG_PROC_PAGE_MONITOR)");
	if (!(entry & PAGEMAP_PRESENT) || !(entry & PAGEMAP_PFN))
		return complain("/proc/self/pagemap does not say where a huge page lies "
				"(no CAP_SYS_ADMIN, or a memory limit of this control group)");
	*ret_phys = (entry & PAGEMAP_PFN) * 4096;
	return 0;
}

/* ---- Taking them ---- */

static int map_pages(struct region *r, size_t n)
{
	size_t bytes = n * REGION_FRAME_BYTES;
	void *map;

	if (pool_grow(r, n))
		return -1;
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB | MAP_POPULATE, -1, 0);
	if (map == MAP_FAILED)
		return complain("cannot map %zu huge pages: %s", n, strerror(errno));
	r->map = map;
	r->n_pages = n;
	if (mlock(map, bytes))
		return complain("cannot lock %zu huge pages: %s", n, strerror(errno));
	return 0;
}

struct huge_page {
	uint64_t phys;
	uint8_t *at;
};

static int by_phys(const void *a, const void *b)
{
	const struct huge_page *x = a, *y = b;

	return x->phys < y->phys ? -1 : x->phys > y->phys;
}

/* The lowest pages become the region, the writer's code lies in the very first; the mailbox is the
 * highest. */
static int sort_pages(struct region *r, const struct machine_facts *facts)
{
	struct huge_page page[HANDOFF_REGION_MAX + 1];
	size_t n_region = r->n_pages - 1;

	for (size_t i = 0; i < r->n_pages; i++) {
		const char *fault;

		page[i].at = r->map + i * REGION_FRAME_BYTES;
		if (physical(page[i].at, &page[i].phys))
			return -1;
		fault = region_frame_fault(facts, page[i].phys);
		if (fault)
			return complain("huge page at 0x%" PRIx64 " %s", page[i].phys, fault);
	}
	qsort(page, r->n_pages, sizeof(*page), by_phys);
	for (size_t i = 0; i < n_region; i++)
		r->frame[i] = page[i].phys;
	if (n_region)
		r->n_frames = (uint32_t)n_region;
	r->mailbox = (struct mailbox *)page[n_region].at;
	r->mailbox_phys = page[n_region].phys;
	return 0;
}

int region_take(struct region *ret, const struct machine_facts *facts, uint32_t n_frames)
{
	memset(ret, 0, sizeof(*ret));
	ret->reserved = region_from_reservation(facts, n_frames, ret->frame);
	if (ret->reserved)
		ret->n_frames = n_frames;
	if (map_pages(ret, ret->reserved ? 1 : n_frames + 1) || sort_pages(ret, facts)) {
		region_release(ret);
		return -1;
	}
	return 0;
}

static bool still_there(const struct region *r, uint64_t phys)
{
	if (phys == r->mailbox_phys)
		return true;
	for (uint32_t i = 0; i < r->n_frames && !r->reserved; i++)
		if (phys == r->frame[i])
			return true;
	return false;
}

int region_check(const struct region *r)
{
	uint64_t phys;

	if (physical(r->mailbox, &phys))
		return -1;
	if (phys != r->mailbox_phys)
		return complain("the kernel has moved the mailbox page: try again");
	for (size_t i = 0; i < r->n_pages; i++) {
		if (physical(r->map + i * REGION_FRAME_BYTES, &phys))
			return -1;
		if (!still_there(r, phys))
			return complain("the kernel has moved a huge page: try again");
	}
	return 0;
}

void region_release(struct region *r)
{
	if (r->map)
		munmap(r->map, r->n_pages * REGION_FRAME_BYTES);
	r->map = NULL;
	r->mailbox = NULL;
	pool_shrink(r);
}

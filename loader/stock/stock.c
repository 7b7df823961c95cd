/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attempt count lives in the first sector of the swap area. mkswap leaves the first 1024 bytes
 * of a swap area to boot loaders, the kernel copies them unchanged with the header page, and no
 * image byte lies there: so a stock kernel's own resume is not disturbed by it. A sector that holds
 * anything but zeros or our own record is never written.
 */
#include "stock.h"

#include <stdbool.h>
#include <string.h>

#include "boot_memory.h"
#include "attempts.h"
#include "log.h"

#define PAGE_BYTES      4096ull
#define ATTEMPTS_SECTOR 512u
#define BOUNCE_PAGES    16u

/* ---- Finding ---- */

static int read_pages(void *ctx, uint64_t page, uint32_t n_pages, void *buf)
{
	return area_transfer(ctx, BLOCK_READ, page * PAGE_BYTES, buf, n_pages * PAGE_BYTES);
}

/* The same for lists in memory that may be no device's. */
static int read_by_bounce(void *ctx, uint64_t page, uint32_t n_pages, void *buf)
{
	struct stock *s = ctx;
	int err = 0;
	for (uint32_t done = 0; !err && done < n_pages;) {
		uint32_t n = n_pages - done < BOUNCE_PAGES ? n_pages - done : BOUNCE_PAGES;
		err = read_pages(&s->area, page + done, n, s->bounce);
		if (!err)
			memcpy((uint8_t *)buf + done * PAGE_BYTES, s->bounce, n * PAGE_BYTES);
		done += n;
	}
	return err;
}

static int say_fault(const struct stock *s, int err, const struct swsusp_fault *f)
{
	if (f->what)
		log_line("stock: %s sector %llu: %s: %s in page %llu is %#llx, wanted %#llx",
			s->dev->name, (unsigned long long)s->extent.lba, err_any_text(err), f->what,
			(unsigned long long)f->page, (unsigned long long)f->found,
			(unsigned long long)f->wanted);
	else
		log_line("stock: %s sector %llu: %s", s->dev->name,
			(unsigned long long)s->extent.lba, err_any_text(err));
	return err;
}

struct search {
	const struct options *o;
	struct stock *ret;
	uint8_t *page;
	uint32_t n_found, n_untried; /* images; those with attempts left */
	int err;                     /* the last one */
};

static void remember(void *ctx, int err)
{
	struct search *f = ctx;
	if (f->err != ERR_AMBIGUOUS)
		f->err = err;
}

#define SWAP_UUID 0x40c /* Linux, include/linux/swap.h, union swap_header: sws_uuid */

/* Another disk's swap area at the same place is none. */
static bool has_uuid(const struct search *f, const struct stock *s)
{
	char text[2][37];
	if (!f->o->have_uuid || memcmp(f->page + SWAP_UUID, f->o->uuid, 16) == 0)
		return true;
	uuid_format(f->page + SWAP_UUID, text[0]);
	uuid_format(f->o->uuid, text[1]);
	log_line("stock: %s sector %llu: another swap area: its UUID is %s, not %s", s->dev->name,
		(unsigned long long)s->extent.lba, text[0], text[1]);
	return false;
}

static int open_candidate(const struct search *f, const struct place *p, struct stock *s)
{
	struct swsusp_fault fault = {.what = NULL};
	memset(s, 0, sizeof(*s));
	s->dev = p->dev;
	s->extent = (struct block_extent){p->part.lba, p->part.n_sectors};
	s->swap_page = f->o->resume_offset;
	int err = area_init(&s->area, p->dev, &s->extent, 1);
	if (err)
		return say_fault(s, err, &fault);
	s->source = (struct swsusp_source){
		.read = read_pages, .ctx = &s->area, .n_pages = s->area.bytes / PAGE_BYTES};
	err = swsusp_read_header(&s->source, s->swap_page, f->page, &s->header, &fault);
	if (err == SWSUSP_ERR_NONE || err == SWSUSP_ERR_NO_SWAP)
		return ERR_NOT_FOUND;
	if (err)
		return say_fault(s, err, &fault);
	return has_uuid(f, s) ? 0 : ERR_NOT_FOUND;
}

static uint64_t image_identity(const struct swsusp_header *h)
{
	return attempts_image(h->map_page, h->crc, h->flags, h->hw_sig);
}

static uint32_t read_attempts(const struct swsusp_header *h, const uint8_t *header_page)
{
	struct attempts l;
	memcpy(&l, header_page, sizeof(l));
	return attempts_count(&l, image_identity(h));
}

/* One that was tried too often must not stand in the way of another one. */
static void look_at(void *ctx, const struct place *p)
{
	struct search *f = ctx;
	static struct stock candidate; /* large: not for the stack */
	int err = open_candidate(f, p, &candidate);
	if (err) {
		f->err = err == ERR_NOT_FOUND ? f->err : err;
		return;
	}
	candidate.attempts = read_attempts(&candidate.header, f->page);
	bool untried = candidate.attempts == 0 || candidate.attempts < f->o->attempts_max;
	f->n_found++;
	f->n_untried += untried;
	if (f->n_found > 1 && !untried)
		return;
	candidate.header_page = f->ret->header_page;
	*f->ret = candidate;
	memcpy(f->ret->header_page, f->page, PAGE_BYTES);
}

int stock_find(const struct disks *disks, const struct options *o, struct arena *arena, void *work,
	struct stock *ret)
{
	struct search f = {
		.o = o, .ret = ret, .page = (uint8_t *)work + GPT_WORK_BYTES, .err = ERR_NOT_FOUND};
	struct places_visitor v = {.place = look_at, .error = remember, .ctx = &f};
	uint8_t *header_page = arena_alloc(arena, PAGE_BYTES, PAGE_BYTES);
	if (!header_page)
		return ERR_NO_MEMORY;
	memset(ret, 0, sizeof(*ret));
	ret->header_page = header_page;
	places_each(disks, &o->swap, work, &v);
	if (f.n_untried > 1 || (f.n_untried == 0 && f.n_found > 1)) {
		log_line("stock: %u swap areas hold an image: name one by swap=partuuid:",
			f.n_found);
		return ERR_AMBIGUOUS;
	}
	if (f.n_found == 0)
		return f.err;
	/* The copy that the caller keeps must not point into the candidate. */
	ret->area.extents = &ret->extent;
	ret->source.ctx = &ret->area;
	return 0;
}

static int open_in(struct stock *s, void *work, size_t bytes, struct swsusp_fault *fault)
{
	if (!work)
		return ERR_NO_MEMORY;
	return swsusp_open(&s->image, &s->source, &s->header, work, bytes, fault);
}

/* The lists of a large and scattered image are longer than what was set aside for all: twice as
 * much each time, up to what the library says is enough. */
static int open_in_more(
	struct stock *s, struct arena *arena, size_t tried, struct swsusp_fault *fault)
{
	int err = SWSUSP_ERR_WORK;
	size_t bytes = s->open_bytes ? s->open_bytes : 2 * tried;
	while (err == SWSUSP_ERR_WORK && arena->more) {
		err = open_in(s, arena->more(arena, bytes), bytes, fault);
		if (bytes >= fault->wanted)
			break;
		bytes = 2 * bytes < fault->wanted ? 2 * bytes : fault->wanted;
	}
	return err;
}

int stock_open(struct stock *s, struct arena *arena)
{
	struct swsusp_fault fault = {.what = NULL};
	size_t bytes;
	s->bounce = arena_alloc(arena, BOUNCE_PAGES * PAGE_BYTES, PAGE_BYTES);
	if (!s->bounce)
		return ERR_NO_MEMORY;
	s->source.read = read_by_bounce;
	s->source.ctx = s;
	void *work = arena_alloc_largest(arena, PAGE_BYTES, &bytes);
	int err = open_in(s, work, bytes, &fault);
	if (work)
		arena_trim(arena, work, bytes, err ? 0 : s->image.work_used);
	if (err == SWSUSP_ERR_WORK)
		err = open_in_more(s, arena, bytes, &fault);
	if (err)
		return say_fault(s, err, &fault);
	s->open_bytes = swsusp_work_needed(&s->image);
	log_line("stock: %llu frames, %llu zero, %llu pages stored, %s, entry %#llx",
		(unsigned long long)s->image.n_frames, (unsigned long long)s->image.n_zero,
		(unsigned long long)s->image.n_slots,
		s->header.codec == SWSUSP_CODEC_RAW   ? "uncompressed"
		: s->header.codec == SWSUSP_CODEC_LZO ? "LZO"
						      : "LZ4",
		(unsigned long long)s->image.info.jump_address);
	return 0;
}

/* ---- The header page ---- */

/* Writes the first bytes of s->header_page, whole sectors, and nothing else. */
static int write_header(struct stock *s, uint32_t bytes)
{
	static struct block_extent written;
	uint32_t sector = s->dev->sector_bytes;
	written = (struct block_extent){.lba = s->extent.lba + s->swap_page * (PAGE_BYTES / sector),
		.n_sectors = (bytes + sector - 1) / sector};
	block_allow_writes(s->dev, &written, 1);
	int err = block_write(s->dev, written.lba, written.n_sectors, s->header_page);
	if (!err)
		err = block_flush(s->dev);
	block_allow_writes(s->dev, NULL, 0);
	return err;
}

static bool is_attempts(const uint8_t *sector)
{
	uint64_t magic;
	memcpy(&magic, sector, sizeof(magic));
	return magic == ATTEMPTS_MAGIC;
}

static bool sector_is_free(const uint8_t *sector)
{
	if (is_attempts(sector))
		return true;
	for (uint32_t i = 0; i < ATTEMPTS_SECTOR; i++)
		if (sector[i])
			return false;
	return true;
}

int stock_may_count(const struct stock *s)
{
	if (s->dev->read_only)
		return ERR_READ_ONLY;
	return sector_is_free(s->header_page) ? 0 : ERR_BUSY;
}

/* The image is told by the signature and the map's place in the last sector of this page, which the
 * kernel rewrites only to give the image up (swap.c: mark_swapfiles writes it last, swsusp_check
 * takes it back, before it has read anything else): a write that is torn there costs it nothing.
 * Ours comes while the image is still wanted. So it is one sector, the first, where there is
 * nothing of the kernel's: torn, it is another count or none (attempts.check), or a sector that
 * cannot be read; the others are not under the head. On disks with sectors of 4096 bytes the page
 * is one, and lasts or not as a whole. */
int stock_count_attempt(struct stock *s)
{
	int may = stock_may_count(s);
	if (may)
		return may;
	struct attempts l = {.magic = ATTEMPTS_MAGIC,
		.image = image_identity(&s->header),
		.attempts = s->attempts + 1,
		.check = ~(s->attempts + 1)};
	memset(s->header_page, 0, ATTEMPTS_SECTOR);
	memcpy(s->header_page, &l, sizeof(l));
	int err = write_header(s, ATTEMPTS_SECTOR);
	if (!err)
		s->attempts++;
	return err;
}

int stock_consume(struct stock *s)
{
	int err = swsusp_consume(s->header_page);
	if (err)
		return err;
	if (is_attempts(s->header_page))
		memset(s->header_page, 0, sizeof(struct attempts));
	return write_header(s, PAGE_BYTES);
}

/* ---- The image kernel's page tables ---- */

static const void *frame(void *ctx, uint64_t pfn)
{
	const struct stock *s = ctx;
	return swsusp_frame_kind(&s->image, pfn) == SWSUSP_FRAME_NOT_IN_IMAGE
		       ? NULL
		       : (const void *)(pfn * PAGE_BYTES);
}

int stock_levels(const struct stock *s, uint32_t *ret_levels)
{
	struct swsusp_memory m = {.frame = frame, .ctx = (void *)(uintptr_t)s};
	return swsusp_paging_levels(&m, &s->image.info, ret_levels);
}

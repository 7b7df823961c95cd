/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The info page: sizes, and where the image kernel wants to be entered.
 */
#include "swsusp_internal.h"

#define TEXT_START 0xffffffff80000000ull /* of the kernel, on every x86-64 Linux */
#define TEXT_END   0xffffffffc0000000ull
#define TEXT_ALIGN (2ull << 20) /* text lies the same in its 2 MiB, virtually and physically */
#define PHYS_LIMIT (1ull << 52)

struct judge {
	const struct swsusp_info_page *p;
	uint64_t page; /* of the disk */
	struct swsusp_fault *fault;
};

static int bad(const struct judge *j, const char *what, uint64_t found, uint64_t wanted)
{
	return swsusp_fail_(j->fault, SWSUSP_ERR_INFO, what, j->page, found, wanted);
}

static int judge_magic(const struct judge *j)
{
	uint64_t magic = j->p->magic;

	switch (magic) {
	case SWSUSP_MAGIC:
		return 0;
	case SWSUSP_MAGIC_MD5:
		return swsusp_fail_(j->fault, SWSUSP_ERR_OLD,
			"info page restore record of a kernel from 4.10 to 5.12", j->page, magic,
			SWSUSP_MAGIC);
	case SWSUSP_MAGIC_OLDER:
		return swsusp_fail_(j->fault, SWSUSP_ERR_OLD,
			"info page restore record of a kernel before 4.10", j->page, magic,
			SWSUSP_MAGIC);
	}
	/* In a record of 32-bit words the magic is the fourth word: here the upper half of the
	 * second. */
	if (j->p->jump_address_phys >> 32 == SWSUSP_MAGIC_32BIT)
		return swsusp_fail_(j->fault, SWSUSP_ERR_32BIT,
			"info page restore record of a 32-bit kernel", j->page, magic,
			SWSUSP_MAGIC);
	return swsusp_fail_(j->fault, SWSUSP_ERR_MAGIC, "info page restore record magic", j->page,
		magic, SWSUSP_MAGIC);
}

static int judge_entry(const struct judge *j)
{
	const struct swsusp_info_page *p = j->p;

	if (p->jump_address < TEXT_START || p->jump_address >= TEXT_END)
		return bad(j, "info page jump address", p->jump_address, TEXT_START);
	if (p->jump_address_phys >= PHYS_LIMIT)
		return bad(j, "info page physical jump address", p->jump_address_phys, PHYS_LIMIT);
	if ((p->jump_address ^ p->jump_address_phys) % TEXT_ALIGN)
		return bad(j, "info page physical jump address, place in 2 MiB",
			p->jump_address_phys % TEXT_ALIGN, p->jump_address % TEXT_ALIGN);
	if (p->cr3 % PAGE || p->cr3 >= PHYS_LIMIT || p->cr3 == 0)
		return bad(j, "info page cr3", p->cr3, 0);
	return 0;
}

static int judge_sizes(const struct judge *j)
{
	const struct swsusp_info_page *p = j->p;
	uint64_t least, most; /* pages of the frame list */

	if (p->num_physpages == 0 || p->num_physpages > RUN_FIRST_LIMIT)
		return bad(j, "info page physical pages", p->num_physpages, RUN_FIRST_LIMIT);
	if (p->image_pages == 0 || p->image_pages > p->num_physpages)
		return bad(j, "info page image pages", p->image_pages, p->num_physpages);
	least = (p->image_pages + SWSUSP_PFNS_PER_PAGE - 1) / SWSUSP_PFNS_PER_PAGE;
	most = (p->num_physpages + SWSUSP_PFNS_PER_PAGE - 1) / SWSUSP_PFNS_PER_PAGE;
	if (p->pages < p->image_pages + 1 + least)
		return bad(j, "info page pages", p->pages, p->image_pages + 1 + least);
	if (p->pages > p->image_pages + 1 + most)
		return bad(j, "info page pages", p->pages, p->image_pages + 1 + most);
	if (p->size != p->pages * PAGE)
		return bad(j, "info page size", p->size, p->pages * PAGE);
	return 0;
}

/* The kernel clears the page before it fills it in: what is not zero is something new. */
static int judge_unused(const struct judge *j)
{
	const struct swsusp_info_page *p = j->p;

	if (p->e820_crc >> 32)
		return bad(j, "info page memory map checksum", p->e820_crc, UINT32_MAX);
	for (size_t i = 0; i < sizeof(p->reserved); i++) {
		if (p->reserved[i])
			return bad(j, "info page reserved bytes", p->reserved[i], 0);
	}
	if (p->cpus || p->pad)
		return bad(j, "info page processors", p->cpus, 0);
	for (size_t i = 0; i < sizeof(p->tail); i++) {
		if (p->tail[i])
			return bad(j, "info page bytes after the size", p->tail[i], 0);
	}
	return 0;
}

static int judge(const struct judge *j)
{
	int err = judge_magic(j);

	if (!err)
		err = judge_entry(j);
	if (!err)
		err = judge_sizes(j);
	if (!err)
		err = judge_unused(j);
	return err;
}

/* The first entry of the first map page. The walk of the map comes later, and checks all this
 * again: it is bounded by the sizes that the info page tells. */
static int find_info(
	struct swsusp_image *img, void *page, uint64_t *ret, struct swsusp_fault *fault)
{
	const struct swsusp_source *src = img->src;
	const struct swsusp_map_page *map = page;
	uint64_t number = img->header.map_page;
	int err;

	if (number == 0 || number >= src->n_pages || number == img->header.page)
		return swsusp_fail_(fault, SWSUSP_ERR_MAP, "map page number", img->header.page,
			number, src->n_pages);
	err = src->read(src->ctx, number, 1, page);
	if (err)
		return err;
	*ret = map->entry[0];
	if (*ret == 0 || *ret >= src->n_pages || *ret == img->header.page || *ret == number)
		return swsusp_fail_(fault, SWSUSP_ERR_MAP, "map entry", number, *ret, src->n_pages);
	return 0;
}

int swsusp_info_read_(struct swsusp_image *img, void *page, struct swsusp_fault *fault)
{
	struct judge j = {.p = page, .fault = fault};
	int err = find_info(img, page, &j.page, fault);

	if (!err)
		err = img->src->read(img->src->ctx, j.page, 1, page);
	if (!err)
		err = judge(&j);
	if (err)
		return err;
	img->info = (struct swsusp_info){
		.jump_address = j.p->jump_address,
		.jump_address_phys = j.p->jump_address_phys,
		.cr3 = j.p->cr3,
		.e820_crc = (uint32_t)j.p->e820_crc,
		.num_physpages = j.p->num_physpages,
		.image_pages = j.p->image_pages,
		.meta_pages = j.p->pages - j.p->image_pages - 1,
		.pages = j.p->pages,
	};
	return 0;
}

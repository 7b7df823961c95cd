/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts are a file that anything may have happened to: it may be of another boot, of another
 * kernel, half overwritten. What ties it to an image is in the image: the checksum of the
 * firmware's map, the address at which that kernel is entered (with KASLR another one in every
 * boot), the swap area; and, where its memory can be had, the boot ID.
 */
#include "stock_facts.h"

#include <string.h>

#include "log.h"

#define PAGE_BYTES 4096ull

/* An object that is not there is one that arm could not find out. */
static int get(
	struct state_reader *r, const struct state_desc *d, void *v, uint32_t max, uint32_t *n)
{
	int err = state_get(r, d, v, max, n);
	if (err == IMG_ERR_NOT_FOUND) {
		*n = 0;
		err = 0;
	}
	if (err == IMG_ERR_WORK)
		log_line("stock: the facts have %u records of \"%s\", there is room for %u", *n,
			d->name, max);
	return err;
}

int stock_facts_read(const void *file, size_t bytes, struct stock_facts *ret)
{
	struct state_reader r;
	uint32_t n;
	memset(ret, 0, sizeof(*ret));
	int err = facts_open(file, bytes, &r);
	if (!err)
		err = state_get(&r, &facts_desc, &ret->f, 1, &n);
	if (!err && n != 1)
		err = IMG_ERR_STREAM;
	if (!err)
		err = get(&r, &saved_memory_desc, ret->memory, FACTS_MEMORY_MAX, &ret->n_memory);
	if (!err)
		err = get(&r, &facts_kept_desc, ret->kept, FACTS_KEPT_MAX, &ret->n_kept);
	if (!err)
		err = get(&r, &saved_table_desc, ret->table, SAVED_TABLES_MAX, &ret->n_tables);
	if (!err)
		err = get(
			&r, &saved_runtime_desc, ret->runtime, FACTS_RUNTIME_MAX, &ret->n_runtime);
	if (!err)
		err = get(&r, &saved_filesystem_desc, ret->filesystem, SAVED_FILESYSTEMS_MAX,
			&ret->n_filesystems);
	if (!err)
		err = get(&r, &saved_registers_desc, ret->registers, SAVED_REGISTERS_MAX,
			&ret->n_registers);
	return err;
}

/* The checksum of the recorded map itself: the number in the facts is only arm's word for it. */
static bool map_is(const struct stock_facts *f, uint32_t crc)
{
	uint32_t sum = swsusp_e820_crc_begin(f->n_memory);
	for (uint32_t i = 0; i < f->n_memory; i++) {
		const struct memory_range *m = &f->memory[i];
		if (m->end <= m->start || (i > 0 && m->start < f->memory[i - 1].end))
			return false;
		const struct swsusp_e820 e = {
			.start = m->start, .size = m->end - m->start, .type = m->type};
		sum = swsusp_e820_crc_add(sum, &e);
	}
	return sum == crc;
}

const char *stock_facts_doubt(const struct stock_facts *f, const struct stock *s)
{
	const struct swsusp_info *info = &s->image.info;
	uint64_t at = f->f.boot_id_phys;
	if (f->f.map_known == FACTS_MAP_UNKNOWN || f->n_memory == 0)
		return "they do not know the memory map";
	if (memcmp(f->f.swap_uuid, s->header.uuid, 16) != 0 || f->f.resume_offset != s->swap_page)
		return "they name another swap area";
	if (f->f.jump_address == 0 || at == 0)
		return "they do not know the kernel's addresses";
	if (f->f.jump_address != info->jump_address ||
		f->f.jump_address_phys != info->jump_address_phys)
		return "they are of another boot or another kernel (other entry point)";
	if (f->f.map_crc != info->e820_crc || !map_is(f, info->e820_crc))
		return "they are of a boot with another memory map";
	if (at % PAGE_BYTES > PAGE_BYTES - sizeof(f->f.boot_id) ||
		swsusp_frame_kind(&s->image, at / PAGE_BYTES) != SWSUSP_FRAME_DATA)
		return "the boot ID is not where they say";
	return NULL;
}

struct range stock_facts_frames(const struct memory_range *m, uint64_t first_pfn)
{
	struct range r = {.start = m->start / PAGE_BYTES + (m->start % PAGE_BYTES != 0),
		.end = m->end / PAGE_BYTES};
	if (r.start < first_pfn)
		r.start = first_pfn;
	return r;
}

int stock_facts_ram(const struct stock_facts *f, uint64_t first_pfn, struct ranges *ret)
{
	int err = 0;
	for (uint32_t i = 0; !err && i < f->n_memory; i++) {
		struct range r = stock_facts_frames(&f->memory[i], first_pfn);
		if (f->memory[i].type == MEMORY_RAM && r.start < r.end)
			err = ranges_add(ret, r.start, r.end);
	}
	return err;
}

int stock_facts_remove_kept(const struct stock_facts *f, struct ranges *ret)
{
	int err = 0;
	for (uint32_t i = 0; !err && i < f->n_kept; i++) {
		const struct facts_kept *k = &f->kept[i];
		uint64_t end = k->end / PAGE_BYTES + (k->end % PAGE_BYTES != 0);
		if (k->start < k->end)
			err = ranges_remove(ret, k->start / PAGE_BYTES, end);
	}
	return err;
}

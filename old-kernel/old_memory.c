/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way into the old kernel's memory: no pointer of its is followed that does not lead to
 * RAM. */
#include "old_memory.h"

#include <stddef.h>
#include <string.h>

#include "page_walk.h"

#define PAGE_BYTES 4096ull

static bool is_left_out(const struct handoff *h, uint64_t phys, uint64_t bytes)
{
	uint64_t first = phys / PAGE_BYTES, end = (phys + bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	for (uint32_t i = 0; i < h->n_left_out; i++)
		if (first < h->left_out[i].end && end > h->left_out[i].first)
			return true;
	return false;
}

const void *old_memory_at(const struct old_memory *m, uint64_t phys, uint64_t bytes)
{
	const struct handoff *h = m->h;
	for (uint32_t i = 0; i < h->n_memory; i++)
		if (h->memory[i].type == MEMORY_RAM && phys >= h->memory[i].start &&
			phys < h->memory[i].end && bytes <= h->memory[i].end - phys)
			return is_left_out(h, phys, bytes) ? NULL : (const void *)(m->base + phys);
	return NULL;
}

static bool read_entry(const void *ctx, uint64_t table, uint32_t index, uint64_t *ret_entry)
{
	const uint64_t *entries = old_memory_at(ctx, table, PAGE_BYTES);
	if (entries)
		*ret_entry = entries[index];
	return entries != NULL;
}

bool old_memory_translate(
	const struct old_memory *m, uint64_t root, uint64_t va, uint64_t *ret_phys)
{
	const struct page_walk w = {
		.read = read_entry, .ctx = m, .root = root, .levels = m->levels};
	struct page_at page;
	if (!page_walk(&w, va, &page))
		return false;
	*ret_phys = page.phys;
	return true;
}

/* What the kernel names in /sys/kernel/vmcoreinfo is an ELF note (gABI, chapter 5): name and
 * description, each filled up to 4 bytes. */
struct note {
	uint32_t name_bytes, bytes, type;
	char name[12];
};

static const char *note_text(const struct old_memory *m, size_t *ret_bytes)
{
	static const char name[12] = "VMCOREINFO";
	uint32_t bytes = m->h->vmcoreinfo_bytes;
	const struct note *n = NULL;
	if (m->h->vmcoreinfo % 4 == 0 && bytes >= sizeof(*n))
		n = old_memory_at(m, m->h->vmcoreinfo, bytes);
	if (!n || n->name_bytes != strlen(name) + 1 || memcmp(n->name, name, sizeof(name)) ||
		n->bytes > bytes - sizeof(*n))
		return NULL;
	*ret_bytes = n->bytes;
	return (const char *)(n + 1);
}

bool old_memory_number(
	const struct old_memory *m, const char *key, enum vmcoreinfo_base base, uint64_t *ret)
{
	size_t bytes;
	const char *text = m->h->vmcoreinfo ? note_text(m, &bytes) : NULL;
	return text && vmcoreinfo_value(text, bytes, key, base, ret);
}

bool old_memory_root(const struct old_memory *m, uint64_t *ret_root)
{
	uint64_t root_va, phys_base;
	if (!old_memory_number(m, "SYMBOL(swapper_pg_dir)", VMCOREINFO_HEX, &root_va) ||
		!old_memory_number(m, "NUMBER(phys_base)", VMCOREINFO_DECIMAL, &phys_base))
		return false;
	*ret_root = root_va - OLD_KERNEL_IMAGE_BASE + phys_base;
	return true;
}

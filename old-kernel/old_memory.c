/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way into the old kernel's memory: no pointer of its is followed that does not lead to RAM. */
#include "old_memory.h"

#include <stddef.h>
#include <string.h>

#define PAGE_BYTES  4096ull
#define PTE_ADDRESS 0x000ffffffffff000ull

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

bool old_memory_translate(
	const struct old_memory *m, uint64_t root, uint64_t va, uint64_t *ret_phys)
{
	uint64_t table = root & PTE_ADDRESS;
	for (uint32_t level = m->levels; level > 0; level--) {
		uint32_t shift = 12 + 9 * (level - 1);
		const uint64_t *entries = old_memory_at(m, table, PAGE_BYTES);
		if (!entries)
			return false;
		uint64_t entry = entries[va >> shift & 511];
		if (!(entry & 1))
			return false;
		if (level == 1 || ((level == 2 || level == 3) && (entry & 0x80))) {
			uint64_t offset_mask = (1ull << shift) - 1;
			*ret_phys = (entry & PTE_ADDRESS & ~offset_mask) | (va & offset_mask);
			return true;
		}
		table = entry & PTE_ADDRESS;
	}
	return false;
}

bool old_memory_number(const struct old_memory *m, const char *key, bool hex, uint64_t *ret)
{
	uint32_t bytes = m->h->vmcoreinfo_bytes;
	const char *text = m->h->vmcoreinfo ? old_memory_at(m, m->h->vmcoreinfo, bytes) : NULL;
	size_t len = strlen(key);
	for (uint32_t i = 0; text && i + len < bytes; i++) {
		if (memcmp(text + i, key, len) != 0)
			continue;
		uint64_t value = 0;
		uint32_t at = i + (uint32_t)len;
		bool minus = at < bytes && text[at] == '-';
		for (at += minus; at < bytes; at++) {
			char c = text[at];
			if (c >= '0' && c <= '9')
				value = value * (hex ? 16 : 10) + (uint64_t)(c - '0');
			else if (hex && c >= 'a' && c <= 'f')
				value = value * 16 + (uint64_t)(c - 'a' + 10);
			else
				break;
		}
		*ret = minus ? -value : value;
		return true;
	}
	return false;
}

bool old_memory_root(const struct old_memory *m, uint64_t *ret_root)
{
	uint64_t root_va, phys_base;
	if (!old_memory_number(m, "SYMBOL(swapper_pg_dir)=", true, &root_va) ||
		!old_memory_number(m, "NUMBER(phys_base)=", false, &phys_base))
		return false;
	*ret_root = root_va - OLD_KERNEL_IMAGE_BASE + phys_base;
	return true;
}

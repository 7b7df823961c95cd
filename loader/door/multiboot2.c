/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tags are input: each length is checked against the block before anything is read from it. */
#include "multiboot2.h"

#include <stdbool.h>
#include <string.h>

#include "boot_memory.h"
#include "facts.h"
#include "map_crc.h"
#include "unaligned.h"

#define INFO_BYTES_MAX       (1u << 20)
#define EFI_DESCRIPTOR_BYTES 40u

enum {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_MODULE = 3,
	TAG_MMAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_EFI64_SYSTAB = 12,
	TAG_EFI_MMAP = 17,
};
#define FRAMEBUFFER_EGA_TEXT 2
#define MODULE_TEXT          16u /* offset of the words behind the file's name in GRUB's line */
#define FACTS_WORD           "facts"

struct tag {
	uint32_t type, size; /* size without the padding to 8 bytes */
	const uint8_t *p;    /* the tag, with its head */
};

static int read_mmap(const struct tag *t, struct boot_info *bi)
{
	if (t->size < 16)
		return ERR_FIRMWARE;
	uint32_t entry_bytes = u32_at(t->p + 8);
	if (entry_bytes < 20)
		return ERR_FIRMWARE;
	map_crc_add_e820(bi, t->p + 16, t->size - 16, entry_bytes);
	int err = 0;
	for (uint32_t at = 16; entry_bytes <= t->size - at; at += entry_bytes) {
		const uint8_t *e = t->p + at;
		uint32_t type = u32_at(e + 16);
		int add_err = boot_memory_add(bi, u64_at(e), u64_at(e + 8),
			type >= MEMORY_RAM && type <= MEMORY_BAD ? type : MEMORY_RESERVED);
		err = err ? err : add_err; /* the others are counted */
	}
	return err;
}

static int read_efi_mmap(const struct tag *t, struct boot_info *bi)
{
	if (t->size < 16)
		return ERR_FIRMWARE;
	uint32_t entry_bytes = u32_at(t->p + 8);
	if (entry_bytes < EFI_DESCRIPTOR_BYTES)
		return ERR_FIRMWARE;
	map_crc_set_efi(bi, t->p + 16, t->size - 16, entry_bytes);
	int err = 0;
	for (uint32_t at = 16; entry_bytes <= t->size - at; at += entry_bytes) {
		const uint8_t *e = t->p + at;
		int add_err = boot_memory_add_efi(
			bi, u32_at(e), u64_at(e + 8), u64_at(e + 24), u64_at(e + 32));
		err = err ? err : add_err;
	}
	return err;
}

static int read_cmdline(const struct tag *t, struct boot_info *bi)
{
	uint32_t len = t->size - 8;
	if (len > BOOT_CMDLINE_MAX || !memchr(t->p + 8, 0, len))
		return ERR_FIRMWARE;
	memcpy(bi->cmdline, t->p + 8, len);
	return 0;
}

/* Which tags there were; the EFI memory map is the better one where there are both. */
struct seen {
	struct tag mmap, efi_mmap, framebuffer;
	struct tag module, facts; /* the first of all; the one that is named so */
	uint32_t n_modules;
};

static bool is_named_facts(const struct tag *t)
{
	uint32_t len = sizeof(FACTS_WORD) - 1, room = t->size - MODULE_TEXT;
	const char *text = (const char *)t->p + MODULE_TEXT;
	return room >= len && memcmp(text, FACTS_WORD, len) == 0 &&
	       (room == len || text[len] == 0 || text[len] == ' ');
}

static int see_module(const struct tag *t, struct seen *seen)
{
	if (t->size < MODULE_TEXT)
		return ERR_FIRMWARE;
	if (seen->n_modules++ == 0)
		seen->module = *t;
	if (!seen->facts.p && is_named_facts(t))
		seen->facts = *t;
	return 0;
}

/* The module of that name, or the only one there is. Whether it holds facts, it says itself. */
static void take_facts(const struct seen *seen, struct boot_info *bi)
{
	const uint8_t *p = seen->facts.p;
	if (!p && seen->n_modules == 1)
		p = seen->module.p;
	uint32_t start = p ? u32_at(p + 8) : 0, end = p ? u32_at(p + 12) : 0;
	if (start == 0 || end <= start)
		return;
	bi->facts = start;
	bi->facts_bytes = end - start;
	if (bi->facts_bytes > FACTS_FILE_BYTES)
		bi->facts_bytes = FACTS_FILE_BYTES;
}

static int read_tag(const struct tag *t, struct boot_info *bi, struct seen *seen)
{
	switch (t->type) {
	case TAG_CMDLINE:
		return read_cmdline(t, bi);
	case TAG_MODULE:
		return see_module(t, seen);
	case TAG_MMAP:
		seen->mmap = *t;
		return 0;
	case TAG_EFI_MMAP:
		seen->efi_mmap = *t;
		return 0;
	case TAG_FRAMEBUFFER:
		seen->framebuffer = *t;
		return 0;
	case TAG_EFI64_SYSTAB:
		if (t->size < 16)
			return ERR_FIRMWARE;
		bi->efi_systab = u64_at(t->p + 8);
		return 0;
	default:
		return 0;
	}
}

static int walk(const uint8_t *info, struct boot_info *bi, struct seen *seen)
{
	uint32_t total = u32_at(info);
	if (total < 16 || total > INFO_BYTES_MAX)
		return ERR_FIRMWARE;
	uint32_t at = 8;
	while (total - at >= 8) {
		struct tag t = {
			.type = u32_at(info + at), .size = u32_at(info + at + 4), .p = info + at};
		if (t.type == TAG_END)
			return 0;
		if (t.size < 8 || t.size > total - at)
			return ERR_FIRMWARE;
		int err = read_tag(&t, bi, seen);
		if (err)
			return err;
		uint32_t step = (t.size + 7) & ~7u;
		if (step > total - at)
			return ERR_FIRMWARE;
		at += step;
	}
	return ERR_FIRMWARE; /* no end tag */
}

int multiboot2_read(const void *info, struct boot_info *bi)
{
	struct seen seen = {0};
	int err = walk(info, bi, &seen);
	if (err)
		return err;
	if (seen.efi_mmap.p)
		err = read_efi_mmap(&seen.efi_mmap, bi);
	else if (seen.mmap.p)
		err = read_mmap(&seen.mmap, bi);
	else
		err = ERR_FIRMWARE;
	if (err)
		return err;
	bool has_framebuffer = seen.framebuffer.p && seen.framebuffer.size >= 31;
	bool is_text = has_framebuffer && seen.framebuffer.p[29] == FRAMEBUFFER_EGA_TEXT;
	bi->text_console = is_text || (!has_framebuffer && !bi->efi_systab);
	if (has_framebuffer && !is_text)
		bi->framebuffer = u64_at(seen.framebuffer.p + 8);
	take_facts(&seen, bi);
	return boot_memory_finish(bi);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's VMCOREINFO while it runs: /proc/kcore carries a copy among its notes (Linux 4.19). Needed by those who
 * collect facts and by memory_use.c, which they ask. */
#include "machine_facts.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "proc_text.h"
#include "sysfiles.h"

static bool kcore_notes(uint64_t *ret_offset, size_t *ret_bytes)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (sys_read_at("/proc/kcore", 0, &header, sizeof(header)) != sizeof(header) ||
		memcmp(header.e_ident, ELFMAG, SELFMAG))
		return false;
	for (uint32_t i = 0; i < header.e_phnum; i++) {
		uint64_t at = header.e_phoff + (uint64_t)i * sizeof(segment);

		if (sys_read_at("/proc/kcore", at, &segment, sizeof(segment)) != sizeof(segment))
			return false;
		if (segment.p_type != PT_NOTE || segment.p_filesz > 1u << 20)
			continue;
		*ret_offset = segment.p_offset;
		*ret_bytes = segment.p_filesz;
		return true;
	}
	return false;
}

bool vmcoreinfo_text(char *buf, size_t cap)
{
	const uint8_t *content;
	size_t bytes, n;
	uint64_t offset;
	uint8_t *notes;
	bool ok = false;

	if (!kcore_notes(&offset, &bytes))
		return false;
	notes = malloc(bytes);
	if (notes && sys_read_at("/proc/kcore", offset, notes, bytes) == (int)bytes &&
		elf_note(notes, bytes, "VMCOREINFO", &content, &n) && n < cap) {
		memcpy(buf, content, n);
		buf[n] = 0;
		ok = true;
	}
	free(notes);
	return ok;
}

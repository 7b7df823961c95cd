/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Linux tells root about its own memory without a module: an ELF core of the running
 * kernel, and a list of symbols.
 */
#include "kcore.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc_lines.h"
#include "sysfiles.h"

/* ---- Memory ---- */

static bool read_at(int fd, uint64_t offset, void *buf, size_t bytes)
{
	return pread(fd, buf, bytes, (off_t)offset) == (ssize_t)bytes;
}

bool kcore_open(struct kcore *k)
{
	char path[SYS_PATH_MAX];
	Elf64_Ehdr h;
	size_t bytes;

	memset(k, 0, sizeof(*k));
	k->fd = sys_path(path, "/proc/kcore") ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (k->fd < 0 || !read_at(k->fd, 0, &h, sizeof(h)) || memcmp(h.e_ident, ELFMAG, SELFMAG) ||
		h.e_phentsize != sizeof(Elf64_Phdr) || !h.e_phnum)
		return false;
	bytes = h.e_phnum * sizeof(Elf64_Phdr);
	k->heads = malloc(bytes);
	if (!k->heads || !read_at(k->fd, h.e_phoff, k->heads, bytes))
		return false;
	k->n_heads = h.e_phnum;
	return true;
}

void kcore_close(struct kcore *k)
{
	if (k->fd >= 0)
		close(k->fd);
	free(k->heads);
	k->fd = -1;
	k->heads = NULL;
	k->n_heads = 0;
}

bool kcore_place(
	const uint8_t *heads, uint32_t n, uint64_t address, uint64_t bytes, struct kcore_place *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		Elf64_Phdr p;
		uint64_t inside;

		memcpy(&p, heads + i * sizeof(p), sizeof(p));
		inside = address - p.p_vaddr;
		if (p.p_type != PT_LOAD || address < p.p_vaddr || inside >= p.p_filesz ||
			bytes > p.p_filesz - inside || inside > INT64_MAX ||
			p.p_offset > INT64_MAX - inside)
			continue;
		ret->offset = p.p_offset + inside;
		ret->phys =
			p.p_paddr && p.p_paddr <= UINT64_MAX - inside - 1 ? p.p_paddr + inside : 0;
		return true;
	}
	return false;
}

bool kcore_read(const struct kcore *k, uint64_t address, void *buf, size_t bytes)
{
	struct kcore_place place;

	return kcore_place(k->heads, k->n_heads, address, bytes, &place) &&
	       read_at(k->fd, place.offset, buf, bytes);
}

uint64_t kcore_phys(const struct kcore *k, uint64_t address)
{
	struct kcore_place place;

	return kcore_place(k->heads, k->n_heads, address, 1, &place) ? place.phys : 0;
}

/* ---- Symbols ---- */

void symbols_find(struct symbol *s, uint32_t n)
{
	struct proc_lines l;
	uint32_t n_found = 0;
	const char *line;

	for (uint32_t i = 0; i < n; i++)
		s[i].address = 0;
	proc_lines_open(&l, "/proc/kallsyms");
	while (n_found < n && (line = proc_lines_next(&l)))
		for (uint32_t i = 0; i < n; i++)
			if (!s[i].address && (s[i].address = kallsyms_line(line, s[i].name)))
				n_found++;
	proc_lines_close(&l);
}

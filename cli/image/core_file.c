/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torpor make reads cores that other programs wrote, and export writes ones that crash and gdb
 * read: the format is in this file only, and nothing in a core is believed before it is checked.
 */
#include "core_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_MAX (64u << 20)
#define PFN_LIMIT (1ull << 40)
#define PAGE_MASK ((uint64_t)CORE_PAGE_BYTES - 1)

__attribute__((format(printf, 2, 3))) static int bad(struct core_file *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->error, sizeof(c->error), fmt, args);
	va_end(args);
	return -1;
}

/* ---- Reading ---- */

static int get(struct core_file *c, const struct core_source *src, uint64_t offset, void *buf,
	size_t bytes, const char *what)
{
	int err;

	if (offset > src->size || bytes > src->size - offset)
		return bad(c, "%s at byte %" PRIu64 ": the file ends at %" PRIu64, what, offset,
			src->size);
	err = bytes ? src->read(src->ctx, offset, buf, bytes) : 0;
	return err ? bad(c, "cannot read %s at byte %" PRIu64 ": %s", what, offset, strerror(err))
		   : 0;
}

static int read_header(struct core_file *c, const struct core_source *src, Elf64_Ehdr *ret)
{
	if (src->size < sizeof(*ret))
		return bad(c, "no ELF file: too short");
	if (get(c, src, 0, ret, sizeof(*ret), "ELF header"))
		return -1;
	if (memcmp(ret->e_ident, ELFMAG, SELFMAG))
		return bad(c, "no ELF file");
	if (ret->e_ident[EI_CLASS] != ELFCLASS64 || ret->e_ident[EI_DATA] != ELFDATA2LSB ||
		ret->e_machine != EM_X86_64)
		return bad(c, "an ELF file, but not of x86-64");
	if (ret->e_type != ET_CORE)
		return bad(c, "an ELF file, but not a core (type %u)", ret->e_type);
	if (ret->e_phentsize != sizeof(Elf64_Phdr))
		return bad(c, "program headers of %u bytes", ret->e_phentsize);
	if (!ret->e_phnum || ret->e_phnum > CORE_SEGMENTS_MAX)
		return bad(c, "%u program headers (up to %u are read)", ret->e_phnum,
			CORE_SEGMENTS_MAX);
	return 0;
}

static int add_notes(struct core_file *c, const struct core_source *src, const Elf64_Phdr *p)
{
	size_t at = (c->note_bytes + 3) & ~(size_t)3, bytes;
	uint8_t *grown;

	if (p->p_filesz > NOTES_MAX - at)
		return bad(c, "more than %u bytes of notes", NOTES_MAX);
	bytes = (size_t)p->p_filesz;
	grown = realloc(c->notes, at + bytes + 1);
	if (!grown)
		return bad(c, "no memory for %zu bytes of notes", at + bytes);
	memset(grown + c->note_bytes, 0, at - c->note_bytes);
	c->notes = grown;
	c->note_bytes = at;
	if (get(c, src, p->p_offset, c->notes + at, bytes, "notes"))
		return -1;
	c->note_bytes = at + bytes;
	return 0;
}

static int check_load(
	struct core_file *c, const struct core_source *src, const Elf64_Phdr *p, uint32_t i)
{
	if (p->p_filesz > p->p_memsz)
		return bad(c, "segment %u: longer in the file than in memory", i);
	if ((p->p_paddr | p->p_filesz) & PAGE_MASK)
		return bad(c,
			"segment %u: physical address %#" PRIx64 " or length %#" PRIx64
			" is not whole pages",
			i, p->p_paddr, p->p_filesz);
	if (p->p_paddr / CORE_PAGE_BYTES > PFN_LIMIT ||
		p->p_filesz / CORE_PAGE_BYTES > PFN_LIMIT - p->p_paddr / CORE_PAGE_BYTES)
		return bad(
			c, "segment %u: physical address %#" PRIx64 " is too large", i, p->p_paddr);
	if (p->p_offset > src->size || p->p_filesz > src->size - p->p_offset)
		return bad(c, "segment %u: ends behind the end of the file", i);
	return 0;
}

/* Before they are sorted out: all with memory, and which of them show the kernel's mapping. */
struct load {
	struct core_segment s;
	bool kernel_map;
};

static int by_address(const void *a, const void *b)
{
	const struct load *x = a, *y = b;

	if (x->s.pfn != y->s.pfn)
		return x->s.pfn < y->s.pfn ? -1 : 1;
	return x->kernel_map - y->kernel_map;
}

/* Sorted; what only shows the same memory again is left out. */
static int sort_out(struct core_file *c, struct load *load, uint32_t n)
{
	uint64_t end = 0;

	qsort(load, n, sizeof(*load), by_address);
	for (uint32_t i = 0; i < n; i++) {
		const struct core_segment *s = &load[i].s;

		if (c->n_segments && s->pfn < end) {
			if (load[i].kernel_map && s->n_frames <= end - s->pfn)
				continue;
			return bad(c, "two segments hold physical address %#" PRIx64,
				s->pfn * CORE_PAGE_BYTES);
		}
		c->segment[c->n_segments++] = *s;
		end = s->pfn + s->n_frames;
	}
	return 0;
}

static int read_segments(
	struct core_file *c, const struct core_source *src, const Elf64_Phdr *p, uint32_t n)
{
	struct load *load = calloc(n, sizeof(*load));
	uint32_t n_loads = 0;
	int err = 0;

	c->segment = calloc(n, sizeof(*c->segment));
	if (!load || !c->segment)
		err = bad(c, "no memory for %u segments", n);
	for (uint32_t i = 0; !err && i < n; i++) {
		if (p[i].p_type == PT_NOTE)
			err = add_notes(c, src, &p[i]);
		if (p[i].p_type != PT_LOAD || !p[i].p_filesz)
			continue;
		err = check_load(c, src, &p[i], i);
		load[n_loads++] =
			(struct load){{p[i].p_paddr / CORE_PAGE_BYTES,
					      p[i].p_filesz / CORE_PAGE_BYTES, p[i].p_offset},
				p[i].p_vaddr >= CORE_KERNEL_MAP};
	}
	if (!err)
		err = sort_out(c, load, n_loads);
	free(load);
	return err;
}

int core_open(struct core_file *c, const struct core_source *src)
{
	Elf64_Phdr *p = NULL;
	Elf64_Ehdr h;
	int err;

	memset(c, 0, sizeof(*c));
	if (read_header(c, src, &h))
		return -1;
	p = calloc(h.e_phnum, sizeof(*p));
	if (!p)
		return bad(c, "no memory for %u program headers", h.e_phnum);
	err = get(c, src, h.e_phoff, p, h.e_phnum * sizeof(*p), "program headers");
	if (!err)
		err = read_segments(c, src, p, h.e_phnum);
	if (!err && !c->n_segments)
		err = bad(c, "no segment holds memory");
	free(p);
	return err;
}

void core_close(struct core_file *c)
{
	free(c->segment);
	free(c->notes);
	c->segment = NULL;
	c->notes = NULL;
}

uint64_t core_frames(const struct core_file *c)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < c->n_segments; i++)
		n += c->segment[i].n_frames;
	return n;
}

/* ---- Notes ---- */

static size_t pad(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

bool core_note_next(const uint8_t *notes, size_t note_bytes, size_t *at, struct core_note *ret)
{
	size_t left = *at < note_bytes ? note_bytes - *at : 0;
	Elf64_Nhdr h;

	if (left < sizeof(h))
		return false;
	memcpy(&h, notes + *at, sizeof(h));
	left -= sizeof(h);
	if (!h.n_namesz || h.n_namesz > left || pad(h.n_namesz) > left ||
		h.n_descsz > left - pad(h.n_namesz))
		return false;
	ret->name = (const char *)notes + *at + sizeof(h);
	if (ret->name[h.n_namesz - 1])
		return false;
	ret->type = h.n_type;
	ret->content = notes + *at + sizeof(h) + pad(h.n_namesz);
	ret->bytes = h.n_descsz;
	*at += sizeof(h) + pad(h.n_namesz) + pad(h.n_descsz);
	return true;
}

size_t core_note_bytes(const char *name, size_t content_bytes)
{
	return sizeof(Elf64_Nhdr) + pad(strlen(name) + 1) + pad(content_bytes);
}

bool core_note_put(struct core_notes *n, const char *name, uint32_t type, const void *head,
	size_t head_bytes, const void *body, size_t body_bytes)
{
	size_t bytes = core_note_bytes(name, head_bytes + body_bytes);
	uint8_t *p = n->buf + n->used;
	Elf64_Nhdr h = {.n_namesz = (uint32_t)strlen(name) + 1,
		.n_descsz = (uint32_t)(head_bytes + body_bytes),
		.n_type = type};

	if (bytes > n->cap - n->used)
		return false;
	memset(p, 0, bytes);
	memcpy(p, &h, sizeof(h));
	memcpy(p + sizeof(h), name, h.n_namesz);
	p += sizeof(h) + pad(h.n_namesz);
	if (head_bytes)
		memcpy(p, head, head_bytes);
	if (body_bytes)
		memcpy(p + head_bytes, body, body_bytes);
	n->used += bytes;
	return true;
}

/* ---- Headers ---- */

void core_header_init(Elf64_Ehdr *ret, uint32_t n_program_headers)
{
	*ret = (Elf64_Ehdr){.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				    EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)n_program_headers};
}

Elf64_Phdr core_load(uint64_t pfn, uint64_t n_frames, uint64_t offset, uint64_t virt)
{
	return (Elf64_Phdr){.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W | PF_X,
		.p_offset = offset,
		.p_vaddr = virt,
		.p_paddr = pfn * CORE_PAGE_BYTES,
		.p_filesz = n_frames * CORE_PAGE_BYTES,
		.p_memsz = n_frames * CORE_PAGE_BYTES};
}

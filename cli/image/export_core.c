/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an image's memory becomes an ELF core: which frames, which notes, which pieces of the
 * kernel's own mapping. export.c is the verb, with its options and its files.
 */
#include "export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>

#include "saved_state.h"
#include "say.h"
#include "vmcoreinfo.h"

#define KERNEL_LOADS_MAX 64u /* pieces of the kernel's own mapping */
#define NOTES_MAX        (64u << 20)
#define LARGE_PAGE       (2u << 20)

/* ---- Byte streams of an own image ---- */

struct visitor {
	int (*stream)(struct export *e, const struct img_object_rec *object);
};

static int each_stream(struct export *e, const struct visitor *v)
{
	struct img_reader *r = &e->memory.own.reader;
	struct img_node_rec node;
	struct img_object_rec object;
	int err = 0;

	if (e->memory.is_stock)
		return 0;
	for (uint32_t i = 0; !err && i < img_node_count(r); i++) {
		err = img_node_at(r, i, &node);
		if (err || strcmp(node.name, SAVED_NODE))
			continue;
		for (uint32_t j = 0; !err && j < node.n_objects; j++) {
			err = img_object_at(r, node.first_object + j, &object);
			if (!err && object.type == IMG_BYTES && v->stream(e, &object))
				return -1;
		}
	}
	return err ? image_complain(&e->memory.own.file, err, &r->fault) : 0;
}

static int count_stream(struct export *e, const struct img_object_rec *object)
{
	size_t bytes = object->length > NOTES_MAX
			       ? NOTES_MAX
			       : core_note_bytes(CORE_NOTE_NAME, IMG_NAME_BYTES + object->length);

	if (bytes > NOTES_MAX - e->notes.cap)
		return complain("%s: %.*s is too long for an ELF note", e->memory.own.file.path,
			IMG_NAME_BYTES, object->name);
	e->notes.cap += bytes;
	return 0;
}

static int put_stream(struct export *e, const struct img_object_rec *object)
{
	void *buf = NULL;
	size_t bytes = 0;
	int err = image_view_bytes(&e->memory.own, object, &buf, &bytes);

	if (!err && !core_note_put(&e->notes, CORE_NOTE_NAME, CORE_NOTE_STREAM, object->name,
			    IMG_NAME_BYTES, buf, bytes))
		err = complain("no room for the note of %.*s", IMG_NAME_BYTES, object->name);
	free(buf);
	return err;
}

/* ---- The file's plan ---- */

static uint32_t headers_max(const struct export *e)
{
	return 1 + e->n_runs + KERNEL_LOADS_MAX;
}

static uint64_t notes_offset(const struct export *e)
{
	return sizeof(Elf64_Ehdr) + (uint64_t)headers_max(e) * sizeof(Elf64_Phdr);
}

int export_core_begin(struct export *e)
{
	static const struct visitor count = {count_stream};
	uint64_t at;

	e->notes.cap = core_note_bytes("CORE", sizeof(struct elf_prstatus)) +
		       core_note_bytes("VMCOREINFO", CRASH_INFO_MAX) +
		       core_note_bytes(CORE_NOTE_NAME, sizeof(struct core_image));
	if (each_stream(e, &count))
		return -1;
	e->notes.buf = calloc(1, e->notes.cap);
	if (!e->notes.buf)
		return complain("out of memory (%zu bytes)", e->notes.cap);
	at = notes_offset(e) + e->notes.cap;
	for (uint32_t i = 0; i < e->n_runs; i++) {
		at = (at + CORE_PAGE_BYTES - 1) / CORE_PAGE_BYTES * CORE_PAGE_BYTES;
		e->run[i].offset = at;
		at += e->run[i].n * CORE_PAGE_BYTES;
	}
	e->size = at;
	return 0;
}

/* ---- What the memory says of itself: it is read back from the output ---- */

static bool read_phys(void *ctx, uint64_t phys, void *buf, size_t bytes)
{
	const struct export *e = ctx;

	while (bytes) {
		uint64_t offset = export_offset(e, phys / CORE_PAGE_BYTES);
		size_t at = phys % CORE_PAGE_BYTES, n = CORE_PAGE_BYTES - at;

		n = n < bytes ? n : bytes;
		if (!offset || pread(e->fd, buf, n, (off_t)(offset + at)) != (ssize_t)n)
			return false;
		buf = (uint8_t *)buf + n;
		phys += n;
		bytes -= n;
	}
	return true;
}

static bool find_info(struct export *e, const struct phys_memory *m)
{
	for (uint32_t i = 0; i < e->n_candidates; i++)
		if (crash_info_read(m, e->candidate[i] * CORE_PAGE_BYTES, &e->info))
			return true;
	memset(&e->info, 0, sizeof(e->info));
	return false;
}

/* The return point of an own image's kernel; 0: not known. */
static uint64_t jump_back_of(struct export *e)
{
	struct image_view *v = &e->memory.own;
	struct img_object_rec object;
	struct state_reader reader;
	struct saved_cpu cpu = {0};
	void *buf = NULL;
	uint32_t n;

	if (!img_find(&v->reader, SAVED_NODE, SAVED_CPU, &object) &&
		!image_view_stream(v, SAVED_CPU, &object, &reader, &buf) &&
		state_get(&reader, &saved_cpu_desc, &cpu, 1, &n))
		cpu.jump_back = 0;
	free(buf);
	return cpu.jump_back;
}

static bool find_registers(
	struct export *e, const struct phys_memory *m, struct user_regs_struct *ret)
{
	if (e->memory.is_stock)
		return swsusp_registers(
			&e->info, m, e->memory.stock.image.info.jump_address_phys, ret);
	return kexec_registers(&e->info, m, jump_back_of(e), ret);
}

static void put_registers(struct export *e, const struct phys_memory *m)
{
	struct elf_prstatus status = {0};
	struct user_regs_struct r;

	static_assert(sizeof(status.pr_reg) == sizeof(r), "the registers of a core");
	e->has_registers = find_registers(e, m, &r);
	if (!e->has_registers)
		return;
	memcpy(&status.pr_reg, &r, sizeof(r));
	core_note_put(&e->notes, "CORE", NT_PRSTATUS, &status, sizeof(status), NULL, 0);
}

static int put_notes(struct export *e)
{
	static const struct visitor put = {put_stream};
	struct phys_memory m = {read_phys, e};
	struct core_image image = {0};

	if (find_info(e, &m)) {
		put_registers(e, &m);
		core_note_put(&e->notes, "VMCOREINFO", 0, e->info.text, e->info.bytes, NULL, 0);
	}
	if (e->memory.is_stock)
		return 0;
	image.created_unix_s = e->memory.own.headers.h.created_unix_s;
	image.compat = e->memory.own.headers.h.compat;
	memcpy(image.label, e->memory.own.headers.h.label, sizeof(image.label));
	core_note_put(&e->notes, CORE_NOTE_NAME, CORE_NOTE_IMAGE, &image, sizeof(image), NULL, 0);
	return each_stream(e, &put);
}

/* ---- Program headers ---- */

/* The kernel's own mapping: from its first 2 MiB to the last that lead where they should. */
static uint64_t kernel_end(struct export *e, uint64_t start)
{
	struct phys_memory m = {read_phys, e};
	uint64_t end = start, phys;

	for (uint64_t va = start; va - CORE_KERNEL_MAP < e->info.kernel_bytes; va += LARGE_PAGE)
		if (crash_info_translate(&e->info, &m, va, &phys) &&
			phys == va - CORE_KERNEL_MAP + e->info.phys_base)
			end = va + LARGE_PAGE;
	return end;
}

static uint32_t kernel_loads(struct export *e, Elf64_Phdr *ret)
{
	uint64_t text, start, end, delta = CORE_KERNEL_MAP - e->info.phys_base;
	uint32_t n = 0;

	if (!e->info.bytes ||
		!vmcoreinfo_value(
			e->info.text, e->info.bytes, "SYMBOL(_stext)", VMCOREINFO_HEX, &text) ||
		text < CORE_KERNEL_MAP)
		return 0;
	text &= ~(uint64_t)(LARGE_PAGE - 1);
	start = (text - delta) / CORE_PAGE_BYTES;
	end = (kernel_end(e, text) - delta) / CORE_PAGE_BYTES;
	for (uint32_t i = 0; i < e->n_runs && n < KERNEL_LOADS_MAX; i++) {
		const struct export_run *r = &e->run[i];
		uint64_t first = r->pfn > start ? r->pfn : start;
		uint64_t last = r->pfn + r->n < end ? r->pfn + r->n : end;

		if (first < last)
			ret[n++] = core_load(first, last - first,
				r->offset + (first - r->pfn) * CORE_PAGE_BYTES,
				first * CORE_PAGE_BYTES + delta);
	}
	return n;
}

static int put(struct export *e, uint64_t offset, const void *data, size_t bytes)
{
	int err = export_put(e, offset, data, bytes);

	return err ? complain("%s: %s", e->path, strerror(err)) : 0;
}

int export_core_end(struct export *e)
{
	Elf64_Phdr *p = calloc(headers_max(e), sizeof(*p));
	Elf64_Ehdr h;
	uint32_t n;
	int err;

	if (!p)
		return complain("out of memory");
	err = put_notes(e);
	p[0] = (Elf64_Phdr){.p_type = PT_NOTE,
		.p_offset = notes_offset(e),
		.p_filesz = e->notes.used,
		.p_memsz = e->notes.used,
		.p_align = 4};
	for (uint32_t i = 0; i < e->n_runs; i++)
		p[1 + i] = core_load(e->run[i].pfn, e->run[i].n, e->run[i].offset,
			e->run[i].pfn * CORE_PAGE_BYTES + e->info.page_offset);
	n = 1 + e->n_runs + kernel_loads(e, p + 1 + e->n_runs);
	core_header_init(&h, n);
	if (!err)
		err = put(e, notes_offset(e), e->notes.buf, e->notes.used);
	if (!err)
		err = put(e, sizeof(h), p, n * sizeof(*p));
	if (!err)
		err = put(e, 0, &h, sizeof(h));
	free(p);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF cores: reading good ones, and what is said of bad ones. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "core_file.h"

#define PAGE     4096u
#define N_LOADS  3u
#define NOTES_AT 512u

/* Header, program headers, notes at 512, 8 pages of memory from page 1 on. */
static struct {
	uint8_t bytes[9 * PAGE];
	uint64_t size;
	int err;
} file;
static Elf64_Ehdr h;
static Elf64_Phdr p[1 + N_LOADS];
static struct core_file core;

static int file_read(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	(void)ctx;
	assert_true(offset <= file.size && bytes <= file.size - offset);
	memcpy(buf, file.bytes + offset, bytes);
	return file.err;
}

static int open_it(void)
{
	struct core_source src = {file_read, NULL, file.size};

	memcpy(file.bytes, &h, sizeof(h));
	memcpy(file.bytes + sizeof(h), p, sizeof(p));
	core_close(&core);
	return core_open(&core, &src);
}

static void refused(const char *why)
{
	assert_int_equal(open_it(), -1);
	if (!strstr(core.error, why))
		fail_msg("\"%s\" does not say \"%s\"", core.error, why);
}

static void setup(void)
{
	struct core_notes notes = {file.bytes + NOTES_AT, PAGE - NOTES_AT, 0};

	memset(&file, 0, sizeof(file));
	file.size = sizeof(file.bytes);
	assert_true(core_note_put(&notes, "VMCOREINFO", 0, "OSRELEASE=6\n", 12, NULL, 0));
	assert_true(core_note_put(&notes, CORE_NOTE_NAME, CORE_NOTE_STREAM, "cpu", 3, "abcde", 5));
	core_header_init(&h, 1 + N_LOADS);
	p[0] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = NOTES_AT, .p_filesz = notes.used};
	p[1] = core_load(0x100000, 2, 5 * PAGE, 0xffff888000000000);
	p[2] = core_load(0x10, 4, PAGE, 0xffff888000010000);
	p[3] = core_load(0x11, 2, 2 * PAGE, CORE_KERNEL_MAP); /* shows a part of p[2] again */
}

static void teardown(void)
{
	core_close(&core);
}

FIXTURE(setup, teardown)

TEST(good)
{
	assert_int_equal(open_it(), 0);
	assert_int_equal(core.n_segments, 2);
	assert_int_equal(core.segment[0].pfn, 0x10);
	assert_int_equal(core.segment[0].offset, PAGE);
	assert_int_equal(core.segment[1].pfn, 0x100000);
	assert_int_equal(core.segment[1].n_frames, 2);
	assert_int_equal(core_frames(&core), 6);

	/* Only what is in the file counts; empty segments are nothing. */
	p[1].p_filesz = 0;
	p[2].p_memsz = 100 * PAGE;
	assert_int_equal(open_it(), 0);
	assert_int_equal(core_frames(&core), 4);
	p[2].p_vaddr = CORE_KERNEL_MAP; /* alone it is memory like any other */
	p[3].p_type = PT_NULL;
	assert_int_equal(open_it(), 0);
	assert_int_equal(core_frames(&core), 4);
}

TEST(notes)
{
	struct core_note n;
	size_t at = 0;

	p[3].p_type = PT_NOTE; /* two of them: one list */
	p[3].p_offset = NOTES_AT;
	p[3].p_filesz = p[0].p_filesz;
	assert_int_equal(open_it(), 0);
	for (int i = 0; i < 2; i++) {
		assert_true(core_note_next(core.notes, core.note_bytes, &at, &n));
		assert_string_equal(n.name, "VMCOREINFO");
		assert_int_equal(n.bytes, 12);
		assert_true(core_note_next(core.notes, core.note_bytes, &at, &n));
		assert_string_equal(n.name, CORE_NOTE_NAME);
		assert_int_equal(n.type, CORE_NOTE_STREAM);
		assert_memory_equal(n.content, "cpuabcde", 8);
	}
	assert_false(core_note_next(core.notes, core.note_bytes, &at, &n));
}

TEST(bad_notes)
{
	struct {
		Elf64_Nhdr head;
		char rest[20];
	} note = {{4, 8, 0}, "ABC\0"
			     "12345678"};
	uint8_t buf[64];
	struct core_notes list = {buf, sizeof(buf), 0};
	struct core_note n;
	size_t at = 0;

	assert_true(core_note_next((uint8_t *)&note, sizeof(note.head) + 12, &at, &n));
	assert_int_equal(at, sizeof(note.head) + 12);
	for (size_t bytes = 0; bytes < sizeof(note.head) + 12; bytes++) {
		at = 0;
		assert_false(core_note_next((uint8_t *)&note, bytes, &at, &n));
	}
	static const Elf64_Nhdr heads[] = {{0, 8, 0}, {3, 8, 0}, {0xffffffff, 8, 0},
		{0xfffffffd, 0xffffffff, 0}, {4, 0xffffffff, 0}, {17, 5, 0}};
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		note.head = heads[i];
		at = 0;
		assert_false(core_note_next((uint8_t *)&note, sizeof(note), &at, &n));
	}
	assert_true(core_note_put(&list, "A", 1, "x", 1, NULL, 0));
	assert_false(core_note_put(&list, "A", 1, note.rest, 20, note.rest, 20));
	assert_int_equal(list.used, core_note_bytes("A", 1));
	assert_true(core_note_put(&list, "B", 1, note.rest, 20, NULL, 0));
}

TEST(bad_header)
{
	file.size = 63;
	refused("too short");
	file.size = sizeof(file.bytes);
	h.e_ident[0] = 0;
	refused("no ELF file");
	core_header_init(&h, 4);
	h.e_ident[EI_CLASS] = ELFCLASS32;
	refused("not of x86-64");
	core_header_init(&h, 4);
	h.e_machine = EM_AARCH64;
	refused("not of x86-64");
	core_header_init(&h, 4);
	h.e_type = ET_EXEC;
	refused("not a core (type 2)");
	core_header_init(&h, 4);
	h.e_phentsize = 32;
	refused("program headers of 32 bytes");
	core_header_init(&h, 0);
	refused("0 program headers");
	core_header_init(&h, PN_XNUM);
	refused("65535 program headers");
	core_header_init(&h, CORE_SEGMENTS_MAX);
	refused("program headers at byte 64: the file ends");
	core_header_init(&h, 4);
	h.e_phoff = UINT64_MAX - 8;
	refused("program headers at byte");
	core_header_init(&h, 4);
	file.err = EIO;
	refused("cannot read ELF header at byte 0");
	file.err = 0;
	core_header_init(&h, 1);
	refused("no segment holds memory");
}

TEST(bad_segments)
{
	const Elf64_Phdr was = p[1];
	static const struct {
		Elf64_Phdr p;
		const char *why;
	} cases[] = {
		{{.p_paddr = 0x1000, .p_filesz = 0x2000, .p_memsz = 0x1000}, "segment 1: longer"},
		{{.p_paddr = 0x1001, .p_filesz = 0x1000, .p_memsz = 0x1000}, "not whole pages"},
		{{.p_paddr = 0x1000, .p_filesz = 0x1001, .p_memsz = 0x2000}, "not whole pages"},
		{{.p_paddr = -0x1000ull, .p_filesz = 0x1000, .p_memsz = 0x1000}, "is too large"},
		{{.p_paddr = 1ull << 52, .p_filesz = 0x1000, .p_memsz = 0x1000}, "is too large"},
		{{.p_paddr = 0, .p_filesz = 0x1000, .p_memsz = 0x1000, .p_offset = 9 * PAGE},
			"segment 1: ends behind"},
		{{.p_paddr = 0, .p_filesz = 0x2000, .p_memsz = 0x2000, .p_offset = 8 * PAGE},
			"segment 1: ends behind"},
		{{.p_paddr = 0, .p_filesz = 0x1000, .p_memsz = 0x1000, .p_offset = -0x800ull},
			"segment 1: ends behind"},
		{{.p_paddr = 0, .p_filesz = -0x1000ull, .p_memsz = -0x1000ull}, "segment 1"},
		{{.p_paddr = 0x13000, .p_filesz = 0x1000, .p_memsz = 0x1000},
			"two segments hold physical address 0x13000"},
		{{.p_paddr = 0xf000, .p_filesz = 0x2000, .p_memsz = 0x2000},
			"two segments hold physical address 0x10000"},
		{{.p_paddr = 0x0, .p_filesz = 0x8000, .p_memsz = 0x8000, .p_offset = PAGE}, NULL},
		/* The kernel's mapping, but it shows more than what is there. */
		{{.p_paddr = 0x13000,
			 .p_filesz = 0x2000,
			 .p_memsz = 0x2000,
			 .p_vaddr = CORE_KERNEL_MAP},
			"two segments hold physical address 0x13000"},
		{{.p_type = PT_NOTE, .p_filesz = PAGE, .p_offset = 9 * PAGE - 1}, "notes at byte"},
		{{.p_type = PT_NOTE, .p_filesz = UINT64_MAX}, "bytes of notes"},
		{{.p_type = PT_NOTE, .p_filesz = 65u << 20}, "bytes of notes"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		p[1] = cases[i].p;
		p[1].p_type = p[1].p_type ? p[1].p_type : PT_LOAD;
		if (cases[i].why)
			refused(cases[i].why);
		else
			assert_int_equal(open_it(), 0);
	}
	p[1] = was;
	assert_int_equal(open_it(), 0);
}

/* However much of the file is missing, something is said. */
TEST(truncated)
{
	for (uint64_t size = 0; size < 7 * PAGE; size += size < 1024 ? 1 : 509) {
		file.size = size;
		assert_int_equal(open_it(), -1);
		assert_true(core.error[0]);
	}
	file.size = 7 * PAGE;
	assert_int_equal(open_it(), 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* multiboot2.c: tags as GRUB writes them, and as nobody should. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "multiboot2.h"

enum {
	TAG_CMDLINE = 1,
	TAG_LOADER_NAME = 2,
	TAG_MODULE = 3,
	TAG_MMAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_EFI64 = 12,
	TAG_EFI_MMAP = 17,
};

static uint8_t info[65536] __attribute__((aligned(8)));
static uint32_t used;
static struct boot_info bi;

static void put(uint64_t value, uint32_t bytes)
{
	memcpy(info + used, &value, bytes);
	used += bytes;
}

static void align(void)
{
	while (used % 8)
		info[used++] = 0xee;
}

static void begin(void)
{
	memset(info, 0xee, sizeof(info));
	memset(&bi, 0, sizeof(bi));
	used = 0;
	put(0, 8);
}

static void tag(uint32_t type, uint32_t size)
{
	align();
	put(type, 4);
	put(size, 4);
}

static void cmdline(const char *text)
{
	uint32_t len = (uint32_t)strlen(text) + 1;
	tag(TAG_CMDLINE, 8 + len);
	memcpy(info + used, text, len);
	used += len;
}

static void mmap_tag(uint32_t n, uint32_t entry_bytes)
{
	tag(TAG_MMAP, 16 + n * entry_bytes);
	put(entry_bytes, 4);
	put(0, 4);
}

static void mmap_entry(uint64_t start, uint64_t bytes, uint32_t type)
{
	put(start, 8);
	put(bytes, 8);
	put(type, 4);
	put(0, 4);
}

static void small_mmap(void)
{
	mmap_tag(2, 24);
	mmap_entry(0, 0x9fc00, 1);
	mmap_entry(0x100000, 0x100000, 1);
}

static void efi_entry(uint32_t type, uint64_t phys, uint64_t n_pages, uint64_t attribute)
{
	put(type, 8);
	put(phys, 8);
	put(0xdead, 8);
	put(n_pages, 8);
	put(attribute, 8);
	put(0, 8);
}

static void framebuffer(uint64_t address, uint8_t type)
{
	tag(TAG_FRAMEBUFFER, 32);
	put(address, 8);
	put(4096, 4);
	put(1024, 4);
	put(768, 4);
	put(32, 1);
	put(type, 1);
	put(0, 2);
}

static int finish(void)
{
	tag(0, 8);
	memcpy(info, &used, 4);
	/* On the heap in its exact size: reading too far is seen. */
	uint8_t *copy = malloc(used);
	memcpy(copy, info, used);
	int err = multiboot2_read(copy, &bi);
	free(copy);
	return err;
}

TEST(bios_machine)
{
	begin();
	cmdline("area=type serial=0x3f8");
	tag(TAG_LOADER_NAME, 13);
	memcpy(info + used, "GRUB", 5);
	used += 5;
	mmap_tag(6, 24);
	mmap_entry(0, 0x9fc00, 1);
	mmap_entry(0x9fc00, 0x400, 2);
	mmap_entry(0x100000, 0x7ee0000, 1);
	mmap_entry(0x7fe0000, 0x20000, 3);
	mmap_entry(0xfffc0000, 0x40000, 9);
	mmap_entry(0x100000000, 0x40000000, 1);
	assert_int_equal(finish(), 0);
	assert_string_equal(bi.cmdline, "area=type serial=0x3f8");
	assert_int_equal(bi.n_memory, 6);
	assert_int_equal(bi.memory[0].type, MEMORY_RAM);
	assert_int_equal(bi.memory[3].type, MEMORY_ACPI);
	assert_int_equal(bi.memory[4].type, MEMORY_RESERVED);
	assert_true(bi.memory[5].start == 0x100000000 && bi.memory[5].end == 0x140000000);
	assert_int_equal(bi.text_console, 1);
	assert_int_equal(bi.efi_systab, 0);
	assert_int_equal(bi.n_runtime, 0);
}

TEST(efi_machine)
{
	begin();
	cmdline("");
	tag(TAG_EFI64, 16);
	put(0x7f9ee018, 8);
	small_mmap(); /* GRUB gives both maps: the EFI one counts */
	tag(TAG_EFI_MMAP, 16 + 3 * 48);
	put(48, 4);
	put(1, 4);
	efi_entry(7, 0x100000, 16, 0xf);
	efi_entry(6, 0x200000, 2, 0x800000000000000f);
	efi_entry(4, 0x110000, 1, 0xf);
	framebuffer(0xc0000000, 1);
	assert_int_equal(finish(), 0);
	assert_true(bi.efi_systab == 0x7f9ee018);
	assert_int_equal(bi.n_memory, 2);
	assert_int_equal(bi.memory[0].end, 0x111000);
	assert_int_equal(bi.memory[1].type, MEMORY_RESERVED);
	assert_int_equal(bi.n_runtime, 1);
	assert_int_equal(bi.runtime[0].phys, 0x200000);
	assert_int_equal(bi.text_console, 0);
	assert_true(bi.framebuffer == 0xc0000000);
}

static void module(uint32_t start, uint32_t end, const char *text)
{
	uint32_t len = (uint32_t)strlen(text) + 1;
	tag(TAG_MODULE, 16 + len);
	put(start, 4);
	put(end, 4);
	memcpy(info + used, text, len);
	used += len;
}

static void begin_small(void)
{
	begin();
	small_mmap();
}

TEST(modules)
{
	begin_small();
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.facts_bytes, 0);
	begin_small();
	module(0x200000, 0x220000, "facts");
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.facts, 0x200000);
	assert_int_equal(bi.facts_bytes, 0x20000);
	/* The only one, whatever its name is. */
	begin_small();
	module(0x200000, 0x200100, "");
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.facts, 0x200000);
	/* Of several the one that is named. */
	begin_small();
	module(0x200000, 0x200100, "factsheet");
	module(0x300000, 0x300100, "facts of this boot");
	module(0x400000, 0x400100, "facts");
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.facts, 0x300000);
	begin_small();
	module(0x200000, 0x200100, "fact");
	module(0x300000, 0x300100, "initrd");
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.facts_bytes, 0);
}

TEST(odd_modules)
{
	begin_small();
	module(0x200000, 0x200000 + 0x30000, "facts"); /* longer than facts can be */
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.facts_bytes, 0x20000);
	begin_small();
	module(0x200000, 0x200000, "facts"); /* empty, or upside down */
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.facts_bytes, 0);
	begin_small();
	module(0x200000, 0x1fffff, "facts");
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.facts_bytes, 0);
	begin_small();
	module(0, 0x1000, "facts");
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.facts_bytes, 0);
	/* A text that ends with the tag, and a tag that ends before it. */
	begin_small();
	tag(TAG_MODULE, 16 + 5);
	put(0x200000, 4);
	put(0x200010, 4);
	memcpy(info + used, "facts", 5);
	used += 5;
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.facts, 0x200000);
	begin_small();
	tag(TAG_MODULE, 15);
	put(0x200000, 4);
	put(0x200010, 3);
	assert_int_equal(finish(), ERR_FIRMWARE);
}

/* The checksum is made of the map that counts, with the types that boot_memory does not know. */
TEST(map_checksums)
{
	begin_small();
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.n_map_crc, 1);
	assert_int_equal(bi.map_crc[0].rules, BOOT_MAP_E820);
	uint32_t crc = bi.map_crc[0].crc;
	begin();
	mmap_tag(3, 24);
	mmap_entry(0, 0x9fc00, 1);
	mmap_entry(0x100000, 0x100000, 1);
	mmap_entry(0x200000, 0x1000, 20);
	assert_int_equal(finish(), 0);
	assert_int_not_equal(bi.map_crc[0].crc, crc);
	begin_small();
	tag(TAG_EFI_MMAP, 16 + 2 * 48);
	put(48, 4);
	put(1, 4);
	efi_entry(7, 0x100000, 16, 0xf);
	efi_entry(5, 0x200000, 2, 0x800000000000000f);
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.n_map_crc, 2);
	assert_int_equal(bi.map_crc[0].rules, BOOT_MAP_EFI_STUB);
	assert_int_equal(bi.map_crc[1].rules, BOOT_MAP_EFI_GRUB);
}

TEST(consoles)
{
	begin();
	small_mmap();
	framebuffer(0xb8000, 2);
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.text_console, 1);
	assert_int_equal(bi.framebuffer, 0);
	begin();
	small_mmap();
	tag(TAG_FRAMEBUFFER, 16); /* too short to say what it is */
	put(0xc0000000, 8);
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.framebuffer, 0);
	begin();
	small_mmap();
	tag(TAG_EFI64, 16);
	put(0x1000, 8);
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.text_console, 0);
}

TEST(long_cmdline)
{
	char text[BOOT_CMDLINE_MAX + 1];
	memset(text, 'x', sizeof(text));
	text[BOOT_CMDLINE_MAX] = 0;
	begin();
	small_mmap();
	cmdline(text);
	assert_int_equal(finish(), ERR_FIRMWARE);
	text[BOOT_CMDLINE_MAX - 1] = 0;
	begin();
	small_mmap();
	cmdline(text);
	assert_int_equal(finish(), 0);
	assert_string_equal(bi.cmdline, text);
}

TEST(cmdline_without_end)
{
	begin();
	small_mmap();
	tag(TAG_CMDLINE, 8 + 4);
	put(0x78787878, 4);
	assert_int_equal(finish(), ERR_FIRMWARE);
	begin();
	small_mmap();
	tag(TAG_CMDLINE, 8);
	assert_int_equal(finish(), ERR_FIRMWARE);
}

TEST(no_memory_map)
{
	begin();
	cmdline("area=type");
	assert_int_equal(finish(), ERR_FIRMWARE);
}

TEST(entries_of_other_sizes)
{
	begin();
	mmap_tag(2, 32);
	mmap_entry(0x1000, 0x1000, 1);
	put(0, 8);
	mmap_entry(0x5000, 0x1000, 1);
	put(0, 8);
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.n_memory, 2);
	assert_int_equal(bi.memory[1].start, 0x5000);
	static const uint32_t bad[] = {0, 1, 19};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		tag(TAG_MMAP, 16 + 24);
		put(bad[i], 4);
		put(0, 4);
		mmap_entry(0, 0x1000, 1);
		assert_int_equal(finish(), ERR_FIRMWARE);
	}
	begin();
	tag(TAG_EFI_MMAP, 16 + 48);
	put(39, 4);
	put(1, 4);
	efi_entry(7, 0, 1, 0);
	assert_int_equal(finish(), ERR_FIRMWARE);
	/* Entries longer than the tag: none. */
	begin();
	mmap_tag(0, 0xfffffff0);
	assert_int_equal(finish(), 0);
	assert_int_equal(bi.n_memory, 0);
}

TEST(ranges_that_wrap)
{
	begin();
	mmap_tag(1, 24);
	mmap_entry(0x1000, UINT64_MAX, 1);
	assert_int_equal(finish(), ERR_FIRMWARE);
}

TEST(too_many_ranges)
{
	begin();
	mmap_tag(BOOT_MEMORY_MAX + 1, 24);
	for (uint32_t i = 0; i <= BOOT_MEMORY_MAX; i++)
		mmap_entry((uint64_t)i * 0x2000, 0x1000, 1);
	assert_int_equal(finish(), ERR_NO_MEMORY);
}

static int with_tag_size(uint32_t type, uint32_t size)
{
	begin();
	small_mmap();
	tag(type, size);
	put(0, 8);
	return finish();
}

TEST(tag_sizes)
{
	assert_int_equal(with_tag_size(99, 16), 0);
	assert_int_equal(with_tag_size(99, 7), ERR_FIRMWARE);
	assert_int_equal(with_tag_size(99, 0), ERR_FIRMWARE);
	assert_int_equal(with_tag_size(99, 25), ERR_FIRMWARE);
	assert_int_equal(with_tag_size(99, 0xffffffff), ERR_FIRMWARE);
	assert_int_equal(with_tag_size(99, 0xfffffff9), ERR_FIRMWARE);
	assert_int_equal(with_tag_size(TAG_MMAP, 15), ERR_FIRMWARE);
	assert_int_equal(with_tag_size(TAG_EFI_MMAP, 15), ERR_FIRMWARE);
	assert_int_equal(with_tag_size(TAG_EFI64, 15), ERR_FIRMWARE);
}

static int with_total(uint32_t total)
{
	begin();
	small_mmap();
	tag(0, 8);
	memcpy(info, &total, 4);
	return multiboot2_read(info, &bi);
}

TEST(total_sizes)
{
	uint32_t good = 8 + 64 + 8;
	assert_int_equal(with_total(good), 0);
	assert_int_equal(with_total(0), ERR_FIRMWARE);
	assert_int_equal(with_total(8), ERR_FIRMWARE);
	assert_int_equal(with_total(good - 1), ERR_FIRMWARE); /* the end tag is cut */
	assert_int_equal(with_total(good - 8), ERR_FIRMWARE);
	assert_int_equal(with_total(16), ERR_FIRMWARE);
	assert_int_equal(with_total(0xffffffff), ERR_FIRMWARE);
}

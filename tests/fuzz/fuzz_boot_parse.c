/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot_parse.c, grub_text.c, setup_record.c: any text; what they accept keeps its promises. */
#include <string.h>

#include "boot_parse.h"
#include "fuzz.h"
#include "grub_text.h"
#include "setup_record.h"

static void lines(const char *text)
{
	static struct efi_boot boot;
	unsigned int major, minor;
	char word[16];

	if (cmdline_value(text, "resume", word, sizeof(word)))
		FUZZ_CHECK(strlen(word) < sizeof(word));
	if (resume_path(text, word, sizeof(word)))
		FUZZ_CHECK(!strncmp(word, "/dev/", 5));
	if (device_numbers(text, &major, &minor))
		FUZZ_CHECK(major || minor);
	efi_boot_parse(text, &boot);
	FUZZ_CHECK(boot.n_order <= EFI_ENTRIES_MAX && boot.n_entries <= EFI_ENTRIES_MAX);
	for (uint32_t i = 0; i < boot.n_entries; i++) {
		FUZZ_CHECK(efi_boot_entry(&boot, boot.entry[i].number));
		(void)efi_entry_may_be_grub(&boot.entry[i]);
	}
}

static void environment(const uint8_t *data, size_t size)
{
	char block[GRUBENV_BYTES], value[32], *exact;

	memset(block, '#', sizeof(block));
	memcpy(block, "# GRUB Environment Block\n", 25);
	memcpy(block + 25, data, size < sizeof(block) - 25 ? size : sizeof(block) - 25);
	exact = malloc(sizeof(block));
	FUZZ_CHECK(exact);
	memcpy(exact, block, sizeof(block));
	if (grubenv_set(exact, "next_entry", "torpor")) {
		FUZZ_CHECK(grubenv_valid(exact, GRUBENV_BYTES));
		FUZZ_CHECK(grubenv_get(exact, "next_entry", value, sizeof(value)));
		FUZZ_CHECK(!strcmp(value, "torpor"));
	}
	FUZZ_CHECK(grubenv_set(exact, "next_entry", NULL));
	FUZZ_CHECK(!grubenv_get(exact, "next_entry", value, sizeof(value)));
	free(exact);
}

static void custom(const char *text)
{
	static const char block[] = GRUB_BLOCK_BEGIN "x\n" GRUB_BLOCK_END;
	char *with = grub_block_replace(text, block);

	if (with)
		FUZZ_CHECK(grub_block_is(with, block));
	free(with);
	free(grub_block_replace(text, NULL));
	(void)grub_has_superusers(text);
	FUZZ_CHECK(grub_first_entry(text) <= GRUB_UNRESTRICTED);
}

static void record(const char *text)
{
	static struct setup_record r, again;
	static char out[65536];

	if (!record_parse(text, &r, &(uint32_t){0}) || record_format(&r, out, sizeof(out)))
		return;
	FUZZ_CHECK(record_parse(out, &again, &(uint32_t){0}));
	FUZZ_CHECK(!strcmp(again.args, r.args) && again.n_files == r.n_files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_CHECK(text);
	memcpy(text, data, size);
	text[size] = 0;
	lines(text);
	environment(data, size);
	custom(text);
	record(text);
	free(text);
	return 0;
}

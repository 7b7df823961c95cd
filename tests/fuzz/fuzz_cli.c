/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proc_text.c: every parser on any text or bytes; what they accept keeps its promises. */
#include <string.h>

#include "proc_text.h"
#include "vmcoreinfo.h"
#include "fuzz.h"

static void texts(const char *text)
{
	uint32_t bytes, address;
	uint64_t phys;
	uint64_t number;
	char word[16];
	size_t n;

	(void)memory_type_of(text);
	(void)vmcoreinfo_value(text, strlen(text), "NUMBER(sme_mask)", VMCOREINFO_DECIMAL, &number);
	(void)systab_rsdp(text);
	(void)meminfo_bytes(text, "MemTotal");
	(void)stat_flags(text, &(uint64_t){0});
	(void)cpuinfo_has_flag(text, "tdx_guest");
	(void)release_restores_gdt(text);
	if (vmcoreinfo_place(text, &phys, &bytes))
		FUZZ_CHECK(phys && bytes);
	if (lockdown_mode(text, word, sizeof(word)))
		FUZZ_CHECK(strlen(word) < sizeof(word));
	if (pci_address_of(text, &address, &n))
		FUZZ_CHECK(n <= strlen(text));
}

static void lines(const char *text)
{
	struct mount_line mount;
	uint8_t guid[16];
	const char *name;
	static struct swap_line swap;
	struct span span;

	(void)kallsyms_line(text, "_text");
	if (iomem_line(text, &span, &name))
		FUZZ_CHECK(span.start < span.end && name >= text && name <= text + strlen(text));
	if (mountinfo_line(text, &mount))
		FUZZ_CHECK(strlen(mount.mount_point) < sizeof(mount.mount_point) &&
			   strlen(mount.source) < sizeof(mount.source));
	if (swaps_line(text, &swap))
		FUZZ_CHECK(*swap.name == '/' && strlen(swap.name) < sizeof(swap.name) - 1);
	if (guid_of_text(text, guid))
		FUZZ_CHECK(strlen(text) == 36);
}

static void tables(const uint8_t *data, size_t size)
{
	const uint8_t *content;
	size_t n;
	long at = rsdp_search(data, size);

	FUZZ_CHECK(at == -1 || (at >= 0 && (size_t)at + 20 <= size));
	(void)boot_params_rsdp(data, size);
	(void)boot_params_efi_systab(data, size);
	if (elf_note(data, size, "VMCOREINFO", &content, &n))
		FUZZ_CHECK(content >= data && n <= size && content + n <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_CHECK(text);
	memcpy(text, data, size);
	text[size] = 0;
	texts(text);
	lines(text);
	tables(data, size);
	free(text);
	return 0;
}

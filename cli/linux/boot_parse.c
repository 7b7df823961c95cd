/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts that GRUB, efibootmgr, systemd and the kernel wrote for others. Parsed apart from the
 * files they are in, so that the fuzzer reaches every line.
 */
#define _GNU_SOURCE
#include "boot_parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool copy(char *dst, size_t cap, const char *text, size_t n)
{
	if (n >= cap)
		return false;
	memcpy(dst, text, n);
	dst[n] = 0;
	return true;
}

/* ---- The kernel's texts ---- */

bool cmdline_value(const char *text, const char *name, char *ret, size_t cap)
{
	size_t n = strlen(name);
	bool found = false;

	while (*text) {
		size_t len;

		text += strspn(text, " \t\n");
		len = strcspn(text, " \t\n");
		if (len > n && !strncmp(text, name, n) && text[n] == '=')
			found = copy(ret, cap, text + n + 1, len - n - 1);
		text += len;
	}
	return found;
}

static bool take_decimal(const char **text, uint64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*ret = strtoull(*text, &end, 10);
	*text = end;
	return true;
}

bool device_numbers(const char *text, unsigned int *ret_major, unsigned int *ret_minor)
{
	uint64_t major, minor;

	if (!take_decimal(&text, &major) || *text++ != ':' || !take_decimal(&text, &minor) ||
		text[strspn(text, " \n")] || major > 0xfff || minor > 0xfffff || !(major | minor))
		return false;
	*ret_major = (unsigned int)major;
	*ret_minor = (unsigned int)minor;
	return true;
}

/* As udev writes names into links: what is not plain ASCII or UTF-8 becomes \\x20. */
static bool link_name(char *dst, size_t cap, const char *text)
{
	size_t used = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = c >= 0x80 || isalnum(c) || strchr("#+-.:=@_", c);
		int n = snprintf(dst + used, cap - used, plain ? "%c" : "\\x%02x", c);

		if (n < 0 || (size_t)n >= cap - used)
			return false;
		used += (size_t)n;
	}
	return true;
}

bool resume_path(const char *value, char *ret, size_t cap)
{
	static const struct {
		const char *prefix, *folder;
	} kind[] = {{"UUID=", "/dev/disk/by-uuid/"}, {"LABEL=", "/dev/disk/by-label/"},
		{"PARTUUID=", "/dev/disk/by-partuuid/"}, {"PARTLABEL=", "/dev/disk/by-partlabel/"}};

	if (!strncmp(value, "/dev/", 5))
		return copy(ret, cap, value, strlen(value));
	for (size_t i = 0; i < sizeof(kind) / sizeof(*kind); i++) {
		size_t n = strlen(kind[i].prefix);

		if (strncmp(value, kind[i].prefix, n) || !value[n])
			continue;
		return copy(ret, cap, kind[i].folder, strlen(kind[i].folder)) &&
		       link_name(ret + strlen(ret), cap - strlen(ret), value + n);
	}
	return false;
}

/* ---- efibootmgr ---- */

/* Four hexadecimal digits. */
static bool take_number(const char *text, uint16_t *ret)
{
	char digits[5];

	if (strspn(text, "0123456789abcdefABCDEF") < 4)
		return false;
	memcpy(digits, text, 4);
	digits[4] = 0;
	*ret = (uint16_t)strtoul(digits, NULL, 16);
	return true;
}

static void parse_order(const char *text, struct efi_boot *ret)
{
	text += strspn(text, " ");
	while (ret->n_order < EFI_ENTRIES_MAX && take_number(text, &ret->order[ret->n_order])) {
		ret->n_order++;
		text += 4;
		if (*text != ',')
			break;
		text++;
	}
}

static void cut(char *dst, size_t cap, const char *text, size_t n)
{
	(void)copy(dst, cap, text, n < cap ? n : cap - 1);
}

/* "Boot0003* debian\tHD(1,GPT,...)/File(\EFI\debian\shimx64.efi)" */
static void parse_entry(const char *text, size_t len, struct efi_boot *ret)
{
	struct efi_entry *e = &ret->entry[ret->n_entries];
	const char *label = text + 6, *end = text + len, *tab;

	if (ret->n_entries == EFI_ENTRIES_MAX || len < 6 || !take_number(text, &e->number) ||
		(text[4] != '*' && text[4] != ' ') || text[5] != ' ')
		return;
	e->active = text[4] == '*';
	tab = memchr(label, '\t', (size_t)(end - label));
	cut(e->label, sizeof(e->label), label, (size_t)((tab ? tab : end) - label));
	e->path[0] = 0;
	if (tab)
		cut(e->path, sizeof(e->path), tab + 1, (size_t)(end - tab) - 1);
	ret->n_entries++;
}

void efi_boot_parse(const char *text, struct efi_boot *ret)
{
	uint16_t number;

	memset(ret, 0, sizeof(*ret));
	ret->current = -1;
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (!strncmp(text, "BootCurrent: ", 13) && take_number(text + 13, &number))
			ret->current = number;
		else if (!strncmp(text, "BootOrder:", 10))
			parse_order(text + 10, ret);
		else if (len > 4 && !strncmp(text, "Boot", 4))
			parse_entry(text + 4, len - 4, ret);
		text += len;
		text += *text == '\n';
	}
}

const struct efi_entry *efi_boot_entry(const struct efi_boot *boot, int number)
{
	for (uint32_t i = 0; i < boot->n_entries; i++)
		if (boot->entry[i].number == number)
			return &boot->entry[i];
	return NULL;
}

bool efi_entry_may_be_grub(const struct efi_entry *entry)
{
	const char *p = entry->path;

	return !strcasestr(p, ".efi") || strcasestr(p, "grub") || strcasestr(p, "shim") ||
	       strcasestr(p, "\\BOOTX64.EFI");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything in /proc and /sys that is text or a table, taken apart without opening a file: so
 * that odd machines are a line in a test, and the fuzzer reaches all of it.
 */
#include "proc_text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unaligned.h"

bool spans_overlap(const struct span *a, const struct span *b)
{
	return a->start < b->end && b->start < a->end;
}

bool span_is_ram(const struct span *s, const struct memory_range *map, uint32_t n)
{
	uint64_t reached = s->start;

	if (s->start >= s->end)
		return false;
	for (uint32_t i = 0; i < n && reached < s->end; i++)
		if (map[i].type == MEMORY_RAM && map[i].start <= reached && map[i].end > reached)
			reached = map[i].end;
	return reached >= s->end;
}

/* A number in base 16 or 10 at *text, which moves behind it. No sign, no blanks before. */
static bool take_number(const char **text, int base, uint64_t *ret_value)
{
	char *end;

	if (base == 16 ? !isxdigit((unsigned char)**text) : !isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*ret_value = strtoull(*text, &end, base);
	*text = end;
	return !errno;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

bool iomem_line(const char *line, struct span *ret_span, const char **ret_name)
{
	uint64_t last;

	line = skip_blanks(line);
	if (!take_number(&line, 16, &ret_span->start) || !take_char(&line, '-') ||
		!take_number(&line, 16, &last) || strncmp(line, " : ", 3))
		return false;
	if (last <= ret_span->start || last == UINT64_MAX)
		return false;
	ret_span->end = last + 1;
	*ret_name = line + 3;
	return true;
}

uint64_t kallsyms_line(const char *line, const char *symbol)
{
	size_t n = strlen(symbol);
	uint64_t address;

	if (!take_number(&line, 16, &address) || !take_char(&line, ' ') || !*line)
		return 0;
	line++; /* its type */
	if (!take_char(&line, ' ') || strncmp(line, symbol, n) ||
		(line[n] && !isspace((unsigned char)line[n])))
		return 0;
	return address;
}

enum memory_type memory_type_of(const char *text)
{
	if (!strcmp(text, "System RAM"))
		return MEMORY_RAM;
	if (!strcmp(text, "ACPI Tables"))
		return MEMORY_ACPI;
	if (!strcmp(text, "ACPI Non-volatile Storage"))
		return MEMORY_NVS;
	if (!strcmp(text, "Unusable memory"))
		return MEMORY_BAD;
	return MEMORY_RESERVED;
}

bool vmcoreinfo_place(const char *text, uint64_t *ret_phys, uint32_t *ret_bytes)
{
	uint64_t bytes;

	if (!strncmp(text, "0x", 2))
		text += 2;
	if (!take_number(&text, 16, ret_phys) || !take_char(&text, ' ') ||
		!take_number(&text, 16, &bytes))
		return false;
	if (!*ret_phys || !bytes || bytes > 1u << 20)
		return false;
	*ret_bytes = (uint32_t)bytes;
	return true;
}

bool elf_note(const uint8_t *notes, size_t bytes, const char *name, const uint8_t **ret_content,
	size_t *ret_bytes)
{
	size_t at = 0;

	while (bytes - at >= 12) {
		uint64_t name_bytes = u32_at(notes + at), content_bytes = u32_at(notes + at + 4);
		uint64_t name_room = (name_bytes + 3) & ~3ull;
		uint64_t content_room = (content_bytes + 3) & ~3ull;

		at += 12;
		if (name_room > bytes - at || content_bytes > bytes - at - name_room)
			return false;
		if (name_bytes == strlen(name) + 1 && !memcmp(notes + at, name, name_bytes)) {
			*ret_content = notes + at + name_room;
			*ret_bytes = (size_t)content_bytes;
			return true;
		}
		if (content_room > bytes - at - name_room)
			return false;
		at += (size_t)(name_room + content_room);
	}
	return false;
}

static uint64_t systab_value(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (; text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
		if (!strncmp(text, key, n) && text[n] == '=')
			return strtoull(text + n + 1, NULL, 0);
	return 0;
}

uint64_t systab_rsdp(const char *text)
{
	uint64_t rsdp = systab_value(text, "ACPI20");

	return rsdp ? rsdp : systab_value(text, "ACPI");
}

/* Offsets of struct boot_params, Documentation/arch/x86/zero-page.rst. */
#define ZERO_PAGE_RSDP         0x070
#define ZERO_PAGE_EFI          0x1c0
#define ZERO_PAGE_EFI_SYSTAB   0x1c4
#define ZERO_PAGE_EFI_SYSTABHI 0x1d8
#define ZERO_PAGE_LOADER       0x210
#define ZERO_PAGE_BYTES        4096

uint64_t boot_params_rsdp(const uint8_t *data, size_t bytes)
{
	return bytes < ZERO_PAGE_BYTES ? 0 : u64_at(data + ZERO_PAGE_RSDP);
}

uint64_t boot_params_efi_systab(const uint8_t *data, size_t bytes)
{
	if (bytes < ZERO_PAGE_BYTES || memcmp(data + ZERO_PAGE_EFI, "EL64", 4))
		return 0;
	return u32_at(data + ZERO_PAGE_EFI_SYSTAB) | (uint64_t)u32_at(data + ZERO_PAGE_EFI_SYSTABHI)
							     << 32;
}

/* Documentation/arch/x86/boot.rst, type_of_loader: the number is the upper half. */
bool boot_params_is_kexec(const uint8_t *data, size_t bytes)
{
	return bytes >= ZERO_PAGE_BYTES && data[ZERO_PAGE_LOADER] >> 4 == 0xd;
}

/* ACPI 6.4, 5.2.5.1: on a 16-byte boundary; the first 20 bytes sum up to 0. */
long rsdp_search(const uint8_t *data, size_t bytes)
{
	for (size_t at = 0; at + 20 <= bytes; at += 16) {
		uint8_t sum = 0;

		if (memcmp(data + at, "RSD PTR ", 8))
			continue;
		for (size_t i = 0; i < 20; i++)
			sum = (uint8_t)(sum + data[at + i]);
		if (!sum)
			return (long)at;
	}
	return -1;
}

uint64_t meminfo_bytes(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (; text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL) {
		uint64_t kib;

		if (strncmp(text, name, n) || text[n] != ':')
			continue;
		text = skip_blanks(text + n + 1);
		return take_number(&text, 10, &kib) && kib < UINT64_MAX >> 10 ? kib << 10 : 0;
	}
	return 0;
}

bool stat_flags(const char *text, uint64_t *ret_flags)
{
	text = strrchr(text, ')');
	for (unsigned int i = 0; text && i < 7; i++) {
		text = strchr(text, ' ');
		text = text ? text + 1 : NULL;
	}
	return text && take_number(&text, 10, ret_flags);
}

bool cpuinfo_has_flag(const char *text, const char *flag)
{
	size_t n = strlen(flag);
	const char *end;

	while (strncmp(text, "flags", 5)) {
		text = strchr(text, '\n');
		if (!text)
			return false;
		text++;
	}
	end = text + strcspn(text, "\n");
	for (text = strchr(text, ':'); text && text < end; text = strchr(text + 1, ' '))
		if (!strncmp(text + 1, flag, n) && strchr(" \n", text[1 + n]))
			return text + 1 < end;
	return false;
}

bool lockdown_mode(const char *text, char *ret_mode, size_t cap)
{
	const char *open = strchr(text, '[');
	const char *close = open ? strchr(open, ']') : NULL;

	if (!close || (size_t)(close - open) > cap)
		return false;
	memcpy(ret_mode, open + 1, (size_t)(close - open) - 1);
	ret_mode[close - open - 1] = 0;
	return true;
}

bool release_restores_gdt(const char *release)
{
	uint64_t major, minor, patch = 0;

	if (!take_number(&release, 10, &major) || !take_char(&release, '.') ||
		!take_number(&release, 10, &minor))
		return false;
	if (take_char(&release, '.') && !take_number(&release, 10, &patch))
		return false;
	if (major != 6)
		return major > 6;
	if (minor == 13 && patch == 0 && !strncmp(release, "-rc1", 4) &&
		!isdigit((unsigned char)release[4]))
		return false;
	return minor >= 13 || (minor == 12 && patch >= 5) || (minor == 6 && patch >= 66);
}

bool release_is_before(const char *release, uint64_t major, uint64_t minor)
{
	uint64_t has_major, has_minor;

	if (!take_number(&release, 10, &has_major) || !take_char(&release, '.') ||
		!take_number(&release, 10, &has_minor))
		return false;
	return has_major != major ? has_major < major : has_minor < minor;
}

static bool octal(const char *text)
{
	return text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
	       text[2] <= '7' && text[3] >= '0' && text[3] <= '7';
}

/* The next word, its \040 and the like resolved, cut to the room there is; the text after it. */
static const char *take_word(const char *text, char *dst, size_t cap)
{
	size_t n = 0;

	text = skip_blanks(text);
	while (*text && !isspace((unsigned char)*text)) {
		char c = *text;

		if (octal(text)) {
			c = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 3;
		}
		text++;
		if (n + 1 < cap)
			dst[n++] = c;
	}
	dst[n] = 0;
	return text;
}

/* "rw,errors=continue", up to a blank or the end. */
static bool has_option(const char *list, const char *name)
{
	size_t n = strlen(name);

	while (*list && !isspace((unsigned char)*list)) {
		size_t len = strcspn(list, ", \t\n");

		if (len == n && !strncmp(list, name, n))
			return true;
		list += len;
		list += *list == ',';
	}
	return false;
}

bool mountinfo_line(const char *line, struct mount_line *ret)
{
	uint64_t mount, parent, major, minor;
	char root[8];

	if (!take_number(&line, 10, &mount) || !take_char(&line, ' ') ||
		!take_number(&line, 10, &parent) || !take_char(&line, ' ') ||
		!take_number(&line, 10, &major) || !take_char(&line, ':') ||
		!take_number(&line, 10, &minor))
		return false;
	line = take_word(line, root, sizeof(root));
	line = take_word(line, ret->mount_point, sizeof(ret->mount_point));
	line = strstr(line, " - ");
	if (!line)
		return false;
	line = take_word(line + 3, ret->type, sizeof(ret->type));
	line = skip_blanks(take_word(line, ret->source, sizeof(ret->source)));
	ret->writable = has_option(line, "rw");
	ret->journals_data = has_option(line, "data=journal");
	ret->major = (uint32_t)major;
	ret->minor = (uint32_t)minor;
	return ret->mount_point[0] != 0;
}

static bool take_kib(const char **text, uint64_t *ret_bytes)
{
	*text = skip_blanks(*text);
	if (!take_number(text, 10, ret_bytes) || *ret_bytes > UINT64_MAX >> 10)
		return false;
	*ret_bytes <<= 10;
	return true;
}

bool swaps_line(const char *line, struct swap_line *ret)
{
	char type[16];

	if (*line != '/')
		return false;
	line = take_word(line, ret->name, sizeof(ret->name));
	line = take_word(line, type, sizeof(type));
	ret->is_file = !strcmp(type, "file");
	if (strlen(ret->name) == sizeof(ret->name) - 1 || /* perhaps cut */
		(!ret->is_file && strcmp(type, "partition")) || !take_kib(&line, &ret->bytes) ||
		!take_kib(&line, &ret->used_bytes))
		return false;
	ret->priority = (int)strtol(line, NULL, 10);
	return true;
}

/* "0000:00:03.0" and nothing after it. The segment may be longer than four digits. */
static bool pci_name(const char *text, size_t n, uint32_t *ret_address)
{
	uint64_t segment, bus, device, function;
	const char *end = text + n;

	if (n < 12 || !take_number(&text, 16, &segment) || !take_char(&text, ':') ||
		!take_number(&text, 16, &bus) || !take_char(&text, ':') ||
		!take_number(&text, 16, &device) || !take_char(&text, '.') ||
		!take_number(&text, 16, &function) || text != end)
		return false;
	if (segment > 0xffff || bus > 0xff || device > 31 || function > 7)
		return false;
	*ret_address = (uint32_t)(segment << 16 | bus << 8 | device << 3 | function);
	return true;
}

bool pci_address_of(const char *path, uint32_t *ret_address, size_t *ret_length)
{
	const char *at = path;
	bool found = false;

	while (*at) {
		size_t n = strcspn(at, "/");

		if (pci_name(at, n, ret_address)) {
			*ret_length = (size_t)(at - path) + n;
			found = true;
		}
		at += n;
		at += strspn(at, "/");
	}
	return found;
}

bool uuid_of_text(const char *text, uint8_t ret_uuid[16])
{
	if (strlen(text) != 36)
		return false;
	for (uint32_t i = 0; i < 16; i++) {
		char digits[3] = {text[0], text[1], 0};

		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
			return false;
		ret_uuid[i] = (uint8_t)strtoul(digits, NULL, 16);
		text += 2;
		if ((i == 3 || i == 5 || i == 7 || i == 9) && !take_char(&text, '-'))
			return false;
	}
	return true;
}

bool guid_of_text(const char *text, uint8_t ret_guid[16])
{
	/* The first three groups are little-endian numbers: UEFI 2.10, appendix A. */
	static const uint8_t place[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	uint8_t uuid[16];

	if (!uuid_of_text(text, uuid))
		return false;
	for (uint32_t i = 0; i < 16; i++)
		ret_guid[place[i]] = uuid[i];
	return true;
}

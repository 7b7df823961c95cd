/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRUB's files belong to the user and to GRUB: this knows their texts, and setup_grub.c which
 * files they are, so that every malformed one can be tried without a disk.
 */
#include "grub_text.h"

#include <stdlib.h>
#include <string.h>

static const char signature[] = "# GRUB Environment Block\n";
#define SIGNATURE_BYTES (sizeof(signature) - 1)

/* ---- The environment block ---- */

bool grubenv_valid(const char *block, size_t bytes)
{
	return bytes == GRUBENV_BYTES && !memcmp(block, signature, SIGNATURE_BYTES);
}

/* Length of the line with its newline, which a backslash makes part of a value; 0: only filling is
 * left. */
static size_t line_bytes(const char *block, size_t at)
{
	for (size_t i = at; i < GRUBENV_BYTES; i++) {
		if (block[i] == '\\')
			i++;
		else if (block[i] == '\n')
			return i + 1 - at;
	}
	return 0;
}

static bool line_is(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && !memcmp(line, name, n) && line[n] == '=';
}

bool grubenv_get(const char block[GRUBENV_BYTES], const char *name, char *ret, size_t cap)
{
	size_t len;

	for (size_t at = SIGNATURE_BYTES; (len = line_bytes(block, at)); at += len) {
		size_t skip = strlen(name) + 1, n;

		if (!line_is(block + at, len, name))
			continue;
		n = len - 1 - skip < cap ? len - 1 - skip : cap - 1;
		memcpy(ret, block + at + skip, n);
		ret[n] = 0;
		return true;
	}
	return false;
}

/* All but the lines of that name; the bytes used. */
static size_t keep_others(char *dst, const char *block, const char *name)
{
	size_t used = SIGNATURE_BYTES, len;

	memcpy(dst, block, SIGNATURE_BYTES);
	for (size_t at = SIGNATURE_BYTES; (len = line_bytes(block, at)); at += len) {
		if (line_is(block + at, len, name))
			continue;
		memcpy(dst + used, block + at, len);
		used += len;
	}
	return used;
}

bool grubenv_set(char block[GRUBENV_BYTES], const char *name, const char *value)
{
	char made[GRUBENV_BYTES];
	size_t used = keep_others(made, block, name), n = strlen(name);

	if (value) {
		size_t v = strlen(value);

		if (strpbrk(value, "\\\n") || n + v + 2 > GRUBENV_BYTES - used)
			return false;
		memcpy(made + used, name, n);
		made[used + n] = '=';
		memcpy(made + used + n + 1, value, v);
		made[used + n + 1 + v] = '\n';
		used += n + v + 2;
	}
	memset(made + used, '#', GRUBENV_BYTES - used);
	memcpy(block, made, GRUBENV_BYTES);
	return true;
}

/* ---- custom.cfg ---- */

/* Where our block is; false when only one of its marks is there. ret_len 0: none. */
static bool find_block(const char *text, size_t *ret_at, size_t *ret_len)
{
	const char *begin = strstr(text, GRUB_BLOCK_BEGIN);
	const char *end = strstr(begin ? begin : text, GRUB_BLOCK_END);

	*ret_at = begin ? (size_t)(begin - text) : strlen(text);
	*ret_len = begin && end ? (size_t)(end - begin) + strlen(GRUB_BLOCK_END) : 0;
	return !begin == !end;
}

char *grub_block_replace(const char *text, const char *block)
{
	size_t at, len, n = block ? strlen(block) : 0, all = strlen(text);
	bool newline;
	char *made;

	if (!find_block(text, &at, &len))
		return NULL;
	newline = !len && n && all && text[all - 1] != '\n';
	made = malloc(all + n + 2);
	if (!made)
		return NULL;
	memcpy(made, text, at);
	if (newline)
		made[at] = '\n';
	if (n)
		memcpy(made + at + newline, block, n);
	strcpy(made + at + newline + n, text + at + len);
	if (block && !grub_block_is(made, block)) { /* a mark that was not whole has become one */
		free(made);
		return NULL;
	}
	return made;
}

bool grub_block_is(const char *text, const char *block)
{
	size_t at, len;

	return find_block(text, &at, &len) && len == strlen(block) &&
	       !memcmp(text + at, block, len);
}

/* ---- Passwords ---- */

/* The line's words begin with these. */
static const char *after(const char *line, const char *word)
{
	size_t n = strlen(word);

	line += strspn(line, " \t");
	return strncmp(line, word, n) ? NULL : line + n;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

bool grub_has_superusers(const char *text)
{
	for (; *text; text = next_line(text)) {
		const char *rest = after(text, "set ");

		rest = rest ? after(rest, "superusers=") : NULL;
		if (!rest)
			continue;
		rest += strspn(rest, "\"'");
		if (*rest && !strchr(" \t\n", *rest))
			return true;
	}
	return false;
}

enum grub_first grub_first_entry(const char *text)
{
	static const char word[] = " --unrestricted";

	for (; *text; text = next_line(text)) {
		size_t n = strcspn(text, "\n");
		const char *at = after(text, "menuentry ");

		if (!at)
			continue;
		for (; at + sizeof(word) - 1 <= text + n; at++)
			if (!strncmp(at, word, sizeof(word) - 1) &&
				strchr(" \t{\n", at[sizeof(word) - 1]))
				return GRUB_UNRESTRICTED;
		return GRUB_RESTRICTED;
	}
	return GRUB_NO_ENTRY;
}

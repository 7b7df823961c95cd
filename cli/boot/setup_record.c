/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of setup is what --remove and status go by, so a damaged one, or one of another
 * version, must be recognized and not be half believed.
 */
#include "setup_record.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "number.h"
#include "say.h"

#define RECORD_VERSION "1"

uint64_t content_hash(const void *content, size_t bytes)
{
	return XXH3_64bits(content, bytes);
}

int record_add_file(struct setup_record *r, const char *path, uint64_t hash)
{
	for (uint32_t i = 0; i < r->n_files; i++)
		if (!strcmp(r->files[i].path, path)) {
			r->files[i].hash = hash;
			return 0;
		}
	if (r->n_files == RECORD_FILES_MAX || strlen(path) >= SYS_PATH_MAX)
		return -1;
	strcpy(r->files[r->n_files].path, path);
	r->files[r->n_files++].hash = hash;
	return 0;
}

int record_add_folder(struct setup_record *r, const char *path)
{
	for (uint32_t i = 0; i < r->n_folders; i++)
		if (!strcmp(r->folders[i], path))
			return 0;
	if (r->n_folders == RECORD_FOLDERS_MAX || strlen(path) >= SYS_PATH_MAX)
		return -1;
	strcpy(r->folders[r->n_folders++], path);
	return 0;
}

/* ---- Reading ---- */

static bool take_text(char *dst, size_t cap, const char *value)
{
	if (strlen(value) >= cap)
		return false;
	strcpy(dst, value);
	return true;
}

static bool take_how(struct setup_record *r, const char *value)
{
	if (!strcmp(value, "grub"))
		r->how = SETUP_GRUB;
	else if (!strcmp(value, "efi-entry"))
		r->how = SETUP_EFI_ENTRY;
	return r->how != SETUP_NONE;
}

/* "HASH PATH" */
static bool take_file(struct setup_record *r, char *value)
{
	char *blank = strchr(value, ' ');
	uint64_t hash;

	if (!blank)
		return false;
	*blank = 0;
	return number_parse(value, 16, &hash) && blank[1] == '/' &&
	       !record_add_file(r, blank + 1, hash);
}

static bool take_pair(struct setup_record *r, const char *key, char *value, bool *ret_version)
{
	uint64_t n;

	if (!strcmp(key, "version"))
		return *ret_version = !strcmp(value, RECORD_VERSION);
	if (!strcmp(key, "how"))
		return take_how(r, value);
	if (!strcmp(key, "device"))
		return take_text(r->device, sizeof(r->device), value);
	if (!strcmp(key, "file"))
		return take_text(r->file, sizeof(r->file), value);
	if (!strcmp(key, "offset"))
		return number_parse(value, 10, &r->offset_pages);
	if (!strcmp(key, "image"))
		return *value == '/' && take_text(r->image, sizeof(r->image), value);
	if (!strcmp(key, "image-made"))
		return r->image_made = !strcmp(value, "1");
	if (!strcmp(key, "facts"))
		return *value == '/' && take_text(r->facts, sizeof(r->facts), value);
	if (!strcmp(key, "program"))
		return *value == '/' && take_text(r->program, sizeof(r->program), value);
	if (!strcmp(key, "args"))
		return take_text(r->args, sizeof(r->args), value);
	if (!strcmp(key, "custom-was"))
		return r->custom_was = !strcmp(value, "1");
	if (!strcmp(key, "grub"))
		return take_text(r->grub_folder, sizeof(r->grub_folder), value);
	if (!strcmp(key, "made-file"))
		return take_file(r, value);
	if (!strcmp(key, "made-folder"))
		return *value == '/' && !record_add_folder(r, value);
	if (!strcmp(key, "entry-pending"))
		return r->entry_pending = !strcmp(value, "1");
	if (strncmp(key, "entry", 5) || !number_parse(value, 16, &n) || n > 0xffff)
		return false;
	if (!key[5])
		r->entry = (int)n;
	else if (!strcmp(key, "entry-of-others") && r->n_others < RECORD_OTHERS_MAX)
		r->others[r->n_others++] = (int)n;
	else
		return false;
	return true;
}

bool record_parse(const char *text, struct setup_record *ret, uint32_t *ret_line)
{
	char line[SYS_PATH_MAX + 64], *value;
	bool version = false;

	memset(ret, 0, sizeof(*ret));
	ret->entry = -1;
	for (*ret_line = 1; *text; ++*ret_line) {
		size_t n = strcspn(text, "\n");

		if (n >= sizeof(line))
			return false;
		memcpy(line, text, n);
		line[n] = 0;
		value = strchr(line, '=');
		if (!value)
			return false;
		*value++ = 0;
		if (!take_pair(ret, line, value, &version))
			return false;
		text += n;
		text += *text == '\n';
	}
	return version && ret->how != SETUP_NONE;
}

int record_load(struct setup_record *ret)
{
	static char text[32768];
	int n = sys_read_text(text, sizeof(text), RECORD_PATH);
	uint32_t line;

	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return complain("cannot read " RECORD_PATH ": %s", strerror(-n));
	if (!record_parse(text, ret, &line))
		return complain(RECORD_PATH
			", line %u, is damaged, or of another version of torpor: remove the setup by "
			"that version, or by hand what made-file= and made-folder= name there, "
			"Torpor's block in custom.cfg, the boot entry 'Torpor resume', and that file at last",
			line);
	return 1;
}

/* ---- Writing ---- */

static bool is_line(const char *text)
{
	return !strchr(text, '\n');
}

/* What would be read as something else, or not at all. */
static bool is_writable(const struct setup_record *r)
{
	bool good = is_line(r->device) && is_line(r->file) && is_line(r->image) &&
		    is_line(r->facts) && is_line(r->program) && is_line(r->args) &&
		    is_line(r->grub_folder);

	for (uint32_t i = 0; i < r->n_folders; i++)
		good = good && is_line(r->folders[i]);
	for (uint32_t i = 0; i < r->n_files; i++)
		good = good && is_line(r->files[i].path);
	return good;
}

int record_format(const struct setup_record *r, char *dst, size_t cap)
{
	size_t n = 0;

	if (!is_writable(r))
		return -1;
#define ADD(...)                                                                                   \
	do {                                                                                       \
		if (n < cap)                                                                       \
			n += (size_t)snprintf(dst + n, cap - n, __VA_ARGS__);                      \
	} while (0)

	ADD("version=" RECORD_VERSION "\nhow=%s\ndevice=%s\n",
		r->how == SETUP_GRUB ? "grub" : "efi-entry", r->device);
	if (*r->file)
		ADD("file=%s\n", r->file);
	if (*r->image)
		ADD("image=%s\n%s", r->image, r->image_made ? "image-made=1\n" : "");
	if (*r->facts)
		ADD("facts=%s\n", r->facts);
	if (*r->program)
		ADD("program=%s\n", r->program);
	ADD("offset=%" PRIu64 "\nargs=%s\n", r->offset_pages, r->args);
	if (*r->grub_folder)
		ADD("grub=%s\n%s", r->grub_folder, r->custom_was ? "custom-was=1\n" : "");
	if (r->entry >= 0)
		ADD("entry=%04x\n", (unsigned int)r->entry);
	if (r->entry_pending)
		ADD("entry-pending=1\n");
	for (uint32_t i = 0; r->entry_pending && i < r->n_others; i++)
		ADD("entry-of-others=%04x\n", (unsigned int)r->others[i]);
	for (uint32_t i = 0; i < r->n_folders; i++)
		ADD("made-folder=%s\n", r->folders[i]);
	for (uint32_t i = 0; i < r->n_files; i++)
		ADD("made-file=%016" PRIx64 " %s\n", r->files[i].hash, r->files[i].path);
#undef ADD
	return n < cap ? 0 : -1;
}

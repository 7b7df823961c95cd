/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Overwritten in its place, as grubenv is: neither GRUB nor the firmware replays a journal, so
 * a file that was renamed into its place before a power cut, or a hibernation, may not be there
 * for them.
 */
#include "facts_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "facts.h"
#include "say.h"
#include "setup.h"

static const void *no_facts(void)
{
	static uint8_t file[FACTS_FILE_BYTES];

	(void)!facts_seal(file, 0);
	return file;
}

/* ---- Making it ---- */

/* The folder for it; "": there is none. */
static void find_folder(const struct setup_record *r, const char *esp, char ret[SYS_PATH_MAX])
{
	char root[SYS_PATH_MAX];
	int n;

	if (r->how == SETUP_GRUB && !booted_by_efi()) {
		n = snprintf(ret, SYS_PATH_MAX, "%s/torpor", r->grub_folder);
	} else {
		complain_how(COMPLAIN_SILENTLY);
		n = efi_esp_folder(esp, root) ? 0
					      : snprintf(ret, SYS_PATH_MAX, "%s" EFI_FOLDER, root);
		complain_how(COMPLAIN_ALOUD);
	}
	if (n <= 0 || n > 1000)
		*ret = 0;
}

int facts_file_set_up(struct changes *c, const char *esp)
{
	char folder[SYS_PATH_MAX], path[SYS_PATH_MAX];
	struct setup_record *r = c->record;

	find_folder(r, esp, folder);
	snprintf(path, sizeof(path), "%.1000s/" FACTS_FILE_NAME, folder);
	if (*r->facts && strcmp(r->facts, path) && facts_file_undo(c))
		return -1;
	if (!*folder) {
		say("facts       none for the loader: %s\n", last_complaint());
		return 0;
	}
	if (change_folder(c, folder))
		return -1;
	strcpy(r->facts, path);
	return change_room(c, path, no_facts(), FACTS_FILE_BYTES);
}

int facts_file_undo(struct changes *c)
{
	if (!*c->record->facts)
		return 0;
	if (change_shared_file(c, c->record->facts, NULL))
		return -1;
	if (!c->dry_run)
		*c->record->facts = 0;
	return 0;
}

/* ---- Overwriting it ---- */

const char *facts_file_trouble(const struct setup_record *r)
{
	char full[SYS_PATH_MAX];
	struct stat st;

	if (!*r->facts)
		return "setup made no file for them";
	if (!sys_path(full, "%s", r->facts) || stat(full, &st))
		return strerror(errno);
	return S_ISREG(st.st_mode) && st.st_size == FACTS_FILE_BYTES ? NULL : "it has another size";
}

int facts_file_write(const struct setup_record *r, const void *file)
{
	const char *trouble = facts_file_trouble(r);

	if (trouble)
		return complain("%s: %s: run torpor setup again",
			*r->facts ? r->facts : "facts for the loader", trouble);
	return file_overwrite(r->facts, file, FACTS_FILE_BYTES);
}

int facts_file_clear(const struct setup_record *r)
{
	static uint8_t now[FACTS_FILE_BYTES];

	if (facts_file_trouble(r))
		return 0; /* there is nothing that could be read */
	if (sys_read_all(r->facts, now, sizeof(now)) == (long)sizeof(now) &&
		!memcmp(now, no_facts(), sizeof(now)))
		return 0;
	return file_overwrite(r->facts, no_facts(), FACTS_FILE_BYTES);
}

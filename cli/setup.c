/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor setup: finds the swap area of hibernation, or makes a file for images, and makes the
 * machine start the loader for it. */
#include "setup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "device_tag.h"
#include "facts_file.h"
#include "interrupt.h"
#include "loader_words.h"
#include "lock.h"
#include "say.h"
#include "settle.h"
#include "stock_image.h"
#include "swap_place.h"
#include "verb.h"

/* ---- Choosing ---- */

static void cut_name(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = 0;
}

/* Beside this program, as a build leaves them; in ../lib/torpor, as make install does under any prefix; else where
 * the package has them. */
static void find_loaders(const struct setup_options *o, char ret[SYS_PATH_MAX])
{
	const char *name = booted_by_efi() ? LOADER_EFI : LOADER_BIOS;
	size_t n;

	if (o->loader_folder) {
		snprintf(ret, SYS_PATH_MAX, "%s", o->loader_folder);
		return;
	}
	if (program_path(ret)) {
		cut_name(ret);
		if (sys_exists("%s/%s", ret, name))
			return;
		cut_name(ret);
		n = strlen(ret);
		snprintf(ret + n, SYS_PATH_MAX - n, "/lib/torpor");
		if (sys_exists("%s/%s", ret, name))
			return;
	}
	strcpy(ret, "/usr/lib/torpor");
}

/* What was booted is known only where efibootmgr says so. */
static bool grub_booted_us(void)
{
	const struct efi_entry *e;
	struct efi_boot boot;
	int err;

	complain_how(COMPLAIN_SILENTLY);
	err = efi_boot_read(&boot);
	complain_how(COMPLAIN_ALOUD);
	if (err)
		return true;
	e = efi_boot_entry(&boot, boot.current);
	return !e || efi_entry_may_be_grub(e);
}

/* SETUP_NONE after one complaint. */
static enum setup_how choose_how(const struct setup_options *o, char ret_grub[SYS_PATH_MAX])
{
	bool efi = booted_by_efi(), grub = grub_find(o->grub_folder, ret_grub);

	if (o->how == SETUP_EFI_ENTRY && !efi)
		complain("--efi-entry: this machine was not booted by UEFI");
	else if (o->how == SETUP_EFI_ENTRY)
		return SETUP_EFI_ENTRY;
	else if (!grub && (o->how == SETUP_GRUB || !efi || o->grub_folder))
		complain("no grub.cfg in %s: name GRUB's folder by --grub-dir",
			o->grub_folder ? o->grub_folder : "/boot/grub or /boot/grub2");
	else if (o->how == SETUP_GRUB || !efi)
		return SETUP_GRUB;
	else
		return grub && grub_booted_us() ? SETUP_GRUB : SETUP_EFI_ENTRY;
	return SETUP_NONE;
}

#define WORDS_MAX 200 /* beside the place, in RECORD_ARGS_BYTES */

/* They end up in GRUB's script and in the loader's line: only what its words are made of. */
static int check_words(const char *words)
{
	const char *allowed =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=:+._- ";

	if (words && strlen(words) > WORDS_MAX)
		return complain("--loader-args: more than %u characters", WORDS_MAX);
	return words && words[strspn(words, allowed)]
		       ? complain("--loader-args: '%c' is not part of any word of the loader",
				 words[strspn(words, allowed)])
	       : words ? loader_words_check(words)
		       : 0;
}

/* ---- Doing ---- */

static int undo_way(struct changes *c)
{
	int err = c->record->how == SETUP_GRUB ? grub_uninstall(c) : efi_uninstall(c);

	return facts_file_undo(c) || change_undo(c) || err ? -1 : 0;
}

static int remove_all(struct changes *c)
{
	/* The file, then its folders. */
	if (image_file_undo(c) || undo_way(c) || efi_remove_starts(c))
		return -1;
	c->record->how = SETUP_NONE;
	return change_save_record(c);
}

static void say_place(const struct swap_place *p)
{
	if (*p->file)
		say("swap file   %s, from page %" PRIu64 " of %s (%s)\n", p->file, p->offset_pages,
			p->device, p->from);
	else
		say("swap area   %s (%s)\n", p->device, p->from);
}

/* What is named, or set for resume, may be anything. An area in use is one: the kernel has looked. */
static int check_swap_area(const struct swap_place *p)
{
	char path[SYS_PATH_MAX];
	struct stock_image image;
	int found;

	if (p->bytes)
		return 0;
	if (!sys_path(path, "%s", p->device))
		return complain("%s: the path is too long", p->device);
	found = stock_image_look(&image, path, p->offset_pages);
	stock_image_close(&image);
	return found ? (found < 0 ? -1 : 0)
		     : complain("%s holds no swap area (%s)", *p->file ? p->file : p->device,
			       p->from);
}

/* For whose images: the place in the record, and its words for the loader. */
static int place_images(struct changes *c, const struct setup_options *o,
	const struct swap_place *p, char *ret_args)
{
	struct setup_record *r = c->record;

	if (o->file) {
		strcpy(r->file, "");
		r->offset_pages = 0;
		return image_file_set_up(c, o->file, o->size, ret_args);
	}
	say_place(p);
	strcpy(r->device, p->device);
	strcpy(r->file, p->file);
	r->offset_pages = p->offset_pages;
	swap_place_args(p, ret_args);
	return 0;
}

/* Whether they are others than before. */
static bool take_args(struct setup_record *r, const char *place, const char *words)
{
	char old[RECORD_ARGS_BYTES];

	strcpy(old, r->args);
	snprintf(r->args, sizeof(r->args), "%s%s%s", place, words ? " " : "", words ? words : "");
	return strcmp(r->args, old);
}

static int fill_record(struct changes *c, const struct setup_options *o, const struct swap_place *p,
	enum setup_how how, const char *grub)
{
	char args[SWAP_ARGS_BYTES];
	struct setup_record *r = c->record;

	r->how = how;
	strcpy(r->grub_folder, how == SETUP_GRUB ? grub : "");
	if (place_images(c, o, p, args))
		return -1;
	if (take_args(r, args, o->words) && how == SETUP_EFI_ENTRY && efi_intend_entry(c))
		return -1;
	if (!c->dry_run && loader_words_check(r->args)) /* else a place may not be known yet */
		return -1;
	say("loader      %s\n", r->args);
	if (secure_boot_is_on())
		say("Secure Boot is on: the firmware starts the loader only when you sign it\n");
	return 0;
}

static int install(struct changes *c, const struct setup_options *o, const char *old_args)
{
	char loaders[SYS_PATH_MAX];
	struct setup_record *r = c->record;

	int err;

	find_loaders(o, loaders);
	if (r->how == SETUP_GRUB)
		err = grub_install(c, loaders);
	else
		err = efi_install(c, o->esp, loaders,
			strcmp(r->args, old_args) ? EFI_MAKE_ENTRY : EFI_KEEP_ENTRY);
	if (err || *r->image) /* torpor save arms by itself, and has no need of facts */
		return err;
	return facts_file_set_up(c, o->esp) || hook_install(c) ? -1 : 0;
}

/* Where the record says that our loader is on it; NULL: nowhere. */
static const char *recorded_esp(const struct setup_record *r)
{
	static char esp[SYS_PATH_MAX];
	size_t n, tail = strlen(EFI_FILE);

	for (uint32_t i = 0; i < r->n_files; i++) {
		n = strlen(r->files[i].path);
		if (n <= tail || strcmp(r->files[i].path + n - tail, EFI_FILE))
			continue;
		snprintf(esp, sizeof(esp), "%.*s", (int)(n - tail), r->files[i].path);
		return esp;
	}
	return NULL;
}

/* For another version of this program: what it has installed is replaced, and nothing else is decided anew.
 * Each file is the old or the new one, and both loaders take what the record says. */
static int refresh(struct changes *c, const struct setup_options *o)
{
	char loaders[SYS_PATH_MAX];
	struct setup_record *r = c->record;
	int err;

	find_loaders(o, loaders);
	if (r->how == SETUP_GRUB)
		err = grub_install(c, loaders);
	else
		err = efi_install(c, recorded_esp(r), loaders, EFI_LEAVE_ENTRY);
	if (!err && *r->facts)
		err = facts_file_set_up(c, recorded_esp(r)) || hook_install(c);
	if (c->n && change_save_record(c))
		err = -1;
	if (!err && c->n == 0)
		say("all is as it should be\n");
	return err ? -1 : 0;
}

/* One file at a time: what was made for another one would be forgotten. */
static int check_file(const struct setup_record *r, const struct setup_options *o)
{
	if (o->file && *r->device && !*r->image)
		return complain("a swap area is set up: torpor setup --remove first");
	if (*r->image && (!o->file || strcmp(o->file, r->image)))
		return complain("%s is set up for images: torpor setup --remove first", r->image);
	return 0;
}

/* What another way has left is undone first. Each step is recorded before it is done, so that --remove
 * undoes any beginning of it. */
static int set_up(struct changes *c, const struct setup_options *o)
{
	static struct swap_place place;
	char grub[SYS_PATH_MAX] = "", old_args[RECORD_ARGS_BYTES];
	struct setup_record *r = c->record;
	enum setup_how how;
	int err;

	if (check_file(r, o) ||
		(!o->file && (swap_place_find(&place, o->swap) || check_swap_area(&place))))
		return -1;
	how = choose_how(o, grub);
	if (how == SETUP_NONE || (how == SETUP_GRUB && grub_check(grub)))
		return -1;
	if (r->how != SETUP_NONE &&
		(r->how != how || (how == SETUP_GRUB && strcmp(r->grub_folder, grub))) &&
		undo_way(c))
		return -1;
	strcpy(old_args, r->args);
	err = fill_record(c, o, &place, how, grub);
	if (!err)
		err = install(c, o, old_args);
	if (err && c->n == 0)
		return -1;
	if (change_save_record(c) || err)
		return -1;
	say("%s\n", c->n == 0    ? "all is as it should be"
		    : c->dry_run ? "nothing was changed"
				 : "set up; `torpor status` says what would happen");
	return 0;
}

/* ---- Command line ---- */

static int take_option(void *ctx, int letter, const char *arg)
{
	struct setup_options *o = ctx;

	if (arg && strchr(arg, '\n')) /* the record has a line for each */
		return complain(
			"setup: %.*s...: there is a newline in it", (int)strcspn(arg, "\n"), arg);
	switch (letter) {
	case 'E':
	case 'G':
		o->how = letter == 'G' ? SETUP_GRUB : SETUP_EFI_ENTRY;
		break;
	case 'r':
		o->remove = true;
		break;
	case 'R':
		o->refresh = true;
		break;
	case 'n':
		o->dry_run = true;
		break;
	case 'q':
		say_quietly();
		break;
	case 'e':
		o->esp = arg;
		break;
	case 's':
		o->swap = arg;
		break;
	case 'f':
		o->file = arg;
		break;
	case 'z':
		o->size = arg;
		break;
	case 'g':
		o->grub_folder = arg;
		break;
	case 'l':
		o->loader_folder = arg;
		break;
	default:
		o->words = arg;
		break;
	}
	return 0;
}

/* What was done is in the record: nothing else says what is to be undone. */
static int parse(int argc, char **argv, struct setup_options *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (verb_options(&setup_verb, argc, argv, take_option, ret) < 0)
		return -1;
	if ((ret->remove || ret->refresh) &&
		(ret->how != SETUP_NONE || ret->file || ret->size || ret->swap || ret->esp ||
			ret->grub_folder || ret->words || (ret->remove && ret->loader_folder)))
		return complain(
			"setup: --%s goes with --dry-run, but not with what the record says",
			ret->remove ? "remove" : "refresh");
	if (ret->size && !ret->file)
		return complain("setup: --size is of --file");
	if (ret->file && image_file_words(ret->file, ret->size))
		return -1;
	return check_words(ret->words);
}

/* Also what an earlier run had written, when it was ended before that was in its place. */
static int settle_all(const struct setup_record *r)
{
	int err = *r->grub_folder ? settle_path(r->grub_folder) : 0;

	for (uint32_t i = 0; i < r->n_files; i++)
		err = settle_path(r->files[i].path) || err;
	sync();
	return err ? -1 : 0;
}

static int run(struct setup_options *o)
{
	static struct setup_record record;
	static char image[SYS_PATH_MAX];
	struct changes c = {.record = &record, .dry_run = o->dry_run};
	int known, err;

	memset(&record, 0, sizeof(record));
	record.entry = -1;
	known = record_load(&record);
	if (known < 0)
		return STATUS_FAILED;
	if ((o->remove || o->refresh) && !known) {
		if (o->remove && !o->dry_run)
			change_forget_beginning();
		say("nothing is set up\n");
		return STATUS_OK;
	}
	if (*record.image && !o->file && !o->swap && !o->size)
		o->file = strcpy(image, record.image); /* once more, as it was */
	err = o->remove ? remove_all(&c) : o->refresh ? refresh(&c, o) : set_up(&c, o);
	if (!known && !o->dry_run && interrupt_came()) {
		say("ended by a signal: what was done is undone\n");
		err = remove_all(&c);
	}
	if (!o->dry_run && settle_all(&record))
		err = -1;
	return err ? (int)failure_status() : STATUS_OK;
}

int setup_main(int argc, char **argv)
{
	struct setup_options o;
	int status;

	if (parse(argc, argv, &o))
		return STATUS_USAGE;
	if (o.swap && !(o.swap = device_tag_path(o.swap)))
		return failure_status();
	if (!o.dry_run &&
		lock_take(o.remove ? "setup --remove" : "setup", o.refresh ? LOCK_WAIT : LOCK_NOW))
		return STATUS_FAILED;
	interrupt_hold();
	status = run(&o);
	lock_drop();
	interrupt_release();
	return status;
}

const struct verb setup_verb = {
	.name = "setup",
	.run = setup_main,
	.summary = "make this machine start the loader after a hibernation, or undo that",
	.forms = {"setup [OPTION...]", "setup --remove [--dry-run]",
		"setup --refresh [--loader-dir DIR] [--dry-run]"},
	.text = "Without options: for the kernel's own hibernation, by GRUB where there is one, else by a boot "
		"entry of the firmware.",
	.options = {{'G', "--grub", "by GRUB's choice for one boot", 1},
		{'E', "--efi-entry", "by a boot entry of the firmware", 1},
		{'s', "--swap DEVICE-OR-FILE", "not the swap area that the kernel would use", 2},
		{'f', "--file PATH",
			"make this file, and resume what torpor save puts into it, instead", 2},
		{'z', "--size auto|SIZE", "of the file; auto, if not given: holds all memory; 4G",
			0},
		{'e', "--esp DIR", "where the EFI system partition is mounted", 0},
		{'g', "--grub-dir DIR", "the folder of grub.cfg", 0},
		{'l', "--loader-dir DIR",
			"where torpor.mb2 and torpor.efi are (beside this program, or /usr/lib/torpor)",
			0},
		{'a', "--loader-args WORDS",
			"more words for the loader's command line (torpor-loader(7))", 0},
		{'n', "--dry-run", "only say what would be done", 4},
		{'q', "-q, --quiet", "no progress, no word of what is done", 4},
		{'r', "--remove", "undo exactly what was done, also by a setup that was killed", 3},
		{'R', "--refresh",
			"install this version's loaders where a setup has put others; nothing else changes",
			3}},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor arm, torpor disarm: whether the next boot starts the loader, where GRUB has to be told,
 * and what the loader is told of this boot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "facts.h"
#include "facts_arm.h"
#include "lock.h"
#include "say.h"
#include "setup.h"
#include "swap_place.h"
#include "unsaved.h"
#include "verb.h"

/* With the lock, or not at all. */
static int locked(const char *verb, int (*work)(const struct setup_record *r, enum facts_say how),
	enum facts_say how)
{
	static struct setup_record record;
	int known, err = lock_take(verb, LOCK_WAIT);

	if (err)
		return STATUS_FAILED;
	known = record_load(&record);
	if (known > 0)
		err = work(&record, how);
	else
		err = known < 0 ? -1 : complain("nothing is set up: run torpor setup");
	lock_drop();
	return err ? STATUS_FAILED : STATUS_OK;
}

/* systemd has set /sys/power/resume by now; without it the kernel will choose, or whoever is asked next.
 * An area that was added, another priority, a file that was made anew: the loader would look elsewhere. */
static int check_swap(const struct setup_record *r)
{
	static struct swap_place place;
	int err = unsaved_check() || swap_place_next(&place, hibernator_here());

	if (!err && !swap_place_is(&place, r->args) && !place.by_power)
		err = swap_place_next(&place, HIBERNATOR_KERNEL);
	if (err)
		return -1;
	if (swap_place_is(&place, r->args))
		return swap_place_in_use(&place);
	return complain("this hibernation goes to %s (%s), not to %s, which is set up: the loader "
			"would not find it. Run torpor setup again",
		*place.file ? place.file : place.device, place.from,
		*r->file ? r->file : r->device);
}

static int check_place(const struct setup_record *r)
{
	static struct target target;
	struct img_headers headers;

	return *r->image ? image_file_look(r, &target, &headers) : check_swap(r);
}

static int disarm(const struct setup_record *r, enum facts_say how)
{
	int err = r->how == SETUP_GRUB ? grub_disarm(r->grub_folder) : 0;

	(void)how;
	if (!*r->image)
		err = facts_disarm(r) || err;
	return err ? -1 : 0;
}

static int arm(const struct setup_record *r, enum facts_say how)
{
	if (check_place(r) || (!*r->image && facts_arm(r, how)))
		return -1;
	unsaved_remember();
	return r->how == SETUP_GRUB ? grub_arm(r->grub_folder) : 0;
}

/* The firmware starts the loader whatever is said here; without facts it would go by the kernel's own rule. */
static int refuse(const struct setup_record *r)
{
	char why[FACTS_REFUSAL_BYTES];

	snprintf(why, sizeof(why), "%.*s", (int)sizeof(why) - 1, last_complaint());
	if (!facts_refuse(r, why))
		return complain("the loader is told not to resume this boot: what is left is the "
				"kernel's own resume");
	return disarm(r, FACTS_SHORT) ? -1 : complain("the loader is told nothing of this boot");
}

/* Nobody can be stopped any more: systemd does not ask whether a sleep hook succeeded. */
static int arm_or_disarm(const struct setup_record *r, enum facts_say how)
{
	if (!arm(r, how))
		return 0;
	if (r->how != SETUP_GRUB && !*r->image)
		return refuse(r);
	if (!disarm(r, how))
		complain(r->how == SETUP_GRUB
				 ? "the next boot is an ordinary one, with the kernel's own resume"
				 : "the loader is told nothing of this boot");
	return -1;
}

int image_arm(const char *path)
{
	static struct setup_record record;
	char real[SYS_PATH_MAX], full[SYS_PATH_MAX];

	if (record_load(&record) != 1 || record.how != SETUP_GRUB || !*record.image ||
		!realpath(path, real) || !sys_path(full, "%s", record.image) || strcmp(real, full))
		return 0;
	return check_place(&record) || grub_arm(record.grub_folder) ? -1 : 1;
}

void image_disarm(void)
{
	static struct setup_record record;

	if (record_load(&record) == 1)
		(void)grub_disarm(record.grub_folder);
}

static int take_verbose(void *ctx, int letter, const char *arg)
{
	enum facts_say *how = ctx;

	(void)letter;
	(void)arg;
	*how = FACTS_VERBOSE;
	return 0;
}

int arm_main(int argc, char **argv)
{
	enum facts_say how = FACTS_SHORT;

	if (verb_options(&arm_verb, argc, argv, take_verbose, &how) < 0)
		return STATUS_USAGE;
	return locked("arm", arm_or_disarm, how);
}

int disarm_main(int argc, char **argv)
{
	if (verb_options(&disarm_verb, argc, argv, NULL, NULL) < 0)
		return STATUS_USAGE;
	return locked("disarm", disarm, FACTS_SHORT);
}

const struct verb arm_verb = {
	.name = "arm",
	.run = arm_main,
	.summary = "the next boot starts the loader, which is told of this one",
	.forms = {"arm [-v]"},
	.text = "The sleep hook that torpor setup installs runs it before a hibernation, and torpor disarm after "
		"it.",
	.options = {{'v', "-v, --verbose", "say what is not known of this boot", 0}},
};

const struct verb disarm_verb = {
	.name = "disarm",
	.run = disarm_main,
	.summary = "the next boot is an ordinary one",
	.forms = {"disarm"},
};

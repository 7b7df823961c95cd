/* torpor arm, torpor disarm: whether the next boot starts the loader, where GRUB has to be told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "say.h"
#include "setup.h"
#include "swap_place.h"
#include "unsaved.h"

/* 0: there is something to be told; else an exit status in *ret_status. */
static int load(int argc, char **argv, struct setup_record *ret, int *ret_status)
{
	int known;

	*ret_status = STATUS_USAGE;
	if (argc != 1)
		return complain("%s takes no arguments", argv[0]);
	*ret_status = STATUS_FAILED;
	known = record_load(ret);
	if (known < 0)
		return -1;
	if (!known)
		return complain("nothing is set up: run torpor setup");
	*ret_status = STATUS_OK;
	return ret->how == SETUP_GRUB ? 0 : -1;
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

/* Nobody can be stopped any more: systemd does not ask whether a sleep hook succeeded. */
static int arm_or_disarm(const struct setup_record *r)
{
	if (!check_place(r))
		return grub_arm(r->grub_folder);
	if (!grub_disarm(r->grub_folder))
		complain("the next boot is an ordinary one, with the kernel's own resume");
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

int arm_main(int argc, char **argv)
{
	static struct setup_record record;
	int status;

	if (load(argc, argv, &record, &status))
		return status;
	return arm_or_disarm(&record) ? STATUS_FAILED : STATUS_OK;
}

int disarm_main(int argc, char **argv)
{
	static struct setup_record record;
	int status;

	if (load(argc, argv, &record, &status))
		return status;
	return grub_disarm(record.grub_folder) ? STATUS_FAILED : STATUS_OK;
}

/* torpor arm, torpor disarm: whether the next boot starts the loader, where GRUB has to be told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "say.h"
#include "setup.h"
#include "swap_place.h"

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

/* A file that was made anew since would not be found by the loader. */
static int check_place(const struct setup_record *r)
{
	static struct swap_place place;
	static struct target target;
	struct img_headers headers;

	if (*r->image)
		return image_file_look(r, &target, &headers);
	if (!*r->file)
		return 0;
	if (swap_place_find(&place, r->file))
		return -1;
	return strcmp(place.device, r->device) || place.offset_pages != r->offset_pages
		       ? complain("%s has moved on the disk: run torpor setup again", r->file)
		       : 0;
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
	return check_place(&record) || grub_arm(record.grub_folder) ? STATUS_FAILED : STATUS_OK;
}

int disarm_main(int argc, char **argv)
{
	static struct setup_record record;
	int status;

	if (load(argc, argv, &record, &status))
		return status;
	return grub_disarm(record.grub_folder) ? STATUS_FAILED : STATUS_OK;
}

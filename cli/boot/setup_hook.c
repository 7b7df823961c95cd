/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes a stock hibernation tell the loader about itself: a hook of systemd's that runs
 * `torpor arm` before it and `torpor disarm` after it, whatever way the loader is started by.
 */
#include <stdio.h>
#include <string.h>

#include "say.h"
#include "setup.h"

static const char hook_format[] =
	"#!/bin/sh\n"
	"# Made by `torpor setup`; `torpor setup --remove` takes it away. Run by systemd before\n"
	"# and after sleep: tells the loader about this boot, and GRUB to start it, while there\n"
	"# may be an image.\n"
	"case $1:${SYSTEMD_SLEEP_ACTION:-$2} in\n"
	"pre:hibernate|pre:hybrid-sleep|pre:suspend-then-hibernate) exec '%s' arm ;;\n"
	"post:*) exec '%s' disarm ;;\n"
	"esac\n";

int hook_install(struct changes *c)
{
	char program[SYS_PATH_MAX], text[3 * SYS_PATH_MAX];

	if (!sys_exists("/usr/lib/systemd/systemd-sleep")) {
		say("there is no systemd: run `torpor arm` before each hibernation, "
		    "`torpor disarm` after it\n");
		return 0;
	}
	if (!program_path(program) || strchr(program, '\''))
		return complain("the sleep hook needs the path of this program");
	snprintf(text, sizeof(text), hook_format, program, program);
	if (change_folder(c, HOOK_FOLDER))
		return -1;
	return change_file(c, HOOK_PATH, text, strlen(text), 0755);
}

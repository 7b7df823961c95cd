/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes a stock hibernation tell the loader about itself: a hook of systemd's that runs
 * `torpor arm` before it and `torpor disarm` after it, whatever way the loader is started by. Root runs it
 * unasked, so it names a program that only root can change: this one, or else a copy of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "say.h"
#include "setup.h"
#include "trusted.h"
#include "version.h"

#define COPY_FOLDER "/usr/lib/torpor"
#define COPY_PATH   COPY_FOLDER "/torpor"

static const char hook_format[] =
	"#!/bin/sh\n"
	"# Made by `torpor setup`; `torpor setup --remove` takes it away. Run by systemd before\n"
	"# and after sleep: tells the loader about this boot, and GRUB to start it, while there\n"
	"# may be an image.\n"
	"case $1:${SYSTEMD_SLEEP_ACTION:-$2} in\n"
	"pre:hibernate|pre:hybrid-sleep|pre:suspend-then-hibernate) exec '%s' arm ;;\n"
	"post:*) exec '%s' disarm ;;\n"
	"esac\n";

/* ---- Its program ---- */

/* As it runs now, also when its file has gone. */
static char *this_program(const char *path, size_t *ret_bytes)
{
	char *content = file_content(path, ret_bytes);

	return content ? content : file_content("/proc/self/exe", ret_bytes);
}

static int copy_program(struct changes *c, const char *program, const char *why)
{
	size_t n;
	char *content = this_program(program, &n);
	int err;

	if (!content)
		return complain("cannot read this program, %s: %s", program, strerror(errno));
	say("sleep hook  runs " COPY_PATH ", a copy of this program: %s\n", why);
	err = change_folder(c, COPY_FOLDER) || change_file(c, COPY_PATH, content, n, 0755);
	free(content);
	if (!err && !c->dry_run)
		err = trusted_check(COPY_PATH);
	return err ? -1 : 0;
}

/* Which one the hook is to run: in the record. */
static int choose_program(struct changes *c)
{
	char program[SYS_PATH_MAX], why[256];
	bool trusted;

	if (!program_path(program))
		return complain("the sleep hook needs the path of this program");
	complain_how(COMPLAIN_SILENTLY);
	trusted = !trusted_check(program) && !strchr(program, '\'');
	snprintf(why, sizeof(why), "%s", last_complaint());
	complain_how(COMPLAIN_ALOUD);
	if (!trusted && copy_program(c, program, why))
		return -1;
	strcpy(c->record->program, trusted ? program : COPY_PATH);
	return 0;
}

int hook_install(struct changes *c)
{
	char text[3 * SYS_PATH_MAX];

	if (!sys_exists("/usr/lib/systemd/systemd-sleep")) {
		say("there is no systemd: run `torpor arm` before each hibernation, "
		    "`torpor disarm` after it\n");
		return 0;
	}
	if (choose_program(c))
		return -1;
	snprintf(text, sizeof(text), hook_format, c->record->program, c->record->program);
	if (change_folder(c, HOOK_FOLDER))
		return -1;
	return change_file(c, HOOK_PATH, text, strlen(text), 0755);
}

/* ---- Will it do? ---- */

/* It is there, nobody else's, runs, and is what setup was. */
int hook_check(const struct setup_record *r)
{
	char full[SYS_PATH_MAX], text[256], own[64];
	int status;

	if (!sys_exists(HOOK_PATH))
		return complain("there is none: run torpor setup again, or torpor arm before each "
				"hibernation");
	if (!*r->program)
		return complain("an earlier version of torpor made it: run torpor setup again");
	if (trusted_check(r->program) || !sys_path(full, "%s", r->program))
		return -1;
	status = run_program((const char *const[]){full, "--version", NULL}, text, sizeof(text));
	if (status < 0)
		return -1;
	snprintf(own, sizeof(own), "torpor %s,", torpor_version);
	if (status)
		return complain("%s does not run here (%d)", r->program, status);
	return strncmp(text, own, strlen(own))
		       ? complain("%s is another version, not %s: run torpor setup again",
				 r->program, torpor_version)
		       : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor: the Linux command. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "img_layout.h"
#include "say.h"
#include "verb.h"
#include "version.h"

static const struct verb help_verb_itself, completion_verb;

/* As help and completion list them. */
static const struct verb *const verbs[] = {&setup_verb, &status_verb, &arm_verb, &disarm_verb,
	&facts_verb, &format_verb, &save_verb, &info_verb, &verify_verb, &dump_verb, &keep_verb,
	&export_verb, &make_verb, &help_verb_itself, &completion_verb, NULL};

static const struct verb *find_verb(const char *name)
{
	for (const struct verb *const *v = verbs; *v; v++)
		if (!strcmp(name, (*v)->name))
			return *v;
	if (*name)
		complain("%s: no such verb (see torpor --help)", name);
	else
		complain("the verb is empty (see torpor --help)");
	return NULL;
}

static int help_main(int argc, char **argv)
{
	const struct verb *v = NULL;
	int at = verb_options(&help_verb_itself, argc, argv, NULL, NULL);

	if (at < 0)
		return STATUS_USAGE;
	if (argv[at])
		v = find_verb(argv[at]);
	if (argv[at] && !v)
		return STATUS_USAGE;
	if (v)
		help_verb(stdout, v);
	else
		help_all(stdout, verbs);
	return STATUS_OK;
}

static int completion_main(int argc, char **argv)
{
	if (verb_options(&completion_verb, argc, argv, NULL, NULL) < 0)
		return STATUS_USAGE;
	completion_bash(stdout, verbs);
	return STATUS_OK;
}

static const struct verb help_verb_itself = {
	.name = "help",
	.run = help_main,
	.summary = "the verbs, or how one of them is used",
	.forms = {"help [VERB]"},
	.most = 1,
};

static const struct verb completion_verb = {
	.name = "completion",
	.run = completion_main,
	.summary = "print a script that completes these words in bash",
	.forms = {"completion"},
};

static int is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

/* Help is given wherever it is asked for, before anything of the line is done. */
static int run_verb(int argc, char **argv)
{
	const struct verb *v = find_verb(argv[0]);

	if (!v)
		return STATUS_USAGE;
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (is_help(argv[i])) {
			help_verb(stdout, v);
			return STATUS_OK;
		}
	return v->run(argc, argv);
}

static int run(int argc, char **argv)
{
	if (argc < 2) {
		help_all(stderr, verbs);
		return STATUS_USAGE;
	}
	if (is_help(argv[1])) {
		help_all(stdout, verbs);
		return STATUS_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("torpor %s, image format %u.%u\n", torpor_version, IMG_VERSION_MAJOR,
			IMG_VERSION_MINOR);
		return STATUS_OK;
	}
	return run_verb(argc - 1, argv + 1);
}

/* Whoever started us, and how. */
static void start_plain(void)
{
	(void)signal(SIGXFSZ, SIG_IGN); /* ulimit -f: an error that names the file */
	(void)signal(SIGCHLD, SIG_DFL); /* ignored, it would hide how efibootmgr ended */
	unsetenv("POSIXLY_CORRECT");    /* options may stand anywhere */
}

int main(int argc, char **argv)
{
	int status;

	if (say_begin())
		return STATUS_FAILED;
	start_plain();
	status = run(argc, argv);
	return say_end() && status == STATUS_OK ? STATUS_FAILED : status;
}

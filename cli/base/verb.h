/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verb of the command as a table, beside the code that does it: what is said of it (`torpor VERB
 * --help`, `torpor help`), how its options are read, and what a shell completes all come from here. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include <stdio.h>

#define VERB_FORMS_MAX   4
#define VERB_OPTIONS_MAX 24

struct verb_option {
	int letter; /* what verb_options gives for it; also the short option where spec has one */
	const char *spec; /* "--to AREA", "-v, --verbose", "--then poweroff|reboot" */
	const char *help;
	unsigned int group; /* of options of which one at most may be given; 0: none */
};

struct verb {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0]: its name; the exit status */
	const char *summary;               /* one line, small first letter, no full stop */
	const char *forms[VERB_FORMS_MAX]; /* what follows "torpor ", up to a NULL */
	const char *text;                  /* sentences for its --help, or NULL */
	int least, most;                   /* arguments that are no options */
	struct verb_option options[VERB_OPTIONS_MAX]; /* up to one without letter */
};

/* Calls take for each option, with its argument (NULL: it has none), which answers 0, or -1 after one
 * complaint. Returns the index in argv of the first argument (options may stand anywhere; argv is put into
 * order), or -1 after one complaint: an unknown option, one of which a group has another already, one with
 * an argument twice, too few or too many arguments, an empty one. */
int verb_options(const struct verb *v, int argc, char **argv,
	int (*take)(void *ctx, int letter, const char *arg), void *ctx);

/* The parts of an option's spec. The long name has no "--"; "" when there is none. arg: its place holder, or NULL. */
#define VERB_NAME_BYTES 32
struct verb_spec {
	char name[VERB_NAME_BYTES];
	char letter; /* 0: no short form */
	const char *arg;
};
void verb_spec(const struct verb_option *o, struct verb_spec *ret);

/* ---- What is said of verbs (help.c): lists of verbs end with a NULL ---- */

void help_verb(FILE *f, const struct verb *v);
void help_all(FILE *f, const struct verb *const *verbs);

/* A script that completes them in bash (completion.c). */
void completion_bash(FILE *f, const struct verb *const *verbs);

#endif

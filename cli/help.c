/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints what the verbs' tables say, for people: 80 columns. The manual page says more. */
#include <string.h>

#include "verb.h"

#define COLUMNS     80
#define HELP_COLUMN 24 /* where an option's text begins */
#define NAME_COLUMN 14 /* where a verb's summary begins */

/* From this column on, which the line has reached; a blank or newline in text is where it may break. */
static void put_words(FILE *f, const char *text, int column)
{
	int at = column;

	while (*text) {
		int n = (int)strcspn(text, " \n");

		if (at > column && at + 1 + n > COLUMNS) {
			fprintf(f, "\n%*s", column, "");
			at = column;
		} else if (at > column) {
			fputc(' ', f);
			at++;
		}
		fprintf(f, "%.*s", n, text);
		at += n;
		text += n;
		text += strspn(text, " \n");
	}
	fputc('\n', f);
}

static void put_item(FILE *f, const char *name, const char *text, int column)
{
	int n = fprintf(f, "  %s", name);

	if (n + 2 > column) {
		fputc('\n', f);
		n = 0;
	}
	fprintf(f, "%*s", column - n, "");
	put_words(f, text, column);
}

static void put_forms(FILE *f, const struct verb *v)
{
	for (int i = 0; i < VERB_FORMS_MAX && v->forms[i]; i++)
		fprintf(f, "%s torpor %s\n", i ? "      " : "usage:", v->forms[i]);
}

void help_verb(FILE *f, const struct verb *v)
{
	put_forms(f, v);
	if (v->text) {
		fputc('\n', f);
		put_words(f, v->text, 0);
	}
	fputc('\n', f);
	for (const struct verb_option *o = v->options;
		o < v->options + VERB_OPTIONS_MAX && o->letter; o++)
		put_item(f, o->spec, o->help, HELP_COLUMN);
	put_item(f, "-h, --help", "this text; torpor(8) says more", HELP_COLUMN);
}

void help_all(FILE *f, const struct verb *const *verbs)
{
	fputs("usage: torpor VERB [ARGUMENT...]\n\n", f);
	for (; *verbs; verbs++)
		put_item(f, (*verbs)->name, (*verbs)->summary, NAME_COLUMN);
	fputs("\n`torpor VERB --help` says how each is used, torpor(8) says more.\n"
	      "-V, --version: the version of the command, and of the images that it writes.\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 status: it would not be resumed,\n"
	      "4 missing (no such file, device, area or thing), 5 an area without an image,\n"
	      "6 damaged.\n",
		f);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A completion script for bash, from the verbs' tables: what help shows is what is completed. */
#include <stdbool.h>
#include <string.h>

#include "verb.h"

/* "poweroff|reboot|continue": literally one of these. */
static bool is_choice(const char *arg)
{
	return strchr(arg, '|') && arg[strspn(arg, "abcdefghijklmnopqrstuvwxyz|")] == 0;
}

/* Place holders of what lies in the file system. */
static bool is_path(const char *arg)
{
	static const char *const names[] = {
		"FILE", "DEVICE", "AREA", "DIR", "PATH", "CORE", "MEMORY", "IMAGE"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strstr(arg, names[i]))
			return true;
	return false;
}

static void put_spelled(FILE *f, const struct verb *v, const struct verb_spec *p)
{
	if (p->letter)
		fprintf(f, "\t\"%s -%c\"%s", v->name, p->letter, *p->name ? " | " : "");
	if (*p->name)
		fprintf(f, "%s\"%s --%s\"", p->letter ? "" : "\t", v->name, p->name);
	fputs(") ", f);
}

/* What an option's argument is; nothing is offered for what only the user knows. */
static void put_argument(FILE *f, const struct verb *v, const struct verb_option *o)
{
	struct verb_spec p;

	verb_spec(o, &p);
	if (!p.arg)
		return;
	put_spelled(f, v, &p);
	if (is_choice(p.arg)) {
		fputs("_torpor_words '", f);
		for (const char *s = p.arg; *s; s++)
			fputc(*s == '|' ? ' ' : *s, f);
		fputs("'; return ;;\n", f);
	} else {
		fprintf(f, "%sreturn ;;\n", is_path(p.arg) ? "_torpor_files; " : "");
	}
}

/* "keep put NAME FILE": put is a word, not a place holder. */
static void put_second_words(FILE *f, const struct verb *v)
{
	for (int i = 0; i < VERB_FORMS_MAX && v->forms[i]; i++) {
		const char *word = strchr(v->forms[i], ' ');
		size_t n = word ? strspn(word + 1, "abcdefghijklmnopqrstuvwxyz") : 0;

		if (n && (word[n + 1] == 0 || word[n + 1] == ' '))
			fprintf(f, " %.*s", (int)n, word + 1);
	}
}

static void put_verb(FILE *f, const struct verb *v)
{
	fprintf(f, "\t%s) options='", v->name);
	for (const struct verb_option *o = v->options;
		o < v->options + VERB_OPTIONS_MAX && o->letter; o++) {
		struct verb_spec p;

		verb_spec(o, &p);
		if (*p.name)
			fprintf(f, "--%s ", p.name);
		else
			fprintf(f, "-%c ", p.letter);
	}
	fputs("--help' words='", f);
	put_second_words(f, v);
	fputs("' ;;\n", f);
}

static void put_names(FILE *f, const struct verb *const *verbs)
{
	for (; *verbs; verbs++)
		fprintf(f, "%s ", (*verbs)->name);
}

void completion_bash(FILE *f, const struct verb *const *verbs)
{
	fputs("# Completes torpor's verbs and options in bash: printed by `torpor completion`.\n"
	      "_torpor_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
	      "_torpor_files() { compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); }\n"
	      "_torpor()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} options= words=\n"
	      "\tlocal verbs='",
		f);
	put_names(f, verbs);
	fputs("'\n"
	      "\t[ \"$COMP_CWORD\" -gt 1 ] || { _torpor_words \"$verbs --help --version\"; return; }\n"
	      "\tcase \"$verb ${COMP_WORDS[COMP_CWORD - 1]}\" in\n"
	      "\t'help help') _torpor_words \"$verbs\"; return ;;\n",
		f);
	for (size_t i = 0; verbs[i]; i++)
		for (int k = 0; k < VERB_OPTIONS_MAX && verbs[i]->options[k].letter; k++)
			put_argument(f, verbs[i], &verbs[i]->options[k]);
	fputs("\tesac\n\tcase $verb in\n", f);
	for (size_t i = 0; verbs[i]; i++)
		put_verb(f, verbs[i]);
	fputs("\tesac\n"
	      "\tcase $cur in\n"
	      "\t-*) _torpor_words \"$options\" ;;\n"
	      "\t*) [ \"$COMP_CWORD\" = 2 ] && [ -n \"$words\" ] && _torpor_words \"$words\" || _torpor_files ;;\n"
	      "\tesac\n}\ncomplete -F _torpor torpor\n",
		f);
}

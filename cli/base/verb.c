/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a verb's command line by its table, so that no option is known that help does not show. */
#include "verb.h"

#include <getopt.h>
#include <string.h>

#include "say.h"

struct reading {
	const struct verb *v;
	struct verb_spec spec[VERB_OPTIONS_MAX];
	struct option longs[VERB_OPTIONS_MAX + 1];
	char shorts[2 * VERB_OPTIONS_MAX + 2];
	int n;
	int given[VERB_OPTIONS_MAX];
};

void verb_spec(const struct verb_option *o, struct verb_spec *ret)
{
	const char *name = strstr(o->spec, "--"), *s = name ? name + 2 : o->spec;
	size_t n = strcspn(s, " ");

	memset(ret, 0, sizeof(*ret));
	if (name)
		memcpy(ret->name, s, n < VERB_NAME_BYTES ? n : VERB_NAME_BYTES - 1);
	if (o->spec[0] == '-' && o->spec[1] != '-')
		ret->letter = o->spec[1];
	ret->arg = s[n] ? s + n + 1 : NULL;
}

static void read_table(struct reading *r, const struct verb *v)
{
	char *s = r->shorts;
	struct option *o = r->longs;

	memset(r, 0, sizeof(*r));
	r->v = v;
	*s++ = ':'; /* an argument that is missing is told from an option that is unknown */
	for (; r->n < VERB_OPTIONS_MAX && v->options[r->n].letter; r->n++) {
		struct verb_spec *p = &r->spec[r->n];

		verb_spec(&v->options[r->n], p);
		if (p->letter)
			*s++ = p->letter;
		if (p->letter && p->arg)
			*s++ = ':';
		if (*p->name)
			*o++ = (struct option){p->name, p->arg ? required_argument : no_argument,
				NULL, v->options[r->n].letter};
	}
}

static int find(const struct reading *r, int letter)
{
	for (int i = 0; i < r->n; i++)
		if (r->v->options[i].letter == letter)
			return i;
	return -1;
}

/* "--to", or "-o" where that is all. */
static const char *spelled(const struct reading *r, int i, char ret[VERB_NAME_BYTES + 2])
{
	const struct verb_spec *p = &r->spec[i];

	if (*p->name)
		snprintf(ret, VERB_NAME_BYTES + 2, "--%s", p->name);
	else
		snprintf(ret, VERB_NAME_BYTES + 2, "-%c", p->letter);
	return ret;
}

/* Never two of one group; an argument is not given twice, nor empty: what was meant is not guessed. */
static int check_others(struct reading *r, int i)
{
	char a[VERB_NAME_BYTES + 2], b[VERB_NAME_BYTES + 2];
	unsigned int group = r->v->options[i].group;

	if (r->given[i]++ && r->spec[i].arg)
		return complain("%s: %s is given twice", r->v->name, spelled(r, i, a));
	if (r->spec[i].arg && !*optarg)
		return complain("%s: %s wants %s", r->v->name, spelled(r, i, a), r->spec[i].arg);
	for (int k = 0; group && k < r->n; k++)
		if (k != i && r->v->options[k].group == group && r->given[k])
			return complain("%s: %s and %s exclude each other", r->v->name,
				spelled(r, k < i ? k : i, a), spelled(r, k < i ? i : k, b));
	return 0;
}

static int refuse_option(const struct reading *r, int c, char **argv)
{
	const char *name = r->v->name, *word = argv[optind - 1];
	char a[VERB_NAME_BYTES + 2];
	int i = optopt ? find(r, optopt) : -1;

	if (c == ':')
		return complain("%s: %s wants %s", name, spelled(r, i, a), r->spec[i].arg);
	if (i >= 0 && !strncmp(word, "--", 2) && strchr(word, '='))
		return complain("%s: %s takes no argument", name, spelled(r, i, a));
	if (optopt)
		return complain(
			"%s: -%c: no such option (see torpor %s --help)", name, optopt, name);
	return complain("%s: %s: no such option (see torpor %s --help)", name, word, name);
}

/* A script's variable that is not set is no name of anything. */
static int check_arguments(const struct verb *v, int argc, char **argv)
{
	int n = argc - optind;

	for (int i = optind; i < argc; i++)
		if (!*argv[i])
			return complain("%s: an argument is empty", v->name);
	if (n > v->most)
		return complain("%s: %s is one argument too many", v->name, argv[optind + v->most]);
	if (n < v->least)
		return complain("%s: too few arguments: torpor %s", v->name, v->forms[0]);
	return 0;
}

int verb_options(const struct verb *v, int argc, char **argv,
	int (*take)(void *ctx, int letter, const char *arg), void *ctx)
{
	struct reading r;
	int c;

	read_table(&r, v);
	optind = 0; /* a new command line for getopt */
	opterr = 0;
	while ((c = getopt_long(argc, argv, r.shorts, r.longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return refuse_option(&r, c, argv);
		if (check_others(&r, find(&r, c)) || take(ctx, c, optarg))
			return -1;
	}
	return check_arguments(v, argc, argv) ? -1 : optind;
}

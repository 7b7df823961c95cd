/* SPDX-License-Identifier: GPL-2.0-or-later */
/* info and verify have the same options but for what their tables leave out. */
#include "look.h"

#include <string.h>

#include "number.h"
#include "say.h"
#include "stock_image.h"

int look_offset(const char *text, uint64_t *ret_page)
{
	return number_parse(text, 0, ret_page) && *ret_page < STOCK_PAGES_MAX
		       ? 0
		       : complain("--offset %s: not a number of pages", text);
}

static int take_option(void *ctx, int letter, const char *arg)
{
	struct look_options *o = ctx;

	if (letter == 'p')
		return look_offset(arg, &o->page);
	if (letter == 'q')
		say_quietly();
	else if (letter == 'j')
		o->json = true;
	else
		o->yaml = true;
	return 0;
}

int look_options(const struct verb *v, int argc, char **argv, struct look_options *ret)
{
	int at;

	memset(ret, 0, sizeof(*ret));
	at = verb_options(v, argc, argv, take_option, ret);
	if (at < 0)
		return -1;
	ret->path = argv[at];
	return 0;
}

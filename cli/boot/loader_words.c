/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A typo in the loader's words shows here, not in a boot that nobody watches: there it ends the resume. */
#include "loader_words.h"

#include <stddef.h>

#include "cmdline.h"
#include "say.h"

int loader_words_check(const char *words)
{
	struct options options;
	const char *word = NULL;
	uint32_t n = 0;

	if (cmdline_parse(words, &options, &word, &n) == 0)
		return 0;
	return complain("the loader does not understand %.*s (torpor-loader(7) lists its words)",
		(int)n, word ? word : "");
}

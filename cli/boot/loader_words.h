/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What setup hands to the loader, read by the loader's own parser. */
#ifndef CLI_LOADER_WORDS_H
#define CLI_LOADER_WORDS_H

/* -1 after one complaint that names the word which the loader would refuse. */
int loader_words_check(const char *words);

#endif

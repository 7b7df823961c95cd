/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a suite relies on, set for it: the main of every suite calls it first, whoever started it, and how. */
#ifndef TESTS_UNIT_ENVIRONMENT_H
#define TESTS_UNIT_ENVIRONMENT_H

/* Signals as they are by default, none blocked (nohup and the background of a script ignore some);
 * descriptors 0 to 2 open; no locale, no terminal, no TMPDIR, no POSIXLY_CORRECT; umask 022; limits as high as
 * they may be. */
void environment_plain(void);

#endif

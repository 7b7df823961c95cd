/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error numbers of all the libraries that a loader calls: lib, image-format, swsusp. */
#ifndef LOADER_ERR_ANY_H
#define LOADER_ERR_ANY_H

/* A short lower-case text without full stop; never NULL. */
const char *loader_err_text(int err);

#endif

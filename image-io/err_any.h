/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error numbers of all the libraries that read and write images: lib, image-format, swsusp. */
#ifndef IMAGE_IO_ERR_ANY_H
#define IMAGE_IO_ERR_ANY_H

/* A short lower-case text without full stop; never NULL. */
const char *err_any_text(int err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIB_VERSION_H
#define LIB_VERSION_H

/* What the file VERSION says: "0.2". One version for the command, the writer, the loaders and the
 * package. */
extern const char torpor_version[];

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GRUB's environment block and a block of our own in its custom.cfg: pure functions over texts. */
#ifndef CLI_GRUB_TEXT_H
#define CLI_GRUB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* grubenv: always so long; "name=value" lines after a first line of its own, filled with '#'. */
#define GRUBENV_BYTES 1024

bool grubenv_valid(const char *block, size_t bytes);

/* False: no such variable. The value as it stands there, cut to the room there is. */
bool grubenv_get(const char block[GRUBENV_BYTES], const char *name, char *ret, size_t cap);

/* value NULL: there is no such variable any more. False, and nothing changed: no room. */
bool grubenv_set(char block[GRUBENV_BYTES], const char *name, const char *value);

#define GRUB_BLOCK_BEGIN "### BEGIN torpor ###\n"
#define GRUB_BLOCK_END   "### END torpor ###\n"

/* The text with this block (both marks in it) instead of the one it has, or after the rest; block
 * NULL: without one. To be freed. NULL: out of memory, or the marks that are there make no block. */
char *grub_block_replace(const char *text, const char *block);
bool grub_block_is(const char *text, const char *block);

/* ---- Passwords: pure over the text of grub.cfg and its like ---- */

/* Whether some line sets superusers: then every entry that is not --unrestricted asks for a password. */
bool grub_has_superusers(const char *text);

/* The first entry for a system, as that is what GRUB boots by itself. */
enum grub_first { GRUB_NO_ENTRY, GRUB_RESTRICTED, GRUB_UNRESTRICTED };
enum grub_first grub_first_entry(const char *text);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor info --json. */
#ifndef CLI_INFO_JSON_H
#define CLI_INFO_JSON_H

#include "json.h"
#include "look.h"

/* Looks, and prints one object, whatever is found. The exit status. */
int info_json(const struct look_options *o);

#endif

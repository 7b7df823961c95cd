/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A state stream as JSON, by its own tables alone: state_dump for programs. */
#ifndef CLI_STATE_JSON_H
#define CLI_STATE_JSON_H

#include "json.h"
#include "state.h"

/* [{"name": "cpu", "version": 1, "elements": [{"stack": "0x1000", ...}]}, ...] of an opened stream. */
json_t *state_json(const struct state_reader *r);

#endif

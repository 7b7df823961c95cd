/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The toy reads or writes the image area in order, for comparison: with the loader's read phase, and with
 * Linux (tests/qemu/guest/diskspeed.c). */
#ifndef TOY_SPEED_H
#define TOY_SPEED_H

#include <stdbool.h>

#include "area_io.h"

#define SPEED_BLOCK_BYTES (1u << 20)
#define SPEED_DEPTH_MAX   32u

/* Whether the text begins with a command for speed_run. */
bool speed_is_wanted(const char *text);

/* Runs "read MIB", "write MIB", "depth REQUESTS" (14 before, as many buffers as the loader has) one after
 * the other; a line on each. buffer: SPEED_DEPTH_MAX blocks. */
int speed_run(struct area *area, const char *text, uint8_t *buffer) MUST_CHECK;

#endif

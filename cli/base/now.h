/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time for measurements. */
#ifndef CLI_NOW_H
#define CLI_NOW_H

#include <stdint.h>

/* On a clock that is never set. */
uint64_t now_us(void);

#endif

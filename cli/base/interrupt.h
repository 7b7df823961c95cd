/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work that a signal (Ctrl-C, a closed terminal, TERM) does not end in its middle: it is noted, and ends the command
 * when that has tidied up. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

void interrupt_hold(void);

/* Whether one has come since: what takes long looks at it. */
bool interrupt_came(void);

/* Ends the command when one has. */
void interrupt_release(void);

#endif

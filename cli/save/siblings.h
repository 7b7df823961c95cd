/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processors that Linux keeps offline because SMT is switched off. */
#ifndef CLI_SIBLINGS_H
#define CLI_SIBLINGS_H

/* After the jump came back: each is started and stopped once where SMT is off by choice. 1: that was done; 0: nothing
 * to do; -1 after one complaint. */
int siblings_settle(void);

#endif

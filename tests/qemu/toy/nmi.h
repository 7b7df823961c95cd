/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An NMI in the middle of code that uses vector registers and the red zone of the System V ABI. */
#ifndef TOY_NMI_H
#define TOY_NMI_H

#include <stdbool.h>

bool nmi_leaves_all_as_it_is(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor's identity and abilities for plan_check and stock_check. Metal and EFI only. */
#ifndef LOADER_THIS_CPU_H
#define LOADER_THIS_CPU_H

#include "plan.h"

struct plan_cpu plan_this_cpu(void);

#endif

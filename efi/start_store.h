/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's variable that keeps the count of starts. */
#ifndef EFI_START_STORE_H
#define EFI_START_STORE_H

#include <efi.h>

#include "start_count.h"

struct start_store start_store(EFI_RUNTIME_SERVICES *rt);

#endif

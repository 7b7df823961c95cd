/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries the version into each program; only this file is compiled anew when it changes. */
#include "version.h"

const char torpor_version[] = TORPOR_VERSION;

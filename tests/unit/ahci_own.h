/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An AHCI controller as a test wants it, with one disk of 4 MiB unless the test adds others. */
#ifndef TESTS_UNIT_AHCI_OWN_H
#define TESTS_UNIT_AHCI_OWN_H

#include "driver_conformance.h"
#include "fake_ahci.h"

#define DISK   FAKE_AHCI_PORT
#define MASTER 4u

/* What plug_own puts into an empty machine; fake_ahci_default at the start of a test. */
extern struct fake_ahci_config config;
void plug_own(void);

/* Starts what is plugged, expects this, and that all is off again in the end. */
void start_is(int err);

/* plug_own, start_is. */
void config_is(int err);

void setup_own(void);

#endif

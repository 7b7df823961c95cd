/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzzers of disk drivers share: the input as what a device answers, byte by byte, and one
 * run of a driver over it. A fuzzer begins, puts its controller into the machine, and runs.
 */
#ifndef TESTS_FUZZ_FUZZ_BLOCK_H
#define TESTS_FUZZ_FUZZ_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_pci.h"
#include "fuzz.h"

uint8_t fuzz_take8(void); /* behind the end of the input: 0 */
uint64_t fuzz_take(unsigned bytes);
bool fuzz_at_end(void);

/* An empty machine, with memory for driver and data; its clock moves by this at every look at it. */
void fuzz_block_begin(const uint8_t *data, size_t bytes, uint64_t clock_step_us);

/* disks_start, requests of every kind to every disk, disks_stop. What must hold: no access outside
 * registers and memory (fake machine, sanitizers), every wait ends, every request has ended, and
 * after disks_stop the controller's bus mastering is off. */
void fuzz_block_run(const struct fake_pci_dev *controller);

#endif

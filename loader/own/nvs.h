/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI NVS memory of the saved system put back: only with nvs=1. Firmware's own code and AML keep
 * state there that a power cycle resets. Linux does it after a hibernation in S4 mode, but for a
 * list of machines that it breaks, and not otherwise: so it is a choice.
 */
#ifndef LOADER_NVS_H
#define LOADER_NVS_H

#include "arena.h"
#include "boot_info.h"
#include "image.h"

struct nvs {
	struct img_object_rec object;
	uint8_t *stored, *content; /* NULL: there is nothing to be done, the log says why */
};

/* Before the first frame is restored: is there NVS in the image, is it NVS in this boot, can it be
 * mapped? facs: of this boot, 0: none. Whatever is in the way is logged, and NVS is left alone: it
 * is never a reason to lose a session. */
void nvs_prepare(struct nvs *n, struct image *im, const struct boot_info *bi, uint64_t facs,
	struct arena *arena);

/* After ACPI was enabled, as Linux has the order. The FACS stays this boot's: its lock, vectors and
 * signature belong to the firmware that runs. An error of disk or data: NVS is half restored, all
 * that is left is a reset, which makes it anew. */
int nvs_restore(struct nvs *n, struct image *im, const struct boot_info *bi) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's variable in which the EFI door counts how often it has started the loader core for
 * an image that stayed as it was. The door writes it, `torpor setup --remove` removes it.
 */
#ifndef ABI_STARTS_H
#define ABI_STARTS_H

#include <assert.h>
#include <stdint.h>

#define STARTS_NAME "TorporStarts"
#define STARTS_GUID "6a688f36-f000-4ea1-9c1a-d5c5deffef8f"

struct starts {
	uint64_t image;  /* its state on its disk: another after each attempt, resume, save */
	uint64_t around; /* XXH64 of the command line and the disks that the firmware shows */
	uint32_t n;      /* starts with both the same */
	uint32_t total;  /* starts with this image, whatever was around */
	uint64_t check;  /* XXH64 of the 24 bytes before */
};
static_assert(sizeof(struct starts) == 32, "starts");

#endif

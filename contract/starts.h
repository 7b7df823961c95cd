/*
 * The firmware's variable in which the EFI door counts how often it has started the loader core for an
 * image that stayed as it was. The door writes it, `torpor setup --remove` removes it.
 */
#ifndef CONTRACT_STARTS_H
#define CONTRACT_STARTS_H

#include <assert.h>
#include <stdint.h>

#define STARTS_NAME "TorporStarts"
#define STARTS_GUID "6a688f36-f000-4ea1-9c1a-d5c5deffef8f"

/* key: XXH64 of the image's state on disk, and of the disks that the firmware shows. */
struct starts {
	uint64_t key;
	uint32_t n;
	uint32_t check; /* ~n */
};
static_assert(sizeof(struct starts) == 16, "starts");

#endif

/*
 * The swap area that hibernation uses: which device or file, and where the loader, which knows
 * disks and partitions only, finds it.
 */
#ifndef CLI_SWAP_PLACE_H
#define CLI_SWAP_PLACE_H

#include "boot_parse.h"
#include "layers.h"
#include "target.h"

struct swap_place {
	struct target t;            /* the partition or disk that the header is on */
	char device[SYS_PATH_MAX];  /* "/dev/vda5" */
	char file[SYS_PATH_MAX];    /* the swap file; "": the device itself */
	uint64_t offset_pages;      /* of the header on the device */
	uint64_t bytes, used_bytes; /* of the swap area; 0: it is not in use as swap */
	const char *from;           /* who says that it is this one */
};

/* wanted: a device or file; NULL: the one that the kernel would use, by /sys/power/resume, by
 * resume= on the kernel's command line, else the largest one in use that Torpor can read. Not to
 * be copied. -1 after one complaint. */
int swap_place_find(struct swap_place *p, const char *wanted);

/* The loader's words for it: swap=..., and disk= and resume_offset= where they are needed. */
#define SWAP_ARGS_BYTES 256
void swap_place_args(const struct swap_place *p, char ret[SWAP_ARGS_BYTES]);

/* The mount that a file or folder is on. -1 after one complaint. */
struct mount_line;
int mount_of(const char *path, struct mount_line *ret);

#endif

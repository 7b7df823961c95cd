/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can go wrong outside the image: 0, or one of these (always negative, always to be checked).
 * Libraries that know nothing of this one have ranges of their own (enum err_range), so that a
 * caller of several can tell them apart. The groups say who is at fault.
 */
#ifndef LIB_ERR_H
#define LIB_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

/* Whose a number is. */
enum err_range {
	ERR_RANGE_IMAGE,   /* image-format/img.h: -1 to -63 */
	ERR_RANGE_MACHINE, /* enum err: -64 to -127 */
	ERR_RANGE_SWSUSP,  /* swsusp/swsusp.h: -128 and below */
};

static inline enum err_range err_range(int err)
{
	if (err <= -128)
		return ERR_RANGE_SWSUSP;
	return err <= -64 ? ERR_RANGE_MACHINE : ERR_RANGE_IMAGE;
}

enum err {
	/* A device or the firmware did not do what its specification says. Retried, then
	 * reported. */
	ERR_TIMEOUT = -64,     /* it did not answer before the deadline */
	ERR_IO = -65,          /* it answered that the request failed */
	ERR_LOST = -66,        /* it is gone (all ones), or was given up after a time-out */
	ERR_BAD_ANSWER = -67,  /* it answered something outside the specification */
	ERR_UNSUPPORTED = -68, /* it needs something that this driver does not do */
	ERR_READ_ONLY = -69,   /* a write to a device that says it is read-only */
	ERR_FIRMWARE = -70,    /* a firmware table is damaged or missing */

	/* What was asked for is not there. */
	ERR_NOT_FOUND = -80,
	ERR_AMBIGUOUS = -81, /* it is there more than once */
	ERR_ATTEMPTS = -82,  /* it is there, but was tried in vain too often */

	/* The image is good, this machine is another one. */
	ERR_MEMORY_MAP = -90, /* a frame of the image is not usable memory now */
	ERR_CPU = -91,        /* processor, or paging mode */
	ERR_PLATFORM = -92,   /* firmware, ACPI or EFI differ where they must not */
	ERR_FILESYSTEM = -93, /* a file system was written to since the save */

	/* The operator's input: command line, handoff block. */
	ERR_ARGUMENT = -100,

	/* Ourselves: a bug, or a limit that we set. */
	ERR_BOUNDS = -110,    /* outside the device, or outside what may be written */
	ERR_NO_MEMORY = -111, /* arena or fixed table full */
	ERR_BUSY = -112,      /* queue full: poll, then submit again. Not a failure */
	ERR_BUG = -113,
};

/* A short lower-case text without full stop. Never NULL: unknown numbers get a text too. */
const char *err_text(int err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has another system mounted or written to what the saved system had mounted? Compares the disks
 * with the fingerprints in the image. Every file system is one line in the log.
 */
#ifndef LOADER_CHANGES_H
#define LOADER_CHANGES_H

#include <stddef.h>

#include "disks.h"
#include "fingerprint.h"
#include "gpt.h"
#include "saved_state.h"

#define CHANGES_WORK_BYTES (GPT_WORK_BYTES + FINGERPRINT_WORK_BYTES)
#define CHANGES_TEXT_BYTES 200

enum change {
	CHANGE_NONE,
	CHANGE_NOT_CHECKED, /* not at the save either */
	CHANGE_WRITTEN,
	CHANGE_GONE,       /* its disk or partition is not here */
	CHANGE_UNREADABLE, /* its disk answers with errors */
};

struct changes {
	const struct saved_filesystem *filesystem; /* the list that was compared */
	uint32_t n;
	uint8_t of[SAVED_FILESYSTEMS_MAX]; /* enum change */
	uint32_t n_written, n_missing;     /* missing: gone or unreadable */
};

/* n may be 0; f NULL, with n 0: the image says nothing of them, which is told. Disks are told by
 * their GUIDs, not by their order. work: CHANGES_WORK_BYTES, page-aligned. */
void changes_find(const struct saved_filesystem *f, uint32_t n, const struct disks *disks,
	void *work, struct changes *ret);

/* Why not to resume: names the first file system that changed, or else is missing. Only when there
 * is one. */
void changes_text(const struct changes *c, char ret[CHANGES_TEXT_BYTES]);

/* A line for each file system that a resume would damage if it was written to since: says names and
 * what is known. verb: "destroys", "would destroy". */
void changes_log_loss(const struct changes *c, const char *verb);

#endif

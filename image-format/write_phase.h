/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Order of the calls of a writer; between write.c and write_pages.c only.
 */
#ifndef IMAGE_FORMAT_WRITE_PHASE_H
#define IMAGE_FORMAT_WRITE_PHASE_H

#include "img.h"

enum img_phase {
	IMG_PHASE_NONE, /* not begun, or committed */
	IMG_PHASE_STORE,
	IMG_PHASE_NODE,
	IMG_PHASE_PAGES,
	IMG_PHASE_BYTES,
};

/* Keeps the first error. */
static inline int img_stick_(struct img_writer *w, int err)
{
	if (w->err == 0)
		w->err = err;
	return w->err;
}

/* 0 when the writer is in this phase and nothing has failed. */
static inline int img_phase_(struct img_writer *w, enum img_phase phase)
{
	return img_stick_(w, w->phase == phase ? 0 : IMG_ERR_ARGUMENT);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image area in a file or on a block device: source and destination for image-format/. They are
 * read past the page cache where that is possible, because writer and loader change them, files
 * too, behind Linux's back.
 */
#ifndef CLI_IMAGE_IO_H
#define CLI_IMAGE_IO_H

#include "img.h"
#include "say.h"

#define IMAGE_IO_ERR (-1000) /* what source and destination answer: see err, err_offset */

struct image_file {
	const char *path;
	int fd;
	uint64_t size;
	uint64_t base; /* where it begins in the file */
	bool own_fd;   /* image_close closes it */
	uint8_t *out;  /* the destination's one buffer */
	struct img_source source;
	struct img_dest dest;

	int err; /* errno of the last failure */
	uint64_t err_offset;
	const char *err_verb;
};

/* Opens for reading. -1 after one complaint. */
int image_open(struct image_file *f, const char *path);

/* For reading and writing over a descriptor that is open and stays the caller's; a file that is open
 * for writing is locked until it is closed. -1 after a complaint, also when another one writes to it. */
int image_attach(struct image_file *f, const char *path, int fd, uint64_t size);
void image_close(struct image_file *f);

/* Takes over an open descriptor, closed by image_close, also after an error. -1 after a complaint. */
int image_open_fd(struct image_file *f, const char *path, int fd);

/* What lies behind base, as an area of its own, over the descriptor and the buffer of whole, which stay
 * whole's. */
void image_part(struct image_file *ret, const struct image_file *whole, uint64_t base);

/* One line for an error of image-format/ or of the file, with the place where the image is bad.
 * fault: what that call filled, or NULL. Returns -1. */
int image_complain(const struct image_file *f, int err, const struct img_fault *fault);

/* What the command ends with after an error of image-format/. */
enum exit_status image_status(int err);

/* After img_read_headers has found a copy that counts: what is wrong with the other one, which, where
 * and what; NULL when it is good. The older copy must not be taken for the whole truth: during a save
 * it says EMPTY. */
#define IMAGE_TROUBLE_BYTES 320
const char *image_copy_trouble(char ret[IMAGE_TROUBLE_BYTES], const struct image_file *f,
	const struct img_headers *hs, const struct img_fault *fault);

/* The same as a complaint. -1, and STATUS_DAMAGED, where the other copy says EMPTY: an image's commit writes one
 * copy only, and that may be the damaged one. Of everything else both copies tell: a warning, and 0. */
int image_check_copies(
	const struct image_file *f, const struct img_headers *hs, const struct img_fault *fault);

/* Whether an image that is there surely cannot be resumed, whatever its state says: it has no state of a
 * processor, or no memory in it (torpor make --raw). */
bool image_lacks_state(const struct image_file *f, const struct img_headers *hs);

/* Block-aligned memory, or NULL after a complaint. free() gives it back. */
void *image_buffer(size_t bytes);

#endif

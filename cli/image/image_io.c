/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image-format/ and swsusp/ know offsets, not files: this is what they read and write through,
 * and what remembers which transfer failed and why, for one complaint with the place.
 */
#define _GNU_SOURCE
#include "image_io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "saved_state.h"
#include "say.h"

static int failed(struct image_file *f, const char *verb, int err, uint64_t offset)
{
	f->err_verb = verb;
	f->err = err;
	f->err_offset = offset;
	return IMAGE_IO_ERR;
}

static int source_read(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	struct image_file *f = ctx;
	size_t have = 0;

	while (have < bytes) {
		ssize_t n = pread(f->fd, (uint8_t *)buf + have, bytes - have,
			(off_t)(f->base + offset + have));

		if (n > 0)
			have += (size_t)n;
		else if (n == 0)
			return failed(f, "read", EIO, offset + have);
		else if (errno != EINTR)
			return failed(f, "read", errno, offset + have);
	}
	return 0;
}

static void *dest_buffer(void *ctx)
{
	struct image_file *f = ctx;

	return f->out;
}

static int dest_write(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	struct image_file *f = ctx;
	size_t have = 0;

	while (have < bytes) {
		ssize_t n = pwrite(f->fd, (const uint8_t *)data + have, bytes - have,
			(off_t)(f->base + offset + have));

		if (n > 0)
			have += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return failed(f, "write", n ? errno : ENOSPC, offset + have);
	}
	return 0;
}

static int dest_flush(void *ctx)
{
	struct image_file *f = ctx;

	return fdatasync(f->fd) ? failed(f, "flush", errno, 0) : 0;
}

/* Two that write to one file: the headers of one, the content of the other. The lock goes with the
 * descriptor; of a block device O_EXCL is the lock. */
static int lock_for_writing(const char *path, int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	return flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK
		       ? complain("%s is in use by another torpor that writes to it", path)
		       : 0;
}

int image_attach(struct image_file *f, const char *path, int fd, uint64_t size)
{
	memset(f, 0, sizeof(*f));
	f->path = path;
	f->fd = fd;
	f->size = size & ~(uint64_t)(IMG_BLOCK_BYTES - 1);
	if (lock_for_writing(path, fd))
		return -1;
	f->out = image_buffer(IMG_CHUNK_PAGES_MAX * IMG_PAGE_BYTES);
	f->source = (struct img_source){source_read, f, f->size};
	f->dest = (struct img_dest){dest_buffer, dest_write, dest_flush, f,
		IMG_CHUNK_PAGES_MAX * IMG_PAGE_BYTES, f->size};
	return f->out ? 0 : -1;
}

static int size_of(int fd, const char *path, uint64_t *ret_size, int *ret_flags)
{
	struct stat st;

	*ret_flags = O_DIRECT; /* no harm where a file system cannot */
	if (fstat(fd, &st))
		return complain("%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode)) {
		*ret_size = (uint64_t)st.st_size;
		return 0;
	}
	if (!S_ISBLK(st.st_mode))
		return complain("%s is neither a file nor a block device", path);
	if (ioctl(fd, BLKGETSIZE64, ret_size))
		return complain("%s: cannot tell its size: %s", path, strerror(errno));
	return 0;
}

void image_part(struct image_file *ret, const struct image_file *whole, uint64_t base)
{
	uint64_t size = whole->size - base;

	*ret = *whole;
	ret->base = whole->base + base;
	ret->size = ret->source.size = ret->dest.size = size & ~(uint64_t)(IMG_BLOCK_BYTES - 1);
	ret->source.ctx = ret->dest.ctx = ret;
	ret->own_fd = false;
	ret->err_verb = NULL;
}

int image_open(struct image_file *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return complain_as(open_status(errno), "cannot open %s: %s", path, strerror(errno));
	return image_open_fd(f, path, fd);
}

int image_open_fd(struct image_file *f, const char *path, int fd)
{
	uint64_t size;
	int flags;

	if (size_of(fd, path, &size, &flags) || image_attach(f, path, fd, size)) {
		close(fd);
		return -1;
	}
	f->own_fd = true;
	(void)fcntl(fd, F_SETFL, flags);
	return 0;
}

void image_close(struct image_file *f)
{
	if (f->own_fd && f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	free(f->out);
	f->out = NULL;
}

void *image_buffer(size_t bytes)
{
	void *buf = NULL;

	if (posix_memalign(&buf, IMG_BLOCK_BYTES, bytes)) {
		complain("out of memory (%zu bytes)", bytes);
		return NULL;
	}
	return buf;
}

/* ---- What is wrong ---- */

enum exit_status image_status(int err)
{
	switch (err) {
	case IMG_ERR_NO_AREA:
	case IMG_ERR_NOT_FOUND:
		return STATUS_MISSING;
	case IMG_ERR_EMPTY:
		return STATUS_EMPTY;
	case IMG_ERR_VERSION:
	case IMG_ERR_INCOMPAT: /* good, for who knows it */
		return STATUS_FAILED;
	default:
		return err <= IMG_ERR_HEADER && err >= IMG_ERR_MAP ? STATUS_DAMAGED : STATUS_FAILED;
	}
}

static bool is_hexadecimal(const char *what)
{
	return strstr(what, "hash") || strstr(what, "incompat") || strstr(what, "magic");
}

#define WRONG_BYTES 256

/* "header hash at byte 480: found 0x1, wanted 0x2"; "" when the place is not known. */
static const char *place_text(
	char ret[WRONG_BYTES], const struct image_file *f, int err, const struct img_fault *fault)
{
	ret[0] = 0;
	if (fault && fault->what && err <= IMG_ERR_HEADER && err >= IMG_ERR_MAP)
		snprintf(ret, WRONG_BYTES,
			is_hexadecimal(fault->what)
				? "%s at byte %" PRIu64 ": found 0x%" PRIx64 ", wanted 0x%" PRIx64
				: "%s at byte %" PRIu64 ": found %" PRIu64 ", wanted %" PRIu64,
			fault->what, f->base + fault->where, fault->found, fault->wanted);
	return ret;
}

/* "cannot read at byte 4096: Input/output error" */
static const char *io_text(char ret[WRONG_BYTES], const struct image_file *f)
{
	snprintf(ret, WRONG_BYTES, "cannot %s at byte %" PRIu64 ": %s", f->err_verb,
		f->base + f->err_offset, strerror(f->err));
	return ret;
}

int image_complain(const struct image_file *f, int err, const struct img_fault *fault)
{
	char text[WRONG_BYTES];

	if (err == IMAGE_IO_ERR)
		return complain("%s: %s", f->path, io_text(text, f));
	place_text(text, f, err, fault);
	return complain_as(image_status(err), "%s: %s%s%s", f->path, img_err_text(err),
		*text ? ": " : "", text);
}

const char *image_copy_trouble(char ret[IMAGE_TROUBLE_BYTES], const struct image_file *f,
	const struct img_headers *hs, const struct img_fault *fault)
{
	uint32_t other = hs->slot ^ 1;
	int err = hs->err[other];
	char text[WRONG_BYTES];

	if (!err)
		return NULL;
	if (err == IMAGE_IO_ERR)
		io_text(text, f);
	else if (!*place_text(text, f, err, fault))
		snprintf(text, sizeof(text), "its magic is gone");
	snprintf(ret, IMAGE_TROUBLE_BYTES,
		"header copy %" PRIu32 " (byte %" PRIu64 ") is damaged: %s", other,
		f->base + (uint64_t)other * IMG_HEADER_STRIDE, text);
	return ret;
}

int image_check_copies(
	const struct image_file *f, const struct img_headers *hs, const struct img_fault *fault)
{
	char text[IMAGE_TROUBLE_BYTES];

	if (!image_copy_trouble(text, f, hs, fault))
		return 0;
	if (hs->h.state == IMG_EMPTY)
		return complain_as(STATUS_DAMAGED,
			"%s: %s; it may have been the newer one, so that the other one's \"no image\" "
			"proves nothing",
			f->path, text);
	complain("warning: %s: %s; the other one counts", f->path, text);
	return 0;
}

bool image_lacks_state(const struct image_file *f, const struct img_headers *hs)
{
	static const char *const wanted[] = {SAVED_CPU, SAVED_PLATFORM, SAVED_MEMORY};
	struct img_object_rec object;
	struct img_reader r;
	void *root = hs->h.state == IMG_EMPTY ? NULL : image_buffer(IMG_ROOT_MAX);
	bool lacks = false;

	if (root && !img_open(&r, &f->source, &hs->h, root, IMG_ROOT_MAX))
		for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
			if (img_find(&r, SAVED_NODE, wanted[i], &object) == IMG_ERR_NOT_FOUND)
				lacks = true;
	free(root);
	return lacks;
}

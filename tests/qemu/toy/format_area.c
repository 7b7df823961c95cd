/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host tool of the tests: makes an empty image area in a disk image.  format_area FILE OFFSET BYTES */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "img.h"

static int fd;
static uint64_t base;

static int write_at(void *ctx, uint64_t offset, const void *data, size_t bytes)
{
	(void)ctx;
	return pwrite(fd, data, bytes, (off_t)(base + offset)) == (ssize_t)bytes ? 0 : -100;
}

static int flush(void *ctx)
{
	(void)ctx;
	return fsync(fd) == 0 ? 0 : -100;
}

int main(int argc, char **argv)
{
	static uint8_t block[IMG_BLOCK_BYTES] __attribute__((aligned(IMG_BLOCK_BYTES)));
	static const uint8_t uuid[16] = "torpor toy area";
	if (argc != 4 || (fd = open(argv[1], O_RDWR)) < 0) {
		fprintf(stderr, "usage: format_area FILE OFFSET BYTES\n");
		return 2;
	}
	base = strtoull(argv[2], NULL, 0);
	struct img_dest d = {.write = write_at, .flush = flush, .size = strtoull(argv[3], NULL, 0)};
	int err = img_format_area(&d, uuid, block);
	if (err)
		fprintf(stderr, "format_area: %s: %s\n", argv[1], img_err_text(err));
	return err != 0;
}

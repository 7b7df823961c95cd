/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export and make need files that they can read and write anywhere; a pipe has none. */
#define _GNU_SOURCE
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

#define PIECE_BYTES (1u << 20)
#define BLOCK_BYTES 4096u

bool spool_is_standard(const char *path)
{
	return !strcmp(path, "-");
}

int spool_open(void)
{
	const char *dir = getenv("TMPDIR");
	char *name;
	int fd;

	dir = dir && *dir ? dir : "/var/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR) &&
		asprintf(&name, "%s/torpor-XXXXXX", dir) > 0) {
		fd = mkostemp(name, O_CLOEXEC); /* a file system without nameless files */
		if (fd >= 0)
			unlink(name);
		free(name);
	}
	return fd >= 0 ? fd
		       : complain("cannot make a file in %s (TMPDIR names another folder): %s", dir,
				 strerror(errno));
}

int spool_write(int fd, const void *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(fd, data, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : ENOSPC;
		data = (const uint8_t *)data + n;
		bytes -= (size_t)n;
	}
	return 0;
}

/* A piece as long as it can be had: a pipe gives 64 KiB at a time. */
static ssize_t read_piece(int fd, uint8_t *buf)
{
	size_t have = 0;

	while (have < PIECE_BYTES) {
		ssize_t n = read(fd, buf + have, PIECE_BYTES - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	return !*p && !memcmp(p, p + 1, n - 1);
}

/* Blocks of zeros are passed over. */
static int write_sparse(int fd, const uint8_t *data, size_t bytes)
{
	for (size_t at = 0, n; at < bytes; at += n) {
		int err = 0;

		n = bytes - at < BLOCK_BYTES ? bytes - at : BLOCK_BYTES;
		if (is_zero(data + at, n))
			err = lseek(fd, (off_t)n, SEEK_CUR) < 0 ? errno : 0;
		else
			err = spool_write(fd, data + at, n);
		if (err)
			return complain(
				"standard input cannot be kept in a file: %s", strerror(err));
	}
	return 0;
}

static int copy_in(int fd, uint8_t *buf)
{
	ssize_t n;

	while ((n = read_piece(STDIN_FILENO, buf)) > 0)
		if (write_sparse(fd, buf, (size_t)n))
			return -1;
	if (n < 0)
		return complain("standard input cannot be read: %s", strerror(errno));
	if (ftruncate(fd, lseek(fd, 0, SEEK_CUR)))
		return complain("standard input cannot be kept in a file: %s", strerror(errno));
	return 0;
}

int spool_input(void)
{
	struct stat st;
	uint8_t *buf;
	int fd;

	if (!fstat(STDIN_FILENO, &st) && S_ISREG(st.st_mode) && !lseek(STDIN_FILENO, 0, SEEK_CUR)) {
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		return fd >= 0 ? fd : complain("standard input: %s", strerror(errno));
	}
	fd = spool_open();
	if (fd < 0)
		return -1;
	buf = malloc(PIECE_BYTES);
	if (!buf || copy_in(fd, buf)) {
		if (!buf)
			complain("out of memory");
		close(fd);
		fd = -1;
	}
	free(buf);
	return fd;
}

int spool_check_output(void)
{
	return isatty(STDOUT_FILENO) ? complain("standard output is a terminal: nothing is written "
						"there but text")
				     : 0;
}

int spool_output(int fd)
{
	uint8_t *buf = malloc(PIECE_BYTES);
	ssize_t n = 0;
	int err = buf ? 0 : ENOMEM;

	if (!err && lseek(fd, 0, SEEK_SET))
		err = errno;
	while (!err && (n = read_piece(fd, buf)) > 0)
		err = spool_write(STDOUT_FILENO, buf, (size_t)n);
	if (!err && n < 0)
		err = errno;
	free(buf);
	return err ? complain("standard output cannot be written: %s", strerror(err)) : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only way to /proc, /sys and /dev: a test points sys_root at a folder, and the whole
 * command sees another machine.
 */
#include "sysfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "number.h"

const char *sys_root = "";

static bool join(char ret_path[SYS_PATH_MAX], const char *fmt, va_list args)
{
	size_t n = strlen(sys_root);
	int rest;

	if (n >= SYS_PATH_MAX)
		return false;
	memcpy(ret_path, sys_root, n);
	rest = vsnprintf(ret_path + n, SYS_PATH_MAX - n, fmt, args);
	return rest >= 0 && (size_t)rest < SYS_PATH_MAX - n;
}

bool sys_path(char ret_path[SYS_PATH_MAX], const char *fmt, ...)
{
	va_list args;
	bool ok;

	va_start(args, fmt);
	ok = join(ret_path, fmt, args);
	va_end(args);
	return ok;
}

bool sys_exists(const char *fmt, ...)
{
	char path[SYS_PATH_MAX];
	va_list args;
	bool ok;

	va_start(args, fmt);
	ok = join(path, fmt, args);
	va_end(args);
	return ok && access(path, F_OK) == 0;
}

static int read_file(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && have < cap - 1) {
		n = read(fd, buf + have, cap - 1 - have);
		if (n > 0)
			have += (size_t)n;
	}
	if (n < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	close(fd);
	while (have > 0 && strchr(" \t\r\n", buf[have - 1]))
		have--;
	buf[have] = 0;
	return (int)have;
}

int sys_read_text(char *buf, size_t cap, const char *fmt, ...)
{
	char path[SYS_PATH_MAX];
	va_list args;
	bool ok;

	va_start(args, fmt);
	ok = join(path, fmt, args);
	va_end(args);
	buf[0] = 0;
	return ok ? read_file(path, buf, cap) : -ENAMETOOLONG;
}

int sys_read_u64(uint64_t *ret_value, const char *fmt, ...)
{
	char path[SYS_PATH_MAX], text[64];
	va_list args;
	bool ok;
	int n;

	va_start(args, fmt);
	ok = join(path, fmt, args);
	va_end(args);
	n = ok ? read_file(path, text, sizeof(text)) : -ENAMETOOLONG;
	if (n < 0)
		return n;
	return number_parse(text, 0, ret_value) ? 0 : -EINVAL;
}

int sys_read_at(const char *path, uint64_t offset, void *buf, size_t n)
{
	char full[SYS_PATH_MAX];
	ssize_t got;
	int fd;

	if (!sys_path(full, "%s", path))
		return -ENAMETOOLONG;
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = pread(fd, buf, n, (off_t)offset);
	if (got < 0)
		got = -errno;
	close(fd);
	return (int)got;
}

long sys_read_all(const char *path, void *buf, size_t cap)
{
	char full[SYS_PATH_MAX];
	size_t have = 0;
	ssize_t n = 1;
	int fd, err = 0;

	if (!sys_path(full, "%s", path))
		return -ENAMETOOLONG;
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (n > 0 && have < cap) {
		n = read(fd, (char *)buf + have, cap - have);
		have += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		err = -errno;
	close(fd);
	return err ? err : (long)have;
}

int sys_write_text(const char *path, const char *text)
{
	char full[SYS_PATH_MAX];
	size_t len = strlen(text);
	int fd, err = 0;

	if (!sys_path(full, "%s", path))
		return -ENAMETOOLONG;
	fd = open(full, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		err = -errno;
	close(fd);
	return err;
}

int sys_write_u64(const char *path, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return sys_write_text(path, text);
}

bool sys_link_name(char *buf, size_t cap, const char *fmt, ...)
{
	char path[SYS_PATH_MAX], goal[SYS_PATH_MAX];
	const char *name;
	va_list args;
	ssize_t n;
	bool ok;

	va_start(args, fmt);
	ok = join(path, fmt, args);
	va_end(args);
	n = ok ? readlink(path, goal, sizeof(goal) - 1) : -1;
	if (n < 0)
		return false;
	goal[n] = 0;
	name = strrchr(goal, '/') ? strrchr(goal, '/') + 1 : goal;
	if (strlen(name) >= cap)
		return false;
	strcpy(buf, name);
	return true;
}

bool sys_real_path(char ret_path[SYS_PATH_MAX], const char *fmt, ...)
{
	char path[SYS_PATH_MAX];
	size_t n = strlen(sys_root);
	char *real;
	va_list args;
	bool ok;

	va_start(args, fmt);
	ok = join(path, fmt, args);
	va_end(args);
	real = ok ? realpath(path, NULL) : NULL;
	if (!real)
		return false;
	ok = strncmp(real, sys_root, n) == 0 && strlen(real) - n < SYS_PATH_MAX;
	if (ok)
		strcpy(ret_path, real + n);
	free(real);
	return ok;
}

FILE *sys_open(const char *path)
{
	char full[SYS_PATH_MAX];

	if (!sys_path(full, "%s", path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(full, "re");
}

int sys_each(const char *path, int (*found)(const char *name, void *ctx), void *ctx)
{
	char full[SYS_PATH_MAX];
	struct dirent *entry;
	int answer = 0;
	DIR *dir;

	if (!sys_path(full, "%s", path))
		return -ENAMETOOLONG;
	dir = opendir(full);
	if (!dir) /* -EPERM is -1, which is the answer of a callback that has complained */
		return errno == EPERM ? -EACCES : -errno;
	while (!answer && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			answer = found(entry->d_name, ctx);
	closedir(dir);
	return answer;
}

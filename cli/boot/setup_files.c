/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Setup changes somebody's machine. Each change goes through here, so that none is made in
 * place, unrecorded, or when only asked what would be done.
 */
#define _GNU_SOURCE
#include "setup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"
#include "settle.h"

#define CONTENT_MAX (64u << 20)

void change_tell(struct changes *c, const char *fmt, ...)
{
	char text[4 * SYS_PATH_MAX];
	va_list args;

	c->n++;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say("%s%s\n", c->dry_run ? "would: " : "", text);
}

/* ---- Single files ---- */

static char *read_all(FILE *file, size_t bytes, size_t *ret_bytes)
{
	char *content = malloc(bytes + 1);

	if (!content)
		return NULL;
	*ret_bytes = fread(content, 1, bytes, file);
	if (ferror(file)) {
		free(content);
		return NULL;
	}
	content[*ret_bytes] = 0;
	return content;
}

char *file_content(const char *path, size_t *ret_bytes)
{
	FILE *file = sys_open(path);
	char *content = NULL;
	struct stat st;

	*ret_bytes = 0;
	if (!file)
		return NULL;
	if (fstat(fileno(file), &st) || !S_ISREG(st.st_mode) || st.st_size > CONTENT_MAX)
		errno = EINVAL;
	else
		content = read_all(file, (size_t)st.st_size, ret_bytes);
	fclose(file);
	return content;
}

/* To the disk, and so its folder. */
static int write_fd(int fd, const char *content, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(fd, content, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		content += n;
		bytes -= (size_t)n;
	}
	return fsync(fd);
}

static void sync_folder_of(const char *full)
{
	char folder[SYS_PATH_MAX];
	int fd;

	strcpy(folder, full);
	*strrchr(folder, '/') = 0;
	fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

void fresh_name(const char *full, char ret[FRESH_PATH_MAX])
{
	snprintf(ret, FRESH_PATH_MAX, "%s.torpor-new", full);
}

void fresh_forget(const char *path)
{
	char full[SYS_PATH_MAX], fresh[FRESH_PATH_MAX];

	if (!sys_path(full, "%s", path))
		return;
	fresh_name(full, fresh);
	(void)unlink(fresh);
}

/* For whom a file is: Linux replays the journal, GRUB and firmware do not. */
enum reader { FOR_LINUX, FOR_ALL };

static int to_disk(enum reader reader, int fd)
{
	return reader == FOR_ALL ? settle(fd) : 0;
}

static int fill_fresh(int fd, const char *full, const void *content, size_t bytes, mode_t mode,
	enum reader reader)
{
	struct stat was;

	if (!stat(full, &was) && fchown(fd, was.st_uid, was.st_gid) && errno != EPERM)
		return -1;
	if (fchmod(fd, mode) && errno != EPERM) /* FAT has no modes */
		return -1;
	return write_fd(fd, content, bytes) || to_disk(reader, fd) ? -1 : 0;
}

/* FAT keeps the size beside the name, but writes it with the file: a name alone is an empty file. */
static int settle_name(enum reader reader, int fd, const char *full)
{
	if (fsync(fd))
		return -1;
	sync_folder_of(full);
	return to_disk(reader, fd);
}

/* The new content is in its place before the name leads there, and the old one is held until no reader can still come to
 * it: what is freed first may be written first. */
static int replace_file(
	const char *full, const void *content, size_t bytes, mode_t mode, enum reader reader)
{
	char fresh[FRESH_PATH_MAX];
	int fd, old, err, why;

	fresh_name(full, fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	old = open(full, O_RDONLY | O_CLOEXEC);
	err = fill_fresh(fd, full, content, bytes, mode, reader) || rename(fresh, full);
	why = errno;
	if (err)
		(void)unlink(fresh);
	else if (settle_name(reader, fd, full)) {
		err = -1;
		why = errno;
	}
	close(fd);
	if (old >= 0)
		close(old);
	errno = why;
	return err ? -1 : 0;
}

static bool is_already(const char *path, const void *content, size_t bytes, mode_t mode)
{
	char full[SYS_PATH_MAX], *now;
	struct stat st;
	size_t n;
	bool same;

	if (!sys_path(full, "%s", path) || stat(full, &st) || (mode & 0100 & ~st.st_mode))
		return false;
	now = file_content(path, &n);
	same = now && n == bytes && !memcmp(now, content, n);
	free(now);
	return same;
}

/* 1: it is like that already. */
static int put_file(struct changes *c, const char *path, const void *content, size_t bytes,
	mode_t mode, enum reader reader)
{
	char full[SYS_PATH_MAX];

	if (is_already(path, content, bytes, mode)) {
		if (!c->dry_run)
			fresh_forget(path);
		return 1;
	}
	if (!c->dry_run &&
		(!sys_path(full, "%s", path) || replace_file(full, content, bytes, mode, reader)))
		return complain("cannot write %s: %s", path, strerror(errno));
	return 0;
}

static int write_file(
	struct changes *c, const char *path, const void *content, size_t bytes, mode_t mode)
{
	int err = is_already(path, content, bytes, mode) ? 0 : change_intend(c);

	if (!err)
		err = put_file(c, path, content, bytes, mode, FOR_ALL);
	if (err == 0)
		change_tell(c, "write %s (%zu bytes)", path, bytes);
	return err < 0 ? -1 : 0;
}

/* Held until its name is gone everywhere, as above. */
static int unlink_file(const char *full)
{
	int err, why, fd = open(full, O_RDONLY | O_CLOEXEC);

	err = unlink(full);
	why = errno;
	if (!err)
		sync_folder_of(full);
	if (!err && fd >= 0)
		(void)settle(fd); /* it is gone for Linux, and for others at last */
	if (fd >= 0)
		close(fd);
	errno = why;
	return err;
}

static int remove_file(struct changes *c, const char *path)
{
	char full[SYS_PATH_MAX];

	if (!c->dry_run)
		fresh_forget(path);
	if (!sys_exists("%s", path))
		return 0;
	if (!c->dry_run && (!sys_path(full, "%s", path) || unlink_file(full)))
		return complain("cannot remove %s: %s", path, strerror(errno));
	change_tell(c, "remove %s", path);
	return 0;
}

int file_overwrite(const char *path, const void *content, size_t bytes)
{
	char full[SYS_PATH_MAX];
	int err, fd = sys_path(full, "%s", path) ? open(full, O_WRONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return complain("cannot open %s: %s", path, strerror(errno));
	err = write_fd(fd, content, bytes) || settle(fd) ? errno : 0; /* data=journal */
	close(fd);
	return err ? complain("cannot write %s: %s", path, strerror(err)) : 0;
}

/* ---- Changes ---- */

/* The record's folder, or one above it. */
static bool is_of_record(const char *path)
{
	size_t n = strlen(path);

	return !strncmp(RECORD_FOLDER, path, n) && (RECORD_FOLDER[n] == '/' || !RECORD_FOLDER[n]);
}

static int store_record(struct changes *c)
{
	static char text[32768];
	int err;

	if (change_folder(c, RECORD_FOLDER))
		return -1;
	if (record_format(c->record, text, sizeof(text)))
		return complain(RECORD_PATH " does not hold it all: a path is more than a line, or "
					    "there is too much");
	err = put_file(c, RECORD_PATH, text, strlen(text), 0644, FOR_LINUX);
	if (err == 0 && !c->record_told)
		change_tell(c, "write %s (%zu bytes)", RECORD_PATH, strlen(text));
	c->record_told = c->record_told || err == 0;
	return err < 0 ? -1 : 0;
}

int change_intend(struct changes *c)
{
	return c->dry_run || c->record->how == SETUP_NONE ? 0 : store_record(c);
}

int change_folder(struct changes *c, const char *path)
{
	char above[SYS_PATH_MAX], full[SYS_PATH_MAX];
	char *slash;

	if (sys_exists("%s", path))
		return 0;
	snprintf(above, sizeof(above), "%s", path);
	slash = strrchr(above, '/');
	if (slash && slash != above) {
		*slash = 0;
		if (change_folder(c, above))
			return -1;
	}
	if (record_add_folder(c->record, path))
		return complain("%s: too many folders", path);
	if (!is_of_record(path) && change_intend(c))
		return -1;
	if (!c->dry_run && (!sys_path(full, "%s", path) || mkdir(full, 0755)))
		return complain("cannot make %s: %s", path, strerror(errno));
	change_tell(c, "make folder %s", path);
	return 0;
}

int change_file(struct changes *c, const char *path, const void *content, size_t bytes, mode_t mode)
{
	if (record_add_file(c->record, path, content_hash(content, bytes)))
		return complain("%s: too many files", path);
	return write_file(c, path, content, bytes, mode);
}

int change_shared_file(struct changes *c, const char *path, const char *content)
{
	char full[SYS_PATH_MAX];
	mode_t mode = 0644;
	struct stat was;

	if (!content)
		return remove_file(c, path);
	if (sys_path(full, "%s", path) && !stat(full, &was))
		mode = was.st_mode & 07777; /* there may be passwords in it */
	return write_file(c, path, content, strlen(content), mode);
}

/* GRUB and the firmware read it without the file system's help: no holes, nothing that is only promised. */
static bool is_room(const char *path, size_t bytes)
{
	char full[SYS_PATH_MAX];
	struct stat st;

	return sys_path(full, "%s", path) && !stat(full, &st) && S_ISREG(st.st_mode) &&
	       (size_t)st.st_size == bytes && (size_t)st.st_blocks * 512 >= bytes;
}

int change_room(struct changes *c, const char *path, const void *content, size_t bytes)
{
	if (!is_room(path, bytes))
		return write_file(c, path, content, bytes, 0600);
	return c->dry_run ? 0 : file_overwrite(path, content, bytes);
}

/* The record that names it goes last, on the disk too. */
static int remove_folder(const char *full)
{
	if (rmdir(full))
		return -1;
	sync_folder_of(full);
	return 0;
}

int change_undo(struct changes *c)
{
	struct setup_record *r = c->record;
	char full[SYS_PATH_MAX];
	int err = 0;

	for (uint32_t i = r->n_files; i > 0; i--)
		err = remove_file(c, r->files[i - 1].path) || err;
	for (uint32_t i = r->n_folders; i > 0; i--) {
		const char *path = r->folders[i - 1];

		if (!sys_exists("%s", path) || is_of_record(path))
			continue; /* the record is in there still */
		if (c->dry_run || (sys_path(full, "%s", path) && !remove_folder(full)))
			change_tell(c, "remove folder %s", path);
		else if (errno != ENOTEMPTY && errno != EBUSY)
			err = complain("cannot remove %s: %s", path, strerror(errno));
	}
	if (err)
		return -1;
	r->n_files = 0;
	return 0;
}

void change_forget_beginning(void)
{
	char full[SYS_PATH_MAX];

	fresh_forget(RECORD_PATH);
	if (sys_path(full, RECORD_FOLDER))
		(void)rmdir(full); /* when it is empty */
}

/* The record goes last, and with it the folders above it that were made for it. */
static int remove_record(struct changes *c)
{
	char full[SYS_PATH_MAX];

	if (remove_file(c, RECORD_PATH))
		return -1;
	for (uint32_t i = c->record->n_folders; i > 0; i--) {
		const char *path = c->record->folders[i - 1];

		if (!is_of_record(path))
			continue;
		if (c->dry_run || (sys_path(full, "%s", path) && !rmdir(full)))
			change_tell(c, "remove folder %s", path);
	}
	if (!c->dry_run)
		change_forget_beginning();
	return 0;
}

int change_save_record(struct changes *c)
{
	return c->record->how == SETUP_NONE ? remove_record(c) : store_record(c);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file for Torpor's own images: made once, written through so that all of its blocks exist, and
 * then immutable, so that neither a person nor a defragmenter moves them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_sys.h"
#include "interrupt.h"
#include "number.h"
#include "proc_text.h"
#include "progress.h"
#include "say.h"
#include "setup.h"
#include "target_area.h"
#include "target_file.h"

#define PIECE_BYTES (4u << 20)  /* of one write */
#define SPARE_BYTES (64u << 20) /* what an image needs, or the disk should keep, beyond the rest */

/* ---- How large ---- */

/* At most all memory is saved as it is; MemTotal lacks what the kernel reserves at boot. */
static uint64_t automatic_size(uint64_t mem_total)
{
	return mem_total + mem_total / 16 + SPARE_BYTES;
}

bool image_size(const char *text, uint64_t mem_total, uint64_t *ret_bytes)
{
	if (!strcmp(text, "auto")) {
		*ret_bytes = automatic_size(mem_total) & ~0xfffffull;
		return mem_total != 0;
	}
	if (!number_size(text, ret_bytes))
		return false;
	*ret_bytes &= ~(uint64_t)(IMG_BLOCK_BYTES - 1);
	return *ret_bytes >= TARGET_BYTES_MIN && *ret_bytes < 1ull << 50;
}

static int read_size(const char *text, uint64_t *ret_bytes)
{
	static char meminfo[8192];
	uint64_t total = 0;

	if (sys_read_text(meminfo, sizeof(meminfo), "/proc/meminfo") > 0)
		total = meminfo_bytes(meminfo, "MemTotal");
	if (image_size(text ? text : "auto", total, ret_bytes))
		return 0;
	return complain("--size %s: auto is wanted, or a number with K, M, G or T from 16M on",
		text ? text : "auto");
}

int image_file_words(const char *path, const char *size)
{
	uint64_t bytes;

	if (*path != '/' || strlen(path) >= SYS_PATH_MAX)
		return complain("--file %s: the whole path is wanted", path);
	return size && strcmp(size, "auto") ? read_size(size, &bytes) : 0;
}

/* Seen again in the file itself, but by then it would have been written through. */
static int check_kind(const char *path, const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool other = fd >= 0 && file_fs(fd) == FILE_FS_OTHER;

	if (fd >= 0)
		close(fd);
	return other ? complain("%s is on a file system that is neither ext4, xfs nor btrfs", path)
		     : 0;
}

static int check_room(const char *path, uint64_t bytes)
{
	char folder[SYS_PATH_MAX], need[SAY_SIZE_BYTES], have[SAY_SIZE_BYTES];
	uint64_t free_bytes = 0;
	int err;

	/* The nearest folder that is there already. */
	snprintf(folder, sizeof(folder), "%s", path);
	do {
		*strrchr(folder, '/') = 0;
	} while (*folder && access(folder, F_OK));
	if (!*folder)
		strcpy(folder, "/");
	if (check_kind(path, folder))
		return -1;
	err = file_free_bytes(folder, &free_bytes);
	if (err)
		return complain("%s: %s", folder, strerror(-err));
	if (bytes <= free_bytes && SPARE_BYTES <= free_bytes - bytes)
		return 0;
	return complain("%s: %s are wanted, %s are free there: name a smaller --size, or another "
			"place",
		path, say_size(need, bytes), say_size(have, free_bytes));
}

/* ---- Making it ---- */

/* Blocks that are only allocated would be zeros to the file system, whatever the writer puts there. */
static int write_through(int fd, uint64_t bytes)
{
	uint8_t *zeros = image_buffer(PIECE_BYTES);
	uint64_t at = 0;
	struct progress p;
	int why;

	if (!zeros)
		return -ENOMEM;
	memset(zeros, 0, PIECE_BYTES);
	progress_begin(&p, bytes);
	while (at < bytes) {
		uint64_t left = bytes - at;
		ssize_t n = pwrite(fd, zeros, left < PIECE_BYTES ? left : PIECE_BYTES, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (uint64_t)n;
		progress_show(&p, at);
	}
	why = errno;
	progress_end(&p);
	free(zeros);
	return at < bytes ? -(why ? why : ENOSPC) : 0;
}

/* Every step that can be refused says so by its errno. */
static int fill(int fd, uint64_t bytes)
{
	unsigned int flags = 0;
	int err = 0;

	/* Before there is anything in it, or it has no effect. */
	if (file_fs(fd) == FILE_FS_BTRFS && !(err = file_get_flags(fd, &flags)))
		err = file_set_flags(fd, flags | FS_NOCOW_FL);
	if (!err)
		err = file_allocate(fd, bytes);
	if (err == -EOPNOTSUPP) /* ext3: writing allocates */
		err = 0;
	if (!err) {
		int old = fcntl(fd, F_GETFL);

		/* All of memory's size need not go through the page cache. */
		(void)fcntl(fd, F_SETFL, old | O_DIRECT);
		err = write_through(fd, bytes);
	}
	return !err && fsync(fd) ? -errno : err;
}

static void sync_folder(const char *full)
{
	char folder[SYS_PATH_MAX];
	int fd;

	snprintf(folder, sizeof(folder), "%s", full);
	*strrchr(folder, '/') = 0;
	fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

/* Under another name until it is whole. */
static int make_file(const char *path, const char *full, uint64_t bytes)
{
	static char fresh[FRESH_PATH_MAX];
	int err, fd;

	fresh_name(full, fresh);
	(void)unlink(fresh); /* of a run that was ended */
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return complain("cannot make %s: %s", path, strerror(errno));
	err = fill(fd, bytes);
	close(fd);
	if (!err && rename(fresh, full))
		err = -errno;
	if (err)
		(void)unlink(fresh);
	sync_folder(full);
	return err ? complain("cannot make %s: %s", path, strerror(-err)) : 0;
}

/* An area in it where there is none; the extent map, when it is another one by now. */
static int make_area(struct target *t, struct changes *c, const char *path, uint8_t ret_uuid[16])
{
	struct image_file f = {.fd = -1};
	struct img_headers headers;
	bool ignored;
	int err = target_open(t);

	if (err)
		return -1;
	err = image_attach(&f, path, t->fd, target_area_bytes(t));
	if (!err) {
		complain_how(COMPLAIN_SILENTLY);
		err = area_open(t, &f, AREA_KEEP, &headers);
		complain_how(COMPLAIN_ALOUD);
	}
	if (err && f.out && !(err = area_open(t, &f, AREA_PLACE, &headers)))
		change_tell(c, "write the place of %s into it", path);
	if (!err) {
		int why = target_file_lock(t->fd, FILE_LOCK, &ignored);

		t->was_locked = !why;
		if (why)
			say("%s cannot be made immutable (%s): leave it as it is\n", path,
				strerror(-why));
		memcpy(ret_uuid, headers.h.area_uuid, 16);
	}
	image_close(&f);
	target_close(t);
	return err;
}

/* What is found twice, with everything flushed in between, stays where it is. */
static int place_file(struct changes *c, const char *path, const char *full, char *ret_args)
{
	static struct target t;
	uint8_t uuid[16] = {0};

	if (target_find_file(&t, full) || target_check_free(&t))
		return -1;
	sync();
	if (target_file_check(&t))
		return -1;
	area_identify(&t);
	snprintf(c->record->device, sizeof(c->record->device), "/dev/%s", t.name);
	if (!c->dry_run && (change_intend(c) || make_area(&t, c, path, uuid)))
		return -1;
	target_file_args(&t, uuid, ret_args);
	return 0;
}

static int check_size(const char *path, const char *size, const struct stat *st)
{
	uint64_t bytes = 0;

	if (!S_ISREG(st->st_mode))
		return complain("%s is not a file", path);
	if (!size || (!read_size(size, &bytes) && bytes == (uint64_t)st->st_size))
		return 0;
	return bytes ? complain("%s is there in another size: torpor setup --remove first", path)
		     : -1;
}

int image_file_set_up(struct changes *c, const char *path, const char *size, char *ret_args)
{
	char full[SYS_PATH_MAX], folder[SYS_PATH_MAX], text[SAY_SIZE_BYTES];
	struct setup_record *r = c->record;
	struct stat st;
	uint64_t bytes;

	if (*path != '/' || strlen(path) >= sizeof(folder) || !sys_path(full, "%s", path))
		return complain("--file %s: the whole path is wanted", path);
	if (!stat(full, &st)) {
		if (check_size(path, size, &st))
			return -1;
		strcpy(r->image, path);
		return place_file(c, path, full, ret_args);
	}
	if (read_size(size, &bytes) || check_room(full, bytes))
		return -1;
	strcpy(folder, path);
	*strrchr(folder, '/') = 0;
	if (*folder && change_folder(c, folder))
		return -1;
	if (c->dry_run) {
		strcpy(ret_args, "area=file:(its place)");
	} else {
		strcpy(r->image, path);
		r->image_made = true;
		if (change_intend(c) || make_file(path, full, bytes)) {
			(void)image_file_undo(c);
			return -1;
		}
	}
	strcpy(r->image, path);
	change_tell(c, "make %s (%s, written through)", path, say_size(text, bytes));
	if (c->dry_run || !place_file(c, path, full, ret_args))
		return 0;
	(void)image_file_undo(c); /* of no use, and as large as the memory */
	return -1;
}

/* ---- Undoing it, looking at it ---- */

/* Nothing that looks like an image stays in blocks that nobody owns. */
static void forget_area(const char *full)
{
	int fd = open(full, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!write_through(fd, IMG_DATA_START))
		(void)fsync(fd);
	close(fd);
}

int image_file_undo(struct changes *c)
{
	struct setup_record *r = c->record;
	char full[SYS_PATH_MAX];
	bool was_locked = false;
	int fd;

	if (!*r->image || !sys_path(full, "%s", r->image))
		return 0;
	fd = c->dry_run ? -1 : open(full, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)target_file_lock(fd, FILE_UNLOCK, &was_locked);
		close(fd);
	}
	if (r->image_made && !c->dry_run)
		fresh_forget(r->image);
	if (r->image_made && sys_exists("%s", r->image)) {
		if (!c->dry_run) {
			forget_area(full);
			if (unlink(full))
				return complain("cannot remove %s: %s", r->image, strerror(errno));
			sync_folder(full);
		}
		change_tell(c, "remove %s", r->image);
	}
	if (c->dry_run)
		return 0;
	r->image[0] = r->device[0] = 0;
	r->image_made = false;
	return 0;
}

int image_file_look(const struct setup_record *r, struct target *t, struct img_headers *ret_headers)
{
	char full[SYS_PATH_MAX], args[TARGET_ARGS_BYTES];
	struct img_fault fault;
	struct image_file f;
	void *block;
	int err;

	if (!sys_path(full, "%s", r->image) || target_find_file(t, full))
		return -1;
	area_identify(t);
	if (image_open(&f, full))
		return -1;
	block = image_buffer(IMG_BLOCK_BYTES);
	err = block ? img_read_headers(&f.source, block, ret_headers, &fault) : IMG_ERR_WORK;
	free(block);
	if (err)
		err = image_complain(&f, err, &fault);
	else
		err = target_file_map_check(t, &f, ret_headers);
	image_close(&f);
	if (!err)
		target_file_args(t, ret_headers->h.area_uuid, args);
	if (!err && (strncmp(r->args, args, strlen(args)) || !strchr(" ", r->args[strlen(args)])))
		err = complain("the loader would look at %s, it is %s: run torpor setup again",
			r->args, args);
	return err;
}

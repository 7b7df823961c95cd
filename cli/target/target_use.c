/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who uses a target now: mounts, swap, devices on top of it. */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "proc_lines.h"
#include "say.h"
#include "target_file.h"

/* Whether using the block device of this name means using the target: itself, the disk that it is a
 * part of, or a partition of the disk that it is. */
static bool covers(const struct target *t, const char *name)
{
	return !strcmp(name, t->name) || !strcmp(name, t->disk) ||
	       (!t->is_partition && *name && !strchr(name, '/') &&
		       sys_exists("%s/%s/partition", t->disk_dir, name));
}

/* The kernel's name of a device file: links such as /dev/disk/by-uuid/... are followed. */
static bool covers_file(const struct target *t, const char *file)
{
	char real[SYS_PATH_MAX];

	if (strncmp(file, "/dev/", 5))
		return false;
	if (!sys_real_path(real, "%s", file))
		return covers(t, strrchr(file, '/') + 1);
	return covers(t, strrchr(real, '/') + 1);
}

static bool covers_number(const struct target *t, uint32_t major, uint32_t minor)
{
	char dir[SYS_PATH_MAX];

	return sys_real_path(dir, "/sys/dev/block/%u:%u", major, minor) && strrchr(dir, '/') &&
	       covers(t, strrchr(dir, '/') + 1);
}

static int check_mounts(const struct target *t)
{
	struct proc_lines l;
	struct mount_line m;
	int answer = 0;

	if (!proc_lines_open(&l, "/proc/self/mountinfo"))
		return complain("cannot read /proc/self/mountinfo");
	while (!answer && proc_lines_mount(&l, &m))
		if (covers_number(t, m.major, m.minor) || covers_file(t, m.source))
			answer = complain("%s is mounted on %s", t->path, m.mount_point);
	proc_lines_close(&l);
	return answer;
}

static int check_swap(const struct target *t)
{
	struct proc_lines l;
	struct swap_line s;
	int answer = 0;

	proc_lines_open(&l, "/proc/swaps"); /* none without CONFIG_SWAP */
	while (!answer && proc_lines_swap(&l, &s))
		if (covers_file(t, s.name))
			answer = complain("%s is in use as swap space (%s)", t->path, s.name);
	proc_lines_close(&l);
	return answer;
}

struct holder_check {
	const struct target *t;
	const char *dir; /* whose holders */
};

static int holder_found(const char *name, void *ctx)
{
	const struct holder_check *check = ctx;
	char text[128];

	if (sys_read_text(text, sizeof(text), "/sys/block/%s/dm/name", name) > 0)
		return complain("%s is in use by %s (%s)", check->t->path, name, text);
	return complain("%s is in use by %s", check->t->path, name);
}

static int check_holders_of(const struct target *t, const char *dir)
{
	struct holder_check check = {t, dir};
	char holders[SYS_PATH_MAX];

	if (strlen(dir) + sizeof("/holders") > sizeof(holders))
		return 0;
	strcpy(holders, dir);
	strcat(holders, "/holders");
	return sys_each(holders, holder_found, &check) == -1 ? -1 : 0;
}

static int partition_found(const char *name, void *ctx)
{
	const struct target *t = ctx;
	char dir[SYS_PATH_MAX];

	if (!sys_exists("%s/%s/partition", t->disk_dir, name) ||
		strlen(t->disk_dir) + 1 + strlen(name) >= sizeof(dir))
		return 0;
	strcpy(dir, t->disk_dir);
	strcat(dir, "/");
	strcat(dir, name);
	return check_holders_of(t, dir);
}

static int check_holders(const struct target *t)
{
	if (check_holders_of(t, t->disk_dir))
		return -1;
	if (t->is_partition)
		return check_holders_of(t, t->dir);
	return sys_each(t->disk_dir, partition_found, (void *)(uintptr_t)t) == -1 ? -1 : 0;
}

int target_check_free(const struct target *t)
{
	uint64_t read_only;
	char size[SAY_SIZE_BYTES];

	if (t->is_file)
		return target_file_check_free(t);
	if (check_mounts(t) || check_swap(t) || check_holders(t))
		return -1;
	if (!sys_read_u64(&read_only, "%s/ro", t->dir) && read_only)
		return complain("%s is read-only", t->path);
	if (target_area_bytes(t) < TARGET_BYTES_MIN)
		return complain("%s is too small for an image (%s)", t->path,
			say_size(size, target_area_bytes(t)));
	return 0;
}

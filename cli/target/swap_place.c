/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel and systemd choose a swap area by rules of their own; the loader must look at that
 * very one. The rules are retold here, so that setup and status can say when the choice would
 * differ.
 */
#define _GNU_SOURCE
#include "swap_place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "proc_lines.h"
#include "say.h"
#include "target_area.h"
#include "uuid.h"

#define PAGE_BYTES 4096u
#define XFS_MAGIC  0x58465342

/* ---- Which devices and files a loader can read ---- */

static const char *file_layer(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs))
		return NULL;
	switch ((uint64_t)fs.f_type & 0xffffffff) {
	case EXT4_SUPER_MAGIC:
	case XFS_MAGIC:
		return NULL;
	case BTRFS_SUPER_MAGIC:
		return "btrfs";
	default:
		return "a file system that is neither ext4 nor xfs";
	}
}

static bool device_dir(char ret[SYS_PATH_MAX], unsigned int major, unsigned int minor)
{
	return sys_real_path(ret, "/sys/dev/block/%u:%u", major, minor);
}

/* ---- Devices and files by their names ---- */

struct named {
	char real[SYS_PATH_MAX]; /* without links */
	bool is_file;
	unsigned int major, minor; /* of the device, or of the one that the file is on */
	const char *layer;         /* why it cannot be read, or NULL */
};

static int look_at_device(struct named *n)
{
	char text[64], dir[SYS_PATH_MAX];

	if (sys_read_text(text, sizeof(text), "/sys/class/block/%s/dev", n->real + 5) < 0 ||
		!device_numbers(text, &n->major, &n->minor) || !device_dir(dir, n->major, n->minor))
		return complain("%s is not a block device", n->real);
	n->layer = device_layer(dir);
	return 0;
}

static int look_at_file(struct named *n)
{
	char full[SYS_PATH_MAX], dir[SYS_PATH_MAX];
	struct stat st;

	if (!sys_path(full, "%s", n->real) || stat(full, &st) || !S_ISREG(st.st_mode))
		return complain("%s is neither a block device nor a file", n->real);
	n->is_file = true;
	n->major = major(st.st_dev);
	n->minor = minor(st.st_dev);
	n->layer = file_layer(full);
	if (!n->layer && device_dir(dir, n->major, n->minor))
		n->layer = device_layer(dir);
	return 0;
}

static int look_at(const char *path, struct named *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!sys_real_path(ret->real, "%s", path))
		return complain_as(STATUS_MISSING, "%s: no such device or file", path);
	return strncmp(ret->real, "/dev/", 5) ? look_at_file(ret) : look_at_device(ret);
}

/* The page of the device at which the file begins. */
static int first_page(const char *path, uint64_t *ret_page)
{
	union {
		struct fiemap map;
		uint8_t room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)];
	} q = {.map = {.fm_length = PAGE_BYTES,
		       .fm_extent_count = 1,
		       .fm_flags = FIEMAP_FLAG_SYNC}};
	const uint32_t bad = FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC |
			     FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_DATA_INLINE |
			     FIEMAP_EXTENT_NOT_ALIGNED;
	const struct fiemap_extent *e = q.map.fm_extents;
	char full[SYS_PATH_MAX];
	int fd, err;

	fd = sys_path(full, "%s", path) ? open(full, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return complain("cannot open %s: %s", path, strerror(errno));
	err = ioctl(fd, FS_IOC_FIEMAP, &q) ? errno : 0;
	close(fd);
	if (err)
		return complain(
			"%s: its place on the disk cannot be found: %s", path, strerror(err));
	if (q.map.fm_mapped_extents != 1 || e->fe_logical || (e->fe_flags & bad) ||
		e->fe_physical % PAGE_BYTES)
		return complain("%s has no fixed place on the disk", path);
	*ret_page = e->fe_physical / PAGE_BYTES;
	return 0;
}

/* ---- Swap areas in use ---- */

static void read_usage(struct swap_place *p)
{
	const char *path = *p->file ? p->file : p->device;
	char real[SYS_PATH_MAX];
	struct swap_line line;
	struct proc_lines l;

	proc_lines_open(&l, "/proc/swaps"); /* none without CONFIG_SWAP */
	while (proc_lines_swap(&l, &line))
		if (sys_real_path(real, "%s", line.name) && !strcmp(real, path)) {
			p->bytes = line.bytes;
			p->used_bytes = line.used_bytes;
		}
	proc_lines_close(&l);
}

/* ---- The place of one ---- */

/* Linux, include/linux/swap.h, union swap_header; an image leaves it as it is, but for the signature. */
#define SWAP_SIGNATURE "SWAPSPACE2"
#define SWAP_UUID      0x40c
#define PAGE_SIGNATURE (PAGE_BYTES - 10)

static void read_header(struct swap_place *p)
{
	static uint8_t header[PAGE_BYTES];

	memset(p->uuid, 0, sizeof(p->uuid));
	p->is_swap = p->offset_pages < UINT64_MAX / PAGE_BYTES &&
		     sys_read_at(p->device, p->offset_pages * PAGE_BYTES, header, sizeof(header)) ==
			     (int)sizeof(header) &&
		     (!memcmp(header + PAGE_SIGNATURE, SWAP_SIGNATURE, 10) ||
			     !memcmp(header + PAGE_SIGNATURE, "S1SUSPEND", 9));
	if (p->is_swap)
		memcpy(p->uuid, header + SWAP_UUID, sizeof(p->uuid));
}

static int no_reader(const struct swap_place *p, const char *path, const char *layer)
{
	char name[SYS_PATH_MAX];

	device_known_as(path, name);
	return complain("%s is on %s, which the loader cannot read (%s)", name, layer, p->from);
}

static int place_on(struct swap_place *p, unsigned int major, unsigned int minor)
{
	char dir[SYS_PATH_MAX];
	const char *layer, *name;

	name = device_dir(dir, major, minor) ? strrchr(dir, '/') : NULL;
	if (!name)
		return complain("%s: no block device %u:%u in /sys",
			*p->file ? p->file : "resume device", major, minor);
	snprintf(p->device, sizeof(p->device), "/dev/%s", name + 1);
	layer = device_layer(dir);
	if (layer)
		return no_reader(p, *p->file ? p->file : p->device, layer);
	if (target_find(&p->t, p->device, major, minor))
		return -1;
	area_identify(&p->t);
	read_header(p);
	read_usage(p);
	return 0;
}

static int place_named(struct swap_place *p, const char *path)
{
	struct named n;

	if (look_at(path, &n))
		return -1;
	if (n.layer)
		return no_reader(p, n.real, n.layer);
	if (n.is_file) {
		strcpy(p->file, n.real);
		if (first_page(p->file, &p->offset_pages))
			return -1;
	}
	return place_on(p, n.major, n.minor);
}

/* The swap file in use that begins at this page of this device. */
static void find_file(struct swap_place *p, unsigned int major, unsigned int minor)
{
	struct swap_line line;
	struct named n;
	uint64_t page;
	struct proc_lines l;

	proc_lines_open(&l, "/proc/swaps");
	while (proc_lines_swap(&l, &line))
		if (line.is_file && !look_at(line.name, &n) && n.major == major &&
			n.minor == minor && !n.layer && !first_page(n.real, &page) &&
			page == p->offset_pages)
			strcpy(p->file, n.real);
	proc_lines_close(&l);
}

/* ---- Which one ---- */

/* 1: found; 0: nothing is set. */
static int by_power(struct swap_place *p)
{
	unsigned int major, minor;
	char text[64];

	if (sys_read_text(text, sizeof(text), "/sys/power/resume") < 0 ||
		!device_numbers(text, &major, &minor))
		return 0;
	if (sys_read_u64(&p->offset_pages, "/sys/power/resume_offset"))
		p->offset_pages = 0;
	p->from = "/sys/power/resume";
	p->by_power = true;
	if (p->offset_pages)
		find_file(p, major, minor);
	return place_on(p, major, minor) ? -1 : 1;
}

static int by_cmdline(struct swap_place *p)
{
	char text[4096], value[256], path[SYS_PATH_MAX];
	unsigned int major, minor;
	struct named n;

	if (sys_read_text(text, sizeof(text), "/proc/cmdline") < 0 ||
		!cmdline_value(text, "resume", value, sizeof(value)))
		return 0;
	p->from = "resume= on the kernel command line";
	if (!device_numbers(value, &major, &minor)) {
		if (!resume_path(value, path, sizeof(path)))
			return complain(
				"resume=%s on the kernel command line names no device", value);
		if (look_at(path, &n))
			return -1;
		major = n.major;
		minor = n.minor;
	}
	if (cmdline_value(text, "resume_offset", value, sizeof(value)))
		p->offset_pages = strtoull(value, NULL, 10);
	if (p->offset_pages)
		find_file(p, major, minor);
	return place_on(p, major, minor) ? -1 : 1;
}

/* Whoever hibernates does not ask what the loader can read. */
static int by_use(struct swap_place *p, enum hibernator who)
{
	struct swap_line line;

	if (!hibernation_target(who, &line, &p->from))
		return 0;
	return place_named(p, line.name) ? -1 : 1;
}

int swap_place_next(struct swap_place *p, enum hibernator who)
{
	int found;

	memset(p, 0, sizeof(*p));
	found = by_power(p);
	if (!found)
		found = by_use(p, who);
	if (!found)
		found = by_cmdline(p);
	if (!found)
		return complain("no swap area is in use, and none is set for resume: name one by "
				"--swap");
	return found < 0 ? -1 : 0;
}

int swap_place_find(struct swap_place *p, const char *wanted)
{
	if (!wanted)
		return swap_place_next(p, hibernator_here());
	memset(p, 0, sizeof(*p));
	p->from = "named";
	return place_named(p, wanted);
}

/* ---- For the loader ---- */

void swap_place_args(const struct swap_place *p, char ret[SWAP_ARGS_BYTES])
{
	const struct target *t = &p->t;
	char guid[UUID_TEXT_BYTES], whose[TARGET_WHOSE_BYTES];
	int n;

	target_whose(t, p->uuid, whose);
	if (!guid_is_zero(t->part_guid))
		n = snprintf(
			ret, SWAP_ARGS_BYTES, "swap=partuuid:%s", guid_text(guid, t->part_guid));
	else
		n = snprintf(ret, SWAP_ARGS_BYTES, "swap=lba:%" PRIu64 "+%" PRIu64 "%s",
			t->first_sector, t->n_sectors, whose);
	if (p->offset_pages)
		snprintf(ret + n, SWAP_ARGS_BYTES - (size_t)n, " resume_offset=%" PRIu64,
			p->offset_pages);
}

/* This word, with its blank, at the end of which there is another one or nothing. */
static const char *word_end(const char *args, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(args, word, n) && (!args[n] || args[n] == ' ') ? args + n : NULL;
}

bool swap_place_is(const struct swap_place *p, const char *args)
{
	char own[SWAP_ARGS_BYTES];
	const char *end;

	swap_place_args(p, own);
	end = word_end(args, own);
	return end && (p->offset_pages || strncmp(end, " resume_offset=", 15) != 0);
}

#define BTRFS_ADVICE " (btrfs inspect-internal map-swapfile -r tells its resume_offset)"

/* "; /swapfile is in use, from page 34816 on": what may be meant. "" when no file is in use. */
static const char *file_in_use(char *text, size_t cap)
{
	struct swap_line line;
	struct named n;
	uint64_t page;
	struct proc_lines l;

	*text = 0;
	proc_lines_open(&l, "/proc/swaps");
	while (!*text && proc_lines_swap(&l, &line)) {
		if (!line.is_file)
			continue;
		complain_how(COMPLAIN_SILENTLY);
		snprintf(text, cap, "; %.200s is in use", line.name);
		if (!look_at(line.name, &n) && n.layer)
			snprintf(text, cap, "; %.200s is in use, on %s%s", n.real, n.layer,
				strcmp(n.layer, "btrfs") ? "" : BTRFS_ADVICE);
		else if (*n.real && !first_page(n.real, &page))
			snprintf(text, cap, "; %.200s is in use, whose resume_offset is %" PRIu64,
				n.real, page);
		complain_how(COMPLAIN_ALOUD);
	}
	proc_lines_close(&l);
	return text;
}

int swap_place_in_use(const struct swap_place *p)
{
	char text[400];

	if (p->offset_pages && !*p->file)
		return complain("no swap file in use begins at page %" PRIu64 " of %s (%s): "
				"resume_offset is of another file, the kernel will refuse%s",
			p->offset_pages, p->device, p->from, file_in_use(text, sizeof(text)));
	if (p->bytes)
		return 0;
	if (!p->is_swap) /* a file system, perhaps: not to be given to swapon or mkswap */
		return complain("%s holds no swap area (%s)%s", *p->file ? p->file : p->device,
			p->from, file_in_use(text, sizeof(text)));
	return complain("%s is not in use as swap now: swapon it", *p->file ? p->file : p->device);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a name that a person typed to a controller, a disk and a sector range that a program
 * without Linux finds again; and no, where something is in use.
 */
#define _GNU_SOURCE
#include "target.h"

#include <inttypes.h>
#include <string.h>

#include "img_layout.h"
#include "proc_text.h"
#include "say.h"
#include "uuid.h"

/* ---- Controllers ---- */

static int virtio_unit(const char *controller, const char *disk_dir, uint32_t *ret_unit)
{
	(void)controller;
	(void)disk_dir;
	*ret_unit = 0;
	return 0;
}

/* The namespace. */
static int nvme_unit(const char *controller, const char *disk_dir, uint32_t *ret_unit)
{
	uint64_t nsid;

	(void)controller;
	if (sys_read_u64(&nsid, "%s/nsid", disk_dir) || !nsid || nsid >= UINT32_MAX)
		return -1;
	*ret_unit = (uint32_t)nsid;
	return 0;
}

/* The port: Linux numbers ata1, ata2, ... through all controllers, and port_no from 1 in each. */
static int ahci_unit(const char *controller, const char *disk_dir, uint32_t *ret_unit)
{
	const char *ata = disk_dir + strlen(controller) + 1;
	int n = (int)strcspn(ata, "/");
	uint64_t port;

	if (strncmp(ata, "ata", 3) ||
		sys_read_u64(&port, "%s/%.*s/ata_port/%.*s/port_no", controller, n, ata, n, ata) ||
		port < 1 || port > 32)
		return -1;
	*ret_unit = (uint32_t)port - 1;
	return 0;
}

/* One row a kind. driven: drivers/ can write to it. */
struct controller {
	const char *name;          /* ours */
	const char *pci_driver;    /* Linux's, of the PCI function */
	const char *device_driver; /* Linux's, of the device behind it; NULL: any */
	bool driven;
	int (*unit)(const char *controller, const char *disk_dir, uint32_t *ret_unit);
};

static const struct controller controllers[] = {
	{"virtio-blk", "virtio-pci", "virtio_blk", true, virtio_unit},
	{"NVMe", "nvme", NULL, true, nvme_unit},
	{"AHCI", "ahci", NULL, true, ahci_unit},
};

static const struct controller *find_controller(const char *pci_driver, const char *device_driver)
{
	for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++) {
		const struct controller *c = &controllers[i];

		if (!strcmp(c->pci_driver, pci_driver) &&
			(!c->device_driver || !strcmp(c->device_driver, device_driver)))
			return c;
	}
	return NULL;
}

/* ---- Where it is ---- */

/* Mapped devices have no disk of their own: say what they are. */
static int check_is_disk(const struct target *t)
{
	char text[128];

	if (sys_read_text(text, sizeof(text), "%s/dm/name", t->disk_dir) >= 0)
		return complain(
			"%s is a device-mapper volume (%s): Torpor writes to a plain disk or "
			"partition only",
			t->path, text);
	if (sys_exists("%s/md", t->disk_dir))
		return complain(
			"%s is a software RAID: Torpor writes to a plain disk or partition only",
			t->path);
	if (sys_exists("%s/loop", t->disk_dir))
		return complain(
			"%s is a loop device: Torpor writes to a plain disk or partition only",
			t->path);
	return 0;
}

/* With NVMe multipath the disk hangs below its subsystem, which has links to its controllers. The
 * answer is the only one; with two or more the writer could not tell which way to go. */
struct nvme_paths {
	const char *subsystem;
	char controller[SYS_PATH_MAX];
	uint32_t n;
};

static int nvme_path_found(const char *name, void *ctx)
{
	struct nvme_paths *paths = ctx;

	if (!strncmp(name, "nvme", 4) && name[4] && !name[4 + strspn(name + 4, "0123456789")] &&
		sys_real_path(paths->controller, "%s/%s", paths->subsystem, name))
		paths->n++;
	return 0;
}

static bool nvme_subsystem(const struct target *t, char ret_path[SYS_PATH_MAX])
{
	char subsystem[SYS_PATH_MAX];
	struct nvme_paths paths = {.subsystem = subsystem};

	if (strncmp(t->disk_dir, "/sys/devices/virtual/nvme-subsystem/", 36))
		return false;
	strcpy(subsystem, t->disk_dir);
	*strrchr(subsystem, '/') = 0;
	(void)sys_each(subsystem, nvme_path_found, &paths);
	if (paths.n == 1)
		strcpy(ret_path, paths.controller);
	return paths.n == 1;
}

/* The PCI function that the disk is behind. */
static int find_function(struct target *t, char ret_controller[SYS_PATH_MAX])
{
	size_t n;

	if (!nvme_subsystem(t, ret_controller))
		strcpy(ret_controller, t->disk_dir);
	if (!pci_address_of(ret_controller, &t->pci_address, &n))
		return complain(
			"%s is not on a PCI controller of its own (%s)", t->path, t->disk_dir);
	ret_controller[n] = 0;
	return 0;
}

static int find_controller_of(struct target *t)
{
	char controller[SYS_PATH_MAX], pci_driver[64], device_driver[64] = "";
	const struct controller *c;

	if (find_function(t, controller))
		return -1;
	if (!sys_link_name(pci_driver, sizeof(pci_driver), "%s/driver", controller))
		strcpy(pci_driver, "no driver");
	(void)sys_link_name(device_driver, sizeof(device_driver), "%s/device/driver", t->disk_dir);
	c = find_controller(pci_driver, device_driver);
	if (c) {
		t->driver = c->name;
		if (c->unit(controller, t->disk_dir, &t->unit))
			return complain("%s: %s does not say which %s disk it is", t->path,
				t->disk_dir, c->name);
	}
	if (!c || !c->driven)
		return complain("%s is on a controller that Torpor has no driver for (%s)", t->path,
			*device_driver ? device_driver : pci_driver);
	return 0;
}

/* Sizes in /sys are in 512-byte units, whatever the sector is. */
static int read_size(struct target *t)
{
	uint64_t sector, start = 0, size, disk;

	if (sys_read_u64(&sector, "%s/queue/logical_block_size", t->disk_dir) ||
		sys_read_u64(&size, "%s/size", t->dir) ||
		sys_read_u64(&disk, "%s/size", t->disk_dir) ||
		(t->is_partition && sys_read_u64(&start, "%s/start", t->dir)))
		return complain("%s: %s does not say how large it is", t->path, t->dir);
	if (sector != 512 && sector != 4096)
		return complain("%s has sectors of %llu bytes: only 512 and 4096 are supported",
			t->path, (unsigned long long)sector);
	sector /= 512;
	if (start % sector || start > disk || size > disk - start)
		return complain("%s does not lie on its disk in whole sectors", t->path);
	t->sector_bytes = (uint32_t)sector * 512;
	t->first_sector = start / sector;
	t->n_sectors = size / sector;
	t->disk_sectors = disk / sector;
	return 0;
}

static bool copy_name(char ret_name[TARGET_NAME_MAX], const char *dir)
{
	const char *name = strrchr(dir, '/');

	if (!name || strlen(name + 1) >= TARGET_NAME_MAX)
		return false;
	strcpy(ret_name, name + 1);
	return true;
}

int target_find(struct target *t, const char *path, unsigned int major, unsigned int minor)
{
	uint64_t partition = 0;

	memset(t, 0, sizeof(*t));
	t->path = path;
	t->fd = -1;
	if (!sys_real_path(t->dir, "/sys/dev/block/%u:%u", major, minor) ||
		strncmp(t->dir, "/sys/", 5) || !copy_name(t->name, t->dir))
		return complain("%s: no block device %u:%u in /sys", path, major, minor);
	strcpy(t->disk_dir, t->dir);
	t->is_partition = !sys_read_u64(&partition, "%s/partition", t->dir);
	t->partition = (uint32_t)partition;
	if (t->is_partition)
		*strrchr(t->disk_dir, '/') = 0;
	if (!copy_name(t->disk, t->disk_dir))
		return complain("%s: no disk in %s", path, t->disk_dir);
	if (check_is_disk(t) || find_controller_of(t) || read_size(t))
		return -1;
	return 0;
}

uint64_t target_area_bytes(const struct target *t)
{
	uint64_t bytes = t->is_file ? t->map.file_bytes : t->n_sectors * t->sector_bytes;

	return bytes & ~(uint64_t)(IMG_BLOCK_BYTES - 1);
}

void target_whose(const struct target *t, const uint8_t uuid[16], char ret[TARGET_WHOSE_BYTES])
{
	char text[UUID_TEXT_BYTES];
	int n = 0;

	*ret = 0;
	if (!guid_is_zero(t->disk_guid))
		n = snprintf(ret, TARGET_WHOSE_BYTES, " disk=%s", guid_text(text, t->disk_guid));
	else if (t->mbr)
		n = snprintf(ret, TARGET_WHOSE_BYTES, " disk=mbr:%08" PRIx32, t->mbr);
	if (!guid_is_zero(uuid))
		snprintf(
			ret + n, TARGET_WHOSE_BYTES - (size_t)n, " uuid=%s", uuid_text(text, uuid));
}

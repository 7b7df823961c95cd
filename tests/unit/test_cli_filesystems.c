/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filesystems.c on a copy of /proc and /sys: what is mounted, where, and which bytes tell of changes. */
#include "test.h"

#include "cli_tree.h"

#include <stdio.h>
#include <string.h>

#include "filesystems.h"
#include "say.h"

FIXTURE(tree_setup, tree_teardown)

#define PCI "/sys/devices/pci0000:00/"
#define VDA PCI "0000:00:03.0/virtio0/block/vda"
#define DM  "/sys/devices/virtual/block/dm-0"

static struct filesystems all;

static void partition(const char *dir, const char *number, const char *n, const char *start)
{
	char path[256];

	tree_block_device(dir, number, "40960\n");
	snprintf(path, sizeof(path), "%s/partition", dir);
	tree_file(path, n);
	snprintf(path, sizeof(path), "%s/start", dir);
	tree_file(path, start);
}

static void machine(void)
{
	tree_block_device(VDA, "254:0", "2097152\n");
	tree_file(VDA "/queue/logical_block_size", "512\n");
	tree_link(PCI "0000:00:03.0/driver", "../../../bus/pci/drivers/virtio-pci");
	tree_link(PCI "0000:00:03.0/virtio0/driver", "../../../../bus/virtio/drivers/virtio_blk");
	tree_link(VDA "/device", "../../../virtio0");
	partition(VDA "/vda1", "254:1", "1\n", "2048\n");
	partition(VDA "/vda2", "254:2", "2\n", "43008\n");
	partition(VDA "/vda3", "254:3", "3\n", "83968\n");
	tree_block_device(DM, "253:0", "40960\n");
	tree_file(DM "/dm/uuid", "LVM-xyz\n");
	tree_block_device("/sys/devices/virtual/block/loop0", "7:0", "2048\n");
	tree_file("/sys/devices/virtual/block/loop0/loop/backing_file", "/snap\n");
	tree_block_device("/sys/devices/virtual/block/zram0", "252:0", "2048\n");
	tree_block_device("/sys/devices/pci0000:00/0000:00:14.0/usb1/block/sdz", "8:16", "2048\n");
	tree_file("/dev/vda1", "");
	tree_file("/dev/vda2", "");
	tree_file("/proc/swaps",
		"Filename\tType\tSize\tUsed\tPriority\n/dev/vda3 partition 1 0 -2\n"
		"/dev/zram0 partition 1 0 100\n/swap\\040file file 1 0 -3\n");
	tree_file("/proc/self/mountinfo", "20 1 0:18 / /proc rw - proc proc rw\n"
					  "21 1 254:1 / / rw,noatime - ext4 /dev/vda1 ro\n"
					  "22 1 254:1 /x /mnt/b\\303\\244d rw - ext4 /dev/vda1 rw\n"
					  "23 1 0:44 / /data rw - btrfs /dev/vda2 ro,subvol=/a\n"
					  "24 1 0:45 / /data2 ro - btrfs /dev/vda2 ro,subvol=/b\n"
					  "25 1 253:0 / /home rw - xfs /dev/mapper/vg-home rw\n"
					  "26 1 7:0 / /snap/x ro - squashfs /dev/loop0 ro\n"
					  "27 1 8:16 / /media/stick rw - vfat /dev/sdz rw\n"
					  "28 1 0:50 / /nfs rw - nfs4 server:/x rw\n");
}

static const struct handoff_filesystem *named(const char *mount_point)
{
	for (uint32_t i = 0; i < all.n; i++)
		if (!strcmp(all.v[i].mount_point, mount_point))
			return &all.v[i];
	fail_msg("%s is not in the list", mount_point);
	return NULL;
}

TEST(list)
{
	const struct handoff_filesystem *f;

	machine();
	assert_int_equal(filesystems_find(&all), 0);
	assert_int_equal(all.n, 5);
	f = named("/");
	assert_string_equal(f->type, "ext4");
	assert_string_equal(f->device, "vda1");
	assert_string_equal(f->reason, "");
	assert_int_equal(f->writable, 1); /* by its other mount */
	assert_int_equal(f->pci_address, 3 << 3);
	assert_int_equal(f->sector_bytes, 512);
	assert_int_equal(f->disk_sectors, 2097152);
	assert_int_equal(f->lba, 2048);
	assert_int_equal(f->n_sectors, 40960);
	assert_int_equal(f->n_ranges, 1);
	f = named("/data"); /* its device number is nobody's: by its file in /dev */
	assert_string_equal(f->device, "vda2");
	assert_int_equal(f->writable, 0);
	assert_int_equal(f->range[0].offset, 65536);
	f = named("/home");
	assert_string_equal(f->reason, "it is on LVM");
	assert_int_equal(f->n_ranges, 0);
	assert_string_equal(named("/media/stick")->reason, "no driver for its disk");
	f = named("swap");
	assert_string_equal(f->device, "vda3");
	assert_string_equal(f->type, "swap");
	assert_ptr_equal(filesystems_writable(&all), named("/"));
}

TEST(said)
{
	char text[4096] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");

	machine();
	assert_int_equal(filesystems_find(&all), 0);
	all.n_left_out = 3;
	filesystems_print(&all, f);
	fclose(f);
	assert_non_null(strstr(text,
		"file system: / (ext4, vda1, writable): will be compared before the resume\n"));
	assert_non_null(
		strstr(text, "file system: /home (xfs, dm-0, writable): will not be compared "
			     "before the resume: it is on LVM\n"));
	assert_non_null(strstr(text, "3 more will not be compared"));
}

TEST(nothing)
{
	assert_int_equal(filesystems_find(&all), -1);
	assert_complaint("mountinfo");
	tree_file("/proc/self/mountinfo", "20 1 0:18 / /proc rw - proc proc rw\ngarbage\n");
	assert_int_equal(filesystems_find(&all), 0);
	assert_int_equal(all.n, 0);
	assert_null(filesystems_writable(&all));
}

TEST(too_many)
{
	char lines[8192] = "", line[128], dir[64];

	for (int i = 0; i < HANDOFF_FILESYSTEMS_MAX + 2; i++) {
		snprintf(line, sizeof(line), "21 1 253:%d / /mnt/%d rw - ext4 /dev/dm-%d ro\n", i,
			i, i);
		strcat(lines, line);
		snprintf(dir, sizeof(dir), "/sys/devices/virtual/block/dm-%d", i);
		snprintf(line, sizeof(line), "253:%d", i);
		tree_block_device(dir, line, "2048\n");
	}
	tree_file("/proc/self/mountinfo", lines);
	assert_int_equal(filesystems_find(&all), 0);
	assert_int_equal(all.n, HANDOFF_FILESYSTEMS_MAX);
	assert_int_equal(all.n_left_out, 2);
}

/* ---- which bytes ---- */

static uint8_t start[512];

static void bytes_are(const char *type, uint64_t n_sectors, uint64_t offset, uint64_t bytes)
{
	struct handoff_filesystem f = {.sector_bytes = 512, .n_sectors = n_sectors, .n_ranges = 3};

	strcpy(f.type, type);
	filesystem_ranges(&f, start);
	assert_int_equal(f.n_ranges, 1);
	assert_int_equal(f.range[0].offset, offset);
	assert_int_equal(f.range[0].bytes, bytes);
}

TEST(types)
{
	memset(start, 0, sizeof(start));
	bytes_are("ext2", 4096, 1024, 1024);
	bytes_are("ext4", 4096, 1024, 1024);
	bytes_are("xfs", 4096, 0, 512);
	bytes_are("btrfs", 4096, 65536, 4096);
	bytes_are("swap", 4096, 1024, 3072);
	bytes_are("f2fs", 4096, 0, 65536);
	bytes_are("f2fs", 100, 0, 51200);
	bytes_are("ext4", 3, 1024, 512);
	bytes_are("btrfs", 100, 0, 51200); /* no room for what it should be: all of it */
	bytes_are("vfat", 4096, 0, 65536); /* no boot sector */
}

TEST(vfat)
{
	memset(start, 0, sizeof(start));
	start[510] = 0x55;
	start[511] = 0xaa;
	start[12] = 2;  /* 512 bytes a sector */
	start[14] = 4;  /* reserved */
	start[22] = 32; /* a FAT16 */
	bytes_are("vfat", 4096, 0, 36 * 512);
	start[12] = 0x10; /* 4096 */
	bytes_are("vfat", 4096, 0, 65536);
	bytes_are("vfat", 64, 0, 64 * 512);
	start[12] = 2;
	start[22] = 0;
	start[36] = 10; /* FAT32 */
	bytes_are("msdos", 4096, 0, 14 * 512);
	start[39] = 0xff;
	bytes_are("vfat", 4096, 0, 65536);
	start[12] = 1;
	bytes_are("vfat", 4096, 0, 65536);
	start[12] = 2;
	memset(start + 14, 0, 26); /* neither reserved sectors nor a FAT */
	bytes_are("vfat", 4096, 0, 65536);
}

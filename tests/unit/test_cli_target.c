/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.c and target_use.c on a copy of /sys: which disk it is, and who uses it. */
#include "test.h"

#include "cli_tree.h"

#include <stdio.h>
#include <string.h>

#include "target.h"

FIXTURE(tree_setup, tree_teardown)

#define PCI "/sys/devices/pci0000:00/"
#define VDA PCI "0000:00:03.0/virtio0/block/vda"

/* What is the same of disks and partitions. */
static void device(const char *dir, const char *number, const char *sectors)
{
	char path[256];

	tree_block_device(dir, number, sectors);
	snprintf(path, sizeof(path), "%s/ro", dir);
	tree_file(path, "0\n");
	snprintf(path, sizeof(path), "%s/holders", dir);
	tree_folder(path);
}

static void disk(const char *dir, const char *number, const char *sectors, const char *sector_bytes)
{
	char path[256];

	device(dir, number, sectors);
	snprintf(path, sizeof(path), "%s/queue/logical_block_size", dir);
	tree_file(path, sector_bytes);
}

static void partition(
	const char *dir, const char *number, const char *n, const char *start, const char *sectors)
{
	char path[256];

	device(dir, number, sectors);
	snprintf(path, sizeof(path), "%s/partition", dir);
	tree_file(path, n);
	snprintf(path, sizeof(path), "%s/start", dir);
	tree_file(path, start);
}

/* A virtio disk of 1 GiB with three partitions; the second one is the target. */
static void virtio_machine(void)
{
	disk(VDA, "254:0", "2097152\n", "512\n");
	tree_link(PCI "0000:00:03.0/driver", "../../../bus/pci/drivers/virtio-pci");
	tree_link(PCI "0000:00:03.0/virtio0/driver", "../../../../bus/virtio/drivers/virtio_blk");
	tree_link(VDA "/device", "../../../virtio0");
	partition(VDA "/vda1", "254:1", "1\n", "2048\n", "2048\n");
	partition(VDA "/vda2", "254:2", "2\n", "4096\n", "1048579\n");
	partition(VDA "/vda3", "254:3", "3\n", "1052676\n", "1044476\n");
	tree_file("/proc/self/mountinfo", "20 1 0:18 / /proc rw - proc proc rw\n");
	tree_file("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
	tree_folder("/dev");
}

TEST(virtio)
{
	struct target t;

	virtio_machine();
	assert_int_equal(target_find(&t, "/dev/vda2", 254, 2), 0);
	assert_string_equal(t.name, "vda2");
	assert_string_equal(t.disk, "vda");
	assert_string_equal(t.driver, "virtio-blk");
	assert_true(t.is_partition);
	assert_int_equal(t.partition, 2);
	assert_int_equal(t.pci_address, 3 << 3);
	assert_int_equal(t.unit, 0);
	assert_int_equal(t.sector_bytes, 512);
	assert_int_equal(t.first_sector, 4096);
	assert_int_equal(t.n_sectors, 1048579);
	assert_int_equal(t.disk_sectors, 2097152);
	assert_int_equal(target_area_bytes(&t), 1048576 * 512);
	assert_int_equal(target_check_free(&t), 0);

	assert_int_equal(target_find(&t, "/dev/vda", 254, 0), 0);
	assert_false(t.is_partition);
	assert_string_equal(t.name, "vda");
	assert_int_equal(t.first_sector, 0);
	assert_int_equal(t.n_sectors, 2097152);
	assert_int_equal(target_check_free(&t), 0);

	assert_int_equal(target_find(&t, "/dev/vdz", 254, 99), -1);
	assert_complaint("/dev/vdz: no block device 254:99");
	assert_int_equal(target_find_path(&t, "/dev/null"), -1);
	assert_complaint("neither a block device nor a file");
	assert_int_equal(target_find_path(&t, "/does/not/exist"), -1);
	assert_complaint("/does/not/exist: No such file");
	assert_int_equal(target_find_path(&t, "PARTLABEL=none of this machine"), -1);
	assert_complaint("/dev/disk/by-partlabel/none\\x20of\\x20this\\x20machine: No such file");
}

TEST(sizes)
{
	struct target t;

	virtio_machine();
	tree_file(VDA "/queue/logical_block_size", "4096\n");
	assert_int_equal(target_find(&t, "/dev/vda", 254, 0), 0);
	assert_int_equal(t.sector_bytes, 4096);
	assert_int_equal(t.n_sectors, 262144);
	assert_int_equal(target_find(&t, "/dev/vda1", 254, 1), 0);
	assert_int_equal(t.first_sector, 256);
	assert_int_equal(target_find(&t, "/dev/vda3", 254, 3), -1);
	assert_complaint("whole sectors");
	tree_file(VDA "/queue/logical_block_size", "8192\n");
	assert_int_equal(target_find(&t, "/dev/vda", 254, 0), -1);
	assert_complaint("sectors of 8192 bytes");
	tree_file(VDA "/queue/logical_block_size", "512\n");
	tree_file(VDA "/vda3/size", "1044477\n");
	assert_int_equal(target_find(&t, "/dev/vda3", 254, 3), -1);
	assert_complaint("does not lie on its disk");
	tree_file(VDA "/vda3/size", "\n");
	assert_int_equal(target_find(&t, "/dev/vda3", 254, 3), -1);
	assert_complaint("how large it is");
}

TEST(mounted)
{
	struct target part, whole, other;
	static const char *const lines[] = {
		"21 1 254:2 / /mnt rw - ext4 /dev/root rw\n",
		"21 1 0:35 /sub /mnt rw - btrfs /dev/vda2 rw\n",
		"21 1 0:35 / /mnt rw - btrfs /dev/disk/by-uuid/abc rw\n",
	};

	virtio_machine();
	tree_file("/dev/vda2", "");
	tree_link("/dev/disk/by-uuid/abc", "../../vda2");
	assert_int_equal(target_find(&part, "/dev/vda2", 254, 2), 0);
	assert_int_equal(target_find(&whole, "/dev/vda", 254, 0), 0);
	assert_int_equal(target_find(&other, "/dev/vda3", 254, 3), 0);
	for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		tree_file("/proc/self/mountinfo", lines[i]);
		assert_int_equal(target_check_free(&part), -1);
		assert_complaint("/dev/vda2 is mounted on /mnt");
		assert_int_equal(target_check_free(&whole), -1);
		assert_complaint("/dev/vda is mounted on /mnt");
		assert_int_equal(target_check_free(&other), 0);
	}
	/* The whole disk is a file system. */
	tree_file("/proc/self/mountinfo", "21 1 254:0 / /mnt rw - ext4 /dev/vda rw\n");
	assert_int_equal(target_check_free(&other), -1);
	tree_remove("/proc/self/mountinfo");
	assert_int_equal(target_check_free(&other), -1);
	assert_complaint("mountinfo");
}

TEST(swap)
{
	struct target t;

	virtio_machine();
	assert_int_equal(target_find(&t, "/dev/disk/by-label/x", 254, 2), 0);
	tree_file("/proc/swaps", "Filename\tType\n/dev/vda2    partition 524284 0 -2\n");
	assert_int_equal(target_check_free(&t), -1);
	assert_complaint("swap space (/dev/vda2)");
	tree_file(
		"/proc/swaps", "Filename\tType\n/dev/vda21    partition 524284 0 -2\n/swap file\n");
	assert_int_equal(target_check_free(&t), 0);
	tree_remove("/proc/swaps");
	assert_int_equal(target_check_free(&t), 0);
}

TEST(holders)
{
	struct target part, whole;

	virtio_machine();
	assert_int_equal(target_find(&part, "/dev/vda2", 254, 2), 0);
	assert_int_equal(target_find(&whole, "/dev/vda", 254, 0), 0);
	tree_folder(VDA "/vda2/holders/dm-0");
	tree_file("/sys/block/dm-0/dm/name", "cryptroot\n");
	assert_int_equal(target_check_free(&part), -1);
	assert_complaint("/dev/vda2 is in use by dm-0 (cryptroot)");
	assert_int_equal(target_check_free(&whole), -1);
	assert_int_equal(target_find(&part, "/dev/vda3", 254, 3), 0);
	assert_int_equal(target_check_free(&part), 0);
	tree_folder(VDA "/holders/md0");
	assert_int_equal(target_check_free(&part), -1);
	assert_complaint("in use by md0");
}

TEST(unfit)
{
	struct target t;

	virtio_machine();
	assert_int_equal(target_find(&t, "/dev/vda1", 254, 1), 0);
	assert_int_equal(target_check_free(&t), -1);
	assert_complaint("too small");
	assert_int_equal(target_find(&t, "/dev/vda2", 254, 2), 0);
	tree_file(VDA "/vda2/ro", "1\n");
	assert_int_equal(target_check_free(&t), -1);
	assert_complaint("read-only");
}

TEST(other_devices)
{
	struct target t;

	disk("/sys/devices/virtual/block/dm-0", "253:0", "2097152\n", "512\n");
	tree_file("/sys/devices/virtual/block/dm-0/dm/name", "vg-root\n");
	assert_int_equal(target_find(&t, "/dev/dm-0", 253, 0), -1);
	assert_complaint("device-mapper volume (vg-root)");
	disk("/sys/devices/virtual/block/md0", "9:0", "2097152\n", "512\n");
	tree_folder("/sys/devices/virtual/block/md0/md");
	assert_int_equal(target_find(&t, "/dev/md0", 9, 0), -1);
	assert_complaint("software RAID");
	disk("/sys/devices/virtual/block/loop0", "7:0", "2097152\n", "512\n");
	tree_folder("/sys/devices/virtual/block/loop0/loop");
	assert_int_equal(target_find(&t, "/dev/loop0", 7, 0), -1);
	assert_complaint("loop device");
	disk("/sys/devices/virtual/block/zram0", "252:0", "2097152\n", "512\n");
	assert_int_equal(target_find(&t, "/dev/zram0", 252, 0), -1);
	assert_complaint("not on a PCI controller");

	/* virtio-scsi: the function's driver is virtio-pci, too. */
	static const char sda[] = PCI "0000:00:04.0/virtio1/host2/target2:0:0/2:0:0:0/block/sda";
	disk(sda, "8:0", "2097152\n", "512\n");
	tree_link(PCI "0000:00:04.0/driver", "../../../bus/pci/drivers/virtio-pci");
	tree_link(PCI "0000:00:04.0/virtio1/host2/target2:0:0/2:0:0:0/driver", "../../sd");
	tree_link(PCI "0000:00:04.0/virtio1/host2/target2:0:0/2:0:0:0/block/sda/device",
		"../../../2:0:0:0");
	assert_int_equal(target_find(&t, "/dev/sda", 8, 0), -1);
	assert_complaint("no driver for (sd)");
}

/* The unit is the namespace. */
TEST(nvme)
{
	struct target t;

	disk(PCI "0000:00:1d.0/0000:3b:00.0/nvme/nvme0/nvme0n2", "259:0", "2097152\n", "4096\n");
	tree_file(PCI "0000:00:1d.0/0000:3b:00.0/nvme/nvme0/nvme0n2/nsid", "2\n");
	tree_link(PCI "0000:00:1d.0/0000:3b:00.0/driver", "../../../../bus/pci/drivers/nvme");
	assert_int_equal(target_find(&t, "/dev/nvme0n2", 259, 0), 0);
	assert_string_equal(t.driver, "NVMe");
	assert_int_equal(t.pci_address, 0x3b << 8);
	assert_int_equal(t.unit, 2);

	/* Multipath: below the subsystem, with a link to each controller. */
	static const char sub[] = "/sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1";
	disk(sub, "259:1", "2097152\n", "512\n");
	tree_file("/sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1/nsid", "1\n");
	tree_folder(PCI "0000:00:05.0/nvme/nvme1");
	tree_link(PCI "0000:00:05.0/driver", "../../../bus/pci/drivers/nvme");
	tree_link("/sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1",
		"../../../pci0000:00/0000:00:05.0/nvme/nvme1");
	assert_int_equal(target_find(&t, "/dev/nvme1n1", 259, 1), 0);
	assert_string_equal(t.driver, "NVMe");
	assert_int_equal(t.pci_address, 5 << 3);
	assert_int_equal(t.unit, 1);
	tree_folder(PCI "0000:00:06.0/nvme/nvme2");
	tree_link("/sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme2",
		"../../../pci0000:00/0000:00:06.0/nvme/nvme2");
	assert_int_equal(target_find(&t, "/dev/nvme1n1", 259, 1), -1);
	assert_complaint("not on a PCI controller of its own");
}

TEST(ahci)
{
	struct target t;
	static const char port[] = PCI "0000:00:1f.2/ata9/ata_port/ata9/port_no";

	disk(PCI "0000:00:1f.2/ata9/host8/target8:0:0/8:0:0:0/block/sdb", "8:16", "2097152\n",
		"512\n");
	tree_link(PCI "0000:00:1f.2/driver", "../../../bus/pci/drivers/ahci");
	assert_int_equal(target_find(&t, "/dev/sdb", 8, 16), -1);
	assert_complaint("which AHCI disk");
	tree_file(port, "33\n");
	assert_int_equal(target_find(&t, "/dev/sdb", 8, 16), -1);
	assert_complaint("which AHCI disk");
	tree_file(port, "3\n");
	assert_int_equal(target_find(&t, "/dev/sdb", 8, 16), 0);
	assert_string_equal(t.driver, "AHCI");
	assert_int_equal(t.unit, 2);
	assert_int_equal(t.pci_address, 0x1f << 3 | 2);
}

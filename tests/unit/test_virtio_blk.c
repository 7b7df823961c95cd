/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/virtio_blk.c and virtio_pci.c: conformance over every variant of the device, and its own
 * lies. */
#include "test.h"

#include "driver_conformance.h"

#include <string.h>

#include "fake_virtio_blk.h"
#include "virtio_regs.h"

#define RING_FAULTS                                                                                \
	(1u << FAKE_IO_ERROR | 1u << FAKE_SILENT | 1u << FAKE_TWICE | 1u << FAKE_BAD_TAG |         \
		1u << FAKE_IDLE_TAG | 1u << FAKE_BAD_INDEX | 1u << FAKE_BAD_STATUS |               \
		1u << FAKE_NO_STATUS | 1u << FAKE_VANISH | 1u << FAKE_WANTS_RESET)
#define MODERN_FAULTS (RING_FAULTS | 1u << FAKE_SHORT)

static struct fake_pci_dev *plug_changed(struct fake_disk *disk, enum fake_virtio_kind kind,
	uint64_t without, uint64_t with, uint16_t queue_size)
{
	struct fake_virtio_config c = fake_virtio_default;
	c.kind = kind;
	c.features = (c.features & ~without) | with;
	c.queue_size = queue_size;
	return fake_virtio_blk_plug(&c, disk);
}

static struct fake_pci_dev *plug_modern(struct fake_disk *disk)
{
	return plug_changed(disk, FAKE_VIRTIO_MODERN, 0, 0, 256);
}

static struct fake_pci_dev *plug_transitional(struct fake_disk *disk)
{
	return plug_changed(disk, FAKE_VIRTIO_TRANSITIONAL, 0, 0, 128);
}

static struct fake_pci_dev *plug_legacy(struct fake_disk *disk)
{
	return plug_changed(disk, FAKE_VIRTIO_LEGACY, 0, 0, 256);
}

static struct fake_pci_dev *plug_legacy_direct(struct fake_disk *disk)
{
	return plug_changed(disk, FAKE_VIRTIO_LEGACY, VIRTIO_F_INDIRECT_DESC, 0, 128);
}

/* Without indirect descriptors, without flush, with an IOMMU that does nothing. */
static struct fake_pci_dev *plug_bare(struct fake_disk *disk)
{
	return plug_changed(disk, FAKE_VIRTIO_MODERN,
		VIRTIO_F_INDIRECT_DESC | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_BLK_SIZE,
		VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM, 1024);
}

static struct fake_pci_dev *plug_small_pieces(struct fake_disk *disk)
{
	struct fake_virtio_config c = fake_virtio_default;
	c.features |= VIRTIO_BLK_F_SIZE_MAX;
	c.size_max = 9000;
	c.seg_max = 7;
	c.notify_off = 3;
	c.notify_multiplier = 8;
	return fake_virtio_blk_plug(&c, disk);
}

static struct fake_pci_dev *plug_polling(struct fake_disk *disk)
{
	struct fake_virtio_config c = fake_virtio_default;
	c.polls_queue = true;
	c.notify_multiplier = 0;
	return fake_virtio_blk_plug(&c, disk);
}

static struct fake_pci_dev *plug_tiny_queue(struct fake_disk *disk)
{
	return plug_changed(disk, FAKE_VIRTIO_MODERN, VIRTIO_BLK_F_SEG_MAX, 0, 4);
}

static const struct driver_under_test variants[] = {
	{"modern", plug_modern, 512, 32, MODERN_FAULTS, false, true},
	{"modern, 4096", plug_modern, 4096, 32, MODERN_FAULTS, false, true},
	{"transitional", plug_transitional, 512, 32, MODERN_FAULTS, false, true},
	{"legacy", plug_legacy, 512, 32, RING_FAULTS, false, true},
	{"legacy, direct", plug_legacy_direct, 4096, 32, RING_FAULTS, false, true},
	{"bare", plug_bare, 512, 32, MODERN_FAULTS, true, true},
	{"small pieces", plug_small_pieces, 512, 32, MODERN_FAULTS, false, true},
	{"polling", plug_polling, 512, 32, MODERN_FAULTS, false, true},
	{"tiny queue", plug_tiny_queue, 512, 4, MODERN_FAULTS & ~(1u << FAKE_IDLE_TAG), false,
		true},
};

CONFORMANCE(variants)

/* ---- a device of our own making ---- */

static struct fake_virtio_config config;

static struct fake_pci_dev *plug_config(struct fake_disk *disk)
{
	return fake_virtio_blk_plug(&config, disk);
}

static const struct driver_under_test own = {"own", plug_config, 512, 1, 0, false, true};

static void setup_own(void)
{
	config = fake_virtio_default;
	conformance_setup(&own);
}

FIXTURE(setup_own, conformance_teardown)

static void plug_own(void)
{
	fake_disk_free(&world.disk);
	conformance_setup(&own);
}

static void start_is(int err)
{
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), err);
	assert_int_equal(world.disks.n_failed, err != 0);
	assert_int_equal(fake_config16(world.pci, 4) & 4, err == 0 && !world.pci->gone ? 4 : 0);
	disks_stop(&world.disks);
}

/* Plugs config, starts it, expects this. */
static void config_is(int err)
{
	plug_own();
	start_is(err);
}

TEST(queue_sizes)
{
	const struct {
		uint16_t size;
		int modern, legacy;
	} t[] = {{0, ERR_BAD_ANSWER, ERR_BAD_ANSWER}, {3, ERR_BAD_ANSWER, ERR_BAD_ANSWER},
		{100, ERR_BAD_ANSWER, ERR_BAD_ANSWER}, {65535, ERR_BAD_ANSWER, ERR_BAD_ANSWER},
		{2, ERR_UNSUPPORTED, ERR_UNSUPPORTED}, {4, 0, 0}, {1024, 0, 0},
		{32768, 0, ERR_UNSUPPORTED}};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		config = fake_virtio_default;
		config.queue_size = t[i].size;
		config_is(t[i].modern);
		config.kind = FAKE_VIRTIO_LEGACY;
		config_is(t[i].legacy);
	}
}

TEST(feature_negotiation)
{
	plug_own();
	conformance_start();
	assert_int_equal(fake_virtio_blk_accepted(),
		VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH |
			VIRTIO_F_INDIRECT_DESC | VIRTIO_F_VERSION_1);
	disks_stop(&world.disks);
	assert_int_equal(fake_virtio_blk_status(), 0);
	config.refuses_features = true;
	config_is(ERR_UNSUPPORTED);
	config = fake_virtio_default;
	config.features &= ~VIRTIO_F_VERSION_1;
	config_is(ERR_UNSUPPORTED);
	config = fake_virtio_default;
	config.features = UINT64_MAX & ~VIRTIO_BLK_F_SIZE_MAX & ~VIRTIO_BLK_F_RO;
	config_is(0);
}

TEST(geometries)
{
	config.features |= VIRTIO_BLK_F_SIZE_MAX;
	config.size_max = 511;
	config_is(ERR_UNSUPPORTED);
	config.size_max = 0;
	config_is(ERR_UNSUPPORTED);
	config.size_max = UINT32_MAX;
	config_is(0);
	config.seg_max = 0;
	config_is(ERR_UNSUPPORTED);
	config.seg_max = UINT32_MAX;
	config_is(0);
	plug_own();
	world.disk.sector_bytes = 2048;
	start_is(ERR_UNSUPPORTED);
	plug_own();
	world.disk.n_sectors = 0;
	start_is(ERR_UNSUPPORTED);
	plug_own();
	world.disk.n_sectors = UINT64_MAX;
	start_is(ERR_UNSUPPORTED);
	config.capacity_moves = true;
	config_is(ERR_BAD_ANSWER);
}

TEST(limits_are_used_and_kept)
{
	for (uint32_t seg_max = 1; seg_max < 40; seg_max += 3) {
		for (uint32_t size_max = 512; size_max < 300000; size_max = size_max * 3 + 100) {
			config = fake_virtio_default;
			config.features |= VIRTIO_BLK_F_SIZE_MAX;
			config.seg_max = seg_max;
			config.size_max = size_max;
			plug_own();
			conformance_start();
			uint32_t n = world.dev->max_sectors, bytes = n * 512,
				 n_segs = world.dev->max_segs;
			assert_true(n > 0 && n_segs > 0);
			static struct block_seg seg[64];
			struct block_req req = {
				.lba = 1, .n_sectors = n, .seg = seg, .n_segs = n_segs};
			/* The worst cut: all but the last segment end just behind a piece. */
			uint32_t each = bytes / n_segs / 4 * 4;
			for (uint32_t i = 0; i < n_segs; i++)
				seg[i] = (struct block_seg){conformance_buffer + i * each, each};
			seg[n_segs - 1].bytes = bytes - (n_segs - 1) * each;
			assert_int_equal(block_submit(world.dev, &req), 0);
			assert_int_equal(block_wait(world.dev, &req), 0);
			assert_memory_equal(conformance_buffer, world.disk.data + 512, bytes);
			disks_stop(&world.disks);
		}
	}
}

/* Half of the pieces for segments, the other half for what is cut. */
TEST(limits_with_small_pieces)
{
	config.features |= VIRTIO_BLK_F_SIZE_MAX;
	config.seg_max = 7;
	config.size_max = 9000; /* 17 sectors */
	plug_own();
	conformance_start();
	assert_int_equal(world.dev->max_segs, 4);
	assert_int_equal(world.dev->max_sectors, 4 * 17);
}

TEST(serial_numbers)
{
	const char *const t[][2] = {{"  blank  padded  ", "blank  padded"}, {"", ""},
		{"twenty characters!!!", "twenty characters!!!"},
		{"twenty characters!!!and more", "twenty characters!!!"},
		{"bell\aesc\x1b\xff", "bell?esc??"}};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		plug_own();
		world.disk.serial = t[i][0];
		conformance_start();
		assert_string_equal(world.dev->serial, t[i][1]);
		disks_stop(&world.disks);
	}
	config.no_serial = true;
	plug_own();
	conformance_start();
	assert_string_equal(world.dev->serial, "");
}

/* A device that counts the status byte only is believed; see is_short in the driver. */
TEST(lengths_of_one)
{
	config.counts_status_only = true;
	plug_own();
	conformance_start();
	assert_int_equal(block_read(world.dev, 3, 100, conformance_buffer), 0);
	assert_memory_equal(conformance_buffer, world.disk.data + 3 * 512, 100 * 512);
}

/* ---- capabilities that lie ---- */

static uint8_t cap_of(uint8_t type)
{
	uint8_t at = world.pci->config[0x34];
	while (at != 0 && (world.pci->config[at] != VIRTIO_PCI_CAP_ID ||
				  world.pci->config[at + VIRTIO_PCI_CAP_CFG_TYPE] != type))
		at = world.pci->config[at + 1];
	assert_true(at != 0);
	return at;
}

static void mangled_is(uint8_t type, uint8_t field, uint32_t value, unsigned bytes, int err)
{
	plug_own();
	fake_set_config(world.pci, cap_of(type) + field, value, bytes);
	start_is(err);
}

TEST(capabilities)
{
	for (uint8_t type = 1; type <= 4; type++) {
		if (type == 3)
			continue;
		mangled_is(type, VIRTIO_PCI_CAP_OFFSET, FAKE_VIRTIO_BAR_BYTES, 4, ERR_BAD_ANSWER);
		mangled_is(type, VIRTIO_PCI_CAP_OFFSET, 0xfffffff0, 4, ERR_BAD_ANSWER);
		mangled_is(type, VIRTIO_PCI_CAP_OFFSET, 2, 4, ERR_BAD_ANSWER);
		mangled_is(type, VIRTIO_PCI_CAP_LENGTH, 0xffffffff, 4, ERR_BAD_ANSWER);
		mangled_is(
			type, VIRTIO_PCI_CAP_LENGTH, FAKE_VIRTIO_BAR_BYTES + 1, 4, ERR_BAD_ANSWER);
		mangled_is(type, VIRTIO_PCI_CAP_LENGTH, 1, 4, ERR_BAD_ANSWER);
		mangled_is(type, VIRTIO_PCI_CAP_LENGTH, 0, 4, ERR_BAD_ANSWER);
		mangled_is(type, VIRTIO_PCI_CAP_LEN, 8, 1, ERR_BAD_ANSWER);
		mangled_is(type, VIRTIO_PCI_CAP_BAR, 3, 1, ERR_NOT_FOUND); /* no such BAR */
		mangled_is(type, VIRTIO_PCI_CAP_BAR, 6, 1, ERR_BAD_ANSWER);
		mangled_is(type, VIRTIO_PCI_CAP_CFG_TYPE, 77, 1, ERR_BAD_ANSWER);
	}
	mangled_is(VIRTIO_PCI_CAP_NOTIFY_CFG, VIRTIO_PCI_CAP_LEN, 16, 1, ERR_BAD_ANSWER);
	mangled_is(VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_PCI_CAP_LENGTH, VIRTIO_COMMON_BYTES, 4, 0);
	mangled_is(VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_PCI_CAP_LENGTH, VIRTIO_COMMON_BYTES - 1, 4,
		ERR_BAD_ANSWER);
	mangled_is(VIRTIO_PCI_CAP_DEVICE_CFG, VIRTIO_PCI_CAP_LENGTH, 24, 4, 0);
	mangled_is(VIRTIO_PCI_CAP_DEVICE_CFG, VIRTIO_PCI_CAP_LENGTH, 20, 4, ERR_BAD_ANSWER);
	mangled_is(VIRTIO_PCI_CAP_NOTIFY_CFG, VIRTIO_PCI_CAP_LENGTH, 2, 4, 0);
}

/* The first of several structures of a kind counts; what is behind the end of the space is not
 * read. */
TEST(capability_lists)
{
	plug_own();
	uint8_t again[16] = {VIRTIO_PCI_CAP_ID, 0, 16, VIRTIO_PCI_CAP_COMMON_CFG, 4, 0, 0, 0, 0x10};
	fake_pci_add_cap(world.pci, again, sizeof(again));
	start_is(0);
	plug_own();
	world.pci->config[world.pci->last_cap + 1] = world.pci->config[0x34];
	start_is(0);
	plug_own();
	world.pci->config[0x34] = 0xfc;
	world.pci->config[0xfc] = VIRTIO_PCI_CAP_ID;
	start_is(ERR_BAD_ANSWER);
	plug_own();
	world.pci->config[0x34] = 0;
	start_is(ERR_BAD_ANSWER);
	/* Transitional without capabilities: the legacy interface does. */
	config.kind = FAKE_VIRTIO_TRANSITIONAL;
	plug_own();
	world.pci->config[world.pci->config[0x34] + 3] = 0; /* MSI-X, which we could not turn off */
	world.pci->config[0x06] = 0;
	start_is(0);
}

TEST(notification_out_of_its_window)
{
	config.notify_off = 0x400;
	config_is(ERR_BAD_ANSWER);
	config.notify_off = 0x3ff;
	config_is(0);
	config.notify_off = 0xffff;
	config.notify_multiplier = 0xffffffff;
	config_is(ERR_BAD_ANSWER);
	config.notify_off = 1;
	config.notify_multiplier = 1;
	config_is(ERR_BAD_ANSWER);
}

/* ---- bars and bus ---- */

TEST(bars)
{
	plug_own();
	fake_set_config(world.pci, 0x20, 4, 4); /* firmware gave it no address */
	fake_set_config(world.pci, 0x24, 0, 4);
	start_is(ERR_FIRMWARE);
	plug_own();
	fake_mmio_works = false;
	start_is(ERR_NO_MEMORY);
	config.kind = FAKE_VIRTIO_LEGACY;
	plug_own();
	world.pci->config[0x10] &= 0xfe; /* a memory BAR */
	start_is(ERR_BAD_ANSWER);
	plug_own();
	world.pci->writable[0x10] = 0xe0; /* 32 ports only */
	start_is(ERR_BAD_ANSWER);
}

/* The legacy interface has 32 bits for the number of the ring's page. */
TEST(ring_beyond_the_legacy_limit)
{
	static _Alignas(4096) uint8_t far_memory[1 << 17];
	assert_true((uintptr_t)far_memory >> 44 != 0);
	config.kind = FAKE_VIRTIO_LEGACY;
	plug_own();
	arena_init(&world.arena);
	assert_int_equal(arena_add(&world.arena, far_memory, sizeof(far_memory)), 0);
	fake_dma_allow(far_memory, sizeof(far_memory));
	start_is(ERR_UNSUPPORTED);
}

TEST(gone_at_the_start)
{
	for (int kind = FAKE_VIRTIO_MODERN; kind <= FAKE_VIRTIO_LEGACY; kind++) {
		config.kind = (enum fake_virtio_kind)kind;
		plug_own();
		world.pci->gone = true;
		assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), ERR_NOT_FOUND);
		assert_int_equal(world.disks.n_failed, 0);
		plug_own();
		world.pci->stuck_in_d3 = true;
		fake_pci_add_pm(world.pci, 3);
		start_is(ERR_TIMEOUT);
	}
}

TEST(other_devices_are_left_alone)
{
	plug_own();
	struct fake_pci_dev *net = fake_pci_add(4 << 3, VIRTIO_PCI_VENDOR, 0x1041, 0x020000);
	struct fake_pci_dev *other = fake_pci_add(5 << 3, 0x1234, 0x1042, 0x010000);
	start_is(0);
	assert_int_equal(fake_config16(net, 4), 0);
	assert_int_equal(fake_config16(other, 4), 0);
	assert_int_equal(disks_start(&world.disks, &world.arena, 4 << 3), ERR_NOT_FOUND);
}

TEST(chains_reach_the_agreed_length)
{
	plug_own();
	conformance_start();
	assert_int_equal(conformance_most_pieces(), 30);
	assert_int_equal(fake_virtio_blk_longest_chain(), 30 + 2);
}

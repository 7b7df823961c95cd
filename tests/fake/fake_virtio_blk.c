/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device side of virtio 1.1: registers, split virtqueue, block requests. */
#include "fake_virtio_blk.h"

#include <string.h>

#include "fake_virtio_internal.h"

#define LEGACY_BAR 0xc000
#define MODERN_BAR 0x3800008000

#define OFFERED_BY_QEMU                                                                            \
	(VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH |                       \
		VIRTIO_F_INDIRECT_DESC | VIRTIO_F_VERSION_1 | 1ull << 4 /* GEOMETRY */ |           \
		1ull << 10 /* TOPOLOGY */ | 1ull << 11 /* CONFIG_WCE */ | 1ull << 12 /* MQ */ |    \
		1ull << 13 /* DISCARD */ | 1ull << 14 /* WRITE_ZEROES */ |                         \
		1ull << 24 /* NOTIFY_ON_EMPTY */ | 1ull << 29 /* EVENT_IDX */ |                    \
		1ull << 34 /* RING_PACKED */)

const struct fake_virtio_config fake_virtio_default = {
	.features = OFFERED_BY_QEMU,
	.queue_size = 256,
	.seg_max = 254,
	.notify_multiplier = 4,
	.notify_off = 0,
};

struct fake_virtio fake_virtio;

uint8_t fake_virtio_blk_status(void)
{
	return fake_virtio.status;
}

uint64_t fake_virtio_blk_accepted(void)
{
	return fake_virtio.accepted;
}

unsigned fake_virtio_blk_longest_chain(void)
{
	return fake_virtio.longest_chain;
}

/* ---- life ---- */

static void reset_device(void)
{
	if (fake_virtio.disk->never_resets)
		return;
	fake_virtio.status = 0;
	fake_virtio.feature_select = fake_virtio.driver_select = 0;
	fake_virtio.accepted = 0;
	fake_virtio.queue_select = fake_virtio.queue_enable = 0;
	fake_virtio.queue_size = fake_virtio.c.queue_size;
	fake_virtio.desc = fake_virtio.avail = fake_virtio.used = 0;
	fake_virtio.notified = fake_virtio.broken = false;
	fake_virtio.avail_idx = fake_virtio.used_idx = 0;
	for (unsigned i = 0; i < FAKE_VIRTIO_IN_FLIGHT; i++)
		fake_virtio.taken[i].used = false;
	fake_virtio.disk->n_in_flight = 0;
}

static void check_driver_ok(void)
{
	bool modern = fake_virtio.c.kind == FAKE_VIRTIO_MODERN ||
		      fake_virtio_accepted(VIRTIO_F_VERSION_1);
	if (modern && !(fake_virtio.status & VIRTIO_STATUS_FEATURES_OK))
		fake_fail("DRIVER_OK without FEATURES_OK");
	if (modern ? !fake_virtio.queue_enable : fake_virtio.desc == 0)
		fake_fail("DRIVER_OK without a queue");
	if (fake_virtio.desc % 16 != 0 || fake_virtio.avail % 2 != 0 || fake_virtio.used % 4 != 0)
		fake_fail("queue not aligned");
}

static void write_status(uint8_t value)
{
	if (value == 0) {
		reset_device();
		return;
	}
	if (fake_virtio.disk->never_resets)
		return;
	if ((value & fake_virtio.status) != fake_virtio.status)
		fake_fail("status bits cleared without reset: %x after %x", value,
			fake_virtio.status);
	if ((value & VIRTIO_STATUS_DRIVER) && !(fake_virtio.status & VIRTIO_STATUS_ACKNOWLEDGE))
		fake_fail("DRIVER before ACKNOWLEDGE");
	if ((value & VIRTIO_STATUS_FEATURES_OK) &&
		!(fake_virtio.status & VIRTIO_STATUS_FEATURES_OK)) {
		if (fake_virtio.accepted & ~fake_virtio.c.features)
			fake_fail("accepted what was not offered");
		if (fake_virtio.c.refuses_features)
			value &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
	}
	if ((value & ~fake_virtio.status) & VIRTIO_STATUS_DRIVER_OK)
		check_driver_ok();
	fake_virtio.status = value;
}

static void notify(uint64_t queue)
{
	if (!(fake_virtio.status & VIRTIO_STATUS_DRIVER_OK))
		fake_fail("notification before DRIVER_OK");
	if (queue != 0)
		fake_fail("notification of queue %llu", (unsigned long long)queue);
	fake_virtio.notified = true;
}

/* ---- configuration ---- */

static uint64_t capacity(void)
{
	return fake_virtio.disk->n_sectors * (fake_virtio.disk->sector_bytes / 512);
}

static uint64_t read_config(uint64_t offset, unsigned bytes)
{
	uint8_t config[64] = {0};
	uint64_t sectors = capacity();
	uint32_t blk_size = fake_virtio.disk->sector_bytes;
	memcpy(config, &sectors, 8);
	memcpy(config + 8, &fake_virtio.c.size_max, 4);
	memcpy(config + 12, &fake_virtio.c.seg_max, 4);
	memcpy(config + 20, &blk_size, 4);
	if (fake_virtio.c.capacity_moves)
		fake_virtio.generation++;
	uint64_t value = 0;
	if (offset + bytes <= sizeof(config))
		memcpy(&value, config + offset, bytes);
	return value;
}

static uint64_t device_feature(uint32_t select)
{
	return select < 2 ? fake_virtio.c.features >> 32 * select & UINT32_MAX : 0;
}

static uint64_t common_read(uint64_t offset)
{
	switch (offset) {
	case VIRTIO_COMMON_DEVICE_FEATURE:
		return device_feature(fake_virtio.feature_select);
	case VIRTIO_COMMON_NUM_QUEUES:
		return 1;
	case VIRTIO_COMMON_DEVICE_STATUS:
		return fake_virtio.status;
	case VIRTIO_COMMON_CONFIG_GENERATION:
		return fake_virtio.generation;
	case VIRTIO_COMMON_QUEUE_SIZE:
		return fake_virtio.queue_select == 0 ? fake_virtio.queue_size : 0;
	case VIRTIO_COMMON_QUEUE_ENABLE:
		return fake_virtio.queue_enable;
	case VIRTIO_COMMON_QUEUE_NOTIFY_OFF:
		return fake_virtio.c.notify_off;
	}
	return 0xffff;
}

static void set_half(uint64_t *address, uint64_t offset, uint64_t value)
{
	unsigned shift = offset % 8 != 0 ? 32 : 0;
	*address = (*address & ~(0xffffffffull << shift)) | value << shift;
}

static void common_write(uint64_t offset, unsigned bytes, uint64_t value)
{
	if (offset >= VIRTIO_COMMON_QUEUE_SIZE && fake_virtio.queue_enable)
		fake_fail("queue changed while it is enabled");
	switch (offset) {
	case VIRTIO_COMMON_DEVICE_FEATURE_SELECT:
		fake_virtio.feature_select = (uint32_t)value;
		return;
	case VIRTIO_COMMON_DRIVER_FEATURE_SELECT:
		fake_virtio.driver_select = (uint32_t)value;
		return;
	case VIRTIO_COMMON_DRIVER_FEATURE:
		if (fake_virtio.driver_select > 1 ||
			(fake_virtio.status & VIRTIO_STATUS_FEATURES_OK))
			fake_fail("features written at the wrong time");
		set_half(&fake_virtio.accepted, fake_virtio.driver_select * 4, value);
		return;
	case VIRTIO_COMMON_DEVICE_STATUS:
		write_status((uint8_t)value);
		return;
	case VIRTIO_COMMON_QUEUE_SELECT:
		fake_virtio.queue_select = (uint16_t)value;
		return;
	case VIRTIO_COMMON_QUEUE_SIZE:
		if (value > fake_virtio.c.queue_size || value == 0 || (value & (value - 1)) != 0)
			fake_fail("bad queue size");
		fake_virtio.queue_size = (uint16_t)value;
		return;
	case VIRTIO_COMMON_QUEUE_ENABLE:
		fake_virtio.queue_enable = (uint16_t)value;
		return;
	}
	if (bytes != 4)
		fake_fail(
			"write of %u bytes to common configuration 0x%x", bytes, (unsigned)offset);
	if (offset >= VIRTIO_COMMON_QUEUE_DEVICE)
		set_half(&fake_virtio.used, offset, value);
	else if (offset >= VIRTIO_COMMON_QUEUE_DRIVER)
		set_half(&fake_virtio.avail, offset, value);
	else if (offset >= VIRTIO_COMMON_QUEUE_DESC)
		set_half(&fake_virtio.desc, offset, value);
}

static uint64_t modern_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	if (offset < VIRTIO_COMMON_BYTES)
		return common_read(offset);
	if (offset >= FAKE_VIRTIO_CONFIG && offset < FAKE_VIRTIO_NOTIFY)
		return read_config(offset - FAKE_VIRTIO_CONFIG, bytes);
	return 0;
}

static void modern_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	if (offset < VIRTIO_COMMON_BYTES)
		common_write(offset, bytes, value);
	else if (offset == FAKE_VIRTIO_NOTIFY + (uint64_t)fake_virtio.c.notify_off *
							fake_virtio.c.notify_multiplier)
		notify(value);
	else
		fake_fail("write to BAR offset 0x%x", (unsigned)offset);
}

/* MSI-X moves the device configuration (4.1.4.8). */
static uint64_t legacy_config_offset(void)
{
	bool msix = fake_virtio.pci->config[fake_virtio.msix_cap + 3] & 0x80;
	return msix ? VIRTIO_LEGACY_CONFIG + 4 : VIRTIO_LEGACY_CONFIG;
}

static uint64_t legacy_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	switch (offset) {
	case VIRTIO_LEGACY_DEVICE_FEATURES:
		return fake_virtio.c.features & UINT32_MAX;
	case VIRTIO_LEGACY_QUEUE_SIZE:
		return fake_virtio.queue_select == 0 ? fake_virtio.c.queue_size : 0;
	case VIRTIO_LEGACY_DEVICE_STATUS:
		return fake_virtio.status;
	}
	if (offset >= legacy_config_offset())
		return read_config(offset - legacy_config_offset(), bytes);
	return 0;
}

static void legacy_set_queue(uint64_t page)
{
	size_t n = fake_virtio.c.queue_size;
	fake_virtio.desc = page * 4096;
	fake_virtio.avail = fake_virtio.desc + 16 * n;
	fake_virtio.used = (fake_virtio.avail + 4 + 2 * n + 2 + 4095) & ~4095ull;
}

static void legacy_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	(void)bytes;
	switch (offset) {
	case VIRTIO_LEGACY_DRIVER_FEATURES:
		if (value & ~fake_virtio.c.features)
			fake_fail("accepted what was not offered");
		fake_virtio.accepted = value;
		return;
	case VIRTIO_LEGACY_QUEUE_ADDRESS:
		legacy_set_queue(value);
		return;
	case VIRTIO_LEGACY_QUEUE_SELECT:
		fake_virtio.queue_select = (uint16_t)value;
		return;
	case VIRTIO_LEGACY_QUEUE_NOTIFY:
		notify(value);
		return;
	case VIRTIO_LEGACY_DEVICE_STATUS:
		write_status((uint8_t)value);
		return;
	}
	fake_fail("write to legacy register 0x%x", (unsigned)offset);
}

/* ---- plugging in ---- */

static void add_vendor_cap(uint8_t type, uint32_t offset, uint32_t length)
{
	uint8_t cap[20] = {VIRTIO_PCI_CAP_ID, 0, 16, type, 4};
	unsigned n = type == VIRTIO_PCI_CAP_NOTIFY_CFG ? 20 : 16;
	cap[2] = (uint8_t)n;
	memcpy(cap + 8, &offset, 4);
	memcpy(cap + 12, &length, 4);
	memcpy(cap + 16, &fake_virtio.c.notify_multiplier, 4);
	fake_pci_add_cap(fake_virtio.pci, cap, n);
}

static void add_modern(void)
{
	struct fake_io io = {modern_read, modern_write, NULL};
	fake_pci_set_bar(fake_virtio.pci, 4, FAKE_BAR_64, MODERN_BAR, FAKE_VIRTIO_BAR_BYTES, io);
	add_vendor_cap(5, 0, 0); /* VIRTIO_PCI_CAP_PCI_CFG, as QEMU has it first */
	add_vendor_cap(VIRTIO_PCI_CAP_NOTIFY_CFG, FAKE_VIRTIO_NOTIFY, 0x1000);
	add_vendor_cap(VIRTIO_PCI_CAP_DEVICE_CFG, FAKE_VIRTIO_CONFIG, 0x1000);
	add_vendor_cap(3, 0x1000, 0x1000);
	add_vendor_cap(VIRTIO_PCI_CAP_COMMON_CFG, FAKE_VIRTIO_COMMON, 0x1000);
}

struct fake_pci_dev *fake_virtio_blk_plug(
	const struct fake_virtio_config *config, struct fake_disk *disk)
{
	memset(&fake_virtio, 0, sizeof(fake_virtio));
	fake_virtio.c = *config;
	fake_virtio.disk = disk;
	if (disk->read_only)
		fake_virtio.c.features |= VIRTIO_BLK_F_RO;
	if (config->kind == FAKE_VIRTIO_LEGACY)
		fake_virtio.c.features &= UINT32_MAX;
	bool modern_id = config->kind == FAKE_VIRTIO_MODERN;
	fake_virtio.pci = fake_pci_add(3 << 3, VIRTIO_PCI_VENDOR,
		modern_id ? VIRTIO_BLK_MODERN : VIRTIO_BLK_TRANSITIONAL, 0x010000);
	const uint8_t msix[12] = {0x11, 0, 1, 0x80};
	fake_virtio.msix_cap = fake_pci_add_cap(fake_virtio.pci, msix, sizeof(msix));
	fake_virtio.pci->writable[fake_virtio.msix_cap + 3] = 0xc0;
	if (config->kind != FAKE_VIRTIO_LEGACY)
		add_modern();
	if (config->kind != FAKE_VIRTIO_MODERN) {
		struct fake_io io = {legacy_read, legacy_write, NULL};
		fake_pci_set_bar(fake_virtio.pci, 0, FAKE_BAR_IO, LEGACY_BAR, 128, io);
	}
	fake_virtio.queue_size = config->queue_size;
	fake_tick_add(fake_virtio_tick, NULL);
	return fake_virtio.pci;
}

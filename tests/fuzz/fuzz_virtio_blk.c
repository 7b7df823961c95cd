/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio block driver over a device that answers what the input says: patches of configuration
 * space, register values, and then, look by look, honest answers mixed with any writes to the used
 * ring and to status bytes. What must hold: no access outside registers and memory (fake machine,
 * sanitizers), every wait ends, and after disks_stop bus mastering is off.
 */
#include <string.h>

#include "fuzz_block.h"
#include "virtio_regs.h"

#define MMIO   0x3800004000
#define PORT   0xc000
#define CONFIG 0x2000
#define NOTIFY 0x3000

static struct {
	struct fake_pci_dev *pci;
	bool legacy;
	uint8_t status;
	uint32_t select;
	uint64_t desc, avail, used;
	uint16_t size, avail_idx, used_idx;
} dev;

/* Mostly the honest value. */
static uint64_t perhaps(uint64_t honest, unsigned bytes)
{
	return fuzz_take8() < 240 ? honest : fuzz_take(bytes);
}

static uint64_t config_field(uint64_t offset)
{
	static const uint32_t config[6] = {8192, 0, 65536, 30, 0, 512};
	return offset / 4 < 6 ? config[offset / 4] : 0;
}

static uint64_t modern_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	uint64_t honest = 0;
	if (offset == VIRTIO_COMMON_DEVICE_FEATURE)
		honest = dev.select == 0 ? 0x10000000u | fuzz_take8() << 2 : 1;
	else if (offset == VIRTIO_COMMON_DEVICE_STATUS)
		honest = dev.status;
	else if (offset == VIRTIO_COMMON_QUEUE_SIZE)
		honest = dev.size;
	else if (offset >= CONFIG && offset < NOTIFY)
		honest = config_field(offset - CONFIG);
	return perhaps(honest, bytes);
}

static void set_half(uint64_t *address, uint64_t offset, uint64_t value)
{
	unsigned shift = offset % 8 != 0 ? 32 : 0;
	*address = (*address & ~(0xffffffffull << shift)) | value << shift;
}

static void write_status(uint8_t value)
{
	if (value == 0)
		dev.avail_idx = dev.used_idx = 0;
	dev.status = value;
}

static void modern_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	(void)bytes;
	if (offset == VIRTIO_COMMON_DEVICE_FEATURE_SELECT)
		dev.select = (uint32_t)value;
	else if (offset == VIRTIO_COMMON_DEVICE_STATUS)
		write_status((uint8_t)value);
	else if (offset == VIRTIO_COMMON_QUEUE_SIZE)
		dev.size = (uint16_t)value;
	else if (offset >= VIRTIO_COMMON_QUEUE_DEVICE && offset < VIRTIO_COMMON_BYTES)
		set_half(&dev.used, offset, value);
	else if (offset >= VIRTIO_COMMON_QUEUE_DRIVER && offset < VIRTIO_COMMON_BYTES)
		set_half(&dev.avail, offset, value);
	else if (offset >= VIRTIO_COMMON_QUEUE_DESC && offset < VIRTIO_COMMON_BYTES)
		set_half(&dev.desc, offset, value);
}

static uint64_t legacy_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	uint64_t honest = 0;
	if (offset == VIRTIO_LEGACY_DEVICE_FEATURES)
		honest = 0x10000000u | fuzz_take8() << 2;
	else if (offset == VIRTIO_LEGACY_QUEUE_SIZE)
		honest = dev.size;
	else if (offset == VIRTIO_LEGACY_DEVICE_STATUS)
		honest = dev.status;
	else if (offset >= VIRTIO_LEGACY_CONFIG)
		honest = config_field(offset - VIRTIO_LEGACY_CONFIG);
	uint64_t value = perhaps(honest, bytes);
	if (offset == VIRTIO_LEGACY_QUEUE_SIZE)
		dev.size = (uint16_t)value;
	return value;
}

static void legacy_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	(void)bytes;
	if (offset == VIRTIO_LEGACY_DEVICE_STATUS)
		write_status((uint8_t)value);
	if (offset != VIRTIO_LEGACY_QUEUE_ADDRESS)
		return;
	dev.desc = value * 4096;
	dev.avail = dev.desc + 16ull * dev.size;
	dev.used = (dev.avail + 4 + 2ull * dev.size + 2 + 4095) & ~4095ull;
}

/* ---- the queue ---- */

/* The status byte of a chain: its last descriptor. */
static uint8_t *status_of(uint16_t head)
{
	const struct virtq_desc *table = fake_dma(dev.desc, 16ull * dev.size), *d = &table[head];
	if (d->flags & VIRTQ_DESC_F_INDIRECT) {
		table = fake_dma(d->addr, d->len);
		d = table;
	}
	while (d->flags & VIRTQ_DESC_F_NEXT)
		d = &table[d->next];
	return fake_dma(d->addr, d->len);
}

static void answer(struct virtq_used *used, uint8_t status)
{
	const struct virtq_avail *avail = fake_dma(dev.avail, 4 + 2ull * dev.size);
	if (dev.avail_idx == avail->idx)
		return;
	uint16_t head = avail->ring[dev.avail_idx++ % dev.size];
	*status_of(head) = status;
	used->ring[dev.used_idx % dev.size].id = head;
	used->ring[dev.used_idx % dev.size].len = 1;
	used->idx = ++dev.used_idx;
}

static void tick(void *ctx)
{
	(void)ctx;
	if (!(dev.status & VIRTIO_STATUS_DRIVER_OK) || fuzz_at_end() || dev.pci->gone)
		return;
	if (!(fake_config16(dev.pci, 4) & 4))
		return;
	struct virtq_used *used = fake_dma(dev.used, 4 + 8ull * dev.size);
	switch (fuzz_take8() % 16) {
	default:
		answer(used, 0);
		break;
	case 1:
		answer(used, fuzz_take8());
		break;
	case 2:
		used->idx = (uint16_t)fuzz_take(2);
		break;
	case 3:
		used->ring[fuzz_take(2) % dev.size].id = (uint32_t)fuzz_take(4);
		break;
	case 4:
		used->ring[fuzz_take(2) % dev.size].id = fuzz_take8();
		break;
	case 5:
		used->ring[fuzz_take(2) % dev.size].len = (uint32_t)fuzz_take(4);
		break;
	case 6:
		used->flags = (uint16_t)fuzz_take(2);
		break;
	case 7:
		dev.pci->gone = true;
		break;
	case 8:
		dev.status = fuzz_take8();
		break;
	}
}

/* ---- one run ---- */

static void add_cap(uint8_t type, uint32_t offset)
{
	const uint8_t cap[20] = {
		9, 0, 20, type, 4, 0, 0, 0, 0, (uint8_t)(offset >> 8), 0, 0, 0, 0x10};
	fake_pci_add_cap(dev.pci, cap, sizeof(cap));
}

static void plug(void)
{
	dev.legacy = fuzz_take8() & 1;
	dev.size = (uint16_t)(1u << fuzz_take8() % 12);
	dev.pci = fake_pci_add(
		3 << 3, VIRTIO_PCI_VENDOR, dev.legacy ? 0x1001 : VIRTIO_BLK_MODERN, 0x010000);
	struct fake_io modern = {modern_read, modern_write, NULL};
	struct fake_io legacy = {legacy_read, legacy_write, NULL};
	if (dev.legacy) {
		fake_pci_set_bar(dev.pci, 0, FAKE_BAR_IO, PORT, 128, legacy);
	} else {
		fake_pci_set_bar(dev.pci, 4, FAKE_BAR_64, MMIO, 0x4000, modern);
		add_cap(VIRTIO_PCI_CAP_COMMON_CFG, 0);
		add_cap(VIRTIO_PCI_CAP_DEVICE_CFG, CONFIG);
		add_cap(VIRTIO_PCI_CAP_NOTIFY_CFG, NOTIFY);
	}
	for (unsigned n = fuzz_take8() % 8; n > 0; n--) {
		uint8_t at = fuzz_take8();
		/* Not the BARs: a model is where its window is. */
		if (at < 0x10 || at >= 0x28)
			dev.pci->config[at] = fuzz_take8();
	}
	fake_tick_add(tick, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_block_begin(data, size, 5000);
	memset(&dev, 0, sizeof(dev));
	plug();
	fuzz_block_run(dev.pci);
	return 0;
}

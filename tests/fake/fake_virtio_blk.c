/* The device side of virtio 1.1: registers, split virtqueue, block requests. */
#include "fake_virtio_blk.h"

#include <string.h>

#include "virtio_regs.h"

#define PIECES     128
#define IN_FLIGHT  512
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

struct piece {
	uint64_t addr;
	uint32_t len;
	bool device_writes;
};

/* A request that was taken from the ring. */
struct taken {
	bool used;
	uint16_t head;
	enum fake_fault fault;
	uint64_t ready_us;
	struct virtio_blk_header header;
	struct piece piece[PIECES];
	unsigned n_pieces; /* between header and status */
	uint64_t status_addr;
};

static struct {
	struct fake_virtio_config c;
	struct fake_disk *disk;
	struct fake_pci_dev *pci;
	uint8_t msix_cap;

	uint8_t status;
	uint32_t feature_select, driver_select;
	uint64_t accepted;
	uint16_t queue_select, queue_size, queue_enable;
	uint64_t desc, avail, used;
	uint8_t generation;

	bool notified, broken;
	uint16_t avail_idx, used_idx;
	struct taken taken[IN_FLIGHT];
	unsigned longest_chain;
} dev;

uint8_t fake_virtio_blk_status(void)
{
	return dev.status;
}

uint64_t fake_virtio_blk_accepted(void)
{
	return dev.accepted;
}

unsigned fake_virtio_blk_longest_chain(void)
{
	return dev.longest_chain;
}

static bool accepted(uint64_t feature)
{
	return dev.accepted & feature;
}

/* ---- life ---- */

static void reset_device(void)
{
	if (dev.disk->never_resets)
		return;
	dev.status = 0;
	dev.feature_select = dev.driver_select = 0;
	dev.accepted = 0;
	dev.queue_select = dev.queue_enable = 0;
	dev.queue_size = dev.c.queue_size;
	dev.desc = dev.avail = dev.used = 0;
	dev.notified = dev.broken = false;
	dev.avail_idx = dev.used_idx = 0;
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		dev.taken[i].used = false;
	dev.disk->n_in_flight = 0;
}

static void check_driver_ok(void)
{
	bool modern = dev.c.kind == FAKE_VIRTIO_MODERN || accepted(VIRTIO_F_VERSION_1);
	if (modern && !(dev.status & VIRTIO_STATUS_FEATURES_OK))
		fake_fail("DRIVER_OK without FEATURES_OK");
	if (modern ? !dev.queue_enable : dev.desc == 0)
		fake_fail("DRIVER_OK without a queue");
	if (dev.desc % 16 != 0 || dev.avail % 2 != 0 || dev.used % 4 != 0)
		fake_fail("queue not aligned");
}

static void write_status(uint8_t value)
{
	if (value == 0) {
		reset_device();
		return;
	}
	if (dev.disk->never_resets)
		return;
	if ((value & dev.status) != dev.status)
		fake_fail("status bits cleared without reset: %x after %x", value, dev.status);
	if ((value & VIRTIO_STATUS_DRIVER) && !(dev.status & VIRTIO_STATUS_ACKNOWLEDGE))
		fake_fail("DRIVER before ACKNOWLEDGE");
	if ((value & VIRTIO_STATUS_FEATURES_OK) && !(dev.status & VIRTIO_STATUS_FEATURES_OK)) {
		if (dev.accepted & ~dev.c.features)
			fake_fail("accepted what was not offered");
		if (dev.c.refuses_features)
			value &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
	}
	if ((value & ~dev.status) & VIRTIO_STATUS_DRIVER_OK)
		check_driver_ok();
	dev.status = value;
}

static void notify(uint64_t queue)
{
	if (!(dev.status & VIRTIO_STATUS_DRIVER_OK))
		fake_fail("notification before DRIVER_OK");
	if (queue != 0)
		fake_fail("notification of queue %llu", (unsigned long long)queue);
	dev.notified = true;
}

/* ---- configuration ---- */

static uint64_t capacity(void)
{
	return dev.disk->n_sectors * (dev.disk->sector_bytes / 512);
}

static uint64_t read_config(uint64_t offset, unsigned bytes)
{
	uint8_t config[64] = {0};
	uint64_t sectors = capacity();
	uint32_t blk_size = dev.disk->sector_bytes;
	memcpy(config, &sectors, 8);
	memcpy(config + 8, &dev.c.size_max, 4);
	memcpy(config + 12, &dev.c.seg_max, 4);
	memcpy(config + 20, &blk_size, 4);
	if (dev.c.capacity_moves)
		dev.generation++;
	uint64_t value = 0;
	if (offset + bytes <= sizeof(config))
		memcpy(&value, config + offset, bytes);
	return value;
}

static uint64_t device_feature(uint32_t select)
{
	return select < 2 ? dev.c.features >> 32 * select & UINT32_MAX : 0;
}

static uint64_t common_read(uint64_t offset)
{
	switch (offset) {
	case VIRTIO_COMMON_DEVICE_FEATURE:
		return device_feature(dev.feature_select);
	case VIRTIO_COMMON_NUM_QUEUES:
		return 1;
	case VIRTIO_COMMON_DEVICE_STATUS:
		return dev.status;
	case VIRTIO_COMMON_CONFIG_GENERATION:
		return dev.generation;
	case VIRTIO_COMMON_QUEUE_SIZE:
		return dev.queue_select == 0 ? dev.queue_size : 0;
	case VIRTIO_COMMON_QUEUE_ENABLE:
		return dev.queue_enable;
	case VIRTIO_COMMON_QUEUE_NOTIFY_OFF:
		return dev.c.notify_off;
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
	if (offset >= VIRTIO_COMMON_QUEUE_SIZE && dev.queue_enable)
		fake_fail("queue changed while it is enabled");
	switch (offset) {
	case VIRTIO_COMMON_DEVICE_FEATURE_SELECT:
		dev.feature_select = (uint32_t)value;
		return;
	case VIRTIO_COMMON_DRIVER_FEATURE_SELECT:
		dev.driver_select = (uint32_t)value;
		return;
	case VIRTIO_COMMON_DRIVER_FEATURE:
		if (dev.driver_select > 1 || (dev.status & VIRTIO_STATUS_FEATURES_OK))
			fake_fail("features written at the wrong time");
		set_half(&dev.accepted, dev.driver_select * 4, value);
		return;
	case VIRTIO_COMMON_DEVICE_STATUS:
		write_status((uint8_t)value);
		return;
	case VIRTIO_COMMON_QUEUE_SELECT:
		dev.queue_select = (uint16_t)value;
		return;
	case VIRTIO_COMMON_QUEUE_SIZE:
		if (value > dev.c.queue_size || value == 0 || (value & (value - 1)) != 0)
			fake_fail("bad queue size");
		dev.queue_size = (uint16_t)value;
		return;
	case VIRTIO_COMMON_QUEUE_ENABLE:
		dev.queue_enable = (uint16_t)value;
		return;
	}
	if (bytes != 4)
		fake_fail(
			"write of %u bytes to common configuration 0x%x", bytes, (unsigned)offset);
	if (offset >= VIRTIO_COMMON_QUEUE_DEVICE)
		set_half(&dev.used, offset, value);
	else if (offset >= VIRTIO_COMMON_QUEUE_DRIVER)
		set_half(&dev.avail, offset, value);
	else if (offset >= VIRTIO_COMMON_QUEUE_DESC)
		set_half(&dev.desc, offset, value);
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
	else if (offset ==
		 FAKE_VIRTIO_NOTIFY + (uint64_t)dev.c.notify_off * dev.c.notify_multiplier)
		notify(value);
	else
		fake_fail("write to BAR offset 0x%x", (unsigned)offset);
}

/* MSI-X moves the device configuration (4.1.4.8). */
static uint64_t legacy_config_offset(void)
{
	bool msix = dev.pci->config[dev.msix_cap + 3] & 0x80;
	return msix ? VIRTIO_LEGACY_CONFIG + 4 : VIRTIO_LEGACY_CONFIG;
}

static uint64_t legacy_read(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	switch (offset) {
	case VIRTIO_LEGACY_DEVICE_FEATURES:
		return dev.c.features & UINT32_MAX;
	case VIRTIO_LEGACY_QUEUE_SIZE:
		return dev.queue_select == 0 ? dev.c.queue_size : 0;
	case VIRTIO_LEGACY_DEVICE_STATUS:
		return dev.status;
	}
	if (offset >= legacy_config_offset())
		return read_config(offset - legacy_config_offset(), bytes);
	return 0;
}

static void legacy_set_queue(uint64_t page)
{
	size_t n = dev.c.queue_size;
	dev.desc = page * 4096;
	dev.avail = dev.desc + 16 * n;
	dev.used = (dev.avail + 4 + 2 * n + 2 + 4095) & ~4095ull;
}

static void legacy_write(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	(void)bytes;
	switch (offset) {
	case VIRTIO_LEGACY_DRIVER_FEATURES:
		if (value & ~dev.c.features)
			fake_fail("accepted what was not offered");
		dev.accepted = value;
		return;
	case VIRTIO_LEGACY_QUEUE_ADDRESS:
		legacy_set_queue(value);
		return;
	case VIRTIO_LEGACY_QUEUE_SELECT:
		dev.queue_select = (uint16_t)value;
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

/* ---- taking requests from the queue ---- */

static void *reach(uint64_t addr, uint64_t bytes)
{
	return fake_pci_dma(dev.pci, addr, bytes);
}

static void add_piece(struct taken *t, const struct virtq_desc *d)
{
	if (t->n_pieces == PIECES)
		fake_fail("chain without end");
	bool writes = d->flags & VIRTQ_DESC_F_WRITE;
	if (t->n_pieces > 0 && t->piece[t->n_pieces - 1].device_writes && !writes)
		fake_fail("device-readable descriptor behind a device-writable one");
	t->piece[t->n_pieces++] = (struct piece){d->addr, d->len, writes};
}

static void follow(struct taken *t, const struct virtq_desc *table, unsigned n, uint16_t at)
{
	for (;;) {
		if (at >= n || t->n_pieces > dev.queue_size)
			fake_fail("chain leaves its table, or is longer than the queue");
		const struct virtq_desc *d = &table[at];
		if (d->flags & VIRTQ_DESC_F_INDIRECT)
			fake_fail("indirect descriptor inside a chain");
		add_piece(t, d);
		if (!(d->flags & VIRTQ_DESC_F_NEXT))
			return;
		at = d->next;
	}
}

static void collect_chain(struct taken *t)
{
	const struct virtq_desc *ring = reach(dev.desc, 16ull * dev.queue_size);
	if (t->head >= dev.queue_size)
		fake_fail("head %u is outside the queue", t->head);
	const struct virtq_desc *d = &ring[t->head];
	if (!(d->flags & VIRTQ_DESC_F_INDIRECT)) {
		follow(t, ring, dev.queue_size, t->head);
		return;
	}
	if (!accepted(VIRTIO_F_INDIRECT_DESC) || d->flags != VIRTQ_DESC_F_INDIRECT)
		fake_fail("indirect descriptor that was not agreed, or with other flags");
	if (d->len == 0 || d->len % 16 != 0)
		fake_fail("indirect table of %u bytes", d->len);
	follow(t, reach(d->addr, d->len), d->len / 16, 0);
}

static uint64_t data_bytes(const struct taken *t)
{
	uint64_t bytes = 0;
	for (unsigned i = 0; i < t->n_pieces; i++)
		bytes += t->piece[i].len;
	return bytes;
}

/* Header and status are cut off the chain; what is between them is checked. */
static void parse_request(struct taken *t)
{
	if (t->n_pieces > dev.longest_chain)
		dev.longest_chain = t->n_pieces;
	if (t->n_pieces < 2 || t->piece[0].device_writes || t->piece[0].len != sizeof(t->header))
		fake_fail("request without a header");
	const struct piece status = t->piece[t->n_pieces - 1];
	if (!status.device_writes || status.len != 1)
		fake_fail("request without a status byte");
	memcpy(&t->header, reach(t->piece[0].addr, sizeof(t->header)), sizeof(t->header));
	t->status_addr = status.addr;
	t->n_pieces -= 2;
	memmove(t->piece, t->piece + 1, t->n_pieces * sizeof(t->piece[0]));

	bool wants_write =
		t->header.type == VIRTIO_BLK_T_IN || t->header.type == VIRTIO_BLK_T_GET_ID;
	if (accepted(VIRTIO_BLK_F_SEG_MAX) ? t->n_pieces > dev.c.seg_max : t->n_pieces > 1)
		fake_fail("%u segments", t->n_pieces);
	for (unsigned i = 0; i < t->n_pieces; i++) {
		if (t->piece[i].device_writes != wants_write)
			fake_fail("segment for the wrong direction");
		if (accepted(VIRTIO_BLK_F_SIZE_MAX) && t->piece[i].len > dev.c.size_max)
			fake_fail("segment of %u bytes", t->piece[i].len);
		if (t->piece[i].len == 0)
			fake_fail("empty segment");
	}
	if (t->header.type == VIRTIO_BLK_T_OUT && dev.disk->read_only)
		fake_fail("write to a read-only disk");
	if (t->header.type == VIRTIO_BLK_T_FLUSH && !accepted(VIRTIO_BLK_F_FLUSH))
		fake_fail("flush that was not agreed");
}

static struct taken *new_taken(void)
{
	for (unsigned i = 0; i < IN_FLIGHT; i++) {
		if (!dev.taken[i].used)
			return &dev.taken[i];
	}
	fake_fail("more requests than the queue can hold");
}

static void decide_fault(struct taken *t)
{
	struct fake_disk *disk = dev.disk;
	if (t->header.type == VIRTIO_BLK_T_IN || t->header.type == VIRTIO_BLK_T_OUT) {
		t->fault = fake_disk_command(disk);
		t->ready_us = fake_disk_ready_us(disk);
	} else if (t->header.type == VIRTIO_BLK_T_FLUSH) {
		disk->n_flushes++;
		t->fault = disk->flush_fault;
	}
	if (t->fault == FAKE_VANISH)
		dev.pci->gone = true;
	if (t->fault == FAKE_WANTS_RESET) {
		dev.status |= VIRTIO_STATUS_NEEDS_RESET;
		dev.broken = true;
	}
}

static void take_requests(void)
{
	const struct virtq_avail *avail = reach(dev.avail, 4 + 2ull * dev.queue_size);
	if (avail == NULL)
		return;
	if (!(avail->flags & VIRTQ_AVAIL_F_NO_INTERRUPT))
		fake_fail("the driver wants interrupts");
	while (dev.avail_idx != avail->idx && !dev.broken && !dev.pci->gone) {
		struct taken *t = new_taken();
		memset(t, 0, offsetof(struct taken, piece));
		t->n_pieces = 0;
		t->used = true;
		t->head = avail->ring[dev.avail_idx++ % dev.queue_size];
		for (unsigned i = 0; i < IN_FLIGHT; i++) {
			if (&dev.taken[i] != t && dev.taken[i].used && dev.taken[i].head == t->head)
				fake_fail("head %u given twice", t->head);
		}
		collect_chain(t);
		parse_request(t);
		if (++dev.disk->n_in_flight > dev.disk->most_in_flight)
			dev.disk->most_in_flight = dev.disk->n_in_flight;
		decide_fault(t);
	}
}

/* ---- answering ---- */

static void push_used(uint32_t id, uint32_t len)
{
	struct virtq_used *used = reach(dev.used, 4 + 8ull * dev.queue_size);
	if (used == NULL)
		return;
	used->ring[dev.used_idx % dev.queue_size].id = id;
	used->ring[dev.used_idx % dev.queue_size].len = len;
	used->idx = ++dev.used_idx;
}

static bool move_data(const struct taken *t, uint8_t *at, uint64_t limit)
{
	for (unsigned i = 0; i < t->n_pieces && limit > 0; i++) {
		uint64_t n = t->piece[i].len < limit ? t->piece[i].len : limit;
		uint8_t *memory = reach(t->piece[i].addr, n);
		if (memory == NULL)
			return false;
		if (t->piece[i].device_writes)
			memcpy(memory, at, n);
		else
			memcpy(at, memory, n);
		at += n;
		limit -= n;
	}
	return true;
}

/* Carries the request out. Returns its status. */
static uint8_t perform(const struct taken *t, uint64_t *ret_written)
{
	uint64_t bytes = data_bytes(t);
	*ret_written = 0;
	if (t->fault == FAKE_IO_ERROR)
		return VIRTIO_BLK_S_IOERR;
	switch (t->header.type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT: {
		uint8_t *at = fake_disk_at(dev.disk, t->header.sector * 512, bytes);
		uint64_t done = t->fault == FAKE_SHORT ? bytes / 2 : bytes;
		(void)move_data(t, at, done);
		*ret_written = t->header.type == VIRTIO_BLK_T_IN ? done : 0;
		return VIRTIO_BLK_S_OK;
	}
	case VIRTIO_BLK_T_FLUSH:
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID: {
		uint8_t id[VIRTIO_BLK_ID_BYTES] = {0};
		if (dev.c.no_serial)
			return VIRTIO_BLK_S_UNSUPP;
		strncpy((char *)id, dev.disk->serial, sizeof(id));
		(void)move_data(t, id, sizeof(id));
		*ret_written = sizeof(id);
		return VIRTIO_BLK_S_OK;
	}
	}
	return VIRTIO_BLK_S_UNSUPP;
}

/* The next head of the same run of the ring that is not in flight. */
static uint16_t idle_head(const struct taken *t)
{
	for (uint16_t head = 0; head < dev.queue_size; head++) {
		bool busy = head == t->head;
		for (unsigned i = 0; i < IN_FLIGHT; i++)
			busy = busy || (dev.taken[i].used && dev.taken[i].head == head);
		if (!busy)
			return head;
	}
	fake_fail("nothing is idle");
}

static void answer(struct taken *t)
{
	uint64_t written;
	uint8_t status = perform(t, &written);
	uint8_t *status_byte = reach(t->status_addr, 1);
	if (status_byte == NULL)
		return;
	if (t->fault != FAKE_NO_STATUS)
		*status_byte = t->fault == FAKE_BAD_STATUS ? 0x55 : status;
	uint32_t len = dev.c.counts_status_only ? 1 : (uint32_t)written + 1;
	t->used = false;
	dev.disk->n_in_flight--;
	switch (t->fault) {
	case FAKE_BAD_TAG:
		push_used(0x80000000u | t->head, len);
		break;
	case FAKE_IDLE_TAG:
		push_used(idle_head(t), len);
		break;
	case FAKE_BAD_INDEX:
		dev.used_idx += 1000;
		push_used(t->head, len);
		break;
	case FAKE_TWICE:
		push_used(t->head, len);
		push_used(t->head, len);
		break;
	default:
		push_used(t->head, len);
	}
}

static void tick(void *ctx)
{
	(void)ctx;
	if (!(dev.status & VIRTIO_STATUS_DRIVER_OK) || dev.broken || dev.pci->gone)
		return;
	if (dev.c.polls_queue) {
		struct virtq_used *used = reach(dev.used, 4);
		if (used != NULL)
			used->flags = VIRTQ_USED_F_NO_NOTIFY;
		dev.notified = true;
	}
	if (dev.notified) {
		dev.notified = false;
		take_requests();
	}
	unsigned left = dev.disk->n_in_flight;
	for (unsigned i = 0; left > 0 && !dev.broken && !dev.pci->gone; i++) {
		struct taken *t = &dev.taken[i];
		left -= t->used;
		if (t->used && t->fault != FAKE_SILENT && t->ready_us <= fake_clock_now_us)
			answer(t);
	}
}

/* ---- plugging in ---- */

static void add_vendor_cap(uint8_t type, uint32_t offset, uint32_t length)
{
	uint8_t cap[20] = {VIRTIO_PCI_CAP_ID, 0, 16, type, 4};
	unsigned n = type == VIRTIO_PCI_CAP_NOTIFY_CFG ? 20 : 16;
	cap[2] = (uint8_t)n;
	memcpy(cap + 8, &offset, 4);
	memcpy(cap + 12, &length, 4);
	memcpy(cap + 16, &dev.c.notify_multiplier, 4);
	fake_pci_add_cap(dev.pci, cap, n);
}

static void add_modern(void)
{
	struct fake_io io = {modern_read, modern_write, NULL};
	fake_pci_set_bar(dev.pci, 4, FAKE_BAR_64, MODERN_BAR, FAKE_VIRTIO_BAR_BYTES, io);
	add_vendor_cap(5, 0, 0); /* VIRTIO_PCI_CAP_PCI_CFG, as QEMU has it first */
	add_vendor_cap(VIRTIO_PCI_CAP_NOTIFY_CFG, FAKE_VIRTIO_NOTIFY, 0x1000);
	add_vendor_cap(VIRTIO_PCI_CAP_DEVICE_CFG, FAKE_VIRTIO_CONFIG, 0x1000);
	add_vendor_cap(3, 0x1000, 0x1000);
	add_vendor_cap(VIRTIO_PCI_CAP_COMMON_CFG, FAKE_VIRTIO_COMMON, 0x1000);
}

struct fake_pci_dev *fake_virtio_blk_plug(
	const struct fake_virtio_config *config, struct fake_disk *disk)
{
	memset(&dev, 0, sizeof(dev));
	dev.c = *config;
	dev.disk = disk;
	if (disk->read_only)
		dev.c.features |= VIRTIO_BLK_F_RO;
	if (config->kind == FAKE_VIRTIO_LEGACY)
		dev.c.features &= UINT32_MAX;
	bool modern_id = config->kind == FAKE_VIRTIO_MODERN;
	dev.pci = fake_pci_add(3 << 3, VIRTIO_PCI_VENDOR,
		modern_id ? VIRTIO_BLK_MODERN : VIRTIO_BLK_TRANSITIONAL, 0x010000);
	const uint8_t msix[12] = {0x11, 0, 1, 0x80};
	dev.msix_cap = fake_pci_add_cap(dev.pci, msix, sizeof(msix));
	dev.pci->writable[dev.msix_cap + 3] = 0xc0;
	if (config->kind != FAKE_VIRTIO_LEGACY)
		add_modern();
	if (config->kind != FAKE_VIRTIO_MODERN) {
		struct fake_io io = {legacy_read, legacy_write, NULL};
		fake_pci_set_bar(dev.pci, 0, FAKE_BAR_IO, LEGACY_BAR, 128, io);
	}
	dev.queue_size = config->queue_size;
	fake_tick_add(tick, NULL);
	return dev.pci;
}

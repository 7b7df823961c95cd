/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI transport of virtio 1.1 (4.1) and its legacy interface (4.1.4.8), polled, one queue.
 *
 * Modern: common, notification and device configuration are found through the vendor capabilities;
 * each is checked against the size of its BAR. Capabilities in I/O BARs are passed over, as 4.1.4
 * allows. A transitional device (0x1000-0x103f) that has no such capabilities is driven through the
 * I/O ports in BAR 0. MSI-X is off (pci_wake), which puts the legacy configuration at offset 0x14.
 *
 * Memory: one allocation for the ring, page-aligned, in the legacy layout, for both: 10.3 KiB with
 * 256 entries. The device is reset before bus mastering goes on, and before it goes off.
 *
 * ACCESS_PLATFORM only says that addresses are those of the platform, which are physical ones while
 * no IOMMU translates: a driver of it accepts the bit (6.1). ORDER_PLATFORM likewise: the barriers
 * in machine.h are real.
 */
#include "virtio_pci.h"

#include "deadline.h"
#include "machine.h"

#define RESET_MS       3000
#define GENERATION_MAX 16 /* tries to read a value that the device is changing */

/* ---- registers of both interfaces ---- */

static uint8_t read_status(const struct virtio_pci *v)
{
	if (v->legacy)
		return port_in8(v->port + VIRTIO_LEGACY_DEVICE_STATUS);
	return mmio_read8(v->common + VIRTIO_COMMON_DEVICE_STATUS);
}

static void write_status(struct virtio_pci *v, uint8_t status)
{
	if (v->legacy)
		port_out8(v->port + VIRTIO_LEGACY_DEVICE_STATUS, status);
	else
		mmio_write8(v->common + VIRTIO_COMMON_DEVICE_STATUS, status);
}

static uint32_t read_config32(const struct virtio_pci *v, uint32_t offset)
{
	if (v->legacy)
		return port_in32((uint16_t)(v->port + VIRTIO_LEGACY_CONFIG + offset));
	return mmio_read32(v->config + offset);
}

static uint8_t read_generation(const struct virtio_pci *v)
{
	return v->legacy ? 0 : mmio_read8(v->common + VIRTIO_COMMON_CONFIG_GENERATION);
}

void virtio_pci_notify(struct virtio_pci *v)
{
	if (v->legacy)
		port_out16(v->port + VIRTIO_LEGACY_QUEUE_NOTIFY, 0);
	else
		mmio_write16(v->notify_queue, 0);
}

int virtio_pci_health(struct virtio_pci *v)
{
	uint8_t status = read_status(v);
	uint8_t wanted = VIRTIO_STATUS_DRIVER_OK;
	if (status == VIRTIO_STATUS_GONE ||
		(status & (wanted | VIRTIO_STATUS_NEEDS_RESET)) != wanted)
		return ERR_LOST;
	return 0;
}

int virtio_pci_config32(struct virtio_pci *v, uint32_t offset, uint32_t *ret)
{
	if (v->config_bytes < 4 || offset > v->config_bytes - 4)
		return ERR_BAD_ANSWER;
	*ret = read_config32(v, offset);
	return 0;
}

int virtio_pci_config64(struct virtio_pci *v, uint32_t offset, uint64_t *ret)
{
	if (v->config_bytes < 8 || offset > v->config_bytes - 8)
		return ERR_BAD_ANSWER;
	for (uint32_t i = 0; i < GENERATION_MAX; i++) {
		uint8_t before = read_generation(v);
		uint64_t low = read_config32(v, offset);
		*ret = (uint64_t)read_config32(v, offset + 4) << 32 | low;
		if (read_generation(v) == before)
			return 0;
	}
	return ERR_BAD_ANSWER;
}

/* ---- finding the registers ---- */

/* One of the structures that a vendor capability points to; regs NULL: not found. */
struct place {
	uint8_t *regs;
	uint64_t bytes;
	uint8_t cap; /* where the capability is */
};

struct places {
	struct place common, notify, config;
	struct pci_bar bar[6];
	bool mapped[6];
};

static struct place *place_for(struct places *p, uint8_t type)
{
	switch (type) {
	case VIRTIO_PCI_CAP_COMMON_CFG:
		return &p->common;
	case VIRTIO_PCI_CAP_NOTIFY_CFG:
		return &p->notify;
	case VIRTIO_PCI_CAP_DEVICE_CFG:
		return &p->config;
	}
	return NULL;
}

/* A structure that we do not need, or have, or cannot use is passed over; one that lies is an
 * error. */
static int take_capability(const struct pci_dev *pci, uint8_t cap, struct places *p)
{
	if (cap > 256 - VIRTIO_PCI_CAP_BYTES)
		return ERR_BAD_ANSWER;
	struct place *place = place_for(p, pci_read8(pci, cap + VIRTIO_PCI_CAP_CFG_TYPE));
	uint8_t n = pci_read8(pci, cap + VIRTIO_PCI_CAP_BAR);
	if (place == NULL || place->regs != NULL || n > 5)
		return 0;
	if (pci_read8(pci, cap + VIRTIO_PCI_CAP_LEN) < VIRTIO_PCI_CAP_BYTES)
		return ERR_BAD_ANSWER;
	if (!p->mapped[n]) {
		int err = pci_map_bar(pci, n, &p->bar[n]);
		if (err != 0)
			return err;
		p->mapped[n] = true;
	}
	if (p->bar[n].is_io)
		return 0;
	uint32_t offset = pci_read32(pci, cap + VIRTIO_PCI_CAP_OFFSET);
	uint32_t length = pci_read32(pci, cap + VIRTIO_PCI_CAP_LENGTH);
	if (offset > p->bar[n].bytes || length > p->bar[n].bytes - offset || offset % 4 != 0)
		return ERR_BAD_ANSWER;
	*place = (struct place){(uint8_t *)p->bar[n].regs + offset, length, cap};
	return 0;
}

static int use_modern(struct virtio_pci *v, const struct places *p)
{
	if (p->common.bytes < VIRTIO_COMMON_BYTES)
		return ERR_BAD_ANSWER;
	uint8_t cap = p->notify.cap;
	if (cap > 256 - VIRTIO_PCI_NOTIFY_CAP_LEN ||
		pci_read8(&v->pci, cap + VIRTIO_PCI_CAP_LEN) < VIRTIO_PCI_NOTIFY_CAP_LEN)
		return ERR_BAD_ANSWER;
	v->common = p->common.regs;
	v->notify = p->notify.regs;
	v->notify_bytes = p->notify.bytes;
	v->notify_multiplier = pci_read32(&v->pci, cap + VIRTIO_PCI_NOTIFY_MULT);
	v->config = p->config.regs;
	v->config_bytes = p->config.bytes;
	return 0;
}

static int use_legacy(struct virtio_pci *v)
{
	struct pci_bar bar;
	int err = pci_map_bar(&v->pci, 0, &bar);
	if (err != 0)
		return err;
	if (!bar.is_io || bar.bytes < VIRTIO_LEGACY_BYTES)
		return ERR_BAD_ANSWER;
	v->legacy = true;
	v->port = (uint16_t)bar.phys;
	v->config_bytes = VIRTIO_LEGACY_BYTES - VIRTIO_LEGACY_CONFIG;
	return 0;
}

static int find_registers(struct virtio_pci *v)
{
	struct places p = {0};
	uint8_t cap = 0;
	while ((cap = pci_capability(&v->pci, VIRTIO_PCI_CAP_ID, cap)) != 0) {
		int err = take_capability(&v->pci, cap, &p);
		if (err != 0)
			return err;
	}
	if (p.common.regs != NULL && p.notify.regs != NULL && p.config.regs != NULL)
		return use_modern(v, &p);
	if (v->pci.device < VIRTIO_PCI_MODERN_FIRST)
		return use_legacy(v);
	return ERR_BAD_ANSWER;
}

/* ---- reset ---- */

static bool have_registers(const struct virtio_pci *v)
{
	return v->legacy || v->common != NULL;
}

/* 4.1.4.3.2: the reset is over when the status reads 0. A legacy device is reset at once. */
static int reset(struct virtio_pci *v)
{
	uint8_t status = 0;
	write_status(v, 0);
	int err =
		WAIT_FOR((status = read_status(v)) == 0 || status == VIRTIO_STATUS_GONE, RESET_MS);
	return status == VIRTIO_STATUS_GONE ? ERR_LOST : err;
}

int virtio_pci_open(struct virtio_pci *v, const struct pci_dev *pci)
{
	*v = (struct virtio_pci){.pci = *pci};
	int err = pci_wake(pci);
	if (err == 0)
		err = find_registers(v);
	if (err == 0)
		err = reset(v);
	return err;
}

void virtio_pci_stop(struct virtio_pci *v)
{
	if (have_registers(v))
		(void)reset(v);
	pci_bus_master_off(&v->pci);
}

/* ---- features, 3.1.1 steps 2 to 6 ---- */

static uint64_t modern_features(const struct virtio_pci *v)
{
	mmio_write32(v->common + VIRTIO_COMMON_DEVICE_FEATURE_SELECT, 0);
	uint64_t low = mmio_read32(v->common + VIRTIO_COMMON_DEVICE_FEATURE);
	mmio_write32(v->common + VIRTIO_COMMON_DEVICE_FEATURE_SELECT, 1);
	return (uint64_t)mmio_read32(v->common + VIRTIO_COMMON_DEVICE_FEATURE) << 32 | low;
}

static int accept_modern(struct virtio_pci *v)
{
	if (!(v->features & VIRTIO_F_VERSION_1))
		return ERR_UNSUPPORTED;
	mmio_write32(v->common + VIRTIO_COMMON_DRIVER_FEATURE_SELECT, 0);
	mmio_write32(v->common + VIRTIO_COMMON_DRIVER_FEATURE, (uint32_t)v->features);
	mmio_write32(v->common + VIRTIO_COMMON_DRIVER_FEATURE_SELECT, 1);
	mmio_write32(v->common + VIRTIO_COMMON_DRIVER_FEATURE, (uint32_t)(v->features >> 32));
	write_status(v, read_status(v) | VIRTIO_STATUS_FEATURES_OK);
	uint8_t status = read_status(v);
	if (status == VIRTIO_STATUS_GONE)
		return ERR_LOST;
	return status & VIRTIO_STATUS_FEATURES_OK ? 0 : ERR_UNSUPPORTED;
}

int virtio_pci_negotiate(struct virtio_pci *v, uint64_t allowed)
{
	write_status(v, VIRTIO_STATUS_ACKNOWLEDGE);
	write_status(v, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	if (!v->legacy) {
		v->features = modern_features(v) & allowed;
		return accept_modern(v);
	}
	v->features = port_in32(v->port + VIRTIO_LEGACY_DEVICE_FEATURES) & allowed;
	port_out32(v->port + VIRTIO_LEGACY_DRIVER_FEATURES, (uint32_t)v->features);
	return 0;
}

/* ---- the queue ---- */

static int alloc_queue(struct arena *dma, uint16_t size, struct virtq *ret_q)
{
	/* 2.6.2 in the legacy layout: table and available ring, then the used ring on its own
	 * page. */
	size_t avail = sizeof(struct virtq_desc) * size;
	size_t used = avail + sizeof(struct virtq_avail) + sizeof(uint16_t) * (size + 1u);
	used = (used + VIRTIO_LEGACY_QUEUE_ALIGN - 1) & ~(size_t)(VIRTIO_LEGACY_QUEUE_ALIGN - 1);
	size_t end = used + sizeof(struct virtq_used) + sizeof(struct virtq_used_elem) * size +
		     sizeof(uint16_t);
	uint8_t *memory = arena_alloc(dma, end, VIRTIO_LEGACY_QUEUE_ALIGN);
	if (memory == NULL)
		return ERR_NO_MEMORY;
	ret_q->size = size;
	ret_q->desc = (void *)memory;
	ret_q->avail = (void *)(memory + avail);
	ret_q->used = (void *)(memory + used);
	ret_q->avail->flags = VIRTQ_AVAIL_F_NO_INTERRUPT;
	return 0;
}

static bool is_queue_size(uint16_t size)
{
	return size != 0 && size <= VIRTQ_SIZE_MAX && (size & (size - 1)) == 0;
}

static void write_address(struct virtio_pci *v, uint32_t reg, const void *memory)
{
	mmio_write32(v->common + reg, (uint32_t)dma_addr(memory));
	mmio_write32(v->common + reg + 4, (uint32_t)(dma_addr(memory) >> 32));
}

static int set_modern_queue(
	struct virtio_pci *v, struct arena *dma, uint16_t max_size, struct virtq *ret_q)
{
	mmio_write16(v->common + VIRTIO_COMMON_QUEUE_SELECT, 0);
	uint16_t size = mmio_read16(v->common + VIRTIO_COMMON_QUEUE_SIZE);
	uint64_t at = mmio_read16(v->common + VIRTIO_COMMON_QUEUE_NOTIFY_OFF);
	at *= v->notify_multiplier;
	if (!is_queue_size(size) || v->notify_bytes < 2 || at > v->notify_bytes - 2 || at % 2 != 0)
		return ERR_BAD_ANSWER;
	int err = alloc_queue(dma, size < max_size ? size : max_size, ret_q);
	if (err != 0)
		return err;
	v->notify_queue = v->notify + at;
	mmio_write16(v->common + VIRTIO_COMMON_QUEUE_SIZE, ret_q->size);
	write_address(v, VIRTIO_COMMON_QUEUE_DESC, ret_q->desc);
	write_address(v, VIRTIO_COMMON_QUEUE_DRIVER, ret_q->avail);
	write_address(v, VIRTIO_COMMON_QUEUE_DEVICE, ret_q->used);
	mmio_write16(v->common + VIRTIO_COMMON_QUEUE_ENABLE, 1);
	return 0;
}

static int set_legacy_queue(
	struct virtio_pci *v, struct arena *dma, uint16_t max_size, struct virtq *ret_q)
{
	port_out16(v->port + VIRTIO_LEGACY_QUEUE_SELECT, 0);
	uint16_t size = port_in16(v->port + VIRTIO_LEGACY_QUEUE_SIZE);
	if (!is_queue_size(size))
		return ERR_BAD_ANSWER;
	if (size / 4 > max_size)
		return ERR_UNSUPPORTED;
	int err = alloc_queue(dma, size, ret_q);
	if (err != 0)
		return err;
	uint64_t page = dma_addr(ret_q->desc) / VIRTIO_LEGACY_QUEUE_ALIGN;
	if (page > UINT32_MAX)
		return ERR_UNSUPPORTED;
	port_out32(v->port + VIRTIO_LEGACY_QUEUE_ADDRESS, (uint32_t)page);
	return 0;
}

int virtio_pci_set_queue(
	struct virtio_pci *v, struct arena *dma, uint16_t max_size, struct virtq *ret_q)
{
	if (v->legacy)
		return set_legacy_queue(v, dma, max_size, ret_q);
	return set_modern_queue(v, dma, max_size, ret_q);
}

void virtio_pci_start(struct virtio_pci *v)
{
	pci_bus_master_on(&v->pci);
	write_status(v, read_status(v) | VIRTIO_STATUS_DRIVER_OK);
}

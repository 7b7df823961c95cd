/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers and structures of virtio 1.1 (section numbers below; 1.2 has the same ones for what is
 * used here), with the names of the specification, and the legacy interface where it differs.
 */
#ifndef DRIVERS_VIRTIO_REGS_H
#define DRIVERS_VIRTIO_REGS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* 4.1.2 PCI device discovery: transitional devices have IDs of their own */
#define VIRTIO_PCI_VENDOR       0x1af4
#define VIRTIO_BLK_TRANSITIONAL 0x1001
#define VIRTIO_BLK_MODERN       0x1042
#define VIRTIO_PCI_MODERN_FIRST 0x1040

/* 2.1 Device status field */
#define VIRTIO_STATUS_ACKNOWLEDGE 1u
#define VIRTIO_STATUS_DRIVER      2u
#define VIRTIO_STATUS_DRIVER_OK   4u
#define VIRTIO_STATUS_FEATURES_OK 8u
#define VIRTIO_STATUS_NEEDS_RESET 64u
#define VIRTIO_STATUS_FAILED      128u
#define VIRTIO_STATUS_GONE        0xffu /* what a PCI function that is not there reads as */

/* 6 Reserved feature bits */
#define VIRTIO_F_INDIRECT_DESC   (1ull << 28)
#define VIRTIO_F_VERSION_1       (1ull << 32)
#define VIRTIO_F_ACCESS_PLATFORM (1ull << 33)
#define VIRTIO_F_ORDER_PLATFORM  (1ull << 36)

/* 4.1.4 Virtio structure PCI capabilities: offsets in the capability */
#define VIRTIO_PCI_CAP_ID         0x09
#define VIRTIO_PCI_CAP_LEN        2
#define VIRTIO_PCI_CAP_CFG_TYPE   3
#define VIRTIO_PCI_CAP_BAR        4
#define VIRTIO_PCI_CAP_OFFSET     8
#define VIRTIO_PCI_CAP_LENGTH     12
#define VIRTIO_PCI_CAP_BYTES      16
#define VIRTIO_PCI_NOTIFY_MULT    16 /* notify_off_multiplier, behind the notify capability */
#define VIRTIO_PCI_NOTIFY_CAP_LEN 20
#define VIRTIO_PCI_CAP_COMMON_CFG 1
#define VIRTIO_PCI_CAP_NOTIFY_CFG 2
#define VIRTIO_PCI_CAP_DEVICE_CFG 4

/* 4.1.4.3 Common configuration structure layout */
#define VIRTIO_COMMON_DEVICE_FEATURE_SELECT 0x00
#define VIRTIO_COMMON_DEVICE_FEATURE        0x04
#define VIRTIO_COMMON_DRIVER_FEATURE_SELECT 0x08
#define VIRTIO_COMMON_DRIVER_FEATURE        0x0c
#define VIRTIO_COMMON_MSIX_CONFIG           0x10
#define VIRTIO_COMMON_NUM_QUEUES            0x12
#define VIRTIO_COMMON_DEVICE_STATUS         0x14
#define VIRTIO_COMMON_CONFIG_GENERATION     0x15
#define VIRTIO_COMMON_QUEUE_SELECT          0x16
#define VIRTIO_COMMON_QUEUE_SIZE            0x18
#define VIRTIO_COMMON_QUEUE_MSIX_VECTOR     0x1a
#define VIRTIO_COMMON_QUEUE_ENABLE          0x1c
#define VIRTIO_COMMON_QUEUE_NOTIFY_OFF      0x1e
#define VIRTIO_COMMON_QUEUE_DESC            0x20
#define VIRTIO_COMMON_QUEUE_DRIVER          0x28
#define VIRTIO_COMMON_QUEUE_DEVICE          0x30
#define VIRTIO_COMMON_BYTES                 0x38

/* 4.1.4.8 Legacy interfaces: I/O ports in BAR 0; device configuration at 0x14 with MSI-X off */
#define VIRTIO_LEGACY_DEVICE_FEATURES 0x00
#define VIRTIO_LEGACY_DRIVER_FEATURES 0x04
#define VIRTIO_LEGACY_QUEUE_ADDRESS   0x08
#define VIRTIO_LEGACY_QUEUE_SIZE      0x0c
#define VIRTIO_LEGACY_QUEUE_SELECT    0x0e
#define VIRTIO_LEGACY_QUEUE_NOTIFY    0x10
#define VIRTIO_LEGACY_DEVICE_STATUS   0x12
#define VIRTIO_LEGACY_CONFIG          0x14
#define VIRTIO_LEGACY_BYTES           0x40 /* ports that a block device has at least */
#define VIRTIO_LEGACY_QUEUE_ALIGN     4096

/* 2.6 Split virtqueues */
#define VIRTQ_SIZE_MAX             32768
#define VIRTQ_DESC_F_NEXT          1
#define VIRTQ_DESC_F_WRITE         2
#define VIRTQ_DESC_F_INDIRECT      4
#define VIRTQ_AVAIL_F_NO_INTERRUPT 1
#define VIRTQ_USED_F_NO_NOTIFY     1

struct virtq_desc { /* 2.6.5 */
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};
static_assert(sizeof(struct virtq_desc) == 16, "2.6.5");

struct virtq_avail { /* 2.6.6 */
	volatile uint16_t flags;
	volatile uint16_t idx;
	volatile uint16_t ring[]; /* queue size; then used_event */
};
static_assert(offsetof(struct virtq_avail, ring) == 4, "2.6.6");

struct virtq_used_elem { /* 2.6.8 */
	volatile uint32_t id;
	volatile uint32_t len;
};
static_assert(sizeof(struct virtq_used_elem) == 8, "2.6.8");

struct virtq_used {
	volatile uint16_t flags;
	volatile uint16_t idx;
	struct virtq_used_elem ring[]; /* queue size; then avail_event */
};
static_assert(offsetof(struct virtq_used, ring) == 4, "2.6.8");

/* 5.2.3 Block device feature bits */
#define VIRTIO_BLK_F_SIZE_MAX (1ull << 1)
#define VIRTIO_BLK_F_SEG_MAX  (1ull << 2)
#define VIRTIO_BLK_F_RO       (1ull << 5)
#define VIRTIO_BLK_F_BLK_SIZE (1ull << 6)
#define VIRTIO_BLK_F_FLUSH    (1ull << 9)

/* 5.2.4 Device configuration layout */
#define VIRTIO_BLK_CONFIG_CAPACITY 0x00
#define VIRTIO_BLK_CONFIG_SIZE_MAX 0x08
#define VIRTIO_BLK_CONFIG_SEG_MAX  0x0c
#define VIRTIO_BLK_CONFIG_BLK_SIZE 0x14

/* 5.2.6 Device operation. One unit of `sector` is 512 bytes, whatever blk_size says. */
#define VIRTIO_BLK_SECTOR_BYTES 512
#define VIRTIO_BLK_T_IN         0
#define VIRTIO_BLK_T_OUT        1
#define VIRTIO_BLK_T_FLUSH      4
#define VIRTIO_BLK_T_GET_ID     8
#define VIRTIO_BLK_ID_BYTES     20
#define VIRTIO_BLK_S_OK         0
#define VIRTIO_BLK_S_IOERR      1
#define VIRTIO_BLK_S_UNSUPP     2

struct virtio_blk_header { /* the device-readable head of struct virtio_blk_req */
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};
static_assert(sizeof(struct virtio_blk_header) == 16, "5.2.6");

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers and structures of AHCI 1.3.1 (section numbers below), with the names of the
 * specification, and the little of ATA (ACS-3) and Serial ATA 3.1 that goes through them.
 */
#ifndef DRIVERS_AHCI_REGS_H
#define DRIVERS_AHCI_REGS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* 2.1.5 Class code, 2.1.11 AHCI base address */
#define AHCI_CLASS 0x010601u
#define AHCI_ABAR  5

/* 3.1 Generic host control */
#define AHCI_CAP  0x00
#define AHCI_GHC  0x04
#define AHCI_PI   0x0c
#define AHCI_VS   0x10
#define AHCI_CAP2 0x24
#define AHCI_BOHC 0x28

#define AHCI_CAP_NP(cap)  ((cap)&0x1fu)        /* ports, less one */
#define AHCI_CAP_NCS(cap) ((cap) >> 8 & 0x1fu) /* command slots, less one */
#define AHCI_CAP_SSS      (1u << 27)           /* staggered spin-up */
#define AHCI_CAP_SNCQ     (1u << 30)
#define AHCI_CAP_S64A     (1u << 31)
#define AHCI_GHC_HR       (1u << 0)
#define AHCI_GHC_IE       (1u << 1)
#define AHCI_GHC_AE       (1u << 31)
#define AHCI_VS_0_95      0x00000905u
#define AHCI_VS_1_0       0x00010000u
#define AHCI_VS_1_3       0x00010300u
#define AHCI_VS_1_3_1     0x00010301u
#define AHCI_CAP2_BOH     (1u << 0)
#define AHCI_BOHC_BOS     (1u << 0)
#define AHCI_BOHC_OOS     (1u << 1)
#define AHCI_BOHC_OOC     (1u << 3)
#define AHCI_BOHC_BB      (1u << 4)

/* 3.3 Port registers */
#define AHCI_PORTS_MAX  32
#define AHCI_PORT(i)    (0x100u + 0x80u * (i))
#define AHCI_PORT_BYTES 0x80u
#define AHCI_PxCLB      0x00
#define AHCI_PxCLBU     0x04
#define AHCI_PxFB       0x08
#define AHCI_PxFBU      0x0c
#define AHCI_PxIS       0x10
#define AHCI_PxIE       0x14
#define AHCI_PxCMD      0x18
#define AHCI_PxTFD      0x20
#define AHCI_PxSIG      0x24
#define AHCI_PxSSTS     0x28
#define AHCI_PxSCTL     0x2c
#define AHCI_PxSERR     0x30
#define AHCI_PxSACT     0x34
#define AHCI_PxCI       0x38

/* 3.3.5 PxIS: what ends a command otherwise than well */
#define AHCI_PxIS_PCS  (1u << 6)  /* a device was connected */
#define AHCI_PxIS_PRCS (1u << 22) /* the link went up or down */
#define AHCI_PxIS_OFS  (1u << 24) /* more data than the PRD table takes */
#define AHCI_PxIS_IFS  (1u << 27)
#define AHCI_PxIS_HBDS (1u << 28)
#define AHCI_PxIS_HBFS (1u << 29)
#define AHCI_PxIS_TFES (1u << 30) /* the device says so */
#define AHCI_PxIS_ERRORS                                                                           \
	(AHCI_PxIS_PCS | AHCI_PxIS_PRCS | AHCI_PxIS_OFS | AHCI_PxIS_IFS | AHCI_PxIS_HBDS |         \
		AHCI_PxIS_HBFS | AHCI_PxIS_TFES)

/* 3.3.7 PxCMD */
#define AHCI_PxCMD_ST         (1u << 0)
#define AHCI_PxCMD_SUD        (1u << 1) /* spin up */
#define AHCI_PxCMD_POD        (1u << 2) /* power on */
#define AHCI_PxCMD_FRE        (1u << 4)
#define AHCI_PxCMD_FR         (1u << 14)
#define AHCI_PxCMD_CR         (1u << 15)
#define AHCI_PxCMD_ALPE       (1u << 26) /* link power management by the controller */
#define AHCI_PxCMD_ICC        (15u << 28)
#define AHCI_PxCMD_ICC_ACTIVE (1u << 28)

/* 3.3.8 PxTFD: the ATA status register in the low byte */
#define AHCI_PxTFD_ERR (1u << 0)
#define AHCI_PxTFD_DRQ (1u << 3)
#define AHCI_PxTFD_DF  (1u << 5)
#define AHCI_PxTFD_BSY (1u << 7)

/* 3.3.9 PxSIG, 3.3.10 PxSSTS, 3.3.11 PxSCTL */
#define AHCI_SIG_DISK            0x00000101u
#define AHCI_SIG_ATAPI           0xeb140101u
#define AHCI_SIG_ENCLOSURE       0xc33c0101u
#define AHCI_SIG_PORT_MULTIPLIER 0x96690101u
#define AHCI_DET                 0xfu
#define AHCI_DET_NO_LINK         1u /* somebody is there, but does not talk yet */
#define AHCI_DET_LINK            3u
#define AHCI_PxSCTL_DET_RESET    1u
#define AHCI_PxSCTL_DET_OFF      4u
#define AHCI_PxSCTL_SPD          (15u << 4)
#define AHCI_PxSCTL_IPM_NONE     (3u << 8)

/* 4.2.2 Command list: what is to be done in a slot */
#define AHCI_SLOTS_MAX 32
struct ahci_header {
	uint16_t flags;
	uint16_t prdtl;          /* entries of the PRD table */
	volatile uint32_t prdbc; /* bytes moved; not valid for queued commands */
	uint64_t ctba;
	uint32_t reserved[4];
};
static_assert(sizeof(struct ahci_header) == 32, "4.2.2");
#define AHCI_HEADER_WRITE (1u << 6)
#define AHCI_LIST_ALIGN   1024

/* 4.2.3.3 Physical region descriptor */
struct ahci_prd {
	uint64_t dba;
	uint32_t reserved;
	uint32_t dbc; /* bytes, less one; even numbers of bytes up to 4 MiB */
};
static_assert(sizeof(struct ahci_prd) == 16, "4.2.3.3");

/* Serial ATA 10.5.5 Register FIS, host to device */
struct ahci_fis {
	uint8_t type, flags, command, features;
	uint8_t lba0, lba1, lba2, device;
	uint8_t lba3, lba4, lba5, features_exp;
	uint8_t count, count_exp, icc, control;
	uint8_t reserved[4];
};
static_assert(sizeof(struct ahci_fis) == 20, "10.5.5");
#define AHCI_FIS_H2D          0x27
#define AHCI_FIS_IS_COMMAND   0x80
#define AHCI_FIS_DEVICE_LBA   0x40
#define AHCI_FIS_NCQ_TAG(tag) ((tag) << 3) /* in count */

/* 4.2.3 Command table. 56 entries make it 1 KiB. */
#define AHCI_PRDS 56
struct ahci_table {
	struct ahci_fis cfis;
	uint8_t rest_of_cfis[44];
	uint8_t acmd[16];
	uint8_t reserved[48];
	struct ahci_prd prd[AHCI_PRDS];
};
static_assert(offsetof(struct ahci_table, prd) == 0x80, "4.2.3");
static_assert(sizeof(struct ahci_table) == 1024, "tables stay aligned to 128 bytes");
#define AHCI_TABLE_ALIGN 128

/* 4.2.1 Received FIS: the device's side of the conversation; nothing in it is read here */
#define AHCI_RECEIVED_BYTES 256

/* ACS-3 7 Commands */
#define ATA_READ_DMA_EXT    0x25
#define ATA_WRITE_DMA_EXT   0x35
#define ATA_READ_FPDMA      0x60
#define ATA_WRITE_FPDMA     0x61
#define ATA_STANDBY_NOW     0xe0 /* STANDBY IMMEDIATE */
#define ATA_FLUSH_CACHE_EXT 0xea
#define ATA_IDENTIFY_DEVICE 0xec

/* ACS-3 7.12.7 IDENTIFY DEVICE data, as 16-bit words */
#define ATA_ID_WORDS           256
#define ATA_ID_SERIAL          10
#define ATA_ID_SERIAL_WORDS    10
#define ATA_ID_CAPABILITIES    49
#define ATA_ID_QUEUE_DEPTH     75 /* less one, in five bits */
#define ATA_ID_SATA            76
#define ATA_ID_COMMAND_SETS    83
#define ATA_ID_SECTORS         100 /* four words */
#define ATA_ID_SECTOR_SIZE     106
#define ATA_ID_SECTOR_WORDS    117 /* two words */
#define ATA_ID_SECURITY        128
#define ATA_ID_INTEGRITY       255
#define ATA_ID_VALID_MASK      0xc000u /* of words 83 and 106 */
#define ATA_ID_VALID           0x4000u
#define ATA_ID_DMA             (1u << 8)
#define ATA_ID_NCQ             (1u << 8)
#define ATA_ID_LBA48           (1u << 10)
#define ATA_ID_FLUSH_EXT       (1u << 13)
#define ATA_ID_LONG_SECTORS    (1u << 12)
#define ATA_ID_LOCKED          (1u << 2)
#define ATA_ID_CHECKSUM_IS_SET 0xa5u

#endif

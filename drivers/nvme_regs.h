/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers and structures of NVM Express 1.4 (section numbers below; 2.x has moved them to the
 * base, PCIe transport and NVM command set specifications without changing what is used here), with
 * the names of the specification.
 */
#ifndef DRIVERS_NVME_REGS_H
#define DRIVERS_NVME_REGS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* 2.1.5 Class code: mass storage, non-volatile memory, NVM Express I/O controller */
#define NVME_CLASS_CODE 0x010802u

#define NVME_PAGE_BYTES 4096u /* with CC.MPS 0 */

/* 3.1 Register definition: offsets in BAR 0 */
#define NVME_CAP       0x00u
#define NVME_VS        0x08u
#define NVME_INTMS     0x0cu
#define NVME_CC        0x14u
#define NVME_CSTS      0x1cu
#define NVME_AQA       0x24u
#define NVME_ASQ       0x28u
#define NVME_ACQ       0x30u
#define NVME_CRTO      0x68u /* 2.0 */
#define NVME_DOORBELLS 0x1000u

/* 3.1.1 CAP: controller capabilities */
#define NVME_CAP_MQES(cap)   ((uint32_t)(cap)&0xffff)         /* entries of a queue, less 1 */
#define NVME_CAP_TO(cap)     ((uint32_t)((cap) >> 24) & 0xff) /* until ready, in 500 ms */
#define NVME_CAP_DSTRD(cap)  ((uint32_t)((cap) >> 32) & 0xf)  /* doorbells: 4 << DSTRD apart */
#define NVME_CAP_CSS_NVM     (1ull << 37)                     /* the NVM command set */
#define NVME_CAP_MPSMIN(cap) ((uint32_t)((cap) >> 48) & 0xf)  /* pages: 4096 << MPSMIN at least */
#define NVME_CAP_CRWMS       (1ull << 59)                     /* 2.0: CRTO counts, beside TO */

/* 3.1.2 VS: version */
#define NVME_VERSION(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor) << 8)

/* 3.1.5 CC: controller configuration. Zero: NVM command set, pages of 4096 bytes, round robin. */
#define NVME_CC_EN         1u
#define NVME_CC_SHN_MASK   (3u << 14)
#define NVME_CC_SHN_NORMAL (1u << 14)
#define NVME_CC_IOSQES     (6u << 16) /* log2 of an entry's bytes */
#define NVME_CC_IOCQES     (4u << 20)

/* 3.1.6 CSTS: controller status */
#define NVME_CSTS_RDY            1u
#define NVME_CSTS_CFS            2u
#define NVME_CSTS_SHST_MASK      (3u << 2)
#define NVME_CSTS_SHST_OCCURRING (1u << 2)
#define NVME_CSTS_SHST_COMPLETE  (2u << 2)
#define NVME_GONE                0xffffffffu /* what a PCI function that is not there reads as */

/* 4.2 Submission queue entry */
struct nvme_sqe {
	uint8_t opcode;
	uint8_t flags; /* not fused, PRPs */
	uint16_t cid;
	uint32_t nsid;
	uint32_t cdw2, cdw3;
	uint64_t mptr;
	uint64_t prp1, prp2;
	uint32_t cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
};
static_assert(sizeof(struct nvme_sqe) == 64, "NVMe 4.2");
static_assert(offsetof(struct nvme_sqe, prp1) == 24, "NVMe 4.2");
static_assert(offsetof(struct nvme_sqe, cdw10) == 40, "NVMe 4.2");

/* 4.6 Completion queue entry */
struct nvme_cqe {
	uint32_t dw0;
	uint32_t dw1;
	uint16_t sqhd, sqid;
	uint16_t cid, status; /* status: phase tag, and the status field */
};
static_assert(sizeof(struct nvme_cqe) == 16, "NVMe 4.6");
static_assert(offsetof(struct nvme_cqe, cid) == 12, "NVMe 4.6");

#define NVME_STATUS_PHASE     1u
#define NVME_STATUS_SC(s)     ((s) >> 1 & 0xffu) /* 4.6.1 */
#define NVME_STATUS_SCT(s)    ((s) >> 9 & 7u)
#define NVME_STATUS_FIELD(s)  ((s) >> 1 & 0x7ffu) /* both; 0: success */
#define NVME_SC_INVALID_FIELD 0x02u

/* 5 Admin command set */
#define NVME_ADMIN_CREATE_SQ    0x01u
#define NVME_ADMIN_GET_LOG_PAGE 0x02u
#define NVME_ADMIN_CREATE_CQ    0x05u
#define NVME_ADMIN_IDENTIFY     0x06u
#define NVME_ADMIN_SET_FEATURES 0x09u

#define NVME_QUEUE_CONTIGUOUS 1u /* 5.3, 5.4: cdw11. Interrupts stay off */

#define NVME_FEATURE_N_QUEUES 0x07u /* 5.21.1.7 */

/* 5.14.1.2 SMART / health information log page */
#define NVME_LOG_SMART       0x02u
#define NVME_LOG_SMART_BYTES 512u
#define NVME_SMART_READ_ONLY (1u << 3) /* of critical warning, its first byte */

/* 5.15 Identify: CNS, and what comes back (4096 bytes) */
#define NVME_IDENTIFY_BYTES      4096u
#define NVME_IDENTIFY_NAMESPACE  0x00u
#define NVME_IDENTIFY_CONTROLLER 0x01u
#define NVME_IDENTIFY_ACTIVE     0x02u /* from 1.1 on: IDs above cdw's nsid, ascending, to a 0 */
#define NVME_ACTIVE_IDS          (NVME_IDENTIFY_BYTES / 4)
#define NVME_NSID_MAX            0xfffffffdu

/* Figure 247 */
struct nvme_identify_controller {
	uint16_t vid, ssvid;
	char sn[20];
	char mn[40];
	char fr[8];
	uint8_t unused1[5];
	uint8_t mdts; /* a command moves 4096 << MDTS bytes (MPSMIN 0) at most; 0: no limit */
	uint16_t cntlid;
	uint32_t ver;
	uint32_t rtd3r;
	uint32_t rtd3e; /* a shutdown takes up to this, in us; 0: not told */
	uint8_t unused2[19];
	uint8_t cntrltype; /* from 1.4 on; 1: I/O controller */
	uint8_t unused3[400];
	uint8_t sqes, cqes; /* log2 of an entry's bytes: bits 3:0 least, 7:4 most */
	uint16_t maxcmd;
	uint32_t nn;
	uint16_t oncs, fuses;
	uint8_t fna;
	uint8_t vwc;
	uint8_t unused4[3570];
};
static_assert(sizeof(struct nvme_identify_controller) == NVME_IDENTIFY_BYTES, "NVMe 5.15.2.2");
static_assert(offsetof(struct nvme_identify_controller, mdts) == 77, "NVMe 5.15.2.2");
static_assert(offsetof(struct nvme_identify_controller, rtd3e) == 88, "NVMe 5.15.2.2");
static_assert(offsetof(struct nvme_identify_controller, cntrltype) == 111, "NVMe 5.15.2.2");
static_assert(offsetof(struct nvme_identify_controller, sqes) == 512, "NVMe 5.15.2.2");
static_assert(offsetof(struct nvme_identify_controller, nn) == 516, "NVMe 5.15.2.2");
static_assert(offsetof(struct nvme_identify_controller, vwc) == 525, "NVMe 5.15.2.2");

#define NVME_CNTRLTYPE_NOT_TOLD 0
#define NVME_CNTRLTYPE_IO       1
#define NVME_VWC_PRESENT        1u

/* Figure 245 */
struct nvme_identify_namespace {
	uint64_t nsze, ncap, nuse; /* logical blocks */
	uint8_t nsfeat;
	uint8_t nlbaf; /* formats, less 1 */
	uint8_t flbas;
	uint8_t unused1[72];
	uint8_t nsattr; /* from 1.4 on */
	uint8_t unused2[28];
	struct nvme_lba_format {
		uint16_t ms;   /* bytes of metadata for each block */
		uint8_t lbads; /* log2 of a block's bytes */
		uint8_t rp;
	} lbaf[64]; /* 16 before 2.0 */
	uint8_t unused3[3712];
};
static_assert(sizeof(struct nvme_identify_namespace) == NVME_IDENTIFY_BYTES, "NVMe 5.15.2.1");
static_assert(offsetof(struct nvme_identify_namespace, nsattr) == 99, "NVMe 5.15.2.1");
static_assert(offsetof(struct nvme_identify_namespace, lbaf) == 128, "NVMe 5.15.2.1");

/* Bits 6:5 are zero before 2.0. */
#define NVME_FLBAS_FORMAT(flbas)    (((flbas)&0xfu) | ((flbas) >> 1 & 0x30u))
#define NVME_NSATTR_WRITE_PROTECTED 1u

/* 6 NVM command set */
#define NVME_FLUSH 0x00u
#define NVME_WRITE 0x01u
#define NVME_READ  0x02u

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/nvme.c and nvme_ctrl.c: conformance over several controllers. Their own lies:
 * test_nvme_controller.c. */
#include "test.h"

#include "driver_conformance.h"

#include "fake_nvme.h"
#include "nvme_regs.h"

#define FAULTS                                                                                     \
	(1u << FAKE_IO_ERROR | 1u << FAKE_SILENT | 1u << FAKE_TWICE | 1u << FAKE_BAD_TAG |         \
		1u << FAKE_IDLE_TAG | 1u << FAKE_BAD_INDEX | 1u << FAKE_BAD_STATUS |               \
		1u << FAKE_VANISH | 1u << FAKE_WANTS_RESET)

static struct fake_pci_dev *plug_one(const struct fake_nvme_config *c, struct fake_disk *disk)
{
	struct fake_nvme_ns ns = {.nsid = 1, .disk = disk};
	return fake_nvme_plug(c, &ns, 1);
}

static struct fake_pci_dev *plug_default(struct fake_disk *disk)
{
	return plug_one(&fake_nvme_default, disk);
}

/* 8 KiB a command, 8 entries a queue. */
static struct fake_pci_dev *plug_small(struct fake_disk *disk)
{
	struct fake_nvme_config c = fake_nvme_default;
	c.cap = (c.cap & ~0xffffull) | 7;
	c.mdts = 1;
	return plug_one(&c, disk);
}

static struct fake_pci_dev *plug_smallest_queue(struct fake_disk *disk)
{
	struct fake_nvme_config c = fake_nvme_default;
	c.cap = (c.cap & ~0xffffull) | 1;
	return plug_one(&c, disk);
}

/* No limit to a command, doorbells 1 KiB apart, the largest queues, no cache. */
static struct fake_pci_dev *plug_large(struct fake_disk *disk)
{
	struct fake_nvme_config c = fake_nvme_default;
	c.cap |= 0xffff | 8ull << 32;
	c.mdts = 0;
	c.vwc = 0;
	return plug_one(&c, disk);
}

/* Revision 1.0 has no list of namespaces. */
static struct fake_pci_dev *plug_old(struct fake_disk *disk)
{
	struct fake_nvme_config c = fake_nvme_default;
	struct fake_nvme_ns ns = {.nsid = 5, .disk = disk};
	c.version = NVME_VERSION(1, 0);
	c.nn = 40;
	c.cntrltype = 0;
	return fake_nvme_plug(&c, &ns, 1);
}

/* Revision 2.0: another register tells the time until ready; a format beyond the 16th. */
static struct fake_pci_dev *plug_new(struct fake_disk *disk)
{
	struct fake_nvme_config c = fake_nvme_default;
	struct fake_nvme_ns ns = {.nsid = 77, .disk = disk, .flbas = 0x23, .nlbaf = 40};
	c.version = NVME_VERSION(2, 0);
	c.cap |= NVME_CAP_CRWMS;
	c.crwmt = 60;
	return fake_nvme_plug(&c, &ns, 1);
}

static const struct driver_under_test variants[] = {
	{"512", plug_default, 512, 32, FAULTS, false, true},
	{"4096", plug_default, 4096, 32, FAULTS, false, true},
	{"small", plug_small, 512, 7, FAULTS, false, true},
	{"smallest queue", plug_smallest_queue, 512, 1, FAULTS & ~(1u << FAKE_TWICE), false, true},
	{"large", plug_large, 4096, 32, FAULTS, true, true},
	{"1.0", plug_old, 512, 32, FAULTS, false, true},
	{"2.0", plug_new, 4096, 32, FAULTS, false, true},
};

CONFORMANCE(variants)

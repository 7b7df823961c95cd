/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which driver takes which controller. A new driver: its header here, and a line in the table. The
 * drivers know disks.c and this knows them: so it is a file of its own. */
#include "disks.h"

#include <string.h>

#include "ahci.h"
#include "log.h"
#include "nvme.h"
#include "pci.h"
#include "virtio_blk.h"

static const struct driver {
	const char *name;
	bool (*takes)(const struct pci_dev *pci);
	/* Starts the controller and calls disks_add for each of its disks; none is not an error.
	 * After an error nothing of the controller is left running. */
	int (*probe)(const struct pci_dev *pci, struct arena *dma, struct disks *into);
} drivers[] = {
	{"ahci", ahci_takes, ahci_probe},
	{"nvme", nvme_takes, nvme_probe},
	{"virtio-blk", virtio_blk_takes, virtio_blk_probe},
};

struct start {
	struct disks *disks;
	struct arena *dma;
	int last_err;
};

static int start_controller(const struct pci_dev *pci, void *ctx)
{
	struct start *s = ctx;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (!drivers[i].takes(pci))
			continue;
		int err = drivers[i].probe(pci, s->dma, s->disks);
		if (err != 0) {
			char name[16];
			log_line("disk controller %s %s: not started: %s", drivers[i].name,
				pci_name(pci->address, name), err_text(err));
			s->disks->n_failed++;
			s->last_err = err;
		}
		break;
	}
	return 0;
}

int disks_start(struct disks *d, struct arena *dma, uint32_t pci_address)
{
	struct start s = {.disks = d, .dma = dma, .last_err = ERR_NOT_FOUND};
	memset(d, 0, sizeof(*d));
	if (pci_address == DISKS_ANY) {
		(void)pci_scan(start_controller, &s);
	} else {
		struct pci_dev pci;
		if (pci_at(pci_address, &pci) != 0)
			return ERR_NOT_FOUND;
		(void)start_controller(&pci, &s);
	}
	return d->n > 0 ? 0 : s.last_err;
}

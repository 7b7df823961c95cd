/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taken as late as possible: after the jump nobody writes to the disks any more, so what is read
 * now is what the loader will find if nobody else came by.
 */
#include "fingerprints.h"

#include <assert.h>
#include <string.h>

#include "fingerprint.h"
#include "format.h"
#include "log.h"

#define CONTROLLER_BYTES (768u * 1024) /* for the queues of one controller at a time */

static_assert(HANDOFF_FILESYSTEMS_MAX <= SAVED_FILESYSTEMS_MAX, "all of them fit an image");
static_assert(HANDOFF_RANGES_MAX <= SAVED_RANGES_MAX, "all of them fit an image");

struct reading {
	const struct handoff *h;
	struct saved_filesystem *saved;
	uint8_t done[HANDOFF_FILESYSTEMS_MAX];
	void *work;
	void *controller; /* memory of the other controllers, NULL: none yet */
};

static void copy_facts(const struct handoff_filesystem *f, struct saved_filesystem *ret)
{
	*ret = (struct saved_filesystem){.disk_sectors = f->disk_sectors,
		.sector_bytes = f->sector_bytes,
		.writable = f->writable,
		.lba = f->lba,
		.n_sectors = f->n_sectors};
	memcpy(ret->mount_point, f->mount_point, sizeof(f->mount_point));
	memcpy(ret->type, f->type, sizeof(f->type));
	memcpy(ret->device, f->device, sizeof(f->device));
	memcpy(ret->reason, f->reason, sizeof(f->reason));
	memcpy(ret->disk_guid, f->disk_guid, sizeof(f->disk_guid));
	memcpy(ret->part_guid, f->part_guid, sizeof(f->part_guid));
	for (uint32_t i = 0; i < f->n_ranges && !f->reason[0]; i++) {
		ret->offset[i] = f->range[i].offset;
		ret->bytes[i] = f->range[i].bytes;
		ret->n_ranges++;
	}
}

static void not_checked(struct saved_filesystem *s, const char *what, int err)
{
	s->n_ranges = 0;
	format(s->reason, sizeof(s->reason), "%s%s%s", what, err ? ": " : "",
		err ? err_text(err) : "");
}

static void read_one(struct reading *r, uint32_t i, struct block_dev *dev)
{
	const struct handoff_filesystem *f = &r->h->filesystem[i];
	struct saved_filesystem *s = &r->saved[i];
	if (dev->sector_bytes != f->sector_bytes || dev->n_sectors != f->disk_sectors) {
		not_checked(s, "the disk is not as Linux said", 0);
		return;
	}
	memcpy(s->disk_serial, dev->serial, sizeof(s->disk_serial) - 1);
	int err = fingerprint_read(dev, f->lba, f->n_sectors, s, r->work, s->hash);
	if (err)
		not_checked(s, "its disk could not be read", err);
}

/* Everything on one controller. */
static void read_from(struct reading *r, uint32_t pci_address, const struct disks *disks, int err)
{
	for (uint32_t i = 0; i < r->h->n_filesystems; i++) {
		if (r->done[i] || r->h->filesystem[i].pci_address != pci_address)
			continue;
		struct block_dev *dev = NULL;
		for (uint32_t j = 0; !err && j < disks->n; j++)
			if (disks->dev[j]->unit == r->h->filesystem[i].unit)
				dev = disks->dev[j];
		if (dev)
			read_one(r, i, dev);
		else
			not_checked(&r->saved[i], "its disk could not be started",
				err ? err : ERR_NOT_FOUND);
		r->done[i] = 1;
	}
}

static struct disks other; /* on one controller, while it is looked at */

void fingerprints_stop(void)
{
	disks_stop(&other);
	memset(&other, 0, sizeof(other));
}

static void read_other(struct reading *r, uint32_t pci_address, struct arena *arena)
{
	static struct arena memory;
	if (!r->controller)
		r->controller = arena_alloc(arena, CONTROLLER_BYTES, 4096);
	arena_init(&memory);
	int err =
		r->controller ? arena_add(&memory, r->controller, CONTROLLER_BYTES) : ERR_NO_MEMORY;
	if (!err)
		err = disks_start(&other, &memory, pci_address);
	read_from(r, pci_address, &other, err);
	fingerprints_stop();
}

static void log_result(const struct saved_filesystem *s)
{
	if (s->reason[0])
		log_line("writer: file system %s (%s, %s) not checked: %s", s->mount_point, s->type,
			s->device, s->reason);
	else
		log_line("writer: file system %s (%s, %s): fingerprint %016llx", s->mount_point,
			s->type, s->device, (unsigned long long)s->hash[0]);
}

void fingerprints_read(const struct handoff *h, const struct disks *target, struct arena *arena,
	struct saved_filesystem *ret)
{
	static struct reading r;
	r = (struct reading){.h = h, .saved = ret};
	for (uint32_t i = 0; i < h->n_filesystems; i++) {
		copy_facts(&h->filesystem[i], &ret[i]);
		r.done[i] = ret[i].reason[0] != 0;
	}
	if (h->n_filesystems > 0)
		r.work = arena_alloc(arena, FINGERPRINT_WORK_BYTES, 4096);
	for (uint32_t i = 0; i < h->n_filesystems; i++) {
		if (r.done[i])
			continue;
		if (!r.work)
			not_checked(&ret[i], "the writer has no memory", 0);
		else if (h->filesystem[i].pci_address == h->pci_address)
			read_from(&r, h->pci_address, target, 0);
		else
			read_other(&r, h->filesystem[i].pci_address, arena);
	}
	for (uint32_t i = 0; i < h->n_filesystems; i++)
		log_result(&ret[i]);
}

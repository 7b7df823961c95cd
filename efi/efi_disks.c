/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware has the disks until boot services end. An adapter, so that the judge looks at
 * them through the same block interface as at our own drivers' disks.
 */
#include "efi_disks.h"

#include "format.h"
#include "log.h"

#define MAX_BLOCKS 2048u /* of one ReadBlocks call */

struct efi_disk {
	struct block_dev dev; /* first: the driver's view and block.c's are one */
	EFI_BLOCK_IO *io;
	struct block_req *queued;
};

static struct efi_disk *disk_of(struct block_dev *dev)
{
	return (struct efi_disk *)dev;
}

static int submit(struct block_dev *dev, struct block_req *req)
{
	struct efi_disk *d = disk_of(dev);
	if (d->queued)
		return ERR_BUSY;
	if (req->dir != BLOCK_READ)
		return ERR_READ_ONLY;
	d->queued = req;
	return 0;
}

static int read_segments(struct efi_disk *d, const struct block_req *req)
{
	EFI_LBA lba = req->lba;
	for (uint32_t i = 0; i < req->n_segs; i++) {
		EFI_STATUS s = d->io->ReadBlocks(
			d->io, d->io->Media->MediaId, lba, req->seg[i].bytes, req->seg[i].buf);
		if (EFI_ERROR(s))
			return s == EFI_MEDIA_CHANGED || s == EFI_NO_MEDIA ? ERR_LOST : ERR_IO;
		lba += req->seg[i].bytes / d->dev.sector_bytes;
	}
	return 0;
}

static int poll(struct block_dev *dev)
{
	struct efi_disk *d = disk_of(dev);
	struct block_req *req = d->queued;
	if (req) {
		d->queued = NULL;
		block_done(dev, req, read_segments(d, req));
	}
	return 0;
}

static int flush(struct block_dev *dev)
{
	(void)dev;
	return ERR_READ_ONLY;
}

static void stop(struct block_dev *dev)
{
	(void)dev; /* the firmware's driver is stopped by ExitBootServices */
}

static const struct block_ops ops = {.submit = submit, .poll = poll, .flush = flush, .stop = stop};

static int add(EFI_BLOCK_IO *io, struct arena *arena, struct disks *into)
{
	const EFI_BLOCK_IO_MEDIA *m = io->Media;
	if (m->LogicalPartition || !m->MediaPresent || m->LastBlock == 0 ||
		(m->BlockSize != 512 && m->BlockSize != 4096))
		return 0;
	if (into->n == DISKS_MAX) {
		log_line("efi: a disk of %llu blocks is left out, there is room for %u",
			(unsigned long long)m->LastBlock + 1, DISKS_MAX);
		return 0;
	}
	struct efi_disk *d = arena_alloc(arena, sizeof(*d), 16);
	if (!d)
		return ERR_NO_MEMORY;
	d->io = io;
	d->dev = (struct block_dev){.ops = &ops,
		.sector_bytes = m->BlockSize,
		.n_sectors = m->LastBlock + 1,
		.max_sectors = MAX_BLOCKS,
		.max_segs = 64,
		.dma_align = m->BlockSize,
		.queue_depth = 1,
		.read_only = m->ReadOnly};
	format(d->dev.name, sizeof(d->dev.name), "efi disk %u", into->n);
	into->dev[into->n++] = &d->dev;
	return 0;
}

int efi_disks_find(EFI_BOOT_SERVICES *bs, struct arena *arena, struct disks *ret)
{
	EFI_GUID guid = EFI_BLOCK_IO_PROTOCOL_GUID;
	EFI_HANDLE *handles;
	UINTN n = 0;
	*ret = (struct disks){0};
	if (EFI_ERROR(bs->LocateHandleBuffer(ByProtocol, &guid, NULL, &n, &handles)))
		return ERR_NOT_FOUND;
	int err = 0;
	for (UINTN i = 0; !err && i < n; i++) {
		EFI_BLOCK_IO *io;
		if (!EFI_ERROR(bs->HandleProtocol(handles[i], &guid, (VOID **)&io)))
			err = add(io, arena, ret);
	}
	bs->FreePool(handles);
	if (!err && ret->n == 0)
		err = ERR_NOT_FOUND;
	return err;
}

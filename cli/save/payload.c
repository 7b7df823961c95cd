/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writer runs without Linux, so all that it will need to know is put into one block beside
 * its program here, in the form in which kexec lays it into memory.
 */
#include "payload.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

/* ---- The program ---- */

#define PROGRAM_MAGIC  "TORPORWR"
#define HANDOFF_OFFSET 4096u
#define PROGRAM_ROOM   (HANDOFF_OFFSET + HANDOFF_BYTES)

struct program_head {
	uint8_t jump[8];
	uint64_t memory_bytes; /* with what is zero at the start */
	uint64_t file_bytes;   /* what lies in the file, up to the end of its last page */
	uint8_t magic[8];
};
static_assert(sizeof(struct program_head) == 32, "linker.ld");

extern const uint8_t writer_blob[], writer_blob_end[];

struct payload_blob payload_builtin(void)
{
	return (struct payload_blob){writer_blob, (size_t)(writer_blob_end - writer_blob)};
}

static int check_program(const struct payload_blob *blob)
{
	struct program_head head;

	if (blob->bytes < PROGRAM_ROOM || blob->bytes > REGION_FRAME_BYTES)
		return complain("the writer program has a bad size (%zu bytes)", blob->bytes);
	memcpy(&head, blob->data, sizeof(head));
	if (memcmp(head.magic, PROGRAM_MAGIC, sizeof(head.magic)) ||
		blob->bytes > head.file_bytes || head.memory_bytes < head.file_bytes)
		return complain("the writer program is damaged");
	if (head.memory_bytes > REGION_FRAME_BYTES)
		return complain("the writer program is larger than a 2 MiB frame");
	return 0;
}

/* ---- Segments ---- */

/* Frames that touch become one segment. The first begins with the program; the kernel makes all
 * that comes after it zero. */
static void make_segments(struct payload *p, const struct region *region)
{
	p->n_segments = 0;
	for (uint32_t i = 0; i < region->n_frames; i++) {
		struct jump_segment *last = &p->segment[p->n_segments - (p->n_segments > 0)];

		if (p->n_segments && last->mem + last->memsz == region->frame[i])
			last->memsz += REGION_FRAME_BYTES;
		else
			p->segment[p->n_segments++] = (struct jump_segment){
				.mem = region->frame[i], .memsz = REGION_FRAME_BYTES};
	}
	p->segment[0].buf = p->buf;
	p->segment[0].bufsz = p->buf_bytes;
	p->entry = region->frame[0];
}

int payload_make(struct payload *ret, const struct payload_blob *blob, const struct region *region)
{
	memset(ret, 0, sizeof(*ret));
	if (check_program(blob))
		return -1;
	ret->buf = malloc(blob->bytes);
	if (!ret->buf)
		return complain("out of memory (%zu bytes)", blob->bytes);
	ret->buf_bytes = blob->bytes;
	memcpy(ret->buf, blob->data, blob->bytes);
	ret->handoff = (struct handoff *)(ret->buf + HANDOFF_OFFSET);
	memset(ret->handoff, 0, HANDOFF_BYTES);
	ret->handoff->magic = HANDOFF_MAGIC;
	ret->handoff->version = HANDOFF_VERSION;
	ret->handoff->bytes = sizeof(*ret->handoff);
	make_segments(ret, region);
	return 0;
}

void payload_free(struct payload *p)
{
	free(p->buf);
	p->buf = NULL;
	p->handoff = NULL;
}

/* ---- The handoff block ---- */

static void hand_off_target(struct handoff *h, const struct target *t)
{
	h->pci_address = t->pci_address;
	h->unit = t->unit;
	h->sector_bytes = t->sector_bytes;
	h->n_sectors = t->disk_sectors;
	h->n_extents = t->is_file ? t->map.n_extents : 1;
	h->extent[0].lba = t->first_sector;
	h->extent[0].n_sectors = target_area_bytes(t) / t->sector_bytes;
	for (uint32_t i = 0; t->is_file && i < t->map.n_extents; i++)
		h->extent[i] = (struct handoff_extent){
			t->first_sector + t->map.extent[i].lba, t->map.extent[i].n_sectors};
	memcpy(h->disk_guid, t->disk_guid, sizeof(h->disk_guid));
	memcpy(h->part_guid, t->part_guid, sizeof(h->part_guid));
}

void payload_hand_off_machine(struct handoff *h, const struct machine_facts *f)
{
	h->saved_context = f->saved_context;
	h->vmcoreinfo = f->vmcoreinfo;
	h->vmcoreinfo_bytes = f->vmcoreinfo_bytes;
	h->kernel_restores_gdt = f->restores_gdt;
	memcpy(h->kernel_release, f->release, sizeof(h->kernel_release));
	h->rsdp = f->rsdp;
	h->efi_systab = f->efi_systab;
	h->efi_runtime = f->efi_runtime;
	h->n_memory = f->n_memory;
	memcpy(h->memory, f->memory, sizeof(h->memory));
	h->n_left_out = f->n_left_out;
	memcpy(h->left_out, f->left_out, sizeof(h->left_out));
	h->virtualization = f->virtualization;
	h->n_registers = f->n_registers;
	for (uint32_t i = 0; i < f->n_registers; i++)
		h->registers[i] =
			(struct saved_registers){f->registers[i].start, f->registers[i].end};
	h->n_runtime = f->n_runtime;
	memcpy(h->runtime, f->runtime, sizeof(h->runtime));
}

void payload_hand_off(struct handoff *h, const struct save_order *order,
	const struct machine_facts *facts, const struct target *t, const struct region *region)
{
	h->nonce = order->nonce;
	h->action = order->action;
	h->serial_port = order->serial_port;
	h->created_unix_s = order->now_unix_s;
	h->reusable = order->reusable;
	memcpy(h->area_uuid, order->area_uuid, sizeof(h->area_uuid));
	memcpy(h->image_uuid, order->image_uuid, sizeof(h->image_uuid));
	h->mailbox = region->mailbox_phys;
	h->n_region = region->n_frames;
	memcpy(h->region, region->frame, sizeof(h->region));
	if (order->filesystems) {
		h->n_filesystems = order->filesystems->n;
		memcpy(h->filesystem, order->filesystems->v, sizeof(h->filesystem));
	}
	hand_off_target(h, t);
	payload_hand_off_machine(h, facts);
}

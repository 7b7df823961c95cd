/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handoff crosses from Linux to a program without it: a number that is wrong here would be a
 * wild write there. All of it is checked before anything is used.
 */
#include "handoff_check.h"

#include <stdbool.h>
#include <string.h>

#include "saved_state.h"

#define SAVED_CONTEXT_BYTES 512u /* what the writer reads of it */
#define PHYS_LIMIT          (1ull << 52)
#define PAGE_BYTES          4096ull

static int wrong(const char *what, const char **ret_what)
{
	*ret_what = what;
	return ERR_ARGUMENT;
}

/* RAM in the firmware's map, all of it, in one range. */
static bool is_ram(const struct handoff *h, uint64_t start, uint64_t bytes)
{
	for (uint32_t i = 0; i < h->n_memory; i++) {
		const struct memory_range *m = &h->memory[i];
		if (m->type == MEMORY_RAM && start >= m->start && start < m->end &&
			bytes <= m->end - start)
			return true;
	}
	return false;
}

static int check_memory(const struct handoff *h, const char **ret_what)
{
	if (h->n_memory == 0 || h->n_memory > HANDOFF_MEMORY_MAX)
		return wrong("number of memory ranges", ret_what);
	uint64_t end = 0;
	for (uint32_t i = 0; i < h->n_memory; i++) {
		const struct memory_range *m = &h->memory[i];
		if (m->start < end || m->end <= m->start || m->end > PHYS_LIMIT)
			return wrong("memory range (order, overlap or length)", ret_what);
		end = m->end;
	}
	return 0;
}

static bool is_left_out(const struct handoff *h, uint64_t start, uint64_t bytes)
{
	for (uint32_t i = 0; i < h->n_left_out; i++)
		if (start / PAGE_BYTES < h->left_out[i].end &&
			(start + bytes + PAGE_BYTES - 1) / PAGE_BYTES > h->left_out[i].first)
			return true;
	return false;
}

static int check_left_out(const struct handoff *h, const char **ret_what)
{
	if (h->n_left_out > HANDOFF_LEFT_OUT_MAX)
		return wrong("number of frames to be left out", ret_what);
	uint64_t end = 1; /* frame 0 is never saved */
	for (uint32_t i = 0; i < h->n_left_out; i++) {
		const struct handoff_frames *f = &h->left_out[i];
		if (f->first < end || f->end <= f->first || f->end > PHYS_LIMIT / PAGE_BYTES)
			return wrong("frames to be left out (order, overlap or length)", ret_what);
		end = f->end;
	}
	return 0;
}

static int check_region(const struct handoff *h, uint64_t base, const char **ret_what)
{
	if (h->n_region == 0 || h->n_region > HANDOFF_REGION_MAX)
		return wrong("number of region frames", ret_what);
	if (h->region[0] != base)
		return wrong("first region frame (the writer runs elsewhere)", ret_what);
	for (uint32_t i = 0; i < h->n_region; i++) {
		if (h->region[i] % REGION_FRAME_BYTES ||
			!is_ram(h, h->region[i], REGION_FRAME_BYTES))
			return wrong("region frame (alignment, or not RAM)", ret_what);
		if (is_left_out(h, h->region[i], REGION_FRAME_BYTES))
			return wrong("region frame (to be left out)", ret_what);
		if (h->region[i] == h->mailbox)
			return wrong("mailbox (lies in the region)", ret_what);
		for (uint32_t j = 0; j < i; j++)
			if (h->region[i] == h->region[j])
				return wrong("region frame (twice)", ret_what);
	}
	if (h->mailbox % REGION_FRAME_BYTES || !is_ram(h, h->mailbox, REGION_FRAME_BYTES))
		return wrong("mailbox (alignment, or not RAM)", ret_what);
	return is_left_out(h, h->mailbox, REGION_FRAME_BYTES)
		       ? wrong("mailbox (to be left out)", ret_what)
		       : 0;
}

static int check_target(const struct handoff *h, const char **ret_what)
{
	if (h->sector_bytes != 512 && h->sector_bytes != 4096)
		return wrong("sector size", ret_what);
	if (h->n_extents == 0 || h->n_extents > HANDOFF_EXTENTS_MAX)
		return wrong("number of extents", ret_what);
	for (uint32_t i = 0; i < h->n_extents; i++) {
		const struct handoff_extent *e = &h->extent[i];
		if (e->n_sectors == 0 || e->lba >= h->n_sectors ||
			e->n_sectors > h->n_sectors - e->lba)
			return wrong("extent (beyond the disk)", ret_what);
	}
	return 0;
}

static bool is_text(const char *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

static bool ranges_fit(const struct handoff_filesystem *f)
{
	uint64_t bytes = f->n_sectors * f->sector_bytes;
	if (f->n_ranges == 0 || f->n_ranges > HANDOFF_RANGES_MAX)
		return false;
	for (uint32_t i = 0; i < f->n_ranges; i++) {
		const struct handoff_bytes *r = &f->range[i];
		if (r->bytes == 0 || r->bytes > SAVED_RANGE_BYTES_MAX || r->offset >= bytes ||
			r->bytes > bytes - r->offset)
			return false;
	}
	return true;
}

static int check_filesystem(const struct handoff_filesystem *f, const char **ret_what)
{
	if (!is_text(f->mount_point, sizeof(f->mount_point)) ||
		!is_text(f->type, sizeof(f->type)) || !is_text(f->device, sizeof(f->device)) ||
		!is_text(f->reason, sizeof(f->reason)))
		return wrong("file system (a name)", ret_what);
	if (f->reason[0])
		return 0;
	if (f->sector_bytes != 512 && f->sector_bytes != 4096)
		return wrong("file system (sector size)", ret_what);
	if (f->n_sectors == 0 || f->n_sectors > UINT64_MAX / f->sector_bytes ||
		f->lba >= f->disk_sectors || f->n_sectors > f->disk_sectors - f->lba)
		return wrong("file system (beyond the disk)", ret_what);
	return ranges_fit(f) ? 0 : wrong("file system (bytes to look at)", ret_what);
}

static int check_filesystems(const struct handoff *h, const char **ret_what)
{
	if (h->n_filesystems > HANDOFF_FILESYSTEMS_MAX)
		return wrong("number of file systems", ret_what);
	int err = 0;
	for (uint32_t i = 0; !err && i < h->n_filesystems; i++)
		err = check_filesystem(&h->filesystem[i], ret_what);
	return err;
}

int handoff_check(const struct handoff *h, uint64_t base, const char **ret_what)
{
	if (h->magic != HANDOFF_MAGIC)
		return wrong("magic", ret_what);
	if (h->version != HANDOFF_VERSION || h->bytes != sizeof(*h))
		return wrong("version", ret_what);
	if (h->action < HANDOFF_POWEROFF || h->action > HANDOFF_CONTINUE)
		return wrong("action", ret_what);
	if (h->reusable > 1)
		return wrong("reusable flag", ret_what);
	if (h->serial_port > 0xfff8)
		return wrong("serial port", ret_what);
	if (!memchr(h->kernel_release, 0, sizeof(h->kernel_release)))
		return wrong("kernel release", ret_what);
	if (h->n_registers > SAVED_REGISTERS_MAX)
		return wrong("number of register ranges", ret_what);
	if (h->n_runtime > SAVED_RUNTIME_MAX)
		return wrong("number of EFI runtime ranges", ret_what);
	int err = check_memory(h, ret_what);
	if (!err)
		err = check_left_out(h, ret_what);
	if (err)
		return err;
	if (h->saved_context && !is_ram(h, h->saved_context, SAVED_CONTEXT_BYTES))
		return wrong("saved_context (not RAM)", ret_what);
	if (h->vmcoreinfo && !is_ram(h, h->vmcoreinfo, h->vmcoreinfo_bytes))
		return wrong("vmcoreinfo (not RAM)", ret_what);
	err = check_region(h, base, ret_what);
	if (!err)
		err = check_target(h, ret_what);
	return err ? err : check_filesystems(h, ret_what);
}

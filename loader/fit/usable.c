/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's map as sets of whole frames: what is memory, and what of it the loader itself runs
 * in. */
#include "usable.h"

#define PAGE_BYTES 4096ull

static int add_type(const struct boot_info *bi, uint32_t type, struct ranges *frames)
{
	for (uint32_t i = 0; i < bi->n_memory; i++) {
		const struct memory_range *m = &bi->memory[i];
		if (m->type != type)
			continue;
		uint64_t first = (m->start + PAGE_BYTES - 1) / PAGE_BYTES,
			 end = m->end / PAGE_BYTES;
		int err = first < end ? ranges_add(frames, first, end) : 0;
		if (err)
			return err;
	}
	return 0;
}

int usable_frames(const struct boot_info *bi, struct ranges *ret_frames)
{
	int err = add_type(bi, MEMORY_RAM, ret_frames);
	if (!err)
		err = add_type(bi, MEMORY_ACPI, ret_frames);
	return err ? err : ranges_remove(ret_frames, 0, 1);
}

int usable_own_region(const struct boot_info *bi, struct ranges *ret_frames)
{
	int err = 0;
	for (uint32_t i = 0; bi->moved && !err && i < bi->n_region; i++) {
		const struct boot_piece *p = &bi->region[i];
		err = ranges_add(ret_frames, p->start / PAGE_BYTES,
			(p->start + p->bytes + PAGE_BYTES - 1) / PAGE_BYTES);
	}
	return err;
}

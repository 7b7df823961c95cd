/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame that is missing from the image is lost, and one too many may be somebody's hardware:
 * the rule for both is here, and the command asks it, too, before a save.
 */
#include "pages.h"

#define PAGE_BYTES 4096ull

static bool is_memory(const struct memory_range *m)
{
	return m->type == MEMORY_RAM || m->type == MEMORY_ACPI;
}

static int leave_out(const struct handoff *h, struct ranges *frames)
{
	int err = 0;
	for (uint32_t i = 0; !err && i < h->n_left_out; i++)
		err = ranges_remove(frames, h->left_out[i].first, h->left_out[i].end);
	return err;
}

int pages_select(const struct handoff *h, struct ranges *frames)
{
	for (uint32_t i = 0; i < h->n_memory; i++) {
		const struct memory_range *m = &h->memory[i];
		if (!is_memory(m))
			continue;
		uint64_t first = (m->start + PAGE_BYTES - 1) / PAGE_BYTES,
			 end = m->end / PAGE_BYTES;
		int err = first < end ? ranges_add(frames, first, end) : 0;
		if (err)
			return err;
	}
	for (uint32_t i = 0; i < h->n_region; i++) {
		uint64_t first = h->region[i] / PAGE_BYTES;
		int err = ranges_remove(frames, first, first + REGION_FRAME_BYTES / PAGE_BYTES);
		if (err)
			return err;
	}
	int err = ranges_remove(frames, 0, 1);
	return err ? err : leave_out(h, frames);
}

int pages_to_map(const struct handoff *h, struct ranges *frames)
{
	int err = 0;
	for (uint32_t i = 0; !err && i < h->n_memory; i++)
		if (is_memory(&h->memory[i]))
			err = ranges_add(frames, h->memory[i].start / PAGE_BYTES,
				(h->memory[i].end + PAGE_BYTES - 1) / PAGE_BYTES);
	return err ? err : leave_out(h, frames);
}

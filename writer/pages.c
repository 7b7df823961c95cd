#include "pages.h"

#define PAGE_BYTES 4096ull

int pages_select(const struct handoff *h, struct ranges *frames)
{
	for (uint32_t i = 0; i < h->n_memory; i++) {
		const struct memory_range *m = &h->memory[i];
		if (m->type != MEMORY_RAM && m->type != MEMORY_ACPI)
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
	return ranges_remove(frames, 0, 1);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel saves ACPI NVS when it hibernates in S4 mode (drivers/acpi/nvs.c); a kexec jump has no
 * such step.
 */
#include "nvs_out.h"

#include <stdbool.h>

#include "log.h"
#include <machine.h> /* from the include path: x86/ or tests/fake */
#include "saved_state.h"

#define PAGE_BYTES  4096ull
#define PIECE_PAGES 256u
#define SLACK_BYTES (1ull << 20) /* index blocks, and what comes after this object */

void nvs_out_select(const struct handoff *h, struct ranges *ret)
{
	uint64_t n_frames;
	int err = 0;
	for (uint32_t i = 0; !err && i < h->n_memory; i++)
		if (h->memory[i].type == MEMORY_NVS)
			err = ranges_add(ret, h->memory[i].start / PAGE_BYTES,
				(h->memory[i].end + PAGE_BYTES - 1) / PAGE_BYTES);
	n_frames = ranges_total(ret);
	if (!err && n_frames <= NVS_OUT_BYTES_MAX / PAGE_BYTES)
		return;
	log_line("writer: ACPI NVS of %llu MiB is not saved: that is too much to be true",
		(unsigned long long)(n_frames >> 8));
	ret->n = 0;
}

static bool can_be_read(const struct ranges *frames)
{
	for (uint32_t i = 0; i < frames->n; i++) {
		const struct range *r = &frames->v[i];
		if (machine_map_memory(r->start << 12, (r->end - r->start) << 12))
			continue;
		log_line("writer: ACPI NVS at %#llx cannot be mapped: none is saved",
			(unsigned long long)r->start << 12);
		return false;
	}
	return true;
}

static int write_range(struct img_writer *w, const struct range *r)
{
	int err = 0;
	for (uint64_t pfn = r->start; !err && pfn < r->end; pfn += PIECE_PAGES) {
		uint64_t left = r->end - pfn;
		uint32_t n = left < PIECE_PAGES ? (uint32_t)left : PIECE_PAGES;
		err = img_pages(w, pfn, n, machine_map_memory(pfn << 12, n * PAGE_BYTES));
	}
	return err;
}

int nvs_out_write(struct img_writer *w, const struct ranges *frames, uint64_t free_bytes)
{
	uint64_t bytes = ranges_total(frames) * PAGE_BYTES;
	if (frames->n == 0 || !can_be_read(frames))
		return 0;
	if (bytes + SLACK_BYTES > free_bytes) {
		log_line("writer: ACPI NVS of %llu KiB is not saved: the area is nearly full",
			(unsigned long long)bytes >> 10);
		return 0;
	}
	int err = img_object_begin(w, SAVED_NVS, IMG_PAGES);
	for (uint32_t i = 0; !err && i < frames->n; i++)
		err = write_range(w, &frames->v[i]);
	if (!err)
		err = img_object_end(w);
	if (!err)
		log_line("writer: ACPI NVS, %llu KiB in %u ranges", (unsigned long long)bytes >> 10,
			frames->n);
	return err;
}

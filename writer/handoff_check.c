#include "handoff_check.h"

#include <stdbool.h>
#include <string.h>

#define SAVED_CONTEXT_BYTES 512u /* what the writer reads of it */
#define PHYS_LIMIT          (1ull << 52)

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
		if (h->region[i] == h->mailbox)
			return wrong("mailbox (lies in the region)", ret_what);
		for (uint32_t j = 0; j < i; j++)
			if (h->region[i] == h->region[j])
				return wrong("region frame (twice)", ret_what);
	}
	if (h->mailbox % REGION_FRAME_BYTES || !is_ram(h, h->mailbox, REGION_FRAME_BYTES))
		return wrong("mailbox (alignment, or not RAM)", ret_what);
	return 0;
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

int handoff_check(const struct handoff *h, uint64_t base, const char **ret_what)
{
	if (h->magic != HANDOFF_MAGIC)
		return wrong("magic", ret_what);
	if (h->version != HANDOFF_VERSION || h->bytes != sizeof(*h))
		return wrong("version", ret_what);
	if (h->action < HANDOFF_POWEROFF || h->action > HANDOFF_CONTINUE)
		return wrong("action", ret_what);
	if (h->serial_port > 0xfff8)
		return wrong("serial port", ret_what);
	if (!memchr(h->kernel_release, 0, sizeof(h->kernel_release)))
		return wrong("kernel release", ret_what);
	if (h->n_runtime > HANDOFF_RUNTIME_MAX)
		return wrong("number of EFI runtime ranges", ret_what);
	int err = check_memory(h, ret_what);
	if (err)
		return err;
	if (h->saved_context && !is_ram(h, h->saved_context, SAVED_CONTEXT_BYTES))
		return wrong("saved_context (not RAM)", ret_what);
	if (h->vmcoreinfo && !is_ram(h, h->vmcoreinfo, h->vmcoreinfo_bytes))
		return wrong("vmcoreinfo (not RAM)", ret_what);
	err = check_region(h, base, ret_what);
	return err ? err : check_target(h, ret_what);
}

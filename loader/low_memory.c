/* Other processors begin in real mode: below 1 MiB, in memory that is RAM and of no use to firmware. */
#include "low_memory.h"

#include "smp.h"

#define PAGE_BYTES 4096u
#define LOW_FIRST  0x10000u /* not in what BIOSes call theirs */
#define LOW_END    0x90000u

static bool is_ram(const struct boot_info *bi, uint64_t pfn)
{
	for (uint32_t i = 0; i < bi->n_memory; i++) {
		const struct boot_range *m = &bi->memory[i];
		if (m->type == BOOT_RAM && m->start <= pfn * PAGE_BYTES &&
			(pfn + 1) * PAGE_BYTES <= m->end)
			return true;
	}
	return false;
}

uint64_t low_memory(
	const struct boot_info *bi, bool (*may_use)(const void *ctx, uint64_t pfn), const void *ctx)
{
	uint32_t n = 0; /* frames before this one, without a gap */
	for (uint64_t pfn = LOW_FIRST / PAGE_BYTES; pfn < LOW_END / PAGE_BYTES; pfn++) {
		n = is_ram(bi, pfn) && (!may_use || may_use(ctx, pfn)) ? n + 1 : 0;
		if (n == SMP_LOW_BYTES / PAGE_BYTES)
			return (pfn + 1) * PAGE_BYTES - SMP_LOW_BYTES;
	}
	return 0;
}

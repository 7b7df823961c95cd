/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where frames are in the file that export makes, and writing it: what the verb, which puts memory there, and
 * export_core.c, which puts an ELF core's headers and notes around it, both need. */
#include "export.h"

#include <errno.h>
#include <unistd.h>

int export_put(struct export *e, uint64_t offset, const void *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = pwrite(e->fd, data, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : ENOSPC;
		data = (const uint8_t *)data + n;
		offset += (uint64_t)n;
		bytes -= (size_t)n;
	}
	return 0;
}

const struct export_run *export_run_of(const struct export *e, uint64_t pfn)
{
	uint32_t low = 0, high = e->n_runs;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (e->run[mid].pfn + e->run[mid].n <= pfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low < e->n_runs && e->run[low].pfn <= pfn ? &e->run[low] : NULL;
}

uint64_t export_offset(const struct export *e, uint64_t pfn)
{
	const struct export_run *r = export_run_of(e, pfn);

	return r ? r->offset + (pfn - r->pfn) * CORE_PAGE_BYTES : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which bytes of a file system are hashed: any first sector of any kind, on partitions of any size. */
#include <string.h>

#include "filesystems.h"
#include "fuzz.h"

/* First byte: the kind; bit 6 leaves out the mark of a boot sector; bit 7: sectors of 4096 bytes. Then eight
 * of the number of sectors; then the first sector. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const char *const types[8] = {
		"ext4", "xfs", "btrfs", "vfat", "msdos", "swap", "f2fs", ""};
	struct handoff_filesystem f = {0};
	uint8_t start[512] = {0};
	if (bytes < 9)
		return 0;
	strcpy(f.type, types[data[0] & 7]);
	f.sector_bytes = data[0] & 0x80 ? 4096 : 512;
	memcpy(&f.n_sectors, data + 1, 8);
	f.n_sectors = f.n_sectors % (UINT64_MAX / f.sector_bytes) + 1;
	bytes -= 9;
	memcpy(start, data + 9, bytes < sizeof(start) ? bytes : sizeof(start));
	if (!(data[0] & 0x40)) {
		start[510] = 0x55;
		start[511] = 0xaa;
	}
	filesystem_ranges(&f, start);
	uint64_t size = f.n_sectors * f.sector_bytes;
	/* What handoff_check wants of it. */
	FUZZ_CHECK(f.n_ranges > 0 && f.n_ranges <= HANDOFF_RANGES_MAX);
	for (uint32_t i = 0; i < f.n_ranges; i++) {
		const struct handoff_bytes *r = &f.range[i];
		FUZZ_CHECK(r->bytes > 0 && r->bytes <= 65536);
		FUZZ_CHECK(r->offset < size && r->bytes <= size - r->offset);
	}
	return 0;
}

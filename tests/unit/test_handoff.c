/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handoff_check.c: a good block, and each field of it wrong. pages.c: which frames are saved. */
#include "test.h"

#include <string.h>

#include "handoff_check.h"
#include "pages.h"

#define BASE    0x40000000ull
#define MAILBOX 0x50000000ull
#define MIB     (1ull << 20)

static struct handoff h;

static void setup(void)
{
	h = (struct handoff){.magic = HANDOFF_MAGIC,
		.version = HANDOFF_VERSION,
		.bytes = sizeof(h),
		.nonce = 1,
		.mailbox = MAILBOX,
		.action = HANDOFF_POWEROFF,
		.serial_port = 0x3f8,
		.sector_bytes = 512,
		.n_extents = 2,
		.n_sectors = 1000000,
		.kernel_release = "6.1.0-test",
		.saved_context = 0x2000000,
		.vmcoreinfo = 0x7ff0000,
		.vmcoreinfo_bytes = 4096,
		.n_region = 2,
		.n_memory = 5,
		.region = {BASE, BASE + 64 * MIB}};
	h.memory[0] = (struct memory_range){0, 0x9fc00, MEMORY_RAM, 0};
	h.memory[1] = (struct memory_range){0x9fc00, 0xa0000, MEMORY_RESERVED, 0};
	h.memory[2] = (struct memory_range){0x100000, 0x7fffe800, MEMORY_RAM, 0};
	h.memory[3] = (struct memory_range){0x7fffe800, 0x80000000, MEMORY_ACPI, 0};
	h.memory[4] = (struct memory_range){0x100000000, 0x140000000, MEMORY_RAM, 0};
	h.extent[0] = (struct handoff_extent){2048, 8192};
	h.extent[1] = (struct handoff_extent){999992, 8};
	h.n_filesystems = 2;
	h.filesystem[0] = (struct handoff_filesystem){.mount_point = "/",
		.sector_bytes = 4096,
		.disk_sectors = 1000,
		.lba = 100,
		.n_sectors = 900,
		.n_ranges = 2,
		.range = {{1024, 1024}, {899 * 4096, 4096}}};
	h.filesystem[1] =
		(struct handoff_filesystem){.mount_point = "/x", .reason = "software RAID"};
}

FIXTURE(setup, NULL)

static void accepted(void)
{
	const char *what = "";
	if (handoff_check(&h, BASE, &what))
		fail_msg("refused: %s", what);
}

static void refused(const char *wanted)
{
	const char *what = "nothing";
	assert_int_equal(handoff_check(&h, BASE, &what), ERR_ARGUMENT);
	if (!strstr(what, wanted))
		fail_msg("refused for '%s', not for '%s'", what, wanted);
	setup();
}

#define REFUSED(field, value, wanted)                                                              \
	do {                                                                                       \
		accepted();                                                                        \
		h.field = (value);                                                                 \
		refused(wanted);                                                                   \
	} while (0)

TEST(good)
{
	accepted();
	h.action = HANDOFF_CONTINUE;
	h.sector_bytes = 4096;
	h.serial_port = 0;
	h.saved_context = h.vmcoreinfo = 0;
	h.vmcoreinfo_bytes = 0;
	accepted();
}

TEST(heads)
{
	const char *what = "";
	REFUSED(magic, 0, "magic");
	REFUSED(version, 1, "version");
	REFUSED(bytes, sizeof(h) - 8, "version");
	REFUSED(action, 0, "action");
	REFUSED(action, 4, "action");
	REFUSED(reusable, 2, "reusable");
	REFUSED(serial_port, 0xfff9, "serial port");
	memset(h.kernel_release, 'x', sizeof(h.kernel_release));
	refused("kernel release");
	assert_int_equal(handoff_check(&h, BASE + 4096, &what), ERR_ARGUMENT);
	assert_non_null(strstr(what, "runs elsewhere"));
}

TEST(memory_map)
{
	REFUSED(n_memory, 0, "number of memory ranges");
	REFUSED(n_memory, HANDOFF_MEMORY_MAX + 1, "number of memory ranges");
	REFUSED(n_memory, 0xffffffff, "number of memory ranges");
	REFUSED(memory[2].start, 0x9ffff, "memory range");
	REFUSED(memory[2].end, 0x7fffe801, "memory range");
	REFUSED(memory[2].end, 0x100000, "memory range");
	REFUSED(memory[2].end, 0xfffff, "memory range");
	REFUSED(memory[4].end, (1ull << 52) + 1, "memory range");
	REFUSED(n_runtime, SAVED_RUNTIME_MAX + 1, "EFI runtime");
	h.memory[4].end = 1ull << 52;
	accepted();
	/* Unsorted. */
	struct memory_range first = h.memory[0];
	h.memory[0] = h.memory[1];
	h.memory[1] = first;
	refused("memory range");
}

TEST(region)
{
	REFUSED(n_region, 0, "number of region frames");
	REFUSED(n_region, HANDOFF_REGION_MAX + 1, "number of region frames");
	REFUSED(region[0], BASE + 2 * MIB, "runs elsewhere");
	REFUSED(region[1], BASE, "twice");
	REFUSED(region[1], BASE + MIB, "alignment, or not RAM");
	REFUSED(region[1], 0, "alignment, or not RAM");
	REFUSED(region[1], 0x7fe00000, "alignment, or not RAM"); /* ACPI tables in it */
	REFUSED(region[1], 0x140000000, "alignment, or not RAM");
	REFUSED(region[1], 0xffffffffffe00000, "alignment, or not RAM");
	h.region[1] = 0x13fe00000;
	accepted();
}

TEST(mailbox)
{
	REFUSED(mailbox, BASE, "lies in the region");
	REFUSED(mailbox, BASE + 64 * MIB, "lies in the region");
	REFUSED(mailbox, BASE + 4096, "mailbox (alignment");
	REFUSED(mailbox, 0, "mailbox (alignment");
	REFUSED(mailbox, 0x80000000, "mailbox (alignment");
	REFUSED(mailbox, 0xffffffffffe00000, "mailbox (alignment");
}

TEST(kernel_places)
{
	REFUSED(saved_context, 0xfffff, "saved_context");
	REFUSED(saved_context, 0x7fffe700, "saved_context");
	REFUSED(saved_context, UINT64_MAX, "saved_context");
	REFUSED(vmcoreinfo, 0x7fffe000, "vmcoreinfo");
	REFUSED(vmcoreinfo_bytes, 0xffffffff, "vmcoreinfo");
}

TEST(left_out)
{
	h.n_left_out = 2;
	h.left_out[0] = (struct handoff_frames){0x5000, 0x5001};
	h.left_out[1] = (struct handoff_frames){0x100000, 0x108000};
	accepted();
	static const struct handoff_frames bad[] = {{0x5000, 0x5002}, {0x108000, 0x108000},
		{0x108001, 0x108000}, {0x108000, 1ull << 40}, {0x108000, (1ull << 40) + 1}};
	h.left_out[1] = bad[3];
	accepted();
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (i == 3)
			continue;
		h.n_left_out = 2;
		h.left_out[0] = (struct handoff_frames){0x5000, 0x5001};
		h.left_out[1] = bad[i];
		refused("order, overlap or length");
	}
	REFUSED(n_left_out, HANDOFF_LEFT_OUT_MAX + 1, "number of frames to be left out");
	h.n_left_out = 1;
	h.left_out[0] = (struct handoff_frames){0, 1}; /* never saved anyway */
	refused("order, overlap or length");
	h.n_left_out = 1;
	h.left_out[0] = (struct handoff_frames){(BASE + 66 * MIB) / 4096 - 1, 0x100000};
	refused("region frame (to be left out)");
	h.n_left_out = 1;
	h.left_out[0] = (struct handoff_frames){MAILBOX / 4096 + 511, MAILBOX / 4096 + 512};
	refused("mailbox (to be left out)");
}

TEST(target)
{
	REFUSED(sector_bytes, 0, "sector size");
	REFUSED(sector_bytes, 1024, "sector size");
	REFUSED(n_extents, 0, "number of extents");
	REFUSED(n_extents, HANDOFF_EXTENTS_MAX + 1, "number of extents");
	REFUSED(extent[1].n_sectors, 0, "beyond the disk");
	REFUSED(extent[1].n_sectors, 9, "beyond the disk");
	REFUSED(extent[1].n_sectors, UINT64_MAX, "beyond the disk");
	REFUSED(extent[0].lba, 1000000, "beyond the disk");
	REFUSED(extent[0].lba, UINT64_MAX, "beyond the disk");
	REFUSED(n_sectors, 999999, "beyond the disk");
}

TEST(filesystems)
{
	REFUSED(n_filesystems, HANDOFF_FILESYSTEMS_MAX + 1, "number of file systems");
	REFUSED(n_filesystems, UINT32_MAX, "number of file systems");
	REFUSED(filesystem[0].sector_bytes, 1024, "sector size");
	REFUSED(filesystem[0].n_sectors, 0, "beyond the disk");
	REFUSED(filesystem[0].n_sectors, 901, "beyond the disk");
	REFUSED(filesystem[0].n_sectors, UINT64_MAX, "beyond the disk");
	REFUSED(filesystem[0].lba, 1000, "beyond the disk");
	REFUSED(filesystem[0].lba, UINT64_MAX, "beyond the disk");
	REFUSED(filesystem[0].n_ranges, 0, "bytes to look at");
	REFUSED(filesystem[0].n_ranges, HANDOFF_RANGES_MAX + 1, "bytes to look at");
	REFUSED(filesystem[0].range[0].bytes, 0, "bytes to look at");
	REFUSED(filesystem[0].range[0].bytes, 65537, "bytes to look at");
	REFUSED(filesystem[0].range[1].bytes, 4097, "bytes to look at");
	REFUSED(filesystem[0].range[1].offset, 900 * 4096, "bytes to look at");
	REFUSED(filesystem[0].range[1].offset, UINT64_MAX, "bytes to look at");
	/* Not looked at: only its texts count. */
	h.filesystem[1].n_ranges = 99;
	accepted();
	for (uint32_t i = 0; i < 2; i++) {
		memset(h.filesystem[i].mount_point, 'x', sizeof(h.filesystem[i].mount_point));
		refused("a name");
		memset(h.filesystem[i].type, 'x', sizeof(h.filesystem[i].type));
		refused("a name");
		memset(h.filesystem[i].device, 'x', sizeof(h.filesystem[i].device));
		refused("a name");
		memset(h.filesystem[i].reason, 'x', sizeof(h.filesystem[i].reason));
		refused("a name");
	}
}

/* ---- pages ---- */

static struct range v[64];
static struct ranges frames;

static void select_pages(void)
{
	ranges_init(&frames, v, 64);
	assert_int_equal(pages_select(&h, &frames), 0);
}

static void has(uint64_t start, uint64_t end)
{
	struct range gap;
	if (ranges_gap(&frames, start, end, &gap))
		fail_msg("frame %#llx is not saved", (unsigned long long)gap.start);
}

static void has_not(uint64_t start, uint64_t end)
{
	if (ranges_touch(&frames, start, end))
		fail_msg("some of %#llx is saved", (unsigned long long)start);
}

TEST(frames_selected)
{
	select_pages();
	has_not(0, 1);
	has(1, 0x9f);
	has_not(0x9f, 0x100);
	has(0x100, 0x40000);
	has_not(0x40000, 0x40200);
	has(0x40200, 0x44000);
	has_not(0x44000, 0x44200);
	has(0x44200, 0x7fffe);
	has_not(0x7fffe, 0x7ffff); /* half of it is RAM, half is tables */
	has(0x7ffff, 0x80000);
	has_not(0x80000, 0x100000);
	has(0x100000, 0x140000);
	assert_int_equal(ranges_total(&frames), 0x9e + 0x7fefe - 0x400 + 1 + 0x40000);
}

TEST(other_types_are_not_saved)
{
	static const uint32_t types[] = {0, MEMORY_RESERVED, MEMORY_NVS, MEMORY_BAD, 7, 0xffffffff};
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		h.memory[4].type = types[i];
		select_pages();
		has_not(0x100000, 0x140000);
	}
}

TEST(less_than_a_frame)
{
	h.memory[1] = (struct memory_range){0x9fc00, 0x9ffff, MEMORY_RAM, 0};
	h.memory[4] = (struct memory_range){0x100000800, 0x100001800, MEMORY_RAM, 0};
	select_pages();
	has_not(0x9f, 0x100);
	has_not(0x100000, 0x100002);
}

/* Neither saved nor mapped. */
TEST(left_out_of_both)
{
	h.n_left_out = 2;
	h.left_out[0] = (struct handoff_frames){0x5000, 0x5001};
	h.left_out[1] = (struct handoff_frames){0x108000, 0x110000};
	select_pages();
	for (int round = 0; round < 2; round++) {
		has(0x4fff, 0x5000);
		has_not(0x5000, 0x5001);
		has(0x5001, 0x5002);
		has(0x107fff, 0x108000);
		has_not(0x108000, 0x110000);
		has(0x110000, 0x140000);
		ranges_init(&frames, v, 64);
		assert_int_equal(pages_to_map(&h, &frames), 0);
	}
	has(0, 0xa0); /* the last one is only partly memory */
	has_not(0xa0, 0x100);
	has(0x40000, 0x40200);
	has(0x7fffe, 0x80000);
}

TEST(too_few_ranges)
{
	ranges_init(&frames, v, 3);
	assert_int_equal(pages_select(&h, &frames), ERR_NO_MEMORY);
}

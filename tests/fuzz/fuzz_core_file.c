/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF cores that lie, and their notes; then the same bytes as the memory of a kernel: VMCOREINFO at
 * its start, page tables and stacks wherever it says.
 */
#include <string.h>

#include "core_file.h"
#include "crash_info.h"
#include "fuzz.h"

struct input {
	const uint8_t *data;
	size_t bytes;
};

static int file_read(void *ctx, uint64_t offset, void *buf, size_t bytes)
{
	const struct input *in = ctx;

	FUZZ_CHECK(bytes && offset <= in->bytes && bytes <= in->bytes - offset);
	memcpy(buf, in->data + offset, bytes);
	return 0;
}

static bool memory_read(void *ctx, uint64_t phys, void *buf, size_t bytes)
{
	const struct input *in = ctx;
	size_t from = phys < in->bytes ? (size_t)phys : in->bytes;
	size_t n = bytes < in->bytes - from ? bytes : in->bytes - from;

	if (phys > 64u << 20)
		return false;
	memset(buf, 0, bytes);
	if (n)
		memcpy(buf, in->data + from, n);
	return true;
}

static void read_core(struct input *in)
{
	struct core_source src = {file_read, in, in->bytes};
	struct core_file c;
	struct core_note n;
	uint64_t end = 0;
	size_t at = 0;
	int err = core_open(&c, &src);

	FUZZ_CHECK(!err == !c.error[0]);
	for (uint32_t i = 0; !err && i < c.n_segments; i++) {
		const struct core_segment *s = &c.segment[i];

		FUZZ_CHECK(s->n_frames && s->pfn >= end);
		end = s->pfn + s->n_frames;
		FUZZ_CHECK(end > s->pfn && end <= 1ull << 40);
		FUZZ_CHECK(s->offset <= in->bytes &&
			   s->n_frames <= (in->bytes - s->offset) / CORE_PAGE_BYTES);
	}
	while (!err && core_note_next(c.notes, c.note_bytes, &at, &n)) {
		FUZZ_CHECK(n.content >= c.notes && n.bytes <= c.note_bytes);
		FUZZ_CHECK((size_t)(n.content - c.notes) + n.bytes <= c.note_bytes);
		FUZZ_CHECK(strlen(n.name) < c.note_bytes);
	}
	core_close(&c);
}

static void read_kernel(struct input *in)
{
	struct phys_memory m = {memory_read, in};
	struct user_regs_struct r;
	struct crash_info i;

	if (!crash_info_read(&m, 0, &i))
		return;
	FUZZ_CHECK(i.bytes && i.bytes == strlen(i.text) && i.levels >= 4 && i.levels <= 5);
	FUZZ_CHECK(i.page_offset % (1u << 30) == 0 && i.kernel_bytes <= 2ull << 30);
	(void)kexec_registers(&i, &m, 0x2000, &r);
	(void)swsusp_registers(&i, &m, 0x1000, &r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = {data, bytes};

	read_core(&in);
	read_kernel(&in);
	return 0;
}

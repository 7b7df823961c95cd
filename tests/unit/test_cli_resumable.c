/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor save asks the loader's own check before it saves: played machines that it would refuse. */
#include "test.h"

#include <string.h>

#include "payload.h"
#include "resumable.h"
#include "say.h"

/* payload.c names it; made up here. */
const uint8_t writer_blob[] = "test", writer_blob_end[1];

static struct machine_facts f;
static struct handoff h;

#define RUNTIME 0x800000000000000full

static void setup(void)
{
	f = (struct machine_facts){.release = "6.1.0",
		.memory = {{0, 0x9fc00, MEMORY_RAM, 0}, {0x9fc00, 0xa0000, MEMORY_RESERVED, 0},
			{0x100000, 0x40000000, MEMORY_RAM, 0},
			{0x40000000, 0x40010800, MEMORY_ACPI, 0},
			{0x40010800, 0x40020000, MEMORY_NVS, 0},
			{0x40020000, 0x40100000, MEMORY_RESERVED, 0},
			{0x100000000, 0x140000000, MEMORY_RAM, 0}},
		.n_memory = 7,
		.rsdp = 0xf5a40};
	memset(&h, 0, sizeof(h));
}

FIXTURE(setup, NULL)

static void uefi(void)
{
	f.uefi = true;
	f.efi_systab = 0x3fee018;
	f.efi_runtime = 0x40020018;
	f.runtime[0] = (struct runtime_range){.phys = 0x40020000, .n_pages = 0x10, .type = 6};
	f.runtime[1] = (struct runtime_range){.phys = 0x40030000, .n_pages = 8, .type = 5};
	/* The same type and attribute, touching: this kernel did not join them. */
	f.runtime[2] = (struct runtime_range){.phys = 0x40038000, .n_pages = 8, .type = 5};
	f.n_runtime = 3;
	for (uint32_t i = 0; i < f.n_runtime; i++)
		f.runtime[i].attribute = RUNTIME;
}

static int check(void)
{
	payload_hand_off_machine(&h, &f);
	return resumable_check(&h, f.uefi);
}

static void refused(const char *part)
{
	assert_int_equal(check(), -1);
	if (!strstr(last_complaint(), part))
		fail_msg("'%s' is not in '%s'", part, last_complaint());
	assert_non_null(strstr(last_complaint(), "not saved: on this machine the loader would "));
}

static void accepted(void)
{
	if (check())
		fail_msg("refused: %s", last_complaint());
}

TEST(good)
{
	accepted();
	uefi();
	accepted();
	/* What the region and the mailbox are is known later. */
	h.region[0] = 0x2000000;
	h.region[1] = 0x100000000;
	h.n_region = 2;
	h.mailbox = 0x2200000;
	accepted();
}

/* The kernel was not told of the firmware, or does not say: the image would be one of a BIOS machine. */
TEST(uefi_that_the_kernel_does_not_know)
{
	f.uefi = true;
	refused("the firmware does not fit");
	refused("saved under BIOS, started under UEFI");
}

/* A kernel with noefi: it calls nothing, so nothing is compared. */
TEST(noefi)
{
	uefi();
	f.n_runtime = 0;
	accepted();
}

/* The map says RAM, the descriptor that the loader gets says runtime data: it would not restore it. */
TEST(runtime_range_in_ram)
{
	uefi();
	f.runtime[0].phys = 0x3f000000;
	refused("the image has memory at 0x3f000000-0x3f010000, which is reserved here");
	/* The same in ACPI table memory. */
	f.runtime[0].phys = 0x40000000;
	f.runtime[0].n_pages = 1;
	refused("0x40000000-0x40001000, which is reserved here");
}

TEST(region)
{
	h.n_region = 1;
	h.mailbox = 0x2200000;
	h.region[0] = 0x40000000;
	refused("region frame 0x40000000 is not memory now");
	h.region[0] = 0x2001000;
	refused("region frame 0x2001000 is no 2 MiB frame");
	h.region[0] = 0x2000000;
	accepted();
	h.region[1] = 0x2000000;
	h.n_region = 2;
	refused("region frame 0x2000000 is named twice");
	h.n_region = 1;
	h.mailbox = 0x2000000;
	refused("mailbox at 0x2000000 is not in memory that is saved");
}

/* As many ranges as fit the handoff, all apart. */
TEST(many_ranges)
{
	for (uint32_t i = 0; i < HANDOFF_MEMORY_MAX; i++)
		f.memory[i] = (struct memory_range){.start = i * 0x10000ull,
			.end = i * 0x10000ull + 0x8000,
			.type = MEMORY_RAM};
	f.n_memory = HANDOFF_MEMORY_MAX;
	accepted();
	for (uint32_t i = 0; i < SAVED_RUNTIME_MAX; i++)
		f.runtime[i] = (struct runtime_range){.phys = 0x10000000 + i * 0x10000ull,
			.n_pages = 1,
			.attribute = RUNTIME,
			.type = 5};
	f.n_runtime = SAVED_RUNTIME_MAX;
	f.n_memory -= SAVED_RUNTIME_MAX; /* they lie between, and the loader's map has them too */
	f.uefi = true;
	f.efi_systab = 1;
	accepted();
}

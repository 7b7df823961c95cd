/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of a file system in an image, as hostile as can be, compared with two disks: a good record
 * with the input over it at places that the input names. Nothing may be read outside the disks, and what
 * is not recognised is never "as it was".
 */
#include <string.h>

#include "changes.h"
#include "fake_ram_disk.h"
#include "fuzz.h"
#include "gpt_make.h"
#include "machine.h"

#define N_SECTORS 1024u
#define GUID      "11111111-0000-4000-8000-000000000001"
#define PART      "aaaaaaaa-0000-4000-8000-00000000000a"

static uint8_t work[CHANGES_WORK_BYTES] __attribute__((aligned(4096)));
static struct saved_filesystem filesystem;

static void make_disk(struct fake_ram_disk *d, uint32_t sector_bytes)
{
	struct gpt_make_partition p = {
		"0fc63daf-8483-4772-8e79-3d69d8477de4", PART, 128, N_SECTORS / 2};
	fake_ram_disk_init(d, sector_bytes, N_SECTORS);
	struct gpt_make g = gpt_make_on(d, GUID);
	g.n_entries = 4;
	gpt_make(&g, &p, 1);
	memset(d->bytes + 200 * sector_bytes, 0x5a, 100 * sector_bytes);
}

static void make_record(const struct fake_ram_disk *d, struct saved_filesystem *ret)
{
	*ret = (struct saved_filesystem){.mount_point = "/",
		.disk_sectors = N_SECTORS,
		.sector_bytes = 512,
		.lba = 128,
		.n_sectors = N_SECTORS / 2,
		.n_ranges = 1,
		.offset = {1024},
		.bytes = {1024}};
	gpt_make_guid(GUID, ret->disk_guid);
	gpt_make_guid(PART, ret->part_guid);
	ret->hash[0] = img_hash(d->bytes + 128 * 512 + 1024, 1024);
}

/* What state_get promises of texts. */
static void end_texts(struct saved_filesystem *f)
{
	f->mount_point[sizeof(f->mount_point) - 1] = f->type[sizeof(f->type) - 1] = 0;
	f->device[sizeof(f->device) - 1] = f->reason[sizeof(f->reason) - 1] = 0;
	f->disk_serial[sizeof(f->disk_serial) - 1] = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct fake_ram_disk small, large; /* nothing is written to them */
	static struct changes c;
	struct saved_filesystem *f = &filesystem;
	char text[CHANGES_TEXT_BYTES];
	fake_machine_reset();
	if (!small.bytes) {
		make_disk(&large, 4096);
		make_disk(&small, 512);
	}
	struct disks disks = {.dev = {&large.dev, &small.dev}, .n = 2};
	make_record(&small, f);
	fuzz_patch(f, sizeof(*f), data, bytes);
	end_texts(f);
	changes_find(f, 1, &disks, work, &c);
	changes_text(&c, text);
	changes_log_loss(&c, "destroys");
	FUZZ_CHECK(c.n_written + c.n_missing <= 1 && strlen(text) < sizeof(text));
	FUZZ_CHECK((text[0] != 0) == (c.n_written + c.n_missing == 1));
	if (c.of[0] == CHANGE_NONE)
		FUZZ_CHECK(f->n_ranges > 0 && f->n_ranges <= SAVED_RANGES_MAX &&
			   f->offset[0] < N_SECTORS * 4096ull &&
			   f->bytes[0] <= SAVED_RANGE_BYTES_MAX);
	return 0;
}

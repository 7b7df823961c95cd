/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fingerprints.c of the writer, and changes.c of the loader: what the one keeps, the other finds, and
 * what has changed in between is called by its name.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "fake_ram_disk.h"
#include "fingerprints.h"
#include "gpt_make.h"
#include "log_text.h"
#include "machine.h"

#define N_SECTORS   8192
#define N_DISKS     3
#define ARENA_BYTES (2u << 20)
#define TARGET_PCI  0x18u
#define OTHER_PCI   0x20u
#define TYPE        "0fc63daf-8483-4772-8e79-3d69d8477de4"

static const char *const disk_guid[N_DISKS] = {"11111111-0000-4000-8000-000000000001",
	"22222222-0000-4000-8000-000000000002", "33333333-0000-4000-8000-000000000003"};
static const char *const part_guid[N_DISKS] = {"aaaaaaaa-0000-4000-8000-00000000000a",
	"bbbbbbbb-0000-4000-8000-00000000000b", "cccccccc-0000-4000-8000-00000000000c"};

static struct fake_ram_disk disk[N_DISKS];
static struct disks target, here; /* of the writer; of the loader */
static struct handoff h;
static struct {
	struct saved_filesystem filesystem[SAVED_FILESYSTEMS_MAX];
	uint32_t n_filesystems;
} im; /* what the image says */
static struct changes changes;
static struct arena arena;
static uint8_t *memory, *work;
static int start_err;
static uint32_t n_started, n_stopped;

/* ---- what the writer calls for another controller ---- */

int disks_start(struct disks *d, struct arena *dma, uint32_t pci_address)
{
	memset(d, 0, sizeof(*d));
	assert_non_null(arena_alloc(dma, 100000, 4096));
	n_started++;
	if (start_err || pci_address != OTHER_PCI)
		return start_err ? start_err : ERR_NOT_FOUND;
	d->dev[d->n++] = &disk[1].dev;
	d->dev[d->n++] = &disk[2].dev;
	return 0;
}

void disks_stop(struct disks *d)
{
	n_stopped += d->n;
}

/* ---- three disks: one behind the target's controller, two behind another ---- */

static void make_gpt(uint32_t i, uint64_t lba, uint64_t n_sectors)
{
	struct gpt_make g = gpt_make_on(&disk[i], disk_guid[i]);
	struct gpt_make_partition p = {TYPE, part_guid[i], lba, n_sectors};
	gpt_make(&g, &p, 1);
}

static struct handoff_filesystem filesystem(uint32_t i, const char *name)
{
	struct handoff_filesystem f = {.type = "ext4",
		.pci_address = i == 0 ? TARGET_PCI : OTHER_PCI,
		.unit = i,
		.sector_bytes = disk[i].dev.sector_bytes,
		.writable = 1,
		.disk_sectors = N_SECTORS,
		.lba = 2048,
		.n_sectors = 4096,
		.n_ranges = 2,
		.range = {{1024, 1024}, {65536, 4096}}};
	gpt_make_guid(disk_guid[i], f.disk_guid);
	gpt_make_guid(part_guid[i], f.part_guid);
	strcpy(f.mount_point, name);
	strcpy(f.device, "vda1");
	return f;
}

static uint8_t *byte_of(uint32_t i, uint64_t offset)
{
	return disk[i].bytes + 2048ull * disk[i].dev.sector_bytes + offset;
}

static void fill(uint32_t i)
{
	uint8_t *p = byte_of(i, 0);
	for (uint32_t n = 0; n < 4096u * disk[i].dev.sector_bytes; n++)
		p[n] = (uint8_t)(n * 7 + n / 511 + i);
}

static void setup(void)
{
	fake_machine_reset();
	h = (struct handoff){.pci_address = TARGET_PCI, .n_filesystems = N_DISKS};
	for (uint32_t i = 0; i < N_DISKS; i++) {
		fake_ram_disk_init(&disk[i], i == 2 ? 4096 : 512, N_SECTORS);
		disk[i].dev.unit = i;
		make_gpt(i, 2048, 4096);
		fill(i);
	}
	h.filesystem[0] = filesystem(0, "/");
	h.filesystem[1] = filesystem(1, "/home");
	h.filesystem[2] = filesystem(2, "/srv");
	target = (struct disks){.dev = {&disk[0].dev}, .n = 1};
	/* Another order than before. */
	here = (struct disks){.dev = {&disk[2].dev, &disk[1].dev, &disk[0].dev}, .n = 3};
	memory = aligned_alloc(4096, ARENA_BYTES);
	work = aligned_alloc(4096, (CHANGES_WORK_BYTES + 4095) & ~4095u);
	assert_true(memory && work);
	arena_init(&arena);
	assert_int_equal(arena_add(&arena, memory, ARENA_BYTES), 0);
	start_err = 0;
	n_started = n_stopped = 0;
	log_text_start();
}

static void teardown(void)
{
	fake_ram_disks_free(disk, N_DISKS);
	free(memory);
	free(work);
}

FIXTURE(setup, teardown)

static void save(void)
{
	memset(&im, 0, sizeof(im));
	fingerprints_read(&h, &target, &arena, im.filesystem);
	im.n_filesystems = h.n_filesystems;
}

static void compare(uint32_t n_written, uint32_t n_missing)
{
	log_text_start();
	changes_find(im.filesystem, im.n_filesystems, &here, work, &changes);
	assert_int_equal(changes.n_written, n_written);
	assert_int_equal(changes.n_missing, n_missing);
}

static void text_is(const char *wanted)
{
	char text[CHANGES_TEXT_BYTES];
	changes_text(&changes, text);
	if (strcmp(text, wanted))
		fail_msg("'%s' is not '%s'", text, wanted);
}

/* ---- tests ---- */

TEST(unchanged)
{
	save();
	assert_int_equal(n_started, 1); /* both disks of that controller in one go */
	assert_int_equal(n_stopped, 2);
	assert_int_equal(disk[0].n_writes + disk[1].n_writes + disk[2].n_writes, 0);
	assert_logged("writer: file system /home (ext4, vda1): fingerprint");
	compare(0, 0);
	assert_logged("filesystems: / (ext4, vda1) is as it was");
	text_is("");
	assert_int_equal(im.filesystem[2].hash[0], img_hash(byte_of(2, 1024), 1024));
	assert_int_equal(im.filesystem[2].hash[1], img_hash(byte_of(2, 65536), 4096));
}

TEST(every_byte_counts)
{
	static const uint64_t inside[] = {1024, 2047, 65536, 65536 + 4095},
			      outside[] = {0, 1023, 2048, 65535, 65536 + 4096};
	save();
	for (uint32_t i = 0; i < N_DISKS; i++) {
		for (uint32_t n = 0; n < 4; n++) {
			*byte_of(i, inside[n]) ^= 1;
			compare(1, 0);
			assert_int_equal(changes.of[i], CHANGE_WRITTEN);
			*byte_of(i, inside[n]) ^= 1;
		}
		for (uint32_t n = 0; n < 5; n++)
			*byte_of(i, outside[n]) ^= 1;
	}
	compare(0, 0);
}

TEST(named)
{
	save();
	*byte_of(1, 1100) ^= 0x80;
	here.n = 2; /* the disk of / is away, too: less telling */
	compare(1, 1);
	assert_logged("filesystems: / (ext4, vda1) is missing");
	text_is("file system /home (ext4, vda1) has changed since the save; force=1 resumes anyway");
	changes_log_loss(&changes, "destroys");
	assert_logged(
		"force=1 destroys what was written since the save to /home (ext4, vda1), which has "
		"changed since the save");
	assert_logged("to /srv (ext4, vda1), which is as it was");
	*byte_of(1, 1100) ^= 0x80;
	compare(0, 1);
	text_is("file system / (ext4, vda1) is missing: no disk here has it; force=1 resumes anyway");
	disk[1].bad_lba = 2048 + 2;
	compare(0, 2);
	assert_int_equal(changes.of[1], CHANGE_UNREADABLE);
}

TEST(read_only_is_no_loss)
{
	h.filesystem[1].writable = 0;
	save();
	compare(0, 0);
	changes_log_loss(&changes, "destroys");
	assert_false(log_text_has("/home (ext4, vda1), which"));
	*byte_of(1, 1100) ^= 1;
	compare(1, 0);
	changes_log_loss(&changes, "destroys");
	assert_logged("/home (ext4, vda1), which has changed");
}

TEST(partitions_move)
{
	save();
	memmove(byte_of(1, 512 * 100), byte_of(1, 0), 4096 * 512 - 512 * 200);
	make_gpt(1, 2148, 4096);
	compare(0, 0);
	/* Smaller than what is looked at. */
	make_gpt(1, 2148, 100);
	compare(1, 0);
	/* Another partition in its place. */
	memset(disk[1].bytes + 2 * 512 + 16, 0x55, 16);
	struct gpt_make g = gpt_make_on(&disk[1], disk_guid[1]);
	gpt_make_seal(&g, 1);
	compare(0, 1);
	assert_logged("/home (ext4, vda1) is missing");
}

/* A copy of the disk, GUIDs and all: which of the two the kernel would write to is not known. */
TEST(copies)
{
	struct fake_ram_disk copy;
	save();
	fake_ram_disk_init(&copy, 512, N_SECTORS);
	memcpy(copy.bytes, disk[1].bytes, N_SECTORS * 512);
	here.dev[here.n++] = &copy.dev;
	compare(0, 0);
	*byte_of(1, 1100) ^= 1;
	compare(1, 0);
	*byte_of(1, 1100) ^= 1;
	copy.bytes[2048 * 512 + 1100] ^= 1;
	compare(1, 0);
	fake_ram_disk_free(&copy);
}

TEST(whole_disks)
{
	memset(disk[1].bytes, 0, 2048 * 512);
	memset(disk[1].bytes + (N_SECTORS - 64) * 512, 0, 64 * 512);
	memset(h.filesystem[1].disk_guid, 0, 16);
	memset(h.filesystem[1].part_guid, 0, 16);
	strcpy(disk[1].dev.serial, "S1");
	save();
	compare(0, 0);
	strcpy(disk[1].dev.serial, "S2");
	compare(0, 1);
	/* A copy beside it: the good one counts. */
	strcpy(disk[1].dev.serial, "S1");
	struct fake_ram_disk copy;
	fake_ram_disk_init(&copy, 512, N_SECTORS);
	strcpy(copy.dev.serial, "S1");
	here.dev[here.n++] = &copy.dev;
	compare(0, 0);
	here.dev[1] = &copy.dev;
	compare(1, 0);
	fake_ram_disk_free(&copy);
}

TEST(not_read)
{
	strcpy(h.filesystem[0].reason, "device-mapper volume root");
	h.filesystem[0].n_ranges = 77; /* not looked at then */
	start_err = ERR_TIMEOUT;
	save();
	assert_logged("writer: file system / (ext4, vda1) not checked: device-mapper volume root");
	assert_logged(
		"/home (ext4, vda1) not checked: its disk could not be started: the device did");
	assert_int_equal(im.filesystem[0].n_ranges + im.filesystem[1].n_ranges, 0);
	compare(0, 0);
	assert_logged("filesystems: / (ext4, vda1) is not checked: device-mapper volume root");

	start_err = 0;
	disk[1].bad_lba = 2048 + 2;
	h.filesystem[2].disk_sectors--;
	save();
	assert_logged("/home (ext4, vda1) not checked: its disk could not be read");
	assert_logged("/srv (ext4, vda1) not checked: the disk is not as Linux said");
	compare(0, 0);
	h.filesystem[0].reason[0] = 0;
	h.filesystem[0].n_ranges = 1;
	h.filesystem[0].unit = 9;
	save();
	assert_logged("/ (ext4, vda1) not checked: its disk could not be started: not found");
}

TEST(no_memory)
{
	arena_init(&arena);
	save();
	assert_int_equal(n_started, 0);
	assert_logged("not checked: the writer has no memory");
	assert_int_equal(arena_add(&arena, memory, FINGERPRINT_WORK_BYTES), 0);
	save();
	assert_int_equal(im.filesystem[0].reason[0], 0);
	assert_logged("/home (ext4, vda1) not checked: its disk could not be started: memory");
}

TEST(nothing)
{
	h.n_filesystems = 0;
	save();
	compare(0, 0);
	assert_false(log_text_has("filesystems"));
	log_text_start();
	changes_find(NULL, 0, &here, work, &changes);
	assert_int_equal(changes.n_written + changes.n_missing, 0);
	assert_logged("the image says nothing of them");
}

/* The record is input. */
TEST(hostile)
{
	save();
	struct saved_filesystem good = im.filesystem[0], *f = &im.filesystem[0];
	static const struct {
		uint64_t offset, bytes;
	} bad[] = {{0, 0}, {0, SAVED_RANGE_BYTES_MAX + 1}, {4096 * 512, 1}, {UINT64_MAX, 512},
		{4096 * 512 - 1, 2}, {512, UINT64_MAX}};
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f->offset[1] = bad[i].offset;
		f->bytes[1] = bad[i].bytes;
		compare(1, 0);
		*f = good;
	}
	f->n_ranges = SAVED_RANGES_MAX + 1;
	compare(1, 0);
	*f = good;
	f->sector_bytes = 4096;
	compare(1, 0);
	*f = good;
	memset(f->part_guid, 0, 16);
	f->lba = N_SECTORS;
	compare(1, 0);
	f->lba = 1;
	f->n_sectors = UINT64_MAX;
	compare(1, 0);
	*f = good;
	memset(f->mount_point, '\n', sizeof(f->mount_point) - 1);
	*byte_of(0, 1024) ^= 1;
	compare(1, 0);
	assert_logged("???? (ext4, vda1) has changed");
}

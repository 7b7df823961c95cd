/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a save that are no system calls: which frames, the payload, the handoff block, and
 * what is said about the mailbox. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handoff_check.h"
#include "img.h"
#include "payload.h"
#include "report.h"
#include "say.h"

#define MIB (1ull << 20)

/* payload.c names it; made up here. */
const uint8_t writer_blob[] = "test", writer_blob_end[1];

static void complained(const char *part)
{
	if (!strstr(last_complaint(), part))
		fail_msg("'%s' is not in '%s'", part, last_complaint());
}

static struct machine_facts machine(void)
{
	struct machine_facts f = {.release = "6.1.0",
		.memory = {{0x1000, 0x9f000, MEMORY_RAM, 0}, {0x100000, 0x40000000, MEMORY_RAM, 0},
			{0xfd000000, 0xfe000000, MEMORY_RESERVED, 0},
			{0x100000000, 0x140000000, MEMORY_RAM, 0}},
		.n_memory = 4,
		.kernel = {{0x1a400000, 0x1b002000}, {0x1b600000, 0x1b7b5b80}},
		.n_kernel = 2};
	return f;
}

TEST(frames)
{
	struct machine_facts f = machine();
	assert_null(region_frame_fault(&f, 0x2000000));
	assert_null(region_frame_fault(&f, 0x3fe00000));
	assert_null(region_frame_fault(&f, 0x100000000));
	assert_non_null(region_frame_fault(&f, 0));
	assert_non_null(region_frame_fault(&f, 0x2001000));
	assert_non_null(region_frame_fault(&f, 0x40000000));
	assert_non_null(region_frame_fault(&f, 0xfd000000));
	assert_non_null(region_frame_fault(&f, 0x140000000));
	assert_non_null(region_frame_fault(&f, 0x1a400000));
	assert_non_null(region_frame_fault(&f, 0x1b000000)); /* only its first pages */
	assert_non_null(region_frame_fault(&f, 0xffffffffffe00000));
	assert_null(region_frame_fault(&f, 0x1b800000));
}

TEST(reservation)
{
	struct machine_facts f = machine();
	uint64_t frame[HANDOFF_REGION_MAX];

	assert_false(region_from_reservation(&f, 8, frame));
	f.reserved[0] = (struct span){0x110000000, 0x120000000};
	f.n_reserved = 1;
	assert_true(region_from_reservation(&f, 16, frame));
	assert_int_equal(frame[0], 0x110000000);
	/* One below 4 GiB is better; its start is rounded up. */
	f.reserved[1] = (struct span){0x30001000, 0x31201000};
	f.n_reserved = 2;
	assert_true(region_from_reservation(&f, 8, frame));
	assert_int_equal(frame[0], 0x30200000);
	assert_int_equal(frame[7], 0x31000000);
	assert_true(region_from_reservation(&f, 9, frame)); /* that is one too many for it */
	assert_int_equal(frame[0], 0x110000000);
	f.reserved[0].start = f.reserved[0].end - 4 * MIB;
	assert_false(region_from_reservation(&f, 9, frame));
	f.reserved[1] = (struct span){0x3f000000, 0x50000000}; /* not all of it is RAM */
	assert_false(region_from_reservation(&f, 9, frame));
	f.reserved[1] = (struct span){UINT64_MAX - 10, UINT64_MAX};
	assert_false(region_from_reservation(&f, 1 + 2, frame));
}

#define ROOM (4096 + HANDOFF_BYTES) /* header page and handoff: what a program has at least */

/* A program of n bytes in the file that says memory, file size and magic. */
static struct payload_blob program(size_t n, uint64_t memory, uint64_t file, const char *magic)
{
	static uint8_t *data;

	free(data);
	data = calloc(1, n);
	assert_non_null(data);
	memcpy(data + 8, &memory, 8);
	memcpy(data + 16, &file, 8);
	memcpy(data + 24, magic, 8);
	memset(data + 4096, 0x5a, HANDOFF_BYTES); /* the room for the handoff block */
	data[n - 1] = 0x77;
	return (struct payload_blob){data, n};
}

TEST(bad_programs)
{
	struct region r = {.frame = {0x2000000}, .n_frames = 1};
	struct payload p;
	static const struct {
		size_t n;
		uint64_t memory, file;
		const char *magic, *said;
	} cases[] = {
		{ROOM - 1, ROOM + 4096, ROOM, "TORPORWR", "bad size"},
		{2 * MIB + 1, 4 * MIB, 4 * MIB, "TORPORWR", "bad size"},
		{ROOM + 20368, ROOM + 32768, ROOM + 24576, "TORPORLD", "damaged"},
		{ROOM + 20368, ROOM + 32768, ROOM + 16384, "TORPORWR", "damaged"},
		{ROOM + 20368, ROOM + 20368, ROOM + 24576, "TORPORWR", "damaged"},
		{ROOM + 20368, 2 * MIB + 1, ROOM + 24576, "TORPORWR", "larger than"},
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct payload_blob blob =
			program(cases[i].n < ROOM + 4096 ? ROOM + 4096 : cases[i].n,
				cases[i].memory, cases[i].file, cases[i].magic);
		blob.bytes = cases[i].n;
		assert_int_equal(payload_make(&p, &blob, &r), -1);
		complained(cases[i].said);
		payload_free(&p);
	}
	struct payload_blob blob = payload_builtin();
	assert_ptr_equal(blob.data, writer_blob);
}

TEST(segments)
{
	struct region r = {
		.frame = {0x2000000, 0x2200000, 0x2400000, 0x2a00000, 0x3000000, 0x3200000},
		.n_frames = 6};
	struct payload_blob blob = program(ROOM + 20368, ROOM + 32768, ROOM + 24576, "TORPORWR");
	struct payload p;

	assert_int_equal(payload_make(&p, &blob, &r), 0);
	assert_int_equal(p.entry, 0x2000000);
	assert_int_equal(p.n_segments, 3);
	assert_int_equal(p.segment[0].mem, 0x2000000);
	assert_int_equal(p.segment[0].memsz, 6 * MIB);
	assert_ptr_equal(p.segment[0].buf, p.buf);
	assert_int_equal(p.segment[0].bufsz, ROOM + 20368);
	assert_int_equal(p.segment[1].mem, 0x2a00000);
	assert_int_equal(p.segment[1].memsz, 2 * MIB);
	assert_int_equal(p.segment[1].bufsz, 0);
	assert_int_equal(p.segment[2].mem, 0x3000000);
	assert_int_equal(p.segment[2].memsz, 4 * MIB);
	assert_int_equal(p.buf[p.segment[0].bufsz - 1], 0x77);
	assert_int_equal(p.buf[4096 + HANDOFF_BYTES - 1], 0); /* the whole room is cleared */
	assert_int_equal(p.buf[4096 + HANDOFF_BYTES], 0);
	payload_free(&p);
}

/* What the command hands off is what the writer accepts. */
TEST(handoff)
{
	static struct filesystems mounted = {.v = {{.mount_point = "/",
						     .sector_bytes = 512,
						     .disk_sectors = 4096,
						     .n_sectors = 4096,
						     .n_ranges = 1,
						     .range = {{1024, 1024}}}},
		.n = 1};
	struct machine_facts f = machine();
	struct region r = {
		.frame = {0x2000000, 0x100000000}, .n_frames = 2, .mailbox_phys = 0x3000000};
	struct target t = {.sector_bytes = 512,
		.first_sector = 2048,
		.n_sectors = 1048579,
		.disk_sectors = 2097152,
		.pci_address = 0x18,
		.part_guid = {1, 2}};
	struct save_order order = {.action = HANDOFF_REBOOT,
		.serial_port = 0x3f8,
		.nonce = 77,
		.now_unix_s = 1234,
		.area_uuid = {5},
		.image_uuid = {6},
		.reusable = true,
		.filesystems = &mounted};
	struct payload_blob blob = program(ROOM + 20368, ROOM + 32768, ROOM + 24576, "TORPORWR");
	struct payload p;
	const char *what = "";

	f.saved_context = 0x1b700000;
	f.restores_gdt = true;
	assert_int_equal(payload_make(&p, &blob, &r), 0);
	payload_hand_off(p.handoff, &order, &f, &t, &r);
	if (handoff_check(p.handoff, p.entry, &what))
		fail_msg("refused: %s", what);
	const struct handoff *h = (const struct handoff *)(p.buf + 4096);
	assert_int_equal(h->n_extents, 1);
	assert_int_equal(h->extent[0].lba, 2048);
	assert_int_equal(h->extent[0].n_sectors, 1048576); /* whole blocks */
	assert_int_equal(h->n_sectors, 2097152);
	assert_int_equal(h->pci_address, 0x18);
	assert_int_equal(h->mailbox, 0x3000000);
	assert_int_equal(h->kernel_restores_gdt, 1);
	assert_int_equal(h->reusable, 1);
	assert_int_equal(h->n_filesystems, 1);
	assert_string_equal(h->filesystem[0].mount_point, "/");
	assert_int_equal(h->part_guid[1], 2);
	assert_int_equal(h->area_uuid[0], 5);
	assert_int_equal(h->image_uuid[0], 6);
	assert_string_equal(h->kernel_release, "6.1.0");
	payload_free(&p);
}

/* ---- The mailbox ---- */

static char said[8192];

static int report(const struct mailbox *m, uint64_t nonce)
{
	FILE *f = fmemopen(said, sizeof(said), "w");
	int err;

	assert_non_null(f);
	err = report_outcome(m, nonce, f);
	fclose(f);
	return err;
}

TEST(outcomes)
{
	static struct mailbox m;

	mailbox_prepare(&m, 42);
	assert_int_equal(report(&m, 42), -1);
	complained("neither writer nor loader reported");
	m.save = (struct saved_ledger){.pages = 262144,
		.pages_lz4 = 200000,
		.pages_fill = 62144,
		.bytes_stored = 327577600,
		.total_us = 2000000,
		.wait_us = 500000};
	m.outcome = MAILBOX_CONTINUED;
	assert_int_equal(report(&m, 42), 0);
	assert_non_null(strstr(said, "saved, and went on\n"));
	assert_non_null(strstr(said, "1024.0 MiB of memory as 312.4 MiB in 2.00 s (537 MB/s"));
	m.outcome = MAILBOX_RESUMED;
	m.resume = (struct mailbox_resume){.bytes_restored = 1 << 30,
		.bytes_read = 327577600,
		.total_us = 1000000,
		.attempts = 2};
	assert_int_equal(report(&m, 42), 0);
	assert_non_null(strstr(said, "resumed\n"));
	assert_non_null(strstr(said, "(1074 MB/s), at attempt 2\n"));
	m.outcome = MAILBOX_FAILED;
	memset(m.reason, 'x', sizeof(m.reason)); /* no end */
	assert_int_equal(report(&m, 42), -1);
	complained("not saved: xxx");
	strcpy(m.reason, "memory could not be written");
	m.error = IMG_ERR_FULL;
	assert_int_equal(report(&m, 42), -1);
	complained("not saved: memory could not be written: the image area is full");
	m.error = ERR_LOST;
	assert_int_equal(report(&m, 42), -1);
	complained("not saved: memory could not be written: the device is gone");
	m.reason[0] = 0;
	assert_int_equal(report(&m, 42), -1);
	complained("no reason");
	assert_int_equal(report(&m, 43), -1);
	complained("overwritten");
	m.outcome = 99;
	assert_int_equal(report(&m, 42), -1);
}

TEST(logs)
{
	static struct mailbox m;
	FILE *f;

	mailbox_prepare(&m, 42);
	strcpy(m.writer_log, "one\n\x1b[2Jtwo\n");
	m.writer_log_bytes = 12;
	strcpy(m.loader_log, "cut");
	m.loader_log_bytes = 3;
	f = fmemopen(said, sizeof(said), "w");
	report_logs(&m, 41, f);
	report_logs(&m, 42, f);
	fclose(f);
	assert_string_equal(said, "writer| one\nwriter| ?[2Jtwo\nloader| cut\n");
	m.writer_log_bytes = UINT32_MAX; /* no further than its room */
	m.loader_log_bytes = 0;
	f = fopen("/dev/null", "w");
	report_logs(&m, 42, f);
	fclose(f);
}

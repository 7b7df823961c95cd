/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/nvme.c and nvme_ctrl.c: controllers that lie, fail, or are in odd states; several
 * namespaces. */
#include "test.h"

#include "driver_conformance.h"

#include <string.h>

#include "fake_nvme.h"
#include "log_text.h"
#include "nvme_regs.h"

#define MASTER 4u

static struct fake_nvme_config config;
static struct fake_nvme_ns ns[FAKE_NVME_NAMESPACES];
static unsigned n_ns;
static struct fake_disk second_disk;

static struct fake_pci_dev *plug_own(struct fake_disk *disk)
{
	for (unsigned i = 0; i < n_ns; i++)
		ns[i].disk = i == 0 ? disk : &second_disk;
	return fake_nvme_plug(&config, ns, n_ns);
}

static const struct driver_under_test own = {"own", plug_own, 512, 1, 0, false, true};

static void free_second(void)
{
	fake_disk_free(&second_disk);
}

AROUND_ALL(NULL, free_second)

static void setup_own(void)
{
	config = fake_nvme_default;
	memset(ns, 0, sizeof(ns));
	n_ns = 1;
	ns[0].nsid = 1;
	fake_disk_free(&second_disk);
	fake_disk_init(&second_disk, 512, 4096);
	log_text_start();
	conformance_setup(&own);
}

FIXTURE(setup_own, conformance_teardown)

static void plug_again(void)
{
	disks_stop(&world.disks);
	conformance_plug();
	fake_clock_step_us = 20;
}

static void start_is(int err, uint32_t n_disks)
{
	int found = disks_start(&world.disks, &world.arena, DISKS_ANY);
	if (found != err || world.disks.n != n_disks)
		fail_msg("start: %d with %u disks, wanted %d with %u", found, world.disks.n, err,
			n_disks);
	assert_int_equal(world.disks.n_failed, n_disks == 0 && err != ERR_NOT_FOUND);
	if (!world.pci->gone)
		assert_int_equal(fake_config16(world.pci, 4) & MASTER, n_disks > 0 ? MASTER : 0);
}

static void config_is(int err)
{
	plug_again();
	start_is(err, err == 0);
}

/* ---- the controller's registers ---- */

static void set_cap(unsigned shift, unsigned bits, uint64_t value)
{
	uint64_t mask = ((1ull << bits) - 1) << shift;
	config.cap = (fake_nvme_default.cap & ~mask) | value << shift;
}

TEST(capabilities)
{
	set_cap(48, 4, 1); /* pages of 8 KiB at least */
	config_is(ERR_UNSUPPORTED);
	set_cap(37, 8, 0x80); /* admin commands only */
	config_is(ERR_UNSUPPORTED);
	set_cap(37, 8, 1);
	config_is(0);
	set_cap(0, 16, 0); /* queues of one entry */
	config_is(ERR_BAD_ANSWER);
	set_cap(0, 16, 0xffff);
	config_is(0);
	set_cap(32, 4, 15); /* doorbells 128 KiB apart */
	config_is(ERR_BAD_ANSWER);
	config.bar_bytes = 1 << 20;
	config_is(0);
	set_cap(32, 4, 0);
	config.bar_bytes = 4096;
	config_is(ERR_BAD_ANSWER);
	config.bar_bytes = 8192;
	config_is(0);
	config.cap = UINT64_MAX;
	config_is(ERR_LOST);
	config = fake_nvme_default;
	config.version = UINT32_MAX;
	config_is(ERR_LOST);
}

TEST(times)
{
	const struct {
		unsigned to, crwmt;
		bool has_crto;
		uint64_t ready_ms;
		int err;
	} t[] = {{1, 0, false, 400, 0}, {1, 0, false, 1200, ERR_TIMEOUT}, {0, 0, false, 400, 0},
		{0, 60000, false, 2000, ERR_TIMEOUT}, {0, 60, true, 30000, 0},
		{0, 60, true, 40000, ERR_TIMEOUT}, {255, 1, true, 127000, 0},
		{255, 0, false, 130000, ERR_TIMEOUT}, {1, 65535, true, 127000, 0},
		{1, 65535, true, 130000, ERR_TIMEOUT}};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		config = fake_nvme_default;
		set_cap(24, 8, t[i].to);
		config.cap |= t[i].has_crto ? NVME_CAP_CRWMS : 0;
		config.crwmt = (uint16_t)t[i].crwmt;
		config.ready_us = t[i].ready_ms * 1000;
		plug_again();
		fake_clock_step_us = 5000;
		uint64_t begun = fake_clock_now_us;
		start_is(t[i].err, t[i].err == 0);
		uint64_t units = t[i].has_crto && t[i].crwmt > t[i].to ? t[i].crwmt : t[i].to;
		units = units > 255 ? 255 : units;
		/* Ready, then not ready again. */
		assert_true(fake_clock_now_us - begun < (2 * (units + 1) + 1) * 500000);
	}
}

TEST(fatal_when_enabled)
{
	config.fatal_when_enabled = true;
	config_is(ERR_LOST);
}

TEST(states_it_may_be_left_in)
{
	for (int left = FAKE_NVME_LEFT_STARTING; left <= FAKE_NVME_LEFT_SHUTTING; left++) {
		config.ready_us = 300000;
		config.shutdown_us = 2000000;
		plug_again();
		fake_nvme_leave((enum fake_nvme_left)left);
		start_is(0, 1);
		assert_int_equal(fake_nvme_n_rude(), left == FAKE_NVME_LEFT_NEVER);
		assert_int_equal(fake_nvme_n_shutdowns(), left == FAKE_NVME_LEFT_SHUTTING);
		world.dev = world.disks.dev[0];
		assert_int_equal(block_read(world.dev, 0, 9, conformance_buffer), 0);
	}
}

TEST(shutdown)
{
	conformance_start();
	disks_stop(&world.disks);
	disks_stop(&world.disks);
	assert_int_equal(fake_nvme_n_shutdowns(), 1);
	assert_int_equal(fake_nvme_n_rude(), 0);
	conformance_quiet();
	/* How long it may take, the controller says: 5 s at least, 30 at most. */
	const struct {
		uint32_t rtd3e_us, takes_ms;
		bool waits;
	} t[] = {{0, 4000, true}, {1, 6000, false}, {20000000, 19000, true},
		{20000000, 22000, false}, {UINT32_MAX, 29000, true}, {UINT32_MAX, 40000, false}};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		config.rtd3e = t[i].rtd3e_us;
		config.shutdown_us = t[i].takes_ms * 1000ull;
		plug_again();
		fake_clock_step_us = 1000;
		start_is(0, 1);
		uint64_t begun = fake_clock_now_us;
		disks_stop(&world.disks);
		assert_true(fake_clock_now_us - begun < 45000000);
		assert_int_equal(fake_nvme_n_shutdowns(), t[i].waits);
	}
}

/* ---- admin commands ---- */

TEST(admin_commands_go_wrong)
{
	static const struct {
		enum fake_fault fault;
		int err;
	} t[] = {{FAKE_IO_ERROR, ERR_IO}, {FAKE_SILENT, ERR_TIMEOUT},
		{FAKE_BAD_TAG, ERR_BAD_ANSWER}, {FAKE_BAD_INDEX, ERR_BAD_ANSWER},
		{FAKE_BAD_STATUS, ERR_IO}, {FAKE_VANISH, ERR_LOST}, {FAKE_WANTS_RESET, ERR_LOST},
		{FAKE_TWICE, ERR_BAD_ANSWER}};
	start_is(0, 1);
	unsigned n = fake_nvme_n_admin();
	assert_int_equal(n, 7);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		for (unsigned at = 0; at < n; at++) {
			config.admin_fault = t[i].fault;
			config.admin_fault_at = at;
			plug_again();
			fake_clock_step_us = 500;
			bool is_log = at == 1 && t[i].err == ERR_IO;
			bool is_last = at == n - 1 && t[i].fault == FAKE_TWICE;
			int err = is_log || is_last ? 0 : t[i].err;
			start_is(err, err == 0);
		}
	}
}

TEST(identify_controller)
{
	config.sqes = 0x55;
	config_is(ERR_BAD_ANSWER);
	config.sqes = 0x77;
	config_is(ERR_BAD_ANSWER);
	config.sqes = 0xf0;
	config_is(0);
	config.cqes = 0x33;
	config_is(ERR_BAD_ANSWER);
	config = fake_nvme_default;
	config.cntrltype = 2;
	config_is(ERR_UNSUPPORTED);
	config.version = NVME_VERSION(1, 3);
	config_is(0);
	config = fake_nvme_default;
	config.no_smart_log = true;
	config_is(0);
	assert_false(world.disks.dev[0]->read_only);
}

TEST(depths)
{
	const struct {
		unsigned mqes, depth;
	} t[] = {{1, 1}, {2, 2}, {62, 62}, {63, 63}, {64, 64}, {65, 64}, {127, 64}, {65535, 64}};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		set_cap(0, 16, t[i].mqes);
		config_is(0);
		assert_int_equal(world.disks.dev[0]->queue_depth, t[i].depth);
	}
}

TEST(transfer_limits)
{
	for (unsigned mdts = 0; mdts < 256; mdts += mdts < 40 ? 1 : 43) {
		config.mdts = (uint8_t)mdts;
		config_is(0);
		world.dev = world.disks.dev[0];
		uint32_t bytes = mdts == 0 || mdts > 8 ? 1u << 20 : 4096u << mdts;
		assert_int_equal(world.dev->max_sectors, bytes / 512);
		assert_int_equal(block_read(world.dev, 0, 4096, conformance_buffer + 4), 0);
		assert_memory_equal(conformance_buffer + 4, conformance_sectors(0), 4096 * 512);
		assert_int_equal(fake_nvme_longest_list(), bytes / 4096 + 1);
	}
}

TEST(joins)
{
	conformance_start();
	struct block_seg seg[3] = {{conformance_buffer + 3584, 512},
		{conformance_buffer + 8192, 4096}, {conformance_buffer + 4096, 512}};
	struct block_req req = {.lba = 3, .n_sectors = 10, .seg = seg, .n_segs = 3};
	assert_int_equal(block_submit(world.dev, &req), 0);
	assert_int_equal(block_wait(world.dev, &req), 0);
	assert_memory_equal(seg[0].buf, conformance_sectors(3), 512);
	assert_memory_equal(seg[1].buf, conformance_sectors(4), 4096);
	assert_memory_equal(seg[2].buf, conformance_sectors(12), 512);
	for (int i = 0; i < 3; i++) {
		seg[i].buf = (uint8_t *)seg[i].buf + 512;
		assert_int_equal(block_submit(world.dev, &req), ERR_BOUNDS);
		seg[i].buf = (uint8_t *)seg[i].buf - 512;
	}
}

/* ---- completions ---- */

TEST(wrong_queue)
{
	config.wrong_sqid = 1;
	plug_again();
	conformance_start();
	assert_int_equal(block_read(world.dev, 0, 1, conformance_buffer), ERR_BAD_ANSWER);
	conformance_quiet();
}

TEST(refusals_are_logged)
{
	conformance_start();
	world.disk.fault = FAKE_IO_ERROR;
	assert_int_equal(block_read(world.dev, 7, 2, conformance_buffer), ERR_IO);
	world.disk.flush_fault = FAKE_IO_ERROR;
	assert_int_equal(block_flush(world.dev), ERR_IO);
	assert_logged(
		"disk nvme 00:03.0 ns 1: read of 2 sectors at 7 failed: status type 2 code 0x81");
	assert_logged(
		"disk nvme 00:03.0 ns 1: flush of 0 sectors at 0 failed: status type 2 code 0x81");
}

/* ---- namespaces ---- */

TEST(formats)
{
	ns[0].ms = 8;
	config_is(ERR_UNSUPPORTED);
	assert_logged("namespace 1 passed over: its format has metadata");
	ns[0] = (struct fake_nvme_ns){.nsid = 1, .lbads = 13};
	config_is(ERR_UNSUPPORTED);
	ns[0].lbads = 0xff;
	config_is(ERR_UNSUPPORTED);
	ns[0] = (struct fake_nvme_ns){.nsid = 1, .flbas = 2, .nlbaf = 1};
	config_is(ERR_BAD_ANSWER);
	ns[0].nlbaf = 2;
	config_is(0);
	ns[0] = (struct fake_nvme_ns){.nsid = 1, .flbas = 0x7f, .nlbaf = 63};
	config_is(0);
	ns[0].nlbaf = 62;
	config_is(ERR_BAD_ANSWER);
	ns[0].nlbaf = 255;
	config_is(0);
	plug_again();
	world.disk.n_sectors = 0;
	start_is(ERR_NOT_FOUND, 0);
	plug_again();
	world.disk.n_sectors = UINT64_MAX;
	start_is(ERR_UNSUPPORTED, 0);
}

TEST(lists_of_namespaces)
{
	static const struct {
		uint32_t ids[4], nn;
		int err;
		uint32_t n_disks;
	} t[] = {{{1, 2}, 2, 0, 1}, {{2, 1}, 2, ERR_BAD_ANSWER, 0}, {{1, 1}, 2, ERR_BAD_ANSWER, 0},
		{{1, 3}, 2, ERR_BAD_ANSWER, 0}, {{1, UINT32_MAX}, UINT32_MAX, ERR_BAD_ANSWER, 0},
		{{1, UINT32_MAX - 1}, UINT32_MAX, ERR_BAD_ANSWER, 0},
		{{1, UINT32_MAX - 2}, UINT32_MAX, 0, 1}, {{0, 1}, 2, ERR_NOT_FOUND, 0},
		{{2}, 2, ERR_NOT_FOUND, 0}, {{1}, 0, 0, 1}};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memcpy(config.ids, t[i].ids, sizeof(t[i].ids));
		config.n_ids = 4;
		config.nn = t[i].nn;
		plug_again();
		start_is(t[i].err, t[i].n_disks);
	}
	config = fake_nvme_default;
	n_ns = 0;
	plug_again();
	start_is(ERR_NOT_FOUND, 0);
}

static void many_namespaces(unsigned n)
{
	n_ns = n;
	for (unsigned i = 0; i < n; i++)
		ns[i] = (struct fake_nvme_ns){.nsid = 2 * i + 3};
}

TEST(many_namespaces)
{
	many_namespaces(FAKE_NVME_NAMESPACES);
	plug_again();
	start_is(0, 16);
	assert_logged("namespace 35 passed over: there are too many");
	for (uint32_t i = 0; i < 16; i++) {
		struct block_dev *dev = world.disks.dev[i];
		assert_int_equal(dev->unit, 2 * i + 3);
		assert_int_equal(dev->queue_depth, 64 - 15);
		assert_int_equal(block_read(dev, 5, 1, conformance_buffer), 0);
		assert_memory_equal(conformance_buffer,
			(i == 0 ? &world.disk : &second_disk)->data + 5 * 512, 512);
	}
	set_cap(0, 16, 3); /* three can be in flight */
	plug_again();
	start_is(0, 3);
	assert_int_equal(world.disks.dev[2]->queue_depth, 1);
}

/* A bad one among good ones; a read-only one; one with larger sectors. */
TEST(mixed_namespaces)
{
	many_namespaces(4);
	ns[1].ms = 64;
	ns[2].nsattr = NVME_NSATTR_WRITE_PROTECTED;
	ns[3].lbads = 12;
	plug_again();
	start_is(0, 3);
	assert_int_equal(world.disks.dev[1]->unit, 7);
	assert_true(world.disks.dev[1]->read_only);
	assert_int_equal(world.disks.dev[2]->sector_bytes, 4096);
	assert_false(world.disks.dev[2]->read_only);
	assert_string_equal(world.disks.dev[2]->name, "nvme 00:03.0 ns 9");
	config.version = NVME_VERSION(1, 3); /* does not know of write protection */
	plug_again();
	start_is(0, 3);
	assert_false(world.disks.dev[1]->read_only);
	config.critical_warning = NVME_SMART_READ_ONLY;
	plug_again();
	start_is(0, 3);
	for (int i = 0; i < 3; i++)
		assert_true(world.disks.dev[i]->read_only);
}

static uint32_t fill(struct block_dev *dev, struct one *one)
{
	uint32_t n = 0;
	world.dev = dev;
	for (;; n++) {
		one[n].seg = (struct block_seg){conformance_buffer, 512};
		one[n].req = (struct block_req){
			.lba = n, .n_sectors = 1, .seg = &one[n].seg, .n_segs = 1};
		int err = block_submit(dev, &one[n].req);
		if (err == ERR_BUSY)
			return n;
		assert_int_equal(err, 0);
	}
}

static struct block_dev **slow_namespaces(unsigned n)
{
	many_namespaces(n);
	plug_again();
	start_is(0, n);
	world.disk.latency_us = second_disk.latency_us = 5000;
	return world.disks.dev;
}

/* One that is full does not keep the others from working. */
TEST(namespaces_share_the_queue)
{
	static struct one one[3][CONFORMANCE_MANY];
	struct block_dev **dev = slow_namespaces(3);
	assert_int_equal(fill(dev[0], one[0]), 62);
	assert_int_equal(fill(dev[1], one[1]), 1);
	assert_int_equal(block_read(dev[2], 0, 20, conformance_buffer), 0);
	assert_int_equal(block_flush(dev[2]), 0);
	assert_int_equal(block_drain(dev[0]), 0);
	assert_int_equal(block_drain(dev[1]), 0);
	assert_int_equal(fill(dev[2], one[2]), 62);
	assert_int_equal(block_drain(dev[2]), 0);
}

TEST(stop_of_one_stops_all)
{
	static struct one one[2][CONFORMANCE_MANY];
	struct block_dev **dev = slow_namespaces(2);
	assert_int_equal(fill(dev[0], one[0]), 63);
	assert_int_equal(fill(dev[1], one[1]), 1);
	block_stop(dev[1]);
	conformance_quiet();
	assert_logged("disk nvme 00:03.0 ns 5: stopped; with it 63 requests for other namespaces");
	assert_int_equal(one[0][0].req.status, ERR_BUSY);
	assert_int_equal(block_drain(dev[0]), ERR_LOST);
	for (int i = 0; i < 63; i++)
		assert_int_equal(one[0][i].req.status, ERR_LOST);
	assert_int_equal(block_flush(dev[0]), ERR_LOST);
	/* The other had nothing in flight: it is told at its next request. */
	plug_again();
	start_is(0, 2);
	block_stop(dev[0]);
	assert_int_equal(fake_nvme_n_shutdowns(), 1);
	assert_int_equal(block_read(dev[1], 0, 1, conformance_buffer), ERR_LOST);
	assert_int_equal(block_flush(dev[1]), ERR_LOST);
	config.vwc = 0;
	plug_again();
	start_is(0, 2);
	block_stop(dev[0]);
	assert_int_equal(block_flush(dev[1]), ERR_LOST);
}

/* ---- the bus ---- */

TEST(other_functions_are_left_alone)
{
	struct fake_pci_dev *admin = fake_pci_add(4 << 3, 0x1b36, 0x0010, 0x010803);
	struct fake_pci_dev *other = fake_pci_add(5 << 3, 0x1b36, 0x0010, 0x010801);
	start_is(0, 1);
	assert_int_equal(fake_config16(admin, 4), 0);
	assert_int_equal(fake_config16(other, 4), 0);
}

TEST(bars)
{
	plug_again();
	fake_set_config(world.pci, 0x10, 4, 4);
	fake_set_config(world.pci, 0x14, 0, 4);
	start_is(ERR_FIRMWARE, 0);
	plug_again();
	fake_mmio_works = false;
	start_is(ERR_NO_MEMORY, 0);
	plug_again();
	world.pci->config[0x10] |= 1; /* ports */
	start_is(ERR_BAD_ANSWER, 0);
	plug_again();
	world.pci->stuck_in_d3 = true;
	fake_pci_add_pm(world.pci, 3);
	start_is(ERR_TIMEOUT, 0);
}

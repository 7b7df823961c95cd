/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/ahci*.c: errors, and several disks on one controller. */
#include "test.h"

#include "ahci_own.h"
#include "ahci_regs.h"

#include <string.h>

#include "log_text.h"

FIXTURE(setup_own, conformance_teardown)

/* ---- errors ---- */

/* An error that does not come back is nobody's business. */
TEST(good_at_the_second_try)
{
	static struct one one[32];
	config.fails_once = true;
	plug_own();
	conformance_start();
	world.disk.latency_us = 100;
	world.disk.fault = FAKE_IO_ERROR;
	world.disk.fault_at = 20;
	unsigned n_resets = fake_ahci_n_link_resets();
	for (uint32_t i = 0; i < 32; i++) {
		uint8_t *buf = conformance_buffer + i * 512;
		memset(buf, (int)i, 512);
		assert_int_equal(
			conformance_submit(&one[i], i % 2 ? BLOCK_READ : BLOCK_WRITE, i, 1, buf),
			0);
	}
	assert_int_equal(block_drain(world.dev), 0);
	for (uint32_t i = 0; i < 32; i++) {
		assert_int_equal(one[i].req.status, 0);
		assert_memory_equal(conformance_buffer + i * 512, conformance_sectors(i), 512);
	}
	assert_int_equal(fake_ahci_n_link_resets(), n_resets + 1);
	assert_logged("ahci 00:06.0 port 2: error: PxIS 40000");
	assert_logged(" requests are done again");
}

TEST(no_link_after_an_error)
{
	config.goes_away = true;
	plug_own();
	conformance_start();
	fake_clock_step_us = 50;
	world.disk.fault = FAKE_IO_ERROR;
	world.disk.fault_at = 0;
	assert_int_equal(block_read(world.dev, 0, 8, conformance_buffer), ERR_LOST);
	conformance_quiet();
}

TEST(pulled_out)
{
	struct one o;
	plug_own();
	conformance_start();
	fake_clock_step_us = 50;
	world.disk.latency_us = 1000;
	assert_int_equal(conformance_submit(&o, BLOCK_READ, 0, 8, conformance_buffer), 0);
	fake_tick();
	uint64_t start = fake_clock_now_us;
	fake_ahci_pull(DISK);
	assert_int_equal(block_wait(world.dev, &o.req), ERR_LOST);
	assert_true(fake_clock_now_us - start < 2000000);
	conformance_quiet();
}

/* Nobody can tell; but the request whose answer went elsewhere ends the device. */
TEST(wrong_one_completed)
{
	static struct one one[4];
	config.completes_wrong_one = true;
	plug_own();
	conformance_start();
	fake_clock_step_us = 200;
	world.disk.latency_us = 1000;
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(
			conformance_submit(&one[i], BLOCK_READ, i, 1, conformance_buffer + i * 512),
			0);
	assert_int_equal(block_drain(world.dev), ERR_TIMEOUT);
	assert_int_equal(one[0].req.status, ERR_TIMEOUT);
	conformance_quiet();
}

/* No answer to a request that is done again. */
TEST(silence_at_the_second_try)
{
	config.fails_once = true;
	plug_own();
	conformance_start();
	fake_clock_step_us = 200;
	struct one one[2];
	world.disk.fault = FAKE_IO_ERROR;
	world.disk.fault_at = 0;
	world.disk.latency_us = 1000;
	for (int i = 0; i < 2; i++)
		assert_int_equal(conformance_submit(&one[i], BLOCK_READ, (uint64_t)i, 1,
					 conformance_buffer + i * 512),
			0);
	fake_tick();
	world.disk.fault = FAKE_SILENT;
	world.disk.fault_at = 3; /* the second of those that are done again */
	assert_int_equal(block_drain(world.dev), ERR_TIMEOUT);
	assert_int_equal(one[0].req.status, 0);
	assert_int_equal(one[1].req.status, ERR_TIMEOUT);
	conformance_quiet();
}

TEST(uncounted_bytes)
{
	config.counts_nothing = true;
	config.port[DISK].no_ncq = true;
	plug_own();
	conformance_start();
	assert_int_equal(block_read(world.dev, 3, 100, conformance_buffer), 0);
	assert_memory_equal(conformance_buffer, conformance_sectors(3), 100 * 512);
}

/* The reset that follows a second error fails. */
TEST(no_link_after_the_second_error)
{
	config.goes_away = true;
	config.comes_back = 1;
	plug_own();
	conformance_start();
	fake_clock_step_us = 50;
	world.disk.fault = FAKE_IO_ERROR;
	world.disk.fault_at = 0;
	assert_int_equal(block_read(world.dev, 0, 8, conformance_buffer), ERR_LOST);
	assert_int_equal(world.disk.n_commands, 2);
	conformance_quiet();
}

/* ---- several disks on one controller ---- */

static struct fake_disk second_disk;

static void start_two(void)
{
	fake_disk_free(&second_disk);
	fake_disk_init(&second_disk, 4096, 512);
	second_disk.serial = "FAKE-0002";
	config.port[4].kind = FAKE_AHCI_DISK;
	config.port[4].disk = &second_disk;
	config.port[4].no_ncq = true;
	plug_own();
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), 0);
	assert_int_equal(world.disks.n, 2);
	world.dev = world.disks.dev[0];
}

TEST(two_disks)
{
	start_two();
	struct block_dev *a = world.disks.dev[0], *b = world.disks.dev[1];
	assert_int_equal(a->unit, DISK);
	assert_int_equal(b->unit, 4);
	assert_string_equal(b->serial, "FAKE-0002");
	assert_int_equal(b->sector_bytes, 4096);
	assert_int_equal(a->pci_address, b->pci_address);
	second_disk.latency_us = 300;
	struct block_seg seg = {conformance_buffer + (1 << 20), 4096};
	struct block_req req = {.lba = 7, .n_sectors = 1, .seg = &seg, .n_segs = 1};
	assert_int_equal(block_submit(b, &req), 0);
	assert_int_equal(block_read(a, 0, 4000, conformance_buffer), 0);
	assert_int_equal(block_wait(b, &req), 0);
	assert_memory_equal(seg.buf, second_disk.data + 7 * 4096, 4096);

	/* The one is stopped, the other goes on; with it everything stops. */
	block_stop(a);
	assert_int_equal(fake_ahci_running(), 1u << 4);
	assert_int_equal(block_read(a, 0, 1, conformance_buffer), ERR_LOST);
	assert_int_equal(block_read(b, 0, 512, conformance_buffer), 0);
	assert_memory_equal(conformance_buffer, second_disk.data, 512 * 4096);
	assert_int_equal(fake_ahci_n_resets(), 1);
	block_stop(b);
	assert_int_equal(fake_ahci_running(), 0);
	assert_int_equal(fake_ahci_n_resets(), 2);
	conformance_quiet();
	fake_disk_free(&second_disk);
}

/* An error on the one port is none on the other. */
TEST(error_beside_a_good_disk)
{
	start_two();
	world.disk.fault = FAKE_IO_ERROR;
	world.disk.fault_at = 0;
	struct block_seg seg = {conformance_buffer + (1 << 20), 4096};
	struct block_req req = {.lba = 7, .n_sectors = 1, .seg = &seg, .n_segs = 1};
	second_disk.latency_us = 100000;
	assert_int_equal(block_submit(world.disks.dev[1], &req), 0);
	assert_int_equal(block_read(world.dev, 0, 1, conformance_buffer), ERR_IO);
	assert_int_equal(block_wait(world.disks.dev[1], &req), 0);
	disks_stop(&world.disks);
	fake_disk_free(&second_disk);
}

/* A port that does not stop takes the controller with it, and the log says whom else. */
TEST(port_that_does_not_stop)
{
	config.port[DISK].never_quiet = true;
	start_two();
	fake_clock_step_us = 50;
	struct block_dev *b = world.disks.dev[1];
	block_stop(world.dev);
	assert_int_equal(fake_ahci_running(), 0);
	assert_int_equal(fake_config16(world.pci, 4) & MASTER, 0);
	assert_logged("ahci 00:06.0 port 2: does not stop");
	assert_logged("ahci 00:06.0 port 4: lost with its controller");
	assert_int_equal(block_read(b, 0, 1, conformance_buffer), ERR_LOST);
	assert_int_equal(block_flush(b), ERR_LOST);
	block_stop(b);
	conformance_quiet();
	fake_disk_free(&second_disk);
}

/* More disks than struct disks takes: those that are there work. */
TEST(more_disks_than_room)
{
	config.bar_bytes = 8192;
	config.ports = UINT32_MAX;
	config.cap = AHCI_CAP_S64A | AHCI_CAP_SNCQ | 3u << 8 | 31u;
	for (int i = 0; i < FAKE_AHCI_PORTS; i++)
		config.port[i] = fake_ahci_default.port[DISK];
	plug_own();
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), 0);
	assert_int_equal(world.disks.n, DISKS_MAX);
	assert_int_equal(fake_ahci_running(), UINT32_MAX);
	disks_stop(&world.disks);
	assert_int_equal(fake_ahci_running(), 0);
}

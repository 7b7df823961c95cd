/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/ahci*.c: conformance over the variants of controller and disk, and their own lies. */
#include "test.h"

#include "driver_conformance.h"

#include <string.h>

#include "ahci_own.h"
#include "ahci_regs.h"
#include "log_text.h"

FIXTURE(setup_own, conformance_teardown)

#define FAULTS                                                                                     \
	(1u << FAKE_IO_ERROR | 1u << FAKE_SILENT | 1u << FAKE_BAD_STATUS | 1u << FAKE_VANISH |     \
		1u << FAKE_WANTS_RESET)

static struct fake_pci_dev *plug_default(struct fake_disk *disk)
{
	return fake_ahci_plug(&fake_ahci_default, disk);
}

/* Without empty ports, for which the driver would wait. */
static struct fake_pci_dev *plug_one_port(struct fake_disk *disk)
{
	struct fake_ahci_config c = fake_ahci_default;
	c.ports = 1u << DISK;
	return fake_ahci_plug(&c, disk);
}

static struct fake_pci_dev *plug_short_queue(struct fake_disk *disk)
{
	struct fake_ahci_config c = fake_ahci_default;
	c.ports = 1u << DISK;
	c.port[DISK].depth = 15;
	return fake_ahci_plug(&c, disk);
}

static struct fake_pci_dev *plug_few_slots(struct fake_disk *disk)
{
	struct fake_ahci_config c = fake_ahci_default;
	c.cap = AHCI_CAP_S64A | AHCI_CAP_SNCQ | AHCI_CAP_SSS | 7u << 8 | 1u;
	c.ports = 3u << DISK;
	return fake_ahci_plug(&c, disk);
}

/* The controller does not queue, the disk would; and 32 bits. */
static struct fake_pci_dev *plug_old_controller(struct fake_disk *disk)
{
	struct fake_ahci_config c = fake_ahci_default;
	c.cap = 31u << 8 | 3u;
	c.version = 0x00010000;
	c.ports = 0;
	return fake_ahci_plug(&c, disk);
}

static struct fake_pci_dev *plug_old_disk(struct fake_disk *disk)
{
	struct fake_ahci_config c = fake_ahci_default;
	c.ports = 1u << DISK;
	c.port[DISK].no_ncq = true;
	c.clears_failed = true;
	return fake_ahci_plug(&c, disk);
}

static const struct driver_under_test variants[] = {
	{"ncq", plug_default, 512, 32, FAULTS, false, true},
	{"one port, 4096", plug_one_port, 4096, 32, FAULTS, false, true},
	{"short queue", plug_short_queue, 512, 16, FAULTS | 1u << FAKE_BAD_TAG, false, true},
	{"few slots", plug_few_slots, 512, 8, FAULTS, false, true},
	{"old controller", plug_old_controller, 4096, 1, FAULTS | 1u << FAKE_SHORT, false, true},
	{"old disk", plug_old_disk, 512, 1, FAULTS | 1u << FAKE_SHORT, false, true},
};

CONFORMANCE(variants)

/* ---- take-over ---- */

TEST(bios)
{
	const struct {
		uint64_t us;
		bool busy, goes;
	} t[] = {{1000, false, true}, {24000, false, true}, {1000000, true, true},
		{40000000, true, false}, {40000000, false, false}};
	config.cap2 = AHCI_CAP2_BOH;
	config.bios_owns = true;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		config.bios_us = t[i].us;
		config.bios_is_busy = t[i].busy;
		plug_own();
		conformance_start();
		assert_int_equal(fake_ahci_bios_owns(), !t[i].goes);
		assert_int_equal(log_text_has("does not let go"), !t[i].goes);
		log_text_start();
	}
	config.cap2 = 0;
	config.bios_owns = false;
	config_is(0);
}

TEST(modes)
{
	config.never_enables = true;
	config_is(ERR_TIMEOUT);
	config = fake_ahci_default;
	config.forgets_ports = true;
	config_is(0);
	assert_int_equal(fake_ahci_ports(), 0x3f);
}

TEST(bars)
{
	plug_own();
	fake_set_config(world.pci, 0x24, 0, 4);
	start_is(ERR_FIRMWARE);
	plug_own();
	fake_mmio_works = false;
	start_is(ERR_NO_MEMORY);
	config.bar_bytes = 256; /* no port fits */
	config_is(ERR_BAD_ANSWER);
	config.bar_bytes = 512; /* ports 0 and 1 */
	config_is(ERR_NOT_FOUND);
	config.bar_bytes = 1024;
	config_is(0);
}

TEST(port_maps)
{
	config.ports = 0;
	config_is(ERR_BAD_ANSWER); /* of version 1.3 */
	config.ports = 1u << DISK;
	config_is(0);
	config.ports = ~(1u << DISK);
	config_is(ERR_NOT_FOUND);
	config.bar_bytes = 8192;
	config.ports = UINT32_MAX - 1;
	config.port[31] = config.port[DISK];
	plug_own();
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), 0);
	assert_int_equal(world.disks.n, 2);
	assert_int_equal(world.disks.dev[0]->unit, DISK);
	assert_int_equal(world.disks.dev[1]->unit, 31);
}

TEST(gone_at_the_start)
{
	plug_own();
	world.pci->gone = true;
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), ERR_NOT_FOUND);
	plug_own();
	world.pci->stuck_in_d3 = true;
	fake_pci_add_pm(world.pci, 3);
	start_is(ERR_TIMEOUT);
}

TEST(other_devices_are_left_alone)
{
	plug_own();
	struct fake_pci_dev *raid = fake_pci_add(4 << 3, 0x8086, 0x2822, 0x010400);
	struct fake_pci_dev *ide = fake_pci_add(5 << 3, 0x8086, 0x7010, 0x010180);
	start_is(0);
	assert_int_equal(fake_config16(raid, 4), 0);
	assert_int_equal(fake_config16(ide, 4), 0);
}

/* ---- what is on the ports ---- */

TEST(other_things_on_ports)
{
	config.port[0].kind = FAKE_AHCI_ATAPI;
	config.port[1].kind = FAKE_AHCI_MULTIPLIER;
	config.port[3].kind = FAKE_AHCI_ENCLOSURE;
	config.port[4].kind = FAKE_AHCI_STRANGE;
	config.port[5].kind = FAKE_AHCI_MUTE;
	plug_own();
	conformance_start();
	assert_int_equal(world.dev->unit, DISK);
	assert_string_equal(world.dev->name, "ahci 00:06.0 port 2");
	assert_int_equal(world.disks.n_failed, 0);
	assert_logged("port 0: an ATAPI drive");
	assert_logged("port 1: a port multiplier");
	assert_logged("port 3: an enclosure");
	assert_logged("port 4: a device of unknown kind (signature 12345678)");
	assert_int_equal(fake_ahci_running(), 1u << DISK);
	config.port[DISK].kind = FAKE_AHCI_EMPTY;
	config_is(ERR_NOT_FOUND);
}

TEST(busy_for_ever)
{
	config.port[0].kind = FAKE_AHCI_BUSY;
	plug_own();
	fake_clock_step_us = 50;
	uint64_t start = fake_clock_now_us;
	conformance_start();
	assert_true(fake_clock_now_us - start < 32000000);
	assert_int_equal(world.dev->unit, DISK);
	assert_logged("ahci 00:06.0 port 0: not started: ");
	config.port[DISK].kind = FAKE_AHCI_EMPTY;
	config_is(ERR_TIMEOUT);
}

/* An empty port costs a tenth of a second, a slow disk what it takes. */
TEST(time_to_start)
{
	plug_own();
	uint64_t start = fake_clock_now_us;
	conformance_start();
	assert_true(fake_clock_now_us - start < 110000);
	config.link_us = 900000;
	config.ready_us = 25000000;
	plug_own();
	fake_clock_step_us = 50;
	conformance_start();
	config.cap |= AHCI_CAP_SSS;
	config.link_us = config.ready_us = 10;
	plug_own();
	start = fake_clock_now_us;
	conformance_start();
	assert_true(fake_clock_now_us - start < 620000);
}

/* What a running controller shows before the reset saves the wait for empty ports, and is believed of
 * disks that take long to be noticed again. */
TEST(time_to_start_again)
{
	config.is_running = true;
	plug_own();
	uint64_t start = fake_clock_now_us;
	conformance_start();
	assert_true(fake_clock_now_us - start < 20000);
	config.notice_us = 60000;
	plug_own();
	conformance_start();
	config.is_running = false;
	plug_own();
	conformance_start();
	config.notice_us = 200000;
	config.is_running = true;
	config_is(ERR_NOT_FOUND);
	config.notice_us = 0;
	config.port[DISK].kind = FAKE_AHCI_EMPTY;
	plug_own();
	fake_clock_step_us = 1;
	start = fake_clock_now_us;
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), ERR_NOT_FOUND);
	assert_true(fake_clock_now_us - start < 30000);
}

/* A controller that was stopped shows its disks to the driver that starts it next. */
TEST(links_return_after_a_stop)
{
	config.notice_us = 60000;
	plug_own();
	conformance_start();
	block_stop(world.dev);
	assert_int_equal(fake_ahci_links(), 1u << DISK);
}

static uint16_t id_word, id_value;

static void change_word(uint16_t *id)
{
	id[id_word] = id_value;
}

static void identity_is(uint16_t word, uint16_t value, int err)
{
	config.port[DISK].change_id = change_word;
	id_word = word;
	id_value = value;
	config_is(err);
}

TEST(identities)
{
	identity_is(ATA_ID_COMMAND_SETS, 0x7000, ERR_UNSUPPORTED); /* no 48-bit addresses */
	assert_logged("port 2: cannot be used: it has no 48-bit addresses");
	identity_is(ATA_ID_COMMAND_SETS, 0x5400, ERR_UNSUPPORTED); /* no FLUSH CACHE EXT */
	identity_is(ATA_ID_COMMAND_SETS, 0xffff, ERR_UNSUPPORTED);
	identity_is(ATA_ID_CAPABILITIES, 0x0200, ERR_UNSUPPORTED);
	identity_is(ATA_ID_SECURITY, 0x0007, ERR_UNSUPPORTED);
	assert_logged("locked by a password");
	identity_is(ATA_ID_SECURITY, 0x0003, 0);
	identity_is(ATA_ID_SECTORS, 0, ERR_UNSUPPORTED);
	identity_is(ATA_ID_SECTORS + 3, 1, ERR_BAD_ANSWER);
	identity_is(ATA_ID_SECTOR_SIZE, 0x5000, ERR_UNSUPPORTED); /* of 0 words */
	identity_is(ATA_ID_SECTOR_SIZE, 0xffff, 0);               /* not valid */
	identity_is(ATA_ID_SECTOR_SIZE, 0x6003, 0);               /* 512 bytes, physically 4096 */
	config.port[DISK].change_id = NULL;
	config.port[DISK].bad_checksum = true;
	config_is(ERR_BAD_ANSWER);
	config = fake_ahci_default;
	config.identify_fails = 1;
	config_is(0);
	config.identify_fails = 2;
	config_is(ERR_IO);
}

TEST(large_disk)
{
	config.port[DISK].change_id = change_word;
	id_word = ATA_ID_SECTORS + 2;
	id_value = 0xffff;
	plug_own();
	conformance_start();
	assert_int_equal(world.dev->n_sectors, 0xffffull << 32 | world.disk.n_sectors);
}

TEST(queue_depths)
{
	const struct {
		uint32_t ncs;
		uint16_t sata, depth;
		uint32_t expected;
	} t[] = {{31, 0x0106, 31, 32}, {31, 0x0106, 0xffff, 32}, {31, 0x0106, 0, 1},
		{0, 0x0106, 31, 1}, {15, 0x0106, 31, 16}, {31, 0x0006, 31, 1}, {31, 0xffff, 31, 1},
		{31, 0, 0, 1}};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		config.cap = AHCI_CAP_S64A | AHCI_CAP_SNCQ | t[i].ncs << 8 | 5;
		config.port[DISK].depth = (uint8_t)(t[i].depth & 31);
		config.port[DISK].no_ncq = (t[i].sata & 0x100) == 0 || t[i].sata == 0xffff;
		config.port[DISK].change_id = change_word;
		id_word = t[i].depth > 31 ? ATA_ID_QUEUE_DEPTH : ATA_ID_SATA;
		id_value = t[i].depth > 31 ? t[i].depth : t[i].sata;
		plug_own();
		conformance_start();
		assert_int_equal(world.dev->queue_depth, t[i].expected);
		assert_int_equal(block_read(world.dev, 0, 3000, conformance_buffer), 0);
	}
}

TEST(serial_numbers)
{
	const char *const t[][2] = {{"  blank  padded", "blank  padded"}, {"", ""},
		{"twenty characters!!!", "twenty characters!!!"}, {"odd", "odd"}};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		plug_own();
		world.disk.serial = t[i][0];
		conformance_start();
		assert_string_equal(world.dev->serial, t[i][1]);
	}
}

/* ---- memory ---- */

/* A controller without 64-bit addresses: its own memory is below 4 GiB wherever the arena has some, requests
 * from above go by way of it. */
TEST(memory_that_is_out_of_reach)
{
	static _Alignas(4096) uint8_t far_memory[1 << 17], data[1 << 19];
	assert_true((uintptr_t)far_memory >> 32 != 0);
	for (int reaches = 0; reaches < 2; reaches++) {
		config.cap = (reaches ? AHCI_CAP_S64A : 0) | AHCI_CAP_SNCQ | 31u << 8 | 5u;
		plug_own();
		arena_init(&world.arena);
		assert_int_equal(arena_add(&world.arena, far_memory, sizeof(far_memory)), 0);
		fake_dma_allow(far_memory, sizeof(far_memory));
		start_is(reaches ? 0 : ERR_UNSUPPORTED);
		plug_own();
		fake_dma_allow(far_memory, sizeof(far_memory));
		fake_dma_allow(data, sizeof(data));
		struct arena both;
		arena_init(&both);
		assert_int_equal(arena_add(&both, far_memory, sizeof(far_memory)), 0);
		assert_int_equal(
			arena_add(&both, conformance_arena[0], CONFORMANCE_ARENA_BYTES), 0);
		world.arena = both;
		conformance_start();
		uint32_t n = 700; /* more than one request */
		for (uint32_t i = 0; i < n * 512; i++)
			data[i] = (uint8_t)(i * 11 + i / 512);
		block_allow_writes(world.dev, &(struct block_extent){0, 2000}, 1);
		assert_int_equal(block_write(world.dev, 100, n, data), 0);
		assert_int_equal(block_read(world.dev, 100, n, conformance_buffer), 0);
		assert_memory_equal(conformance_buffer, data, n * 512);
		memset(data, 0, n * 512);
		assert_int_equal(block_read(world.dev, 100, n, data), 0);
		assert_memory_equal(conformance_buffer, data, n * 512);
	}
}

/* One request of pieces here and there, and one that fails at first. */
TEST(out_of_reach_in_pieces)
{
	static uint8_t far_memory[8192];
	config.cap = AHCI_CAP_SNCQ | 31u << 8 | 5u;
	config.fails_once = true;
	plug_own();
	conformance_start();
	const struct block_seg seg[] = {
		{far_memory, 1024}, {conformance_buffer, 512}, {far_memory + 4096, 512}};
	for (int fails = 0; fails < 2; fails++) {
		struct block_req req = {
			.dir = BLOCK_READ, .lba = 8, .n_sectors = 4, .seg = seg, .n_segs = 3};
		world.disk.fault = fails ? FAKE_IO_ERROR : FAKE_NONE;
		world.disk.fault_at = world.disk.n_commands;
		memset(far_memory, 0, sizeof(far_memory));
		assert_int_equal(block_submit_wait(world.dev, &req), 0);
		assert_int_equal(block_wait(world.dev, &req), 0);
		const uint8_t *disk = fake_disk_at(&world.disk, 8 * 512, 4 * 512);
		assert_memory_equal(far_memory, disk, 1024);
		assert_memory_equal(conformance_buffer, disk + 1024, 512);
		assert_memory_equal(far_memory + 4096, disk + 1536, 512);
	}
}

/* As firmware shows it in RAID mode. */
static void in_raid_mode(uint16_t vendor, uint16_t device)
{
	plug_own();
	fake_set_config(world.pci, 0, vendor | (uint32_t)device << 16, 4);
	fake_set_config(world.pci, 9, 0x00, 1);
	fake_set_config(world.pci, 10, 0x0104, 2);
}

TEST(raid_mode)
{
	static const struct {
		uint16_t vendor, device;
		bool taken;
	} t[] = {{0x8086, 0x282a, true}, {0x8086, 0x2822, true}, {0x8086, 0xa107, true},
		{0x1022, 0x7904, true}, {0x1002, 0x4393, true}, {0x1002, 0x4379, false},
		{0x8086, 0x467f, false}, {0x8086, 0x9a0b, false}, {0x1000, 0x005d, false}};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		in_raid_mode(t[i].vendor, t[i].device);
		start_is(t[i].taken ? 0 : ERR_NOT_FOUND);
	}
	/* The number alone is not enough. */
	static const uint32_t versions[] = {0, 0x00020000, 0x00010302, UINT32_MAX};
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		config = fake_ahci_default;
		config.version = versions[i];
		in_raid_mode(0x8086, 0x282a);
		start_is(ERR_UNSUPPORTED);
		assert_int_equal(fake_ahci_n_resets(), 0);
	}
	config = fake_ahci_default;
	config.cap = AHCI_CAP_S64A; /* one port, says CAP */
	config.ports = 0x3f;
	in_raid_mode(0x8086, 0x282a);
	start_is(ERR_UNSUPPORTED);
}

TEST(parks_before_the_power_goes_off)
{
	config.port[0] = config.port[DISK];
	plug_own();
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), 0);
	assert_int_equal(world.disks.n, 2);
	disks_park(&world.disks);
	assert_true(fake_ahci_parked(0));
	assert_true(fake_ahci_parked(DISK));
	assert_int_equal(fake_ahci_running(), 0);
	assert_int_equal(fake_config16(world.pci, 4) & 4, 0);
	/* A reset or a jump back leaves them turning. */
	config.port[0].kind = FAKE_AHCI_EMPTY;
	plug_own();
	conformance_start();
	disks_stop(&world.disks);
	assert_false(fake_ahci_parked(DISK));
	/* One that refuses is stopped all the same. */
	plug_own();
	conformance_start();
	world.disk.flush_fault = FAKE_IO_ERROR;
	disks_park(&world.disks);
	assert_false(fake_ahci_parked(DISK));
	assert_int_equal(fake_ahci_running(), 0);
}

TEST(many_pieces)
{
	plug_own();
	conformance_start();
	assert_int_equal(conformance_most_pieces(), AHCI_PRDS);
	assert_int_equal(fake_ahci_most_pieces(), AHCI_PRDS);
}

TEST(memory_is_enough_for_a_writer)
{
	config.port[0] = config.port[1] = config.port[3] = config.port[DISK];
	plug_own();
	size_t before = arena_left(&world.arena);
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), 0);
	assert_int_equal(world.disks.n, 4);
	assert_true(before - arena_left(&world.arena) < 180 * 1024);
}

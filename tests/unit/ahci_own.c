/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two suites want a controller that they can bend themselves. */
#include "ahci_own.h"

#include "log_text.h"

struct fake_ahci_config config;

static struct fake_pci_dev *plug_config(struct fake_disk *disk)
{
	return fake_ahci_plug(&config, disk);
}

static const struct driver_under_test own = {"own", plug_config, 512, 1, 0, false, true};

void setup_own(void)
{
	config = fake_ahci_default;
	log_text_start();
	conformance_setup(&own);
}

void plug_own(void)
{
	disks_stop(&world.disks);
	fake_disk_free(&world.disk);
	conformance_setup(&own);
}

void start_is(int err)
{
	fake_clock_step_us = 50;
	assert_int_equal(disks_start(&world.disks, &world.arena, DISKS_ANY), err);
	assert_int_equal(world.disks.n_failed, err != 0 && err != ERR_NOT_FOUND);
	if (err != 0) {
		assert_int_equal(fake_config16(world.pci, 4) & MASTER, 0);
		assert_int_equal(fake_ahci_running(), 0);
	}
	disks_stop(&world.disks);
	conformance_quiet();
}

void config_is(int err)
{
	plug_own();
	start_is(err);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hardware.c: watchdogs that are armed, machines that no register switches off. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "cli_tree.h"
#include "hardware.h"

FIXTURE(tree_setup, tree_teardown)

static void watchdog(const char *name, const char *identity, const char *state)
{
	char path[128];
	snprintf(path, sizeof(path), "/sys/class/watchdog/%s/identity", name);
	tree_file(path, identity);
	snprintf(path, sizeof(path), "/sys/class/watchdog/%s/state", name);
	if (state)
		tree_file(path, state);
}

static void fadt(uint32_t flags, uint64_t sleep_control, size_t bytes)
{
	uint8_t table[276] = "FACP";
	memcpy(table + 112, &flags, 4);
	memcpy(table + 248, &sleep_control, 8);
	tree_bytes("/sys/firmware/acpi/tables/FACP", table, bytes);
}

TEST(nothing_there)
{
	assert_int_equal(hardware_check(HANDOFF_POWEROFF), 0);
}

TEST(watchdogs)
{
	watchdog("watchdog0", "iTCO_wdt\n", "inactive\n");
	watchdog("watchdog1", "Software Watchdog\n", "active\n");
	watchdog("watchdog2", "SP5100 TCO timer\n", NULL); /* a kernel that does not say */
	assert_int_equal(hardware_check(HANDOFF_REBOOT), 0);
	watchdog("watchdog2", "SP5100 TCO timer\n", "active\n");
	assert_int_equal(hardware_check(HANDOFF_REBOOT), -1);
	assert_complaint("watchdog2 (SP5100 TCO timer) is armed");
	assert_int_equal(hardware_check(HANDOFF_CONTINUE), -1);
	tree_remove("/sys/class/watchdog/watchdog2/state");
	tree_remove("/sys/class/watchdog/watchdog0/identity");
	tree_file("/sys/class/watchdog/watchdog0/state", "active\n");
	assert_int_equal(hardware_check(HANDOFF_POWEROFF), -1);
	assert_complaint("watchdog0 (unknown) is armed");
}

TEST(power_off)
{
	fadt(0, 0, 276);
	assert_int_equal(hardware_check(HANDOFF_POWEROFF), 0);
	fadt(1u << 20, 0x604, 276);
	assert_int_equal(hardware_check(HANDOFF_POWEROFF), 0);
	fadt(1u << 20, 0, 276);
	assert_int_equal(hardware_check(HANDOFF_REBOOT), 0);
	assert_int_equal(hardware_check(HANDOFF_POWEROFF), -1);
	assert_complaint("use --then reboot");
	fadt(1u << 20, 0x604, 244); /* ends before the register */
	assert_int_equal(hardware_check(HANDOFF_POWEROFF), -1);
	/* The firmware can, if Linux has its runtime services. */
	tree_file("/sys/firmware/efi/runtime", "0x7f5ed000\n");
	assert_int_equal(hardware_check(HANDOFF_POWEROFF), -1);
	assert_complaint("cannot be switched off by Torpor");
	tree_file("/sys/firmware/efi/runtime-map/0/type", "0x5\n");
	assert_int_equal(hardware_check(HANDOFF_POWEROFF), 0);
	tree_remove("/sys/firmware/efi/runtime");
	fadt(1u << 20, 0, 20);
	assert_int_equal(hardware_check(HANDOFF_POWEROFF), 0);
}

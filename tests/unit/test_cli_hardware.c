/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hardware.c: watchdogs that are armed, machines that no register switches off; firmware_settings.c. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "cli_tree.h"
#include "firmware_settings.h"
#include "hardware.h"
#include "siblings.h"
#include "sysfiles.h"

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

TEST(virtualization)
{
	assert_int_equal(firmware_settings_virtualization(), 0);
	tree_file("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme svm\n");
	assert_int_equal(firmware_settings_virtualization(), 0); /* nobody uses it */
	tree_file("/dev/kvm", "");
	assert_int_equal(firmware_settings_virtualization(), SAVED_SVM);
	tree_file("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme vmx\n");
	assert_int_equal(firmware_settings_virtualization(), SAVED_VMX);
	tree_file("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme\n");
	assert_int_equal(firmware_settings_virtualization(), 0);
}

static void device(const char *name, const char *resource)
{
	char path[128];
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", name);
	tree_file(path, resource);
}

TEST(registers)
{
	struct saved_registers v[3];
	assert_int_equal(firmware_settings_registers(v, 3), 0);
	/* Two registers, ports, the ROM; what is not set, or switched off. */
	device("0000:00:02.0", "0x00000000fd000000 0x00000000fdffffff 0x0000000000042208\n"
			       "0x000000000000c000 0x000000000000c03f 0x0000000000040101\n"
			       "0x0000004000000000 0x000000400fffffff 0x000000000014220c\n"
			       "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
			       "0x00000000e0000000 0x00000000e0ffffff 0x0000000020040200\n"
			       "0x00000000e2000000 0x00000000e2ffffff 0x0000000010040200\n"
			       "0x00000000000c0000 0x00000000000dffff 0x0000000000000212\n");
	device("0000:00:03.0", "0x00000000fe000000 0x00000000fe003fff 0x0000000000040200\n");
	device("0000:00:04.0", "0x00000000fd800000 0x00000000fe000fff 0x0000000000040200\n");
	device("0000:00:05.0", "makes no sense\n0x1 0x0 0x200\n");
	assert_int_equal(firmware_settings_registers(v, 3), 2);
	assert_int_equal(v[0].start, 0xfd000000);
	assert_int_equal(v[0].end, 0xfe004000);
	assert_int_equal(v[1].start, 0x4000000000);
	assert_int_equal(v[1].end, 0x4010000000);
	device("0000:00:06.0", "0x00000000f0000000 0x00000000f0000fff 0x0000000000040200\n");
	assert_int_equal(firmware_settings_registers(v, 2), 2);
	assert_int_equal(firmware_settings_registers(v, 3), 3);
	assert_int_equal(v[0].start, 0xf0000000);
	assert_int_equal(firmware_settings_without(v, 3, 0, 0xf0000000), 3);
	assert_int_equal(firmware_settings_without(v, 3, 0xf0000fff, 0xfd000000), 2);
	assert_int_equal(v[1].start, 0x4000000000);
	assert_int_equal(firmware_settings_without(v, 2, 0, UINT64_MAX), 0);
}

/* AHCI at 00:1f.2, by the third of its ports. */
TEST(reach)
{
	static const uint64_t high[] = {0x100000000, 0x140000000},
			      low[] = {0x140000000, 0xffe00000};
	const char *caps =
		"/sys/bus/pci/devices/0000:00:1f.2/ata3/host2/scsi_host/host2/ahci_host_caps";
	assert_int_equal(hardware_check_reach(0x1f << 3 | 2, high, 2), 0); /* not AHCI */
	tree_file(caps, "c0141f05\n");
	tree_file("/sys/bus/pci/devices/0000:00:1f.2/ata3/ata_port/ata3/idle_irq", "0\n");
	assert_int_equal(hardware_check_reach(0x1f << 3 | 2, high, 2), 0);
	tree_file(caps, "40141f05\n");
	assert_int_equal(hardware_check_reach(0x1f << 3 | 2, low, 2), 0);
	assert_int_equal(hardware_check_reach(0x1f << 3 | 2, high, 2), -1);
	assert_complaint("0000:00:1f.2 reaches memory below 4 GiB only");
	assert_int_equal(hardware_check_reach(0x1f << 3, high, 2), 0); /* another one */
}

TEST(siblings)
{
	static const char *const other[] = {
		"on\n", "forceoff\n", "notsupported\n", "notimplemented\n", "2\n"};
	const char *control = "/sys/devices/system/cpu/smt/control";
	char text[32];
	assert_int_equal(siblings_settle(), 0);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		tree_file(control, other[i]);
		assert_int_equal(siblings_settle(), 0);
	}
	assert_true(sys_read_text(text, sizeof(text), "%s", control) > 0);
	assert_string_equal(text, "2");
	tree_file(control, "off\n");
	assert_int_equal(siblings_settle(), 1);
	assert_true(sys_read_text(text, sizeof(text), "%s", control) > 0);
	assert_string_equal(text, "off");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writer runs alone for minutes: a watchdog that Linux has armed would reset the machine in the
 * middle, and a machine that can be switched off neither by a register nor by its firmware would stand there with its
 * image, started again. Both can be seen before anything is begun.
 */
#include "hardware.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "sysfiles.h"

#define WATCHDOGS "/sys/class/watchdog"

/* ACPI 6.4, 5.2.9. */
#define FADT_MAX           512
#define FADT_FLAGS         112
#define FADT_FLAGS_REDUCED (1u << 20)
#define FADT_SLEEP_CONTROL                                                                         \
	244 /* a generic address: space, width, offset, size, 8 bytes of address */

static bool is_hardware(const char *identity)
{
	/* A timer of the kernel's own, which stands still with it. */
	return strcmp(identity, "Software Watchdog") != 0;
}

/* state is there with CONFIG_WATCHDOG_SYSFS, which distributions have. */
static int check_watchdog(const char *name, void *ctx)
{
	char identity[64], state[16];

	(void)ctx;
	if (sys_read_text(state, sizeof(state), WATCHDOGS "/%s/state", name) < 0 ||
		strcmp(state, "active") != 0)
		return 0;
	if (sys_read_text(identity, sizeof(identity), WATCHDOGS "/%s/identity", name) <= 0)
		strcpy(identity, "unknown");
	if (!is_hardware(identity))
		return 0;
	return complain("%s (%s) is armed and would reset the machine during the save: stop what "
			"feeds it (systemd: RuntimeWatchdogSec=off in system.conf, then systemctl "
			"daemon-reexec)",
		name, identity);
}

static uint64_t field(const uint8_t *fadt, size_t bytes, size_t offset, size_t width)
{
	uint64_t value = 0;

	if (offset + width <= bytes)
		memcpy(&value, fadt + offset, width);
	return value;
}

static int check_power_off(void)
{
	uint8_t fadt[FADT_MAX];
	int n = sys_read_at("/sys/firmware/acpi/tables/FACP", 0, fadt, sizeof(fadt));

	/* Without the table the writer says what is missing. */
	if (n < 0 || !(field(fadt, (size_t)n, FADT_FLAGS, 4) & FADT_FLAGS_REDUCED) ||
		field(fadt, (size_t)n, FADT_SLEEP_CONTROL + 4, 8))
		return 0;
	/* The writer asks the firmware, as Linux does; what it needs for that is here. */
	if (sys_exists("/sys/firmware/efi/runtime") &&
		sys_exists("/sys/firmware/efi/runtime-map/0"))
		return 0;
	return complain(
		"this machine cannot be switched off by Torpor: its ACPI is hardware-reduced and has no "
		"sleep register, and Linux shows no EFI runtime services: use --then reboot");
}

int hardware_check(enum handoff_action action)
{
	if (sys_each(WATCHDOGS, check_watchdog, NULL) == -1)
		return -1;
	return action == HANDOFF_POWEROFF ? check_power_off() : 0;
}

/* ---- What a disk's controller reaches ---- */

#define AHCI_CAP_S64A (1u << 31) /* AHCI 1.3.1, 3.1.1 */
#define FOUR_GIB      (1ull << 32)

struct controller {
	char path[64], host[16];
	bool is_ahci;
	uint64_t caps;
};

static int find_host(const char *name, void *ctx)
{
	struct controller *c = ctx;

	if (strncmp(name, "host", 4) != 0)
		return 0;
	snprintf(c->host, sizeof(c->host), "%.15s", name);
	return 1;
}

/* libahci shows the register in each of its hosts. */
static int find_caps(const char *name, void *ctx)
{
	struct controller *c = ctx;
	char port[96], text[32];

	if (strncmp(name, "ata", 3) != 0)
		return 0;
	snprintf(port, sizeof(port), "%s/%.15s", c->path, name);
	if (sys_each(port, find_host, c) != 1 ||
		sys_read_text(text, sizeof(text), "%s/%s/scsi_host/%s/ahci_host_caps", port,
			c->host, c->host) <= 0)
		return 0;
	c->caps = strtoull(text, NULL, 16);
	c->is_ahci = true;
	return 1;
}

int hardware_check_reach(uint32_t pci_address, const uint64_t *frame, uint32_t n_frames)
{
	struct controller c = {.is_ahci = false};

	snprintf(c.path, sizeof(c.path), "/sys/bus/pci/devices/%04x:%02x:%02x.%u",
		pci_address >> 16, pci_address >> 8 & 0xff, pci_address >> 3 & 31, pci_address & 7);
	(void)sys_each(c.path, find_caps, &c);
	if (!c.is_ahci || (c.caps & AHCI_CAP_S64A))
		return 0;
	for (uint32_t i = 0; i < n_frames; i++)
		if (frame[i] < FOUR_GIB)
			return 0;
	return complain(
		"the SATA controller %s reaches memory below 4 GiB only, and none of the writer's "
		"lies there: reserve some at boot, below 4 GiB (memmap=)",
		c.path + strlen("/sys/bus/pci/devices/"));
}

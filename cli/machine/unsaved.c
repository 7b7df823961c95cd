/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Under UEFI Linux keeps the firmware's boot logo for /sys/firmware/acpi/bgrt: the pages that the BGRT
 * names become "reserved", and hibernation leaves out what is reserved (arch/x86/kernel/e820.c,
 * e820__register_nosave_regions). They lie in boot services data, which the kernel holds until its
 * memory is set up; but a range of it in which something else was reserved before (the memory attributes
 * table, for one) is not held (arch/x86/platform/efi/quirks.c, efi_reserve_boot_services), and the kernel
 * may have put data of its own there before it comes to the logo. Seen with Debian 12 (6.1.176) on OVMF,
 * started by GRUB 2.06: page structs of 576 frames, in no image; after a resume there is the firmware's new
 * logo, and the kernel crashes. A logo is a BMP file; anything else is not the logo.
 * After a resume that says nothing any more: then there is what the firmware or the loader left, though the
 * kernel does not use it. So what was seen before the first hibernation is remembered in /run, which lives as
 * long as this boot does, across hibernations.
 * bgrt_disable on the kernel's command line leaves the pages alone (kernel-parameters.txt).
 *
 * ACPI tables of an initrd (kernel/firmware/acpi/, a corrected DSDT) lie in RAM that the kernel then calls ACPI
 * memory (drivers/acpi/tables.c, arch_reserve_mem_area), and AML is run from there. Such memory is not saved as RAM
 * is, but with the firmware's NVS, which the kernel saves and puts back in "platform" mode only. Its own resume has
 * them anyway, as it starts from the same initrd; the loader starts none.
 */
#include "unsaved.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "firmware_map.h"
#include "proc_lines.h"
#include "say.h"
#include "sysfiles.h"

#define LOGO           "/sys/firmware/acpi/bgrt/image"
#define TABLE          "/sys/firmware/acpi/tables/BGRT"
#define ADDRESS_OFFSET 40 /* Image Address: ACPI 6.4, 5.2.22, table 5.48 */
#define REMEMBERED     "/run/torpor-boot-logo"

/* 1: there and whole; 0: there and something else; -1: none. */
static int look_at_logo(void)
{
	char head[2];

	if (sys_read_at(LOGO, 0, head, sizeof(head)) != sizeof(head))
		return -1;
	return !memcmp(head, "BM", 2);
}

static int check_logo(void)
{
	uint64_t address = 0;

	if (look_at_logo() != 0 || sys_exists(REMEMBERED))
		return 0;
	if (sys_read_at(TABLE, ADDRESS_OFFSET, &address, sizeof(address)) != sizeof(address))
		address = 0;
	return complain("the kernel uses memory at %#" PRIx64
			", where the firmware's boot logo was, and does not save it: no "
			"hibernation of it can be resumed. Add bgrt_disable to the kernel's "
			"command line",
		address);
}

/* The kernel calls it the firmware's, and the firmware calls it RAM. */
static bool is_from_initrd(const struct span *s, const char *name, const struct e820_map *m)
{
	return (!strncmp(name, "ACPI Tables", 11) || !strncmp(name, "ACPI Non-volatile", 17)) &&
	       e820_has_ram(m, s->start, s->end - s->start);
}

static bool by_platform(void)
{
	char text[128];

	return sys_read_text(text, sizeof(text), "/sys/power/disk") > 0 &&
	       strstr(text, "[platform]");
}

/* systemd has chosen the mode when the sleep hooks run. */
static int check_tables(void)
{
	static const struct kcore no_core = {.fd = -1};
	static struct zero_page zero_page;
	static struct firmware_map m;
	struct proc_lines l;
	const char *name;
	struct span s;
	uint64_t found = 0;

	zero_page_read(&zero_page);
	firmware_map_read(&zero_page, &no_core, 0, &m);
	if (m.known == FACTS_MAP_UNKNOWN || by_platform())
		return 0;
	proc_lines_open(&l, "/proc/iomem");
	while (!found && proc_lines_iomem(&l, &s, &name))
		if (is_from_initrd(&s, name, &m.map))
			found = s.start;
	proc_lines_close(&l);
	return found ? complain("the kernel uses ACPI tables of its initrd, at %#" PRIx64
				", which this way of hibernation (/sys/power/disk is not "
				"\"platform\") does not save",
			       found)
		     : 0;
}

int unsaved_check(void)
{
	return check_logo() || check_tables() ? -1 : 0;
}

/* Not to be written is no harm: the next check looks again. */
void unsaved_remember(void)
{
	char path[SYS_PATH_MAX];
	int fd;

	if (look_at_logo() != 1 || !sys_path(path, REMEMBERED))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
}

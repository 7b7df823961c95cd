/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resuming what an unmodified kernel saved by its own hibernation.
 */
#include <string.h>

#include "cpu.h"
#include "jump.h"
#include "loader.h"
#include "low_memory.h"
#include "machine.h"
#include "paging.h"

#define LARGE_BYTES (2ull << 20)
#define PM1_SCI_EN  0x0001u
#define PM1_PWRBTN  0x0100u
#define PM1_GBL     0x0020u

static void count_attempt(struct loader *l)
{
	int err = stock_count_attempt(&l->judgment.stock);
	if (err)
		boot_on("the swap area's first sector cannot be written");
}

static void restore(struct loader *l)
{
	int err = stock_restore(&l->judgment.stock, &l->arena, &l->jobs, &l->stats);
	uint64_t boot_id = stock_boot_id_place(&l->judgment.stock);
	if (!err && boot_id)
		err = stock_confirm(&l->judgment.stock, (const uint8_t *)boot_id);
	if (err)
		boot_on(err_any_text(err));
}

/* Our tables in the kernel's paging mode, with the 2 MiB in which it is entered where it believes
 * it. */
static void enter_tables(struct loader *l)
{
	const struct swsusp_info *info = &l->judgment.stock.image.info;
	uint64_t in_page = info->jump_address & (LARGE_BYTES - 1);
	uint32_t levels;
	int err = stock_levels(&l->judgment.stock, &levels);
	if (!err)
		err = paging_change_levels(levels, low_memory_for_paging(l->bi));
	if (!err)
		err = paging_map_alias(
			info->jump_address - in_page, info->jump_address_phys - in_page);
	if (err)
		boot_on(err_any_text(err));
}

/* A kernel that was saved in platform mode enables ACPI by itself; one saved in shutdown mode
 * expects to find it enabled, as the second kernel would have left it. Which GPEs it had is not in
 * the image. */
static void restore_platform(struct loader *l)
{
	enter_tables(l);
	if (l->judgment.stock.header.flags & SWSUSP_PLATFORM)
		return;
	struct acpi_fixed f = {.pm1a_enable = PM1_PWRBTN | PM1_GBL, .pm1a_control = PM1_SCI_EN};
	int err = acpi_restore_fixed(&l->acpi, &f);
	if (err)
		log_line("loader: ACPI events could not be enabled: %s", err_any_text(err));
}

static void launch(struct loader *l)
{
	int err = stock_consume(&l->judgment.stock);
	if (err) {
		log_line("loader: the swap signature could not be put back: %s", err_any_text(err));
		boot_on("the swap area cannot be written");
	}
}

static __attribute__((noreturn)) void jump(struct loader *l)
{
	const struct swsusp_info *info = &l->judgment.stock.image.info;
	log_line("loader: %llu ms from the first instruction; jump to %#llx",
		(unsigned long long)clock_us() / 1000, (unsigned long long)info->jump_address);
	log_drop_sinks();
	jump_restore_registers(info->jump_address, info->cr3);
}

const struct image_kind stock_kind = {.name = "stock",
	.count_attempt = count_attempt,
	.restore = restore,
	.restore_platform = restore_platform,
	.launch = launch,
	.jump = jump};

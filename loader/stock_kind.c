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
#include "program.h"
#include "stock.h"
#include "stock_place.h"
#include "this_cpu.h"

#define LARGE_BYTES (2ull << 20)
#define PM1_SCI_EN  0x0001u
#define PM1_PWRBTN  0x0100u
#define PM1_GBL     0x0020u

static struct {
	struct stock stock;
} k;

static int find(struct loader *l)
{
	void *work = arena_alloc(&l->arena, STOCK_WORK_BYTES, 4096);
	int err = work ? stock_find(&l->disks, &l->options, &l->arena, work, &k.stock)
		       : ERR_NO_MEMORY;
	if (!err)
		log_line("loader: hibernation image of a stock kernel on %s sector %llu",
			k.stock.dev->name, (unsigned long long)k.stock.extent.lba);
	return err;
}

static void check(struct loader *l)
{
	k.stock.open_bytes = l->bi->open_bytes;
	int err = stock_open(&k.stock, &l->arena);
	if (!err)
		err = stock_check(&k.stock, l->bi, &l->options, &l->acpi);
	if (err)
		boot_on(l, loader_err_text(err));
	/* The kernel's paging mode is seen when its tables are loaded: too late to find out. */
	if (plan_this_cpu().five_levels && !low_memory_for_paging(l->bi))
		boot_on(l,
			"no RAM below 4 GiB: a kernel of another paging mode could not be entered");
	if (k.stock.dev->read_only)
		boot_on(l, "the swap device is read-only");
}

static void choose_region(struct loader *l, const struct ranges *busy, struct region *ret)
{
	int err = stock_place(&k.stock, l->bi, NULL, busy, program_bytes(), ret->piece, &ret->n);
	if (err)
		boot_on(l, "no memory that the image does not need");
	ret->open_bytes = k.stock.open_bytes;
	ret->low = stock_place_low(&k.stock, l->bi, NULL, ret->piece, ret->n);
	ret->levels = paging_levels_now(); /* the kernel's is known when its tables are loaded */
}

static void count_attempt(struct loader *l)
{
	if (k.stock.attempts >= l->options.attempts_max && !l->options.force) {
		log_line("loader: %u attempts to resume have failed", k.stock.attempts);
		boot_on(l, loader_err_text(ERR_ATTEMPTS));
	}
	int err = stock_count_attempt(&k.stock);
	if (err == ERR_BUSY)
		boot_on(l, "the swap area's first sector is in use: attempts cannot be counted");
	if (err)
		boot_on(l, "the swap area's first sector cannot be written");
}

static void restore(struct loader *l)
{
	int err = stock_restore(&k.stock, &l->arena, &l->jobs, &l->stats);
	if (err)
		boot_on(l, loader_err_text(err));
}

/* Our tables in the kernel's paging mode, with the 2 MiB in which it is entered where it believes it. */
static void enter_tables(struct loader *l)
{
	const struct swsusp_info *info = &k.stock.image.info;
	uint64_t in_page = info->jump_address & (LARGE_BYTES - 1);
	uint32_t levels;
	int err = stock_levels(&k.stock, &levels);
	if (!err)
		err = paging_change_levels(levels, low_memory_for_paging(l->bi));
	if (!err)
		err = paging_map_alias(
			info->jump_address - in_page, info->jump_address_phys - in_page);
	if (err)
		boot_on(l, loader_err_text(err));
}

/* A kernel that was saved in platform mode enables ACPI by itself; one saved in shutdown mode expects to
 * find it enabled, as the second kernel would have left it. Which GPEs it had is not in the image. */
static void restore_platform(struct loader *l)
{
	enter_tables(l);
	if (k.stock.header.flags & SWSUSP_PLATFORM)
		return;
	struct acpi_fixed f = {.pm1a_enable = PM1_PWRBTN | PM1_GBL, .pm1a_control = PM1_SCI_EN};
	int err = acpi_restore_fixed(&l->acpi, &f);
	if (err)
		log_line("loader: ACPI events could not be enabled: %s", loader_err_text(err));
}

static void launch(struct loader *l)
{
	int err = stock_consume(&k.stock);
	if (err) {
		log_line("loader: the swap signature could not be put back: %s",
			loader_err_text(err));
		boot_on(l, "the swap area cannot be written");
	}
}

static __attribute__((noreturn)) void jump(struct loader *l)
{
	(void)l;
	const struct swsusp_info *info = &k.stock.image.info;
	log_line("loader: %llu ms from the first instruction; jump to %#llx",
		(unsigned long long)clock_us() / 1000, (unsigned long long)info->jump_address);
	log_drop_sinks();
	jump_restore_registers(info->jump_address, info->cr3);
}

const struct image_kind stock_kind = {.name = "stock",
	.find = find,
	.check = check,
	.choose_region = choose_region,
	.count_attempt = count_attempt,
	.restore = restore,
	.restore_platform = restore_platform,
	.launch = launch,
	.jump = jump};

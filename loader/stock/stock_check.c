/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May this stock image be put into this machine? The image itself says little: its frames, and a
 * checksum of the firmware's map. Facts that `torpor arm` left say more, if they are of its boot;
 * then harmless drift is told from what would break the session. Without them the kernel's own rule
 * holds: the map's checksum must be the one in the image. RESUME.md, "Stock images: what is
 * believed, when, and why".
 */
#include <assert.h>
#include <string.h>

#include "boot_memory.h"
#include "changes.h"
#include "format.h"
#include "log.h"
#include "map_crc.h"
#include "stock_facts.h"
#include "stock_peek.h"
#include "usable.h"
#include <machine.h> /* from the include path: here or tests/fake */

#define PAGE_BYTES 4096ull

static_assert(STOCK_CHECK_WORK_BYTES >= CHANGES_WORK_BYTES, "file systems");
static_assert(STOCK_CHECK_WORK_BYTES >= STOCK_PEEK_WORK_BYTES, "boot ID");
static_assert(STOCK_OLD_RAM_MAX >= FACTS_MEMORY_MAX + FACTS_KEPT_MAX,
	"RAM of facts, each kept range cutting one in two: stock_old_ram finds room for all");
static_assert(STOCK_WHY_BYTES >= CHANGES_TEXT_BYTES, "the same line");

/* ---- Frames ---- */

static int check_run(const struct swsusp_run *run, const struct boot_info *bi,
	const struct ranges *usable, const struct ranges *here)
{
	uint64_t end = run->first + run->count;
	struct range gap = {run->first, end};
	const char *what = NULL;
	/* The image is not the one that the region was chosen by. */
	if (ranges_touch(here, run->first, end))
		what = "where the loader runs";
	else if (!ranges_gap(usable, run->first, end, &gap))
		return 0;
	log_line("stock: the image has memory at %#llx-%#llx, %s%s%s",
		(unsigned long long)gap.start << 12, (unsigned long long)gap.end << 12,
		what ? what : "which is ", what ? "" : boot_memory_kind_at(bi, gap.start << 12),
		what ? "" : " here");
	return ERR_MEMORY_MAP;
}

static int check_frames(const struct stock *s, const struct boot_info *bi)
{
	static struct range v[BOOT_MEMORY_MAX + 1];
	struct range here_v[BOOT_REGION_MAX];
	struct ranges usable, here;
	struct swsusp_cursor c;
	struct swsusp_run run;
	ranges_init(&usable, v, BOOT_MEMORY_MAX + 1);
	ranges_init(&here, here_v, BOOT_REGION_MAX);
	int err = usable_frames(bi, &usable);
	if (!err)
		err = usable_own_region(bi, &here);
	swsusp_frames(&s->image, &c);
	while (!err && swsusp_next(&c, UINT64_MAX, &run) == 1)
		err = check_run(&run, bi, &usable, &here);
	return err;
}

/* It is in an image when the kernel was told to insist on it, or runs under a hypervisor; then it
 * would refuse, too. */
static int check_signature(const struct stock *s, const struct acpi *acpi)
{
	if (!(s->header.flags & SWSUSP_HW_SIG) || acpi->rsdp == 0 ||
		acpi->facs_signature == s->header.hw_sig)
		return 0;
	log_line("stock: the hardware signature was %#x, is %#x", s->header.hw_sig,
		acpi->facs_signature);
	return ERR_PLATFORM;
}

/* ---- Facts ---- */

/* The boot ID as the image has it, where looking is cheap: NULL, or why these facts are not of its
 * boot. */
static const char *look_at_boot_id(
	struct stock *s, const struct stock_facts *f, const struct stock_now *now)
{
	const uint8_t *page;
	uint64_t at = f->f.boot_id_phys;
	if (stock_peek(s, at / PAGE_BYTES, now->work, &page))
		return NULL; /* it will be looked at when it is loaded */
	s->boot_id_agrees = memcmp(page + at % PAGE_BYTES, f->f.boot_id, 16) == 0;
	return s->boot_id_agrees ? NULL : "they are of another boot (other boot ID)";
}

/* Of several files (each partition of a disk may have one) the one that is of this image's boot. */
static const struct stock_facts *find_facts(struct stock *s, const struct stock_now *now)
{
	static struct stock_facts f;
	const struct boot_info *bi = now->bi;
	const uint8_t *file =
		bi->facts_bytes ? machine_map_memory(bi->facts, bi->facts_bytes) : NULL;
	if (!file)
		log_line("stock: no facts: `torpor arm` did not leave any for this boot");
	for (uint64_t at = 0; file && at < bi->facts_bytes; at += FACTS_FILE_BYTES) {
		uint64_t left = bi->facts_bytes - at;
		int err = stock_facts_read(
			file + at, left < FACTS_FILE_BYTES ? left : FACTS_FILE_BYTES, &f);
		const char *why = err == IMG_ERR_NOT_FOUND ? "the file says that there are none"
				  : err                    ? err_any_text(err)
							   : stock_facts_doubt(&f, s);
		if (!why)
			why = look_at_boot_id(s, &f, now);
		if (!why) {
			log_line("stock: facts of %.40s, entry %#llx: believed%s",
				f.f.kernel_release, (unsigned long long)f.f.jump_address,
				s->boot_id_agrees ? ""
						  : ", the boot ID is looked at when it is loaded");
			return &f;
		}
		log_line("stock: facts are not believed: %s", why);
	}
	return NULL;
}

/* A resumed kernel writes what it has in memory over what others wrote since. */
static int check_filesystems(struct stock *s, const struct stock_now *now)
{
	static struct changes c;
	if (s->facts->n_filesystems == 0)
		return 0;
	changes_find(s->facts->filesystem, s->facts->n_filesystems, now->disks, now->work, &c);
	uint32_t n_bad = c.n_written + (now->disks_incomplete ? 0 : c.n_missing);
	s->other_mounts = n_bad > 0;
	if (n_bad == 0)
		return 0;
	if (now->options->force) {
		changes_log_loss(&c, "destroys");
		return 0;
	}
	changes_text(&c, s->why);
	return ERR_FILESYSTEM;
}

/* A hook cannot stop a hibernation, and a boot entry of the firmware cannot be taken back for one
 * boot: this is how `torpor arm` says no. The kernel's own resume is left. */
static int check_refusal(struct stock *s)
{
	if (!s->facts->f.refusal[0])
		return 0;
	format(s->why, sizeof(s->why), "torpor arm said no: %s", s->facts->f.refusal);
	return ERR_PLATFORM;
}

static int check_facts(struct stock *s, const struct stock_now *now)
{
	struct stock_fit fit = {.bi = now->bi,
		.tables = now->tables,
		.cpu = now->cpu,
		.strict = now->options->strict == STRICT_ON};
	int err = stock_facts_fit(s->facts, &fit);
	return err ? err : check_filesystems(s, now);
}

/* ---- The kernel's rule ---- */

static void log_checksums(const struct stock *s, const struct boot_info *bi)
{
	for (uint32_t i = 0; i < bi->n_map_crc; i++)
		log_line("stock: the memory map's checksum was %#x, is %#x (%s)",
			s->image.info.e820_crc, bi->map_crc[i].crc,
			map_crc_rules_text(bi->map_crc[i].rules));
	if (bi->n_map_crc == 0)
		log_line(
			"stock: the memory map's checksum was %#x; of this boot's map none can be made",
			s->image.info.e820_crc);
}

/* whose: what asks for it. */
static int check_kernels_rule(struct stock *s, const struct stock_now *now, const char *whose)
{
	if (s->map_agrees) {
		log_line("stock: the memory map has the checksum that the image has (%s)%s",
			map_crc_rules_text(s->map_rules),
			s->facts ? "" : "; where ACPI tables lie is not checked without facts");
		return 0;
	}
	log_checksums(s, now->bi);
	if (now->options->strict == STRICT_OFF) {
		log_line(
			"stock: strict=0: goes on all the same: if ACPI tables or the firmware's own memory have moved, the session breaks at its next ACPI event or firmware call");
		return 0;
	}
	format(s->why, sizeof(s->why),
		"the firmware's memory map has changed, %s; facts by `torpor arm` tell what is harmless, strict=0 takes the risk",
		whose);
	return ERR_MEMORY_MAP;
}

int stock_check(struct stock *s, const struct stock_now *now)
{
	bool strict = now->options->strict == STRICT_ON;
	s->facts = NULL;
	s->boot_id_agrees = s->other_mounts = false;
	s->why[0] = 0;
	s->map_agrees = map_crc_matches(now->bi, s->image.info.e820_crc, &s->map_rules);
	int err = check_frames(s, now->bi);
	if (!err)
		err = check_signature(s, now->acpi);
	if (err)
		return err;
	s->facts = find_facts(s, now);
	if (!s->facts)
		return check_kernels_rule(
			s, now, strict ? "strict=1" : "and no facts are believed");
	err = check_refusal(s);
	if (!err)
		err = check_facts(s, now);
	if (!err && strict)
		err = check_kernels_rule(s, now, "strict=1");
	else if (!err && !s->facts->f.tables_known)
		err = check_kernels_rule(s, now, "and the facts do not know all ACPI tables");
	return err;
}

/* ---- Afterwards ---- */

uint64_t stock_boot_id_place(const struct stock *s)
{
	return s->facts ? s->facts->f.boot_id_phys : 0;
}

int stock_confirm(const struct stock *s, const uint8_t boot_id[16])
{
	if (!s->facts || memcmp(boot_id, s->facts->f.boot_id, 16) == 0)
		return 0;
	log_line("stock: the facts are of another boot: the boot ID in the memory is not theirs");
	if (!s->map_agrees)
		return ERR_PLATFORM;
	log_line(
		"stock: the memory map has the checksum that the image has: goes on without facts");
	return 0;
}

bool stock_old_ram(const struct stock *s, struct ranges *ret)
{
	return s->facts && stock_facts_ram(s->facts, 0, ret) == 0 &&
	       stock_facts_remove_kept(s->facts, ret) == 0;
}

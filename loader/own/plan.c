/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory, processors, tables and firmware of this machine, now, against what was saved: a
 * difference that a resume would not survive is found while it can still be refused.
 */
#include "plan.h"

#include <stdbool.h>
#include <string.h>

#include "cpu_features.h"
#include "log.h"
#include "low_memory.h"
#include "paging.h"
#include "platform.h"
#include "runtime.h"
#include "settings.h"
#include "usable.h"

#define PAGE_BYTES  4096ull
#define FRAME_BYTES (2ull << 20)
#define FRAME_PAGES (FRAME_BYTES / PAGE_BYTES)
#define RANGES_MAX  (BOOT_MEMORY_MAX + 1) /* taking out the first frame may cut one in two */
#define CR4_LA57    (1ull << 12)
#define WHO         "plan"

/* Of a frame that is not usable: where there is usable memory, it is less than a frame. */
static const char *type_at(const struct boot_info *bi, uint64_t phys)
{
	static const char *const names[] = {"a hole", "only partly memory", "reserved",
		"only partly memory", "ACPI NVS", "bad memory"};
	if (phys < PAGE_BYTES)
		return "the page of the interrupt vectors";
	for (uint32_t i = 0; i < bi->n_memory; i++)
		if (phys >= bi->memory[i].start && phys < bi->memory[i].end)
			return names[bi->memory[i].type <= MEMORY_BAD ? bi->memory[i].type
								      : MEMORY_RESERVED];
	return names[0];
}

static int check_region_frame(
	uint64_t phys, const struct ranges *usable, const struct ranges *before)
{
	uint64_t first = phys / PAGE_BYTES;
	if (phys % FRAME_BYTES || first >= IMG_PFN_LIMIT) {
		log_line("plan: region frame %#llx is no 2 MiB frame", (unsigned long long)phys);
		return IMG_ERR_STREAM;
	}
	if (ranges_touch(before, first, first + FRAME_PAGES)) {
		log_line("plan: region frame %#llx is named twice", (unsigned long long)phys);
		return IMG_ERR_STREAM;
	}
	if (!ranges_contain(usable, first, first + FRAME_PAGES)) {
		log_line("plan: region frame %#llx is not memory now", (unsigned long long)phys);
		return ERR_MEMORY_MAP;
	}
	return 0;
}

static int check_region(
	const struct image *im, const struct ranges *usable, struct ranges *ret_region)
{
	if (im->n_region == 0) {
		log_line("plan: the image names no region");
		return IMG_ERR_STREAM;
	}
	for (uint32_t i = 0; i < im->n_region; i++) {
		uint64_t first = im->region[i].phys / PAGE_BYTES;
		int err = check_region_frame(im->region[i].phys, usable, ret_region);
		if (!err)
			err = ranges_add(ret_region, first, first + FRAME_PAGES);
		if (err)
			return err;
	}
	return 0;
}

/* A place that the jump or the report touches: what is there must come out of the image. */
struct known_place {
	const char *name;
	uint64_t phys, first, end, n_left; /* frames; n_left: not seen in the image */
};

static struct known_place place(const char *name, uint64_t phys, uint64_t bytes)
{
	struct known_place p = {.name = name, .phys = phys, .first = phys / PAGE_BYTES};
	p.end = p.first + (phys % PAGE_BYTES + bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	p.n_left = p.end - p.first;
	return p;
}

static void see(struct known_place *p, const struct img_chunk_rec *c)
{
	uint64_t first = c->first > p->first ? c->first : p->first;
	uint64_t end = c->first + c->count < p->end ? c->first + c->count : p->end;
	if (first < end)
		p->n_left -= end - first;
}

static int check_run(uint64_t first, uint64_t end, const struct boot_info *bi,
	const struct ranges *usable, const struct ranges *region)
{
	struct range gap;
	if (ranges_touch(region, first, end)) {
		log_line("plan: the image has memory at %#llx-%#llx, some of it in the region",
			(unsigned long long)first << 12, (unsigned long long)end << 12);
		return IMG_ERR_INDEX;
	}
	if (ranges_gap(usable, first, end, &gap)) {
		log_line("plan: the image has memory at %#llx-%#llx, which is %s here",
			(unsigned long long)gap.start << 12, (unsigned long long)gap.end << 12,
			type_at(bi, gap.start << 12));
		return ERR_MEMORY_MAP;
	}
	return 0;
}

static int check_index(struct image *im, const struct boot_info *bi, const struct ranges *usable,
	const struct ranges *region)
{
	struct img_cursor cursor;
	struct img_chunk_rec c;
	struct known_place places[] = {
		place("stack", im->cpu.stack, 16),
		place("jump-back point", im->cpu.jump_back, 16),
		place("mailbox", im->platform.mailbox, FRAME_BYTES),
	};
	const uint32_t n_places = sizeof(places) / sizeof(places[0]);

	int err = img_cursor_init(&cursor, &im->reader, &im->memory, im->index_block);
	while (!err && (err = img_next(&cursor, &c)) == 1) {
		err = check_run(c.first, c.first + c.count, bi, usable, region);
		for (uint32_t i = 0; i < n_places; i++)
			see(&places[i], &c);
	}
	for (uint32_t i = 0; !err && i < n_places; i++) {
		if (places[i].n_left == 0)
			continue;
		log_line("plan: the image's %s at %#llx is not in memory that it restores",
			places[i].name, (unsigned long long)places[i].phys);
		err = IMG_ERR_STREAM;
	}
	return err;
}

/* Every frame the image restores is memory now, and none lies in the region. */
static int check_frames(struct image *im, const struct boot_info *bi, const struct ranges *usable,
	const struct ranges *region)
{
	int err = check_index(im, bi, usable, region);
	if (err && im->reader.fault.what)
		log_line("plan: index: %s at byte %llu is %#llx, wanted %#llx",
			im->reader.fault.what, (unsigned long long)im->reader.fault.where,
			(unsigned long long)im->reader.fault.found,
			(unsigned long long)im->reader.fault.wanted);
	return err;
}

/* The number of paging levels changes with paging off, by code below 4 GiB. */
static int check_levels(const struct image *im, const struct boot_info *bi,
	const struct this_cpu *cpu, const struct ranges *region)
{
	uint32_t levels = im->cpu.cr4 & CR4_LA57 ? 5 : 4;
	if (cpu->levels == levels || (!cpu->levels && !cpu->five_levels) ||
		low_memory_beside(bi, PAGING_LOW_BYTES, LOW_MEMORY_32_BIT, region))
		return 0;
	log_line(
		"plan: the kernel has %u-level paging, which cannot be entered: no RAM below 4 GiB",
		levels);
	return ERR_CPU;
}

static int check_memory(struct image *im, const struct boot_info *bi, const struct this_cpu *cpu)
{
	static struct range usable_v[RANGES_MAX], region_v[2 * BOOT_REGION_MAX];
	struct ranges usable, region;
	ranges_init(&usable, usable_v, RANGES_MAX);
	ranges_init(&region, region_v, 2 * BOOT_REGION_MAX);
	int err = usable_frames(bi, &usable);
	if (!err)
		err = check_region(im, &usable, &region);
	/* An image that was read anew may name another region than the one that the loader is
	 * in. */
	if (!err)
		err = usable_own_region(bi, &region);
	if (!err)
		err = check_levels(im, bi, cpu, &region);
	return err ? err : check_frames(im, bi, &usable, &region);
}

static int check_features(const struct saved_cpu *saved, const struct this_cpu *now)
{
	if ((saved->cr4 & CR4_LA57) && !now->five_levels) {
		log_line("plan: the image has 5-level paging, this processor has not");
		return ERR_CPU;
	}
	if (!now->abilities_known)
		return 0;
	int err = settings_check_apic(saved->apic_base, now, WHO);
	if (!err)
		err = cpu_features_check(CPU_CR4, saved->kernel_cr4, now->cr4_possible, WHO);
	if (!err)
		err = cpu_features_check(CPU_XCR0, saved->xcr0, now->xcr0_possible, WHO);
	/* Written by the loader's last instructions, where an exception would be the end. */
	return err ? err : cpu_features_check(CPU_EFER, saved->efer, now->efer_possible, WHO);
}

static int check_cpu(const struct saved_cpu *saved, const struct this_cpu *now)
{
	if (strncmp(saved->vendor, now->vendor, sizeof(saved->vendor)) != 0 ||
		saved->cpuid_1_eax != now->cpuid_1_eax) {
		log_line("plan: saved on processor %.12s %#x, this one is %.12s %#x", saved->vendor,
			saved->cpuid_1_eax, now->vendor, now->cpuid_1_eax);
		return ERR_CPU;
	}
	return check_features(saved, now);
}

/* The old kernel calls EFI runtime services at the addresses it knows. */
static int check_efi(const struct image *im, const struct boot_info *bi)
{
	const struct saved_platform *p = &im->platform;
	if (!p->efi_systab != !bi->efi_systab) {
		log_line("plan: saved under %s, started under %s", p->efi_systab ? "UEFI" : "BIOS",
			bi->efi_systab ? "UEFI" : "BIOS");
		return ERR_PLATFORM;
	}
	if (p->efi_systab && bi->efi_runtime && p->efi_runtime &&
		p->efi_runtime != bi->efi_runtime) {
		log_line("plan: EFI runtime services were at %#llx, are at %#llx",
			(unsigned long long)p->efi_runtime, (unsigned long long)bi->efi_runtime);
		return ERR_PLATFORM;
	}
	return p->efi_systab ? runtime_check(im->runtime, im->n_runtime, bi, WHO) : 0;
}

/* The enables of the fixed hardware are written back at the end: what does not fit shows before the
 * start. */
static int check_fixed(const struct saved_platform *p)
{
	if (p->gpe0_bytes <= sizeof(p->gpe0_enable) && p->gpe1_bytes <= sizeof(p->gpe1_enable))
		return 0;
	log_line("plan: the image has GPE blocks of %u and %u bytes", p->gpe0_bytes, p->gpe1_bytes);
	return IMG_ERR_STREAM;
}

/* What does not need the index. */
static int check_machine(
	const struct image *im, const struct boot_info *bi, const struct this_cpu *cpu)
{
	int err = check_cpu(&im->cpu, cpu);
	if (!err)
		err = settings_check_registers(im->registers, im->n_registers, bi, WHO);
	if (!err)
		err = check_fixed(&im->platform);
	if (!err)
		err = check_efi(im, bi);
	if (!err && bi->rsdp && im->platform.rsdp && bi->rsdp != im->platform.rsdp) {
		log_line("plan: ACPI tables were at %#llx, are at %#llx",
			(unsigned long long)im->platform.rsdp, (unsigned long long)bi->rsdp);
		err = ERR_PLATFORM;
	}
	return err;
}

int plan_check(struct image *im, const struct boot_info *bi, const struct this_cpu *cpu)
{
	int err = check_machine(im, bi, cpu);
	return err ? err : check_memory(im, bi, cpu);
}

/*
 * Our own images hold the memory of ACPI tables, so the old kernel finds its tables as they were.
 * Yet the same rule as for stock images holds: tables that have moved or changed are the sign of a
 * firmware that has planned its memory anew, and with them has moved what nobody restores: NVS and
 * reserved memory that their methods reach for by absolute address. There the old methods would
 * write into whatever is there now.
 */
int plan_check_tables(const struct image *im, const struct tables *now, const struct this_cpu *cpu,
	enum strict strict)
{
	int err = settings_check_virtualization(im->cpu.virtualization, cpu, WHO);
	if (!err)
		err = settings_check_processors(im->processor, im->n_processors, now, WHO);
	if (!err && im->n_tables && now->rsdp)
		err = tables_check(im->table, im->n_tables, now, WHO);
	if (!err && now->rsdp)
		err = platform_check_facs(im->platform.facs_signature, now->facs_signature,
			cpu->hypervisor, strict == STRICT_ON, WHO);
	if (err && strict == STRICT_OFF) {
		log_line("plan: strict=0: goes on all the same: the session may break at its next "
			 "ACPI event");
		return 0;
	}
	return err;
}

/* ---- Before there is an image ---- */

static int check_mailbox_ahead(const struct image *im, const struct ranges *frames)
{
	struct known_place p = place("mailbox", im->platform.mailbox, FRAME_BYTES);
	if (!im->platform.mailbox || ranges_contain(frames, p.first, p.end))
		return 0;
	log_line("plan: the mailbox at %#llx is not in memory that is saved",
		(unsigned long long)p.phys);
	return ERR_MEMORY_MAP;
}

int plan_check_ahead(const struct image *im, const struct ranges *frames,
	const struct boot_info *bi, const struct this_cpu *cpu)
{
	static struct range usable_v[RANGES_MAX], region_v[BOOT_REGION_MAX];
	struct ranges usable, region;
	ranges_init(&usable, usable_v, RANGES_MAX);
	ranges_init(&region, region_v, BOOT_REGION_MAX);
	int err = check_machine(im, bi, cpu);
	if (!err)
		err = usable_frames(bi, &usable);
	if (!err && im->n_region)
		err = check_region(im, &usable, &region);
	if (!err)
		err = check_levels(im, bi, cpu, &region);
	for (uint32_t i = 0; !err && i < frames->n; i++)
		err = check_run(frames->v[i].start, frames->v[i].end, bi, &usable, &region);
	return err ? err : check_mailbox_ahead(im, frames);
}
